//! What an experiment would do and take, before anything is done.

use std::thread;
use std::time::Instant;

use super::cell::Cell;
use super::site::Site;

use crate::agent::collect::{Collector, Limit};
use crate::agent::policy::{Acting, Uniform};
use crate::agent::replay::{Mix, Replay};
use crate::ground::fault::Fault;
use crate::ground::number::{counted, duration};
use crate::ground::task::Ctx;
use crate::metrics::report::{Cell as Entry, Level, Report, Table};
use crate::topup::active::options::Options;
use crate::topup::learning::{Block, Learning, Seeds};

/// Environment steps of a trial, and gradient steps of the policy in it.
const TRIAL_STEPS: usize = 200;
const TRIAL_POLICY_STEPS: usize = 400;

/// What one task costs.
struct Cost {
    /// Seconds a gradient step, and an environment step.
    gradient: f64,
    act: f64,
}

/// What all cells take together.
#[derive(Default)]
struct Total {
    seconds: f64,
    steps: usize,
    gradients: usize,
}

/// The cells with their steps, and an estimate of the time that they take with `hands` at once: a trial of a few hundred steps in
/// each task, timed here and now.
///
/// # Errors
/// [`Fault::Cancelled`]. An environment that cannot be made is a note.
pub fn report(site: &Site<'_>, hands: usize, cx: &Ctx) -> Result<Report, Fault> {
    // As many threads as a cell has to itself while all hands are at work.
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let pool = rayon::ThreadPoolBuilder::new().num_threads((cores / hands).max(1)).build();
    let pool = pool.map_err(|e| Fault::failed(format!("no threads for a trial: {e}")))?;
    let (mut costs, mut unknown) = (Vec::new(), Vec::new());
    for (task, named) in site.plan.tasks.iter().enumerate() {
        costs.push(match pool.install(|| trial(site, task, cx)) {
            Ok(cost) => cost,
            Err(Fault::Cancelled) => return Err(Fault::Cancelled),
            // What the cells are can be told all the same.
            Err(why) => {
                unknown.push(format!("the time of {} is not estimated: {why}", named.name));
                Cost { gradient: f64::NAN, act: f64::NAN }
            }
        });
    }
    let mut total = Total::default();
    let rows = site.cells.iter().map(|cell| row(site, cell, &costs[cell.task], &mut total)).collect();
    let mut report = Report::listed("experiment", &format!("Experiment {}", site.plan.name));
    report.note(
        Level::Info,
        format!(
            "{}: {} to learn from, {} gradient steps; about {} with {} at once here, evaluations apart",
            counted(site.cells.len(), "cells"),
            counted(total.steps, "environment steps"),
            total.gradients,
            duration(total.seconds / hands as f64),
            counted(hands, "cells")
        ),
    );
    for why in unknown {
        report.note(Level::Warn, why);
    }
    let columns = ["cell", "needs", "steps", "evaluation episodes", "model steps", "policy steps", "about"];
    report.tables.push(Table {
        key: "cells".into(),
        label: "Cells, each after those that it needs".into(),
        columns: columns.map(String::from).to_vec(),
        rows,
    });
    let (seconds, steps, cells) = (total.seconds / hands as f64, total.steps as f64, site.cells.len() as f64);
    for (key, label, value, unit, definition) in [
        ("cells", "cells", cells, "cells", "cells of the plan, those that others need included"),
        ("steps", "environment steps", steps, "steps", "steps that agents learn from, as far as they can be foreseen"),
        ("seconds", "time", seconds, "s", "estimate: a short trial of each task, timed on this machine"),
    ] {
        report.stat(key, label, value, unit, definition);
    }
    Ok(report)
}

/// The row of `cell`, which is added to the `total`.
fn row(site: &Site<'_>, cell: &Cell, cost: &Cost, total: &mut Total) -> Vec<Entry> {
    let options = &site.plan.tasks[cell.task].options;
    let (model, policy) = cell.gradient_steps(site.plan);
    let acted = cell.steps(site.plan);
    let evaluations = options.steps.div_ceil(options.eval_every.max(1)) * options.eval_episodes;
    let seconds = cost.gradient * (model + policy) as f64 + cost.act * acted as f64;
    total.steps += acted;
    total.gradients += model + policy;
    total.seconds += if seconds.is_finite() { seconds } else { 0.0 };
    let needs: Vec<&str> = cell.needs.iter().map(|n| site.cells[*n].name.as_str()).collect();
    vec![
        Entry::from(cell.name.clone()),
        if needs.is_empty() { "-".into() } else { needs.join(", ").into() },
        acted.into(),
        if cell.agent().is_some() { evaluations.into() } else { 0usize.into() },
        model.into(),
        policy.into(),
        if seconds.is_finite() { duration(seconds).into() } else { "–".into() },
    ]
}

/// A few steps and lessons of task `task`, timed.
fn trial(site: &Site<'_>, task: usize, cx: &Ctx) -> Result<Cost, Fault> {
    let first = site.cells.iter().position(|cell| cell.task == task);
    let Some(first) = first else { return Ok(Cost { gradient: 0.0, act: 0.0 }) };
    let mut made = site.env(first, cx)?;
    let options = &site.plan.tasks[task].options;
    let space = made.env.spec().action_space.clone();
    let mut collector = Collector::new(0, "trial", 0);
    let began = Instant::now();
    let limit = Limit::steps(TRIAL_STEPS);
    collector.run(&mut *made.env, &Uniform::new(space.clone()), Acting::Sampled, limit, &cx.phase("a short trial"))?;
    let act = began.elapsed().as_secs_f64() / collector.steps().max(1) as f64 / options.times() as f64;
    let data = collector.dataset(&*made.env).ok_or_else(|| Fault::failed("no step was taken"))?;
    let all: Vec<usize> = (0..data.num_episodes()).collect();
    let replay = Replay::new(data.transitions(&all), Mix::Uniform);
    let ratio = TRIAL_POLICY_STEPS as f64 / TRIAL_STEPS as f64;
    let options = Options { model_ratio: 1.0, policy_ratio: ratio, ..options.clone() };
    let mut learning = Learning::new(&space, options, Seeds::all(0))?;
    learning.ready(replay.rows(), 0)?;
    let began = Instant::now();
    let block = Block { number: 0, seen: TRIAL_STEPS };
    learning.learn((&replay, replay.rows()), block, false, (0.0, None), &cx.untold())?;
    let gradient = began.elapsed().as_secs_f64() / (TRIAL_STEPS + TRIAL_POLICY_STEPS) as f64;
    Ok(Cost { gradient, act })
}
