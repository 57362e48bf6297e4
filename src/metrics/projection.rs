//! How a state becomes a point of a plane.

use super::pca::Pca;

/// Two columns of a state, or its first two principal coordinates.
#[derive(Debug, Clone, PartialEq)]
pub enum Projection {
    /// Two columns.
    Columns(usize, usize),
    /// Principal axes.
    Principal(Pca),
}

impl Projection {
    /// True for states of `dim` columns.
    pub fn takes(&self, dim: usize) -> bool {
        match self {
            Self::Columns(a, b) => *a.max(b) < dim,
            Self::Principal(pca) => pca.components.len() == dim,
        }
    }

    /// The point of one state.
    pub fn point(&self, row: &[f32]) -> (f64, f64) {
        match self {
            Self::Columns(a, b) => (f64::from(row[*a]), f64::from(row[*b])),
            Self::Principal(pca) => {
                (pca.project(row, 0), if pca.components.len() > 1 { pca.project(row, 1) } else { 0.0 })
            }
        }
    }
}
