//! Errors of every start, horizon and dimension.

use super::Input;
use crate::ground::stats;

/// Standardised errors of a set of rollouts.
#[derive(Debug, Clone, PartialEq)]
pub struct Errors {
    starts: usize,
    horizon: usize,
    dim: usize,
    /// [S, H] of the model; infinite where the rollout is not finite.
    model: Vec<f64>,
    /// [S, H] of copying the start state.
    floor: Vec<f64>,
    /// [H, D] root mean square over finite starts.
    by_dim: Vec<f64>,
}

/// `nrmse`: sqrt(mean over dimensions of ((a - b) / std)²); dimensions with std ≤ 0 are left out; infinite where a
/// number is not finite.
pub fn nrmse(a: &[f32], b: &[f32], std: &[f64]) -> f64 {
    let (mut sum, mut n) = (0.0, 0usize);
    for ((&a, &b), &s) in a.iter().zip(b).zip(std).filter(|(_, s)| **s > 0.0) {
        sum += ((f64::from(a) - f64::from(b)) / s).powi(2);
        n += 1;
    }
    if sum.is_finite() { (sum / n as f64).sqrt() } else { f64::INFINITY }
}

/// An error in units of a scale: a scale that is not finite bounds nothing, and any error is beyond one of 0.
pub(super) fn ratio(error: f64, scale: f64) -> f64 {
    match () {
        () if error <= 0.0 || scale == f64::INFINITY => 0.0,
        () if scale > 0.0 => error / scale,
        () => f64::INFINITY,
    }
}

/// Squared errors of one episode's starts, summed.
#[derive(Debug, Clone, PartialEq)]
pub struct EpisodeSquares {
    /// Its starts.
    pub starts: f64,
    /// [H] of the model, and of copying the start state.
    pub squares: Vec<(f64, f64)>,
}

impl Errors {
    pub(super) fn measure(input: &Input<'_>) -> Self {
        Self::of_rollouts(input.std, input.horizon, input.real, input.imagined)
    }

    /// Of rollouts [S, H+1, D] beside what happened; dimensions with std ≤ 0 are left out.
    pub fn of_rollouts(std: &[f64], horizon: usize, real: &[f32], imagined: &[f32]) -> Self {
        let dim = std.len();
        let starts = real.len() / ((horizon + 1) * dim).max(1);
        let at = |v: &'_ [f32], s: usize, h: usize| {
            let first = (s * (horizon + 1) + h) * dim;
            v[first..first + dim].to_vec()
        };
        let mut model = Vec::with_capacity(starts * horizon);
        let mut floor = Vec::with_capacity(starts * horizon);
        let (mut squares, mut counted) = (vec![0.0; horizon * dim], vec![0usize; horizon]);
        for s in 0..starts {
            let start = at(real, s, 0);
            for h in 1..=horizon {
                let (real, imagined) = (at(real, s, h), at(imagined, s, h));
                let error = nrmse(&imagined, &real, std);
                model.push(error);
                floor.push(nrmse(&start, &real, std));
                if error.is_finite() {
                    counted[h - 1] += 1;
                    for d in (0..dim).filter(|&d| std[d] > 0.0) {
                        squares[(h - 1) * dim + d] += ((f64::from(imagined[d]) - f64::from(real[d])) / std[d]).powi(2);
                    }
                }
            }
        }
        let by_dim = squares.iter().enumerate().map(|(i, s)| (s / counted[i / dim] as f64).sqrt()).collect();
        Self { starts, horizon, dim, model, floor, by_dim }
    }

    /// Of errors [S, H] that are known, of the model and of copying the start; none by dimension.
    #[cfg(test)]
    pub fn of(horizon: usize, model: Vec<f64>, floor: Vec<f64>) -> Self {
        Self { starts: model.len() / horizon, horizon, dim: 0, model, floor, by_dim: Vec::new() }
    }

    /// Steps H.
    pub fn horizon(&self) -> usize {
        self.horizon
    }

    /// [S, H] errors of the model; infinite where the rollout is not finite.
    pub fn of_model(&self) -> &[f64] {
        &self.model
    }

    /// [S, H] errors in units of `scale` [H].
    pub(super) fn in_units_of(&self, scale: &[f64]) -> Vec<f64> {
        self.model.iter().zip(scale.iter().cycle()).map(|(e, s)| ratio(*e, *s)).collect()
    }

    /// [S] errors at horizon `h`, from 1.
    pub fn at(&self, h: usize) -> Vec<f64> {
        self.model.iter().skip(h - 1).step_by(self.horizon).copied().collect()
    }

    /// Median error at horizon `h`.
    pub fn median(&self, h: usize) -> f64 {
        stats::quantile(&self.at(h), 0.5)
    }

    /// Mean error at horizon `h`.
    pub fn mean(&self, h: usize) -> f64 {
        stats::mean(&self.at(h))
    }

    /// Median error at horizon `h` of copying the start state.
    pub fn floor_median(&self, h: usize) -> f64 {
        stats::quantile(&self.floor.iter().skip(h - 1).step_by(self.horizon).copied().collect::<Vec<_>>(), 0.5)
    }

    /// Root mean square error of dimension `d` at horizon `h` over the finite rollouts, in standard deviations.
    pub fn of_dimension(&self, d: usize, h: usize) -> f64 {
        self.by_dim[(h - 1) * self.dim + d]
    }

    /// Root mean square errors over starts at horizon `h`: of the model, and of copying the start state.
    pub fn rms(&self, h: usize) -> (f64, f64) {
        let rms = |all: &[f64]| {
            let squares = all.iter().skip(h - 1).step_by(self.horizon).map(|e| e * e);
            (squares.sum::<f64>() / self.starts as f64).sqrt()
        };
        (rms(&self.model), rms(&self.floor))
    }

    /// Skill at horizon `h` in dB: `10 log10(MSE of copying / MSE of the model)`. Above 0 the model is worth more than
    /// the start state.
    pub fn skill(&self, h: usize) -> f64 {
        let (model, floor) = self.rms(h);
        20.0 * (floor / model).log10()
    }

    /// Squared errors of the starts of every episode in `owner` [S], summed.
    pub fn squares_by_episode(&self, owner: &[usize]) -> Vec<EpisodeSquares> {
        let sum = |rows: &[usize], h: usize| {
            let of = |all: &[f64]| rows.iter().map(|s| all[s * self.horizon + h].powi(2)).sum::<f64>();
            (of(&self.model), of(&self.floor))
        };
        let episodes = stats::by_episode(owner).into_iter();
        let one = |(_, rows): (usize, Vec<usize>)| EpisodeSquares {
            starts: rows.len() as f64,
            squares: (0..self.horizon).map(|h| sum(&rows, h)).collect(),
        };
        episodes.map(one).collect()
    }

    /// Mean error at horizon `h` of copying the start state.
    pub fn floor_mean(&self, h: usize) -> f64 {
        stats::mean(&self.floor.iter().skip(h - 1).step_by(self.horizon).copied().collect::<Vec<_>>())
    }

    /// Rollouts that leave the finite numbers.
    pub fn not_finite(&self) -> usize {
        (0..self.starts)
            .filter(|s| self.model[s * self.horizon..(s + 1) * self.horizon].iter().any(|e| !e.is_finite()))
            .count()
    }
}
