//! What is collected when: the paper's rules, over a course of as many checks as there are evaluations but the last.

use super::history::Checked;
use super::options::When;
use super::{Offline, networks};
use crate::agent::collect::{Collector, Limit};
use crate::agent::policy::Acting;
use crate::data::dataset::Dataset;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::topup::controller::chunk;
use crate::topup::loss;
use crate::topup::round::chosen;
use crate::topup::yoked;

impl Offline<'_> {
    /// Checks whether data is due, and collects it. What comes after the last lesson would be learned by nobody.
    pub(super) fn check(&mut self, cx: &Ctx) -> Result<Option<Checked>, Fault> {
        let (n, checks) = (self.history.rounds.len(), self.given.course.len().saturating_sub(1));
        if n >= checks {
            return Ok(None);
        }
        let mut checked = match self.options.schedule.clone() {
            When::Never => return Ok(None),
            When::Fixed { share } => Checked { due: self.evenly(share, n + 1, checks), ..Checked::default() },
            When::Yoked { chunks } => {
                let plan = yoked::plan(&chunks, checks, self.options.learn.seed)?;
                Checked { due: plan.get(&(n + 1)).copied().unwrap_or(0), ..Checked::default() }
            }
            When::Adaptive { budget } => return self.adapt(budget, n, cx).map(Some),
        };
        if checked.due > 0 {
            checked.collected = self.collect(n, checked.due, cx)?;
        }
        Ok(Some(checked))
    }

    /// Steps that are due after check `check` of `checks`, which counts from 1: chunks as large as the adaptive rule's, as soon as a
    /// whole one is, and the rest at the end.
    fn evenly(&self, share: f64, check: usize, checks: usize) -> usize {
        let whole = (share * self.given.data.num_steps() as f64).round();
        let spent = self.history.added / self.options.learn.times();
        let due = (whole * check as f64 / checks as f64).round() as usize;
        let due = due.saturating_sub(spent);
        let chunk = chunk(self.given.data.num_steps(), self.steps_an_episode());
        if check == checks { due } else { due / chunk * chunk }
    }

    /// The paper's adaptive rule: fresh episodes, R, and a chunk where it is above its threshold. Probe episodes come first.
    fn adapt(&mut self, budget: f64, n: usize, cx: &Ctx) -> Result<Checked, Fault> {
        let mut probes = self.collector(&format!("probe {n}"));
        let networks = networks(&self.learning)?;
        let (policy, limit) = (networks.policy(), Limit::episodes(self.options.probes.max(1)));
        probes.run(&mut self.env, &*policy, Acting::Greedy, limit, &cx.phase("probing"))?;
        let acted = probes.dataset(&self.env).ok_or_else(|| Fault::failed("no probe episode has a step"))?;
        self.history.probed += self.options.learn.times() * probes.steps();
        let Some(yardstick) = &self.yardstick else {
            return Err(Fault::failed("an adaptive schedule needs held-out episodes, and there are none"));
        };
        let losses = yardstick.losses(&*networks.model, &acted, &cx.untold())?;
        let (ratio, _) = loss::ratio(&losses, &yardstick.reference(&*networks.model, &cx.untold())?);
        let most = (budget * self.given.data.num_steps() as f64).round() as usize;
        let left = most.saturating_sub(self.history.added / self.options.learn.times());
        let chunk = chunk(self.given.data.num_steps(), acted.num_steps() / acted.num_episodes().max(1)).min(left);
        let due = if ratio > self.options.threshold { chunk } else { 0 };
        let mut checked = Checked { ratio: Some(ratio), due, ..Checked::default() };
        if due > 0 {
            checked.kept = chosen(&acted, &losses, due);
            let kept = self.keep_probes(&acted, &checked.kept)?;
            checked.collected = kept + if kept < due { self.collect(n, due - kept, cx)? } else { 0 };
        }
        Ok(checked)
    }

    /// Adds those of the probe episodes that were chosen; answers their steps. They are no probes any more.
    pub(super) fn keep_probes(&mut self, probes: &Dataset, chosen: &[usize]) -> Result<usize, Fault> {
        if chosen.is_empty() {
            return Ok(0);
        }
        let chosen = probes.subset(chosen);
        self.history.probed -= self.options.learn.times() * chosen.num_steps();
        self.keep(&chosen)?;
        Ok(chosen.num_steps())
    }

    /// Lets the policy act for `steps` steps, which are added to the data; answers how many there were.
    fn collect(&mut self, n: usize, steps: usize, cx: &Ctx) -> Result<usize, Fault> {
        let mut more = self.collector(&format!("collect {n}"));
        let policy = networks(&self.learning)?.policy();
        more.run(&mut self.env, &*policy, Acting::Sampled, Limit::steps(steps), &cx.phase("collecting"))?;
        if let Some(data) = more.dataset(&self.env) {
            self.keep(&data)?;
        }
        Ok(more.steps())
    }

    /// What acts for a purpose from now on; its episodes are numbered after all others.
    pub(super) fn collector(&mut self, purpose: &str) -> Collector {
        self.env.act_for(purpose);
        let known = self.given.data.spans().iter().chain(self.fresh.iter().flat_map(Dataset::spans));
        let next = known.map(|s| s.id + 1).max().unwrap_or(0);
        Collector::new(self.options.learn.seed, purpose, next)
    }

    pub(super) fn keep(&mut self, new: &Dataset) -> Result<(), Fault> {
        let all: Vec<usize> = (0..new.num_episodes()).collect();
        self.replay.push(&new.transitions(&all)).map_err(Fault::Bad)?;
        self.history.added += self.options.learn.times() * new.num_steps();
        self.fresh = Some(match &self.fresh {
            Some(fresh) => fresh.join(new).map_err(Fault::Bad)?,
            None => new.clone(),
        });
        Ok(())
    }

    /// Mean steps of the dataset's episodes.
    fn steps_an_episode(&self) -> usize {
        (self.given.data.num_steps() / self.given.data.num_episodes().max(1)).max(1)
    }
}
