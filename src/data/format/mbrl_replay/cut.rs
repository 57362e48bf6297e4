//! Cutting the rows of a buffer into episodes.

use std::ops::Range;

use crate::data::format::assemble::Found;

/// The columns of the file, one row a step.
pub(super) struct Steps {
    pub obs: Vec<f32>,
    pub next: Vec<f32>,
    pub actions: Vec<f32>,
    pub rewards: Vec<f64>,
    pub terminated: Vec<bool>,
    pub truncated: Vec<bool>,
}

/// Rows of one episode.
#[derive(Debug, PartialEq)]
pub(super) struct Segment {
    pub rows: Range<usize>,
    /// Ends although no flag says so, and not because the file ends.
    pub limit: bool,
    /// Part of a trajectory that the file lists.
    pub listed: bool,
}

impl Steps {
    /// Cuts `rows` at the flags, and at jumps where asked to.
    pub fn cut(&self, rows: Range<usize>, at_jumps: bool) -> Vec<Segment> {
        let mut segments = Vec::new();
        let mut start = rows.start;
        for row in rows.clone() {
            let flag = self.terminated[row] || self.truncated[row];
            let last = row + 1 == rows.end;
            if flag || last || (at_jumps && self.jumps(row)) {
                // A listed trajectory, and a run of rows before others, was ended by something.
                let limit = !flag && (!at_jumps || row + 1 < self.rewards.len());
                segments.push(Segment { rows: start..row + 1, limit, listed: !at_jumps });
                start = row + 1;
            }
        }
        segments
    }

    /// Cuts along the trajectories that the file lists; rows in none of them come last.
    ///
    /// # Errors
    /// If two trajectories have a row in common.
    pub fn along(&self, trajectories: &[(usize, usize)]) -> Result<Vec<Segment>, String> {
        let mut sorted: Vec<(usize, usize)> = trajectories.iter().copied().filter(|(start, end)| start < end).collect();
        let mut segments: Vec<Segment> = sorted.iter().flat_map(|&(start, end)| self.cut(start..end, false)).collect();
        sorted.sort_unstable();
        let mut free = 0;
        for (start, end) in sorted {
            if start < free {
                return Err(format!("has two trajectories with row {start} in common; it is damaged"));
            }
            segments.extend(self.cut(free..start, true));
            free = end;
        }
        segments.extend(self.cut(free..self.rewards.len(), true));
        segments.sort_by_key(|s| !s.listed);
        Ok(segments)
    }

    /// True if the next observation of `row` is not the following one.
    #[allow(clippy::float_cmp, reason = "a copy is equal to the last bit")]
    fn jumps(&self, row: usize) -> bool {
        let d = self.obs.len() / self.rewards.len();
        let same = |(a, b): (&f32, &f32)| a == b || (a.is_nan() && b.is_nan());
        let following = self.obs.get((row + 1) * d..(row + 2) * d);
        following.is_some_and(|following| !self.next[row * d..(row + 1) * d].iter().zip(following).all(same))
    }

    pub fn found(&self, id: u64, segment: &Segment, d: usize, a: usize) -> Found {
        let rows = &segment.rows;
        let last = rows.end - 1;
        Found {
            id,
            obs: self.obs[rows.start * d..rows.end * d].to_vec(),
            actions: self.actions[rows.start * a..rows.end * a].to_vec(),
            rewards: self.rewards[rows.clone()].to_vec(),
            next_obs: Some(self.next[rows.start * d..rows.end * d].to_vec()),
            terminated: self.terminated[last],
            truncated: self.truncated[last] || segment.limit,
        }
    }
}
