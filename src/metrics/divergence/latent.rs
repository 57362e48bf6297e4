//! What a model without a decoder is worth beside the standardised error of its latents: how far they are apart, and what their
//! simplices say of each other.

use super::curves::{Words, curves};
use crate::ground::stats;
use crate::metrics::report::Report;

/// What an axis of errors is called that are of latents.
pub const LATENTS: &str = "error of latents";
/// How a title goes on that is of a model's latents, which are told after it.
pub const PLACE: &str = "in the model's latent space";
/// Least share of a simplex that a logarithm is taken of.
const LEAST: f64 = 1e-12;

/// Imagined rollouts of S starts over H steps in a latent space.
#[derive(Debug, Clone, Copy)]
pub struct Latents<'a> {
    /// Units Z.
    pub units: usize,
    /// Steps H.
    pub horizon: usize,
    /// [S, H+1, Z] encoded observations that happened; index 0 is the start.
    pub real: &'a [f32],
    /// [S, H+1, Z] imagined latents.
    pub imagined: &'a [f32],
    /// Units of each simplex, where latents are made of such.
    pub simplex: Option<usize>,
}

/// Adds curves and numbers to the report of imagination.
pub fn add(report: &mut Report, input: &Latents<'_>) {
    let distance = |a: &[f32], b: &[f32]| {
        a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum::<f64>().sqrt()
    };
    let words = Words {
        key: "latent_l2",
        group: "latent distance by horizon",
        label: ("distance of latents", ""),
        model: "Root mean square over starts of the Euclidean distance between the imagined latent and the encoded observation.",
        floor: "The same distance of the latent of the start, kept for ever.",
        last: "latent distance at the last step",
        without: "copying the start",
    };
    let rms = |of: Vec<f64>| stats::root_mean_square(&of);
    let shape = (input.real.len() / ((input.horizon + 1) * input.units).max(1), input.horizon);
    curves(report, shape, &words, |h| (rms(input.pairs(h, false, distance)), rms(input.pairs(h, true, distance))));
    if let Some(group) = input.simplex {
        let words = Words {
            key: "simnorm_kl",
            group: "SimNorm divergence by horizon",
            label: ("divergence of latents", "nats"),
            model: "Kullback-Leibler divergence from the imagined to the encoded simplices, mean over simplices and starts.",
            floor: "The same divergence from the simplices of the start, kept for ever.",
            last: "SimNorm divergence at the last step",
            without: "copying the start",
        };
        let kl = |a: &[f32], b: &[f32]| divergence(a, b, group);
        curves(report, shape, &words, |h| {
            (stats::mean(&input.pairs(h, false, kl)), stats::mean(&input.pairs(h, true, kl)))
        });
    }
}

impl Latents<'_> {
    /// [S] `of` every encoded observation at horizon `h` and the imagined latent, or that of the start where `copied`.
    fn pairs(&self, h: usize, copied: bool, of: impl Fn(&[f32], &[f32]) -> f64) -> Vec<f64> {
        let each = (self.horizon + 1) * self.units;
        let rollouts = self.real.chunks_exact(each).zip(self.imagined.chunks_exact(each));
        let at = |row: &'_ [f32], h: usize| row[h * self.units..(h + 1) * self.units].to_vec();
        rollouts
            .map(|(real, imagined)| {
                let said = if copied { at(real, 0) } else { at(imagined, h) };
                of(&at(real, h), &said)
            })
            .collect()
    }
}

/// Mean over simplices of `group` units of Σ p ln(p / q).
fn divergence(p: &[f32], q: &[f32], group: usize) -> f64 {
    let term = |(p, q): (&f32, &f32)| {
        let p = f64::from(*p);
        if p > 0.0 { p * (p.max(LEAST) / f64::from(*q).max(LEAST)).ln() } else { 0.0 }
    };
    p.iter().zip(q).map(term).sum::<f64>() / (p.len() / group.max(1)).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_and_divergences_by_hand() {
        // Two simplices of two; the first is imagined the other way round.
        let real = [0.5, 0.5, 0.9, 0.1, 0.75, 0.25, 0.9, 0.1];
        let imagined = [0.5, 0.5, 0.9, 0.1, 0.25, 0.75, 0.9, 0.1];
        let input = Latents { units: 4, horizon: 1, real: &real, imagined: &imagined, simplex: Some(2) };
        let mut report = Report::new("imagination", "");
        add(&mut report, &input);
        let near = |key: &str, want: f64| {
            let got = report.series.iter().find(|s| s.key == key).unwrap().y[0];
            assert!((got - want).abs() < 1e-6, "{key}: {got} for {want}");
        };
        near("latent_l2", (2.0f64 * 0.25).sqrt());
        near("latent_l2_floor", (2.0f64 * 0.0625).sqrt());
        near("simnorm_kl", 0.5 * 0.5 * 3.0f64.ln());
        near("simnorm_kl_floor", 0.5 * (0.75 * 1.5f64.ln() + 0.25 * 0.5f64.ln()));
        assert!(divergence(&[1.0, 0.0], &[0.0, 1.0], 2).is_finite());
    }
}
