//! Real-numbered actions: tanh of a Gaussian (Haarnoja et al. 2018, appendix C).

use super::{Head, Reinforced, least};
use crate::agent::policy::{LOG_STD, Policy, SquashedGaussian};
use crate::data::space::Space;
use crate::ground::seed::Stream;
use crate::world::net::fused::FusedMlp;
use crate::world::net::init;
use crate::world::net::mlp::Mlp;
use crate::world::net::normalizer::Normalizer;

/// The head of a [`SquashedGaussian`].
#[derive(Debug, Clone)]
pub struct Gaussian {
    scale: Vec<f32>,
    bias: Vec<f32>,
    log_std: (f32, f32),
    space: Space,
}

/// Actions drawn from the head, with what their gradients need; [B, A] each.
struct Draw {
    /// Squashed, in (−1, 1).
    action: Vec<f32>,
    /// σ ε.
    spread: Vec<f32>,
    /// 0 where the log deviation is beyond its bounds, where it has no gradient.
    free: Vec<f32>,
    /// [B] log-probabilities.
    log_prob: Vec<f32>,
}

impl Gaussian {
    /// Of actions within `scale` of `bias`.
    pub fn new(scale: Vec<f32>, bias: Vec<f32>) -> Self {
        let space = SquashedGaussian::space(&scale, &bias);
        Self { scale, bias, log_std: LOG_STD, space }
    }

    /// That of `policy`.
    pub fn of(policy: &SquashedGaussian) -> Self {
        let (scale, bias, log_std) = (policy.scale.clone(), policy.bias.clone(), policy.log_std);
        Self { scale, bias, log_std, space: policy.action_space().clone() }
    }

    /// The deviation that the output `log_std` stands for, and 0 where it is beyond its bounds, where it has no gradient, else 1.
    fn deviation(&self, log_std: f32) -> (f32, f32) {
        let within = log_std.clamp(self.log_std.0, self.log_std.1);
        (within.exp(), f32::from(u8::from(within.to_bits() == log_std.to_bits())))
    }

    fn act(&self, out: &[f32], rng: &mut Stream) -> Draw {
        let a = self.scale.len();
        let n = out.len() / 2;
        let noise = init::normal(n, rng);
        let mut draw = Draw {
            action: Vec::with_capacity(n),
            spread: Vec::with_capacity(n),
            free: Vec::with_capacity(n),
            log_prob: Vec::with_capacity(n / a),
        };
        for (row, noise) in out.chunks_exact(2 * a).zip(noise.chunks_exact(a)) {
            let mut log_prob = 0.0;
            for (c, eps) in noise.iter().enumerate() {
                let log_std = row[a + c].clamp(self.log_std.0, self.log_std.1);
                draw.free.push(if log_std.to_bits() == row[a + c].to_bits() { 1.0 } else { 0.0 });
                draw.spread.push(log_std.exp() * eps);
                let raw = row[c] + log_std.exp() * eps;
                draw.action.push(raw.tanh());
                log_prob -= 0.5 * eps * eps + log_std + HALF_LOG_2_PI + log_slope(raw);
            }
            draw.log_prob.push(log_prob);
        }
        draw
    }

    fn rows(&self, features: &[f32], actions: &[f32]) -> Vec<f32> {
        let a = self.scale.len();
        let d = features.len() / (actions.len() / a).max(1);
        let mut rows = Vec::with_capacity(features.len() + actions.len());
        for (feature, action) in features.chunks_exact(d.max(1)).zip(actions.chunks_exact(a)) {
            rows.extend_from_slice(feature);
            rows.extend_from_slice(action);
        }
        rows
    }
}

/// ½ log 2π.
const HALF_LOG_2_PI: f32 = 0.918_938_5;

/// log(1 − tanh² u) as 2 (log 2 − u − softplus(−2u)), which never takes log 0.
fn log_slope(u: f32) -> f32 {
    let softplus = (-2.0 * u).max(0.0) + (-(2.0 * u).abs()).exp().ln_1p();
    2.0 * (std::f32::consts::LN_2 - u - softplus)
}

impl Head for Gaussian {
    fn space(&self) -> &Space {
        &self.space
    }

    fn outputs(&self) -> usize {
        2 * self.scale.len()
    }

    fn columns(&self) -> usize {
        self.scale.len()
    }

    fn critic(&self, features: usize) -> (usize, usize) {
        (features + self.scale.len(), 1)
    }

    fn draw(&self, out: &[f32], rng: &mut Stream) -> Vec<f32> {
        let bounds = self.scale.iter().zip(&self.bias).cycle();
        self.act(out, rng).action.iter().zip(bounds).map(|(u, (s, b))| s * u + b).collect()
    }

    fn seen(&self, stored: &[f32], into: &mut Vec<f32>) {
        let bounds = self.scale.iter().zip(&self.bias);
        into.extend(stored.iter().zip(bounds).map(|(v, (s, b))| ((v - b) / s).clamp(-1.0, 1.0)));
    }

    fn judged(&self, features: &[f32], seen: &[f32]) -> (Vec<f32>, Vec<usize>) {
        (self.rows(features, seen), vec![0; seen.len() / self.scale.len()])
    }

    fn soft_value(
        &self,
        out: &[f32],
        features: &[f32],
        critics: &mut FusedMlp,
        alpha: f32,
        rng: &mut Stream,
    ) -> Vec<f32> {
        let draw = self.act(out, rng);
        let q = critics.forward(&self.rows(features, &draw.action));
        least(&q, draw.log_prob.len()).iter().zip(&draw.log_prob).map(|(q, l)| q - alpha * l).collect()
    }

    /// With u = μ + σ ε and a = tanh u: ∂ log π / ∂u = 2a, so ∂L/∂u = α 2a − ∂Q/∂a (1 − a²), which is ∂L/∂μ; and
    /// ∂L/∂ log σ = ∂L/∂u σ ε − α.
    fn gradient(
        &self,
        out: &[f32],
        features: &[f32],
        critics: &mut FusedMlp,
        alpha: f32,
        rng: &mut Stream,
    ) -> (Vec<f32>, f32, f32) {
        let (a, draw) = (self.scale.len(), self.act(out, rng));
        let b = draw.log_prob.len();
        let q = critics.forward(&self.rows(features, &draw.action));
        // Each row goes back through the critic that judged it the lower.
        let smallest = least(&q, b);
        let mut taken = vec![false; b];
        let mut of_row = |i: usize, q: f32| {
            let lowest = !taken[i] && q.to_bits() == smallest[i].to_bits();
            taken[i] |= lowest;
            if lowest { 1.0 } else { 0.0 }
        };
        let towards: Vec<f32> = q.iter().enumerate().map(|(i, q)| of_row(i % b, *q)).collect();
        critics.backward(&towards);
        let slopes = critics.input_gradient();
        let width = slopes.len() / b;
        let share = 1.0 / b as f32;
        let mut gradient = Vec::with_capacity(out.len());
        for i in 0..b {
            let row = i * a..(i + 1) * a;
            let slope = &slopes[(i + 1) * width - a..(i + 1) * width];
            let of_u: Vec<f32> = draw.action[row.clone()]
                .iter()
                .zip(slope)
                .map(|(u, dq)| (alpha * 2.0 * u - dq * (1.0 - u * u)) * share)
                .collect();
            gradient.extend_from_slice(&of_u);
            let of_std = of_u.iter().zip(&draw.spread[row.clone()]).zip(&draw.free[row]);
            gradient.extend(of_std.map(|((g, spread), free)| free * (g * spread - alpha * share)));
        }
        let cost = draw.log_prob.iter().zip(&smallest).map(|(l, q)| alpha * l - q).sum::<f32>() * share;
        (gradient, draw.log_prob.iter().sum::<f32>() * share, cost)
    }

    /// Decided is μ + σ ε, before it is squashed: an action near its bound has lost what it came from.
    fn decide(&self, out: &[f32], rng: &mut Stream) -> (Vec<f32>, Vec<f32>) {
        let a = self.scale.len();
        let noise = init::normal(out.len() / 2, rng);
        let rows = out.chunks_exact(2 * a).zip(noise.chunks_exact(a));
        let raw = |(row, noise): (&[f32], &[f32])| {
            (0..a).map(|c| row[c] + self.deviation(row[a + c]).0 * noise[c]).collect::<Vec<f32>>()
        };
        let decided: Vec<f32> = rows.flat_map(raw).collect();
        let bounds = self.scale.iter().zip(&self.bias).cycle();
        (decided.iter().zip(bounds).map(|(u, (s, b))| s * u.tanh() + b).collect(), decided)
    }

    /// With u = μ + σ ε as it was drawn: ∂ log π / ∂μ = ε / σ and ∂ log π / ∂ log σ = ε² − 1. The entropy of a squashed Gaussian is
    /// E[−log π], whose gradient goes along the path of ε: with a = tanh u, ∂H/∂μ = −2a and ∂H/∂ log σ = 1 − 2a σ ε.
    fn score(&self, out: &[f32], decided: &[f32], gain: &[f32], spread: &[f32]) -> Reinforced {
        let a = self.scale.len();
        let mut scored = Reinforced { gradient: vec![0.0; out.len()], log_prob: Vec::new(), entropy: Vec::new() };
        let rows = out.chunks_exact(2 * a).zip(decided.chunks_exact(a)).zip(gain).zip(spread);
        for ((((row, drawn), gain), spread), gradient) in rows.zip(scored.gradient.chunks_exact_mut(2 * a)) {
            let mut log_prob = 0.0;
            for (c, u) in drawn.iter().enumerate() {
                let (std, free) = self.deviation(row[a + c]);
                let (eps, squashed) = ((u - row[c]) / std, u.tanh());
                gradient[c] = gain * eps / std - spread * 2.0 * squashed;
                gradient[a + c] = free * (gain * (eps * eps - 1.0) + spread * (1.0 - 2.0 * squashed * std * eps));
                log_prob -= 0.5 * eps * eps + std.ln() + HALF_LOG_2_PI + log_slope(*u);
            }
            scored.log_prob.push(log_prob);
            scored.entropy.push(-log_prob);
        }
        scored
    }

    /// More than the 3e-4 of Hafner et al. 2023, whose deviations cannot fall below a tenth: with that the deviations of these vanish, and
    /// with them what tells one action from another (Pendulum-v1 in an ensemble after 2,000 steps, one seed: −783; with this −192).
    fn entropy(&self) -> f32 {
        1e-2
    }

    /// −A, the usual one (Haarnoja et al. 2018, appendix D).
    fn target_entropy(&self) -> f32 {
        -(self.scale.len() as f32)
    }

    fn policy(&self, net: Mlp, input: Normalizer) -> Box<dyn Policy> {
        let (scale, bias) = (self.scale.clone(), self.bias.clone());
        Box::new(SquashedGaussian::new(net, input, scale, bias).with_log_std(self.log_std))
    }
}
