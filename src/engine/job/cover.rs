use std::path::PathBuf;
use std::sync::Arc;

use super::{Emit, Job, Model, Slot};
use crate::data::dataset::Dataset;
use crate::engine::event::Outcome;
use crate::engine::measure::coverage::covered;
use crate::engine::measure::recorded::as_recorded;
use crate::engine::opened::Opened;
use crate::engine::spec::{Base, CoverSpec, Source};
use crate::engine::workspace::Workspace;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::metrics::coverage;
use crate::metrics::report::Report;

/// Computes coverage and reports it: at once what needs no neighbour, then everything under the same name.
pub(super) struct Cover;

/// The dataset and two others of its environment.
pub(super) struct WithPeers {
    opened: Opened,
    reference: Option<Arc<Dataset>>,
    random: Option<Arc<Dataset>>,
}

impl Job for Cover {
    type Spec = CoverSpec;
    type Input = WithPeers;
    const NAME: &'static str = "coverage";
    const SLOT: Slot = Slot::Cover;

    fn model_of(spec: &CoverSpec) -> Option<(Model, &Source)> {
        (spec.space.base == Base::Latent).then_some((Model::Judge, &spec.source))
    }

    fn acting(spec: &CoverSpec) -> Option<&Source> {
        Some(&spec.source)
    }

    fn of_live_dimensions(spec: &mut CoverSpec) -> Option<&mut Source> {
        Some(&mut spec.source)
    }

    fn open(spec: &CoverSpec, workspace: &Workspace, cx: &Ctx, _: Emit<'_>) -> Result<WithPeers, Fault> {
        let opened = workspace.open(&spec.source, cx)?;
        let peer = |path: &Option<PathBuf>| {
            let Some(path) = path else { return Ok(None) };
            let other = workspace.dataset(path, &spec.source.beside(), cx)?;
            opened.fits(&other, path, "it has", "a dataset of the same environment")?;
            Ok::<_, Fault>(Some(other))
        };
        let (reference, random) = (peer(&spec.reference)?, peer(&spec.random)?);
        Ok(WithPeers { opened, reference, random })
    }

    fn run(spec: &CoverSpec, input: WithPeers, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
        let peers = (input.reference.as_deref(), input.random.as_deref());
        let more = as_recorded(&input.opened, peers, spec, cx)?;
        let tell = |report: &Report| emit(coverage::joined(report.clone(), more.clone()));
        tell(&covered(&input.opened, spec, cx, &tell)?.report);
        Ok(Outcome::default())
    }
}
