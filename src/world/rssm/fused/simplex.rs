//! Categorical latents in training: probabilities of which a hundredth is spread evenly, draws, and the divergence of two.

use wide::f32x8;

use crate::world::latent::UNIMIX;
use crate::world::latent::learned::FREE;
use crate::world::net::lanes::{exp, over_columns};

/// Replaces logits by their softmax over each group of `classes`.
pub(super) fn shares(logits: &mut [f32], classes: usize) {
    for group in logits.chunks_exact_mut(classes) {
        let top = group.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let shifted: Vec<f32> = group.iter().map(|v| v - top).collect();
        over_columns(group, [&shifted, &shifted, &shifted], |[v, ..]| exp(v));
        let sum: f32 = group.iter().sum();
        for v in group {
            *v /= sum;
        }
    }
}

/// A share with its part of what is spread evenly.
fn mixed(share: f32, classes: usize) -> f32 {
    share * (1.0 - UNIMIX) + UNIMIX / classes as f32
}

/// One class a group as 0 and 1, drawn by `chance`, a number from 0 to 1 a group.
pub(super) fn drawn(latents: &mut [f32], shares: &[f32], classes: usize, chance: &[f32]) {
    latents.fill(0.0);
    let groups = latents.chunks_exact_mut(classes).zip(shares.chunks_exact(classes));
    for ((out, group), chance) in groups.zip(chance) {
        let mut left = chance * group.iter().map(|share| mixed(*share, classes)).sum::<f32>();
        let at = group.iter().position(|share| {
            left -= mixed(*share, classes);
            left < 0.0
        });
        out[at.unwrap_or(classes - 1)] = 1.0;
    }
}

/// Replaces gradients with respect to mixed probabilities by those with respect to the logits of `shares`.
pub(super) fn pulled_back(gradients: &mut [f32], shares: &[f32], classes: usize) {
    for (gradients, shares) in gradients.chunks_exact_mut(classes).zip(shares.chunks_exact(classes)) {
        let mean: f32 = gradients.iter().zip(shares).map(|(g, s)| g * s).sum();
        gradients.iter_mut().zip(shares).for_each(|(g, s)| *g = (1.0 - UNIMIX) * s * (*g - mean));
    }
}

/// What the balanced divergence of the rows of one batch is, and how it moves both sides.
pub(super) struct Divergence {
    /// Mean over rows of KL(posterior ‖ prior), nats.
    pub nats: f64,
    /// The same of rows' divergences where they are above what is free of cost, else that.
    pub costs: f64,
    /// [N, Z] gradient of their mean with respect to the prior's mixed probabilities.
    pub of_prior: Vec<f32>,
    /// [N, Z] the same with respect to the posterior's.
    pub of_posterior: Vec<f32>,
}

impl Divergence {
    /// Of `posterior` and `prior` [N, Z], shares of groups of `classes`, in rows of `width` = Z columns.
    pub fn of(posterior: &[f32], prior: &[f32], classes: usize, width: usize) -> Self {
        let rows = posterior.len() / width;
        let mix = |shares: &[f32]| shares.iter().map(|share| mixed(*share, classes)).collect::<Vec<_>>();
        let (q, p) = (mix(posterior), mix(prior));
        let mut ratio = vec![0.0; q.len()];
        over_columns(&mut ratio, [&q, &p, &p], |[q, p, _]: [f32x8; 3]| q.ln() - p.ln());
        let (mut nats, mut costs) = (0.0, 0.0);
        let (mut of_prior, mut of_posterior) = (vec![0.0; q.len()], vec![0.0; q.len()]);
        for r in 0..rows {
            let of = r * width..(r + 1) * width;
            let kl: f32 = q[of.clone()].iter().zip(&ratio[of.clone()]).map(|(q, l)| q * l).sum();
            nats += f64::from(kl);
            costs += f64::from(kl.max(FREE));
            if kl > FREE {
                for i in of {
                    of_prior[i] = -q[i] / p[i] / rows as f32;
                    of_posterior[i] = (ratio[i] + 1.0) / rows as f32;
                }
            }
        }
        let n = rows.max(1) as f64;
        Self { nats: nats / n, costs: costs / n, of_prior, of_posterior }
    }
}
