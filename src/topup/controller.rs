//! When to collect, when to stop: the decision rule of a top-up as a pure state machine. It sees numbers and answers
//! with a [`Decision`]; it holds no clock, no file and no randomness.
//!
//! Source: the adaptive schedule of Chen et al. (RLC 2025, section 4.2 and appendix A.7: collect when the loss ratio R
//! is above 1.35), with what it leaves open: a budget, a stop, a way to find out that data is not the cure, and by default a
//! promise for the whole run ([`Trigger::PerRun`]): R above its threshold is not enough, since over 40 checks it is there once
//! by chance in most runs.

mod futility;
pub mod trigger;
mod words;

use std::collections::BTreeMap;

use futility::Futility;
use serde::{Deserialize, Serialize};
use trigger::{Evidence, Surprise, Trigger, Watch};

/// When new data is collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// Never: fine-tuning on the old data alone.
    None,
    /// A chunk at every check, so that the whole budget is spent evenly.
    Fixed,
    /// A chunk when the loss ratio R is above its threshold and the [`Trigger`] agrees.
    Adaptive,
    /// The chunks of an adaptive run at checks that were drawn at random: what its timing was worth, beside its amount.
    Yoked,
}

/// No rule may spend more than this share of the dataset's steps.
pub const HARD_CAP: f64 = 0.2;
/// Checks in a row below the threshold that end an adaptive run.
pub const GOOD_CHECKS: usize = 3;
/// Probe episodes in a row without evidence that end an adaptive run although R is above its threshold, over at least
/// [`GOOD_CHECKS`] checks. A shift by three standard deviations is found after 5 among [`trigger::LEAST`] reference episodes
/// (FIELD 6.6).
pub const QUIET_PROBES: usize = 6;
/// Top-ups after which the median R must have fallen by [`FUTILE_FALL`].
pub const FUTILE_TOPUPS: usize = 5;
/// Relative fall of the median R that keeps a run alive.
pub const FUTILE_FALL: f64 = 0.05;

/// The rule, fixed before the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// When data is collected.
    pub schedule: Schedule,
    /// What calls for data.
    pub trigger: Trigger,
    /// Share of runs in which nothing is new and [`Trigger::PerRun`] collects all the same, at most.
    pub alpha: f64,
    /// Threshold τ of the loss ratio R.
    pub threshold: f64,
    /// Most steps that are added to the data.
    pub budget: usize,
    /// Checks that may be followed by training; the next one only measures and stops.
    pub checks: usize,
    /// Standard errors of R that it must exceed τ by; 0 is the paper's rule.
    pub caution: f64,
    /// Once triggered, collect until R falls below 1 + (τ − 1) / 2.
    pub hysteresis: bool,
    /// An adaptive run that seems done has to hold on the evaluation episodes as well before it ends.
    #[serde(default)]
    pub confirm: bool,
    /// Steps that [`Schedule::Yoked`] adds after each of its checks, which count from 1.
    #[serde(default)]
    pub plan: BTreeMap<usize, usize>,
}

impl Rule {
    /// The paper's rule ([`Trigger::PerCheck`]) for a dataset of `steps` steps of which the share `budget` may be added, at most
    /// [`HARD_CAP`].
    pub fn new(schedule: Schedule, threshold: f64, budget: f64, steps: usize, checks: usize) -> Self {
        let share = if budget.is_finite() { budget.clamp(0.0, HARD_CAP) } else { 0.0 };
        // The addend undoes what binary fractions lose: 10 % of 20 000 is 2000, not 1999.
        let budget = (share * steps as f64 + 1e-6) as usize;
        let trigger = Trigger::PerCheck;
        Self {
            schedule,
            trigger,
            alpha: 0.05,
            threshold,
            budget,
            checks,
            caution: 0.0,
            hysteresis: false,
            confirm: false,
            plan: BTreeMap::new(),
        }
    }

    /// The same rule carrying out `plan` over a dataset of `steps` steps; its budget is what is planned and `others`, steps that are
    /// added beside the plan, within [`HARD_CAP`].
    #[must_use]
    pub fn yoked(self, plan: BTreeMap<usize, usize>, others: usize, steps: usize) -> Self {
        let planned = plan.values().sum::<usize>() + others;
        Self { schedule: Schedule::Yoked, budget: planned.min(most(steps)), plan, ..self }
    }
}

/// Most steps that may be added to a dataset of `steps` steps. The addend undoes what binary fractions lose.
fn most(steps: usize) -> usize {
    (HARD_CAP * steps as f64 + 1e-6) as usize
}

/// Steps that one top-up adds: 0.2 % of the dataset (the paper's 2 thousand of a million), at least one episode.
pub fn chunk(dataset_steps: usize, episode_steps: usize) -> usize {
    (dataset_steps / 500).max(episode_steps)
}

/// What one check measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// Loss ratio R: world-model loss on fresh trajectories over the loss on held-out ones.
    pub ratio: f64,
    /// Standard error of R over the probe episodes.
    pub ratio_se: f64,
    /// Mean return of the probe episodes.
    pub score: f64,
    /// Its standard error.
    pub score_se: f64,
    /// How surprising the probe episodes' losses are, where that can be told.
    pub surprise: Option<Surprise>,
    /// Steps added to the data so far.
    pub spent: usize,
    /// Steps that one top-up would add.
    pub chunk: usize,
    /// The user asked for data now.
    #[serde(default)]
    pub asked: bool,
    /// The episodes are those of the evaluation, after [`Decision::Confirm`].
    #[serde(default)]
    pub confirming: bool,
}

/// Why data is collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// R is above the threshold.
    AboveThreshold,
    /// R is above the threshold, and the evidence that this is no chance suffices.
    Evidence,
    /// R was above the threshold and has not yet fallen below the lower one of the hysteresis.
    StillArmed,
    /// The fixed schedule's turn.
    Scheduled,
    /// The check was drawn for a chunk of the adaptive run.
    Drawn,
    /// The user asked for it.
    Asked,
}

/// Why a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopReason {
    /// R stayed below the threshold and the score holds.
    Converged,
    /// The score holds and R is above the threshold, but by no more than chance over [`QUIET_PROBES`] probe episodes.
    NoEvidence,
    /// R is above the threshold and nothing is left to spend.
    BudgetUsed,
    /// Collecting neither lowers R nor raises the score: not a coverage problem.
    Futile,
    /// Collecting does not lower R, but the score rose from before to after.
    Stalled,
    /// All checks were made.
    ChecksUsed,
    /// Training left the finite numbers; the networks of the last good round are kept.
    Diverged,
    /// The user said so.
    User,
}

/// What is done after a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// Add exactly `steps` steps (the probe episodes first, then the policy's own), then train.
    Collect {
        /// Steps to add.
        steps: usize,
        /// Why.
        reason: Reason,
    },
    /// Train on what is there.
    Train,
    /// The run seems done: look at the evaluation episodes next.
    Confirm,
    /// End the run.
    Stop(StopReason),
}

/// The state machine: feed it one [`Check`] after the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Controller {
    rule: Rule,
    checks: usize,
    good: usize,
    /// Checks in a row that called for nothing, and their probe episodes.
    quiet: (usize, usize),
    scores: Vec<(f64, f64)>,
    /// Highest mean of [`GOOD_CHECKS`] scores in a row, and its standard error.
    best: Option<(f64, f64)>,
    armed: bool,
    collected_before: bool,
    futility: Futility,
    watch: Watch,
    evidence: Option<Evidence>,
}

impl Controller {
    /// A controller at the start of a run.
    pub fn new(rule: Rule) -> Self {
        let futility = Futility::default();
        // The last check only measures, but it is one.
        let watch = Watch::new(rule.alpha, rule.checks + 1);
        Self {
            rule,
            checks: 0,
            good: 0,
            quiet: (0, 0),
            scores: Vec::new(),
            best: None,
            armed: false,
            collected_before: false,
            futility,
            watch,
            evidence: None,
        }
    }

    /// The rule it follows.
    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// Sets the threshold τ of the next checks, where it is measured anew before each.
    pub fn set_threshold(&mut self, threshold: f64) {
        self.rule.threshold = threshold;
    }

    /// Sets the most steps that may be added, within [`HARD_CAP`] of a dataset of `steps` steps.
    pub fn set_budget(&mut self, budget: usize, steps: usize) {
        self.rule.budget = budget.min(most(steps));
    }

    /// The evidence at the last check, where there was any.
    pub fn evidence(&self) -> Option<Evidence> {
        self.evidence
    }

    /// Whether `surprise` would leave evidence that R rose; without a run's promise ([`Trigger::PerCheck`]) R alone is that.
    pub fn suspects(&self, surprise: Option<&Surprise>) -> bool {
        let foreseen = surprise.filter(|_| self.rule.trigger == Trigger::PerRun).map(|s| self.watch.clone().see(s));
        match foreseen {
            Some(Evidence::Martingale { value, .. }) => value >= 1.0,
            Some(Evidence::Check { p, .. }) => p <= 0.5,
            None => true,
        }
    }

    /// Checks seen so far.
    pub fn checks(&self) -> usize {
        self.checks
    }

    /// What to do after `check`.
    ///
    /// The baselines (`None`, `Fixed`, `Yoked`) make all their checks, so that every schedule gets the same gradient steps;
    /// only the adaptive one stops when it is done, or when collecting does not help.
    pub fn decide(&mut self, check: &Check) -> Decision {
        let last = self.checks >= self.rule.checks;
        self.checks += 1;
        self.evidence = check.surprise.as_ref().map(|s| self.watch.see(s));
        let above = self.is_above(check);
        let done = self.note_good(check, above);
        let score = (check.score, if check.score_se.is_finite() { check.score_se } else { 0.0 });
        if self.collected_before {
            self.futility.after_topup(check.ratio, score);
        } else {
            self.futility.start(check.ratio, score);
        }
        if above.is_none() {
            self.futility.relieve();
        }
        let adaptive = self.rule.schedule == Schedule::Adaptive;
        let left = self.rule.budget.saturating_sub(check.spent);
        let decision = if check.asked && left > 0 && !last {
            Decision::Collect { steps: check.chunk.min(left), reason: Reason::Asked }
        } else if let Some(reason) = done.filter(|_| adaptive) {
            if self.rule.confirm && !check.confirming && !last { Decision::Confirm } else { Decision::Stop(reason) }
        } else if last {
            Decision::Stop(StopReason::ChecksUsed)
        } else if adaptive && above.is_some() && self.futility.is_futile() {
            Decision::Stop(StopReason::Futile)
        } else {
            self.spend(check, above, left)
        };
        self.collected_before = matches!(decision, Decision::Collect { .. });
        if self.collected_before {
            self.watch.restart();
        }
        decision
    }

    fn spend(&self, check: &Check, above: Option<Reason>, left: usize) -> Decision {
        match (self.rule.schedule, above) {
            (Schedule::Fixed, _) => match self.due(check.spent).min(left) {
                0 => Decision::Train,
                steps => Decision::Collect { steps, reason: Reason::Scheduled },
            },
            (Schedule::Yoked, _) => match self.rule.plan.get(&self.checks).map_or(0, |steps| left.min(*steps)) {
                0 => Decision::Train,
                steps => Decision::Collect { steps, reason: Reason::Drawn },
            },
            (Schedule::Adaptive, Some(reason)) => match check.chunk.min(left) {
                0 => Decision::Stop(StopReason::BudgetUsed),
                steps => Decision::Collect { steps, reason },
            },
            (Schedule::None, _) | (Schedule::Adaptive, None) => Decision::Train,
        }
    }

    /// Steps that the fixed schedule is behind its even line after this check.
    fn due(&self, spent: usize) -> usize {
        let even = self.rule.budget as f64 * self.checks as f64 / self.rule.checks.max(1) as f64;
        (even.round() as usize).saturating_sub(spent)
    }

    /// Whether R calls for data. A ratio that is not a number calls for nothing: it says nothing.
    fn is_above(&mut self, check: &Check) -> Option<Reason> {
        let tau = self.rule.threshold;
        if self.rule.trigger == Trigger::PerRun {
            return (check.ratio > tau && self.watch.is_alarmed()).then_some(Reason::Evidence);
        }
        let noise = if check.ratio_se.is_finite() { self.rule.caution * check.ratio_se } else { 0.0 };
        if check.ratio - noise > tau {
            self.armed = self.rule.hysteresis;
            return Some(Reason::AboveThreshold);
        }
        self.armed &= check.ratio >= 1.0 + (tau - 1.0) / 2.0;
        self.armed.then_some(Reason::StillArmed)
    }

    /// Counts checks in a row with R at or below τ; enough of them are good if their mean score is not below the best
    /// mean of as many checks in a row by more than one standard error of the difference. Probe episodes start anew at
    /// each check, so one check's score says little: lucky starts of an early one would hold up a run for ever. Under
    /// [`Trigger::PerRun`] R may stay above τ by chance: [`QUIET_PROBES`] episodes without evidence are good as well.
    fn note_good(&mut self, check: &Check, above: Option<Reason>) -> Option<StopReason> {
        let quiet = above.is_none() && !check.ratio.is_nan();
        self.quiet = match check.surprise.as_ref().filter(|_| quiet) {
            Some(Surprise::Episodes(p)) => (self.quiet.0 + 1, self.quiet.1 + p.len()),
            Some(Surprise::Group(_)) => (self.quiet.0 + 1, self.quiet.1 + 1),
            None => (0, 0),
        };
        self.good = if quiet && check.ratio <= self.rule.threshold { self.good + 1 } else { 0 };
        self.scores.push((check.score, if check.score_se.is_finite() { check.score_se } else { 0.0 }));
        let window = &self.scores[self.scores.len().checked_sub(GOOD_CHECKS)?..];
        let n = GOOD_CHECKS as f64;
        let mean = window.iter().map(|s| s.0).sum::<f64>() / n;
        let se = window.iter().map(|s| s.1.powi(2)).sum::<f64>().sqrt() / n;
        let holds = self.best.is_none_or(|(best, best_se)| mean >= best - se.hypot(best_se));
        if mean.is_finite() && self.best.is_none_or(|(best, _)| mean > best) {
            self.best = Some((mean, se));
        }
        if self.good >= GOOD_CHECKS {
            return holds.then_some(StopReason::Converged);
        }
        let enough =
            self.rule.trigger == Trigger::PerRun && self.quiet.0 >= GOOD_CHECKS && self.quiet.1 >= QUIET_PROBES;
        (enough && holds).then_some(StopReason::NoEvidence)
    }
}

#[cfg(test)]
mod tests;
