use std::sync::Arc;

use super::{Emit, Job, Model, Slot};
use crate::engine::event::Outcome;
use crate::engine::measure::feature_space::{FeatureRows, FeatureSpace};
use crate::engine::measure::{coverage, model_space, rollouts};
use crate::engine::opened::Opened;
use crate::engine::spec::{Base, CompareSpec, FeatureSpec, Source};
use crate::engine::workspace::Workspace;
use crate::ground::fault::Fault;
use crate::ground::number::counted;
use crate::ground::task::Ctx;
use crate::metrics::States;
use crate::metrics::compare::{self, Input};
use crate::metrics::report::Level;
use crate::metrics::threshold::Kind;
use crate::world::world_model::WorldModel;

/// Compares two sets of states: a dataset with another one, with rollouts, or with what a world model imagines.
pub(super) struct Compare;

impl Job for Compare {
    type Spec = CompareSpec;
    type Input = Opened;
    const NAME: &'static str = "comparison";
    const SLOT: Slot = Slot::Compare;

    fn model_of(spec: &CompareSpec) -> Option<(Model, &Source)> {
        (spec.imagined || spec.space.base == Base::Latent).then_some((Model::Judge, &spec.source))
    }

    fn of_live_dimensions(spec: &mut CompareSpec) -> Option<&mut Source> {
        Some(&mut spec.source)
    }

    fn open(spec: &CompareSpec, workspace: &Workspace, cx: &Ctx, _: Emit<'_>) -> Result<Opened, Fault> {
        workspace.open(&spec.source, cx)
    }

    fn run(spec: &CompareSpec, opened: Opened, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
        // What is imagined in a latent space is held against the data there.
        let model = spec.imagined.then(|| rollouts::world_model(&opened)).transpose()?.map(WorldModel::boxed);
        let opened = if spec.imagined { model_space::of(&opened, cx)? } else { opened };
        let space = space(spec, &opened)?;
        let mut b = if spec.imagined { imagined(spec, &opened, cx)? } else { recorded(spec, &opened, &space, cx)? };
        let (data, split) = (&opened.data, &opened.split);
        let part = |episodes: &[usize]| space.rows(data, episodes, &cx.phase("reading the states"));
        let (mut train, mut calibration, heldout) =
            (part(&split.train)?, part(&split.calibration)?, part(&split.heldout)?);
        let thinned = model.as_ref().is_some_and(|model| model.encoder().is_some())
            && [&mut train, &mut calibration, &mut b.states].map(|rows| rows.thin(LATENTS)).contains(&true);
        // Imagination starts from held-out states and follows their actions: it is held against episodes that it never saw.
        let nothing = States { rows: &[], owner: &[] };
        let known = coverage::known(&opened, &spec.space, spec.options.k, (Kind::Conformal, spec.options.alpha));
        let input = Input {
            names: space.names(),
            choice: space.choice(),
            novelty: known.as_ref().map(|coverage| &coverage.novelty),
            train: train.states(),
            calibration: calibration.states(),
            heldout: if spec.imagined { nothing } else { heldout.states() },
            b: b.states.states(),
            shared: split.is_shared(),
        };
        let mut report = compare::report(&input, &spec.options, cx)?;
        report.note(Level::Info, format!("A: {}.", spec.source.dataset.display()));
        report.note(Level::Info, format!("B: {}.", b.what));
        if opened.rollouts.as_ref().is_some_and(|b| Arc::ptr_eq(b, data)) {
            report
                .note(Level::Warn, "A and B are the same file: they differ by nothing but the numbers' own rounding.");
        }
        if let Some(model) = &model {
            model_space::entitle(&mut report, &**model, false);
        }
        if thinned {
            let text = "Of training, calibration and imagined states some are compared, evenly chosen: there are many latents.";
            report.note(Level::Info, text);
        }
        emit(report);
        Ok(Outcome::default())
    }
}

/// Numbers of each part that are compared in a latent space, where neighbours are found by looking at all.
const LATENTS: usize = 2_500_000;

/// The feature space that both are compared in.
fn space(spec: &CompareSpec, opened: &Opened) -> Result<FeatureSpace, Fault> {
    if spec.space.pca.is_some() {
        let text = "a comparison tells dimensions by their names, and principal axes have none: leave --pca away";
        return Err(Fault::bad(text));
    }
    if spec.imagined && spec.space != FeatureSpec::default() {
        let text = "imagined states are whole observations: leave --space and --dims away, or compare recorded states";
        return Err(Fault::bad(text));
    }
    FeatureSpace::resolve(&spec.space, opened)
}

/// B with a name.
struct Second {
    states: FeatureRows,
    what: String,
}

fn recorded(spec: &CompareSpec, opened: &Opened, space: &FeatureSpace, cx: &Ctx) -> Result<Second, Fault> {
    let (Some(data), Some(path)) = (&opened.rollouts, &spec.source.rollouts) else {
        return Err(Fault::bad(
            "a comparison needs a second set: name another dataset or rollouts, or compare with --imagined states",
        ));
    };
    let states = space.all_rows(data, &cx.phase("reading the second set"))?;
    Ok(Second { states, what: path.display().to_string() })
}

/// Imagined states without their real starts; the episode that a rollout started in owns its states.
fn imagined(spec: &CompareSpec, opened: &Opened, cx: &Ctx) -> Result<Second, Fault> {
    let rollouts = rollouts::imagined(opened, spec.horizon, &cx.phase("imagining"))?;
    let what = format!(
        "{} of {} that the world model imagines along {} with their recorded actions (these episodes are no part of A)",
        counted(rollouts.starts, "open-loop rollouts"),
        counted(rollouts.horizon, "steps"),
        counted(rollouts.episodes, "held-out episodes")
    );
    Ok(Second { states: rollouts.states, what })
}
