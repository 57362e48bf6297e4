//! How far and how early an episode leaves.

/// Steps in a row beyond a threshold that make a crossing sustained (or all that are left).
const SUSTAINED: usize = 3;
/// Ratios count up to this: one exploded step must not outweigh everything.
const CAP: f64 = 100.0;

/// The score in words.
pub const DEFINITION: &str = "mean excess over the threshold (novelty or model error, whichever is larger; each capped at 100) from the \
     first sustained crossing (3 steps in a row) to the end, times the share of the episode that was still to come.";

/// Where a signal leaves for good enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crossing {
    /// First step beyond the threshold.
    pub step: usize,
}

/// First step from which a signal (in units of its threshold) stays beyond 1 for three steps, or to the end.
pub fn first_sustained(ratios: &[f64]) -> Option<Crossing> {
    (0..ratios.len())
        .find(|&t| ratios[t..ratios.len().min(t + SUSTAINED)].iter().all(|&r| r > 1.0))
        .map(|step| Crossing { step })
}

/// Mean excess over 1 of the larger signal from its first sustained crossing on, times (T - t) / T; 0 without a crossing.
/// `model_error` may be empty, and NaN where it was not measured.
pub fn score(novelty: &[f64], model_error: &[f64]) -> f64 {
    let larger: Vec<f64> =
        novelty.iter().enumerate().map(|(t, &n)| model_error.get(t).map_or(n, |&e| n.max(e)).min(CAP)).collect();
    let Some(Crossing { step }) = first_sustained(&larger) else { return 0.0 };
    let rest = &larger[step..];
    let excess = rest.iter().map(|r| (r - 1.0).max(0.0)).sum::<f64>() / rest.len() as f64;
    excess * rest.len() as f64 / larger.len() as f64
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "results that are exact in binary")]

    use super::*;

    #[test]
    fn a_blip_is_no_crossing_but_the_end_counts() {
        assert_eq!(first_sustained(&[0.0, 2.0, 0.5, 2.0, 2.0, 2.0, 0.0]), Some(Crossing { step: 3 }));
        assert_eq!(first_sustained(&[0.0, 2.0, 0.5]), None);
        assert_eq!(first_sustained(&[0.0, 0.0, 2.0]), Some(Crossing { step: 2 }));
        assert_eq!(first_sustained(&[1.0, 1.0, 1.0]), None, "at the threshold is not beyond it");
        assert_eq!(first_sustained(&[]), None);
    }

    #[test]
    fn earlier_and_farther_is_worse() {
        let early = score(&[2.0, 2.0, 2.0, 2.0], &[]);
        let late = score(&[0.0, 0.0, 2.0, 2.0], &[]);
        let far = score(&[0.0, 0.0, 4.0, 4.0], &[]);
        assert_eq!((early, late, far), (1.0, 0.5, 1.5));
        assert_eq!(
            score(&[0.0; 4], &[3.0, 3.0, 3.0, f64::NAN]),
            1.5,
            "a step without a next observation is not an error"
        );
        assert_eq!(score(&[f64::INFINITY], &[]), 99.0);
        assert_eq!(score(&[0.5, 0.9], &[0.1, 1.0]), 0.0);
    }
}
