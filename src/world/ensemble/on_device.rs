//! An [`Ensemble`] whose network lies on a device: observations and actions go there and predictions come back, step by step.
//! What is made of the network's outputs is the ensemble's own.

use std::any::Any;

use burn::tensor::Device;

use super::Ensemble;
use crate::data::sequence::SequenceBatch;
use crate::data::space::Actions;
use crate::world::net::network::{Network, tensor, values};
use crate::world::world_model::{Dims, Feedback, ImaginedState, ImaginedStep, WorldModel};

/// Rows that are sent at once: on a card few rows cost what many cost.
const ROWS: usize = 16_384;

/// An ensemble for imagination on a device. It is neither trained nor saved: that is done with the ensemble itself.
#[derive(Debug, Clone)]
pub struct EnsembleOnDevice {
    model: Ensemble,
    network: Network,
    device: Device,
}

impl EnsembleOnDevice {
    /// Copies the network of `model` to `device`, of which no gradients are asked.
    pub fn new(model: Ensemble, device: Device) -> Self {
        let device = device.inner();
        Self { network: Network::constant(&model.net, &device), model, device }
    }

    /// [E, B, outputs] of inputs [B, in] in the model's units.
    fn forward(&self, inputs: Vec<f32>, rows: usize) -> Vec<f32> {
        let net = &self.model.net;
        let same = tensor(inputs, [1, rows, net.inputs()], &self.device);
        values(self.network.forward(same.expand([net.members, rows, net.inputs()])))
    }
}

impl WorldModel for EnsembleOnDevice {
    fn kind(&self) -> &'static str {
        self.model.kind()
    }

    fn dims(&self) -> Dims {
        self.model.dims()
    }

    fn predicts_reward(&self) -> bool {
        self.model.predicts_reward()
    }

    fn predicts_end(&self) -> bool {
        self.model.predicts_end()
    }

    fn predicts_variance(&self) -> bool {
        self.model.predicts_variance()
    }

    fn rows_at_once(&self) -> Option<usize> {
        Some(ROWS)
    }

    fn begin(&self, past: &SequenceBatch<'_>) -> ImaginedState {
        self.model.begin(past)
    }

    fn step(&self, state: &mut ImaginedState, actions: &Actions<'_>, feedback: Feedback<'_>) -> ImaginedStep {
        let rows = state.obs.len() / self.model.obs_dim;
        let inputs = self.model.inputs(&state.obs, &actions.columns(self.model.action_dim), rows);
        let prediction = self.model.decode(&self.forward(inputs, rows), &state.obs, rows);
        self.model.go_on_with(state, prediction, feedback)
    }

    fn keep(&self, state: &mut ImaginedState, rows: &[usize]) {
        self.model.keep(state, rows);
    }

    fn unit(&self) -> Option<&[f32]> {
        self.model.unit()
    }

    fn obs_scale(&self) -> Option<(&[f32], &[f32])> {
        self.model.obs_scale()
    }

    fn latent_dim(&self) -> Option<usize> {
        self.model.latent_dim()
    }

    fn latent(&self, obs: &[f32], actions: &Actions<'_>) -> Option<Vec<f32>> {
        self.model.latent(obs, actions)
    }

    fn elites(&self) -> Vec<usize> {
        self.model.elites.clone()
    }

    fn trainable(&self) -> Result<(), String> {
        self.model.trainable()
    }

    fn boxed(&self) -> Box<dyn WorldModel> {
        Box::new(self.clone())
    }

    fn same(&self, other: &dyn WorldModel) -> bool {
        Ensemble::known(other) == Some(&self.model)
    }

    /// The ensemble: who asks for it gets what is saved.
    fn as_any(&self) -> &dyn Any {
        &self.model
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::episode::TransitionBatch;
    use crate::ground::seed::stream;
    use crate::ground::task::Ctx;
    use crate::world::ensemble::fresh;
    use crate::world::fit::FitOptions;
    use crate::world::imagine::open_loop;
    use crate::world::net::init;
    use crate::world::net::network::cpu;

    /// Through burn on the processor, which every build has: what a card computes is held against it by `cargo bench --bench device`.
    #[test]
    fn imagines_what_the_ensemble_imagines() {
        let (n, horizon) = (40, 10);
        let mut rng = stream(0, "rows", 0);
        let data = TransitionBatch {
            obs: init::normal(n * 3, &mut rng),
            next_obs: init::normal(n * 3, &mut rng),
            action: init::normal(n * 2, &mut rng),
            reward: init::normal(n, &mut rng),
            terminated: (0..n).map(|i| i % 7 == 0).collect(),
            ..TransitionBatch::empty(3, 2)
        };
        let options = FitOptions { members: 3, elites: 2, hidden: 16, layers: 2, ..FitOptions::default() };
        let model = fresh(&data, &options, &mut rng);
        let placed = EnsembleOnDevice::new(model.clone(), cpu());
        let rows: Vec<usize> = (0..n).collect();
        let actions = init::normal(n * horizon * 2, &mut rng);
        let imagined = |model: &dyn WorldModel| {
            let actions = Actions::new(&data.action_space, &actions[..]);
            open_loop(model, &data.pasts(&rows, 1), &actions, horizon, None, &Ctx::quiet()).unwrap()
        };
        let (own, other) = (imagined(&model), imagined(&placed));
        let scale = own.obs.iter().fold(0.0f32, |m, v| m.max(v.abs()));
        // Ten steps of f32, summed in another order.
        let near = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5 * scale);
        assert!(near(&own.obs, &other.obs) && near(&own.member_std, &other.member_std));
        assert!(near(&own.reward.unwrap(), &other.reward.unwrap()));
        assert!(
            Ensemble::known(&placed) == Some(&model)
                && model.placed_on(crate::world::net::device::Device::Cpu).unwrap().same(&model)
        );
        assert!(placed.same(&*placed.boxed()));
    }
}
