//! Cutting flat rows into episodes.

use std::ops::Range;

use super::super::finite;
use super::super::reader::Width;
use crate::data::dataset::{Origin, Parts};
use crate::data::episode::EpisodeSpan;

/// Numbers that are compared together.
const SCAN: usize = 4096;

/// The rows with which episodes end, in order.
#[derive(Debug, Clone, Default)]
pub(in crate::format) struct Marks {
    ends: Vec<End>,
    /// Rows that were looked at.
    rows: usize,
    /// The file marks time limits.
    pub timed: bool,
}

/// The end of an episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::format) struct End {
    /// Its last row.
    pub row: usize,
    /// The environment ended it.
    pub terminal: bool,
    /// A limit outside the environment ended it.
    pub timeout: bool,
}

impl Marks {
    /// The ends among rows of which every one is marked; `timeouts` where the file has them.
    pub fn new(terminals: &[bool], timeouts: Option<&[bool]>) -> Self {
        let timeout = |row: usize| timeouts.is_some_and(|t| t[row]);
        let end = |row: usize| End { row, terminal: terminals[row], timeout: timeout(row) };
        let ends = (0..terminals.len()).map(end).filter(|e| e.terminal || e.timeout).collect();
        Self { ends, rows: terminals.len(), timed: timeouts.is_some() }
    }

    /// Every end.
    pub fn ends(&self) -> &[End] {
        &self.ends
    }

    /// True if the last row ends an episode.
    fn closed(&self) -> bool {
        self.ends.last().is_some_and(|e| e.row + 1 == self.rows)
    }

    /// The marks of some rows.
    pub fn part(&self, rows: Range<usize>) -> Self {
        let at = |row: usize| self.ends.partition_point(|e| e.row < row);
        let ends = self.ends[at(rows.start)..at(rows.end)].iter().map(|e| End { row: e.row - rows.start, ..*e });
        Self { ends: ends.collect(), rows: rows.len(), timed: self.timed }
    }

    /// Puts the marks of further rows after these.
    pub fn append(&mut self, other: &Self) {
        let rows = self.rows;
        self.timed = other.timed;
        self.ends.extend(other.ends.iter().map(|e| End { row: rows + e.row, ..*e }));
        self.rows += other.rows;
    }
}

/// The file's columns, one row a step.
pub(in crate::format) struct Rows {
    /// `[N, obs_dim]`.
    pub obs: Vec<f32>,
    /// `[N, obs_dim]`.
    pub next: Option<Vec<f32>>,
    /// `[N, action_dim]`.
    pub actions: Vec<f32>,
    /// [N].
    pub rewards: Vec<f64>,
    /// Where episodes end.
    pub marks: Marks,
}

/// Episodes cut from rows that come block after block, with nothing held twice.
///
/// `next_observations` that repeat the following row are dropped but for the last one of an episode; where any does not, all
/// are kept. Files that differ are known: rows were dropped or shuffled before saving, or a time limit was not marked.
pub(in crate::format) struct Cutter {
    width: Width,
    parts: Parts,
    /// First step of the episode that is open.
    first_step: usize,
    /// Next observation of the last row, while its episode is open.
    pending: Vec<f32>,
    /// Rows whose next observation is not the following one, and the first of them.
    differ: (usize, usize),
    /// Rows that are not finite: observations, actions, rewards, next observations.
    odd: [finite::Count; 4],
    /// The file marks time limits.
    timeouts: bool,
}

impl Cutter {
    /// Room for so many steps in so many episodes; nothing where there is no memory for them.
    pub fn new(width: Width, steps: usize, episodes: usize) -> Option<Self> {
        let mut parts = Parts::default();
        parts.spans.try_reserve_exact(episodes).ok()?;
        parts.obs.try_reserve_exact((steps + episodes * width.extra).checked_mul(width.obs)?).ok()?;
        parts.actions.try_reserve_exact(steps.checked_mul(width.action)?).ok()?;
        parts.rewards.try_reserve_exact(steps).ok()?;
        let odd = [finite::Count::default(); 4];
        Some(Self { width, parts, first_step: 0, pending: Vec::new(), differ: (0, 0), odd, timeouts: false })
    }

    /// Takes the next rows; `last` says that the file ends with them.
    pub fn add(&mut self, rows: &Rows, last: bool) {
        let (base, n, d) = (self.parts.rewards.len(), rows.rewards.len(), self.width.obs);
        self.timeouts = rows.marks.timed;
        self.odd[0].add(&rows.obs, d, base);
        self.odd[1].add(&rows.actions, self.width.action, base);
        self.odd[2].add(&rows.rewards, 1, base);
        self.odd[3].add(rows.next.as_deref().unwrap_or_default(), d, base);
        let mut first = 0;
        let cut = End { row: n.saturating_sub(1), terminal: false, timeout: false };
        for end in rows.marks.ends().iter().chain((last && n > 0 && !rows.marks.closed()).then_some(&cut)) {
            self.run(rows, first..end.row + 1, base);
            self.close(base + end.row, end.terminal, end.timeout);
            first = end.row + 1;
        }
        if first < n {
            self.run(rows, first..n, base);
        }
        self.parts.actions.extend_from_slice(&rows.actions);
        self.parts.rewards.extend_from_slice(&rows.rewards);
    }

    /// Takes the observations of rows of one episode.
    fn run(&mut self, rows: &Rows, run: Range<usize>, base: usize) {
        let d = self.width.obs;
        let obs = &rows.obs[run.start * d..run.end * d];
        let Some(next) = rows.next.as_ref().map(|n| &n[run.start * d..run.end * d]) else {
            return self.parts.obs.extend_from_slice(obs);
        };
        let mut off = |step: usize| {
            self.differ.1 = if self.differ.0 == 0 { step } else { self.differ.1 };
            self.differ.0 += 1;
        };
        if !self.pending.is_empty() && !alike(&self.pending, &obs[..d]) {
            off(base + run.start - 1);
        }
        let (ours, following) = (&next[..next.len() - d], &obs[d..]);
        if !alike(ours, following) {
            let pairs = ours.chunks_exact(d).zip(following.chunks_exact(d)).enumerate();
            pairs.filter(|(_, (a, b))| !alike(a, b)).for_each(|(i, _)| off(base + run.start + i));
        }
        if self.differ.0 > 0 && self.parts.next_obs.is_none() {
            self.parts.next_obs = Some(self.following());
        }
        if let Some(own) = &mut self.parts.next_obs {
            own.extend_from_slice(next);
        }
        self.parts.obs.extend_from_slice(obs);
        self.pending.clear();
        self.pending.extend_from_slice(&next[next.len() - d..]);
    }

    /// The next observations of all steps so far, which agreed with the following ones.
    fn following(&self) -> Vec<f32> {
        let (d, obs) = (self.width.obs, &self.parts.obs);
        let mut all = Vec::with_capacity(self.parts.rewards.capacity() * d);
        for span in &self.parts.spans {
            all.extend_from_slice(&obs[(span.first_obs + 1) * d..(span.first_obs + span.obs_rows) * d]);
        }
        let open = (self.first_step + self.parts.spans.len()) * d;
        all.extend_from_slice(obs.get(open + d..).unwrap_or_default());
        all.extend_from_slice(&self.pending);
        all
    }

    /// Ends the open episode with step `last`.
    fn close(&mut self, last: usize, terminated: bool, truncated: bool) {
        self.parts.obs.append(&mut self.pending);
        let (id, first_step) = (self.parts.spans.len(), self.first_step);
        let steps = last + 1 - first_step;
        self.parts.spans.push(EpisodeSpan {
            id: id as u64,
            first_step,
            steps,
            first_obs: first_step + id * self.width.extra,
            obs_rows: steps + self.width.extra,
            terminated,
            truncated,
        });
        self.first_step = last + 1;
    }

    /// The columns; what was odd goes to `origin`.
    pub fn finish(self, origin: &mut Origin) -> Parts {
        let names = ["observations", "actions", "rewards", "next_observations"];
        origin.warnings.extend(names.iter().zip(self.odd).filter_map(|(name, count)| count.warning(name)));
        let (count, first) = self.differ;
        if count > 0 {
            let hint = if self.timeouts { "" } else { " (unmarked ends of episodes look like this)" };
            origin.warnings.push(format!(
                "next_observations: {count} rows differ from the following observation of the same episode (first: row \
                 {first}){hint}; the file's own next observations are used"
            ));
        }
        self.parts
    }
}

/// True for the same numbers; NaN is like NaN.
#[allow(clippy::float_cmp, reason = "a copy is equal to the last bit")]
fn alike(a: &[f32], b: &[f32]) -> bool {
    let same = |a: &[f32], b: &[f32]| a.iter().zip(b).fold(true, |same, (a, b)| same & (a.to_bits() == b.to_bits()));
    let equal = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| a == b || (a.is_nan() && b.is_nan()));
    a.len() == b.len() && a.chunks(SCAN).zip(b.chunks(SCAN)).all(|(a, b)| same(a, b) || equal(a, b))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "results that are exact in binary")]

    use super::*;

    /// One observation and one action a row.
    fn width(next: bool) -> Width {
        Width { obs: 1, action: 1, extra: usize::from(next), next }
    }

    /// Episodes of these rows alone.
    fn parts(rows: &Rows, next: bool, origin: &mut Origin) -> Parts {
        let mut cutter = Cutter::new(width(next), rows.rewards.len(), rows.marks.ends().len() + 1).expect("fits");
        cutter.add(rows, true);
        cutter.finish(origin)
    }

    fn rows(n: usize, terminals: &[usize], timeouts: Option<&[usize]>, next: bool) -> Rows {
        let flags = |at: &[usize]| (0..n).map(|i| at.contains(&i)).collect::<Vec<_>>();
        Rows {
            obs: (0..n).map(|i| i as f32).collect(),
            next: next.then(|| (0..n).map(|i| i as f32 + 1.0).collect()),
            actions: vec![0.0; n],
            rewards: vec![1.0; n],
            marks: Marks::new(&flags(terminals), timeouts.map(flags).as_deref()),
        }
    }

    #[test]
    fn episodes_end_at_terminals_and_timeouts_and_the_rest_is_unfinished() {
        let parts = parts(&rows(7, &[1], Some(&[4]), false), false, &mut Origin::default());
        let ends: Vec<_> = parts.spans.iter().map(|s| (s.steps, s.terminated, s.truncated)).collect();
        assert_eq!(ends, [(2, true, false), (3, false, true), (2, false, false)]);
        assert!(parts.spans.iter().all(|s| s.obs_rows == s.steps), "no final observation without next_observations");
    }

    #[test]
    fn next_observations_complete_each_episode_and_are_dropped_where_they_agree() {
        let parts = parts(&rows(4, &[1], Some(&[3]), true), true, &mut Origin::default());
        assert_eq!(parts.obs, [0.0, 1.0, 2.0, 2.0, 3.0, 4.0]);
        assert_eq!(parts.next_obs, None);
        assert_eq!(parts.spans[1].first_obs, 3);
    }

    #[test]
    fn next_observations_that_differ_are_kept_whole_and_counted() {
        let mut r = rows(5, &[], Some(&[4]), true);
        r.next.as_mut().expect("given")[1] = 99.0;
        let mut origin = Origin::default();
        let parts = parts(&r, true, &mut origin);
        assert!(origin.warnings[0].contains("1 rows differ") && origin.warnings[0].contains("row 1"), "{origin:?}");
        assert_eq!(parts.next_obs.as_deref(), Some(&[1.0, 99.0, 3.0, 4.0, 5.0][..]));
        assert_eq!(parts.obs.len(), 6);
    }

    #[test]
    fn blocks_give_what_all_rows_at_once_give() {
        for off in [None, Some(0), Some(4), Some(6), Some(11)] {
            let whole = || {
                let mut r = rows(12, &[2], Some(&[7]), true);
                if let (Some(row), Some(next)) = (off, r.next.as_mut()) {
                    next[row] = -1.0;
                }
                r
            };
            let mut origin = Origin::default();
            let want = parts(&whole(), true, &mut origin);
            for size in [1, 2, 5, 7, 12] {
                let all = whole();
                let mut cutter = Cutter::new(width(true), 12, 3).expect("fits");
                for first in (0..12).step_by(size) {
                    let at = first..(first + size).min(12);
                    let last = at.end == 12;
                    let part = Rows {
                        obs: all.obs[at.clone()].to_vec(),
                        next: all.next.as_ref().map(|n| n[at.clone()].to_vec()),
                        actions: all.actions[at.clone()].to_vec(),
                        rewards: all.rewards[at.clone()].to_vec(),
                        marks: all.marks.part(at),
                    };
                    cutter.add(&part, last);
                }
                let mut told = Origin::default();
                let got = cutter.finish(&mut told);
                assert_eq!(
                    (&got.spans, &got.obs, &got.next_obs),
                    (&want.spans, &want.obs, &want.next_obs),
                    "{off:?} {size}"
                );
                assert_eq!(told.warnings, origin.warnings, "{off:?} {size}");
                assert_eq!(got.obs.capacity(), got.obs.len(), "nothing is held beside");
            }
        }
    }

    #[test]
    fn nan_equals_nan_when_next_observations_are_compared() {
        let mut r = rows(3, &[], Some(&[2]), true);
        r.obs[1] = f32::NAN;
        r.next.as_mut().expect("given")[0] = f32::NAN;
        let mut origin = Origin::default();
        assert_eq!((parts(&r, true, &mut origin).next_obs, origin.warnings.len()), (None, 2), "{origin:?}");
    }
}
