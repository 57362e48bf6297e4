//! A world model that looks back four observations and says that the last one comes again; its reward is learned.

use std::any::Any;

use crate::data::episode::TransitionBatch;
use crate::data::sequence::SequenceBatch;
use crate::data::space::Actions;
use crate::ground::task::{Cancelled, Ctx};
use crate::world::net::device::Device;
use crate::world::world_model::{Dims, Feedback, Fit, ImaginedState, ImaginedStep, Prediction, WorldModel};

pub const CONTEXT: usize = 4;

/// Two members of one mind.
#[derive(Debug, Clone, PartialEq)]
pub struct RepeatLast {
    pub dims: Dims,
    pub reward: f32,
}

impl RepeatLast {
    pub fn new(obs: usize, action: usize) -> Self {
        Self { dims: Dims { obs, action, feature: obs, members: 2 }, reward: 0.0 }
    }
}

impl WorldModel for RepeatLast {
    fn kind(&self) -> &'static str {
        "repeat-last"
    }

    fn dims(&self) -> Dims {
        self.dims
    }

    fn context(&self) -> usize {
        CONTEXT
    }

    fn predicts_reward(&self) -> bool {
        true
    }

    fn begin(&self, past: &SequenceBatch<'_>) -> ImaginedState {
        assert_eq!((past.steps, past.obs_dim), (CONTEXT - 1, self.dims.obs), "four observations a row");
        assert_eq!(past.actions.rows(), past.rows * (CONTEXT - 1), "three actions a row");
        let window = past.obs.chunks_exact(CONTEXT * self.dims.obs).map(<[f32]>::to_vec).collect::<Vec<_>>();
        ImaginedState { obs: past.last_obs(), memory: Box::new(window) }
    }

    fn step(&self, state: &mut ImaginedState, actions: &Actions<'_>, _: Feedback<'_>) -> ImaginedStep {
        let (d, rows) = (self.dims.obs, actions.rows());
        assert_eq!(actions.columns(self.dims.action).len(), rows * self.dims.action);
        let windows = state.memory.downcast_mut::<Vec<Vec<f32>>>().unwrap();
        assert_eq!((windows.len(), state.obs.len()), (rows, rows * d));
        for (window, obs) in windows.iter_mut().zip(state.obs.chunks_exact(d)) {
            window.drain(..d);
            window.extend_from_slice(obs);
        }
        let prediction = Prediction {
            members: 2,
            rows,
            obs_dim: d,
            next_obs: state.obs.repeat(2),
            delta: vec![0.0; 2 * rows * d],
            reward: Some(vec![self.reward; 2 * rows]),
            logvar: None,
            terminated: None,
        };
        ImaginedStep { prediction, reward: Some(vec![self.reward; rows]), terminated: None }
    }

    fn keep(&self, state: &mut ImaginedState, rows: &[usize]) {
        let d = self.dims.obs;
        let windows = state.memory.downcast_mut::<Vec<Vec<f32>>>().unwrap();
        *windows = rows.iter().map(|&r| windows[r].clone()).collect();
        state.obs = rows.iter().flat_map(|&r| state.obs[r * d..(r + 1) * d].to_vec()).collect();
    }

    fn trainable(&self) -> Result<(), String> {
        Ok(())
    }

    fn fit<'d>(
        &self,
        training: &'d TransitionBatch,
        validation: &'d TransitionBatch,
        _: Device,
    ) -> Result<Box<dyn Fit + 'd>, String> {
        Ok(Box::new(RewardFit { model: self.clone(), training, validation }))
    }

    fn boxed(&self) -> Box<dyn WorldModel> {
        Box::new(self.clone())
    }

    fn same(&self, other: &dyn WorldModel) -> bool {
        other.as_any().downcast_ref() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Moves the reward towards the mean of those drawn.
struct RewardFit<'d> {
    model: RepeatLast,
    training: &'d TransitionBatch,
    validation: &'d TransitionBatch,
}

impl Fit for RewardFit<'_> {
    fn step(&mut self, drawn: &[usize], rate: f64) -> f64 {
        let mean = drawn.iter().map(|&i| self.training.reward[i]).sum::<f32>() / drawn.len() as f32;
        let gap = mean - self.model.reward;
        self.model.reward += (rate * 100.0) as f32 * gap;
        f64::from(gap * gap)
    }

    fn validate(&mut self, cx: &Ctx) -> Result<Vec<f64>, Cancelled> {
        cx.check()?;
        let square = |r: &f32| f64::from(r - self.model.reward).powi(2);
        let error = self.validation.reward.iter().map(square).sum::<f64>() / self.validation.len() as f64;
        Ok(vec![error; 2])
    }

    fn model(&self) -> Box<dyn WorldModel> {
        Box::new(self.model.clone())
    }
}
