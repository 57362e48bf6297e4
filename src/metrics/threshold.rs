//! Thresholds with a promise: split conformal prediction over whole episodes.
//!
//! For each calibration episode S = max over its steps of the score. With n episodes and false-alarm level α the threshold
//! is the ⌈(n+1)(1-α)⌉-th smallest S; then an episode exchangeable with the calibration episodes has a step beyond it
//! with probability at most α. Needs n ≥ 1/α - 1 episodes. Single steps are not exchangeable (they follow each other), so
//! quantiles over steps promise nothing. Source: Vovk et al. 2005; over trajectories as in Seo & Bajcsy 2026.

use serde::{Deserialize, Serialize};

use crate::ground::binomial::beta_binomial_at_least;
use crate::ground::fault::Fault;
use crate::ground::stats;

/// How a threshold is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Split conformal over episodes: a promise about whole episodes.
    #[default]
    Conformal,
    /// The 1 - α quantile of the calibration steps: what is usual, and no promise.
    PerStep,
}

/// An alarm threshold and what it promises.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// Alarm above this score.
    pub value: f64,
    /// False-alarm level that was asked for.
    pub alpha: f64,
    /// Calibration episodes it rests on.
    pub episodes: usize,
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

/// Calibration episodes that level `alpha` needs: the least n with ⌈(n+1)(1-α)⌉ ≤ n.
pub fn episodes_needed(alpha: f64) -> usize {
    (1..=1_000_000).find(|&n| rank(n, alpha) <= n).unwrap_or(1_000_000)
}

/// ⌈(n+1)(1-α)⌉; products that are whole numbers but for rounding stay whole.
fn rank(n: usize, alpha: f64) -> usize {
    (((n + 1) as f64) * (1.0 - alpha) - 1e-9).ceil().max(1.0) as usize
}

/// The threshold for `maxima`, one score an episode.
///
/// With too few episodes the largest score is taken, which promises only the level 1/(n+1), and
/// [`Threshold::missing`] says how many more are needed.
///
/// # Errors
/// If there is no episode, or `alpha` is not between 0 and 1.
pub fn conformal(maxima: &[f64], alpha: f64) -> Result<Threshold, Fault> {
    if !(alpha > 0.0 && alpha < 1.0) {
        return Err(Fault::failed(format!(
            "the false-alarm level is {alpha}: choose one between 0 and 1, such as 0.1"
        )));
    }
    if maxima.is_empty() {
        return Err(Fault::failed("no calibration episode: a threshold needs at least one"));
    }
    let (n, sorted) = (maxima.len(), stats::sorted(maxima));
    let rank = rank(n, alpha);
    let missing = if rank > n { episodes_needed(alpha) - n } else { 0 };
    Ok(Threshold { value: sorted[rank.min(n) - 1], alpha, episodes: n, missing, shared: false, kind: Kind::Conformal })
}

/// The 1 - α quantile of the calibration steps' scores (linear between them); one that is no number counts as infinite.
///
/// # Errors
/// If there is no step, or `alpha` is not between 0 and 1.
pub fn per_step(scores: &[f64], owner: &[usize], alpha: f64) -> Result<Threshold, Fault> {
    let maxima = episode_max(scores, owner);
    let like = conformal(&maxima, alpha)?;
    let scores: Vec<f64> = scores.iter().map(|s| if s.is_nan() { f64::INFINITY } else { *s }).collect();
    Ok(Threshold { value: stats::quantile(&scores, 1.0 - alpha), missing: 0, kind: Kind::PerStep, ..like })
}

/// A threshold of either kind for the scores of the calibration steps; `shared` where they are the reference itself.
///
/// # Errors
/// As [`conformal`].
pub fn of_kind(kind: Kind, scores: &[f64], owner: &[usize], alpha: f64, shared: bool) -> Result<Threshold, Fault> {
    let threshold = match kind {
        Kind::Conformal => conformal(&episode_max(scores, owner), alpha)?,
        Kind::PerStep => per_step(scores, owner, alpha)?,
    };
    Ok(Threshold { shared, ..threshold })
}

impl Threshold {
    /// True if the promise of level [`Threshold::alpha`] holds.
    pub fn is_calibrated(&self) -> bool {
        self.kind == Kind::Conformal && self.missing == 0 && !self.shared
    }

    /// Probability that at least `hits` of `n` fresh episodes like the calibration ones have an alarm, both parts being drawn
    /// by chance (beta-binomial); nothing where nothing is promised.
    pub fn chance(&self, hits: usize, n: usize) -> Option<f64> {
        let rank = rank(self.episodes, self.alpha);
        self.is_calibrated().then(|| beta_binomial_at_least(hits, n, (self.episodes + 1 - rank, rank)))
    }

    /// The promise in a few words, for tables.
    pub fn short(&self) -> String {
        match () {
            () if self.shared => "no guarantee: no calibration part apart".into(),
            () if self.kind == Kind::PerStep => format!("no guarantee: {} of steps", percent(self.alpha)),
            () if self.missing > 0 => format!("uncalibrated: needs {} more episodes", self.missing),
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
        if self.missing > 0 {
            return format!(
                "Uncalibrated at {}: needs {} more calibration episodes. The largest score of the {n} there are is used, \
                 which promises a false alarm in at most {:.0} % of episodes like them.",
                percent(self.alpha),
                self.missing,
                100.0 / (n + 1) as f64
            );
        }
        format!(
            "An episode like the {n} calibration episodes has any step beyond the threshold with probability at most {}. \
             Episodes of another policy are not like them: there, an alarm is what it is for.",
            percent(self.alpha)
        )
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

fn percent(alpha: f64) -> String {
    let p = alpha * 100.0;
    if (p - p.round()).abs() < 1e-9 { format!("{p:.0} %") } else { format!("{p:.2} %") }
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
        assert_eq!([0.1, 0.05, 0.01, 0.5].map(episodes_needed), [9, 19, 99, 1]);
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
