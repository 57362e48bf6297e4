//! What the episodes of an evaluation say of the networks that acted in them, beside their returns.

use serde::{Deserialize, Serialize};

use super::learning::Networks;
use super::loss;
use crate::agent::policy::filtered;
use crate::data::dataset::Dataset;
use crate::data::episode::Episode;
use crate::data::space::Actions;
use crate::ground::fault::Fault;
use crate::ground::stats;
use crate::ground::task::Ctx;
use crate::world::world_model::WorldModel;

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
    let value = |features: &[f32]| networks.learner.value(features).unwrap_or_default();
    let each = value_errors(&*networks.model, &value, episodes, gamma);
    Ok(Measured { errors, value_error: stats::mean(&each) })
}

/// Of every episode what `value` promises of the features of its first state, less the return that followed, discounted by
/// `gamma`. A model that remembers makes features of all that went before; else the observations are the features.
pub fn value_errors(
    model: &dyn WorldModel,
    value: &dyn Fn(&[f32]) -> Vec<f64>,
    episodes: &Dataset,
    gamma: f64,
) -> Vec<f64> {
    let all: Vec<usize> = (0..episodes.num_episodes()).collect();
    let space = &episodes.action_space;
    episodes
        .episodes(&all)
        .map(|e| {
            let followed = filtered::followed(model, e.obs, &Actions::new(space, e.actions));
            let features = followed.as_deref().unwrap_or(e.obs);
            let width = features.len() / e.span.obs_rows.max(1);
            let at = |t: usize| value(&features[t * width..(t + 1) * width]);
            value_error(&|t| at(t).first().copied().unwrap_or(f64::NAN), &e, gamma)
        })
        .collect()
}

/// What `value` promises at the first step less what came, and what it promises of the last where a limit cut it off.
fn value_error(value: &dyn Fn(usize) -> f64, episode: &Episode<'_>, gamma: f64) -> f64 {
    let steps = episode.steps();
    let goes_on = !episode.span.terminated && episode.span.obs_rows > steps;
    let tail = if goes_on { value(steps) } else { 0.0 };
    let received = episode.rewards.iter().rev().fold(tail, |after, r| r + gamma * after);
    value(0) - received
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::episode::EpisodeSpan;

    #[test]
    fn a_promise_is_held_against_what_came() {
        let of = |terminated: bool, obs: &[f32]| {
            let obs_rows = obs.len();
            let span = EpisodeSpan {
                id: 0,
                first_step: 0,
                steps: 2,
                first_obs: 0,
                obs_rows,
                terminated,
                truncated: !terminated,
            };
            let (actions, rewards) = ([0.0, 0.0], [1.0, 4.0]);
            let episode = Episode {
                index: 0,
                span,
                obs_dim: 1,
                action_dim: 1,
                obs,
                actions: &actions,
                rewards: &rewards,
                next_obs: None,
            };
            // Twice the observation is promised.
            value_error(&|t| 2.0 * f64::from(obs[t]), &episode, 0.5)
        };
        // By hand: 1 + 0.5 · 4 = 3 came of 10; and 0.25 · V(s₂) = 0.25 · 8 more where the episode goes on.
        let (ended, cut_off) = (of(true, &[5.0, 0.0, 4.0]), of(false, &[5.0, 0.0, 4.0]));
        // The last observation is not always known.
        assert_eq!((ended, cut_off, of(false, &[5.0, 0.0])), (7.0, 5.0, 7.0));
    }
}
