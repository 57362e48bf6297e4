//! What a check looks at: fresh episodes of the policy as it is, as few as will do.
//!
//! The first check's are those of the evaluation before, which were acted by the same policy. An adaptive run probes one
//! episode after the other, until R is at or below its threshold, nothing speaks for a rise any more, or as many were acted as
//! were asked for: a sound policy is left alone after the first. The baselines act all of them. Where the run seems done, the
//! evaluation after is made and is one more check: few probes may miss what it sees.

use super::TopUp;
use crate::agent::collect::{Collector, Limit};
use crate::agent::policy::Acting;
use crate::data::dataset::Dataset;
use crate::ground::fault::Fault;
use crate::ground::seed::stream;
use crate::ground::stats;
use crate::ground::task::Ctx;
use crate::metrics::martingale;
use crate::topup::agent::Snapshot;
use crate::topup::controller::trigger::{LEAST, Surprise};
use crate::topup::controller::{Decision, Schedule};
use crate::topup::history::Evaluation;
use crate::topup::loss::{self, Chance, PAPER_THRESHOLD};

/// Random groups behind the p-value of a check with few reference episodes.
const GROUPS: usize = 9_999;

/// What was probed.
pub(super) struct Probed {
    /// The episodes.
    pub trajectories: Dataset,
    /// [episodes] returns.
    pub returns: Vec<f64>,
    /// [episodes] losses of the world model as it is.
    pub losses: Vec<f64>,
    /// Losses on the reference episodes.
    pub reference: Vec<f64>,
    /// What R reaches by chance in as many episodes.
    pub chance: Option<Chance>,
}

impl TopUp<'_> {
    /// The probe episodes of check `n`, which counts from 0.
    pub(super) fn probe(&mut self, n: usize, cx: &Ctx) -> Result<Probed, Fault> {
        let reference = self.yardstick.reference(&*self.agent.model, cx)?;
        if let (0, Some(first), Some(before)) = (n, &self.first, &self.history.before) {
            let (trajectories, returns) = (first.clone(), before.returns.clone());
            return self.probed(trajectories, returns, reference, cx);
        }
        if self.is_confirming() {
            self.env.act_for(&format!("evaluation after {n}"));
            let (evaluation, trajectories) = self.evaluate(&self.agent.snapshot(), cx)?;
            let returns = evaluation.returns.clone();
            self.confirmed = Some(evaluation);
            return self.probed(trajectories, returns, reference, cx);
        }
        let mut probes = self.collector(&format!("probe {n}"));
        let policy = self.agent.policy();
        let adaptive = self.options.schedule == Schedule::Adaptive;
        let at_once = if adaptive { 1 } else { self.options.probes };
        loop {
            let before = probes.steps();
            let acted = probes.run(&mut self.env, &*policy, Acting::Greedy, Limit::episodes(at_once), cx);
            self.history.total += probes.steps() - before;
            acted?;
            let trajectories = probes.dataset(&self.env).ok_or_else(|| Fault::bad("no probe episode has a step"))?;
            let probed = self.probed(trajectories, probes.returns(), reference.clone(), cx)?;
            let enough = probes.episodes() >= self.options.probes;
            let sound = loss::ratio(&probed.losses, &reference).0 <= self.threshold(probed.chance);
            if enough || sound || !self.suspects(&probed, cx)? {
                return Ok(probed);
            }
        }
    }

    /// True where the next check looks at the evaluation episodes.
    pub(super) fn is_confirming(&self) -> bool {
        self.history.rounds.last().is_some_and(|round| round.decision == Decision::Confirm)
    }

    /// `networks` over the evaluation episodes: the same starts before and after.
    pub(super) fn evaluate(&mut self, networks: &Snapshot, cx: &Ctx) -> Result<(Evaluation, Dataset), Fault> {
        let mut c = self.evaluation();
        let limit = Limit::episodes(self.options.eval_episodes);
        let ran = c.run(&mut self.env, &*networks.policy, Acting::Greedy, limit, cx);
        self.history.total += c.steps();
        self.history.evaluated += c.steps();
        ran?;
        let Some(trajectories) = c.dataset(&self.env) else {
            return Err(Fault::bad("evaluation needs at least one episode"));
        };
        let evaluation = Evaluation {
            returns: c.returns(),
            fresh: self.yardstick.losses(&*networks.model, &trajectories, cx)?,
            heldout: self.yardstick.heldout(&*networks.model, cx)?,
            reference: self.yardstick.reference(&*networks.model, cx)?,
            outside: self.outside(&trajectories, cx)?,
        };
        Ok((evaluation, trajectories))
    }

    /// What collects the evaluation episodes: the same starts each time.
    pub(super) fn evaluation(&self) -> Collector {
        Collector::new(self.options.seed, "evaluation", self.next_id())
    }

    fn suspects(&self, probed: &Probed, cx: &Ctx) -> Result<bool, Fault> {
        let surprise = self.surprise(&probed.losses, &probed.reference, cx)?;
        Ok(self.controller.suspects(surprise.as_ref()))
    }

    fn probed(&self, trajectories: Dataset, returns: Vec<f64>, reference: Vec<f64>, cx: &Ctx) -> Result<Probed, Fault> {
        let losses = self.yardstick.losses(&*self.agent.model, &trajectories, cx)?;
        let mut rng = stream(self.options.seed, "chance", 0);
        let chance = loss::chance(&reference, returns.len(), self.options.alpha, &mut rng);
        Ok(Probed { trajectories, returns, losses, reference, chance })
    }

    /// Mean return and its standard error. Of a single episode it is that of the evaluation's spread.
    pub(super) fn score(&self, returns: &[f64]) -> (f64, f64) {
        match (returns, &self.history.before) {
            ([one], Some(before)) => (*one, stats::mean_se(&before.returns).1 * (before.returns.len() as f64).sqrt()),
            _ => stats::mean_se(returns),
        }
    }

    pub(super) fn threshold(&self, chance: Option<Chance>) -> f64 {
        let by_chance = chance.map_or(PAPER_THRESHOLD, |c| c.quantile.max(PAPER_THRESHOLD));
        self.options.threshold.unwrap_or(by_chance)
    }

    /// How surprising the losses of the probe episodes are. Probes of earlier checks are measured with the model as it is:
    /// no model was trained on them, so all are exchangeable under it if nothing is new.
    pub(super) fn surprise(&self, losses: &[f64], reference: &[f64], cx: &Ctx) -> Result<Option<Surprise>, Fault> {
        if losses.is_empty() || reference.is_empty() {
            return Ok(None);
        }
        let mut rng = stream(self.options.seed, "surprise", self.history.rounds.len() as u64);
        if reference.len() < LEAST {
            return Ok(Some(Surprise::Group(loss::permutation_p(losses, reference, GROUPS, &mut rng))));
        }
        let mut before = reference.to_vec();
        if let Some(earlier) = &self.watched {
            before.extend(self.yardstick.losses(&*self.agent.model, earlier, cx)?);
        }
        Ok(Some(Surprise::Episodes(martingale::p_values(losses, &before, &mut rng))))
    }
}
