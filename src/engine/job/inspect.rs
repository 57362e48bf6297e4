use super::{Emit, Job, Slot};
use crate::engine::event::Outcome;
use crate::engine::measure::inspected;
use crate::engine::spec::InspectSpec;
use crate::engine::workspace::Workspace;
use crate::format;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Says what a file or folder is: a checkpoint or a dataset, what lies in it, and how it would be read.
pub(super) struct Inspect;

impl Job for Inspect {
    type Spec = InspectSpec;
    type Input = ();
    const NAME: &'static str = "inspect";
    const SLOT: Slot = Slot::Load;

    fn open(spec: &InspectSpec, _: &Workspace, _: &Ctx, _: Emit<'_>) -> Result<(), Fault> {
        format::resolve(&spec.path).map(drop)
    }

    fn run(spec: &InspectSpec, (): (), cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
        emit(inspected::report(spec, cx)?);
        Ok(Outcome::default())
    }
}
