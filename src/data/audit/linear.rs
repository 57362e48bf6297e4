//! One step of the system as a least-squares polynomial of state and action: rough, and enough to tell what no step of this
//! system looks like.

use nalgebra::{Cholesky, DMatrix};

use crate::ground::stats;

/// Up to so many state and action dimensions the products of all pairs are features too.
const PRODUCTS: usize = 24;
/// Ridge, as a share of the number of rows (features are standardised).
const RIDGE: f64 = 1e-6;

/// Rows of inputs [N, P] and what they shall explain [N, D].
pub struct Rows {
    /// Numbers a row of `x`.
    pub inputs: usize,
    /// Numbers a row of `y`.
    pub outputs: usize,
    /// [N, P].
    pub x: Vec<f64>,
    /// [N, D].
    pub y: Vec<f64>,
}

impl Rows {
    /// None yet.
    pub fn new(inputs: usize, outputs: usize) -> Self {
        Self { inputs, outputs, x: Vec::new(), y: Vec::new() }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.y.len() / self.outputs.max(1)
    }

    /// Some of the rows.
    pub fn pick(&self, rows: &[usize]) -> Self {
        let some = |from: &[f64], w: usize| rows.iter().flat_map(|&i| &from[i * w..(i + 1) * w]).copied().collect();
        Self { x: some(&self.x, self.inputs), y: some(&self.y, self.outputs), ..*self }
    }

    /// The rows with some of the outputs.
    pub fn outputs_of(self, columns: &[usize]) -> Self {
        let y = self.y.chunks_exact(self.outputs).flat_map(|row| columns.iter().map(|&c| row[c])).collect();
        Self { y, outputs: columns.len(), ..self }
    }
}

/// The polynomial.
pub struct Linear {
    mean: Vec<f64>,
    scale: Vec<f64>,
    products: bool,
    /// [features, D].
    weights: DMatrix<f64>,
}

impl Linear {
    /// The least-squares fit; nothing if there are too few rows, or numbers that cannot be solved for.
    pub fn fit(rows: &Rows, products: bool) -> Option<Self> {
        Self::solve(rows, None, products)
    }

    /// The fit to the rows `kept`, in units of all rows: of products if there are enough rows, else of lines.
    pub fn fit_on(rows: &Rows, kept: &[usize], products: bool) -> Option<Self> {
        let of = |products: bool| Self::solve(rows, Some(kept), products);
        if products { of(true).or_else(|| of(false)) } else { of(false) }
    }

    /// Predicts nothing.
    pub fn nothing() -> Self {
        Self { mean: Vec::new(), scale: Vec::new(), products: false, weights: DMatrix::zeros(0, 0) }
    }

    /// Features of the products of so many inputs.
    pub fn features_of(inputs: usize) -> usize {
        1 + inputs + if inputs <= PRODUCTS { inputs * (inputs + 1) / 2 } else { 0 }
    }

    fn solve(rows: &Rows, kept: Option<&[usize]>, products: bool) -> Option<Self> {
        let p = rows.inputs;
        let n = kept.map_or(rows.len(), <[usize]>::len);
        let products = products && p <= PRODUCTS;
        let mut fit = Self { mean: vec![0.0; p], scale: vec![1.0; p], products, weights: DMatrix::zeros(0, 0) };
        if n < 4 * fit.features() {
            return None;
        }
        for c in 0..p {
            let (mean, variance) = stats::moments(rows.x.iter().skip(c).step_by(p).copied());
            fit.mean[c] = mean;
            fit.scale[c] = if variance > 0.0 { variance.sqrt().recip() } else { 0.0 };
        }
        let picked = kept.map(|kept| rows.pick(kept));
        let rows = picked.as_ref().unwrap_or(rows);
        let mut a = DMatrix::zeros(fit.features(), n);
        for (mut column, x) in a.column_iter_mut().zip(rows.x.chunks_exact(p)) {
            fit.expand(x, column.as_mut_slice());
        }
        let y = DMatrix::from_column_slice(rows.outputs, n, &rows.y);
        let mut gram = &a * a.transpose();
        (0..gram.nrows()).for_each(|i| gram[(i, i)] += RIDGE * n as f64);
        fit.weights = Cholesky::new(gram)?.solve(&(&a * y.transpose()));
        fit.weights.iter().all(|w| w.is_finite()).then_some(fit)
    }

    fn features(&self) -> usize {
        let p = self.mean.len();
        if self.products { Self::features_of(p) } else { 1 + p }
    }

    fn expand(&self, x: &[f64], out: &mut [f64]) {
        let p = x.len();
        out[0] = 1.0;
        for c in 0..p {
            out[1 + c] = (x[c] - self.mean[c]) * self.scale[c];
        }
        if self.products {
            let mut at = 1 + p;
            for i in 0..p {
                for j in i..p {
                    out[at] = out[1 + i] * out[1 + j];
                    at += 1;
                }
            }
        }
    }

    /// What is left of `y` [D] when the prediction from `x` [P] is taken away. `room` is scratch.
    pub fn residual(&self, x: &[f64], y: &[f64], room: &mut Vec<f64>, out: &mut [f64]) {
        room.resize(self.features(), 0.0);
        self.expand(x, room);
        for (d, (out, y)) in out.iter_mut().zip(y).enumerate() {
            *out = y - self.weights.column(d).iter().zip(&*room).map(|(w, f)| w * f).sum::<f64>();
        }
    }

    /// [N, D] residuals of rows.
    pub fn residuals(&self, rows: &Rows) -> Vec<f64> {
        let mut out = vec![0.0; rows.y.len()];
        let mut room = Vec::new();
        let each = out.chunks_exact_mut(rows.outputs).zip(rows.x.chunks_exact(rows.inputs));
        each.zip(rows.y.chunks_exact(rows.outputs)).for_each(|((out, x), y)| self.residual(x, y, &mut room, out));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_polynomial_is_found_and_leaves_nothing() {
        let mut rows = Rows::new(2, 1);
        for i in 0..400 {
            let (a, b) = (f64::from(i % 20) * 0.1, f64::from(i / 20) * 0.2);
            rows.x.extend([a, b]);
            rows.y.push(3.0 + a - 2.0 * b + 0.5 * a * b);
        }
        let fit = Linear::fit(&rows, true).unwrap();
        assert!(fit.residuals(&rows).iter().all(|r| r.abs() < 1e-3));
        let line = Linear::fit(&rows, false).unwrap();
        assert!(line.residuals(&rows).iter().any(|r| r.abs() > 0.1));
        assert!(Linear::fit(&Rows::new(2, 1), true).is_none());
    }
}
