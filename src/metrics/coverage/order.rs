//! The order of the report's numbers: first what decides whether the data suffice.

use crate::metrics::report::Report;

/// Keys from the most telling on; what is not named follows in the order in which it was measured.
const TELLING: &[&str] = &[
    "ood_fraction_rollouts",
    "alarm_rollouts",
    "threshold",
    "unusual_fraction_rollouts",
    "missing_mass_episodes",
    "occupied_fraction",
    "occupied_cells",
    "effective_cells",
    "estimated_cells",
    "state_cells",
    "effective_state_cells",
    "state_missing_mass_episodes",
    "effective_rank",
    "range_used",
    "action_saturation",
    "effective_action_cells",
    "return_mean",
    "saco",
    "tq",
    "eri",
    "calibration_episodes",
    "ood_fraction_heldout",
    "false_alarm_heldout",
    "false_alarm_given_set",
    "unusual_fraction_heldout",
    "usual_novelty",
    "vendi_score",
    "entropy_kl",
];

/// Brings the numbers into that order.
pub fn stats(report: &mut Report) {
    report.stats.sort_by_key(|s| TELLING.iter().position(|key| *key == s.key).unwrap_or(TELLING.len()));
}

/// One report of both, in that order.
pub fn joined(mut report: Report, more: Report) -> Report {
    report.extend(more);
    stats(&mut report);
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telling_numbers_come_first_and_the_others_keep_their_order() {
        let mut r = Report::new("coverage", "Coverage");
        for key in ["zebra", "occupied_cells", "ape", "threshold"] {
            r.stat(key, key, 0.0, "", "");
        }
        stats(&mut r);
        let keys: Vec<&str> = r.stats.iter().map(|s| s.key.as_str()).collect();
        assert_eq!(keys, ["threshold", "occupied_cells", "zebra", "ape"]);
    }
}
