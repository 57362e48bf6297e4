//! What is added to the data: the warm-up, probe episodes, and the policy's own.

use super::{TopUp, told};
use crate::agent::collect::{Collector, Limit};
use crate::agent::policy::Acting;
use crate::data::dataset::Dataset;
use crate::ground::fault::Fault;
use crate::ground::number::counted;
use crate::ground::task::Ctx;

impl TopUp<'_> {
    /// Adds `steps` steps: the chosen probe episodes, then the policy's own.
    pub(super) fn collect(&mut self, probes: &Dataset, steps: usize, cx: &Ctx) -> Result<(), Fault> {
        let left = steps - self.keep_probes(probes, cx)?;
        if left < steps {
            told::say(cx, format!("{} of probe episodes join the data", counted(steps - left, "steps")));
        }
        if left > 0 {
            let more = self.collector(&format!("collect {}", self.history.rounds.len()));
            self.act(more, left, &cx.phase("collecting"))?;
        }
        (self.emit)(self.history.report());
        Ok(())
    }

    /// Before the first update: the policy as it is acts for the steps of the warm-up, within the budget, and what it did is added
    /// to the data (FIELD 6.10).
    pub(super) fn warm_up(&mut self, cx: &Ctx) -> Result<(), Fault> {
        let steps = self.options.warm_up.min(self.history.budget);
        if steps > 0 {
            let more = self.warming_up();
            self.act(more, steps, &cx.phase("warming up"))?;
            (self.emit)(self.history.report());
        }
        Ok(())
    }

    /// What collects the warm-up. The evaluation's episodes may join the data after it.
    pub(super) fn warming_up(&mut self) -> Collector {
        let taken = self.first.as_ref().map_or(0, Dataset::num_episodes) as u64;
        self.env.act_for("warm-up");
        Collector::new(self.options.seed, "warm-up", self.next_id() + taken)
    }

    /// Lets the policy act for `steps` steps, which are added to the data.
    fn act(&mut self, mut more: Collector, steps: usize, cx: &Ctx) -> Result<(), Fault> {
        let policy = self.agent.policy();
        let collected = more.run(&mut self.env, &*policy, Acting::Sampled, Limit::steps(steps), cx);
        self.history.total += more.steps();
        if let Some(data) = more.dataset(&self.env) {
            // A stop must not lose what was collected.
            self.keep(&data, &Ctx::quiet())?;
        }
        collected?;
        self.run.sync()
    }

    /// What collects episodes for a purpose, from now on.
    pub(super) fn collector(&mut self, purpose: &str) -> Collector {
        self.env.act_for(purpose);
        Collector::new(self.options.seed, purpose, self.next_id())
    }

    /// Adds those of the last check's probe episodes that are to be; answers their steps.
    pub(super) fn keep_probes(&mut self, probes: &Dataset, cx: &Ctx) -> Result<usize, Fault> {
        let chosen = self.history.rounds.last().map_or(&[][..], |round| &round.kept);
        if chosen.is_empty() {
            return Ok(0);
        }
        let chosen = probes.subset(chosen);
        self.keep(&chosen, cx)?;
        Ok(chosen.num_steps())
    }

    pub(super) fn keep(&mut self, new: &Dataset, cx: &Ctx) -> Result<(), Fault> {
        let all: Vec<usize> = (0..new.num_episodes()).collect();
        self.agent.replay.push(&new.transitions(&all)).map_err(Fault::Bad)?;
        self.history.added += new.num_steps();
        self.fresh = Some(match &self.fresh {
            Some(fresh) => fresh.join(new).map_err(Fault::Bad)?,
            None => new.clone(),
        });
        if let Some(outside) = &mut self.outside {
            outside.add(new, cx)?;
        }
        Ok(())
    }
}

/// Numbers of the probe episodes that are added to the data where `steps` steps are: whole ones, those that surprised the model
/// most before the others.
pub fn chosen(probes: &Dataset, losses: &[f64], steps: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..losses.len()).collect();
    order.sort_by(|&a, &b| losses[b].total_cmp(&losses[a]));
    let mut left = steps;
    order.retain(|&e| {
        let fits = probes.spans()[e].steps <= left;
        left -= if fits { probes.spans()[e].steps } else { 0 };
        fits
    });
    order
}
