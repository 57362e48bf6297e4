//! Counts on a grid of two axes, and what they say about coverage.

/// Counts over a grid, as `numpy.histogram2d` makes them: equal bins over a range, the upper edge belongs to the last
/// bin, what is outside or no number is ignored.
#[derive(Debug, Clone, PartialEq)]
pub struct Density {
    /// Bin edges along the first axis, [W + 1].
    pub x_edges: Vec<f64>,
    /// Bin edges along the second axis, [H + 1].
    pub y_edges: Vec<f64>,
    /// [H, W], row 0 at the lower end of the second axis.
    pub counts: Vec<u64>,
}

/// Range of one axis: lower and upper end.
pub type Range = (f64, f64);

/// `bins` + 1 edges as `numpy.linspace` computes them.
pub fn edges(range: Range, bins: usize) -> Vec<f64> {
    let step = (range.1 - range.0) / bins as f64;
    let mut out: Vec<f64> = (0..bins).map(|i| i as f64 * step + range.0).collect();
    out.push(range.1);
    out
}

/// The bin that holds `v`, if any.
pub fn bin(edges: &[f64], v: f64) -> Option<usize> {
    let last = edges.len() - 1;
    if v.is_nan() || v < edges[0] || v > edges[last] {
        return None;
    }
    // The upper edge itself is in the last bin.
    Some((edges.partition_point(|e| *e <= v) - 1).min(last - 1))
}

impl Density {
    /// An empty grid of `bins` × `bins` cells.
    pub fn new(x: Range, y: Range, bins: usize) -> Self {
        let bins = bins.max(1);
        Self { x_edges: edges(x, bins), y_edges: edges(y, bins), counts: vec![0; bins * bins] }
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.x_edges.len() - 1
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.y_edges.len() - 1
    }

    /// The cell that holds the point, if any.
    pub fn cell(&self, (x, y): (f64, f64)) -> Option<usize> {
        Some(bin(&self.y_edges, y)? * self.width() + bin(&self.x_edges, x)?)
    }

    /// Counts every point that is inside.
    pub fn add(&mut self, points: impl IntoIterator<Item = (f64, f64)>) {
        for p in points {
            if let Some(c) = self.cell(p) {
                self.counts[c] += 1;
            }
        }
    }

    /// Points counted.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Cells with any point.
    pub fn occupied(&self) -> usize {
        self.counts.iter().filter(|&&c| c > 0).count()
    }

    /// exp of the entropy of the cell frequencies: the number of equally filled cells with the same entropy.
    pub fn effective_cells(&self) -> f64 {
        let n = self.total() as f64;
        let entropy: f64 = self.counts.iter().filter(|&&c| c > 0).map(|&c| c as f64 / n).map(|p| -p * p.ln()).sum();
        entropy.exp()
    }

    /// Good–Turing estimate of the probability that the next state falls into a cell that nobody has visited: n₁/N with
    /// n₁ = cells visited once. It is for independent states; states that follow each other make it too small.
    pub fn missing_mass(&self) -> f64 {
        self.counts.iter().filter(|&&c| c == 1).count() as f64 / self.total() as f64
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "results that are exact in binary")]

    use super::*;

    /// numpy 2.4: `np.histogram2d(x, y, bins=2, range=[[0, 1], [0, 1]])[0]` = [[1, 1], [1, 2]] for the points below.
    #[test]
    fn the_upper_edge_is_inside_and_outside_is_ignored() {
        let mut d = Density::new((0.0, 1.0), (0.0, 1.0), 2);
        d.add([(0.0, 0.0), (0.25, 0.5), (0.5, 0.49), (1.0, 1.0), (0.5, 1.0), (1.1, 0.5), (f64::NAN, 0.1)]);
        // Ours is [y][x], numpy's [x][y].
        assert_eq!(d.counts, [1, 1, 1, 2]);
        assert_eq!((d.total(), d.occupied()), (5, 4));
    }

    #[test]
    fn equal_cells_count_fully_and_a_single_one_counts_once() {
        let mut d = Density::new((0.0, 4.0), (0.0, 4.0), 4);
        d.add((0..16).map(|i| (f64::from(i % 4) + 0.5, f64::from(i / 4) + 0.5)));
        assert!((d.effective_cells() - 16.0).abs() < 1e-12);
        let mut one = Density::new((0.0, 1.0), (0.0, 1.0), 3);
        one.add([(0.1, 0.1), (0.2, 0.2)]);
        assert!((one.effective_cells() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn missing_mass_is_the_share_of_singletons() {
        let mut d = Density::new((0.0, 8.0), (0.0, 8.0), 8);
        d.add([(0.1, 0.1), (0.2, 0.2), (1.5, 0.5), (5.5, 0.5)]);
        assert_eq!(d.missing_mass(), 0.5);
    }

    #[test]
    fn edges_are_numpys_linspace() {
        assert_eq!(edges((-1.0, 1.0), 4), [-1.0, -0.5, 0.0, 0.5, 1.0]);
        let e = edges((0.1, 0.7), 3);
        assert_eq!((e[0], e[3]), (0.1, 0.7));
        for (i, w) in e.windows(2).enumerate() {
            assert_eq!(bin(&e, w[0]), Some(i), "a lower edge belongs to its bin");
        }
        assert_eq!(bin(&e, 0.7), Some(2));
    }
}
