//! Imagined trajectories and the error curves over them.

use oodscope::data::sequence::SequenceBatch;
use oodscope::data::space::{Actions, Space};
use oodscope::ground::task::Ctx;
use oodscope::world::imagine;
use serde_json::Value;

use super::terms::Terms;
use super::{Case, OUTPUTS, TWICE, Tally};
use crate::support::npz::Array;

/// Half of the last bit of a float32, relative to the number.
const ROUNDING: f64 = 6e-8;

/// Imagined observations by horizon, and the curves of their error.
///
/// The reference gives, per horizon, how far PyTorch's own single-precision run is from its double-precision run. Another
/// order of summation gives another such run. After one step twice that difference is allowed, and the rounding of the state
/// itself to float32, which it is by chance smaller than; then the dynamics are chaotic and grow either's rounding alike, so
/// ten times that difference is, and 1e-6 for the same chance.
pub fn compare(case: &Case<'_>, real: &Array, actions: &Array, tally: &mut Tally) {
    let [k, points, d] = real.shape[..] else { panic!("true_ is [K, H+1, D]") };
    let horizon = points - 1;
    let starts: Vec<f32> =
        (0..k).flat_map(|i| real.values[i * points * d..(i * points + 1) * d].iter().map(|v| *v as f32)).collect();
    let all_actions: Vec<f32> = actions.values.iter().map(|v| *v as f32).collect();
    let first_actions: Vec<f32> =
        all_actions.chunks_exact(actions.shape[2]).step_by(horizon).flatten().copied().collect();
    let terms = Terms::of(case.model, &starts, &first_actions);
    let space = Space::unnamed("action", all_actions.len() / (k * horizon).max(1));
    let past = SequenceBatch::present(starts, d, Actions::new(&space, Vec::new()));
    let r = imagine::open_loop(case.model, &past, &Actions::new(&space, all_actions), horizon, None, &Ctx::quiet())
        .expect("nobody cancels");
    let floor = numbers(&case.set["f32_max_abs_diff"]);
    let floor_at = |h: usize| floor.get(h).copied().unwrap_or(f64::NAN);
    let tolerance = |h: usize| 10.0 * floor_at(h) + 1e-6;

    let Some(want) = case.array("imagined") else { return tally.within("trajectories", std::iter::empty()) };
    let got: Vec<f64> = r.obs.iter().map(|v| f64::from(*v)).collect();
    let at = |i: usize| (i / d) % points;
    let steps = (0..got.len()).filter(|i| at(*i) > 0);
    let first = steps.clone().filter(|i| at(*i) == 1).map(|i| (got[i], want.values[i]));
    tally.within("first steps", first.map(|(g, w)| (g, w, TWICE * floor_at(0) + ROUNDING * w.abs())));
    let later = steps.filter(|i| at(*i) > 1);
    tally.within("trajectories", later.map(|i| (got[i], want.values[i], tolerance(at(i) - 1))));

    // The error of one start is the root of a mean of squares of (imagined - real) / std: it moves by no more than the
    // largest move of the imagined state in units of the smallest std.
    let errors = nrmse(&got, &real.values, &case.scale);
    let unit = smallest(&case.scale);
    for (key, summary) in [("nrmse_mean", mean as fn(&[f64]) -> f64), ("nrmse_median", |v| quantile(v, 0.5))] {
        let want = numbers(&case.set[key]);
        let curve = (0..horizon).map(|h| {
            let column: Vec<f64> = (0..k).map(|i| errors[i * points + h + 1]).collect();
            (summary(&column), want.get(h).copied().unwrap_or(f64::NAN), tolerance(h) / unit)
        });
        tally.within(key, curve);
    }
    rewards(case, &r, &terms, k, tally);
}

/// The reward of the first step starts from the real state, so it is one more output; later ones inherit the state's
/// difference, by a factor that the network's slope gives: a hundred is above what any reward here grows by.
fn rewards(case: &Case<'_>, r: &imagine::Rollouts, terms: &Terms, k: usize, tally: &mut Tally) {
    let (Some(got), Some(want)) = (&r.reward, case.array("imagined_reward")) else { return };
    let floor = numbers(&case.set["f32_max_abs_diff"]);
    let pairs = (0..k * r.horizon).map(|i| {
        let h = i % r.horizon;
        let tolerance = if h == 0 {
            OUTPUTS * terms.largest(i / r.horizon, case.model.obs_dim)
        } else {
            OUTPUTS * want.values[i].abs().max(1.0) + 100.0 * floor.get(h - 1).copied().unwrap_or(f64::NAN)
        };
        (f64::from(got[i]), want.values[i], tolerance)
    });
    tally.within("rewards", pairs);
}

/// Root of the mean over the columns of ((a - b) / scale)², per row.
pub fn nrmse(a: &[f64], b: &[f64], scale: &[f64]) -> Vec<f64> {
    let d = scale.len();
    let row = |(x, y): (&[f64], &[f64])| {
        let sum: f64 = x.iter().zip(y).zip(scale).map(|((x, y), s)| ((x - y) / s).powi(2)).sum();
        (sum / d as f64).sqrt()
    };
    a.chunks_exact(d).zip(b.chunks_exact(d)).map(row).collect()
}

pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// NumPy's default: linear between the neighbouring order statistics.
pub fn quantile(values: &[f64], q: f64) -> f64 {
    let mut v = values.to_vec();
    v.sort_by(f64::total_cmp);
    let at = q * (v.len() - 1) as f64;
    let below = v[at.floor() as usize];
    below + (v[at.ceil() as usize] - below) * at.fract()
}

pub fn smallest(scale: &[f64]) -> f64 {
    scale.iter().copied().fold(f64::INFINITY, f64::min)
}

pub fn numbers(v: &Value) -> Vec<f64> {
    v.as_array().into_iter().flatten().map(|x| x.as_f64().unwrap_or(f64::NAN)).collect()
}
