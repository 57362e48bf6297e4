use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Emit, Job, Model, Slot};
use crate::agent::learner;
use crate::checkpoint::Checkpoint;
use crate::data::fingerprint::fingerprint;
use crate::engine::event::Outcome;
use crate::engine::measure::lineage::same_part;
use crate::engine::measure::rollouts::world_model;
use crate::engine::measure::stage::{self, Chosen};
use crate::engine::measure::trainable::{learnable, trainable, writable};
use crate::engine::opened::Opened;
use crate::engine::spec::{FitSpec, Source, TopUpSpec};
use crate::engine::workspace::Workspace;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::metrics::report::Report;
use crate::topup::controller::Schedule;
use crate::topup::prepare::{self, Plan};
use crate::topup::run::{self, RunDir};
use crate::topup::{round, yoked};

/// Collects a little and fine-tunes, in a run directory, and reports as it goes.
pub(super) struct TopUp;

impl Job for TopUp {
    type Spec = TopUpSpec;
    type Input = Opened;
    const NAME: &'static str = "top-up";
    const SLOT: Slot = Slot::Train;

    fn model_of(spec: &TopUpSpec) -> Option<(Model, &Source)> {
        Some((Model::Start, &spec.source))
    }

    fn of_live_dimensions(spec: &mut TopUpSpec) -> Option<&mut Source> {
        Some(&mut spec.source)
    }

    fn open(spec: &TopUpSpec, workspace: &Workspace, cx: &Ctx, _: Emit<'_>) -> Result<Opened, Fault> {
        if spec.resume.is_none() {
            writable(&spec.out)?;
        }
        workspace.open(&spec.source, cx)
    }

    fn run(spec: &TopUpSpec, opened: Opened, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
        let given = opened.checkpoint.as_deref();
        let hash = fingerprint(&opened.data);
        let spec = &yoked(spec, &hash, &opened)?;
        let acted = stage(&opened)?.start(&opened, cx)?;
        let data = (&*opened.data, &opened.split);
        let mut topup = if let Some(folder) = &spec.resume {
            begun_with(folder, &hash, &opened, "begin a new run")?;
            // A run that ended before its networks were written begins with what it began with.
            let anew = (!run::is_begun(folder)).then(|| start(spec, &opened, &hash, &emit, cx)).transpose()?;
            round::TopUp::resume(data, anew.as_ref().or(given), acted.env, spec.options.clone(), folder, &emit)?
        } else {
            let start = start(spec, &opened, &hash, &emit, cx)?;
            if let Some(folder) = &spec.yoked {
                yoked::begins_alike(folder, &start)?;
            }
            let version = env!("CARGO_PKG_VERSION").into();
            let begun = Begun { version, dataset_hash: Some(hash.clone()), spec: spec.absolute() };
            round::TopUp::new(data, start, acted.env, spec.options.clone(), (&spec.out, &begun), &emit)?
        };
        acted.warning.into_iter().for_each(|warning| topup.warn(warning));
        acted.place.into_iter().for_each(|place| topup.inform(place));
        if let Some(policy) = given.and_then(|c| c.policy.as_deref()).filter(|p| !learner::trains(*p)) {
            topup.warn(format!(
                "the policy ({}) acts as it is and is not trained: only the world model is",
                policy.kind()
            ));
        }
        if !same_part(topup.start(), &hash, spec.source.split) {
            topup.warn(
                "the checkpoint was trained on other data or another division, or does not say: held-out episodes may have \
                 been trained on, which makes R too large"
                    .into(),
            );
        }
        let finished = topup.run(cx)?;
        Ok(Outcome { summary: finished.summary, written: finished.written })
    }
}

/// The networks that a run begins with.
fn start(spec: &TopUpSpec, opened: &Opened, hash: &str, emit: Emit<'_>, cx: &Ctx) -> Result<Checkpoint, Fault> {
    let mut start = match opened.checkpoint.as_deref().filter(|checkpoint| checkpoint.world_model.is_some()) {
        Some(checkpoint) => checkpoint.clone(),
        None => first(spec, opened, hash, emit, cx)?,
    };
    start.about.lineage.parent = spec.source.checkpoint.as_ref().map(|path| path.display().to_string());
    if !same_part(&start, hash, spec.source.split) {
        start.about.lineage.split = None;
    }
    Ok(start)
}

/// What is asked for, with the chunks of the adaptive run that it is to be the control of.
fn yoked(spec: &TopUpSpec, hash: &str, opened: &Opened) -> Result<TopUpSpec, Fault> {
    let mut spec = spec.clone();
    if spec.options.schedule == Schedule::Yoked && spec.resume.is_none() {
        let Some(folder) = &spec.yoked else {
            return Err(Fault::bad("a yoked run is the control of an adaptive one: name that with --yoked RUN"));
        };
        spec.options.chunks = yoked::chunks(folder, &spec.options)?;
        begun_with(folder, hash, opened, "name a run of this dataset")?;
    }
    Ok(spec)
}

/// Refuses another dataset than the one that the run in `folder` began with; `remedy` is what to do then.
fn begun_with(folder: &Path, hash: &str, opened: &Opened, remedy: &str) -> Result<(), Fault> {
    let asked: Begun = RunDir::spec(folder)?;
    if asked.dataset_hash.is_none_or(|begun| begun == hash) {
        return Ok(());
    }
    let path = opened.source.dataset.display();
    Err(Fault::at(folder, format!("{path} is not the dataset that the run began with; {remedy}")))
}

/// What is written down when a run begins.
#[derive(Debug, Serialize, Deserialize)]
struct Begun {
    #[serde(default)]
    version: String,
    dataset_hash: Option<String>,
    #[serde(flatten)]
    spec: TopUpSpec,
}

/// The environment that a top-up of what was opened acts in.
///
/// # Errors
/// A sentence where it cannot act, or its networks cannot be trained.
fn stage(opened: &Opened) -> Result<Chosen, Fault> {
    let given = opened.checkpoint.as_deref();
    let model =
        given.filter(|c| c.acting.is_none() || c.world_model.is_some()).map(|_| world_model(opened)).transpose()?;
    if given.is_none_or(|checkpoint| checkpoint.policy.is_none()) {
        learnable(&opened.data)?;
    }
    trainable(opened, model)?;
    stage::chosen(opened).map_err(Fault::bad)
}

/// Why a top-up of what was opened would be refused, if it would, under the name of the job. Whether an environment of
/// Gymnasium can be made is seen when it starts.
pub(super) fn refused(opened: &Opened) -> Option<(&'static str, String)> {
    stage(opened).err().map(|why| (TopUp::NAME, why.to_string()))
}

/// Gradient steps of the policy that a dataset without a checkpoint starts with.
const FIRST_POLICY_STEPS: usize = 3000;

/// World model and policy of a dataset that comes without: what `oodscope fit --policy-steps 3000` trains. A policy that is given
/// stays as it is.
fn first(spec: &TopUpSpec, opened: &Opened, hash: &str, live: &dyn Fn(Report), cx: &Ctx) -> Result<Checkpoint, Fault> {
    let asked = FitSpec { policy_steps: FIRST_POLICY_STEPS, seed: spec.options.seed, ..FitSpec::default() };
    let rows = opened.data.transitions(&opened.split.train).len();
    let plan = Plan {
        fit: asked.options(rows),
        learner: spec.options.learner(),
        policy_steps: asked.policy_steps,
        seed: spec.options.seed,
    };
    let from = opened.checkpoint.as_deref();
    let plan = Plan { policy_steps: if from.is_some() { 0 } else { plan.policy_steps }, ..plan };
    let mut checkpoint = prepare::fit(&opened.data, &opened.split, &plan, from, live, cx)?;
    checkpoint.about.lineage.dataset = Some(hash.to_owned());
    checkpoint.about.lineage.split = Some(spec.source.split);
    Ok(checkpoint)
}
