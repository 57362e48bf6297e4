//! Statistics that grow: of any number of parts with the same columns, as if they were one dataset.

use super::{Moments, Summary, spread, summary};
use crate::data::dataset::Dataset;

/// What is remembered of every episode.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EpisodeRow {
    /// The episode's number in the file.
    pub id: u64,
    /// Number of steps.
    pub steps: usize,
    /// Undiscounted return.
    pub ret: f64,
    /// Ended by the environment.
    pub terminated: bool,
    /// Ended by a limit outside the environment.
    pub truncated: bool,
}

/// Statistics of one part, to be added to others.
pub struct Part {
    summary: Summary,
    rows: Vec<EpisodeRow>,
}

impl Part {
    /// Of all episodes of `data`.
    pub fn of(data: &Dataset) -> Self {
        let all: Vec<usize> = (0..data.num_episodes()).collect();
        let row = |e: crate::data::episode::Episode<'_>| EpisodeRow {
            id: e.span.id,
            steps: e.steps(),
            ret: e.ret(),
            terminated: e.span.terminated,
            truncated: e.span.truncated,
        };
        Self { summary: summary(data, &all), rows: data.episodes(&all).map(row).collect() }
    }
}

/// The sums so far.
#[derive(Debug, Clone, Default)]
pub struct Running {
    summary: Option<Summary>,
    rows: Vec<EpisodeRow>,
    /// For every observation dimension the sums over parts that the error of a mean needs.
    parts: Vec<Parts>,
    count: usize,
}

/// Sums over parts b with `n_b` values of mean `m_b`: of n, n², n²m and n²m².
#[derive(Debug, Clone, Copy, Default)]
struct Parts {
    n: f64,
    squares: f64,
    means: f64,
    mean_squares: f64,
}

impl Running {
    /// Adds a part: moments are merged by Chan, Golub and `LeVeque`'s formula (1983), which loses no digits.
    pub fn add(&mut self, part: Part) {
        let Part { summary: new, rows } = part;
        self.rows.extend(rows);
        self.count += 1;
        self.parts.resize(new.obs.len(), Parts::default());
        for (sums, m) in self.parts.iter_mut().zip(&new.obs).filter(|(_, m)| m.n > 0) {
            let n = m.n as f64;
            sums.n += n;
            sums.squares += n * n;
            sums.means += n * n * m.mean;
            sums.mean_squares += n * n * m.mean * m.mean;
        }
        match &mut self.summary {
            None => self.summary = Some(new),
            Some(all) => all.merge(&new),
        }
    }

    /// Everything about the parts so far; nothing before the first.
    pub fn summary(&self) -> Option<Summary> {
        let mut all = self.summary.clone()?;
        all.returns = spread(&self.rows.iter().map(|r| r.ret).collect::<Vec<_>>());
        all.lengths = spread(&self.rows.iter().map(|r| r.steps as f64).collect::<Vec<_>>());
        Some(all)
    }

    /// Every episode so far, in the order in which they were added.
    pub fn rows(&self) -> &[EpisodeRow] {
        &self.rows
    }

    /// Largest standard error of the mean of an observation dimension, in standard deviations of it, if the parts are drawn
    /// at random from `of` parts: the ratio estimator of cluster sampling (Cochran 1977, section 11.8). 0 for all of
    /// them, NaN before the second part.
    pub fn error(&self, of: usize) -> f64 {
        let Some(all) = self.summary.as_ref() else { return f64::NAN };
        if self.count >= of {
            return 0.0;
        }
        if self.count < 2 {
            return f64::NAN;
        }
        let rest = 1.0 - self.count as f64 / of as f64;
        let correction = rest * self.count as f64 / (self.count - 1) as f64;
        let of_dimension = |(sums, m): (&Parts, &Moments)| {
            let squares = sums.mean_squares - 2.0 * m.mean * sums.means + m.mean * m.mean * sums.squares;
            (correction * squares.max(0.0)).sqrt() / sums.n / m.std
        };
        let errors = self.parts.iter().zip(&all.obs).map(of_dimension).filter(|e| e.is_finite());
        errors.fold(0.0, f64::max)
    }
}

impl Summary {
    /// Counts and moments of both; `returns` and `lengths` need every episode and are left as they are.
    fn merge(&mut self, other: &Self) {
        self.episodes += other.episodes;
        self.transitions += other.transitions;
        self.usable += other.usable;
        self.terminated += other.terminated;
        self.truncated += other.truncated;
        self.unfinished += other.unfinished;
        self.rewards.merge(&other.rewards);
        self.obs.iter_mut().zip(&other.obs).for_each(|(a, b)| a.merge(b));
        self.actions.iter_mut().zip(&other.actions).for_each(|(a, b)| a.merge(b));
    }
}

impl Moments {
    fn merge(&mut self, other: &Self) {
        self.nonfinite += other.nonfinite;
        if other.n == 0 {
            return;
        }
        if self.n == 0 {
            let nonfinite = self.nonfinite;
            *self = Self { nonfinite, ..other.clone() };
            return;
        }
        let (a, b) = (self.n as f64, other.n as f64);
        let (n, far) = (a + b, other.mean - self.mean);
        let squares = self.std * self.std * a + other.std * other.std * b + far * far * a * b / n;
        self.n += other.n;
        self.mean += far * b / n;
        self.std = (squares / n).sqrt();
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "bounds and counts are copies")]

    use super::*;
    use crate::data::dataset::{Origin, Parts as Columns};
    use crate::data::episode::EpisodeSpan;
    use crate::data::space::Space;

    fn data(lengths: &[usize], seed: u32) -> Dataset {
        let mut parts = Columns::default();
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 1e6 + 1e4
        };
        for &steps in lengths {
            parts.spans.push(EpisodeSpan {
                id: parts.spans.len() as u64,
                first_step: parts.rewards.len(),
                steps,
                first_obs: parts.obs.len(),
                obs_rows: steps,
                terminated: steps % 2 == 0,
                truncated: false,
            });
            for _ in 0..steps {
                parts.obs.push(next());
                parts.actions.push(next());
                parts.rewards.push(f64::from(next()));
            }
        }
        parts.obs[1] = f32::NAN;
        Dataset::from_parts(Origin::default(), Space::unnamed("obs", 1), Space::unnamed("action", 1), parts).unwrap()
    }

    #[test]
    fn parts_together_give_the_numbers_of_the_whole() {
        let (a, b) = (data(&[3, 50, 8], 1), data(&[400, 7], 2));
        let mut running = Running::default();
        assert!(running.summary().is_none() && running.error(5).is_nan());
        running.add(Part::of(&a));
        running.add(Part::of(&b));
        let whole = a.join(&b).unwrap();
        let (got, want) = (running.summary().unwrap(), summary(&whole, &[0, 1, 2, 3, 4]));
        assert_eq!((got.episodes, got.transitions, got.usable), (want.episodes, want.transitions, want.usable));
        assert_eq!((got.returns, got.lengths, got.terminated), (want.returns, want.lengths, want.terminated));
        for (g, w) in got.obs.iter().chain(&got.actions).zip(want.obs.iter().chain(&want.actions)) {
            assert_eq!((g.n, g.nonfinite, g.min, g.max), (w.n, w.nonfinite, w.min, w.max));
            assert!((g.mean - w.mean).abs() < 1e-12 * w.mean && (g.std - w.std).abs() < 1e-9 * w.std, "{g:?} {w:?}");
        }
        assert_eq!(running.rows().len(), 5);
    }

    #[test]
    fn the_error_of_a_sample_covers_the_truth_and_is_nought_for_the_whole() {
        let parts: Vec<Dataset> = (0..200).map(|seed| data(&[20], 7 * seed + 1)).collect();
        let mut all = Running::default();
        for part in &parts {
            all.add(Part::of(part));
        }
        let truth = all.summary().unwrap().obs[0].clone();
        assert_eq!(all.error(200), 0.0);
        let mut within = 0;
        for first in 0..10 {
            let mut some = Running::default();
            for part in parts.iter().skip(first).step_by(10) {
                some.add(Part::of(part));
            }
            let off = (some.summary().unwrap().obs[0].mean - truth.mean).abs() / truth.std;
            within += usize::from(off < 2.0 * some.error(200));
        }
        assert!(within >= 8, "two standard errors hold {within} of 10");
    }
}
