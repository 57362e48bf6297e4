//! The command line: the same jobs as on the screen, printed as text or JSON.
//!
//! Exit status: 0 all went well, 1 a job or a gate failed, 2 bad input (one sentence on standard error), 130 interrupted.

use std::io::{IsTerminal, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory as _, Parser, Subcommand};

mod active;
mod args;
mod audit;
mod collect;
mod compare;
mod config;
mod convert;
mod coverage;
mod dashboard;
mod demo;
mod diagnose;
mod envs;
mod episodes;
mod experiment;
mod fit;
mod gate;
mod headless;
mod html;
mod imagine;
mod inspect;
mod interrupt;
mod json;
mod kept;
mod logfile;
mod open;
mod report;
mod runs;
mod score;
mod shell;
mod shot;
mod text;
mod topup;

use crate::engine::job::{FeatureSpec, Propagation};
use crate::ui::app::OpenSpec;
use args::{JudgedArgs, OutputArgs, SourceArgs};
use headless::Status;

/// State coverage, imagination against reality, and adaptive top-up for world models and offline RL.
#[derive(Debug, Parser)]
#[command(name = "oodscope", version, args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    dashboard: DashboardArgs,
}

const EXAMPLES: &str = "\
Without a sub-command the dashboard opens; where standard output is no terminal, the report is printed.
Without a DATASET the shipped demo is used.

  oodscope datasets/pendulum/narrow-v0 --checkpoint assets/pendulum-narrow
  oodscope report data.hdf5 --json
  oodscope topup datasets/pendulum/narrow-v0 --schedule adaptive --headless --seed 0";

#[derive(Debug, Args)]
struct DashboardArgs {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    acting: JudgedArgs,
    #[command(flatten)]
    output: OutputArgs,
    /// Follow the dataset, the checkpoint (or the run that writes one after the other) and the rollouts: what another program
    /// writes shows within two seconds
    #[arg(long)]
    watch: bool,
    /// Ring the terminal's bell when a number meets this: KEY < NUMBER (or <=, >, >=), such as "`useful_horizon`<10";
    /// repeatable
    #[arg(long, value_name = "EXPR", value_parser = gate::Gate::parse)]
    alarm: Vec<gate::Gate>,
    /// Folder of runs that panel 6 lists, this program's or another's; where top-ups write to if none is named. With --watch what is
    /// written to it shows within two seconds
    #[arg(long, value_name = "FOLDER")]
    runs: Option<PathBuf>,
    /// Colours of the dashboard: auto, dark, light, safe, contrast, gruvbox, solarized, or a TOML file; that of the
    /// settings if none is named
    #[arg(long, value_name = "NAME")]
    theme: Option<String>,
    /// Show maps in pixels, on terminals that can: kitty, iterm2 or sixel; off, or what the settings say, if none is named
    #[arg(long, value_name = "NAME")]
    pixels: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print what the dataset holds and covers, and how well the checkpoint imagines it
    Report(report::ReportArgs),
    /// Compare a second dataset, rollouts or imagined states with a dataset: what differs, how sure, and where
    Compare(compare::CompareArgs),
    /// Measure what the dataset covers, with intervals over episodes
    Coverage(coverage::CoverageArgs),
    /// Train a world model, and a policy in its imagination
    Fit(fit::FitArgs),
    /// Hold open-loop imagination against held-out episodes
    Imagine(imagine::ImagineArgs),
    /// Rank real episodes by how far and how early they leave the data
    Diagnose(diagnose::DiagnoseArgs),
    /// Score every state, each score in units of its own threshold, and say which alarm to trust
    Score(score::ScoreArgs),
    /// Collect a little new data, fine-tune, and compare before and after
    Topup(topup::TopUpArgs),
    /// Learn a task online from random data, and keep everything that was acted as a dataset
    Active(active::ActiveArgs),
    /// Run agents x tasks x datasets x seeds as a plan says, on one machine or many, and compare them
    Experiment(experiment::ExperimentArgs),
    /// List the environments that can be acted in: built in, and the paper's tasks in your Python
    Envs(envs::EnvsArgs),
    /// List the top-ups in a folder with what became of each
    Runs(runs::RunsArgs),
    /// Say what a checkpoint, policy or dataset is, what lies in it, and how it would be read
    Inspect(inspect::InspectArgs),
    /// Say how the dataset was read and what cannot be trusted in it
    Audit(audit::AuditArgs),
    /// Print the table of episodes, or write it as CSV or Parquet: filtered, sorted, grouped
    Episodes(episodes::EpisodesArgs),
    /// Write a dataset, or some of its episodes, in another format
    Convert(convert::ConvertArgs),
    /// Write the episodes of several datasets as one
    Combine(convert::CombineArgs),
    /// Write training, held-out and calibration part each for itself, divided by episode
    Split(convert::SplitArgs),
    /// Make a dataset by acting in a built-in environment
    Collect(collect::CollectArgs),
    /// Open the dashboard as it was: a session that it saved (Ctrl-S)
    Open(open::OpenArgs),
    /// Print the settings of the dashboard, where they are read from, and the themes there are
    Config(config::ConfigArgs),
    /// Write a panel of the dashboard as a picture (SVG, PNG) or text, without a terminal
    Shot(shot::ShotArgs),
    /// Print the script by which a shell completes the program's options
    Completions(shell::CompletionsArgs),
    /// Print the manual page of the program or of a sub-command: `oodscope man topup | man -l -`
    Man(shell::ManArgs),
}

/// Parses the command line, does what it asks for, and answers the exit status.
pub fn main() -> ExitCode {
    // Usage errors leave with status 2 and help with status 0 from inside the parser.
    let cli = Cli::parse();
    logfile::to_file();
    let status = match cli.command {
        None => dashboard(&cli.dashboard),
        Some(Command::Config(_)) => config::ConfigArgs::run(),
        Some(Command::Report(args)) => args.run(),
        Some(Command::Compare(args)) => args.run(),
        Some(Command::Coverage(args)) => args.run(),
        Some(Command::Fit(args)) => args.run(),
        Some(Command::Imagine(args)) => args.run(),
        Some(Command::Diagnose(args)) => args.run(),
        Some(Command::Score(args)) => args.run(),
        Some(Command::Topup(args)) => args.run(),
        Some(Command::Active(args)) => args.run(),
        Some(Command::Experiment(args)) => args.run(),
        Some(Command::Envs(args)) => args.run(),
        Some(Command::Runs(args)) => args.run(),
        Some(Command::Inspect(args)) => args.run(),
        Some(Command::Audit(args)) => args.run(),
        Some(Command::Episodes(args)) => args.run(),
        Some(Command::Convert(args)) => args.run(),
        Some(Command::Combine(args)) => args.run(),
        Some(Command::Split(args)) => args.run(),
        Some(Command::Collect(args)) => args.run(),
        Some(Command::Open(args)) => args.run(),
        Some(Command::Shot(args)) => args.run(),
        Some(Command::Completions(args)) => args.run(Cli::command()),
        Some(Command::Man(args)) => args.run(Cli::command()),
    };
    status.into()
}

/// The dashboard on a terminal, the report elsewhere.
fn dashboard(args: &DashboardArgs) -> Status {
    let source = match args.source.source() {
        Ok(source) => args.acting.of(source),
        Err(ended) => return headless::complain(&ended),
    };
    if !on_terminal(&args.output) {
        return report::print(
            (&source, Propagation::default()),
            &FeatureSpec::default(),
            &args.output,
            &gate::GateArgs::default(),
        );
    }
    let settings = match config::settled(args.theme.as_ref(), args.pixels.as_deref()) {
        Ok(settings) => settings,
        Err(fault) => return headless::complain(&fault),
    };
    let watch = args.watch || settings.config.watch;
    let opening = dashboard::Opening::with(OpenSpec::new(source, args.output.seed), settings);
    dashboard::Opening { watch, alarms: args.alarm.clone(), runs: args.runs.clone(), ..opening }.show()
}

/// True where a person looks at standard output.
fn on_terminal(output: &OutputArgs) -> bool {
    let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
    !output.json && output.html.is_none() && !dumb && stdout().is_terminal()
}

#[cfg(test)]
mod tests;
