//! Jobs: what can be asked for ([`JobSpec`]), under which name, in which slot, and how each is done. A new job is one file
//! here and one line in the table below.

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

pub use super::event::{Body, Control, Event, Failure, JobId, Outcome, Told, Wish};
use super::measure::policy_check::policy_check;
use super::measure::reading_check::{ReadingCheck, reading_check};
pub use super::spec::{
    ActingSpec, Activation, ActiveSpec, Asked, Base, CollectSpec, CompareSpec, ConvertSpec, CoverSpec, DiagnoseSpec,
    EnvsSpec, EpisodesSpec, ExperimentSpec, ExperimentTask, ExportSpec, FeatureSpec, Filter, FitSpec, ImagineSpec,
    InputOrder, InspectSpec, MapSpec, Only, PolicySpec, RewardColumn, RunsSpec, SaveSpec, ScoreSpec, Source, Target,
    TopUpSpec, TraceSpec, Within, is_on_disk,
};
use super::workspace::Workspace;
use crate::ground::fault::Fault;
use crate::ground::memory::Bytes;
use crate::ground::task::Ctx;
use crate::metrics::report::{Level, Report};
pub use crate::topup::controller::trigger::Trigger;
pub use crate::topup::controller::{HARD_CAP, Schedule};
pub use crate::topup::history::{ENDED, HELD, WORSE_OFF};
pub use crate::topup::options::Options as TopUpOptions;
pub use crate::world::fit::{Form, ModelKind, Size};
pub use crate::world::net::device::Device;
pub use crate::world::propagation::Propagation;

mod active;
mod audit;
mod choose;
mod collect;
mod compare;
mod convert;
mod cover;
mod diagnose;
mod envs;
mod episodes;
mod experiment;
mod export;
mod fit;
mod imagine;
mod inspect;
mod load;
mod map;
mod reopen;
mod runs;
mod save;
mod scan;
mod score;
#[cfg(test)]
mod tenants;
mod topup;
mod trace;

/// Where a job puts its reports; a later one of the same name replaces the earlier.
pub type Emit<'a> = &'a (dyn Fn(Report) + Sync);

/// Kinds of work of which one runs at a time; a new job of a slot replaces the old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slot {
    /// Opening files.
    Load,
    /// The runs in a folder.
    Runs,
    /// Going through a dataset that is not in memory.
    Scan,
    /// Audit.
    Audit,
    /// The table of episodes.
    Episodes,
    /// Coverage.
    Cover,
    /// Another map of the coverage.
    Map,
    /// Writing what is there.
    Export,
    /// Imagination, diagnosis and scores.
    Evaluate,
    /// One rollout along one episode.
    Trace,
    /// Two sets against each other.
    Compare,
    /// Fitting, top-up and collecting.
    Train,
}

/// What the reports of a job have to do with a world model. In each of them it is said how the model's file was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Model {
    /// It is named, and nothing rests on it.
    Named,
    /// Work starts from it: what is wrong with it is said, and what became of it is another matter.
    Start,
    /// They judge by it: what is wrong with it comes first, and no good news is given beside that.
    Judge,
}

/// One job.
trait Job {
    /// What is asked for.
    type Spec: Sync + Clone;
    /// What it works with.
    type Input;
    /// Short name for people.
    const NAME: &'static str;
    /// The slot that it takes.
    const SLOT: Slot;
    /// Its reports are of whole datasets, also where only a sample is in memory.
    const WHOLE: bool = false;

    /// What its reports have to do with a world model, and the source that names the model.
    fn model_of(_: &Self::Spec) -> Option<(Model, &Source)> {
        None
    }

    /// The source that names the policy whose episodes its reports are of; the one that names the model where it is not told.
    fn acting(spec: &Self::Spec) -> Option<&Source> {
        Self::model_of(spec).map(|(_, source)| source)
    }

    /// The source of whose observation only the dimensions that hold numbers are of use: for a dead one every row would be
    /// left out. None where the data are to be shown or written as they are.
    fn of_live_dimensions(_: &mut Self::Spec) -> Option<&mut Source> {
        None
    }

    /// Refuses what cannot be done before anything is spent, and opens what the spec names.
    fn open(spec: &Self::Spec, workspace: &Workspace, cx: &Ctx, emit: Emit<'_>) -> Result<Self::Input, Fault>;

    /// Does it. Reports go to `emit` as they are ready; progress goes to `cx`.
    fn run(spec: &Self::Spec, input: Self::Input, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault>;
}

/// The table of jobs: `Variant(its spec) is the job;`.
macro_rules! jobs {
    ($($(#[$says:meta])* $variant:ident($spec:ty) is $job:ty;)*) => {
        /// Anything the engine can do.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "job", rename_all = "lowercase")]
        pub enum JobSpec {
            $($(#[$says])* $variant($spec),)*
        }

        impl JobSpec {
            /// Every job as it is when nothing is asked for.
            pub fn defaults() -> Vec<Self> {
                vec![$(Self::$variant(<$spec>::default()),)*]
            }

            /// The slot that the job takes.
            pub fn slot(&self) -> Slot {
                match self {
                    $(Self::$variant(_) => <$job>::SLOT,)*
                }
            }

            /// Short name for people.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => <$job>::NAME,)*
                }
            }

            fn run(&self, workspace: &Workspace, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
                match self {
                    $(Self::$variant(spec) => one::<$job>(spec, workspace, cx, emit),)*
                }
            }
        }
    };
}

jobs! {
    /// Open the dataset and the checkpoint; statistics.
    Load(Source) is load::Load;
    /// What the chosen episodes hold, without reading them again.
    Choose(Source) is choose::Choose;
    /// The checkpoint as it is on disk now, beside the dataset that is open.
    Reopen(Source) is reopen::Reopen;
    /// Exact statistics of all episodes, where only a sample of them is in memory.
    Scan(Source) is scan::Scan;
    /// The environments that can be acted in.
    Envs(EnvsSpec) is envs::Envs;
    /// The runs in a folder, listed and compared.
    Runs(RunsSpec) is runs::Runs;
    /// What a file is, and how it would be read.
    Inspect(InspectSpec) is inspect::Inspect;
    /// What cannot be trusted in the dataset.
    Audit(Source) is audit::Audit;
    /// The table of episodes: reported, or written to a file.
    Episodes(EpisodesSpec) is episodes::Episodes;
    /// Write episodes as a new dataset.
    Convert(ConvertSpec) is convert::Convert;
    /// Make a dataset by acting in an environment.
    Collect(CollectSpec) is collect::Collect;
    /// Coverage of the training part; out-of-distribution fraction of the other parts and of the rollouts.
    Cover(CoverSpec) is cover::Cover;
    /// The map of two other axes of a coverage.
    Map(MapSpec) is map::Map;
    /// Open-loop imagination against held-out episodes.
    Imagine(ImagineSpec) is imagine::Imagine;
    /// One open-loop rollout along an episode, from any of its steps.
    Trace(TraceSpec) is trace::Trace;
    /// Rank real episodes by how far and how early they leave the data and the model's competence.
    Diagnose(DiagnoseSpec) is diagnose::Diagnose;
    /// Hold a second set of states against the dataset: what differs, how sure, and where.
    Compare(CompareSpec) is compare::Compare;
    /// Write a card of a report, or all reports as HTML.
    Export(ExportSpec) is export::Export;
    /// Write a text to a file.
    Save(SaveSpec) is save::Save;
    /// Every score of every state, each in units of its own threshold.
    Score(ScoreSpec) is score::Score;
    /// Train a world model (and a policy in its imagination).
    Fit(FitSpec) is fit::Fit;
    /// Collect a little, fine-tune, compare.
    TopUp(TopUpSpec) is topup::TopUp;
    /// Learn a task online, from random data.
    Active(ActiveSpec) is active::Active;
    /// Compare agents, tasks, datasets and seeds.
    Experiment(ExperimentSpec) is experiment::Experiment;
}

impl JobSpec {
    /// What is to be done once this job has reported: exact statistics, where only a sample fits into memory.
    pub fn follow(&self, report: &Report) -> Option<Self> {
        let Self::Load(source) = self else { return None };
        report.value("held").map(|_| Self::Scan(source.clone()))
    }
}

/// Runs one job on this thread. Reports go to `emit` as they are ready; progress goes to `cx`.
///
/// # Errors
/// [`Fault`]: cancelled, bad input, or a failure of the work.
pub fn run(spec: &JobSpec, workspace: &Workspace, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
    panic_if_asked(spec);
    spec.run(workspace, cx, emit)
}

fn one<J: Job>(spec: &J::Spec, workspace: &Workspace, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
    let mut live = spec.clone();
    let dead =
        J::of_live_dimensions(&mut live).map(|source| leave_out_dead(source, workspace, cx)).transpose()?.flatten();
    let Some(said) = dead else { return judged::<J>(spec, workspace, cx, emit) };
    let emit: Emit<'_> = &|mut report| {
        report.note(Level::Warn, said.clone());
        emit(report);
    };
    judged::<J>(&live, workspace, cx, emit).map_err(|fault| match fault {
        Fault::Bad(problem) => Fault::bad(format!("{problem} ({said})")),
        other => other,
    })
}

/// Runs the job; its reports say what is doubtful about the model and the policy that they rest on.
fn judged<J: Job>(spec: &J::Spec, workspace: &Workspace, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
    let check: OnceLock<Option<Arc<ReadingCheck>>> = OnceLock::new();
    let model = J::model_of(spec);
    let acting = J::acting(spec).filter(|source| source.policy.is_some());
    let doubts: OnceLock<Arc<Vec<String>>> = OnceLock::new();
    let emit: Emit<'_> = &|mut report| {
        if let Some((used, source)) = model {
            for caution in workspace.cautions(source) {
                report.note(Level::Warn, caution);
            }
            if let Some(Some(check)) = check.get() {
                check.tell(&mut report, used == Model::Judge);
            }
        }
        if let Some(source) = acting {
            let said = workspace.policy_cautions(source);
            let found = doubts.get().map(|found| found.to_vec()).unwrap_or_default();
            said.into_iter().chain(found).for_each(|caution| report.note(Level::Warn, caution));
        }
        samples::<J>(&mut report, workspace);
        emit(report);
    };
    let input = J::open(spec, workspace, cx, emit)?;
    if let Some((_, source)) = model.filter(|(used, source)| *used != Model::Named && source.checkpoint.is_some()) {
        // What is open already is taken from the workspace.
        let _ = check.set(reading_check(&workspace.open(source, cx)?, cx)?);
    }
    if let Some(source) = acting {
        let _ = doubts.set(policy_check(&workspace.open(source, cx)?, cx)?);
    }
    J::run(spec, input, cx, emit)
}

/// Chooses the dimensions of the observation that hold numbers, and says which do not; nothing where all do.
fn leave_out_dead(source: &mut Source, workspace: &Workspace, cx: &Ctx) -> Result<Option<String>, Fault> {
    let data = workspace.dataset(&source.dataset, &source.choice(), cx)?;
    let dead = data.dead_dimensions();
    if dead.is_empty() {
        return Ok(None);
    }
    let (names, rows) = (&data.obs_space.names, data.num_steps());
    let named: Vec<String> =
        dead.iter().take(8).map(|&(d, n)| format!("{} in {} of {rows} rows", names[d], n.min(rows))).collect();
    let more = if dead.len() > 8 { format!(" and {} more", dead.len() - 8) } else { String::new() };
    let told = format!("{}{more}", named.join(", "));
    source.state = (0..names.len()).filter(|d| dead.iter().all(|(at, _)| at != d)).map(|d| names[d].clone()).collect();
    if source.state.is_empty() {
        let problem = format!("no dimension of the observation holds numbers: NaN or Inf stand for {told}");
        return Err(Fault::at(&source.dataset, problem));
    }
    let dimensions = if dead.len() == 1 { "dimension is" } else { "dimensions are" };
    Ok(Some(format!(
        "NaN or Inf stand for {told}: the {dimensions} left out here, for no row would be left (choose others with --state)"
    )))
}

/// Says in a report which datasets only a sample was looked at of.
fn samples<J: Job>(report: &mut Report, workspace: &Workspace) {
    let (level, how) = if J::WHOLE { (Level::Info, "") } else { (Level::Warn, "computed on a sample: ") };
    for data in workspace.samples() {
        let Some(whole) = data.sample else { continue };
        report.note(
            level,
            format!(
                "{how}{} of {} episodes of {} ({} of {} steps) are in memory, drawn at random; the whole takes {}, allow \
                 it with --memory",
                data.num_episodes(),
                whole.episodes,
                data.origin.path.display(),
                data.num_steps(),
                whole.steps,
                Bytes(whole.bytes)
            ),
        );
    }
}

/// A fault on request, so that tests can see it survived: `OODSCOPE_PANIC_IN` names a job ("cover").
fn panic_if_asked(spec: &JobSpec) {
    let asked = |name: String| !name.is_empty() && spec.name().starts_with(&name);
    let now = cfg!(debug_assertions) && std::env::var("OODSCOPE_PANIC_IN").is_ok_and(asked);
    assert!(!now, "asked for in {}", spec.name());
}
