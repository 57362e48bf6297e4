//! What a top-up says in sentences.

use super::{ENDED, Evaluation, HELD, History, StopReason, Trigger, WORSE_OFF, trigger_words};
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

    /// What became worse beyond one standard error of the paired differences, how loud that is to be said, and where what was
    /// before is kept.
    fn worse_off(&self) -> Option<(Level, String)> {
        self.stopped?;
        let (before, after) = (self.before.as_ref()?, self.after.as_ref()?);
        let (gain, gain_se) = self.gain()?;
        let differences: Vec<f64> = after.heldout.iter().zip(&before.heldout).map(|(a, b)| a - b).collect();
        let (rise, rise_se) = stats::mean_se(&differences);
        let (fell, forgot) = (-gain > gain_se, rise > rise_se || self.worse().is_some());
        let mut parts = Vec::new();
        if fell {
            parts.push(format!("the mean return fell by {} ± {} s.e.", number(-gain), number(gain_se)));
        }
        if forgot {
            let times = self.forgotten(&after.heldout).unwrap_or(f64::NAN);
            let n = counted(differences.len(), "held-out episodes");
            let rose = if gain > gain_se { ", for a mean return that rose" } else { "" };
            parts.push(format!("the world model's loss on {n} is {} times that before{rose}", number(times)));
        }
        let level = if fell || self.worse().is_some() { Level::Warn } else { Level::Info };
        let kept = self.saved.as_ref().map(|saved| saved.with_file_name("0000"));
        let back = kept.map_or_else(String::new, |kept| {
            format!(" To roll back, press R in the dashboard or open --checkpoint {}.", kept.display())
        });
        (!parts.is_empty()).then(|| (level, format!("{WORSE_OFF}{}.{back}", parts.join(", and "))))
    }

    /// What it brought, for what price, and why it ended, for people.
    pub fn summary(&self) -> String {
        let share = 100.0 * self.added as f64 / self.steps as f64;
        let reason = self.stopped.map_or_else(|| "running".to_owned(), |r| r.to_string());
        let gain = self.gain().map_or_else(String::new, |(g, se)| {
            let (b, a) = (self.before.as_ref(), self.after.as_ref());
            let mean = |e: Option<&Evaluation>| e.map_or(f64::NAN, |e| stats::mean_se(&e.returns).0);
            let said = match () {
                () if g > 2.0 * se => "It helped: mean return",
                () if g < -2.0 * se => "It harmed: mean return",
                () => "No change beyond chance: mean return",
            };
            format!("{said} {:.0} → {:.0} (gain {g:.0} ± {se:.0} s.e., paired), for ", mean(b), mean(a))
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
            "{gain}{} environment steps in all, {} of them added ({share:.1} % of the dataset).{price} {ENDED}{reason}.",
            self.total, self.added
        )
    }

    /// Every sentence.
    pub(super) fn notes(&self, report: &mut Report) {
        if self.held {
            report.note(Level::Info, HELD);
        }
        if let Some((level, text)) = self.worse_off() {
            report.note(level, text);
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
            if let Some(saved) = &self.saved {
                let text = format!(
                    "In the dashboard the other panels show the model before, and v turns them to the one after. Elsewhere open it \
                     with --checkpoint {}; the one before is kept as checkpoints/0000 of the run, those between beside it.",
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topup::controller::{Rule, Schedule};
    use crate::topup::options::Options;

    /// A run that ended, with returns of four episodes and losses of three held-out ones.
    fn ended(before: ([f64; 4], [f64; 3]), after: ([f64; 4], [f64; 3])) -> History {
        let evaluation = |(returns, heldout): ([f64; 4], [f64; 3])| Evaluation {
            returns: returns.to_vec(),
            fresh: vec![1.0; 4],
            heldout: heldout.to_vec(),
            reference: heldout.to_vec(),
            outside: None,
        };
        let rule = Rule::new(Schedule::Fixed, 1.35, 0.1, 1000, 4);
        let mut history = History::new(1000, &rule, &Options::default());
        (history.before, history.after) = (Some(evaluation(before)), Some(evaluation(after)));
        history.stopped = Some(StopReason::ChecksUsed);
        history.saved = Some("runs/a/checkpoints/0004".into());
        history
    }

    #[test]
    fn what_became_worse_is_said_first_with_the_way_back() {
        let same = ([-9.0, -8.0, -7.0, -6.0], [1.0, 2.0, 3.0]);
        let said = |history: &History| {
            let first = history.report().notes[0].clone();
            first.text.starts_with(WORSE_OFF).then_some((first.level, first.text))
        };
        assert_eq!(said(&ended(same, same)), None);
        // Lower by 2, with a deviation of √1.5 of the paired differences.
        let (level, text) = said(&ended(same, ([-11.0, -9.0, -8.0, -10.0], same.1))).unwrap();
        assert_eq!(level, Level::Warn);
        assert!(text.contains("the mean return fell by 2 ± 0.7071 s.e.") && !text.contains("loss"), "{text}");
        assert!(text.contains("press R") && text.contains("--checkpoint runs/a/checkpoints/0000."), "{text}");
        // A loss that rose by a hundredth everywhere is said, and no warning beside a return that rose.
        let better = [-1.0; 4];
        let (level, text) = said(&ended(same, (better, [1.01, 2.02, 3.03]))).unwrap();
        assert!(
            level == Level::Info
                && text.contains("on 3 held-out episodes is 1.01 times that before, for a mean return that rose."),
            "{text}"
        );
        // One that rose here and fell there did not rise.
        assert_eq!(said(&ended(same, (better, [1.3, 1.7, 3.05]))), None);
        assert_eq!(said(&ended(same, (better, [2.0, 3.0, 4.0]))).unwrap().0, Level::Warn);
        let mut lost = ended(same, ([-99.0, -9.0, -99.0, -9.0], same.1));
        lost.saved = None;
        assert!(!said(&lost).unwrap().1.contains("roll back"), "there is nothing to go back to");
    }

    #[test]
    fn whether_it_helped_is_said_first() {
        let same = ([-9.0, -8.0, -7.0, -6.0], [1.0, 2.0, 3.0]);
        let said = |after: [f64; 4]| ended(same, (after, same.1)).summary();
        assert!(said([-1.0, -2.0, -1.0, -1.5]).starts_with("It helped: mean return -8 → -1 (gain "));
        assert!(said([-19.0, -18.0, -17.0, -17.0]).starts_with("It harmed: mean return -8 → -18"));
        assert!(said([-10.0, -6.0, -8.0, -6.0]).starts_with("No change beyond chance: mean return"));
    }
}
