//! Actions that are choices: SAC in expectation over all of them (Christodoulou 2019).

use rand::RngExt;

use super::{Head, Reinforced, least};
use crate::agent::policy::{Categorical, Policy};
use crate::data::space::{Space, SpaceKind};
use crate::ground::seed::Stream;
use crate::world::net::fused::FusedMlp;
use crate::world::net::mlp::Mlp;
use crate::world::net::normalizer::Normalizer;

/// Share of the largest entropy, log K, that the temperature holds. The 0.98 of Christodoulou's paper keeps the policy near
/// uniform wherever the values of the choices are close, as they are for balancing a pole.
const ENTROPY: f32 = 0.3;

/// The head of a [`Categorical`] policy over one choice of K.
#[derive(Debug, Clone)]
pub struct Choices {
    count: usize,
    start: i64,
    space: Space,
}

impl Choices {
    /// Of the one choice that `space` is.
    ///
    /// # Errors
    /// A sentence where it is none, or several at once.
    pub fn new(space: &Space) -> Result<Self, String> {
        match space.kind {
            SpaceKind::Discrete { n, start } if n > 0 && space.choices().is_some() => {
                Ok(Self { count: n, start, space: space.clone() })
            }
            _ => Err("only policies over real numbers and over one choice are trained here: name one with --policy, \
                      which then acts as it is"
                .into()),
        }
    }
}

/// Probabilities and their logarithms of rows of logits.
fn softmax(logits: &[f32], k: usize) -> (Vec<f32>, Vec<f32>) {
    let mut log = Vec::with_capacity(logits.len());
    for row in logits.chunks_exact(k) {
        let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum = row.iter().map(|l| (l - most).exp()).sum::<f32>().ln();
        log.extend(row.iter().map(|l| l - most - sum));
    }
    (log.iter().map(|l| l.exp()).collect(), log)
}

impl Head for Choices {
    fn space(&self) -> &Space {
        &self.space
    }

    fn outputs(&self) -> usize {
        self.count
    }

    fn columns(&self) -> usize {
        1
    }

    fn critic(&self, features: usize) -> (usize, usize) {
        (features, self.count)
    }

    fn draw(&self, out: &[f32], rng: &mut Stream) -> Vec<f32> {
        let (probabilities, _) = softmax(out, self.count);
        let pick = |row: &[f32]| {
            let mut left: f32 = rng.random();
            let found = row.iter().position(|p| {
                left -= p;
                left < 0.0
            });
            (self.start + found.unwrap_or(self.count - 1) as i64) as f32
        };
        probabilities.chunks_exact(self.count).map(pick).collect()
    }

    fn seen(&self, stored: &[f32], into: &mut Vec<f32>) {
        into.extend(stored.iter().map(|v| (v.round() as i64 - self.start).clamp(0, self.count as i64 - 1) as f32));
    }

    fn judged(&self, features: &[f32], seen: &[f32]) -> (Vec<f32>, Vec<usize>) {
        (features.to_vec(), seen.iter().map(|v| *v as usize).collect())
    }

    fn soft_value(
        &self,
        out: &[f32],
        features: &[f32],
        critics: &mut FusedMlp,
        alpha: f32,
        _: &mut Stream,
    ) -> Vec<f32> {
        let (p, log_p) = softmax(out, self.count);
        let q = least(&critics.forward(features), p.len());
        let each = p.iter().zip(&log_p).zip(&q).map(|((p, l), q)| p * (q - alpha * l)).collect::<Vec<f32>>();
        each.chunks_exact(self.count).map(|row| row.iter().sum()).collect()
    }

    /// `L = Σ π_k (α log π_k − Q_k)`, so `∂L/∂logit_k = π_k (α log π_k − Q_k − L)`: the constant α of the derivative drops
    /// out under the softmax.
    fn gradient(
        &self,
        out: &[f32],
        features: &[f32],
        critics: &mut FusedMlp,
        alpha: f32,
        _: &mut Stream,
    ) -> (Vec<f32>, f32, f32) {
        let k = self.count;
        let (p, log_p) = softmax(out, k);
        let q = least(&critics.forward(features), p.len());
        let share = k as f32 / out.len().max(1) as f32;
        let (mut gradient, mut mean, mut costs) = (Vec::with_capacity(out.len()), 0.0, 0.0);
        for i in (0..out.len()).step_by(k) {
            let row = i..i + k;
            let cost = |j: usize| alpha * log_p[j] - q[j];
            let expected: f32 = row.clone().map(|j| p[j] * cost(j)).sum();
            costs += expected * share;
            gradient.extend(row.clone().map(|j| share * p[j] * (cost(j) - expected)));
            mean += row.map(|j| p[j] * log_p[j]).sum::<f32>() * share;
        }
        (gradient, mean, costs)
    }

    fn decide(&self, out: &[f32], rng: &mut Stream) -> (Vec<f32>, Vec<f32>) {
        let (stored, mut decided) = (self.draw(out, rng), Vec::new());
        self.seen(&stored, &mut decided);
        (stored, decided)
    }

    /// `∂ log π(a) / ∂logit_k = 1[k = a] − π_k` and `∂H / ∂logit_k = −π_k (log π_k + H)`.
    fn score(&self, out: &[f32], decided: &[f32], gain: &[f32], spread: &[f32]) -> Reinforced {
        let k = self.count;
        let (p, log_p) = softmax(out, k);
        let mut scored =
            Reinforced { gradient: Vec::with_capacity(out.len()), log_prob: Vec::new(), entropy: Vec::new() };
        let rows = p.chunks_exact(k).zip(log_p.chunks_exact(k)).zip(decided).zip(gain).zip(spread);
        for ((((p, log_p), taken), gain), spread) in rows {
            let taken = *taken as usize;
            let entropy = -p.iter().zip(log_p).map(|(p, l)| p * l).sum::<f32>();
            let is = |j: usize| f32::from(u8::from(j == taken));
            let of = |j: usize| gain * (is(j) - p[j]) - spread * p[j] * (log_p[j] + entropy);
            scored.gradient.extend((0..k).map(of));
            scored.log_prob.push(log_p[taken.min(k - 1)]);
            scored.entropy.push(entropy);
        }
        scored
    }

    /// That of Hafner et al. 2023.
    fn entropy(&self) -> f32 {
        3e-4
    }

    fn target_entropy(&self) -> f32 {
        ENTROPY * (self.count as f32).ln()
    }

    fn policy(&self, net: Mlp, input: Normalizer) -> Box<dyn Policy> {
        Box::new(Categorical::over(net, input, self.space.clone()))
    }
}
