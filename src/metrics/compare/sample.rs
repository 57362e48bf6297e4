//! Two sets thinned and put into one: what every comparison of pairs looks at.
//!
//! Distances are measured of equally many states of both. Tests need another rule: an episode must have the same number of
//! states in the sample whichever set it is in, or shuffling would tell the sets apart by the thinning itself.

use std::collections::HashMap;

use crate::ground::fault::Fault;
use crate::ground::stats;
use crate::metrics::States;
use crate::metrics::features::Features;
use crate::metrics::neighbors::points::Points;

/// States of A and B in A's standard deviations, with their episodes as blocks.
#[derive(Debug, Clone)]
pub struct Sample {
    /// A's states, then B's.
    pub points: Points,
    /// States of A.
    pub n_a: usize,
    /// States of B.
    pub n_b: usize,
    /// [N] episode of each state: 0.. for A's, then B's.
    pub block: Vec<usize>,
    /// Episodes of A that have a state in the sample.
    pub blocks_a: usize,
    /// Episodes of both.
    pub blocks: usize,
    /// States of A and B that there are, finite ones only.
    pub of: (usize, usize),
}

impl Sample {
    /// Thins both sets evenly, without chance, to the size of the smaller one and at most `most` states each. `a` may come
    /// in parts; an episode is in one part only.
    ///
    /// # Errors
    /// If a set has fewer than two finite states or is of another width than the features.
    pub fn new(features: &Features, a: &[States<'_>], b: States<'_>, most: usize) -> Result<Self, Fault> {
        let (of_a, of_b) = found(features, a, b)?;
        let n = most.min(of_a.len()).min(of_b.len());
        let even = |of: &[Place]| stats::evenly(of.len(), n).into_iter().map(|i| of[i]).collect::<Vec<_>>();
        Self::of_rows(features, (a, &even(&of_a)), (&[b], &even(&of_b)), (of_a.len(), of_b.len()))
    }

    /// Thins both sets at one rate within episodes, to about twice `most` states in all. Of the set that has more than
    /// [`RATIO`] times the other's episodes, evenly chosen ones are kept: more of them would take states from the others
    /// and tell little.
    ///
    /// # Errors
    /// As [`Sample::new`].
    pub fn alike(features: &Features, a: &[States<'_>], b: States<'_>, most: usize) -> Result<Self, Fault> {
        let (of_a, of_b) = found(features, a, b)?;
        let (episodes_a, episodes_b) = (episodes(&of_a, a), episodes(&of_b, &[b]));
        let kept = |own: &[Vec<Place>], other: usize| -> Vec<Vec<Place>> {
            stats::evenly(own.len(), (RATIO * other).min(most)).into_iter().map(|i| own[i].clone()).collect()
        };
        let (kept_a, kept_b) = (kept(&episodes_a, episodes_b.len()), kept(&episodes_b, episodes_a.len()));
        let states: usize = kept_a.iter().chain(&kept_b).map(Vec::len).sum();
        let rate = (states as f64 / (2 * most) as f64).max(1.0);
        let thin = |kept: &[Vec<Place>]| -> Vec<Place> {
            let of = |e: &Vec<Place>| {
                let n = ((e.len() as f64 / rate).round() as usize).max(1);
                stats::evenly(e.len(), n).into_iter().map(|i| e[i]).collect::<Vec<_>>()
            };
            kept.iter().flat_map(of).collect()
        };
        Self::of_rows(features, (a, &thin(&kept_a)), (&[b], &thin(&kept_b)), (of_a.len(), of_b.len()))
    }

    fn of_rows(
        features: &Features,
        a: (&[States<'_>], &[Place]),
        b: (&[States<'_>], &[Place]),
        of: (usize, usize),
    ) -> Result<Self, Fault> {
        let mut taken = Taken::default();
        taken.take(a.0, a.1, features.dim_in);
        let blocks_a = taken.blocks;
        taken.seen.clear();
        taken.take(b.0, b.1, features.dim_in);
        let points = features.points(&taken.rows, &taken.block)?;
        let (n_a, n_b) = (a.1.len(), b.1.len());
        Ok(Self { points, n_a, n_b, block: taken.block, blocks_a, blocks: taken.blocks, of })
    }

    /// The states of A alone.
    pub fn a(&self) -> Points {
        self.points.pick(&(0..self.n_a).collect::<Vec<_>>())
    }

    /// The states of B alone.
    pub fn b(&self) -> Points {
        self.points.pick(&(self.n_a..self.points.len()).collect::<Vec<_>>())
    }

    /// Episodes of B that have a state in the sample.
    pub fn blocks_b(&self) -> usize {
        self.blocks - self.blocks_a
    }

    /// True for the rows of B.
    pub fn is_b(&self) -> Vec<bool> {
        (0..self.points.len()).map(|i| i >= self.n_a).collect()
    }
}

/// Part and row of a state.
type Place = (usize, usize);

/// A set with more episodes than this many times the other's is thinned by whole episodes in a test: the standard error of
/// a difference is then within an eighth of what all of them would give.
pub const RATIO: usize = 4;

/// The finite states of both sets.
fn found(features: &Features, a: &[States<'_>], b: States<'_>) -> Result<(Vec<Place>, Vec<Place>), Fault> {
    let width = features.dim_in;
    if let Some(odd) = a.iter().chain([&b]).find(|s| s.rows.len() != s.len() * width) {
        return Err(Fault::failed(format!(
            "{} values do not make {} states of {width} dimensions: compare datasets of the same observation space",
            odd.rows.len(),
            odd.len()
        )));
    }
    let (of_a, of_b) = (finite(a, width), finite(&[b], width));
    if of_a.len() < 2 || of_b.len() < 2 {
        return Err(Fault::failed(format!(
            "{} and {} finite states are too few to compare: two of each are needed at least",
            of_a.len(),
            of_b.len()
        )));
    }
    Ok((of_a, of_b))
}

/// The places of each episode, in the order of their first states.
fn episodes(places: &[Place], parts: &[States<'_>]) -> Vec<Vec<Place>> {
    let mut at: HashMap<(usize, usize), usize> = HashMap::new();
    let mut out: Vec<Vec<Place>> = Vec::new();
    for &(part, row) in places {
        let slot = *at.entry((part, parts[part].owner[row])).or_insert_with(|| {
            out.push(Vec::new());
            out.len() - 1
        });
        out[slot].push((part, row));
    }
    out
}

/// Every finite state.
fn finite(parts: &[States<'_>], width: usize) -> Vec<Place> {
    let mut out = Vec::new();
    for (p, part) in parts.iter().enumerate() {
        let rows = part.rows.chunks_exact(width).enumerate();
        out.extend(rows.filter(|(_, row)| row.iter().all(|v| v.is_finite())).map(|(i, _)| (p, i)));
    }
    out
}

/// Rows taken so far.
#[derive(Default)]
struct Taken {
    rows: Vec<f32>,
    block: Vec<usize>,
    blocks: usize,
    seen: HashMap<(usize, usize), usize>,
}

impl Taken {
    fn take(&mut self, parts: &[States<'_>], at: &[Place], width: usize) {
        for &(part, row) in at {
            let states = &parts[part];
            self.rows.extend_from_slice(&states.rows[row * width..(row + 1) * width]);
            let block = *self.seen.entry((part, states.owner[row])).or_insert_with(|| {
                self.blocks += 1;
                self.blocks - 1
            });
            self.block.push(block);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sets_get_equally_many_finite_states_and_own_episodes() {
        let names = ["x".to_owned()];
        let rows: Vec<f32> = (0..10).map(|i| i as f32).collect();
        let owner: Vec<usize> = (0..10).map(|i| i / 5).collect();
        let a = States { rows: &rows, owner: &owner };
        let b_rows = [1.0, f32::NAN, 2.0, 3.0];
        let b = States { rows: &b_rows, owner: &[0, 0, 1, 2] };
        let features = Features::fit(&rows, &names).unwrap();
        let s = Sample::new(&features, &[a], b, 100).unwrap();
        assert_eq!((s.n_a, s.n_b, s.of, s.blocks_a, s.blocks_b()), (3, 3, (10, 3), 2, 3));
        assert_eq!(s.block, [0, 0, 1, 2, 3, 4], "equal numbers of episodes are other episodes in B");
        assert_eq!(Sample::new(&features, &[a, a], b, 2).unwrap().n_b, 2);
        assert!(Sample::new(&features, &[a], States { rows: &[1.0], owner: &[0] }, 9).is_err());
        assert!(Sample::new(&features, &[a], States { rows: &[1.0], owner: &[0, 1] }, 9).is_err());
    }

    #[test]
    fn for_a_test_episodes_are_thinned_alike_whichever_set_they_are_in() {
        let rows: Vec<f32> = (0..3000).map(|i| (i % 97) as f32).collect();
        let owner: Vec<usize> = (0..3000).map(|i| i / 100).collect();
        let features = Features::fit(&rows, &["x".to_owned()]).unwrap();
        let a = States { rows: &rows, owner: &owner };
        // Two episodes of 100 states and one of 50.
        let b = States { rows: &rows[..250], owner: &owner[..250] };
        let s = Sample::alike(&features, &[a], b, 100).unwrap();
        assert_eq!((s.blocks_a, s.blocks_b()), (12, 3), "four times as many of A");
        let states = |e: usize| s.block.iter().filter(|b| **b == e).count();
        // 1450 states at a rate of 7.25.
        assert!((0..14).all(|e| states(e) == 14) && states(14) == 7);
        assert_eq!((s.n_a, s.n_b), (168, 35));
        let all = Sample::alike(&features, &[a], b, 10_000).unwrap();
        assert_eq!((all.n_a, all.n_b), (1200, 250));
    }
}
