//! How often data was where a trajectory goes: counts on a grid of two dimensions (Chen et al., RLC 2025, section 3.3).

use crate::data::dataset::Dataset;
use crate::ground::stats;

/// Cells along each axis.
pub const BINS: usize = 20;

/// Counts of states on a grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Visits {
    /// The two dimensions.
    pub at: [usize; 2],
    /// Lower and upper end of each axis: the range of the data that it was made of.
    pub range: [(f64, f64); 2],
    /// [BINS · BINS] states, row 0 at the lower end of the second dimension.
    pub counts: Vec<f64>,
}

impl Visits {
    /// Counts of all states of `data` over the dimensions `at`.
    pub fn of(data: &Dataset, at: [usize; 2]) -> Self {
        let range = at.map(|d| {
            let all = points(data, [d, d]).map(|p| p[0]).filter(|v| v.is_finite());
            let (lo, hi) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| (lo.min(v), hi.max(v)));
            if hi > lo { (lo, hi) } else { (lo - 0.5, lo + 0.5) }
        });
        let mut visits = Self { at, range, counts: vec![0.0; BINS * BINS] };
        for point in points(data, at) {
            if let Some(cell) = visits.cell(point) {
                visits.counts[cell] += 1.0;
            }
        }
        visits
    }

    /// The dimensions of `data` called `names`.
    ///
    /// # Errors
    /// A sentence with the names that there are.
    pub fn dimensions(data: &Dataset, names: &[String]) -> Result<Option<[usize; 2]>, String> {
        let [x, y] = names else { return Ok(None) };
        let known = &data.obs_space.names;
        let find = |name: &String| {
            let number = name.parse::<usize>().ok().filter(|d| *d < known.len());
            known.iter().position(|k| k == name).or(number).ok_or_else(|| {
                format!("visits: no dimension of the observation is called '{name}'; there are {}", known.join(", "))
            })
        };
        Ok(Some([find(x)?, find(y)?]))
    }

    /// Median over all steps of `trajectories` of the states that were counted where they are; 0 outside the grid.
    pub fn along(&self, trajectories: &Dataset) -> f64 {
        let here = |point| self.cell(point).map_or(0.0, |cell| self.counts[cell]);
        stats::median(points(trajectories, self.at).map(here).collect())
    }

    fn cell(&self, point: [f64; 2]) -> Option<usize> {
        let bin = |v: f64, (lo, hi): (f64, f64)| {
            let inside = v >= lo && v <= hi;
            inside.then(|| (((v - lo) / (hi - lo) * BINS as f64) as usize).min(BINS - 1))
        };
        Some(bin(point[1], self.range[1])? * BINS + bin(point[0], self.range[0])?)
    }
}

/// The states of `data` over two dimensions.
pub fn points(data: &Dataset, at: [usize; 2]) -> impl Iterator<Item = [f64; 2]> + '_ {
    (0..data.num_episodes()).flat_map(move |e| {
        let episode = data.episode(e);
        episode.obs.chunks_exact(episode.obs_dim).map(move |row| at.map(|d| f64::from(row[d])))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::dataset::{Origin, Parts};
    use crate::data::episode::EpisodeSpan;
    use crate::data::space::Space;

    /// One episode through these points of a third dimension beside two.
    fn through(points: &[[f32; 2]]) -> Dataset {
        let steps = points.len() - 1;
        let span = EpisodeSpan {
            id: 0,
            first_step: 0,
            steps,
            first_obs: 0,
            obs_rows: points.len(),
            terminated: false,
            truncated: true,
        };
        let parts = Parts {
            spans: vec![span],
            obs: points.iter().flat_map(|[x, y]| [*x, 9.0, *y]).collect(),
            actions: vec![0.0; steps],
            rewards: vec![0.0; steps],
            ..Parts::default()
        };
        Dataset::from_parts(Origin::default(), Space::unnamed("obs", 3), Space::unnamed("a", 1), parts).unwrap()
    }

    #[test]
    fn visits_are_counted_where_the_trajectory_goes() {
        // Three states in the lower left cell, one in the upper right, one in the upper left.
        let data = through(&[[0.0, 0.0], [0.1, 0.1], [0.2, 0.0], [20.0, 20.0], [0.0, 20.0]]);
        let at = Visits::dimensions(&data, &["obs[0]".into(), "2".into()]).unwrap().unwrap();
        let visits = Visits::of(&data, at);
        assert_eq!((visits.at, visits.range), ([0, 2], [(0.0, 20.0); 2]));
        let [lower_left, upper_left, upper_right] =
            [0, (BINS - 1) * BINS, BINS * BINS - 1].map(|cell| visits.counts[cell]);
        assert_eq!((lower_left, upper_left, upper_right, visits.counts.iter().sum()), (3.0, 1.0, 1.0, 5.0));
        let near = visits.along(&through(&[[0.0, 0.0], [0.3, 0.3], [20.0, 20.0]]));
        let far = visits.along(&through(&[[-5.0, 0.0], [10.0, 10.0], [30.0, 1.0]]));
        assert_eq!((near, far), (3.0, 0.0), "the other is outside, and where nobody was");
    }

    #[test]
    fn a_dimension_that_is_not_there_is_named() {
        let data = through(&[[0.0, 0.0], [1.0, 1.0]]);
        let refused = Visits::dimensions(&data, &["x".into(), "y".into()]).unwrap_err();
        assert!(refused.contains("'x'"), "{refused}");
        assert_eq!(Visits::dimensions(&data, &[]), Ok(None));
    }
}
