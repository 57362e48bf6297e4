//! What recurrent state-space models have in common, whoever made them: compressed numbers, latents that are classes, and a state
//! of deterministic units and latents side by side, which they follow an episode with.

pub mod bootstrap;
pub mod heads;
pub mod loss;
pub mod stretches;
pub mod training;

use rand::RngExt;

use super::net::normalizer::Normalizer;
use super::world_model::ImaginedState;
use crate::data::episode::TransitionBatch;
use crate::data::sequence::SequenceBatch;
use crate::data::space::Actions;
use crate::ground::seed::Stream;
use crate::ground::stats;

/// Share of a class's probability that is spread evenly, for models that are trained here.
pub const UNIMIX: f32 = 0.01;
/// Observations that these filter before they imagine.
pub const CONTEXT: usize = 5;
/// The outermost bins of a number that is told by bins, compressed by [`symlog`].
pub const OUTERMOST: f32 = 20.0;

/// Deterministic units and latents of B rows, side by side.
#[derive(Debug, Clone, PartialEq)]
struct Latent {
    /// [B, H + G·C].
    features: Vec<f32>,
}

/// A state at the observations `obs` [B, D], of which the model makes `features` [B, H + G·C].
pub fn state(obs: Vec<f32>, features: Vec<f32>) -> ImaginedState {
    ImaginedState { obs, memory: Box::new(Latent { features }) }
}

/// [B, H + G·C] of a [`state`]; empty of another's.
pub fn features(state: &ImaginedState) -> &[f32] {
    state.memory.downcast_ref::<Latent>().map_or(&[], |latent| &latent.features)
}

/// Units [B, H] and latents [B, G·C] of `features`, whose first `units` columns are units.
pub fn apart(features: &[f32], units: usize, latents: usize) -> (Vec<f32>, Vec<f32>) {
    let rows = || features.chunks_exact(units + latents);
    (rows().flat_map(|row| &row[..units]).copied().collect(), rows().flat_map(|row| &row[units..]).copied().collect())
}

/// Leaves the `rows` of a [`state`] of a model, in this order; `widths` are the columns of its observations and features.
pub fn keep(of: &mut ImaginedState, rows: &[usize], widths: (usize, usize)) {
    let take = |values: &[f32], width: usize| -> Vec<f32> {
        rows.iter().flat_map(|&r| &values[r * width..(r + 1) * width]).copied().collect()
    };
    *of = state(take(&of.obs, widths.0), take(features(of), widths.1));
}

/// Mean and deviation of the observations of `train`, by which a model for it scales them.
pub fn scale(train: &TransitionBatch) -> Normalizer {
    let d = train.obs_dim;
    let (mean, std) = stats::column_mean_std(&train.obs, d.max(1));
    let floor = |std: f64| if std as f32 > 1e-8 { std as f32 } else { 1.0 };
    Normalizer {
        mean: mean.into_iter().map(|m| m as f32).take(d).collect(),
        std: std.into_iter().map(floor).take(d).collect(),
    }
}

/// Where a model is after the stretches of `past`, from the beginning of an episode on: `observe` goes on from a state and the
/// actions that were taken there, or from nothing, to observations.
pub fn follow(
    past: &SequenceBatch<'_>,
    observe: impl Fn(Option<(&ImaginedState, &Actions<'_>)>, &[f32]) -> ImaginedState,
) -> ImaginedState {
    let first = observe(None, &past.obs_at(0));
    (0..past.steps).fold(first, |here, t| observe(Some((&here, &past.actions_at(t))), &past.obs_at(t + 1)))
}

/// `sign(x) ln(1 + |x|)`: large numbers become small, small ones stay (Webber 2012).
pub fn symlog(x: f32) -> f32 {
    x.signum() * x.abs().ln_1p()
}

/// The inverse of [`symlog`].
pub fn symexp(x: f32) -> f32 {
    x.signum() * x.abs().exp_m1()
}

/// Of every group of `count` logits one class, as 0 and 1: the likeliest, the first of equals; or with `rng` a draw, where a
/// share `unimix` of the probability is spread evenly over all.
pub fn classes(logits: &[f32], count: usize, unimix: f32, mut rng: Option<&mut Stream>) -> Vec<f32> {
    let mut out = vec![0.0; logits.len()];
    for (group, out) in logits.chunks_exact(count).zip(out.chunks_exact_mut(count)) {
        let likeliest = group.iter().enumerate().fold(0, |best, (i, v)| if *v > group[best] { i } else { best });
        let chosen = match &mut rng {
            None => likeliest,
            Some(rng) => drawn(group, group[likeliest], unimix, rng.random()),
        };
        out[chosen] = 1.0;
    }
    out
}

/// The class that a draw `u` from [0, 1) falls to; `most` is the largest logit.
fn drawn(logits: &[f32], most: f32, unimix: f32, u: f64) -> usize {
    let all: f64 = logits.iter().map(|v| f64::from(v - most).exp()).sum();
    let even = f64::from(unimix) / logits.len() as f64;
    let weight = |v: f32| (1.0 - f64::from(unimix)) * f64::from(v - most).exp() / all + even;
    let mut left = u;
    for (i, v) in logits.iter().enumerate() {
        left -= weight(*v);
        if left < 0.0 {
            return i;
        }
    }
    logits.len() - 1
}

/// The rows of several matrices, each with its number of columns, side by side.
pub fn beside(parts: &[(&[f32], usize)]) -> Vec<f32> {
    let rows = parts.iter().find(|(_, width)| *width > 0).map_or(0, |(values, width)| values.len() / width);
    let row = |r: usize| parts.iter().flat_map(move |(values, width)| &values[r * width..(r + 1) * width]);
    (0..rows).flat_map(row).copied().collect()
}

#[cfg(test)]
pub mod battery;
