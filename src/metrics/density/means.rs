//! The mean of a number over any part of a map: what is known of single states, seen cell by cell.

use super::axis::Axis;
use super::{Range, edges};
use crate::ground::stats;

/// Points that are kept: of more, evenly many, so that there is a view for every picture.
const POINTS: usize = 100_000;

/// Points (x, y) with a number each.
#[derive(Debug, Clone, PartialEq)]
pub struct Means {
    x: Vec<f32>,
    y: Vec<f32>,
    value: Vec<f32>,
    ranges: (Range, Range),
    all: usize,
}

impl Means {
    /// Prepares points (x, y) with their `value`, all [N], within two ranges. What is not finite is left out; of many points
    /// evenly many are kept.
    pub fn new(x: &[f32], y: &[f32], value: &[f64], ranges: (Range, Range)) -> Self {
        let n = x.len().min(y.len()).min(value.len());
        let finite: Vec<usize> =
            (0..n).filter(|&i| x[i].is_finite() && y[i].is_finite() && value[i].is_finite()).collect();
        let kept: Vec<usize> = stats::evenly(finite.len(), POINTS).into_iter().map(|i| finite[i]).collect();
        let pick = |from: &[f32]| kept.iter().map(|&i| from[i]).collect();
        let value = kept.iter().map(|&i| value[i] as f32).collect();
        Self { x: pick(x), y: pick(y), value, ranges, all: finite.len() }
    }

    /// True where not all points are kept.
    pub fn is_sample(&self) -> bool {
        self.x.len() < self.all
    }

    /// [height, width] the mean over each cell of `x_range` × `y_range`, row 0 at the lower end; NaN where there is no point. A
    /// point on an inner edge belongs to the cell beyond, one on the last edge to the last cell.
    pub fn view(&self, (x_range, y_range): (Range, Range), width: usize, height: usize) -> Vec<f64> {
        let (sums, counts) = self.sums((x_range, y_range), width, height);
        sums.into_iter().zip(counts).map(|(sum, n)| if n == 0 { f64::NAN } else { sum / f64::from(n) }).collect()
    }

    /// The mean over one cell of `x_range` × `y_range` and the points that it is of; nothing where there is no point.
    pub fn at(&self, ranges: (Range, Range)) -> Option<(f64, u32)> {
        let (sums, counts) = self.sums(ranges, 1, 1);
        (counts[0] > 0).then(|| (sums[0] / f64::from(counts[0]), counts[0]))
    }

    fn sums(&self, (x_range, y_range): (Range, Range), width: usize, height: usize) -> (Vec<f64>, Vec<u32>) {
        let (width, height) = (width.max(1), height.max(1));
        let (x_edges, y_edges) = (edges(x_range, width), edges(y_range, height));
        let n = self.x.len();
        let (mut columns, mut rows) = (vec![0u32; n], vec![0u32; n]);
        Axis::new(&x_edges).indices(&self.x, &mut columns);
        Axis::new(&y_edges).indices(&self.y, &mut rows);
        let (mut sums, mut counts) = (vec![0.0; width * height], vec![0u32; width * height]);
        // What ends where the map goes on ends before its last edge, as the cells of the density do.
        let below = |v: f32, range: Range, whole: Range| f64::from(v) < range.1 || range.1 >= whole.1;
        for i in 0..n {
            let (column, row) = (columns[i] as usize, rows[i] as usize);
            if column < width
                && row < height
                && below(self.x[i], x_range, self.ranges.0)
                && below(self.y[i], y_range, self.ranges.1)
            {
                sums[row * width + column] += f64::from(self.value[i]);
                counts[row * width + column] += 1;
            }
        }
        (sums, counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_has_the_mean_of_its_points_and_none_where_there_are_none() {
        let (x, y) = ([0.1f32, 0.2, 0.9, 1.0, f32::NAN], [0.1f32, 0.2, 0.9, 0.0, 0.5]);
        let means = Means::new(&x, &y, &[2.0, 4.0, 7.0, 5.0, 9.0], ((0.0, 1.0), (0.0, 1.0)));
        let view = means.view(((0.0, 1.0), (0.0, 1.0)), 2, 2);
        assert!((view[0] - 3.0).abs() < 1e-12 && (view[1] - 5.0).abs() < 1e-12, "{view:?}");
        assert!(view[2].is_nan() && (view[3] - 7.0).abs() < 1e-12, "{view:?}");
        assert_eq!(means.at(((0.0, 0.5), (0.0, 0.5))), Some((3.0, 2)));
        assert_eq!(means.at(((0.4, 0.6), (0.4, 0.6))), None);
        assert_eq!((means.x.len(), means.is_sample()), (4, false));
    }

    #[test]
    fn a_point_on_an_inner_edge_belongs_to_the_cell_beyond() {
        let means = Means::new(&[0.5], &[0.5], &[1.0], ((0.0, 1.0), (0.0, 1.0)));
        assert_eq!(means.at(((0.0, 0.5), (0.0, 0.5))), None);
        assert_eq!(means.at(((0.5, 1.0), (0.5, 1.0))), Some((1.0, 1)));
    }

    #[test]
    fn of_many_points_evenly_many_are_kept() {
        let n = 3 * POINTS;
        let x: Vec<f32> = (0..n).map(|i| i as f32 / n as f32).collect();
        let value: Vec<f64> = x.iter().map(|v| f64::from(*v)).collect();
        let means = Means::new(&x, &vec![0.0; n], &value, ((0.0, 1.0), (0.0, 1.0)));
        let half = means.at(((0.0, 0.5), (0.0, 1.0))).map(|(mean, _)| mean).unwrap_or_default();
        assert!(means.is_sample() && (half - 0.25).abs() < 1e-3, "{half}");
    }
}
