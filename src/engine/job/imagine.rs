use super::{Emit, Job, Model, Slot};
use crate::data::dataset::Dataset;
use crate::data::space::Actions;
use crate::data::summary;
use crate::engine::event::Outcome;
use crate::engine::measure::coverage;
use crate::engine::measure::lineage::trust;
use crate::engine::measure::rollouts::world_model;
use crate::engine::measure::windows::{Start, Windows};
use crate::engine::opened::Opened;
use crate::engine::spec::{ImagineSpec, Source};
use crate::engine::workspace::Workspace;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::metrics::disagreement::in_units;
use crate::metrics::divergence::{self, Input, Trace};
use crate::metrics::report::Level;
use crate::world::imagine::open_loop;
use crate::world::world_model::WorldModel;

/// Imagines in the open loop from held-out starts and reports the error by horizon.
pub(super) struct Imagine;

impl Job for Imagine {
    type Spec = ImagineSpec;
    type Input = Opened;
    const NAME: &'static str = "imagination";
    const SLOT: Slot = Slot::Evaluate;

    fn model_of(spec: &ImagineSpec) -> Option<(Model, &Source)> {
        Some((Model::Judge, &spec.source))
    }

    fn of_live_dimensions(spec: &mut ImagineSpec) -> Option<&mut Source> {
        Some(&mut spec.source)
    }

    fn open(spec: &ImagineSpec, workspace: &Workspace, cx: &Ctx, _: Emit<'_>) -> Result<Opened, Fault> {
        workspace.open(&spec.source, cx)
    }

    fn run(spec: &ImagineSpec, opened: Opened, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
        let model = world_model(&opened)?;
        let coverage = coverage::novelty(&opened, cx)?;
        let data = &opened.data;
        let windows = Windows::choose(data, &opened.split.heldout, spec, model.context());
        let (real, actions) = windows.gather(data);
        let starts = windows.start_rows(data);
        let imagined = {
            let actions = Actions::new(&data.action_space, actions);
            open_loop(model, &windows.pasts(data), &actions, windows.horizon, None, &cx.phase("imagining"))?
        };
        let novelty = coverage.novelty.ratios(&starts, &cx.phase("novelty of the starts"))?;
        let std: Vec<f64> = summary::summary(data, &opened.split.train).obs.iter().map(|m| m.std).collect();
        let disagreement = in_units(&imagined.member_std, &std);
        let traced = windows.traced(data, spec, &real, &imagined.obs, &std)?;
        let drawn = traced.map(|start| Drawn::imagine(model, data, start, windows.horizon, cx)).transpose()?;
        let mut report = divergence::report(&Input {
            names: &data.obs_space.names,
            std: &std,
            horizon: windows.horizon,
            owner: &windows.starts.iter().map(|&(e, _)| e).collect::<Vec<_>>(),
            real: &real,
            imagined: &imagined.obs,
            disagreement: (model.dims().members > 1).then_some(&disagreement),
            novelty: Some(&novelty),
            trace: drawn.as_ref().map(Drawn::trace),
            seed: spec.seed,
        })?;
        windows.note(&mut report, spec);
        if let Some(drawn) = &drawn {
            report.note(Level::Info, format!("The traces show {}; their band spans the members.", drawn.label));
        }
        trust(&mut report, &opened);
        emit(report);
        Ok(Outcome::default())
    }
}

/// One rollout as the mean of the elites and as every member alone imagines it.
struct Drawn {
    label: String,
    real: Vec<f32>,
    imagined: Vec<f32>,
    members: Vec<f32>,
}

impl Drawn {
    fn imagine(model: &dyn WorldModel, data: &Dataset, (e, t): Start, horizon: usize, cx: &Ctx) -> Result<Self, Fault> {
        let cx = cx.phase("drawing one episode");
        let windows = Windows { horizon, context: model.context(), starts: vec![(e, t)] };
        let (real, actions) = windows.gather(data);
        let (past, actions) = (windows.pasts(data), Actions::new(&data.action_space, actions));
        let imagined = open_loop(model, &past, &actions, horizon, None, &cx)?.obs;
        let mut members = Vec::new();
        for m in 0..model.dims().members {
            members.extend(open_loop(model, &past, &actions, horizon, Some(m), &cx)?.obs);
        }
        Ok(Self { label: format!("episode {e} from step {t}"), real, imagined, members })
    }

    fn trace(&self) -> Trace<'_> {
        Trace { label: &self.label, real: &self.real, imagined: &self.imagined, members: &self.members }
    }
}
