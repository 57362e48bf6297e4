//! What calls for data, with what it promises, in words and numbers.

use super::super::controller::Schedule;
use super::super::controller::trigger::{Evidence, LEAST, Trigger};
use super::super::loss;
use super::super::options::Options;
use super::Round;
use crate::metrics::report::{Level, Report};
use crate::metrics::threshold::percent;

/// What the threshold of R is.
pub fn threshold(options: &Options) -> String {
    let quantile = percent(1.0 - options.alpha);
    let asked = match options.trigger {
        Trigger::PerRun => "collect above it, once the evidence that R rose suffices",
        Trigger::PerCheck => "collect above it",
    };
    format!(
        "{asked}: the given one, or the larger of the paper's 1.35 and the {quantile} quantile of R over random groups of reference \
         episodes, measured anew at each check"
    )
}

/// The evidence and where it alarms.
pub fn stats(report: &mut Report, last: Option<&Round>, options: &Options) {
    let Some(round) = last.filter(|_| options.trigger == Trigger::PerRun) else { return };
    match round.evidence {
        Some(Evidence::Martingale { value, bound }) => {
            report
                .stat(
                    "evidence",
                    "evidence E that R rose",
                    value,
                    "",
                    "conformal test martingale of the probe episodes' losses since the last top-up against the reference episodes \
                     and earlier probes; 1 where nothing was seen, and ever as large as 1/alpha in at most alpha of the runs in \
                     which nothing is new",
                )
                .of(round.reference, "reference episodes");
            report.stat("evidence_bound", "alarm at E", bound, "", "1/alpha");
        }
        Some(Evidence::Check { p, level }) => {
            let definition = "probability of an R as large as at this check if nothing is new: permutation of probe and reference \
                              episodes";
            report.stat("check_p", "p of this check", p, "", definition).of(round.reference, "reference episodes");
            report.stat("check_level", "alarm at p", level, "", "alpha over the number of checks");
        }
        None => {}
    }
}

/// The evidence of a check, in its row.
pub fn cell(evidence: Option<Evidence>) -> String {
    match evidence {
        Some(Evidence::Martingale { value, bound }) => format!("E {value:.3} of {bound:.0}"),
        Some(Evidence::Check { p, level }) => format!("p {p:.4}, alarm at {level:.4}"),
        None => "-".into(),
    }
}

/// What the trigger promises.
pub fn note(report: &mut Report, round: &Round, options: &Options) {
    if options.schedule != Schedule::Adaptive {
        return;
    }
    let (n, alpha) = (round.reference, percent(options.alpha));
    match (options.trigger, round.evidence) {
        (Trigger::PerCheck, _) => report.note(
            Level::Info,
            format!(
                "Data is collected when R is above its threshold at one check. Over {} checks that happens by chance in more runs \
                 than the {alpha} of a single check; --trigger per-run promises at most {alpha} of runs.",
                options.rounds + 1
            ),
        ),
        (_, Some(Evidence::Martingale { bound, .. })) => report.note(
            Level::Info,
            format!(
                "Data is collected when R is above {:.2} and E has reached {bound:.0}, the evidence that the probe episodes' losses \
                 are larger than those of {n} held-out and calibration episodes. If nothing is new that happens in at most {alpha} \
                 of runs, however many checks they make; E begins anew after a top-up.",
                round.threshold
            ),
        ),
        (_, Some(Evidence::Check { level, .. })) => {
            let text = format!(
                "{n} held-out and calibration episodes are fewer than the {LEAST} that evidence over the whole run needs: every \
                 check is tested by itself at {alpha} / {} = {}, so that at most {alpha} of runs collect although nothing is new.",
                options.rounds + 1,
                percent(level)
            );
            report.note(Level::Info, text);
            // The first check has the episodes of the evaluation.
            if loss::smallest_p(options.probes.max(options.eval_episodes), n) > level {
                report.note(
                    Level::Warn,
                    format!(
                        "{} probe and {n} reference episodes cannot reach that level, so nothing is ever collected: give more \
                         --probes or episodes, or choose --trigger per-check, which promises less.",
                        options.probes
                    ),
                );
            }
        }
        (Trigger::PerRun, None) => {}
    }
}
