//! The linear floor of one-step prediction: what least squares makes of the same transitions. A world model that errs more
//! has learned less than a line.

use nalgebra::{DMatrix, DVector};

/// Most inputs; the normal equations cost their cube.
const WIDEST: usize = 512;
/// Ridge on standardised inputs, relative to the number of rows: keeps columns that stand still or repeat others harmless.
const RIDGE: f64 = 1e-8;

/// Linear dynamics s' = A s + B a + c: the change of the observation by least squares on `[obs, action, 1]`.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearDynamics {
    /// [D + A] mean and deviation of every input; a deviation of 0 for one that stands still.
    scale: Vec<(f64, f64)>,
    /// [D + A + 1, D] by the standardised inputs, the constant last.
    lines: DMatrix<f64>,
}

/// Columns of observations [N, D] and actions [N, A], and a last one of 1.
fn inputs(obs: &[f32], action: &[f32], rows: usize) -> DMatrix<f64> {
    let (d, a) = (obs.len() / rows, action.len() / rows);
    DMatrix::<f64>::from_fn(rows, d + a + 1, |r, c| match c {
        c if c < d => f64::from(obs[r * d + c]),
        c if c < d + a => f64::from(action[r * a + c - d]),
        _ => 1.0,
    })
}

fn standardise(x: &mut DMatrix<f64>, scale: &[(f64, f64)]) {
    for (mut column, (mean, std)) in x.column_iter_mut().zip(scale) {
        column.add_scalar_mut(-mean);
        if *std > 0.0 {
            column.unscale_mut(*std);
        }
    }
}

impl LinearDynamics {
    /// Fitted to `rows` transitions, with a ridge of 1e-8 on standardised inputs. Nothing where there are fewer transitions
    /// than twice the inputs, or too many inputs.
    ///
    /// `obs` and `next` are [N, D], `action` is [N, A].
    pub fn fit(obs: &[f32], action: &[f32], next: &[f32], rows: usize) -> Option<Self> {
        if rows == 0 {
            return None;
        }
        let (d, a) = (obs.len() / rows, action.len() / rows);
        let width = d + a + 1;
        if width > WIDEST || rows < 2 * width {
            return None;
        }
        let mut x = inputs(obs, action, rows);
        let of = |c: usize| {
            let mean = x.column(c).mean();
            (mean, (x.column(c).add_scalar(-mean).norm_squared() / rows as f64).sqrt())
        };
        let scale: Vec<(f64, f64)> = (0..width - 1).map(of).collect();
        standardise(&mut x, &scale);
        let mut gram = x.tr_mul(&x);
        (0..width).for_each(|c| gram[(c, c)] += RIDGE * rows as f64);
        let solver = gram.cholesky()?;
        let mut lines = DMatrix::zeros(width, d);
        for c in 0..d {
            let change = DVector::from_fn(rows, |r, _| f64::from(next[r * d + c]) - f64::from(obs[r * d + c]));
            lines.set_column(c, &solver.solve(&x.tr_mul(&change)));
        }
        Some(Self { scale, lines })
    }

    /// [N, D] next observations after `obs` [N, D] and `action` [N, A].
    pub fn predict(&self, obs: &[f32], action: &[f32], rows: usize) -> Vec<f32> {
        if rows == 0 {
            return Vec::new();
        }
        let d = self.lines.ncols();
        let mut x = inputs(obs, action, rows);
        standardise(&mut x, &self.scale);
        let mut predicted = vec![0.0f32; rows * d];
        for c in 0..d {
            let change = &x * self.lines.column(c);
            (0..rows).for_each(|r| predicted[r * d + c] = (f64::from(obs[r * d + c]) + change[r]) as f32);
        }
        predicted
    }

    /// [K, H+1, D] open-loop rollouts from `starts` [K, D] under `action` [K, H, A], each step from the last prediction.
    pub fn roll(&self, starts: &[f32], action: &[f32], horizon: usize) -> Vec<f32> {
        let d = self.lines.ncols();
        let (rows, a) = (starts.len() / d, self.lines.nrows() - 1 - d);
        let mut out = vec![0.0; rows * (horizon + 1) * d];
        let mut here = starts.to_vec();
        for h in 0..=horizon {
            for (k, row) in here.chunks_exact(d).enumerate() {
                out[(k * (horizon + 1) + h) * d..][..d].copy_from_slice(row);
            }
            if h < horizon {
                let taken: Vec<f32> = (0..rows).flat_map(|k| &action[(k * horizon + h) * a..][..a]).copied().collect();
                here = self.predict(&here, &taken, rows);
            }
        }
        out
    }
}

/// [N, D] next observations that [`LinearDynamics`] predict of the same `rows` transitions that they are fitted to; nothing
/// where they cannot be.
pub fn linear_floor(obs: &[f32], action: &[f32], next: &[f32], rows: usize) -> Option<Vec<f32>> {
    Some(LinearDynamics::fit(obs, action, next, rows)?.predict(obs, action, rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_system_is_predicted_and_a_column_that_repeats_another_does_no_harm() {
        let rows = 40;
        let (mut obs, mut action, mut next) = (Vec::new(), Vec::new(), Vec::new());
        for r in 0..rows {
            let (x, u) = ((r as f32 * 0.7).sin(), (r as f32 * 1.3).cos());
            obs.extend([x, x, 3.0]);
            action.push(u);
            next.extend([0.5 * x + 2.0 * u + 1.0, x, 3.0]);
        }
        let said = linear_floor(&obs, &action, &next, rows).unwrap();
        assert!(said.iter().zip(&next).all(|(a, b)| (a - b).abs() < 1e-4), "{said:?}");
        assert_eq!(linear_floor(&obs[..9], &action[..3], &next[..9], 3), None, "too few rows");
    }

    /// `numpy.linalg.lstsq` of x² on [x, 1] over x = 0..9: 9 x - 12.
    #[test]
    fn what_is_not_linear_is_fitted_as_numpy_fits_it() {
        let obs: Vec<f32> = (0..10).map(|i| i as f32).collect();
        let next: Vec<f32> = obs.iter().map(|x| x + x * x).collect();
        let said = linear_floor(&obs, &[], &next, 10).unwrap();
        assert!(obs.iter().zip(&said).all(|(x, y)| (y - (x + 9.0 * x - 12.0)).abs() < 1e-4), "{said:?}");
    }

    /// x' = 0.5 x + 2 u + 1 from 40 transitions, then three steps from 4 under u = 1, 0, -1: 5, 3.5, 0.75.
    #[test]
    fn a_rollout_goes_on_from_its_own_predictions() {
        let (obs, action): (Vec<f32>, Vec<f32>) =
            (0..40).map(|r| ((r as f32 * 0.7).sin(), (r as f32 * 1.3).cos())).unzip();
        let next: Vec<f32> = obs.iter().zip(&action).map(|(x, u)| 0.5 * x + 2.0 * u + 1.0).collect();
        let line = LinearDynamics::fit(&obs, &action, &next, 40).unwrap();
        let rolled = line.roll(&[4.0, 0.0], &[1.0, 0.0, -1.0, 0.0, 0.0, 0.0], 3);
        let want = [4.0, 5.0, 3.5, 0.75, 0.0, 1.0, 1.5, 1.75];
        // 1e-4: the ridge, and numbers in single precision.
        assert!(rolled.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-4), "{rolled:?}");
        assert!(line.roll(&[], &[], 3).is_empty());
    }
}
