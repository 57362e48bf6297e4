//! What a threshold promises, in words.

use super::{DELTA, Kind, Threshold};
use crate::ground::number::unit;

impl Threshold {
    /// The promise in a few words, for tables.
    pub fn short(&self) -> String {
        match () {
            () if self.shared => "no guarantee: no calibration part apart".into(),
            () if self.kind == Kind::PerStep => format!("no guarantee: {} of steps", percent(self.alpha)),
            () if self.missing > 0 => {
                format!("uncalibrated: needs {} more {}", self.missing, unit(self.missing as f64, "episodes"))
            }
            () if self.kind == Kind::Pac => format!(
                "at most {} of episodes with {} confidence (n = {})",
                percent(self.alpha),
                percent(1.0 - DELTA),
                self.episodes
            ),
            () => format!("at most {} of episodes (n = {})", percent(self.alpha), self.episodes),
        }
    }

    /// The promise in words.
    pub fn sentence(&self) -> String {
        let n = self.episodes;
        if self.kind == Kind::PerStep {
            return format!(
                "No guarantee: {} of the calibration steps (of {n} episodes) are beyond the threshold, but steps follow each \
                 other, so this promises nothing for a new episode, and most episodes may have such a step.",
                percent(self.alpha)
            );
        }
        if self.shared {
            return "No guarantee: the dataset has too few episodes to keep a calibration part apart from the training part."
                .into();
        }
        let given = self.given();
        if self.missing > 0 {
            let level = match self.kind {
                Kind::Pac => format!("{} with {} confidence", percent(self.alpha), percent(1.0 - DELTA)),
                Kind::Conformal | Kind::PerStep => percent(self.alpha),
            };
            return format!(
                "Uncalibrated at {level}: needs {} more {}. The largest score of the {n} there are is used, \
                 which promises a false alarm in at most {:.0} % of episodes like them. {given}",
                self.missing,
                unit(self.missing as f64, "calibration episodes"),
                100.0 / (n + 1) as f64
            );
        }
        let promise = if self.kind == Kind::Pac {
            format!(
                "With {} confidence at most {} of episodes like the {n} calibration episodes have any step beyond the threshold.",
                percent(1.0 - DELTA),
                percent(self.alpha)
            )
        } else {
            format!(
                "An episode like the {n} calibration episodes has any step beyond the threshold with probability at most {}.",
                percent(self.alpha)
            )
        };
        format!("{promise} {given} Episodes of another policy are not like them: there, an alarm is what it is for.")
    }

    /// What the promise, an average over calibration sets, leaves open for the set that is used.
    fn given(&self) -> String {
        let (low, high) = self.spread().unwrap_or((f64::NAN, f64::NAN));
        format!(
            "Given these {} episodes the rate of false alarms is between {} and {} (5-95 % of calibration sets of this size).",
            self.episodes,
            percent(low),
            percent(high)
        )
    }
}

/// A share in percent of two or three digits: "10 %", "0.51 %", "2.5 %".
pub fn percent(share: f64) -> String {
    let p = 100.0 * share;
    match p {
        _ if (p - p.round()).abs() < 1e-9 || p >= 9.95 => format!("{p:.0} %"),
        _ if p >= 0.995 => format!("{p:.1} %"),
        _ => format!("{p:.2} %"),
    }
}
