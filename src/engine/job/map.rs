use super::{Emit, Job, Slot};
use crate::engine::event::Outcome;
use crate::engine::measure::coverage;
use crate::engine::opened::Opened;
use crate::engine::spec::MapSpec;
use crate::engine::workspace::Workspace;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Draws the map of two other axes of a coverage.
pub(super) struct Map;

impl Job for Map {
    type Spec = MapSpec;
    type Input = Opened;
    const NAME: &'static str = "map";
    const SLOT: Slot = Slot::Map;

    fn of_live_dimensions(spec: &mut MapSpec) -> Option<&mut crate::engine::spec::Source> {
        Some(&mut spec.cover.source)
    }

    fn open(spec: &MapSpec, workspace: &Workspace, cx: &Ctx, _: Emit<'_>) -> Result<Opened, Fault> {
        workspace.open(&spec.cover.source, cx)
    }

    fn run(spec: &MapSpec, opened: Opened, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
        let coverage = coverage::covered(&opened, &spec.cover, cx, &|_| {})?;
        coverage::map(&opened, spec, &coverage, cx, &|report| emit(report))?;
        Ok(Outcome::default())
    }
}
