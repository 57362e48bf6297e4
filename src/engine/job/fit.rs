use super::{Emit, Job, Model, Slot};
use crate::agent::learner::LearnerOptions;
use crate::checkpoint::{CurvePoint, native};
use crate::data::fingerprint::fingerprint;
use crate::engine::event::Outcome;
use crate::engine::measure::lineage::same_part;
use crate::engine::measure::trainable::{learnable, trainable, writable};
use crate::engine::opened::Opened;
use crate::engine::spec::{FitSpec, Source};
use crate::engine::workspace::Workspace;
use crate::ground::fault::Fault;
use crate::ground::number::counted;
use crate::ground::task::Ctx;
use crate::topup::prepare::{self, Plan};
use crate::world::world_model::WorldModel;

/// Trains a world model, and a policy in its imagination, and writes the checkpoint.
pub(super) struct Fit;

impl Job for Fit {
    type Spec = FitSpec;
    type Input = Opened;
    const NAME: &'static str = "fit";
    const SLOT: Slot = Slot::Train;

    fn model_of(spec: &FitSpec) -> Option<(Model, &Source)> {
        Some((Model::Start, &spec.source))
    }

    fn of_live_dimensions(spec: &mut FitSpec) -> Option<&mut Source> {
        Some(&mut spec.source)
    }

    fn open(spec: &FitSpec, workspace: &Workspace, cx: &Ctx, _: Emit<'_>) -> Result<Opened, Fault> {
        spec.check()?;
        spec.device.resolve().map_err(Fault::bad)?;
        writable(&spec.out)?;
        workspace.open(&spec.source, cx)
    }

    fn run(spec: &FitSpec, opened: Opened, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
        let data = &opened.data;
        let from = opened.checkpoint.as_deref();
        trainable(&opened, from.and_then(|c| c.world_model.as_deref()))?;
        if spec.policy_steps > 0 {
            learnable(data)?;
            from.and_then(|c| c.world_model.as_deref()).map_or(Ok(()), prepare::imaginable)?;
        }
        if let Some((from, path)) = from.zip(spec.source.policy.as_ref()) {
            native::savable(from)
                .map_err(|why| Fault::bad(format!("{}: {why}, or leave out --policy", path.display())))?;
        }
        let rows = data.transitions(&opened.split.train).len();
        let plan = Plan {
            fit: spec.options(rows),
            learner: LearnerOptions { penalty: spec.penalty, ..LearnerOptions::default() },
            policy_steps: spec.policy_steps,
            seed: spec.seed,
        };
        let mut checkpoint = prepare::fit(data, &opened.split, &plan, from, &emit, cx)?;
        let lineage = &mut checkpoint.about.lineage;
        let fingerprint = fingerprint(data);
        let clean = from.is_none_or(|c| same_part(c, &fingerprint, spec.source.split));
        lineage.dataset = Some(fingerprint);
        lineage.dataset_name =
            Some(data.origin.dataset_id.clone().unwrap_or_else(|| data.origin.path.display().to_string()));
        // What went before may have seen these held-out episodes: then nobody can say that they were kept apart.
        lineage.split = clean.then_some(spec.source.split);
        lineage.parent = spec.source.checkpoint.as_ref().map(|path| path.display().to_string());
        native::save(&spec.out, &checkpoint).map_err(|e| Fault::failed(e.to_string()))?;
        let best = lineage_best(&checkpoint.about.lineage.curve);
        let summary = format!(
            "fitted {} on {} of {}; held-out squared error {best} in units of the targets' variance",
            checkpoint.world_model.as_deref().map_or_else(String::new, what),
            counted(rows, "transitions"),
            counted(opened.split.train.len(), "episodes")
        );
        Ok(Outcome { summary, written: vec![spec.out.clone()] })
    }
}

/// What was fitted, in words.
fn what(model: &dyn WorldModel) -> String {
    let members = model.dims().members;
    let size = model.parameters().map_or_else(String::new, |n| format!(" of {n} parameters"));
    match model.remembers() {
        true if members > 1 => format!("a recurrent world model{size} with {members} heads of disagreement"),
        true => format!("a recurrent world model{size}"),
        false => format!("{}{size}", counted(members, "members")),
    }
}

fn lineage_best(curve: &[CurvePoint]) -> String {
    let best = curve.iter().filter_map(|p| p.heldout).fold(f64::INFINITY, f64::min);
    if best.is_finite() { format!("{best:.2e}") } else { "unknown".into() }
}
