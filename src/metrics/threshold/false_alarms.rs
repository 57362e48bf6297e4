//! How often a threshold alarms on held-out episodes, beside what it promises.

use super::{Threshold, episode_max, percent};
use crate::ground::binomial::clopper_pearson;
use crate::metrics::report::Level;

/// Level of the interval.
const LEVEL: f64 = 0.95;

/// Episodes with an alarm among those that should have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FalseAlarms {
    /// Episodes with any step beyond the threshold.
    pub hits: usize,
    /// Episodes.
    pub episodes: usize,
}

impl FalseAlarms {
    /// Counts the episodes of `owner` [N] with any of `scores` [N] beyond `threshold`.
    pub fn count(scores: &[f64], owner: &[usize], threshold: f64) -> Self {
        let maxima = episode_max(scores, owner);
        Self { hits: maxima.iter().filter(|&&s| s > threshold).count(), episodes: maxima.len() }
    }

    /// Share of episodes with an alarm; NaN of none.
    pub fn rate(self) -> f64 {
        self.hits as f64 / self.episodes as f64
    }

    /// 95 % Clopper–Pearson interval of the rate; nothing of no episode.
    pub fn interval(self) -> Option<(f64, f64)> {
        (self.episodes > 0).then(|| clopper_pearson(self.hits, self.episodes, LEVEL))
    }
}

impl Threshold {
    /// The level that holds: α, or 1/(n+1) where there are too few calibration episodes for it; nothing where nothing is
    /// promised.
    pub fn promised(&self) -> Option<f64> {
        if self.missing == 0 { self.is_calibrated().then_some(self.alpha) } else { self.expected() }
    }

    /// True where the interval of the rate of `seen` false alarms lies above the promise.
    pub fn is_broken_by(&self, seen: FalseAlarms) -> bool {
        matches!((self.promised(), seen.interval()), (Some(promised), Some((low, _))) if low > promised)
    }

    /// `seen` false alarms of what is `named` beside the promise: amber where its interval excludes that.
    pub fn beside(&self, named: &str, seen: FalseAlarms) -> (Level, String) {
        let Some((low, high)) = seen.interval() else {
            return (Level::Info, format!("{named}: there is no held-out episode to count false alarms on."));
        };
        let counted = format!(
            "{named} has an alarm in {} of {} held-out episodes ({}; 95 % interval {} to {})",
            seen.hits,
            seen.episodes,
            percent(seen.rate()),
            percent(low),
            percent(high)
        );
        let Some(promised) = self.promised() else {
            return (Level::Info, format!("{counted}; no rate is promised."));
        };
        let counted = format!("{counted}, where at most {} is promised", percent(promised));
        if !self.is_broken_by(seen) {
            return (Level::Info, counted + ".");
        }
        let chance = self.chance(seen.hits, seen.episodes).map_or_else(String::new, |p| {
            format!(
                ", and the choice of {} calibration episodes explains that in {} of cases",
                self.episodes,
                percent(p)
            )
        });
        (
            Level::Warn,
            format!(
                "{counted}: the interval excludes the promise{chance}; held-out and calibration episodes may not be alike."
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, conformal, of_kind};
    use super::*;

    /// scipy 1.17.1: `binomtest(3, 10).proportion_ci(method="exact")` = (0.0667, 0.6525), `binomtest(6, 10)` = (0.2624,
    /// 0.8784), `betabinom.sf(5, 10, 1, 10)` = 0.0054.
    #[test]
    fn false_alarms_stand_with_their_interval_and_are_amber_beyond_the_promise() {
        let t = conformal(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0], 0.1).unwrap();
        let seen = |hits| FalseAlarms { hits, episodes: 10 };
        let (level, text) = t.beside("Novelty", seen(3));
        assert_eq!(level, Level::Info);
        assert_eq!(
            text,
            "Novelty has an alarm in 3 of 10 held-out episodes (30 %; 95 % interval 6.7 % to 65 %), where at most 10 % is promised."
        );
        let (level, text) = t.beside("Novelty", seen(6));
        assert_eq!((level, t.is_broken_by(seen(6))), (Level::Warn, true));
        assert!(text.contains("interval 26 % to 88 %") && text.contains("explains that in 0.54 % of cases"), "{text}");
        let few = conformal(&[1.0, 2.0, 3.0], 0.1).unwrap();
        assert!(few.beside("Novelty", seen(3)).1.contains("at most 25 % is promised"));
        let none = of_kind(Kind::PerStep, &[1.0, 2.0], &[0, 1], 0.1, false).unwrap();
        assert!(none.beside("Novelty", seen(9)).1.ends_with("no rate is promised."));
        let nothing = FalseAlarms::count(&[], &[], 1.0);
        assert_eq!((nothing, nothing.interval()), (FalseAlarms { hits: 0, episodes: 0 }, None));
        assert!(nothing.rate().is_nan() && t.beside("Novelty", nothing).1.contains("no held-out episode"));
    }
}
