//! The linear floor of one-step prediction: what least squares makes of the same transitions. A world model that errs more
//! has learned less than a line.

use nalgebra::{DMatrix, DVector};

/// Most inputs; the normal equations cost their cube.
const WIDEST: usize = 512;
/// Ridge on standardised inputs, relative to the number of rows: keeps columns that stand still or repeat others harmless.
const RIDGE: f64 = 1e-8;

/// [N, D] next observations that a linear model of `[obs, action, 1]` predicts, fitted to the change of the observation by
/// least squares on the same `rows` transitions. Nothing where there are fewer transitions than twice the inputs, or too
/// many inputs.
///
/// `obs` and `next` are [N, D], `action` is [N, A].
pub fn linear_floor(obs: &[f32], action: &[f32], next: &[f32], rows: usize) -> Option<Vec<f32>> {
    if rows == 0 {
        return None;
    }
    let (d, a) = (obs.len() / rows, action.len() / rows);
    let width = d + a + 1;
    if width > WIDEST || rows < 2 * width {
        return None;
    }
    let mut x = DMatrix::<f64>::from_fn(rows, width, |r, c| match c {
        c if c < d => f64::from(obs[r * d + c]),
        c if c < d + a => f64::from(action[r * a + c - d]),
        _ => 1.0,
    });
    for mut column in x.column_iter_mut().take(width - 1) {
        let mean = column.mean();
        column.add_scalar_mut(-mean);
        let std = (column.norm_squared() / rows as f64).sqrt();
        if std > 0.0 {
            column.unscale_mut(std);
        }
    }
    let mut gram = x.tr_mul(&x);
    (0..width).for_each(|c| gram[(c, c)] += RIDGE * rows as f64);
    let solver = gram.cholesky()?;
    let mut predicted = vec![0.0f32; rows * d];
    for c in 0..d {
        let change = DVector::from_fn(rows, |r, _| f64::from(next[r * d + c]) - f64::from(obs[r * d + c]));
        let line = solver.solve(&x.tr_mul(&change));
        let fitted = &x * line;
        (0..rows).for_each(|r| predicted[r * d + c] = (f64::from(obs[r * d + c]) + fitted[r]) as f32);
    }
    Some(predicted)
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
}
