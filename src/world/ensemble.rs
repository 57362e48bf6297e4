//! Probabilistic ensemble of Gaussian perceptrons (PETS, Chua et al. 2018; MBPO; MOPO): members see `[obs, action]`
//! and predict Δobs, reward and termination, with learned bounds on the log-variance.

use super::net::mlp::Mlp;
use super::net::normalizer::Normalizer;
use super::world_model::Prediction;

#[cfg(test)]
mod agreement;
pub mod autodiff;
mod decode;
#[cfg(test)]
mod formulas;
pub mod fused;
mod imagined;
mod on_device;
mod rows;
mod seen;
mod training;

pub use decode::soft_bound;
pub use on_device::EnsembleOnDevice;
pub use rows::normalizers;
pub use seen::{Seen, look};
pub use training::{FusedFit, fresh, member_errors};

/// A dynamics model: weights, normalisers and what its columns mean.
///
/// The network's output columns are: mean of the `targets` (Δobs, then reward if `learned_reward`), their
/// log-variance unless `deterministic`, then one termination logit if `learned_termination`.
#[derive(Debug, Clone, PartialEq)]
pub struct Ensemble {
    /// Columns of an observation D.
    pub obs_dim: usize,
    /// Columns of an action A.
    pub action_dim: usize,
    /// The last target is the reward.
    pub learned_reward: bool,
    /// A termination logit follows.
    pub learned_termination: bool,
    /// No log-variance.
    pub deterministic: bool,
    /// `[obs, action]` -> outputs, the observation as it is seen.
    pub net: Mlp,
    /// Of `[obs, action]`, the observation as it is seen.
    pub input: Normalizer,
    /// Of the targets; identity where the model predicts raw units.
    pub target: Normalizer,
    /// [targets] soft lower bound of the log-variance; [E, targets] where members have bounds of their own.
    pub min_logvar: Vec<f32>,
    /// Soft upper bound of the log-variance, of the same shape.
    pub max_logvar: Vec<f32>,
    /// Members whose mean is the prediction; all where the file names none.
    pub elites: Vec<usize>,
    /// Columns of the observation whose target is the next value itself, not its change.
    pub absolute: Vec<usize>,
    /// What the network sees of an observation; nothing = its columns as they are.
    pub seen: Vec<Seen>,
}

impl Ensemble {
    /// Columns of what the network sees of an observation.
    pub fn seen_dim(&self) -> usize {
        if self.seen.is_empty() { self.obs_dim } else { self.seen.len() }
    }

    /// Number of targets: D, and one for the reward.
    pub fn targets(&self) -> usize {
        self.obs_dim + usize::from(self.learned_reward)
    }

    /// Checks that the parts fit together, as [`Ensemble::predict`] needs them to.
    ///
    /// # Errors
    /// A sentence naming the part that does not fit.
    pub fn check(&self) -> Result<(), String> {
        let targets = self.targets();
        if self.obs_dim == 0 || self.action_dim == 0 {
            return Err(format!(
                "a world model of {} observation and {} action columns",
                self.obs_dim, self.action_dim
            ));
        }
        let outputs = targets * (2 - usize::from(self.deterministic)) + usize::from(self.learned_termination);
        let own = self.members_have_bounds();
        let bounds =
            if self.deterministic { self.min_logvar.len() } else { targets * if own { self.net.members } else { 1 } };
        let lengths = [
            ("network inputs", self.net.inputs(), self.seen_dim() + self.action_dim),
            ("network outputs", self.net.outputs(), outputs),
            ("input means", self.input.mean.len(), self.seen_dim() + self.action_dim),
            ("input deviations", self.input.std.len(), self.seen_dim() + self.action_dim),
            ("target means", self.target.mean.len(), targets),
            ("target deviations", self.target.std.len(), targets),
            ("lower bounds of the log-variance", self.min_logvar.len(), bounds),
            ("upper bounds of the log-variance", self.max_logvar.len(), bounds),
        ];
        if let Some((what, has, needs)) = lengths.iter().find(|(_, has, needs)| has != needs) {
            return Err(format!("the world model has {has} {what}, {needs} are needed"));
        }
        if self.input.std.iter().chain(&self.target.std).any(|s| *s == 0.0) {
            return Err("the world model divides by a deviation of zero".into());
        }
        if self.elites.is_empty() || self.elites.iter().any(|&e| e >= self.net.members) {
            return Err(format!("elites {:?} of an ensemble of {} members", self.elites, self.net.members));
        }
        if let Some(seen) = self.seen.iter().find(|s| s.column() >= self.obs_dim) {
            return Err(format!("the network sees '{seen}' of an observation of {} columns", self.obs_dim));
        }
        if let Some(column) = self.absolute.iter().find(|c| **c >= self.obs_dim) {
            return Err(format!("column {column} of an observation of {} columns is no change", self.obs_dim));
        }
        Ok(())
    }

    /// True where every member has log-variance bounds of its own.
    pub fn members_have_bounds(&self) -> bool {
        self.net.members > 1 && self.min_logvar.len() == self.net.members * self.targets()
    }

    /// What all members predict for `obs` [B, D] and `action` [B, A].
    ///
    /// # Panics
    /// If the slices do not hold whole rows of the model's dimensions.
    pub fn predict(&self, obs: &[f32], action: &[f32]) -> Prediction {
        let rows = obs.len() / self.obs_dim;
        assert_eq!(obs.len(), rows * self.obs_dim, "obs is [B, D]");
        assert_eq!(action.len(), rows * self.action_dim, "action is [B, A]");
        let out = self.net.forward(&self.inputs(obs, action, rows));
        self.decode(&out, obs, rows)
    }

    fn inputs(&self, obs: &[f32], action: &[f32], rows: usize) -> Vec<f32> {
        let (d, a) = (self.obs_dim, self.action_dim);
        let mut x = Vec::with_capacity(rows * (self.seen_dim() + a));
        for r in 0..rows {
            let row = look(&self.seen, &obs[r * d..(r + 1) * d]).chain(action[r * a..(r + 1) * a].iter().copied());
            x.extend(row.zip(self.input.mean.iter().zip(&self.input.std)).map(|(v, (m, s))| (v - m) / s));
        }
        x
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::net::mlp::{Activation, Layer};

    /// One member of one observation and one action with every kind of output: Δobs, reward, two log-variances, a logit.
    fn full() -> Ensemble {
        let bias = vec![1.0, 2.0, 0.0, 0.0, 0.0];
        let layer = Layer { inputs: 2, outputs: 5, weight: vec![0.0; 10], bias };
        Ensemble {
            obs_dim: 1,
            action_dim: 1,
            learned_reward: true,
            learned_termination: true,
            deterministic: false,
            net: Mlp::new(1, Activation::Relu, vec![layer]).unwrap(),
            input: Normalizer::identity(2),
            target: Normalizer { mean: vec![0.5, -1.0], std: vec![2.0, 10.0] },
            min_logvar: vec![-30.0; 2],
            max_logvar: vec![30.0; 2],
            elites: vec![0],
            absolute: Vec::new(),
            seen: Vec::new(),
        }
    }

    #[test]
    fn every_output_in_raw_units() {
        let p = full().predict(&[7.0], &[0.0]);
        assert_eq!((p.delta[0], p.next_obs[0]), (2.5, 9.5));
        assert_eq!(p.reward.as_deref(), Some(&[19.0][..]));
        assert_eq!(p.terminated.as_deref(), Some(&[0.5][..]));
        // Variance 1 in units of the target is std² in raw units.
        let logvar = p.logvar.unwrap();
        assert!((logvar[0] - 4.0f32.ln()).abs() < 1e-6 && (logvar[1] - 100.0f32.ln()).abs() < 1e-6, "{logvar:?}");
    }

    #[test]
    fn a_column_may_be_predicted_as_it_is() {
        let p = Ensemble { absolute: vec![0], ..full() }.predict(&[7.0], &[0.0]);
        assert_eq!((p.delta[0], p.next_obs[0]), (-4.5, 2.5));
        assert!(Ensemble { absolute: vec![1], ..full() }.check().unwrap_err().contains("column 1"));
    }

    #[test]
    fn an_angle_may_be_seen_as_its_sine_and_cosine() {
        let one = full();
        let layer = Layer { inputs: 3, weight: vec![1.0; 15], ..one.net.layers[0].clone() };
        let model = Ensemble {
            net: Mlp::new(1, Activation::Relu, vec![layer]).unwrap(),
            input: Normalizer::identity(3),
            seen: vec![Seen::Sin(0), Seen::Cos(0)],
            ..one
        };
        assert_eq!(model.check(), Ok(()));
        // sin 0 + cos 0 + 2, and the bias: 4 in units of the target.
        assert!((model.predict(&[0.0], &[2.0]).delta[0] - 8.5).abs() < 1e-6);
        assert!(
            Ensemble { seen: vec![Seen::Sin(1), Seen::Cos(0)], ..model.clone() }.check().unwrap_err().contains("sin 1")
        );
        assert!(Ensemble { seen: Vec::new(), ..model }.check().unwrap_err().contains("network inputs"));
    }

    #[test]
    fn members_may_have_bounds_of_their_own() {
        let one = full();
        let twice = |v: &[f32]| [v, v].concat();
        let layer = Layer {
            weight: twice(&one.net.layers[0].weight),
            bias: twice(&one.net.layers[0].bias),
            ..one.net.layers[0]
        };
        let two = Ensemble {
            net: Mlp::new(2, Activation::Relu, vec![layer]).unwrap(),
            min_logvar: vec![-30.0, -30.0, 5.0, 5.0],
            max_logvar: vec![30.0; 4],
            ..one
        };
        assert_eq!(two.check(), Ok(()));
        let logvar = two.predict(&[7.0], &[0.0]).logvar.unwrap();
        assert!((logvar[0] - 4.0f32.ln()).abs() < 1e-6, "{logvar:?}");
        // min + softplus(0 - min) with min = 5.
        assert!((logvar[2] - (5.0 + (-5.0f32).exp().ln_1p() + 4.0f32.ln())).abs() < 1e-5, "{logvar:?}");
        assert!(Ensemble { max_logvar: vec![30.0; 2], ..two }.check().is_err());
    }

    #[test]
    fn parts_that_do_not_fit_are_named() {
        assert_eq!(full().check(), Ok(()));
        let wrong = |change: fn(&mut Ensemble)| {
            let mut m = full();
            change(&mut m);
            m.check().unwrap_err()
        };
        assert!(wrong(|m| m.learned_termination = false).contains("5 network outputs, 4"));
        assert!(wrong(|m| m.action_dim = 2).contains("2 network inputs, 3"));
        assert!(wrong(|m| m.target.std = vec![1.0]).contains("1 target deviations, 2"));
        assert!(wrong(|m| m.input.std[1] = 0.0).contains("deviation of zero"));
        assert!(wrong(|m| m.max_logvar.clear()).contains("upper bounds"));
        assert!(wrong(|m| m.elites = vec![1]).contains("elites [1] of an ensemble of 1"));
        assert!(wrong(|m| m.elites.clear()).contains("elites"));
        assert!(wrong(|m| m.obs_dim = 0).contains("0 observation"));
    }
}
