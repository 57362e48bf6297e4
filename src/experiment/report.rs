//! The comparison of an experiment: what each agent reached, and what became of the paper's claims.

pub mod claims;
mod curves;
mod maps;
pub mod summary;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::result::CellResult;
use super::site::Site;
use crate::ground::fault::Fault;
use crate::ground::number::{counted, number, percent, significant};
use crate::ground::task::Ctx;
use crate::metrics::report::{Cell as Entry, Level, Report, Table};
use claims::{Claim, DRAWS, Verdict, claims};
use summary::{Mean, TaskSummary, summarise};

/// A comparison.
pub struct Comparison {
    /// The report named "experiment".
    pub report: Report,
    /// What each agent reached.
    pub tasks: Vec<TaskSummary>,
    /// What became of the claims.
    pub claims: Vec<Claim>,
}

/// Compares what is finished; `seed` is that of the bootstraps.
///
/// # Errors
/// [`Fault`] where a finished cell's files cannot be read.
pub fn compare(
    site: &Site<'_>,
    results: &BTreeMap<usize, CellResult>,
    seed: u64,
    cx: &Ctx,
) -> Result<Comparison, Fault> {
    let tasks = summarise(site, results);
    let mut report = Report::listed("experiment", &format!("Experiment {}", site.plan.name));
    let missing = site.cells.len() - results.len();
    if missing > 0 {
        report.note(
            Level::Warn,
            format!(
                "{} of {} not finished: what follows is of the others",
                missing,
                counted(site.cells.len(), "cells")
            ),
        );
    }
    let versions: BTreeSet<&str> = results.values().map(|r| r.version.as_str()).collect();
    if versions.len() > 1 {
        let all: Vec<&str> = versions.into_iter().collect();
        report.note(Level::Warn, format!("cells were run by different versions of the program: {}", all.join(", ")));
    }
    let told: BTreeSet<&String> = results.values().flat_map(|r| &r.told).collect();
    for words in told {
        report.note(Level::Info, words.clone());
    }
    let claims = claims(&tasks, seed);
    for claim in claims.iter().filter(|claim| claim.task.is_none()) {
        report.note(Level::Info, format!("{}: {} ({})", claim.text, claim.verdict.word(), claim.measured));
    }
    report.note(
        Level::Info,
        "A score is the mean return over the evaluations of the last fifth of the course; ± is the standard error over seeds, and [ ] \
         two of them. Agents with a schedule hold a part of the data out to measure R, which the others learn from"
            .to_string(),
    );
    for task in &tasks {
        report.tables.push(scores(task, seed));
    }
    report.tables.push(listed(&claims));
    for task in &tasks {
        curves::add(&mut report, site, results, &task.name);
    }
    for verdict in [Verdict::Holds, Verdict::DoesNotHold, Verdict::Undecided] {
        let n = claims.iter().filter(|claim| claim.task.is_none() && claim.verdict == verdict).count();
        let key = verdict.word().replace(' ', "_");
        let definition = "claims of the paper over all tasks, by what became of them";
        report.stat(&format!("claims_{key}"), &format!("claims: {}", verdict.word()), n as f64, "claims", definition);
    }
    maps::add(&mut report, site, results, cx)?;
    Ok(Comparison { report, tasks, claims })
}

fn scores(task: &TaskSummary, seed: u64) -> Table {
    let columns = [
        "agent",
        "score ± s.e.",
        "own loss (σ²)",
        "V(s0) − return",
        "added",
        "added %",
        "real in all",
        "chunks",
        "G",
        "visits",
        "seeds",
    ];
    let with = |mean: Mean| match mean.n {
        0 => "–".to_string(),
        1 => number(mean.mean),
        _ => format!("{} ± {}", number(mean.mean), number(significant(mean.se, 2))),
    };
    let row = |agent: &summary::AgentSummary| {
        let is_active = agent.name.starts_with("active");
        let gap = (!is_active).then(|| task.gap_recovered(&agent.name, "passive", DRAWS, seed)).flatten();
        let recovered = gap.filter(|g| g.is_there() && agent.name != "passive").map_or_else(
            || "–".into(),
            |g| {
                let ends = g.interval.map_or_else(String::new, |(a, b)| {
                    format!(" [{}, {}]", number(significant(a, 2)), number(significant(b, 2)))
                });
                format!("{}{ends}", number(significant(g.recovered, 2)))
            },
        );
        let visits = agent.mean(|r| r.visits.unwrap_or(f64::NAN)).mean;
        let share = agent.mean(|r| r.share).mean;
        let row: Vec<Entry> = vec![
            agent.name.clone().into(),
            with(agent.mean(|r| r.score)).into(),
            with(agent.mean(|r| r.loss)).into(),
            with(agent.mean(|r| r.value_error)).into(),
            number(agent.mean(|r| r.acted).mean.round()).into(),
            if is_active { "–".into() } else { percent(share).into() },
            number(agent.mean(|r| r.total).mean.round()).into(),
            number(agent.mean(|r| r.chunks).mean).into(),
            recovered.into(),
            number(visits).into(),
            agent.seeds.len().into(),
        ];
        row
    };
    Table {
        key: format!("agents_{}", task.name),
        label: task.name.clone(),
        columns: columns.map(String::from).to_vec(),
        rows: task.agents.iter().map(row).collect(),
    }
}

fn listed(claims: &[Claim]) -> Table {
    let row = |claim: &Claim| -> Vec<Entry> {
        vec![
            claim.text.into(),
            claim.task.clone().unwrap_or_else(|| "all".into()).into(),
            claim.verdict.word().into(),
            claim.measured.clone().into(),
            claim.why.clone().into(),
        ]
    };
    Table {
        key: "claims".into(),
        label: "Claims of the paper".into(),
        columns: ["claim", "task", "verdict", "measured", "beside it"].map(String::from).to_vec(),
        rows: claims.iter().map(row).collect(),
    }
}
