//! Imagination of an [`Ensemble`]: it needs the present observation alone, and acts on it.

use std::any::Any;

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use super::Ensemble;
use super::autodiff::AutodiffFit;
use super::on_device::EnsembleOnDevice;
use super::training::FusedFit;
use crate::data::episode::TransitionBatch;
use crate::data::sequence::SequenceBatch;
use crate::data::space::Actions;
use crate::ground::seed::Stream;
use crate::world::net::device::Device;
use crate::world::world_model::{Dims, Feedback, Fit, ImaginedState, ImaginedStep, Prediction, WorldModel};

impl WorldModel for Ensemble {
    fn kind(&self) -> &'static str {
        "ensemble"
    }

    fn parameters(&self) -> Option<usize> {
        Some(self.net.parameters() + self.min_logvar.len() + self.max_logvar.len())
    }

    fn dims(&self) -> Dims {
        Dims { obs: self.obs_dim, action: self.action_dim, feature: self.obs_dim, members: self.net.members }
    }

    fn predicts_reward(&self) -> bool {
        self.learned_reward
    }

    fn predicts_end(&self) -> bool {
        self.learned_termination
    }

    fn predicts_variance(&self) -> bool {
        !self.deterministic
    }

    fn begin(&self, past: &SequenceBatch<'_>) -> ImaginedState {
        assert_eq!(past.obs_dim, self.obs_dim, "obs is [B, D]");
        ImaginedState { obs: past.last_obs(), memory: Box::new(()) }
    }

    fn step(&self, state: &mut ImaginedState, actions: &Actions<'_>, feedback: Feedback<'_>) -> ImaginedStep {
        let prediction = self.predict(&state.obs, &actions.columns(self.action_dim));
        self.go_on_with(state, prediction, feedback)
    }

    fn keep(&self, state: &mut ImaginedState, rows: &[usize]) {
        let d = self.obs_dim;
        state.obs = rows.iter().flat_map(|&r| state.obs[r * d..(r + 1) * d].iter().copied()).collect();
    }

    fn unit(&self) -> Option<&[f32]> {
        Some(&self.target.std[..self.obs_dim])
    }

    fn obs_scale(&self) -> Option<(&[f32], &[f32])> {
        let as_it_is = self.seen.is_empty();
        as_it_is.then(|| (&self.input.mean[..self.obs_dim], &self.input.std[..self.obs_dim]))
    }

    fn latent_dim(&self) -> Option<usize> {
        self.net.hidden_units()
    }

    /// Activations of the first elite member's last hidden layer; nothing where the model has no hidden layer.
    fn latent(&self, obs: &[f32], actions: &Actions<'_>) -> Option<Vec<f32>> {
        let member = *self.elites.first()?;
        self.net.hidden(member, &self.inputs(obs, &actions.columns(self.action_dim), obs.len() / self.obs_dim))
    }

    fn rescale(&mut self, batch: &TransitionBatch) {
        self.renormalize(batch);
    }

    fn elites(&self) -> Vec<usize> {
        self.elites.clone()
    }

    fn choose_elites(&mut self, errors: &[f64], count: usize) {
        let mut order: Vec<usize> = (0..errors.len()).collect();
        order.sort_by(|&a, &b| errors[a].total_cmp(&errors[b]));
        order.truncate(count.clamp(1, self.net.members));
        order.sort_unstable();
        self.elites = order;
    }

    fn trainable(&self) -> Result<(), String> {
        if self.members_have_bounds() {
            return Err(
                "the checkpoint's world model cannot be trained on: every member has log-variance bounds of its own; \
                        train one with oodscope fit without --checkpoint"
                    .into(),
            );
        }
        if self.deterministic || !self.learned_reward {
            return Err(
                "the checkpoint's world model cannot be trained on: it predicts no variance or no reward; train \
                        one with oodscope fit without --checkpoint"
                    .into(),
            );
        }
        Ok(())
    }

    fn fit<'d>(
        &self,
        training: &'d TransitionBatch,
        validation: &'d TransitionBatch,
        device: Device,
    ) -> Result<Box<dyn Fit + 'd>, String> {
        self.trainable()?;
        let resolved = device.resolve()?;
        Ok(match device {
            // By hand on the processor, where autodiff spends most of a step on its many small tensors.
            Device::Cpu => Box::new(FusedFit::new(self.clone(), training, validation)),
            Device::Cuda(_) | Device::Vulkan(_) => {
                Box::new(AutodiffFit::new(self.clone(), training, validation, resolved))
            }
        })
    }

    fn placed_on(&self, device: Device) -> Result<Box<dyn WorldModel>, String> {
        Ok(match device {
            Device::Cpu => self.boxed(),
            Device::Cuda(_) | Device::Vulkan(_) => Box::new(EnsembleOnDevice::new(self.clone(), device.resolve()?)),
        })
    }

    fn boxed(&self) -> Box<dyn WorldModel> {
        Box::new(self.clone())
    }

    fn same(&self, other: &dyn WorldModel) -> bool {
        Self::known(other) == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Ensemble {
    /// The ensemble that `model` is, if it is one.
    pub fn known(model: &dyn WorldModel) -> Option<&Self> {
        model.as_any().downcast_ref()
    }

    /// Moves the state on to what `feedback` takes of a prediction.
    pub(super) fn go_on_with(
        &self,
        state: &mut ImaginedState,
        prediction: Prediction,
        feedback: Feedback<'_>,
    ) -> ImaginedStep {
        match feedback {
            Feedback::Mean => go_on(state, prediction, &self.elites),
            Feedback::Member(member) => go_on(state, prediction, &[member]),
            Feedback::Sampled(rng) => {
                let elites = &self.elites;
                self.sample(state, prediction, rng, |_, rng| elites[rng.random_range(0..elites.len())])
            }
            Feedback::Assigned(members, rng) => self.sample(state, prediction, rng, |row, _| members[row]),
        }
    }

    /// Moves every row on to a draw from the prediction of the member that `chosen` says.
    fn sample(
        &self,
        state: &mut ImaginedState,
        p: Prediction,
        rng: &mut Stream,
        chosen: impl Fn(usize, &mut Stream) -> usize,
    ) -> ImaginedStep {
        let (d, targets) = (self.obs_dim, self.targets());
        let mut obs = Vec::with_capacity(p.rows * d);
        let mut from = Vec::with_capacity(p.rows);
        for i in 0..p.rows {
            let at = chosen(i, rng) * p.rows + i;
            for c in 0..d {
                let noise = p.logvar.as_ref().map_or(0.0, |logvar| {
                    let n: f32 = StandardNormal.sample(rng);
                    (0.5 * logvar[at * targets + c]).exp() * n
                });
                obs.push(p.next_obs[at * d + c] + noise);
            }
            from.push(at);
        }
        state.obs = obs;
        let pick = |all: &Option<Vec<f32>>| all.as_ref().map(|all| from.iter().map(|&at| all[at]).collect());
        let (reward, terminated) = (pick(&p.reward), pick(&p.terminated));
        ImaginedStep { prediction: p, reward, terminated }
    }
}

/// Moves the state on to the mean over `members`.
fn go_on(state: &mut ImaginedState, prediction: Prediction, members: &[usize]) -> ImaginedStep {
    state.obs = prediction.mean_next_obs(members);
    let (reward, terminated) = (prediction.mean_reward(members), prediction.mean_terminated(members));
    ImaginedStep { prediction, reward, terminated }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::seed::stream;
    use crate::world::ensemble::fresh;
    use crate::world::fit::FitOptions;

    #[test]
    fn a_member_alone_the_mean_and_a_draw() {
        let data = TransitionBatch {
            obs: vec![0.0, 1.0, 2.0],
            action: vec![1.0, -1.0, 0.0],
            next_obs: vec![1.0, 0.0, 2.0],
            reward: vec![0.0; 3],
            terminated: vec![false, true, false],
            ..TransitionBatch::empty(1, 1)
        };
        let options = FitOptions { members: 3, hidden: 4, ..FitOptions::default() };
        let mut model = fresh(&data, &options, &mut stream(0, "weights", 0));
        model.elites = vec![0, 2];
        let rows: Vec<usize> = (0..3).collect();
        let step = |feedback: Feedback<'_>| {
            let mut state = model.begin(&data.pasts(&rows, 1));
            let step = model.step(&mut state, &data.actions(0..3), feedback);
            (state.obs, step)
        };
        let (mean, said) = step(Feedback::Mean);
        let all = &said.prediction.next_obs;
        assert!(mean.iter().enumerate().all(|(i, m)| (m - f32::midpoint(all[i], all[6 + i])).abs() < 1e-6));
        assert_eq!(step(Feedback::Member(1)).0, &all[3..6]);
        let (drawn, sampled) = step(Feedback::Sampled(&mut stream(1, "draw", 0)));
        assert_ne!(drawn, mean);
        assert_eq!(sampled.reward.map(|r| r.len()), Some(3));
        let mut state = model.begin(&data.pasts(&rows, 1));
        model.keep(&mut state, &[2, 0]);
        assert_eq!(model.features(&state), [2.0, 0.0]);
    }
}
