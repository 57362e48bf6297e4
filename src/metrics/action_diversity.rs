//! Local action diversity: how much of the data's variety of actions there is near a state.
//!
//! `a(s) = exp{[ln det(C_k(s) + εI) - ln det(C + εI)] / 2d}`: the geometric mean of the deviations of the d action columns among the
//! actions at the k nearest states of other episodes, over that among all actions; 1 where they vary as everywhere, near 0 where
//! the data knows one action alone. There a world model cannot know what other actions do, and more episodes of the same policy do
//! not help. Of choices it is the ratio of perplexities, `exp(H_k) / exp(H)`.

use std::collections::HashMap;

use nalgebra::{Cholesky, DMatrix};

use crate::ground::fault::Fault;

/// ε in units of the mean variance of the action columns: below a hundredth of their deviation, variety is none.
const EPSILON: f64 = 1e-4;

/// The actions of a dataset as what local ones are held against.
#[derive(Debug)]
pub struct Actions<'a> {
    /// [N, `width`].
    rows: &'a [f32],
    width: usize,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// ε, and ln det(C + εI).
    Numbers(f64, f64),
    /// Which of the choices every row is, and the entropy of all in nats.
    Choices(Vec<usize>, f64),
}

impl<'a> Actions<'a> {
    /// Of `rows` [N, `width`] of finite numbers; rows that are equal are one choice where `are_choices`.
    ///
    /// # Errors
    /// A sentence where all are the same, or there is none.
    pub fn new(rows: &'a [f32], width: usize, are_choices: bool) -> Result<Self, Fault> {
        let n = rows.len() / width.max(1);
        let all: Vec<usize> = (0..n).collect();
        let none = || Fault::failed("the actions never vary: there is no variety to measure");
        if n == 0 {
            return Err(none());
        }
        let kind = if are_choices {
            let mut known: HashMap<Vec<u32>, usize> = HashMap::new();
            let mut number = |row: &[f32]| {
                let next = known.len();
                *known.entry(row.iter().map(|v| v.to_bits()).collect()).or_insert(next)
            };
            let choices: Vec<usize> = rows.chunks_exact(width).map(&mut number).collect();
            let whole = entropy(&choices, &all);
            Kind::Choices(choices, whole)
        } else {
            let covariance = covariance(rows, width, &all);
            let epsilon = EPSILON * covariance.trace() / width as f64;
            Kind::Numbers(epsilon, log_det(covariance, epsilon).unwrap_or(f64::NEG_INFINITY))
        };
        let varies = match &kind {
            Kind::Numbers(epsilon, whole) => *epsilon > 0.0 && whole.is_finite(),
            Kind::Choices(_, whole) => *whole > 0.0,
        };
        if varies { Ok(Self { rows, width, kind }) } else { Err(none()) }
    }

    /// a(s) where `near` are the rows of the nearest states; NaN of fewer than two.
    pub fn local(&self, near: &[usize]) -> f64 {
        if near.len() < 2 {
            return f64::NAN;
        }
        match &self.kind {
            Kind::Numbers(epsilon, whole) => {
                let here = log_det(covariance(self.rows, self.width, near), *epsilon);
                here.map_or(f64::NAN, |here| ((here - whole) / (2.0 * self.width as f64)).exp())
            }
            Kind::Choices(choices, whole) => (entropy(choices, near) - whole).exp(),
        }
    }
}

/// [width, width] covariance (ddof 0) of the named rows.
fn covariance(rows: &[f32], width: usize, of: &[usize]) -> DMatrix<f64> {
    let n = of.len() as f64;
    let at = |r: usize, c: usize| f64::from(rows[r * width + c]);
    let mean: Vec<f64> = (0..width).map(|c| of.iter().map(|&r| at(r, c)).sum::<f64>() / n).collect();
    let mut sum = DMatrix::zeros(width, width);
    for &r in of {
        for a in 0..width {
            for b in 0..=a {
                sum[(a, b)] += (at(r, a) - mean[a]) * (at(r, b) - mean[b]) / n;
            }
        }
    }
    sum.fill_upper_triangle_with_lower_triangle();
    sum
}

/// ln det(C + εI).
fn log_det(covariance: DMatrix<f64>, epsilon: f64) -> Option<f64> {
    let d = covariance.nrows();
    let cholesky = Cholesky::new(covariance + DMatrix::identity(d, d) * epsilon)?;
    Some(2.0 * cholesky.l_dirty().diagonal().iter().map(|v| v.ln()).sum::<f64>())
}

/// Entropy in nats of the choices of the named rows.
fn entropy(choices: &[usize], of: &[usize]) -> f64 {
    let mut counts: HashMap<usize, f64> = HashMap::new();
    for &r in of {
        *counts.entry(choices[r]).or_default() += 1.0;
    }
    let mut shares: Vec<f64> = counts.into_values().map(|c| c / of.len() as f64).collect();
    // In one order, so that the same data give the same digits.
    shares.sort_by(f64::total_cmp);
    shares.into_iter().map(|p| -p * p.ln()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NumPy 2.4.6 by the formula: with A = the rows below, `C = np.cov(A.T, ddof=0)`, `e = 1e-4 * np.trace(C) / 2` and the first
    /// four rows near, `np.exp((slogdet(C4 + e*I)[1] - slogdet(C + e*I)[1]) / 4)`.
    #[test]
    fn variety_is_that_of_the_formula() {
        let rows = [0.0, 0.0, 0.1, 0.0, 0.0, 0.2, 0.1, 0.2, 1.0, -1.0, -1.0, 1.0, 2.0, 2.0, -2.0, -2.0f32];
        let actions = Actions::new(&rows, 2, false).unwrap();
        assert!((actions.local(&[0, 1, 2, 3]) - 0.071_623_702_5).abs() < 1e-6, "{}", actions.local(&[0, 1, 2, 3]));
        assert!((actions.local(&[0, 1, 2, 3, 4, 5, 6, 7]) - 1.0).abs() < 1e-12);
        let one = actions.local(&[4, 4]);
        assert!((one - 0.011_172_980_7).abs() < 1e-6, "{one}");
        assert!(actions.local(&[1]).is_nan());
    }

    #[test]
    fn of_choices_perplexities_are_compared() {
        let rows = [0.0, 1.0, 0.0, 1.0, 2.0, 2.0f32, 3.0, 3.0];
        let actions = Actions::new(&rows, 1, true).unwrap();
        // Four choices alike in all; one and two of them near.
        assert!((actions.local(&[0, 2]) - 0.25).abs() < 1e-12);
        assert!((actions.local(&[0, 1, 2, 3]) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn what_never_varies_has_no_variety() {
        assert!(Actions::new(&[1.0; 6], 2, false).is_err());
        assert!(Actions::new(&[1.0; 6], 1, true).is_err());
        assert!(Actions::new(&[], 2, false).is_err());
        // One of two columns stands still: the other alone makes the difference, both over the whole.
        let actions = Actions::new(&[0.0, 5.0, 1.0, 5.0, 0.0, 5.0, 1.0, 5.0], 2, false).unwrap();
        assert!(actions.local(&[0, 2]) < 0.15 && (actions.local(&[0, 1]) - 1.0).abs() < 1e-9);
    }
}
