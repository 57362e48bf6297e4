use std::sync::Arc;

use super::{Emit, Job, Slot};
use crate::engine::event::Outcome;
use crate::engine::measure::runs::{self, Known};
use crate::engine::spec::RunsSpec;
use crate::engine::workspace::Workspace;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Lists the runs in a folder, overlays their curves and compares what differs in more than the seed.
pub(super) struct Runs;

impl Job for Runs {
    type Spec = RunsSpec;
    type Input = Arc<Known>;
    const NAME: &'static str = "runs";
    const SLOT: Slot = Slot::Runs;

    fn open(spec: &RunsSpec, workspace: &Workspace, _: &Ctx, _: Emit<'_>) -> Result<Arc<Known>, Fault> {
        Ok(workspace.runs(&spec.folder))
    }

    fn run(spec: &RunsSpec, known: Arc<Known>, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
        emit(runs::report(spec, &known, cx)?);
        Ok(Outcome::default())
    }
}
