//! The errors of imagined rollouts as a file, one row a step: for other programs.

use std::path::Path;

use crate::data::dataset::Dataset;
use crate::engine::measure::windows::Windows;
use crate::format::write::columns::{self, Column};
use crate::ground::fault::Fault;
use crate::metrics::divergence::errors::nrmse;
use crate::world::imagine::Rollouts;

/// Writes of every imagined step: `episode` (its id), `start` (the step that imagination begins at), `h`, `error`, `copying` (that
/// of the start state for ever), `disagreement` with several members, `reward` and `imagined_reward` where the model predicts
/// rewards, and for every dimension that moves `error:NAME`, which keeps its sign; all errors in the deviations `std` [D] of the
/// training part. Answers the number of rows.
///
/// # Errors
/// [`Fault`] where the file cannot be written.
pub fn save(
    path: &Path,
    (data, windows): (&Dataset, &Windows),
    (real, imagined): (&[f32], &Rollouts),
    (std, disagreement): (&[f64], Option<&[f64]>),
) -> Result<usize, Fault> {
    let (d, horizon) = (data.obs_dim(), windows.horizon);
    let at = |s: usize, h: usize| {
        let first = (s * (horizon + 1) + h) * d;
        (&real[first..first + d], imagined.obs_at(s, h))
    };
    let steps = || (0..windows.starts.len()).flat_map(|s| (1..=horizon).map(move |h| (s, h)));
    let count = |of: &dyn Fn(usize, usize) -> u64| Column::Count(steps().map(|(s, h)| of(s, h)).collect());
    let number = |of: &dyn Fn(usize, usize) -> f64| Column::Number(steps().map(|(s, h)| of(s, h)).collect());
    let mut out = vec![
        ("episode".to_owned(), count(&|s, _| data.spans()[windows.starts[s].0].id)),
        ("start".to_owned(), count(&|s, _| windows.starts[s].1 as u64)),
        ("h".to_owned(), count(&|_, h| h as u64)),
        ("error".to_owned(), number(&|s, h| nrmse(at(s, h).1, at(s, h).0, std))),
        ("copying".to_owned(), number(&|s, h| nrmse(at(s, 0).0, at(s, h).0, std))),
    ];
    if let Some(disagreement) = disagreement {
        out.push(("disagreement".to_owned(), number(&|s, h| disagreement[s * horizon + h - 1])));
    }
    if let Some(reward) = &imagined.reward {
        let received = |s: usize, h: usize| {
            let (e, t) = windows.starts[s];
            data.episode(e).rewards[t + h - 1]
        };
        out.push(("reward".to_owned(), number(&received)));
        out.push(("imagined_reward".to_owned(), number(&|s, h| f64::from(reward[s * horizon + h - 1]))));
    }
    for (c, name) in data.obs_space.names.iter().enumerate().filter(|(c, _)| std[*c] > 0.0) {
        let off = |s: usize, h: usize| (f64::from(at(s, h).1[c]) - f64::from(at(s, h).0[c])) / std[c];
        out.push((format!("error:{name}"), number(&off)));
    }
    let about = [
        ("unit".to_owned(), "errors and disagreement: standard deviations of the training part".to_owned()),
        ("oodscope".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
    ];
    columns::save(path, out, &about)
}
