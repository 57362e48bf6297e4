//! What a run tells who watches it: what it does, in sentences, and how far the whole of it is.

use super::TopUp;
use crate::ground::number::{counted, number};
use crate::ground::stats;
use crate::ground::task::{Ctx, Told};
use crate::topup::controller::Decision;
use crate::topup::controller::trigger::Evidence;
use crate::topup::history::{Evaluation, Round};

/// Says what was done.
pub(super) fn say(cx: &Ctx, text: String) {
    cx.tell(Told::Said(text));
}

/// "check 3: R 2.15 > 1.62: collecting 200 steps".
pub(super) fn decided(check: usize, round: &Round) -> String {
    let (r, threshold) = (round.check.ratio, round.threshold);
    let sign = if r > threshold { ">" } else { "≤" };
    let what = match round.decision {
        Decision::Collect { steps, .. } => format!("collecting {}", counted(steps, "steps")),
        Decision::Confirm => "done as it seems, the evaluation episodes decide".into(),
        Decision::Stop(reason) => format!("stopping, {reason}"),
        Decision::Train => match round.evidence.filter(|_| r > threshold) {
            Some(Evidence::Martingale { value, bound }) => {
                format!("not collecting, evidence {} of {}", number(value), number(bound))
            }
            Some(Evidence::Check { p, level }) => {
                format!("not collecting, p {} is above {}", number(p), number(level))
            }
            None => "training on what is there".into(),
        },
    };
    format!("check {check}: R {r:.2} {sign} {threshold:.2}: {what}")
}

/// "before: return -985 ± 51 over 6 episodes".
pub(super) fn evaluated(when: &str, evaluation: &Evaluation, steps: usize) -> String {
    let (mean, se) = stats::mean_se(&evaluation.returns);
    let n = counted(evaluation.returns.len(), "episodes");
    let (r, _) = evaluation.ratio();
    let counted = if steps > 0 { format!("; {} of the total", counted(steps, "steps")) } else { String::new() };
    format!("evaluation {when}: return {mean:.0} ± {se:.0} over {n}, R {r:.2}{counted}")
}

/// How much of a check's time an evaluation takes, about: it acts and does not train.
const EVALUATION: f64 = 0.25;

/// The whole run in checks: one more than the rounds, and the evaluations before and after.
fn checks(rounds: usize) -> f64 {
    rounds as f64 + 1.0 + 2.0 * EVALUATION
}

impl TopUp<'_> {
    /// The part of the work that check `n` is, which counts from 0.
    pub(super) fn part_of_check(&self, n: usize, cx: &Ctx) -> Ctx {
        let (from, of) = (EVALUATION + n as f64, checks(self.options.rounds));
        cx.part(from / of, (from + 1.0) / of)
    }

    /// The part of the evaluation before, or after.
    pub(super) fn part_of_evaluation(&self, after: bool, cx: &Ctx) -> Ctx {
        let share = EVALUATION / checks(self.options.rounds);
        if after { cx.part(1.0 - share, 1.0) } else { cx.part(0.0, share) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topup::controller::{Check, Reason, StopReason};

    fn round(ratio: f64, decision: Decision, evidence: Option<Evidence>) -> Round {
        let plain = Round::plain();
        Round { check: Check { ratio, ..plain.check }, threshold: 1.62, decision, evidence, ..plain }
    }

    #[test]
    fn decisions_are_said_with_their_numbers() {
        let said = |r, decision, evidence| decided(3, &round(r, decision, evidence));
        let collect = Decision::Collect { steps: 200, reason: Reason::Evidence };
        assert_eq!(said(2.154, collect, None), "check 3: R 2.15 > 1.62: collecting 200 steps");
        let evidence = Some(Evidence::Martingale { value: 3.0, bound: 20.0 });
        assert_eq!(said(1.7, Decision::Train, evidence), "check 3: R 1.70 > 1.62: not collecting, evidence 3 of 20");
        assert_eq!(said(1.2, Decision::Train, evidence), "check 3: R 1.20 ≤ 1.62: training on what is there");
        let stop = Decision::Stop(StopReason::ChecksUsed);
        assert!(said(f64::NAN, stop, None).starts_with("check 3: R NaN ≤ 1.62: stopping, "));
    }
}
