//! What a top-up says in sentences.

use super::{Evaluation, HELD, History, StopReason, Trigger, trigger_words};
use crate::ground::number::{counted, number};
use crate::ground::stats;
use crate::metrics::report::{Level, Report};
use crate::topup::loss::PAPER_THRESHOLD;

/// A loss on held-out episodes so many times that of before is worse.
const WORSE: f64 = 1.1;

impl History {
    /// How many times the loss on the held-out episodes is that of before, where fine-tuning made it worse by more than a
    /// tenth.
    fn worse(&self) -> Option<f64> {
        let (before, after) = (self.before.as_ref()?, self.after.as_ref()?);
        let times = stats::mean(&after.heldout) / stats::mean(&before.heldout);
        (times > WORSE).then_some(times)
    }

    /// One sentence for people.
    pub fn summary(&self) -> String {
        let share = 100.0 * self.added as f64 / self.steps as f64;
        let reason = self.stopped.map_or_else(|| "running".to_owned(), |r| r.to_string());
        let gain = self.gain().map_or_else(String::new, |(g, se)| {
            let (b, a) = (self.before.as_ref(), self.after.as_ref());
            let mean = |e: Option<&Evaluation>| e.map_or(f64::NAN, |e| stats::mean_se(&e.returns).0);
            format!(" Mean return {:.0} → {:.0} (gain {g:.0} ± {se:.0} s.e., paired).", mean(b), mean(a))
        });
        let price = match (&self.before, &self.after) {
            (Some(b), Some(a)) => format!(
                " World-model loss on held-out episodes {:.1e} → {:.1e}.",
                stats::mean_std(&b.heldout).0,
                stats::mean_std(&a.heldout).0
            ),
            _ => String::new(),
        };
        format!(
            "Top-up ended: {reason}.{gain}{price} Added {} steps ({share:.1} % of the dataset); {} environment steps in all.",
            self.added, self.total
        )
    }

    /// Every sentence.
    pub(super) fn notes(&self, report: &mut Report) {
        if self.held {
            report.note(Level::Info, HELD);
        }
        if let Some(standing) = &self.standing {
            report.note(Level::Info, standing.advice(&self.options, self.chunk));
        }
        for warning in &self.warnings {
            report.note(Level::Warn, warning);
        }
        self.informed.iter().for_each(|text| report.note(Level::Info, text));
        if self.untrained {
            report.note(
                Level::Warn,
                "the checkpoint has no policy: the one before is untrained; train one with `oodscope fit --policy-steps`",
            );
        }
        if let (Some(reason), Some((gain, se))) = (self.stopped, self.gain()) {
            let worse = self.worse();
            let good = gain > 2.0 * se && reason != StopReason::User && worse.is_none();
            report.note(if good { Level::Good } else { Level::Warn }, self.summary());
            if let Some(times) = worse {
                report.note(
                    Level::Warn,
                    format!(
                        "The fine-tuned world model is worse on the dataset's held-out episodes: its loss there is {} times \
                         that of before.",
                        number(times)
                    ),
                );
            }
            if let Some(saved) = &self.saved {
                let text = format!(
                    "The other panels show the model before. Open the one after with --checkpoint {}; the one before is \
                     kept as checkpoints/0000 of the run, those between beside it.",
                    saved.display()
                );
                report.note(Level::Info, text);
            }
            if reason == StopReason::Futile {
                report.note(
                    Level::Alarm,
                    "More data of this kind does not help: look at noise, reward or critic, or edge-of-reach.",
                );
            }
        }
        if let Some(text) = self.forgetting() {
            report.note(Level::Info, text);
        }
        if let Some(r) = self.rounds.last() {
            trigger_words::note(report, r, &self.options);
            match r.chance {
                Some(c) => report.note(Level::Info, format!(
                    "R of {} is above {PAPER_THRESHOLD} by chance in {:.0} % of checks on this data, above {:.2} in 5 %",
                    counted(r.probes, "episodes"), 100.0 * c.false_alarms, c.quantile)),
                None if self.options.trigger == Trigger::PerRun => {}
                None => report.note(Level::Warn, format!(
                    "uncalibrated: fewer than {} held-out and calibration episodes, so the threshold of R carries no false-alarm rate",
                    2 * r.probes)),
            }
        }
    }
}
