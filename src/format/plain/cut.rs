//! Where the episodes of flat rows are.

use std::ops::Range;

/// The rows of one episode, counted among those that are used.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::format) struct Segment {
    pub steps: usize,
    /// First row of its observations, its actions and its rewards.
    pub obs: usize,
    pub action: usize,
    pub reward: usize,
    pub terminated: bool,
    pub truncated: bool,
}

impl Segment {
    /// An episode of steps that are a row each.
    pub fn of(rows: Range<usize>, terminated: bool, truncated: bool) -> Self {
        let first = rows.start;
        Self { steps: rows.len(), obs: first, action: first, reward: first, terminated, truncated }
    }
}

/// What says where episodes end, a row a step; what a file does not have is nothing.
#[derive(Default)]
pub(super) struct Marks {
    pub rows: usize,
    pub terminated: Option<Vec<bool>>,
    pub truncated: Option<Vec<bool>>,
    pub done: Option<Vec<bool>>,
    /// False where the environment ended the episode.
    pub masks: Option<Vec<bool>>,
    pub episode: Option<Vec<f64>>,
    /// Looked at where nothing else says where episodes end.
    pub step: Option<Vec<f64>>,
    /// Rows whose next observation is not the following one, ascending; empty where they are not looked for.
    pub jumps: Vec<usize>,
    /// Rows with which a stream of rows begins.
    pub breaks: Vec<usize>,
}

impl Marks {
    fn at(flags: Option<&Vec<bool>>, row: usize) -> bool {
        flags.is_some_and(|f| f[row])
    }

    /// True where flags mark ends of episodes.
    pub fn has_flags(&self) -> bool {
        self.terminated.is_some() || self.truncated.is_some() || self.done.is_some() || self.masks.is_some()
    }

    /// True if a flag marks the row as the last of its episode.
    fn flagged(&self, row: usize) -> bool {
        let Self { terminated, truncated, done, masks, .. } = self;
        let marked = [terminated, truncated, done].into_iter().any(|f| Self::at(f.as_ref(), row));
        // Beside other flags, masks say why and not where.
        let alone = terminated.is_none() && truncated.is_none() && done.is_none();
        marked || (alone && masks.as_ref().is_some_and(|m| !m[row]))
    }

    /// True if the environment ended the episode with this row, which is its last.
    fn terminated(&self, row: usize) -> bool {
        let Self { terminated, truncated, done, masks, .. } = self;
        match (masks, terminated) {
            (Some(masks), _) => !masks[row],
            (None, Some(terminated)) => terminated[row],
            (None, None) => Self::at(done.as_ref(), row) && !Self::at(truncated.as_ref(), row),
        }
    }

    /// True if something other than a flag says that an episode begins after `row`.
    fn parted(&self, row: usize) -> bool {
        let step = self.step.as_ref().filter(|_| self.episode.is_none() && !self.has_flags());
        #[allow(clippy::float_cmp, reason = "numbers of episodes are copies")]
        let episode = self.episode.as_ref().is_some_and(|e| e[row] != e[row + 1]);
        episode || step.is_some_and(|s| s[row + 1] <= s[row]) || self.jumps.binary_search(&row).is_ok()
    }

    /// The episodes, in the order of the rows.
    pub fn cut(&self) -> Vec<Segment> {
        let (mut segments, mut start) = (Vec::new(), 0);
        for row in 0..self.rows {
            let (flagged, last) = (self.flagged(row), row + 1 == self.rows);
            let stream = last || self.breaks.binary_search(&(row + 1)).is_ok();
            let parted = !stream && self.parted(row);
            if !(flagged || stream || parted) {
                continue;
            }
            let terminated = flagged && self.terminated(row);
            let own = self.masks.is_none() && Self::at(self.truncated.as_ref(), row);
            // Rows that end by their number alone were all ended by something.
            let numbered = self.episode.is_some() && !self.has_flags();
            let truncated = own || (!terminated && (flagged || parted || numbered));
            segments.push(Segment::of(start..row + 1, terminated, truncated));
            start = row + 1;
        }
        segments
    }

    /// What is odd about the marks.
    pub fn warnings(&self, segments: &[Segment]) -> Vec<String> {
        let mut warnings = Vec::new();
        let jumps = self.jumps.len();
        if jumps > 0 && 2 * jumps >= self.rows {
            warnings.push(format!(
                "next observations: {jumps} of {} are not the following observation: the rows are not in the order of \
                 episodes (shuffled?), so each of these is an episode by itself and returns and lengths mean nothing",
                self.rows
            ));
        }
        let odd = |row: &usize| segments.binary_search_by_key(row, |s| s.action + s.steps - 1).is_err();
        let masked = self.masks.as_ref().filter(|_| self.terminated.is_some() || self.done.is_some());
        let inside: Vec<usize> =
            masked.map(|m| (0..self.rows).filter(|&row| !m[row]).filter(odd).collect()).unwrap_or_default();
        if let Some(first) = inside.first() {
            warnings.push(format!(
                "masks: {} rows are 0 before the last row of their episode (first: row {first}): a goal that was reached \
                 on the way; the episode goes on",
                inside.len()
            ));
        }
        warnings
    }
}

/// Rows whose next observation is not the following row of `obs`, counted from `first`; the last one has none.
#[allow(clippy::float_cmp, reason = "a copy is equal to the last bit")]
pub(in crate::format) fn jumps(obs: &[f32], next: &[f32], d: usize, first: usize) -> Vec<usize> {
    let same = |(a, b): (&f32, &f32)| a == b || (a.is_nan() && b.is_nan());
    let pairs = next.chunks_exact(d.max(1)).zip(obs.chunks_exact(d.max(1)).skip(1));
    (first..).zip(pairs).filter(|(_, (next, obs))| !next.iter().zip(*obs).all(same)).map(|(row, _)| row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(rows: usize, at: &[usize]) -> Vec<bool> {
        (0..rows).map(|row| at.contains(&row)).collect()
    }

    fn ends(marks: &Marks) -> Vec<(usize, bool, bool)> {
        marks.cut().iter().map(|s| (s.steps, s.terminated, s.truncated)).collect()
    }

    #[test]
    fn flags_numbers_and_jumps_end_episodes() {
        let rows = 6;
        let of = |marks: Marks| ends(&Marks { rows, ..marks });
        let both = Marks { terminated: Some(flags(6, &[1])), truncated: Some(flags(6, &[3])), ..Marks::default() };
        assert_eq!(of(both), [(2, true, false), (2, false, true), (2, false, false)]);
        let done = Marks { done: Some(flags(6, &[1, 3])), truncated: Some(flags(6, &[3])), ..Marks::default() };
        assert_eq!(of(done), [(2, true, false), (2, false, true), (2, false, false)]);
        let why = Marks { terminated: Some(flags(6, &[1])), done: Some(flags(6, &[1, 5])), ..Marks::default() };
        assert_eq!(of(why), [(2, true, false), (4, false, true)]);
        let masks =
            Marks { terminated: Some(flags(6, &[2, 5])), masks: Some(flags(6, &[0, 1, 3, 4, 5])), ..Marks::default() };
        assert_eq!(of(masks), [(3, true, false), (3, false, true)]);
        let masks = Marks { masks: Some(flags(6, &[0, 1, 2, 4, 5])), ..Marks::default() };
        assert_eq!(of(masks), [(4, true, false), (2, false, false)]);
        let episode = Marks { episode: Some(vec![7.0, 7.0, 2.0, 2.0, 2.0, 9.0]), ..Marks::default() };
        assert_eq!(of(episode), [(2, false, true), (3, false, true), (1, false, true)]);
        let step = Marks { step: Some(vec![0.0, 1.0, 2.0, 0.0, 1.0, 2.0]), ..Marks::default() };
        assert_eq!(of(step), [(3, false, true), (3, false, false)]);
        assert_eq!(of(Marks { jumps: vec![4], ..Marks::default() }), [(5, false, true), (1, false, false)]);
        assert_eq!(of(Marks { breaks: vec![2], ..Marks::default() }), [(2, false, false), (4, false, false)]);
        assert_eq!(of(Marks::default()), [(6, false, false)]);
    }

    #[test]
    fn goals_on_the_way_and_shuffled_rows_are_told() {
        let marks = Marks { rows: 4, done: Some(flags(4, &[3])), masks: Some(flags(4, &[0, 2])), ..Marks::default() };
        let told = marks.warnings(&marks.cut());
        assert!(told[0].starts_with("masks: 1 rows are 0") && told[0].contains("row 1"), "{told:?}");
        let marks = Marks { rows: 4, jumps: vec![0, 1, 2], ..Marks::default() };
        assert!(marks.warnings(&marks.cut())[0].contains("shuffled"));
    }
}
