//! Imagination of recurrent models: filtered over the past that the reference states, then carried on by the prior.

use std::collections::HashMap;

use oodscope::data::sequence::SequenceBatch;
use oodscope::data::space::{Actions, Space};
use oodscope::ground::task::Ctx;
use oodscope::world::imagine;
use oodscope::world::world_model::WorldModel;
use serde_json::Value;

use super::Tally;
use super::curves::{mean, nrmse, numbers, quantile, smallest};
use crate::references::Verdict;
use crate::support::npz::Array;

/// Imagined observations and rewards by horizon, and the curves of their error.
///
/// The reference gives, per horizon, how far PyTorch's own single-precision run is from its double-precision run. Latents are
/// classes: where both runs take the same, nothing grows, and another order of summation gives another such run of the same
/// size; ten times that difference is allowed, and 1e-6 where it is by chance smaller.
pub fn compare(
    model: &dyn WorldModel,
    set: &Value,
    scale: &[f64],
    arrays: &HashMap<String, Array>,
    name: &str,
) -> Verdict {
    let array = |kind: &str| arrays.get(&format!("{kind}_{}", name.replace('/', "_")));
    let (Some(real), Some(actions), Some(want)) = (array("true"), array("actions"), array("imagined")) else {
        return Verdict::Differs("the npz lacks true_, actions_ or imagined_".into());
    };
    let ([k, points, d], [_, steps, a]) = (triple(real), triple(actions));
    let (context, horizon) = (model.context(), points - model.context());
    if triple(want) != [k, horizon, d] {
        return Verdict::Differs(format!("{:?} are imagined there, {:?} here", want.shape, [k, horizon, d]));
    }
    let part = |of: &Array, each: usize, width: usize, rows: std::ops::Range<usize>| -> Vec<f32> {
        let row = |i: usize| &of.values[(i * each + rows.start) * width..(i * each + rows.end) * width];
        (0..k).flat_map(row).map(|v| *v as f32).collect()
    };
    let space = Space::unnamed("action", a);
    let past = SequenceBatch {
        rows: k,
        steps: context - 1,
        obs_dim: d,
        obs: part(real, points, d, 0..context).into(),
        actions: Actions::new(&space, part(actions, steps, a, 0..context - 1)),
    };
    let taken = part(actions, steps, a, context - 1..steps);
    let r = imagine::open_loop(model, &past, &Actions::new(&space, taken), horizon, None, &Ctx::quiet())
        .expect("nobody cancels");
    let floor = numbers(&set["f32_max_abs_diff"]);
    let tolerance = |h: usize| 10.0 * floor.get(h).copied().unwrap_or(f64::NAN) + 1e-6;
    let mut tally = Tally::default();
    let imagined: Vec<f64> = (0..k)
        .flat_map(|i| (0..horizon).flat_map(move |h| (0..d).map(move |c| (i, h, c))))
        .map(|(i, h, c)| f64::from(r.obs_at(i, h + 1)[c]))
        .collect();
    let pairs = imagined.iter().zip(&want.values).enumerate();
    tally.within("trajectories", pairs.map(|(i, (g, w))| (*g, *w, tolerance(i / d % horizon))));
    let truth: Vec<f64> =
        (0..k).flat_map(|i| &real.values[(i * points + context) * d..(i + 1) * points * d]).copied().collect();
    let errors = nrmse(&imagined, &truth, scale);
    for (key, summary) in [("nrmse_mean", mean as fn(&[f64]) -> f64), ("nrmse_median", |v| quantile(v, 0.5))] {
        let said = numbers(&set[key]);
        let curve = (0..horizon).map(|h| {
            let column: Vec<f64> = (0..k).map(|i| errors[i * horizon + h]).collect();
            (summary(&column), said.get(h).copied().unwrap_or(f64::NAN), tolerance(h) / smallest(scale))
        });
        tally.within(key, curve);
    }
    // A reward that goes with the observation that it is read beside is the next step's of the reference, whose last one belongs to
    // no step that was imagined; one that came with that observation is its own step's.
    let later = usize::from(set["reward_on_arrival"] != Value::Bool(true));
    if let (Some(got), Some(want)) = (&r.reward, array("imagined_reward")) {
        let pairs = (0..k).flat_map(|i| (later..horizon).map(move |h| (i * horizon + h, i * horizon + h - later)));
        let size = |w: f64| 1e-5 * w.abs().max(1.0);
        tally.within("rewards", pairs.map(|(g, w)| (f64::from(got[g]), want.values[w], size(want.values[w]))));
    }
    tally.verdict()
}

fn triple(array: &Array) -> [usize; 3] {
    <[usize; 3]>::try_from(&array.shape[..]).expect("three axes")
}
