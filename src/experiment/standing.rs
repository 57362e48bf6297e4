//! Where the cells of an experiment stand, read from its folder: what the grid shows, whoever runs them.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::cell::{Cell, Work};
use super::claim::{Claims, Standing as Claimed};
use super::plan::Plan;
use super::result::{CellResult, seconds};
use super::site::{RUN, Site};
use crate::ground::fault::Fault;
use crate::ground::number::{counted, duration, number, significant};
use crate::ground::stats;
use crate::metrics::report::{Cell as Entry, Level, Report, Table};
use crate::topup::run::METRICS;

/// Why a cell failed, in its folder.
pub const FAILED: &str = "failed.toml";

/// What [`FAILED`] says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Why.
    pub why: String,
    /// Tells two failures for the same reason apart.
    pub token: u64,
}

/// Where a cell stands.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// It has its result, and that is its score where it is an agent's.
    Finished(Option<f64>),
    /// Somebody works on it: the share that is done, and where, if not here.
    Running(f64, Option<String>),
    /// It failed.
    Failed(String),
    /// It waits for a cell that failed.
    Blocked(usize),
    /// It waits for a cell that is not finished.
    Waiting(usize),
    /// It can be taken.
    Free,
}

/// A finished cell: its score where it is an agent's, and the seconds that it took.
type Known = HashMap<usize, (Option<f64>, f64)>;

/// Looks at the cells of a folder; what is finished is not looked at again, nor is what waits for others.
pub struct Watcher<'s> {
    site: &'s Site<'s>,
    claims: &'s Claims,
    finished: Mutex<Known>,
    /// Cells whose holder said that they are finished and whose result is not to be seen, since when.
    hidden: Mutex<HashMap<usize, Instant>>,
}

impl<'s> Watcher<'s> {
    /// Of the cells of `site`.
    pub fn new(site: &'s Site<'s>, claims: &'s Claims) -> Self {
        Self { site, claims, finished: Mutex::default(), hidden: Mutex::default() }
    }

    /// The state of every cell.
    ///
    /// # Errors
    /// [`Fault`] where a file of a cell is none.
    pub fn states(&self) -> Result<Vec<State>, Fault> {
        let mut all: Vec<State> = Vec::with_capacity(self.site.cells.len());
        for number in 0..self.site.cells.len() {
            let state = self.state(number, &all)?;
            all.push(state);
        }
        Ok(all)
    }

    fn state(&self, number: usize, before: &[State]) -> Result<State, Fault> {
        if let Some((score, _)) = self.known().get(&number) {
            return Ok(State::Finished(*score));
        }
        let (cell, place) = (&self.site.cells[number], self.site.place(number));
        let stuck = |n: &&usize| matches!(before[**n], State::Failed(_) | State::Blocked(_));
        let open = |n: &&usize| !matches!(before[**n], State::Finished(_));
        if let Some(n) = cell.needs.iter().find(stuck) {
            return Ok(State::Blocked(*n));
        }
        if let Some(n) = cell.needs.iter().find(open) {
            return Ok(State::Waiting(*n));
        }
        if let Some(result) = CellResult::read(&place)? {
            let score = (!result.rows.is_empty()).then(|| result.score(self.site.task(number).options.steps));
            let took = seconds(&place).unwrap_or(0.0);
            self.known().insert(number, (score, took));
            return Ok(State::Finished(score));
        }
        let claimed = if place.is_dir() { self.claims.state(&place)? } else { Claimed::Free };
        Ok(match claimed {
            Claimed::Mine => State::Running(self.share(number, &place), None),
            Claimed::Held { host, pid } => State::Running(self.share(number, &place), Some(format!("{host}:{pid}"))),
            Claimed::Finished => self.hidden(number, &place),
            Claimed::Free => failure(&place).map_or(State::Free, |failure| State::Failed(failure.why)),
        })
    }

    /// A result that is not to be seen although its cell is finished: a network file system shows it within a lease, or
    /// somebody removed it.
    fn hidden(&self, number: usize, place: &Path) -> State {
        let mut hidden = self.hidden.lock().unwrap_or_else(PoisonError::into_inner);
        if hidden.entry(number).or_insert_with(Instant::now).elapsed() < self.claims.lease() {
            return State::Running(1.0, Some("finished".into()));
        }
        let place = place.display();
        State::Failed(format!(
            "{place}: the cell was finished and its result is gone; remove the folder, and it is run again"
        ))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.finished.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Share of a running cell that is done, by its last evaluation.
    fn share(&self, number: usize, place: &Path) -> f64 {
        let text = std::fs::read_to_string(place.join(RUN).join(METRICS)).unwrap_or_default();
        let clock = |line: &str| {
            let line: serde_json::Value = serde_json::from_str(line).ok()?;
            line.get("clock").or_else(|| line.get("acted"))?.as_f64()
        };
        let clock = text.lines().last().and_then(clock).unwrap_or(0.0);
        (clock / self.site.task(number).options.steps.max(1) as f64).min(1.0)
    }

    /// Seconds until all is done with `hands` cells at once, by what finished ones took; nothing before one has finished.
    pub fn left(&self, states: &[State], hands: usize) -> Option<f64> {
        let known = self.known();
        let (plan, cells) = (self.site.plan, self.site.cells);
        let done: f64 = known.keys().map(|n| weight(&cells[*n], plan)).sum();
        let took: f64 = known.values().map(|(_, seconds)| seconds).sum();
        if done <= 0.0 || took <= 0.0 {
            return None;
        }
        let open = |(n, state): (usize, &State)| {
            let share = match state {
                State::Finished(_) | State::Failed(_) | State::Blocked(_) => 0.0,
                State::Running(share, _) => 1.0 - share,
                State::Waiting(_) | State::Free => 1.0,
            };
            share * weight(&cells[n], plan)
        };
        let open: f64 = states.iter().enumerate().map(open).sum();
        (open > 0.0).then(|| open * took / done / hands.max(1) as f64)
    }
}

/// What a cell costs, in gradient steps of the world model: one of the policy costs about as much.
fn weight(cell: &Cell, plan: &Plan) -> f64 {
    let (model, policy) = cell.gradient_steps(plan);
    (model + policy) as f64
}

/// Why the cell in `place` failed, where it did.
pub fn failure(place: &Path) -> Option<Failure> {
    toml::from_str(&std::fs::read_to_string(place.join(FAILED)).ok()?).ok()
}

/// The grid as a report named "experiment": a table a task, agents down and seeds across.
pub fn report(site: &Site<'_>, states: &[State], left: Option<f64>) -> Report {
    let mut report = Report::listed("experiment", &format!("Experiment {}", site.plan.name));
    let count = |of: fn(&State) -> bool| states.iter().filter(|s| of(s)).count();
    let finished = count(|s| matches!(s, State::Finished(_)));
    let running = count(|s| matches!(s, State::Running(..)));
    let failed = count(|s| matches!(s, State::Failed(_)));
    let blocked = count(|s| matches!(s, State::Blocked(_)));
    let all = counted(states.len(), "cells");
    let time =
        left.filter(|_| finished < states.len()).map(|s| format!(", about {} left", duration(s))).unwrap_or_default();
    let trouble = if failed > 0 { format!(", {failed} failed, {blocked} wait for those") } else { String::new() };
    let level = if failed > 0 { Level::Warn } else { Level::Info };
    report.note(level, format!("{finished} of {all} finished, {running} running{trouble}{time}"));
    for (number, state) in states.iter().enumerate() {
        if let State::Failed(why) = state {
            report.note(Level::Warn, format!("{} failed: {why}", site.cells[number].name));
        }
    }
    report.tables.push(table(site, states));
    for (key, label, value) in [
        ("finished", "cells finished", finished),
        ("running", "cells running", running),
        ("failed", "cells failed", failed),
    ] {
        report.stat(key, label, value as f64, "cells", "cells of the experiment in this state, whoever runs them");
    }
    report
}

/// A row for each task and agent, with a column a seed.
fn table(site: &Site<'_>, states: &[State]) -> Table {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for cell in site.cells {
        let line = (cell.task, label(cell));
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.sort_by_key(|(task, _)| *task);
    let seeds = &site.plan.seeds;
    let row = |(task, agent): &(usize, String)| {
        let of = |seed: &u64| {
            let own = |c: &Cell| c.task == *task && c.seed == *seed && label(c) == *agent;
            site.cells.iter().position(own)
        };
        let score = |n: usize| if let State::Finished(score) = states[n] { score } else { None };
        let scores: Vec<f64> = seeds.iter().filter_map(of).filter_map(score).collect();
        let mut row: Vec<Entry> = vec![site.plan.tasks[*task].name.clone().into(), agent.clone().into()];
        row.extend(seeds.iter().map(|seed| of(seed).map_or_else(|| "".into(), |n| Entry::from(word(&states[n])))));
        let (mean, se) = stats::mean_se(&scores);
        row.push(match scores.len() {
            0 => "".into(),
            1 => number(mean).into(),
            _ => format!("{} ± {}", number(mean), number(significant(se, 2))).into(),
        });
        row
    };
    let mut columns = vec!["task".to_string(), "agent".to_string()];
    columns.extend(seeds.iter().map(|seed| format!("seed {seed}")));
    columns.push("score ± s.e.".into());
    Table { key: "grid".into(), label: "Cells".into(), columns, rows: lines.iter().map(row).collect() }
}

fn label(cell: &Cell) -> String {
    match &cell.work {
        Work::Agent(agent) => agent.name.clone(),
        Work::Data(data) => format!("data: {}", data.name()),
    }
}

fn word(state: &State) -> String {
    match state {
        State::Finished(Some(score)) => number(*score),
        State::Finished(None) => "made".into(),
        State::Running(share, who) => {
            let elsewhere = if who.is_some() { "*" } else { "" };
            format!("{:.0} %{elsewhere}", 100.0 * share)
        }
        State::Failed(_) => "failed".into(),
        State::Blocked(_) => "blocked".into(),
        State::Waiting(_) => "waits".into(),
        State::Free => "-".into(),
    }
}
