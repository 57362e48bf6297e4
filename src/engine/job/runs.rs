use super::{Emit, Job, Slot};
use crate::engine::event::Outcome;
use crate::engine::spec::RunsSpec;
use crate::engine::workspace::Workspace;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::topup::runs;

/// Lists the top-ups in a folder with what became of each.
pub(super) struct Runs;

impl Job for Runs {
    type Spec = RunsSpec;
    type Input = ();
    const NAME: &'static str = "runs";
    const SLOT: Slot = Slot::Load;

    fn open(_: &RunsSpec, _: &Workspace, _: &Ctx, _: Emit<'_>) -> Result<(), Fault> {
        Ok(())
    }

    fn run(spec: &RunsSpec, (): (), _: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
        emit(runs::list(&spec.folder)?);
        Ok(Outcome::default())
    }
}
