//! Heads in training: each on a bootstrap of its own, beside the model whose features they read.

use rand_distr::{Distribution, Poisson};

use super::beside;
use crate::ground::seed::stream;
use crate::world::net::fused::FusedMlp;
use crate::world::net::mlp::Mlp;

/// Rows of one step: what the heads read, and what they should say of it.
pub struct Taught<'s> {
    /// [N, F] features, of which the model that they are of learns nothing.
    pub features: &'s [f32],
    /// [N, A] actions.
    pub actions: &'s [f32],
    /// [N, D] next observations in the model's units.
    pub targets: &'s [f32],
    /// [N] the transition that each is.
    pub rows: &'s [usize],
}

/// K heads with Adam's moments, and how often each of them sees every transition.
pub struct HeadsFit {
    net: FusedMlp,
    members: usize,
    /// [transitions, K]: the bootstrap of Efron, told transition by transition (Oza and Russell 2001).
    times: Vec<f32>,
    /// Half the squared error of the last step, summed over dimensions, mean over heads and what they saw.
    pub lost: f64,
}

impl HeadsFit {
    /// Training from the present weights of `heads` on `transitions`. Transition i is seen as often as before where others follow.
    pub fn new(heads: &Mlp, transitions: usize) -> Self {
        let mut rng = stream(0, "bootstrap", 0);
        let draws = transitions * heads.members;
        let times =
            Poisson::new(1.0f32).map_or_else(|_| vec![1.0; draws], |p| p.sample_iter(&mut rng).take(draws).collect());
        Self { net: FusedMlp::new(heads), members: heads.members, times, lost: f64::NAN }
    }

    /// [K] how often each head sees the transition `row`.
    pub fn times(&self, row: usize) -> &[f32] {
        &self.times[row * self.members..(row + 1) * self.members]
    }

    /// One step of Adam with step size `rate` on the squared error of `batch`, each row as often as its head sees it.
    pub fn step(&mut self, batch: &Taught<'_>, rate: f64) {
        let n = batch.rows.len();
        let [f, a, d] = [batch.features, batch.actions, batch.targets].map(|all| all.len() / n.max(1));
        let input = beside(&[(batch.features, f), (batch.actions, a)]);
        let mut errors = self.net.forward(&input);
        let mut lost = 0.0;
        for (e, own) in errors.chunks_exact_mut(n * d).enumerate() {
            let times: Vec<f32> = batch.rows.iter().map(|row| self.times(*row)[e]).collect();
            let seen = times.iter().sum::<f32>().max(1.0);
            for ((row, target), times) in own.chunks_exact_mut(d).zip(batch.targets.chunks_exact(d)).zip(times) {
                for (v, target) in row.iter_mut().zip(target) {
                    let error = *v - target;
                    lost += 0.5 * f64::from(times / seen * error * error);
                    *v = times / seen * error;
                }
            }
        }
        self.lost = lost / self.members as f64;
        self.net.backward(&errors);
        self.net.descend(&input, rate);
    }

    /// The heads as they are.
    pub fn heads(&self) -> Mlp {
        self.net.to_mlp()
    }
}
