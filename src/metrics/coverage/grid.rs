//! A grid over many dimensions whose cells are named by one number.

/// Equal bins along every dimension. Memory does not grow with the number of cells: a cell is only its key.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// Lower end, bins per unit, and number of bins of each dimension.
    sides: Vec<(f64, f64, u32)>,
    exact: bool,
}

impl Grid {
    /// `bins` between the ends of each dimension; a dimension without width has a single bin.
    pub fn new(ends: impl IntoIterator<Item = ((f64, f64), u32)>) -> Self {
        let side = |((lo, hi), bins): ((f64, f64), u32)| {
            if hi > lo { (lo, f64::from(bins) / (hi - lo), bins) } else { (lo, 0.0, 1) }
        };
        let sides: Vec<_> = ends.into_iter().map(side).collect();
        let exact = sides.iter().try_fold(1u128, |n, s| n.checked_mul(u128::from(s.2))).is_some();
        Self { sides, exact }
    }

    /// Number of cells; infinite where no number holds it.
    pub fn cells(&self) -> f64 {
        self.sides.iter().map(|s| f64::from(s.2)).product()
    }

    /// The cell's number: exact up to 2^128 cells, beyond that a 128-bit fingerprint (FNV-1a; two of 10^9 cells share
    /// one with a probability below 1e-20). What lies outside counts in the outermost bin; nothing for a row that is
    /// not finite.
    pub fn key(&self, row: impl Iterator<Item = f32>) -> Option<u128> {
        let mut key: u128 = if self.exact { 0 } else { 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d };
        for (&(lo, scale, bins), v) in self.sides.iter().zip(row) {
            if !v.is_finite() {
                return None;
            }
            let bin = u128::from(((f64::from(v) - lo) * scale).clamp(0.0, f64::from(bins - 1)) as u32);
            key = if self.exact {
                key * u128::from(bins) + bin
            } else {
                (key ^ bin).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
            };
        }
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_numbered_and_the_upper_end_is_inside() {
        let g = Grid::new([((0.0, 1.0), 4), ((-1.0, 1.0), 2), ((3.0, 3.0), 7)]);
        let key = |row: [f32; 3]| g.key(row.into_iter());
        assert_eq!(key([0.0, -1.0, 3.0]), Some(0));
        assert_eq!(key([0.25, 0.0, 3.0]), Some(3));
        assert_eq!((key([1.0, 1.0, 3.0]), key([9.0, 9.0, 9.0])), (Some(7), Some(7)));
        assert_eq!(key([f32::NAN, 0.0, 0.0]), None);
        assert!((g.cells() - 8.0).abs() < 1e-12);
    }

    #[test]
    fn a_grid_beyond_all_numbers_still_tells_cells_apart() {
        let g = Grid::new(std::iter::repeat_n(((0.0, 1.0), 10), 200));
        let row = |at: usize| (0..200).map(move |i| if i == at { 0.95f32 } else { 0.0 });
        let keys: std::collections::HashSet<_> = (0..200).map(|at| g.key(row(at))).collect();
        assert_eq!(keys.len(), 200);
        assert_eq!(g.key(row(7)), g.key(row(7)));
    }
}
