//! What each agent of a task reached, seed by seed.

use std::collections::BTreeMap;

use crate::experiment::result::CellResult;
use crate::experiment::results::scale;
use crate::experiment::site::Site;
use crate::ground::bootstrap;
use crate::ground::seed::stream;
use crate::ground::stats;

/// What an agent reached on one seed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reached {
    /// Mean return over the evaluations of the last fifth of the course.
    pub score: f64,
    /// Loss of its world model on its own trajectories over the same evaluations, in units of the active agent's data.
    pub loss: f64,
    /// V(s₀) less the discounted return that followed, over the same.
    pub value_error: f64,
    /// Steps that it acted to learn from; of an agent that is given data those that were added to it.
    pub acted: f64,
    /// The same as a share of the data that it was given.
    pub share: f64,
    /// Every real step, probes and evaluations included.
    pub total: f64,
    /// Chunks that were added.
    pub chunks: f64,
    /// Median count of visits along its last trajectories, where visits are counted.
    pub visits: Option<f64>,
}

/// One agent of a task.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentSummary {
    /// Its name.
    pub name: String,
    /// By seed.
    pub seeds: BTreeMap<u64, Reached>,
}

/// One task.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskSummary {
    /// Its name.
    pub name: String,
    /// Its agents in the order of the plan.
    pub agents: Vec<AgentSummary>,
    /// Mean return of random actions by seed.
    pub random: BTreeMap<u64, f64>,
}

/// A mean over seeds with its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    /// The mean.
    pub mean: f64,
    /// Its standard error; NaN of one seed.
    pub se: f64,
    /// Seeds.
    pub n: usize,
}

impl Mean {
    /// Of these values.
    pub fn of(values: &[f64]) -> Self {
        let (mean, se) = stats::mean_se(values);
        Self { mean, se: if values.len() > 1 { se } else { f64::NAN }, n: values.len() }
    }

    /// Two standard errors to either side.
    pub fn interval(&self) -> (f64, f64) {
        (self.mean - 2.0 * self.se, self.mean + 2.0 * self.se)
    }
}

impl AgentSummary {
    /// The mean of `of` over seeds.
    pub fn mean(&self, of: impl Fn(&Reached) -> f64) -> Mean {
        Mean::of(&self.seeds.values().map(of).collect::<Vec<f64>>())
    }
}

impl TaskSummary {
    /// The agent called `name`.
    pub fn agent(&self, name: &str) -> Option<&AgentSummary> {
        self.agents.iter().find(|agent| agent.name == name)
    }

    /// The mean over common seeds of `of` of agent `a` and of agent `b`, put together by `with`.
    pub fn paired(
        &self,
        (a, b): (&str, &str),
        of: impl Fn(&Reached) -> f64,
        with: impl Fn(f64, f64) -> f64,
    ) -> Option<Mean> {
        let (a, b) = (self.agent(a)?, self.agent(b)?);
        let both = a.seeds.iter().filter_map(|(seed, a)| Some(with(of(a), of(b.seeds.get(seed)?))));
        let values: Vec<f64> = both.filter(|v| v.is_finite()).collect();
        (!values.is_empty()).then(|| Mean::of(&values))
    }

    /// What the active agent gained over random actions: the unit of differences between tasks.
    pub fn unit(&self) -> Option<f64> {
        let active = self.agent("active")?;
        let gains = active.seeds.iter().filter_map(|(seed, r)| Some(r.score - self.random.get(seed)?));
        let unit = stats::mean(&gains.collect::<Vec<f64>>());
        (unit.is_finite() && unit > 0.0).then_some(unit)
    }

    /// G = (S − S′) / (S″ − S′) of agent `name` (FIELD 5), of the passive agent (S′) and the active one (S″), each the mean over the common seeds, with the
    /// middle 95 % of `draws` bootstraps over seeds. `passive` is the agent that it is held against.
    pub fn gap_recovered(&self, name: &str, passive: &str, draws: usize, seed: u64) -> Option<Gap> {
        let (own, passive, active) = (self.agent(name)?, self.agent(passive)?, self.agent("active")?);
        let common = own
            .seeds
            .iter()
            .filter_map(|(seed, s)| Some([s.score, passive.seeds.get(seed)?.score, active.seeds.get(seed)?.score]));
        let all: Vec<[f64; 3]> = common.collect();
        let of = |rows: &mut dyn Iterator<Item = usize>| {
            let sum = rows.fold([0.0; 3], |sum, i| std::array::from_fn(|k| sum[k] + all[i][k]));
            (sum[0] - sum[1]) / (sum[2] - sum[1])
        };
        if all.is_empty() {
            return None;
        }
        let mut rng = stream(seed, "gap recovered", 0);
        let estimate = of(&mut (0..all.len()));
        let drawn = (0..draws).map(|_| of(&mut bootstrap::drawn(&mut rng, all.len())));
        let interval = (all.len() > 1).then(|| bootstrap::percentile(drawn)).flatten();
        let gaps: Vec<f64> = all.iter().map(|[_, passive, active]| active - passive).collect();
        Some(Gap { recovered: estimate, interval, gap: Mean::of(&gaps) })
    }
}

/// How much of the gap between the active agent and a passive one is recovered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gap {
    /// G.
    pub recovered: f64,
    /// 95 % of it.
    pub interval: Option<(f64, f64)>,
    /// The gap itself.
    pub gap: Mean,
}

impl Gap {
    /// True where the gap is told from none: G divides by it.
    pub fn is_there(&self) -> bool {
        self.gap.n > 1 && self.gap.mean > 2.0 * self.gap.se
    }
}

/// Every task of the experiment with what is finished.
pub fn summarise(site: &Site<'_>, results: &BTreeMap<usize, CellResult>) -> Vec<TaskSummary> {
    let of_task = |task: &str| {
        let own = || results.values().filter(move |r| r.task == task && !r.rows.is_empty());
        let mut agents: Vec<AgentSummary> = Vec::new();
        for result in own() {
            let known = agents.iter().position(|a| a.name == result.agent).unwrap_or_else(|| {
                agents.push(AgentSummary { name: result.agent.clone(), seeds: BTreeMap::new() });
                agents.len() - 1
            });
            agents[known].seeds.insert(result.seed, reached(site, results, result));
        }
        let random = own().filter(|r| r.agent == "active").filter_map(|r| Some((r.seed, r.random?))).collect();
        TaskSummary { name: task.into(), agents, random }
    };
    site.plan.tasks.iter().map(|task| of_task(&task.name)).collect()
}

fn reached(site: &Site<'_>, results: &BTreeMap<usize, CellResult>, result: &CellResult) -> Reached {
    let steps = site.plan.tasks.iter().find(|t| t.name == result.task).map_or(0, |t| t.options.steps);
    let late = |of: &dyn Fn(&crate::experiment::result::Row) -> f64| {
        stats::mean(&result.last_fifth(steps).map(of).collect::<Vec<f64>>())
    };
    let scale = scale(results, result);
    let last = result.rows.last().cloned().unwrap_or_default();
    Reached {
        score: late(&|row| row.score),
        loss: late(&|row| scale.map_or(f64::NAN, |scale| scale.loss(&row.errors))),
        value_error: late(&|row| row.value_error),
        acted: last.acted as f64,
        share: last.acted as f64 / result.data_steps.max(1) as f64,
        total: result.total() as f64,
        chunks: result.chunks().len() as f64,
        visits: result.visits,
    }
}
