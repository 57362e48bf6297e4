//! Thresholds with a promise: split conformal prediction over whole episodes.
//!
//! For each calibration episode S = max over its steps of the score. With n episodes and false-alarm level α the threshold
//! is the ⌈(n+1)(1-α)⌉-th smallest S; then an episode exchangeable with the calibration episodes has a step beyond it
//! with probability at most α. Needs n ≥ 1/α - 1 episodes. Single steps are not exchangeable (they follow each other), so
//! quantiles over steps promise nothing. Source: Vovk et al. 2005; over trajectories as in Seo & Bajcsy 2026.
//!
//! That probability is an average over calibration sets. Given one set, the rate of false alarms of a threshold at the r-th
//! of n is Beta(n+1-r, r) distributed ([`Threshold::spread`]); [`Kind::Pac`] takes the rank at which it is at most α in all
//! but a share [`DELTA`] of calibration sets (Vovk 2012, training-conditional validity).

mod false_alarms;
mod spread;
mod words;

use serde::{Deserialize, Serialize};

use crate::ground::binomial::cumulative;
use crate::ground::fault::Fault;
use crate::ground::stats;
pub use false_alarms::FalseAlarms;
pub use words::percent;

/// How a threshold is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Split conformal over episodes: a promise about whole episodes.
    #[default]
    Conformal,
    /// The same with a rank so large that the rate is at most α in all but a share [`DELTA`] of calibration sets.
    Pac,
    /// The 1 - α quantile of the calibration steps: what is usual, and no promise.
    PerStep,
}

/// Share of calibration sets whose [`Kind::Pac`] threshold may alarm more often than α.
pub const DELTA: f64 = 0.05;

/// An alarm threshold and what it promises.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// Alarm above this score.
    pub value: f64,
    /// False-alarm level that was asked for.
    pub alpha: f64,
    /// Calibration episodes it rests on.
    pub episodes: usize,
    /// Which of their largest scores it is, counted from 1 for the smallest; 0 for a quantile of steps.
    pub rank: usize,
    /// Calibration episodes that are missing for the level asked for; 0 where the promise holds.
    pub missing: usize,
    /// Calibration and reference episodes are the same: nothing is promised.
    pub shared: bool,
    /// How it was set.
    pub kind: Kind,
}

/// True for a score in units of its threshold that is an alarm; one that is no number is.
pub fn is_alarm(ratio: f64) -> bool {
    ratio > 1.0 || ratio.is_nan()
}

/// Largest score of each episode, in the order of their first rows. A score that is not a number counts as infinite:
/// it must not hide.
pub fn episode_max(scores: &[f64], owner: &[usize]) -> Vec<f64> {
    let score = |i: usize| if scores[i].is_nan() { f64::INFINITY } else { scores[i] };
    stats::by_episode(owner)
        .into_iter()
        .map(|(_, rows)| rows.into_iter().map(score).fold(f64::NEG_INFINITY, f64::max))
        .collect()
}

/// Calibration episodes that level `alpha` needs: the least n with ⌈(n+1)(1-α)⌉ ≤ n, or the least n of which the largest
/// score alarms at most as often with confidence 1 - [`DELTA`].
pub fn episodes_needed(kind: Kind, alpha: f64) -> usize {
    const MOST: usize = 1_000_000;
    match kind {
        Kind::Pac => (DELTA.ln() / (-alpha).ln_1p()).ceil().clamp(1.0, MOST as f64) as usize,
        Kind::Conformal | Kind::PerStep => (1..=MOST).find(|&n| rank(n, alpha) <= n).unwrap_or(MOST),
    }
}

/// ⌈(n+1)(1-α)⌉; products that are whole numbers but for rounding stay whole.
fn rank(n: usize, alpha: f64) -> usize {
    (((n + 1) as f64) * (1.0 - alpha) - 1e-9).ceil().max(1.0) as usize
}

/// The least rank r with P(Beta(n+1-r, r) ≤ α) ≥ 1 - δ, which is P(Bin(n, α) ≤ n - r) ≤ δ; n + 1 where there is none.
fn pac_rank(n: usize, alpha: f64) -> usize {
    // The rank of the average promise is never too large by more than one.
    (rank(n, alpha).saturating_sub(1).max(1)..=n).find(|&r| cumulative(n - r, n, alpha) <= DELTA).unwrap_or(n + 1)
}

/// The threshold of split conformal prediction for `maxima`, one score an episode: [`Kind::Conformal`].
///
/// With too few episodes the largest score is taken, which promises only the level 1/(n+1), and
/// [`Threshold::missing`] says how many more are needed.
///
/// # Errors
/// If there is no episode, or `alpha` is not between 0 and 1.
pub fn conformal(maxima: &[f64], alpha: f64) -> Result<Threshold, Fault> {
    of_maxima(Kind::Conformal, maxima, alpha)
}

/// [`conformal`], or with the rank of [`Kind::Pac`].
fn of_maxima(kind: Kind, maxima: &[f64], alpha: f64) -> Result<Threshold, Fault> {
    if !(alpha > 0.0 && alpha < 1.0) {
        return Err(Fault::failed(format!(
            "the false-alarm level is {alpha}: choose one between 0 and 1, such as 0.1"
        )));
    }
    if maxima.is_empty() {
        return Err(Fault::failed("no calibration episode: a threshold needs at least one"));
    }
    let (n, sorted) = (maxima.len(), stats::sorted(maxima));
    let wanted = if kind == Kind::Pac { pac_rank(n, alpha) } else { rank(n, alpha) };
    let missing = if wanted > n { episodes_needed(kind, alpha) - n } else { 0 };
    let rank = wanted.min(n);
    Ok(Threshold { value: sorted[rank - 1], alpha, episodes: n, rank, missing, shared: false, kind })
}

/// The 1 - α quantile of the calibration steps' scores (linear between them); one that is no number counts as infinite.
///
/// # Errors
/// If there is no step, or `alpha` is not between 0 and 1.
pub fn per_step(scores: &[f64], owner: &[usize], alpha: f64) -> Result<Threshold, Fault> {
    let maxima = episode_max(scores, owner);
    let like = conformal(&maxima, alpha)?;
    let scores: Vec<f64> = scores.iter().map(|s| if s.is_nan() { f64::INFINITY } else { *s }).collect();
    let value = stats::quantile(&scores, 1.0 - alpha);
    Ok(Threshold { value, rank: 0, missing: 0, kind: Kind::PerStep, ..like })
}

/// A threshold of any kind for the scores of the calibration steps; `shared` where they are the reference itself.
///
/// # Errors
/// As [`conformal`].
pub fn of_kind(kind: Kind, scores: &[f64], owner: &[usize], alpha: f64, shared: bool) -> Result<Threshold, Fault> {
    let threshold = match kind {
        Kind::Conformal | Kind::Pac => of_maxima(kind, &episode_max(scores, owner), alpha)?,
        Kind::PerStep => per_step(scores, owner, alpha)?,
    };
    Ok(Threshold { shared, ..threshold })
}

impl Threshold {
    /// True if the promise of level [`Threshold::alpha`] holds.
    pub fn is_calibrated(&self) -> bool {
        self.kind != Kind::PerStep && self.missing == 0 && !self.shared
    }

    /// `score` in units of the threshold (1 = at the threshold); infinite where that is 0 and the score is not.
    pub fn ratio(&self, score: f64) -> f64 {
        if score.is_nan() {
            f64::INFINITY
        } else if self.value > 0.0 {
            score / self.value
        } else if score > self.value {
            f64::INFINITY
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "results that are exact in binary")]

    use super::*;

    #[test]
    fn the_rank_is_that_of_the_definition() {
        let nine: Vec<f64> = (1..=9).map(f64::from).collect();
        let t = conformal(&nine, 0.1).unwrap();
        assert_eq!((t.value, t.missing), (9.0, 0));
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        // ⌈101 · 0.9⌉ = 91, ⌈101 · 0.95⌉ = 96.
        assert_eq!(conformal(&hundred, 0.1).unwrap().value, 91.0);
        assert_eq!(conformal(&hundred, 0.05).unwrap().value, 96.0);
    }

    #[test]
    fn the_needed_episodes_are_one_over_alpha_less_one() {
        assert_eq!([0.1, 0.05, 0.01, 0.5].map(|a| episodes_needed(Kind::Conformal, a)), [9, 19, 99, 1]);
    }

    #[test]
    fn too_few_episodes_are_said_and_counted() {
        let t = conformal(&[3.0, 5.0, 4.0], 0.1).unwrap();
        assert_eq!((t.value, t.missing, t.is_calibrated()), (5.0, 6, false));
        assert!(t.sentence().contains("needs 6 more") && t.sentence().contains("25 %"), "{}", t.sentence());
        assert!(
            conformal(&[], 0.1).is_err() && conformal(&[1.0], 1.0).is_err() && conformal(&[1.0], f64::NAN).is_err()
        );
    }

    /// numpy 2.4.1: `np.quantile(range(1, 11), 0.9)` = 9.1.
    #[test]
    fn a_quantile_of_steps_promises_nothing() {
        let steps: Vec<f64> = (1..=10).map(f64::from).collect();
        let t = of_kind(Kind::PerStep, &steps, &[0, 0, 0, 0, 0, 1, 1, 1, 1, 1], 0.1, false).unwrap();
        assert!((t.value - 9.1).abs() < 1e-12 && t.episodes == 2 && !t.is_calibrated());
        assert!(t.sentence().starts_with("No guarantee") && t.short().contains("no guarantee"));
        let c = of_kind(Kind::Conformal, &steps, &[0, 0, 0, 0, 0, 1, 1, 1, 1, 1], 0.1, false).unwrap();
        assert!(c.short().contains("needs 7 more"), "{}", c.short());
        assert!(per_step(&[1.0, f64::NAN], &[0, 0], 0.1).unwrap().value.is_infinite());
    }

    #[test]
    fn a_score_that_is_no_number_is_an_alarm() {
        assert_eq!(episode_max(&[1.0, f64::NAN, 2.0, 0.5], &[4, 4, 9, 9]), [f64::INFINITY, 2.0]);
        assert_eq!(conformal(&[1.0], 0.5).unwrap().ratio(f64::NAN), f64::INFINITY);
    }

    #[test]
    fn ratios_are_in_units_of_the_threshold() {
        let t = conformal(&[2.0], 0.5).unwrap();
        assert_eq!(t.ratio(3.0), 1.5);
        let zero = conformal(&[0.0], 0.5).unwrap();
        assert_eq!((zero.ratio(0.0), zero.ratio(1e-9)), (0.0, f64::INFINITY));
    }
}

#[cfg(test)]
mod simulation;
