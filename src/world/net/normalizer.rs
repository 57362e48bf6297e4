//! Shift and scale of columns.

use serde::{Deserialize, Serialize};

/// Shift and scale of columns: `(x - mean) / std`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Normalizer {
    /// [columns].
    pub mean: Vec<f32>,
    /// [columns]; never zero.
    pub std: Vec<f32>,
}

impl Normalizer {
    /// Leaves values as they are.
    pub fn identity(columns: usize) -> Self {
        Self { mean: vec![0.0; columns], std: vec![1.0; columns] }
    }

    /// Shifts and scales whole rows [N, columns].
    pub fn apply(&self, rows: &[f32]) -> Vec<f32> {
        let columns = self.mean.iter().zip(&self.std).cycle();
        rows.iter().zip(columns).map(|(v, (m, s))| (v - m) / s).collect()
    }
}
