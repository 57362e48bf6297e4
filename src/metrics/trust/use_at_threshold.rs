//! What a score does at its alarm threshold: of what failed and of what did not, how much raises an alarm, and how early.

use crate::ground::stats;

/// What an alarm does at its threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AtThreshold {
    /// Share of failed rows with an alarm; NaN of none.
    pub bad: f64,
    /// Share of the other rows with an alarm; NaN of none.
    pub good: f64,
    /// `bad - good` (Youden's J): 0 for an alarm that tells nothing, 1 for one that is always right.
    pub gain: f64,
    /// How long before the end of an episode it comes.
    pub lead: Option<Lead>,
}

/// Steps from the first alarm to the end of the episodes that failed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lead {
    /// Median over the failed episodes with an alarm; NaN of none.
    pub median: f64,
    /// Failed episodes with an alarm.
    pub alarmed: usize,
    /// Failed episodes.
    pub failed: usize,
}

impl AtThreshold {
    /// Counts the rows that `fired` [N] under `weight` [N].
    pub fn count(fired: &[bool], positive: &[bool], weight: &[f64]) -> Self {
        let (mut hits, mut all) = ([0.0; 2], [0.0; 2]);
        for ((&fired, &positive), &w) in fired.iter().zip(positive).zip(weight) {
            let class = usize::from(positive);
            all[class] += w;
            hits[class] += if fired { w } else { 0.0 };
        }
        let (bad, good) = (hits[1] / all[1], hits[0] / all[0]);
        Self { bad, good, gain: bad - good, lead: None }
    }
}

impl Lead {
    /// Of episodes with these running maxima.
    pub fn count(running: &[Vec<f64>], positive: &[bool], threshold: f64) -> Self {
        let failed: Vec<&Vec<f64>> = running.iter().zip(positive).filter(|(_, p)| **p).map(|(r, _)| r).collect();
        let left = |r: &&Vec<f64>| r.iter().position(|&s| s > threshold).map(|t| (r.len() - t) as f64);
        let leads: Vec<f64> = failed.iter().filter_map(left).collect();
        Self { median: stats::quantile(&leads, 0.5), alarmed: leads.len(), failed: failed.len() }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "results that are exact in binary")]

    use super::*;

    #[test]
    fn shares_are_of_each_class() {
        let fired = [true, true, false, true, false, false];
        let positive = [true, true, true, false, false, false];
        let at = AtThreshold::count(&fired, &positive, &[1.0, 1.0, 2.0, 1.0, 1.0, 0.0]);
        assert_eq!((at.bad, at.good, at.gain), (0.5, 0.5, 0.0));
        assert!(AtThreshold::count(&[true], &[true], &[1.0]).gain.is_nan());
    }

    #[test]
    fn the_lead_is_from_the_first_alarm_to_the_end() {
        let running = [vec![0.0, 2.0, 2.0, 2.0], vec![0.0, 0.0, 0.0, 3.0], vec![0.0], vec![9.0; 7]];
        let lead = Lead::count(&running, &[true, true, true, false], 1.0);
        assert_eq!(lead, Lead { median: 2.0, alarmed: 2, failed: 3 });
        assert!(Lead::count(&running, &[false; 4], 1.0).median.is_nan());
    }
}
