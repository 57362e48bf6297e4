//! Exact statistics of episodes: sums in f64, two passes, numbers that are not finite left out and counted.

use serde::Serialize;

use super::dataset::Dataset;
use super::episode::Episode;
use crate::ground::stats;

mod running;

pub use running::{EpisodeRow, Part, Running};

/// A dataset (or some of its episodes) in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Number of episodes.
    pub episodes: usize,
    /// Number of steps.
    pub transitions: usize,
    /// Steps whose next observation is there and whose numbers are all finite: what dynamics can be learned from.
    pub usable: usize,
    /// Episodes that the environment ended.
    pub terminated: usize,
    /// Episodes that a limit outside the environment ended.
    pub truncated: usize,
    /// Episodes that neither ended: the recording stopped.
    pub unfinished: usize,
    /// Undiscounted returns, one an episode.
    pub returns: Spread,
    /// Steps, one number an episode.
    pub lengths: Spread,
    /// Rewards, over all steps.
    pub rewards: Moments,
    /// Observation dimensions, over the states `s_t`, t < T (without final observations).
    pub obs: Vec<Moments>,
    /// Action dimensions.
    pub actions: Vec<Moments>,
}

/// How one number per episode is spread. All NaN (null in JSON) for no episode.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// Mean.
    pub mean: f64,
    /// Standard deviation of the population (ddof 0).
    pub std_pop: f64,
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
    /// Middle; the mean of the two middle ones where the count is even.
    pub median: f64,
}

/// Moments of one dimension over its finite values. Mean to max are NaN (null in JSON) where there is none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Moments {
    /// Name of the dimension.
    pub name: String,
    /// Finite values.
    pub n: usize,
    /// NaN and Inf, left out.
    pub nonfinite: usize,
    /// Mean.
    pub mean: f64,
    /// Standard deviation of the population (ddof 0).
    pub std: f64,
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
}

/// Statistics of the named episodes.
pub fn summary(data: &Dataset, episodes: &[usize]) -> Summary {
    let all = || data.episodes(episodes);
    let count = |keep: fn(&Episode<'_>) -> bool| all().filter(keep).count();
    let returns: Vec<f64> = all().map(|e| e.ret()).collect();
    let lengths: Vec<f64> = all().map(|e| e.steps() as f64).collect();
    // A space may have no dimension; a row then has none either, and there is nothing to visit.
    let (d, a) = (data.obs_dim(), data.action_dim());
    Summary {
        episodes: episodes.len(),
        transitions: all().map(|e| e.steps()).sum(),
        usable: all().map(|e| usable(&e)).sum(),
        terminated: count(|e| e.span.terminated),
        truncated: count(|e| e.span.truncated),
        unfinished: count(|e| !e.span.terminated && !e.span.truncated),
        returns: spread(&returns),
        lengths: spread(&lengths),
        rewards: one("reward", || all().flat_map(|e| e.rewards.iter().copied())),
        obs: columns(&data.obs_space.names, &|visit| {
            all().for_each(|e| e.obs[..e.steps() * d].chunks_exact(d.max(1)).for_each(&mut *visit));
        }),
        actions: columns(&data.action_space.names, &|visit| {
            all().for_each(|e| e.actions.chunks_exact(a.max(1)).for_each(&mut *visit));
        }),
    }
}

/// How `values` are spread; NaN in the list is not allowed (returns and lengths are finite by construction).
pub fn spread(values: &[f64]) -> Spread {
    let m = one("", || values.iter().copied());
    Spread { mean: m.mean, std_pop: m.std, min: m.min, max: m.max, median: stats::median(values.to_vec()) }
}

/// Transitions of the episode that dynamics can be learned from, as
/// [`TransitionBatch::push_episode`](super::episode::TransitionBatch::push_episode) selects them.
fn usable(e: &Episode<'_>) -> usize {
    let finite = |row: &[f32]| row.iter().all(|v| v.is_finite());
    (0..e.steps())
        .filter(|&t| {
            e.rewards[t].is_finite() && finite(e.obs_at(t)) && finite(e.action_at(t)) && e.next_obs_at(t).is_some()
        })
        .count()
}

/// Shows every row of a matrix to a visitor.
type Rows<'a> = dyn Fn(&mut dyn FnMut(&[f32])) + 'a;

/// Moments of every column of the rows that `rows` visits.
fn columns(names: &[String], rows: &Rows<'_>) -> Vec<Moments> {
    let mut all: Vec<Moments> = names.iter().map(|name| Moments::empty(name)).collect();
    rows(&mut |row| all.iter_mut().zip(row).for_each(|(m, &v)| m.first(f64::from(v))));
    all.iter_mut().for_each(Moments::middle);
    rows(&mut |row| all.iter_mut().zip(row).for_each(|(m, &v)| m.second(f64::from(v))));
    all.iter_mut().for_each(Moments::finish);
    all
}

/// Moments of one sequence, gone through twice.
fn one<I: Iterator<Item = f64>>(name: &str, values: impl Fn() -> I) -> Moments {
    let mut m = Moments::empty(name);
    values().for_each(|v| m.first(v));
    m.middle();
    values().for_each(|v| m.second(v));
    m.finish();
    m
}

impl Moments {
    fn empty(name: &str) -> Self {
        let (min, max) = (f64::INFINITY, f64::NEG_INFINITY);
        Self { name: name.to_owned(), n: 0, nonfinite: 0, mean: 0.0, std: 0.0, min, max }
    }

    /// First pass: count, sum (in `mean`), bounds.
    fn first(&mut self, v: f64) {
        if v.is_finite() {
            self.n += 1;
            self.mean += v;
            self.min = self.min.min(v);
            self.max = self.max.max(v);
        } else {
            self.nonfinite += 1;
        }
    }

    /// Between the passes: the sum becomes the mean.
    fn middle(&mut self) {
        if self.n == 0 {
            (self.mean, self.min, self.max) = (f64::NAN, f64::NAN, f64::NAN);
        } else {
            // A mean lies between the bounds; rounding of a long sum must not carry it out (all values equal).
            self.mean = (self.mean / self.n as f64).clamp(self.min, self.max);
        }
    }

    /// Second pass: squares about the mean (in `std`).
    fn second(&mut self, v: f64) {
        if v.is_finite() {
            self.std += (v - self.mean) * (v - self.mean);
        }
    }

    fn finish(&mut self) {
        self.std = if self.n == 0 { f64::NAN } else { (self.std / self.n as f64).sqrt() };
    }
}

#[cfg(test)]
mod tests;
