//! What the episodes of an evaluation say of the networks that acted in them, beside their returns.

use serde::{Deserialize, Serialize};

use super::learning::Networks;
use super::loss;
use crate::data::dataset::Dataset;
use crate::data::episode::Episode;
use crate::ground::fault::Fault;
use crate::ground::stats;
use crate::ground::task::Ctx;

/// What was measured on them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// [D + 1] squared one-step error of every observation dimension and of the reward, in raw units squared: the mean over
    /// episodes of the mean over their steps. A loss on any scale is a weighted sum of them.
    pub errors: Vec<f64>,
    /// V(s₀) less the discounted return that followed, mean over the episodes (Chen et al., RLC 2025, appendix A.6). An episode
    /// that a limit cut off goes on with V of its last state.
    pub value_error: f64,
}

/// Measures `networks` on `episodes`, with `gamma` the discount that its critics were trained with.
///
/// # Errors
/// [`Fault::Cancelled`].
pub fn measured(networks: &Networks, episodes: &Dataset, gamma: f64, cx: &Ctx) -> Result<Measured, Fault> {
    let errors = loss::squared_errors(&*networks.model, episodes, cx)?;
    let all: Vec<usize> = (0..episodes.num_episodes()).collect();
    let each: Vec<f64> = episodes.episodes(&all).map(|e| value_error(networks, &e, gamma)).collect();
    Ok(Measured { errors, value_error: stats::mean(&each) })
}

fn value_error(networks: &Networks, episode: &Episode<'_>, gamma: f64) -> f64 {
    let value = |t: usize| networks.learner.value(episode.obs_at(t)).first().copied().unwrap_or(f64::NAN);
    let steps = episode.steps();
    let tail = if episode.span.terminated || episode.span.obs_rows <= steps { 0.0 } else { value(steps) };
    let received = episode.rewards.iter().rev().fold(tail, |after, r| r + gamma * after);
    value(0) - received
}
