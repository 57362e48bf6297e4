//! Shares of states and episodes beyond a threshold.

use super::threshold::episode_max;

/// OOD fraction: share of scores strictly above `threshold`; a score that is no number counts as above. NaN of nothing.
pub fn fraction(scores: &[f64], threshold: f64) -> f64 {
    let above = scores.iter().filter(|&&s| s.is_nan() || s > threshold).count();
    above as f64 / scores.len() as f64
}

/// Share of episodes with any score above `threshold`, and the number of episodes.
pub fn alarmed_episodes(scores: &[f64], owner: &[usize], threshold: f64) -> (f64, usize) {
    let maxima = episode_max(scores, owner);
    (fraction(&maxima, threshold), maxima.len())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "results that are exact in binary")]

    use super::*;

    #[test]
    fn only_strictly_larger_scores_count() {
        assert_eq!(fraction(&[1.0, 2.0, 3.0, f64::NAN], 2.0), 0.5);
        assert!(fraction(&[], 1.0).is_nan());
    }

    #[test]
    fn one_step_alarms_an_episode() {
        assert_eq!(alarmed_episodes(&[0.0, 9.0, 0.0, 0.0], &[0, 0, 1, 1], 1.0), (0.5, 2));
    }
}
