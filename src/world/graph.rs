//! A model that another program made and that is known as a function alone: observations and actions in, what follows out. It is
//! imagined with and not trained on.

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

use super::net::normalizer::Normalizer;
use super::world_model::{Dims, Feedback, ImaginedState, ImaginedStep, Prediction, WorldModel};
use crate::data::sequence::SequenceBatch;
use crate::data::space::Actions;

/// The function.
pub trait Graph: Debug + Send + Sync {
    /// What it gives for observations [B, D] and actions [B, A], as it takes them.
    ///
    /// # Errors
    /// A sentence where it cannot be computed.
    fn run(&self, obs: &[f32], actions: &[f32], rows: usize) -> Result<Answer, String>;
}

/// What a [`Graph`] gives for B rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// [B, D] the next observation, or its change.
    pub obs: Vec<f32>,
    /// [B] the reward, if it is predicted.
    pub reward: Option<Vec<f32>>,
}

/// A graph and what its columns mean.
#[derive(Debug, Clone)]
pub struct GraphModel {
    /// Columns of an observation D.
    pub obs_dim: usize,
    /// Columns of an action A.
    pub action_dim: usize,
    /// It gives the next observation itself, not its change.
    pub absolute: bool,
    /// It gives a reward.
    pub learned_reward: bool,
    /// Of `[obs, action]` before the graph takes them.
    pub input: Normalizer,
    /// [D] mean and deviation that observations which it gives are in units of.
    pub output: Normalizer,
    /// The function.
    pub graph: Arc<dyn Graph>,
}

impl GraphModel {
    /// The model as one of these, if it is one.
    pub fn known(model: &dyn WorldModel) -> Option<&Self> {
        model.as_any().downcast_ref()
    }

    /// What it predicts for `obs` [B, D] and `actions` [B, A]. Where the graph fails, as it did not when it was opened, there are no
    /// numbers: rollouts leave the finite ones and say so.
    fn predict(&self, obs: &[f32], actions: &[f32]) -> Prediction {
        let (d, a) = (self.obs_dim, self.action_dim);
        let rows = obs.len() / d;
        let both: Vec<f32> =
            obs.chunks_exact(d).zip(actions.chunks_exact(a)).flat_map(|(o, a)| o.iter().chain(a)).copied().collect();
        let scaled = self.input.apply(&both);
        let part = |from: usize, to: usize| -> Vec<f32> {
            scaled.chunks_exact(d + a).flat_map(|row| &row[from..to]).copied().collect()
        };
        let none = |n: usize| vec![f32::NAN; n];
        let Answer { obs: said, reward } = self
            .graph
            .run(&part(0, d), &part(d, d + a), rows)
            .unwrap_or_else(|_| Answer { obs: none(rows * d), reward: self.learned_reward.then(|| none(rows)) });
        let scale = self.output.std.iter().zip(&self.output.mean).cycle();
        let pairs = said.iter().zip(scale).zip(obs);
        let (next_obs, delta) = pairs
            .map(|((said, (std, mean)), now)| {
                if self.absolute {
                    let next = said * std + mean;
                    (next, next - now)
                } else {
                    (now + said * std, said * std)
                }
            })
            .unzip();
        Prediction { members: 1, rows, obs_dim: d, next_obs, delta, reward, logvar: None, terminated: None }
    }
}

impl WorldModel for GraphModel {
    fn kind(&self) -> &'static str {
        "graph"
    }

    fn dims(&self) -> Dims {
        Dims { obs: self.obs_dim, action: self.action_dim, feature: self.obs_dim, members: 1 }
    }

    fn predicts_reward(&self) -> bool {
        self.learned_reward
    }

    fn begin(&self, past: &SequenceBatch<'_>) -> ImaginedState {
        assert_eq!(past.obs_dim, self.obs_dim, "obs is [B, D]");
        ImaginedState { obs: past.last_obs(), memory: Box::new(()) }
    }

    fn step(&self, state: &mut ImaginedState, actions: &Actions<'_>, _: Feedback<'_>) -> ImaginedStep {
        let prediction = self.predict(&state.obs, &actions.columns(self.action_dim));
        state.obs.clone_from(&prediction.next_obs);
        let reward = prediction.reward.clone();
        ImaginedStep { prediction, reward, terminated: None }
    }

    fn keep(&self, state: &mut ImaginedState, rows: &[usize]) {
        let d = self.obs_dim;
        state.obs = rows.iter().flat_map(|&r| state.obs[r * d..(r + 1) * d].iter().copied()).collect();
    }

    fn trainable(&self) -> Result<(), String> {
        Err("a world model that is read as a graph is imagined with and not trained on; train it where it was made, or a new one \
             with oodscope fit"
            .into())
    }

    fn boxed(&self) -> Box<dyn WorldModel> {
        Box::new(self.clone())
    }

    fn same(&self, other: &dyn WorldModel) -> bool {
        Self::known(other).is_some_and(|other| {
            let columns = |m: &Self| (m.obs_dim, m.action_dim, m.absolute, m.learned_reward);
            let scales = (&self.input, &self.output) == (&other.input, &other.output);
            columns(self) == columns(other) && scales && Arc::ptr_eq(&self.graph, &other.graph)
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::space::Space;

    /// Twice the observation plus the action; the reward is the action. Fails where an observation is above 100.
    #[derive(Debug)]
    struct Doubles;

    impl Graph for Doubles {
        fn run(&self, obs: &[f32], actions: &[f32], rows: usize) -> Result<Answer, String> {
            assert_eq!((obs.len(), actions.len()), (rows, rows));
            if obs.iter().any(|o| *o > 100.0) {
                return Err("too large".into());
            }
            let said = obs.iter().zip(actions).map(|(o, a)| 2.0 * o + a).collect();
            Ok(Answer { obs: said, reward: Some(actions.to_vec()) })
        }
    }

    fn model(absolute: bool, input: Normalizer, output: Normalizer) -> GraphModel {
        GraphModel {
            obs_dim: 1,
            action_dim: 1,
            absolute,
            learned_reward: true,
            input,
            output,
            graph: Arc::new(Doubles),
        }
    }

    fn step(model: &GraphModel, obs: f32, action: f32) -> (Vec<f32>, ImaginedStep) {
        let space = Space::unnamed("action", 1);
        let mut state = model.begin(&SequenceBatch::present(vec![obs], 1, Actions::new(&space, Vec::new())));
        let step = model.step(&mut state, &Actions::new(&space, vec![action]), Feedback::Mean);
        (state.obs, step)
    }

    #[test]
    fn a_change_an_observation_and_scales_by_hand() {
        let plain = || (Normalizer::identity(2), Normalizer::identity(1));
        let of = |absolute| model(absolute, plain().0, plain().1);
        // 2 · 3 + 1 = 7: the next observation, or what is added to 3.
        let (next, said) = step(&of(true), 3.0, 1.0);
        assert_eq!((next, said.prediction.delta, said.reward), (vec![7.0], vec![4.0], Some(vec![1.0])));
        let (next, said) = step(&of(false), 3.0, 1.0);
        assert_eq!((next, said.prediction.delta), (vec![10.0], vec![7.0]));
        // (3 - 1) / 2 = 1 and (1 - 0) / 0.5 = 2: 2 · 1 + 2 = 4 in units of 2, from 1.
        let input = Normalizer { mean: vec![1.0, 0.0], std: vec![2.0, 0.5] };
        let output = Normalizer { mean: vec![1.0], std: vec![2.0] };
        assert_eq!(step(&model(true, input.clone(), output.clone()), 3.0, 1.0).0, [9.0]);
        assert_eq!(step(&model(false, input, output), 3.0, 1.0).0, [11.0]);
    }

    #[test]
    fn what_cannot_be_computed_is_no_number_and_nothing_is_trained() {
        let model = model(true, Normalizer::identity(2), Normalizer::identity(1));
        let (next, said) = step(&model, 101.0, 0.0);
        assert!(next[0].is_nan() && said.reward.unwrap()[0].is_nan());
        assert!(model.trainable().unwrap_err().contains("not trained on"));
        assert!(model.same(&*model.boxed()));
    }
}
