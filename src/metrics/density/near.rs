//! The states nearest to a place of a map, in the plane of its two axes: points in a plane are what a k-d tree is good at.

use kdtree::KdTree;
use kdtree::distance::squared_euclidean;

use super::Range;
use crate::ground::stats;

/// Points that are kept: of more, evenly many, so that the tree is there soon.
const POINTS: usize = 200_000;
/// Points in a leaf of the tree.
const LEAF: usize = 32;

/// A state by its episode and step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Index of the episode in its dataset.
    pub episode: usize,
    /// Step within it.
    pub step: usize,
}

/// Points (x, y) with whose states they are.
#[derive(Clone)]
pub struct Near {
    tree: KdTree<f64, Place, [f64; 2]>,
    ranges: (Range, Range),
    all: usize,
}

impl std::fmt::Debug for Near {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Near").field("kept", &self.tree.size()).field("of", &self.all).finish_non_exhaustive()
    }
}

/// Two are equal where they were made of as many points over the same ranges: for comparing screens.
impl PartialEq for Near {
    fn eq(&self, other: &Self) -> bool {
        (self.tree.size(), self.all, self.ranges) == (other.tree.size(), other.all, other.ranges)
    }
}

impl Near {
    /// Prepares `points` [N] with the episode and the step of each [N]; distances are in lengths of the two ranges, as the map
    /// shows them. Points that are not finite are left out.
    pub fn new(points: &[(f64, f64)], owner: &[usize], step: &[usize], ranges: (Range, Range)) -> Self {
        let mut tree = KdTree::with_capacity(2, LEAF);
        let n = points.len().min(owner.len()).min(step.len());
        for i in stats::evenly(n, POINTS) {
            let place = Place { episode: owner[i], step: step[i] };
            // What the tree refuses (numbers that are not finite) has no place on a map.
            let _ = tree.add(scaled(points[i], ranges), place);
        }
        Self { tree, ranges, all: n }
    }

    /// The nearest state of each of the `most` episodes that come nearest to a point, the nearest first.
    pub fn episodes(&self, at: (f64, f64), most: usize) -> Vec<Place> {
        let point = scaled(at, self.ranges);
        let mut out: Vec<Place> = Vec::new();
        let Ok(nearest) = self.tree.iter_nearest(&point, &squared_euclidean) else { return out };
        // One episode may lie there a thousand times.
        for (_, place) in nearest.take(2000) {
            if out.iter().all(|known| known.episode != place.episode) {
                out.push(*place);
            }
            if out.len() == most {
                break;
            }
        }
        out
    }

    /// True where not all points are kept, so that the nearest may not be among them.
    pub fn is_sample(&self) -> bool {
        self.tree.size() < self.all
    }
}

fn scaled((x, y): (f64, f64), (across, up): (Range, Range)) -> [f64; 2] {
    let part = |v: f64, (lo, hi): Range| (v - lo) / (hi - lo);
    [part(x, across), part(y, up)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_episodes_are_those_of_a_plain_search() {
        // A spiral of 50 episodes of 40 steps, in ranges of very different lengths.
        let at = |e: usize, t: usize| {
            let angle = e as f64 * 0.7 + t as f64 * 0.05;
            (angle.cos() * (1.0 + t as f64 / 40.0), 1000.0 * angle.sin())
        };
        let all: Vec<(usize, usize)> = (0..50).flat_map(|e| (0..40).map(move |t| (e, t))).collect();
        let points: Vec<(f64, f64)> = all.iter().map(|&(e, t)| at(e, t)).collect();
        let (owner, step): (Vec<_>, Vec<_>) = all.iter().copied().unzip();
        let ranges = ((-2.0, 2.0), (-1000.0, 1000.0));
        let near = Near::new(&points, &owner, &step, ranges);
        for place in [(0.0, 0.0), (1.9, -900.0), (-1.0, 400.0)] {
            let far = |i: usize| {
                let (a, b) = (scaled(points[i], ranges), scaled(place, ranges));
                (a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2)
            };
            let mut best: Vec<usize> = (0..points.len()).collect();
            best.sort_by(|a, b| far(*a).total_cmp(&far(*b)));
            let mut want: Vec<usize> = Vec::new();
            for i in best {
                if !want.contains(&owner[i]) {
                    want.push(owner[i]);
                }
            }
            let got: Vec<usize> = near.episodes(place, 3).iter().map(|p| p.episode).collect();
            assert_eq!(got, want[..3]);
        }
        assert!(!near.is_sample());
    }

    #[test]
    fn equal_points_and_no_points_are_survived() {
        let many = vec![(1.0, 1.0); 5000];
        let near = Near::new(&many, &vec![3; 5000], &(0..5000).collect::<Vec<_>>(), ((0.0, 2.0), (0.0, 2.0)));
        assert_eq!(near.episodes((1.0, 1.0), 3).len(), 1);
        let none = Near::new(&[(f64::NAN, 0.0)], &[0], &[0], ((0.0, 1.0), (0.0, 1.0)));
        assert!(none.episodes((0.5, 0.5), 3).is_empty());
    }
}
