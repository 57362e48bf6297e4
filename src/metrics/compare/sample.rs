//! Two sets thinned to the same number of states and put into one: what every comparison of pairs looks at.

use std::collections::HashMap;

use crate::metrics::features::Features;
use crate::metrics::neighbors::points::Points;
use crate::metrics::{MetricError, States, stats};

/// Equally many states of A and B in A's standard deviations, with their episodes as blocks.
#[derive(Debug, Clone)]
pub struct Sample {
    /// A's states, then B's.
    pub points: Points,
    /// States of each set.
    pub n: usize,
    /// [2n] episode of each state: 0.. for A's, then B's.
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
    pub fn new(features: &Features, a: &[States<'_>], b: States<'_>, most: usize) -> Result<Self, MetricError> {
        let width = features.dim_in;
        if let Some(odd) = a.iter().chain([&b]).find(|s| s.rows.len() != s.len() * width) {
            return Err(MetricError::bad(format!(
                "{} values do not make {} states of {width} dimensions: compare datasets of the same observation space",
                odd.rows.len(),
                odd.len()
            )));
        }
        let (of_a, of_b) = (finite(a, width), finite(&[b], width));
        let n = most.min(of_a.len()).min(of_b.len());
        if n < 2 {
            return Err(MetricError::bad(format!(
                "{} and {} finite states are too few to compare: two of each are needed at least",
                of_a.len(),
                of_b.len()
            )));
        }
        let mut sample = Taken::default();
        sample.take(a, &of_a, n, width);
        let blocks_a = sample.blocks;
        sample.seen.clear();
        sample.take(&[b], &of_b, n, width);
        let points = features.points(&sample.rows, &sample.block)?;
        Ok(Self { points, n, block: sample.block, blocks_a, blocks: sample.blocks, of: (of_a.len(), of_b.len()) })
    }

    /// The states of A alone.
    pub fn a(&self) -> Points {
        self.points.pick(&(0..self.n).collect::<Vec<_>>())
    }

    /// The states of B alone.
    pub fn b(&self) -> Points {
        self.points.pick(&(self.n..2 * self.n).collect::<Vec<_>>())
    }

    /// Episodes of B that have a state in the sample.
    pub fn blocks_b(&self) -> usize {
        self.blocks - self.blocks_a
    }

    /// True for the rows of B.
    pub fn is_b(&self) -> Vec<bool> {
        (0..2 * self.n).map(|i| i >= self.n).collect()
    }
}

/// (part, row) of every finite state.
fn finite(parts: &[States<'_>], width: usize) -> Vec<(usize, usize)> {
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
    fn take(&mut self, parts: &[States<'_>], at: &[(usize, usize)], n: usize, width: usize) {
        for i in stats::evenly(at.len(), n) {
            let (part, row) = at[i];
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
        assert_eq!((s.n, s.of, s.blocks_a, s.blocks_b()), (3, (10, 3), 2, 3));
        assert_eq!(s.block, [0, 0, 1, 2, 3, 4], "equal numbers of episodes are other episodes in B");
        assert_eq!(Sample::new(&features, &[a, a], b, 2).unwrap().n, 2);
        assert!(Sample::new(&features, &[a], States { rows: &[1.0], owner: &[0] }, 9).is_err());
        assert!(Sample::new(&features, &[a], States { rows: &[1.0], owner: &[0, 1] }, 9).is_err());
    }
}
