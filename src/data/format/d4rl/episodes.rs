//! Cutting flat rows into episodes.

use crate::data::dataset::{EpisodeSpan, Origin, Parts};
use crate::task::{Cancelled, Ctx};

/// The file's columns, one row a step.
pub(in crate::data::format) struct Rows {
    pub obs_dim: usize,
    /// `[N, obs_dim]`.
    pub obs: Vec<f32>,
    /// `[N, obs_dim]`.
    pub next: Option<Vec<f32>>,
    /// `[N, action_dim]`.
    pub actions: Vec<f32>,
    /// [N].
    pub rewards: Vec<f64>,
    /// [N].
    pub terminals: Vec<bool>,
    /// [N].
    pub timeouts: Option<Vec<bool>>,
}

impl Rows {
    /// The rows of `other` after these; both have the same columns.
    pub fn append(&mut self, other: Self) {
        self.obs.extend(other.obs);
        self.actions.extend(other.actions);
        self.rewards.extend(other.rewards);
        self.terminals.extend(other.terminals);
        if let (Some(next), Some(more)) = (&mut self.next, other.next) {
            next.extend(more);
        }
        if let (Some(timeouts), Some(more)) = (&mut self.timeouts, other.timeouts) {
            timeouts.extend(more);
        }
    }

    /// Where an end is marked for either reason: what is a terminal is no timeout.
    pub fn only_timeouts(&mut self) {
        for (timeout, &terminal) in self.timeouts.iter_mut().flatten().zip(&self.terminals) {
            *timeout &= !terminal;
        }
    }

    fn timeout(&self, row: usize) -> bool {
        self.timeouts.as_ref().is_some_and(|t| t[row])
    }

    /// True if an episode ends with this row.
    fn ends(&self, row: usize) -> bool {
        self.terminals[row] || self.timeout(row) || row + 1 == self.rewards.len()
    }

    /// Drops `next_observations` where it only repeats the following rows; warns where it does not and keeps it.
    ///
    /// Files that differ are known: rows were dropped or shuffled before saving, or a time limit was not marked.
    fn settle_next_observations(&self, origin: &mut Origin) -> bool {
        let Some((count, first)) = self.disagreements() else { return false };
        let hint = if self.timeouts.is_none() { " (unmarked ends of episodes look like this)" } else { "" };
        origin.warnings.push(format!(
            "next_observations: {count} rows differ from the following observation of the same episode (first: row \
             {first}){hint}; the file's own next observations are used"
        ));
        true
    }

    /// How many rows disagree with the following one, and the first of them.
    #[allow(clippy::float_cmp, reason = "a copy is equal to the last bit")]
    fn disagreements(&self) -> Option<(usize, usize)> {
        let next = self.next.as_ref()?;
        let d = self.obs_dim;
        let same = |a: f32, b: f32| a == b || (a.is_nan() && b.is_nan());
        let mut differ = (0..self.rewards.len()).filter(|&row| {
            !self.ends(row)
                && !next[row * d..][..d].iter().zip(&self.obs[(row + 1) * d..][..d]).all(|(&a, &b)| same(a, b))
        });
        let first = differ.next()?;
        Some((1 + differ.count(), first))
    }

    /// Spans and columns: T+1 observations an episode where `next_observations` gives the last one, else T.
    pub fn into_parts(self, origin: &mut Origin, cx: &Ctx) -> Result<Parts, Cancelled> {
        let spans = self.spans(cx)?;
        let keep = self.settle_next_observations(origin);
        let Self { obs_dim, obs, next, actions, rewards, .. } = self;
        let obs = match &next {
            None => obs,
            Some(next) => {
                let mut all = Vec::with_capacity(obs.len() + spans.len() * obs_dim);
                for span in &spans {
                    cx.check()?;
                    let rows = span.first_step * obs_dim..(span.first_step + span.steps) * obs_dim;
                    all.extend_from_slice(&obs[rows.clone()]);
                    all.extend_from_slice(&next[rows.end - obs_dim..rows.end]);
                }
                all
            }
        };
        Ok(Parts { spans, obs, actions, rewards, next_obs: next.filter(|_| keep) })
    }

    fn spans(&self, cx: &Ctx) -> Result<Vec<EpisodeSpan>, Cancelled> {
        let extra = usize::from(self.next.is_some());
        let mut spans: Vec<EpisodeSpan> = Vec::new();
        let mut first_step = 0;
        for row in 0..self.rewards.len() {
            if row % 65_536 == 0 {
                cx.check()?;
            }
            if !self.ends(row) {
                continue;
            }
            let steps = row + 1 - first_step;
            spans.push(EpisodeSpan {
                id: spans.len() as u64,
                first_step,
                steps,
                first_obs: first_step + spans.len() * extra,
                obs_rows: steps + extra,
                terminated: self.terminals[row],
                truncated: self.timeout(row),
            });
            first_step = row + 1;
        }
        Ok(spans)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "results that are exact in binary")]

    use super::*;

    fn rows(n: usize, terminals: &[usize], timeouts: Option<&[usize]>, next: bool) -> Rows {
        let flags = |at: &[usize]| (0..n).map(|i| at.contains(&i)).collect::<Vec<_>>();
        Rows {
            obs_dim: 1,
            obs: (0..n).map(|i| i as f32).collect(),
            next: next.then(|| (0..n).map(|i| i as f32 + 1.0).collect()),
            actions: vec![0.0; n],
            rewards: vec![1.0; n],
            terminals: flags(terminals),
            timeouts: timeouts.map(flags),
        }
    }

    #[test]
    fn episodes_end_at_terminals_and_timeouts_and_the_rest_is_unfinished() {
        let parts =
            rows(7, &[1], Some(&[4]), false).into_parts(&mut Origin::default(), &Ctx::quiet()).expect("not cancelled");
        let ends: Vec<_> = parts.spans.iter().map(|s| (s.steps, s.terminated, s.truncated)).collect();
        assert_eq!(ends, [(2, true, false), (3, false, true), (2, false, false)]);
        assert!(parts.spans.iter().all(|s| s.obs_rows == s.steps), "no final observation without next_observations");
    }

    #[test]
    fn next_observations_complete_each_episode_and_are_dropped_where_they_agree() {
        let parts =
            rows(4, &[1], Some(&[3]), true).into_parts(&mut Origin::default(), &Ctx::quiet()).expect("not cancelled");
        assert_eq!(parts.obs, [0.0, 1.0, 2.0, 2.0, 3.0, 4.0]);
        assert_eq!(parts.next_obs, None);
        assert_eq!(parts.spans[1].first_obs, 3);
    }

    #[test]
    fn next_observations_that_differ_are_kept_whole_and_counted() {
        let mut r = rows(5, &[], Some(&[4]), true);
        r.next.as_mut().expect("given")[1] = 99.0;
        let mut origin = Origin::default();
        let parts = r.into_parts(&mut origin, &Ctx::quiet()).expect("not cancelled");
        assert!(origin.warnings[0].contains("1 rows differ") && origin.warnings[0].contains("row 1"), "{origin:?}");
        assert_eq!(parts.next_obs.as_deref(), Some(&[1.0, 99.0, 3.0, 4.0, 5.0][..]));
        assert_eq!(parts.obs.len(), 6);
    }

    #[test]
    fn nan_equals_nan_when_next_observations_are_compared() {
        let mut r = rows(3, &[], Some(&[2]), true);
        r.obs[1] = f32::NAN;
        r.next.as_mut().expect("given")[0] = f32::NAN;
        assert_eq!(r.disagreements(), None);
    }
}
