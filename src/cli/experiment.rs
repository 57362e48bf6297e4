//! `oodscope experiment`: agents, tasks, datasets and seeds compared.

use std::path::{Path, PathBuf};
use std::thread;

use clap::{Args, Subcommand};

use super::args::{OutputArgs, count};
use super::headless::{self, Status};
use super::{config, dashboard, demo, on_terminal};
use crate::engine::job::{ExperimentSpec, ExperimentTask, JobSpec, Source};
use crate::experiment::site::PLAN;
use crate::ground::fault::Fault;
use crate::ui::app::OpenSpec;
use crate::ui::panel;

/// Options of `oodscope experiment`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct ExperimentArgs {
    #[command(subcommand)]
    task: Option<Task>,
    #[command(flatten)]
    run: RunArgs,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Compare what the finished cells found: tables, claims with their intervals, figures
    Report(ReportArgs),
}

#[derive(Debug, Args)]
struct RunArgs {
    /// Plan (TOML), or the folder of an experiment to go on with
    #[arg(required = true, value_name = "PLAN")]
    plan: Option<PathBuf>,
    /// Folder of its cells, shared by all processes that run it; runs/<name of the plan> if none is named
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Print the cells, what each needs, its steps, and an estimate of the time; run nothing but a short trial
    #[arg(long)]
    dry_run: bool,
    /// Print instead of opening the dashboard
    #[arg(long)]
    headless: bool,
    /// Cells at once in this process; one for two cores if none is named
    #[arg(long, value_name = "N", value_parser = count)]
    jobs: Option<usize>,
    /// This process is number I (from 0) of N that share the folder: it takes its own cells first, then what is free
    #[arg(long, value_name = "I/N", value_parser = share)]
    cell: Option<(usize, usize)>,
    /// Run this cell and what it needs, and no other (may be given several times)
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Seconds without a sign of life after which the cell of a process on another machine is taken up by others
    #[arg(long, value_name = "SECONDS", default_value_t = ExperimentSpec::default().lease, value_parser = clap::value_parser!(u64).range(5..=86_400))]
    lease: u64,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Args)]
struct ReportArgs {
    /// Plan (TOML), or the folder of an experiment
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// Folder of its cells
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Folder that figures (SVG) and their numbers (Parquet) are written to
    #[arg(long, value_name = "FOLDER")]
    figures: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
}

/// "1/4": number 1, from 0, of 4.
fn share(text: &str) -> Result<(usize, usize), String> {
    let parts = text.split_once('/').and_then(|(i, n)| Some((i.parse::<usize>().ok()?, n.parse::<usize>().ok()?)));
    parts.filter(|(i, n)| i < n).ok_or_else(|| "I/N with I from 0 to N-1 is needed".into())
}

/// The plan's file and the folder, where a folder stands for both.
fn plan(named: &Path, out: Option<&PathBuf>) -> (PathBuf, Option<PathBuf>) {
    if named.is_dir() {
        return (named.join(PLAN), Some(out.cloned().unwrap_or_else(|| named.to_path_buf())));
    }
    (named.to_path_buf(), out.cloned())
}

impl ExperimentArgs {
    /// Does it.
    pub fn run(&self) -> Status {
        match &self.task {
            None => self.run.run(),
            Some(Task::Report(args)) => args.run(),
        }
    }
}

impl RunArgs {
    fn run(&self) -> Status {
        let Some(named) = &self.plan else { return headless::complain(&Fault::bad("name a plan")) };
        let (plan, out) = plan(named, self.out.as_ref());
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let spec = ExperimentSpec {
            plan,
            out,
            task: if self.dry_run { ExperimentTask::DryRun } else { ExperimentTask::Run },
            jobs: self.jobs.unwrap_or(cores.div_ceil(2)),
            share: self.cell,
            only: self.only.clone(),
            lease: self.lease,
            figures: None,
            seed: self.output.seed,
        };
        if self.dry_run || self.headless || !on_terminal(&self.output) {
            return headless::run(&[JobSpec::Experiment(spec)], &self.output);
        }
        // Something has to be open beside the grid.
        let open = demo::find().map(|demo| {
            let source = Source { dataset: demo.dataset, checkpoint: Some(demo.checkpoint), ..Source::default() };
            OpenSpec::new(source, self.output.seed)
        });
        match (open, config::settled(None, None)) {
            (Ok(open), Ok(settings)) => {
                let open = OpenSpec { experiment: Some(spec), ..open };
                let opening = dashboard::Opening::with(open, settings);
                dashboard::Opening { panel: Some(panel::topup::ID), ..opening }.show()
            }
            (Err(fault), _) | (_, Err(fault)) => headless::complain(&fault),
        }
    }
}

impl ReportArgs {
    fn run(&self) -> Status {
        let (plan, out) = plan(&self.plan, self.out.as_ref());
        let (figures, seed) = (self.figures.clone(), self.output.seed);
        let spec =
            ExperimentSpec { plan, out, task: ExperimentTask::Report, figures, seed, ..ExperimentSpec::default() };
        headless::run(&[JobSpec::Experiment(spec)], &self.output)
    }
}
