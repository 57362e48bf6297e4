//! Where the episodes of a table are, found some rows at a time.

use std::collections::HashSet;

use super::super::reader::Index;
use super::NO_NEXT;
use super::rows::{Rows, Runs};
use crate::data::dataset::Origin;

/// Where the episodes are.
pub(super) struct Cuts {
    /// First row of every episode, and where the last one ends.
    pub starts: Vec<usize>,
    pub ids: Vec<u64>,
    /// The last row of every episode holds its last observation and no step.
    pub last: bool,
    pub index: Index,
}

/// What was seen of the rows so far.
#[derive(Default)]
pub(super) struct Finder {
    /// The last row, which comes again: an episode may end with it.
    seen: Rows,
    /// Row that it is.
    base: usize,
    runs: Runs,
    /// First row of every episode, and its number where there are numbers.
    starts: Vec<usize>,
    numbers: Vec<i64>,
    /// Whether an episode ends with a row that holds no step, for those that ended.
    bare: Vec<bool>,
}

impl Finder {
    /// Takes the marks of the next rows, which begin a file or go on with it. False where columns that number the episodes
    /// do not part the same rows.
    ///
    /// # Errors
    /// A sentence if the rows of an episode are not together.
    pub fn add(&mut self, marks: Rows, begins: bool) -> Result<bool, String> {
        let (n, before) = (marks.rewards.len(), !self.seen.files.is_empty());
        self.seen.append(marks)?;
        self.seen.files = if before && begins { vec![1] } else { Vec::new() };
        self.runs.add(&self.seen, self.base)?;
        let held = n + usize::from(before);
        if !before {
            self.begin(0, 0);
        }
        for end in self.seen.ends().into_iter().filter(|&end| end < held) {
            self.end(end);
            self.begin(end, self.base + end);
        }
        let agree = self.seen.agree();
        self.seen = self.seen.last();
        self.base += held - 1;
        Ok(agree)
    }

    fn begin(&mut self, row: usize, at: usize) {
        self.starts.push(at);
        self.numbers.extend(self.seen.episode.as_ref().map(|e| e[row]));
    }

    /// Notes how the episode ends before `end` of the rows that were seen.
    fn end(&mut self, end: usize) {
        let more_than_one = self.starts.last().is_some_and(|&start| self.base + end > start + 1);
        self.bare.push(more_than_one && self.seen.is_bare(end - 1));
    }

    /// All episodes, where no row is left. `next` is true where the table has next observations of its own.
    pub fn finish(mut self, mut origin: Origin, next: bool) -> Cuts {
        self.end(1);
        self.starts.push(self.base + 1);
        let bare = self.bare.iter().filter(|&&b| b).count();
        let last = tell_bare(&mut origin, bare, self.bare.len(), next);
        let steps = |(w, bare): (&[usize], &bool)| w[1] - w[0] - usize::from(*bare);
        let lengths: Vec<usize> = self.starts.windows(2).zip(&self.bare).map(steps).collect();
        // Numbers of the file are kept where each is used once.
        let mut used = HashSet::new();
        let own = self.numbers.len() == lengths.len() && self.numbers.iter().all(|&n| n >= 0 && used.insert(n));
        let ids = if own {
            self.numbers.into_iter().map(|n| n as u64).collect()
        } else {
            (0..lengths.len() as u64).collect()
        };
        origin.warnings.extend(self.runs.told());
        Cuts { starts: self.starts, ids, last, index: Index { lengths, origin } }
    }
}

/// Tells of the `bare` of `episodes` that end with a row that holds no step. True if that row is their last observation.
pub(super) fn tell_bare(origin: &mut Origin, bare: usize, episodes: usize, next: bool) -> bool {
    let last = bare > 0 && bare == episodes && !next;
    if last {
        origin.rules.retain(|rule| !rule.starts_with(NO_NEXT));
        origin.rules.push(
            "the last row of every episode has neither action nor reward: it is the observation after the last step"
                .into(),
        );
    } else if bare > 0 {
        origin.warnings.push(format!(
            "the last row of {bare} of {episodes} episodes has neither action nor reward: it is no step and is left out"
        ));
    }
    last
}
