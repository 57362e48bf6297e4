use super::{Emit, Job, Model, Slot};
use crate::engine::event::Outcome;
use crate::engine::measure::drawn::{Drawn, training_std};
use crate::engine::measure::rollouts::world_model;
use crate::engine::measure::windows::{from_where, usable};
use crate::engine::measure::{model_space, propagation, trajectories};
use crate::engine::opened::Opened;
use crate::engine::spec::{Source, TraceSpec};
use crate::engine::workspace::Workspace;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::metrics::divergence::{self, Window};

/// Imagines along one episode from one of its steps: light enough to follow a cursor.
pub(super) struct Trace;

impl Job for Trace {
    type Spec = TraceSpec;
    type Input = Opened;
    const NAME: &'static str = "trace";
    const SLOT: Slot = Slot::Trace;

    fn model_of(spec: &TraceSpec) -> Option<(Model, &Source)> {
        Some((Model::Judge, &spec.source))
    }

    fn of_live_dimensions(spec: &mut TraceSpec) -> Option<&mut Source> {
        Some(&mut spec.source)
    }

    fn open(spec: &TraceSpec, workspace: &Workspace, cx: &Ctx, _: Emit<'_>) -> Result<Opened, Fault> {
        workspace.open(&spec.source, cx)
    }

    fn run(spec: &TraceSpec, opened: Opened, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
        let model = world_model(&opened)?;
        // A cursor acts in no environment: of the policy's episodes those are followed that the diagnosis has judged.
        let fresh = trajectories::known(&opened, &spec.policy);
        let data = match (&opened.rollouts, &fresh) {
            _ if spec.of_data => &opened.data,
            (Some(rollouts), _) => rollouts,
            (None, Some(fresh)) => fresh,
            (None, None) => {
                return Err(Fault::bad(
                    "no episode of the policy is known: wait for the diagnosis, or name rollouts with --rollouts",
                ));
            }
        };
        let known = usable(data, spec.episode, model.context())?;
        let horizon = known.get(spec.step).map_or(0, |n| spec.horizon.min(*n));
        let id = data.episode(spec.episode).span.id;
        if horizon == 0 {
            let why = from_where(&known, |n| n > 0);
            return Err(Fault::bad(format!("episode {id} cannot be imagined from step {}: {why}", spec.step)));
        }
        let seen = model_space::of(&opened, cx)?;
        // Of an episode that has to be encoded first, no other is.
        let one = model.encoder().is_some().then(|| data.subset(&[spec.episode]));
        let one = one.as_ref().map(|one| model_space::dataset(model, one, cx)).transpose()?;
        let (data, index) = one.as_deref().map_or((&**data, spec.episode), |one| (one, 0));
        let drawn = Drawn::imagine(model, data, ((index, spec.step), horizon), (spec.propagation, spec.seed), cx)?;
        let mut report = divergence::trace(&Window {
            names: &seen.data.obs_space.names,
            std: &training_std(&seen),
            episode: &id.to_string(),
            start: spec.step,
            real: data.episode(index).obs,
            imagined: &drawn.imagined,
            members: &drawn.members,
            band: drawn.band,
        })?;
        propagation::tell(&mut report, model, (spec.propagation, spec.seed));
        model_space::entitle(&mut report, model, true);
        emit(report);
        Ok(Outcome::default())
    }
}
