//! What the members of a world model predict, as arrays.

/// Predictions of M members for N states with their actions.
#[derive(Debug, Clone, Copy)]
pub struct Members<'a> {
    /// Members M.
    pub count: usize,
    /// [M, N, D] predicted mean of the change of the observation. The observation itself is the same for every member, so
    /// spreads are those of the next observation without the rounding of its sum.
    pub change: &'a [f32],
    /// [M, N, T] predicted standard deviations of all targets (observation and, where the model predicts it, reward).
    pub std: Option<&'a [f32]>,
    /// Targets T.
    pub targets: usize,
    /// [D] standard deviation of the observation's change in the training part; 0 for a dimension that never changes.
    pub scale: &'a [f64],
}

impl Members<'_> {
    /// Rows N.
    pub fn rows(&self) -> usize {
        self.change.len() / (self.count * self.scale.len()).max(1)
    }

    /// Predicted change of row `row` by member `m`.
    pub fn change_at(&self, m: usize, row: usize) -> &[f32] {
        let d = self.scale.len();
        let at = (m * self.rows() + row) * d;
        &self.change[at..at + d]
    }

    /// Mean and standard deviation that member `m` predicts for column `c` of row `row`, where variances are predicted.
    pub fn normal_at(&self, m: usize, row: usize, c: usize) -> Option<(f64, f64)> {
        let std = self.std?[(m * self.rows() + row) * self.targets + c];
        Some((f64::from(self.change_at(m, row)[c]), f64::from(std)))
    }

    /// [D] mean over the members.
    pub fn mean(&self, row: usize) -> Vec<f64> {
        let mut mean = vec![0.0; self.scale.len()];
        for m in 0..self.count {
            mean.iter_mut().zip(self.change_at(m, row)).for_each(|(s, v)| *s += f64::from(*v));
        }
        mean.into_iter().map(|s| s / self.count as f64).collect()
    }

    /// One number a row; infinite where it is no number.
    pub(super) fn each(&self, score: impl Fn(usize) -> f64) -> Vec<f64> {
        let number = |v: f64| if v.is_nan() { f64::INFINITY } else { v };
        (0..self.rows()).map(|row| number(score(row))).collect()
    }
}

/// The larger number; NaN wins, so that a member that broke is not hidden by the others.
pub(super) fn largest(a: f64, b: f64) -> f64 {
    if a.is_nan() || a > b { a } else { b }
}
