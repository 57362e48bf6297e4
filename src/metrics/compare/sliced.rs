//! Wasserstein distances along lines: dimensions of the states, or random directions (sliced Wasserstein, Rabin et al. 2012;
//! Bonneel et al. 2015), and how they change when episodes are shuffled.

use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use super::wasserstein;
use crate::ground::fault::Fault;
use crate::ground::seed::Stream;
use crate::ground::stats;
use crate::ground::task::Ctx;
use crate::metrics::neighbors::points::Points;

/// `count` unit vectors of `dim` entries, uniform on the sphere.
pub fn directions(dim: usize, count: usize, rng: &mut Stream) -> Vec<Vec<f64>> {
    let mut direction = || {
        let v: Vec<f64> = (0..dim).map(|_| StandardNormal.sample(rng)).collect();
        let length = v.iter().map(|x| x * x).sum::<f64>().sqrt();
        v.into_iter().map(|x| x / length).collect()
    };
    (0..count).map(|_| direction()).collect()
}

/// Coordinates of every point along each direction, in standard deviations: [L][N].
///
/// # Errors
/// When cancelled.
pub fn projections(points: &Points, directions: &[Vec<f64>], cx: &Ctx) -> Result<Vec<Vec<f64>>, Fault> {
    let columns: Vec<Vec<f64>> = (0..points.dim()).map(|d| points.column(d)).collect();
    let along = |direction: &Vec<f64>| {
        cx.check()?;
        let mut out = vec![0.0; points.len()];
        for (column, w) in columns.iter().zip(direction) {
            out.iter_mut().zip(column).for_each(|(o, v)| *o += w * v);
        }
        Ok(out)
    };
    directions.par_iter().map(along).collect()
}

/// (mean over lines of `W_p`^p)^(1/p) for x and y projected onto the same lines, each [L][N].
///
/// # Errors
/// When cancelled.
pub fn sliced(x: &[Vec<f64>], y: &[Vec<f64>], p: f64, cx: &Ctx) -> Result<f64, Fault> {
    let of = |(x, y): (&Vec<f64>, &Vec<f64>)| {
        cx.check()?;
        Ok(wasserstein::to_the_power(&stats::sorted(x), &stats::sorted(y), p))
    };
    let each: Vec<f64> = x.par_iter().zip(y).map(of).collect::<Result<_, Fault>>()?;
    Ok(stats::mean(&each).powf(1.0 / p))
}

/// The pooled points of one line in ascending order: W1 of any division of the episodes is one walk along it.
#[derive(Debug, Clone)]
pub struct Line {
    /// Distance to the next point; 0 for the last.
    gap: Vec<f64>,
    /// Episode of each point.
    block: Vec<u32>,
}

impl Line {
    /// Sorts pooled `values` with the episode of each.
    pub fn new(values: &[f64], block: &[usize]) -> Self {
        let mut at: Vec<usize> = (0..values.len()).collect();
        at.sort_by(|&i, &j| stats::order(&values[i], &values[j]));
        let gap = at.windows(2).map(|w| values[w[1]] - values[w[0]]).chain([0.0]).collect();
        Self { gap, block: at.iter().map(|&i| block[i] as u32).collect() }
    }

    /// W1 = ∫ |F - G| between the two sets, for the step that a point of each episode makes in F - G.
    pub fn wasserstein1(&self, step: &[f64]) -> f64 {
        let (mut height, mut sum) = (0.0f64, 0.0);
        for (gap, &block) in self.gap.iter().zip(&self.block) {
            height += step[block as usize];
            sum += height.abs() * gap;
        }
        sum
    }
}

/// W1 of every line under every division of the episodes: [lines][P] for [P][E] labels and the [E] states of each episode.
///
/// # Errors
/// When cancelled.
pub fn shuffled(lines: &[Line], labels: &[Vec<bool>], states: &[usize], cx: &Ctx) -> Result<Vec<Vec<f64>>, Fault> {
    let all: usize = states.iter().sum();
    let steps: Vec<Vec<f64>> = labels
        .iter()
        .map(|label| {
            let a: usize = label.iter().zip(states).filter(|(a, _)| **a).map(|(_, n)| n).sum();
            let (up, down) = (1.0 / a as f64, -1.0 / (all - a) as f64);
            label.iter().map(|&is_a| if is_a { up } else { down }).collect()
        })
        .collect();
    let of = |line: &Line| {
        cx.check()?;
        Ok(steps.iter().map(|step| line.wasserstein1(step)).collect())
    };
    lines.par_iter().map(of).collect()
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::ground::seed::keyed;

    /// scipy 1.17.1, numpy 2.4.6, over x = [[0,0],[1,2],[3,1],[2,2]], y = [[5,1],[6,3],[0.5,0]] and the unit directions
    /// (1,0), (0.6,0.8), (-0.8,0.6): mean of `wasserstein_distance(x @ u, y @ u)`; for p = 2 the root of the mean over
    /// directions of ∫ (F⁻¹ - G⁻¹)², with both quantile functions repeated to 12 values.
    #[test]
    fn numbers_of_scipy() {
        let x = Points::plain(vec![0.0, 0.0, 1.0, 2.0, 3.0, 1.0, 2.0, 2.0], 2);
        let y = Points::plain(vec![5.0, 1.0, 6.0, 3.0, 0.5, 0.0], 2);
        let directions = [vec![1.0, 0.0], vec![0.6, 0.8], vec![-0.8, 0.6]];
        let on = |p: &Points| projections(p, &directions, &Ctx::quiet()).unwrap();
        let of = |p: f64| sliced(&on(&x), &on(&y), p, &Ctx::quiet()).unwrap();
        assert!((of(1.0) - W1).abs() < 1e-12, "{}", of(1.0));
        assert!((of(2.0) - W2).abs() < 1e-12, "{}", of(2.0));
    }

    const W1: f64 = 2.005_555_555_555_555_5;
    const W2: f64 = 2.347_812_220_392_045;

    #[test]
    fn a_shift_along_a_line_is_its_length() {
        let mut rng = keyed(0, 0);
        let directions = directions(3, 128, &mut rng);
        assert!(directions.iter().all(|d| (d.iter().map(|x| x * x).sum::<f64>() - 1.0).abs() < 1e-12));
        let rows: Vec<f32> = (0..90u16).map(|i| f32::from(i * 7 % 31)).collect();
        let moved: Vec<f32> = rows.chunks(3).flat_map(|r| [r[0] + 3.0, r[1], r[2] - 4.0]).collect();
        let on = |rows: Vec<f32>| projections(&Points::plain(rows, 3), &directions, &Ctx::quiet()).unwrap();
        // W_p of a shift by v along u is |v·u|, whose mean square over the sphere is |v|²/3.
        let w2 = sliced(&on(rows.clone()), &on(moved), 2.0, &Ctx::quiet()).unwrap();
        let exact =
            stats::mean(&directions.iter().map(|u| (3.0 * u[0] - 4.0 * u[2]).powi(2)).collect::<Vec<_>>()).sqrt();
        assert!((w2 - exact).abs() < 1e-9 && (w2 - 5.0 / 3f64.sqrt()).abs() < 0.4, "{w2}");
        assert!(sliced(&on(rows.clone()), &on(rows), 1.0, &Ctx::quiet()).unwrap().abs() < 1e-12);
    }

    #[test]
    fn a_line_walked_under_labels_is_the_distance_of_the_two_sets() {
        let (values, block) = ([3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0], [0, 0, 1, 1, 2, 2, 2, 3]);
        let labels = vec![vec![true, true, false, false], vec![false, true, false, true]];
        let line = Line::new(&values, &block);
        let got = shuffled(&[line], &labels, &[2, 2, 3, 1], &Ctx::quiet()).unwrap();
        for (label, got) in labels.iter().zip(&got[0]) {
            let of =
                |is_a: bool| -> Vec<f64> { (0..8).filter(|&i| label[block[i]] == is_a).map(|i| values[i]).collect() };
            let want = wasserstein::one_dimension(&of(true), &of(false)).wasserstein1;
            assert!((got - want).abs() < 1e-12, "{got} {want}");
        }
    }
}
