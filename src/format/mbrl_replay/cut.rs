//! Cutting the rows of a buffer into episodes.

use std::ops::Range;

/// What says where episodes end, a row a step.
pub(super) struct Ends {
    pub terminated: Vec<bool>,
    pub truncated: Vec<bool>,
    /// Rows whose next observation is not the following one, ascending.
    pub jumps: Vec<usize>,
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

impl Ends {
    /// Cuts `rows` at the flags, and at jumps where asked to.
    pub fn cut(&self, rows: Range<usize>, at_jumps: bool) -> Vec<Segment> {
        let mut segments = Vec::new();
        let mut start = rows.start;
        for row in rows.clone() {
            let flag = self.terminated[row] || self.truncated[row];
            let last = row + 1 == rows.end;
            if flag || last || (at_jumps && self.jumps.binary_search(&row).is_ok()) {
                // A listed trajectory, and a run of rows before others, was ended by something.
                let limit = !flag && (!at_jumps || row + 1 < self.terminated.len());
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
        segments.extend(self.cut(free..self.terminated.len(), true));
        segments.sort_by_key(|s| !s.listed);
        Ok(segments)
    }
}
