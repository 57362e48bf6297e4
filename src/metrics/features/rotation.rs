//! Standardised rows turned onto their leading principal axes, so that distances leave out directions of little variance.

use crate::ground::fault::Fault;
use crate::metrics::pca::Pca;

/// The leading principal axes of standardised rows of K dimensions.
#[derive(Debug, Clone, PartialEq)]
pub struct Rotation {
    /// [M][K] unit vectors in standardised coordinates, largest variance first; the entry of largest magnitude of each
    /// is positive.
    pub axes: Vec<Vec<f64>>,
    /// Share of the whole variance that was asked for.
    pub asked: f64,
    /// Share of the whole variance that the axes carry.
    pub carried: f64,
}

impl Rotation {
    /// The fewest leading axes of `rows` [N, `dim`] that carry more than `share` of the variance, as scikit-learn's
    /// `PCA(n_components=share, svd_solver="full")` counts them; all axes at a share of 1.
    ///
    /// # Errors
    /// If `share` is not above 0 and at most 1, with fewer than two rows, or a number that is not finite.
    pub fn fit(rows: &[f32], dim: usize, share: f64) -> Result<Self, Fault> {
        if !(share > 0.0 && share <= 1.0) {
            return Err(Fault::failed(format!(
                "a share of variance of {share} keeps no axis: choose one above 0 and at most 1"
            )));
        }
        let pca = Pca::fit(rows, dim)?;
        let mut carried = 0.0;
        let mut count = 0;
        while count < dim && (count == 0 || carried <= share || share >= 1.0) {
            carried += pca.ratio[count];
            count += 1;
        }
        let mut axes = pca.components;
        axes.truncate(count);
        Ok(Self { axes, asked: share, carried: carried.min(1.0) })
    }

    /// Coordinates of a standardised row [K] along the axes: [M].
    pub fn forward<'a>(&'a self, z: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
        self.axes.iter().map(move |axis| axis.iter().zip(z).map(|(w, z)| w * z).sum())
    }

    /// The standardised vector [K] whose coordinates along the axes are `gap` [M]. The axes are orthonormal, so its
    /// squares sum to the squared length of `gap`: a distance in the turned space divides over the real dimensions.
    pub fn back(&self, gap: &[f64]) -> Vec<f64> {
        let dim = self.axes.first().map_or(0, Vec::len);
        (0..dim).map(|c| self.axes.iter().zip(gap).map(|(axis, g)| axis[c] * g).sum()).collect()
    }
}
