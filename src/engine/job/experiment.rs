use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

mod figures;

use super::{Emit, Job, Slot};
use crate::engine::event::Outcome;
use crate::engine::measure::stage;
use crate::engine::spec::{ExperimentSpec, ExperimentTask};
use crate::engine::workspace::Workspace;
use crate::env::spec::ResetOption;
use crate::experiment::cell::{Cell, cells};
use crate::experiment::claim::Claims;
use crate::experiment::crew::{Crew, Duty};
use crate::experiment::dry_run;
use crate::experiment::plan::{Plan, Task};
use crate::experiment::report;
use crate::experiment::results::{self, RESULTS};
use crate::experiment::site::{Made, PLAN, Site};
use crate::experiment::standing::{self, State, Watcher};
use crate::ground::fault::Fault;
use crate::ground::number::counted;
use crate::ground::save;
use crate::ground::task::Ctx;
use crate::metrics::report::Level;

/// Runs the cells of an experiment, says what they would take, or compares what they found.
pub(super) struct Experiment;

impl Job for Experiment {
    type Spec = ExperimentSpec;
    type Input = (Plan, Vec<Cell>);
    const NAME: &'static str = "experiment";
    const SLOT: Slot = Slot::Train;

    fn open(spec: &ExperimentSpec, _: &Workspace, _: &Ctx, _: Emit<'_>) -> Result<(Plan, Vec<Cell>), Fault> {
        let plan = Plan::read(&spec.plan)?;
        let cells = cells(&plan).map_err(|why| Fault::at(&spec.plan, why))?;
        Ok((plan, cells))
    }

    fn run(spec: &ExperimentSpec, (plan, cells): Self::Input, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
        let folder = spec.out.clone().unwrap_or_else(|| Path::new("runs").join(&plan.name));
        let site = Site { plan: &plan, cells: &cells, folder: &folder, make: &make };
        match spec.task {
            ExperimentTask::DryRun => {
                emit(dry_run::report(&site, spec.jobs.max(1), cx)?);
                Ok(Outcome::default())
            }
            ExperimentTask::Run => work(spec, &site, cx, emit),
            ExperimentTask::Report => {
                let results = results::read(&site)?;
                if results.is_empty() {
                    let run = format!(
                        "no cell of the plan is finished in it; run them by: oodscope experiment {}",
                        spec.plan.display()
                    );
                    return Err(Fault::at(&folder, run));
                }
                site.agrees()?;
                let compared = report::compare(&site, &results, spec.seed, cx)?;
                let figures = spec
                    .figures
                    .as_ref()
                    .map(|folder| figures::write(folder, &compared.report, (&compared.tasks, &compared.claims)));
                emit(compared.report);
                Ok(Outcome { summary: String::new(), written: figures.transpose()?.unwrap_or_default() })
            }
        }
    }
}

/// One copy of an environment: an agent that learns between episodes acts in one at a time.
fn make(task: &Task, cx: &Ctx) -> Result<Made, Fault> {
    let starts: Vec<ResetOption> = task.reset.iter().map(|(name, value)| (name.clone(), *value)).collect();
    let acted = stage::named(&task.acting, 1)?.starting(&starts)?.begin(true, cx)?;
    Ok(Made { env: acted.env, told: acted.place.into_iter().chain(acted.warning).collect() })
}

fn work(spec: &ExperimentSpec, site: &Site<'_>, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
    let only = spec.only.iter().map(|name| number(site, name)).collect::<Result<Vec<usize>, Fault>>()?;
    let folder = site.folder;
    std::fs::create_dir_all(folder).map_err(|e| Fault::io(folder, "making the experiment's folder", &e))?;
    let text = Plan::portable(&spec.plan)?;
    save::file(&folder.join(PLAN), |f| f.write_all(text.as_bytes()).map_err(|e| e.to_string()))?;
    let claims = Claims::new(Duration::from_secs(spec.lease));
    let watcher = Watcher::new(site, &claims);
    let duty = Duty { hands: spec.jobs.max(1), share: spec.share, only };
    let crew = Crew::new(site, &claims, &watcher, duty);
    let phase = cx.phase("running cells");
    let tick = || {
        let states = watcher.states()?;
        let running = states.iter().filter(|s| matches!(s, State::Running(..))).count();
        emit(standing::report(site, &states, watcher.left(&states, running.max(spec.jobs))));
        let done = states.iter().filter(|s| matches!(s, State::Finished(_) | State::Failed(_) | State::Blocked(_)));
        phase.step(done.count() as u64, states.len() as u64).map_err(Fault::from)
    };
    let ran = crew.run(&tick, cx);
    let states = watcher.states()?;
    if ran.is_err() {
        // Where the cells stand now that nobody works on them here.
        let mut left = standing::report(site, &states, None);
        left.note(Level::Warn, "Stopped. The same command goes on where it stopped, and so does t in the dashboard");
        emit(left);
    }
    ran?;
    results::write(site)?;
    ended(site, &states, crew.wanted())
}

/// What is said at the end; a cell that failed is a failure of the whole where it is among the `wanted` ones.
fn ended(site: &Site<'_>, states: &[State], wanted: &[usize]) -> Result<Outcome, Fault> {
    let finished = states.iter().filter(|s| matches!(s, State::Finished(_))).count();
    let mut summary = format!("{finished} of {} finished in {}", counted(states.len(), "cells"), site.folder.display());
    let failed = |(n, s): (usize, &State)| if let State::Failed(why) = s { Some((n, why.clone())) } else { None };
    let failed: Vec<(usize, String)> = wanted.iter().map(|n| (*n, &states[*n])).filter_map(failed).collect();
    if let Some((first, why)) = failed.first() {
        let more = if failed.len() > 1 { format!(" and {} more", failed.len() - 1) } else { String::new() };
        let name = &site.cells[*first].name;
        let _ =
            write!(summary, "; {name}{more} failed: {why}. Run it again once that is mended: what is finished stays");
        return Err(Fault::failed(summary));
    }
    Ok(Outcome { summary, written: vec![site.folder.join(RESULTS)] })
}

/// The number of the cell called `name`.
fn number(site: &Site<'_>, name: &str) -> Result<usize, Fault> {
    site.cells.iter().position(|cell| cell.name == name).ok_or_else(|| {
        let near: Vec<&str> = site.cells.iter().map(|cell| cell.name.as_str()).take(6).collect();
        Fault::bad(format!("no cell is called '{name}'; --dry-run lists them ({}, …)", near.join(", ")))
    })
}
