//! A score with its threshold: what is promised, and how often it really fires on episodes that it should not fire on.

use super::report::Level;
use super::score::Score;
use super::threshold::{self, FalseAlarms, Kind, Threshold, is_alarm};
use crate::ground::bootstrap;
use crate::ground::fault::Fault;
use crate::ground::seed::keyed;
use crate::ground::stats;
use crate::metrics::ood;

/// A score, its threshold and its record on held-out episodes.
#[derive(Debug, Clone)]
pub struct Alarm {
    /// Which score.
    pub score: &'static Score,
    /// Where it alarms.
    pub threshold: Threshold,
    /// How often it alarms on the held-out part.
    pub record: Record,
}

/// False alarms on the held-out part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Record {
    /// Held-out episodes with any state beyond the threshold.
    pub episodes: FalseAlarms,
    /// Share of held-out states beyond the threshold.
    pub states: f64,
    /// 95 % interval of `states` by bootstrap over episodes; nothing with fewer than 5.
    pub states_interval: Option<(f64, f64)>,
    /// Held-out states.
    pub n_states: usize,
}

/// Level of the intervals.
const LEVEL: f64 = 0.95;
/// What is left on either side.
const TAIL: f64 = (1.0 - LEVEL) / 2.0;
/// Episodes drawn anew this many times for the share of states.
const RESAMPLES: usize = 500;
/// Fewer episodes give no bootstrap interval.
const LEAST: usize = 5;

/// Scores of the states of one part with the episode of each: what a threshold is set from or tried on.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// [N].
    pub values: &'a [f64],
    /// [N].
    pub owner: &'a [usize],
}

impl Alarm {
    /// Sets the threshold on the calibration part and tries it on the held-out part.
    ///
    /// # Errors
    /// If a part is empty, or `alpha` is not between 0 and 1.
    pub fn set(
        score: &'static Score,
        calibration: Part<'_>,
        heldout: Part<'_>,
        (kind, alpha, shared): (Kind, f64, bool),
        seed: u64,
    ) -> Result<Self, Fault> {
        let threshold = threshold::of_kind(kind, calibration.values, calibration.owner, alpha, shared)?;
        let record = Record::count(heldout, threshold.value, seed);
        Ok(Self { score, threshold, record })
    }

    /// The realised rate of what `alpha` is about: episodes for a conformal threshold, states for a per-step one; with
    /// its 95 % interval and its n.
    pub fn realised(&self) -> (f64, Option<(f64, f64)>, usize) {
        let r = &self.record;
        match self.threshold.kind {
            Kind::Conformal | Kind::Pac => (r.episodes.rate(), r.episodes.interval(), r.episodes.episodes),
            Kind::PerStep => (r.states, r.states_interval, r.n_states),
        }
    }

    /// What [`Alarm::realised`] counts.
    pub fn unit(&self) -> &'static str {
        match self.threshold.kind {
            Kind::Conformal | Kind::Pac => "episodes",
            Kind::PerStep => "states",
        }
    }

    /// The false alarms on held-out episodes beside what is promised.
    pub fn beside(&self) -> (Level, String) {
        self.threshold.beside(self.score.label, self.record.episodes)
    }

    /// Scores in units of the threshold; above 1 is an alarm.
    pub fn ratios(&self, values: &[f64]) -> Vec<f64> {
        values.iter().map(|&v| self.threshold.ratio(v)).collect()
    }
}

impl Record {
    fn count(part: Part<'_>, threshold: f64, seed: u64) -> Self {
        Self {
            episodes: FalseAlarms::count(part.values, part.owner, threshold),
            states: ood::fraction(part.values, threshold),
            states_interval: resampled(part, threshold, seed),
            n_states: part.values.len(),
        }
    }
}

/// 95 % percentile interval of the share of states beyond the threshold over resampled episodes.
fn resampled(part: Part<'_>, threshold: f64, seed: u64) -> Option<(f64, f64)> {
    let beyond = |&i: &usize| u32::from(part.values[i].is_nan() || part.values[i] > threshold);
    let counts: Vec<(f64, f64)> = stats::by_episode(part.owner)
        .iter()
        .map(|(_, rows)| (f64::from(rows.iter().map(beyond).sum::<u32>()), rows.len() as f64))
        .collect();
    (counts.len() >= LEAST).then(|| {
        let mut rng = keyed(seed, 0);
        let mut draw = || {
            let (mut hits, mut all) = (0.0, 0.0);
            for episode in bootstrap::drawn(&mut rng, counts.len()) {
                let (h, n) = counts[episode];
                (hits, all) = (hits + h, all + n);
            }
            hits / all
        };
        let draws: Vec<f64> = stats::sorted(&(0..RESAMPLES).map(|_| draw()).collect::<Vec<_>>());
        (stats::quantile_sorted(&draws, TAIL), stats::quantile_sorted(&draws, 1.0 - TAIL))
    })
}

/// Share of states, share of episodes, and number of episodes beyond, of scores in units of their threshold.
pub fn beyond(ratios: &[f64], owner: &[usize]) -> (f64, f64, usize) {
    let states = ratios.iter().filter(|r| is_alarm(**r)).count() as f64 / ratios.len() as f64;
    let (episodes, n) = ood::alarmed_episodes(ratios, owner, 1.0);
    (states, episodes, n)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "results that are exact in binary")]

    use super::*;
    use crate::metrics::score::SCORES;

    #[test]
    fn the_record_stands_beside_the_promise() {
        let values: Vec<f64> = (0..100).map(f64::from).collect();
        let owner: Vec<usize> = (0..100).map(|i| i / 10).collect();
        let part = Part { values: &values, owner: &owner };
        let a = Alarm::set(&SCORES[0], part, part, (Kind::Conformal, 0.2, false), 0).unwrap();
        // Maxima 9, 19, .. 99; ⌈11 · 0.8⌉ = 9: the ninth smallest, 89. One of ten episodes is beyond it, by ten states.
        assert_eq!((a.threshold.value, a.record.episodes.rate(), a.record.states), (89.0, 0.1, 0.1));
        // scipy 1.17.1: binomtest(1, 10).proportion_ci(method="exact").
        let (low, high) = a.record.episodes.interval().unwrap();
        assert!((low - 0.002_528_578_544_461_785).abs() < 1e-10);
        assert!((high - 0.445_016_117_028_195_5).abs() < 1e-10);
        assert_eq!((a.realised().2, a.unit(), a.beside().0), (10, "episodes", Level::Info));
        let s = Alarm::set(&SCORES[0], part, part, (Kind::PerStep, 0.2, false), 0).unwrap();
        assert_eq!((s.realised().0, s.realised().2, s.unit()), (0.2, 100, "states"));
        let (low, high) = s.realised().1.unwrap();
        assert!(low < 0.2 && 0.2 < high, "ten episodes, of which two are all beyond: {low} {high}");
        assert_eq!(beyond(&a.ratios(&values), &owner), (0.1, 0.1, 10));
    }
}
