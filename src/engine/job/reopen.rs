use super::choose::Choose;
use super::{Emit, Job, Model, Slot};
use crate::engine::event::Outcome;
use crate::engine::spec::Source;
use crate::engine::workspace::Workspace;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Opens the networks of a source as they are on disk now, beside the dataset that is open.
pub(super) struct Reopen;

impl Job for Reopen {
    type Spec = Source;
    type Input = <Choose as Job>::Input;
    const NAME: &'static str = "new checkpoint";
    const SLOT: Slot = Slot::Load;

    fn model_of(source: &Source) -> Option<(Model, &Source)> {
        Some((Model::Named, source))
    }

    fn open(source: &Source, workspace: &Workspace, cx: &Ctx, emit: Emit<'_>) -> Result<Self::Input, Fault> {
        workspace.forget_networks();
        Choose::open(source, workspace, cx, emit)
    }

    fn run(source: &Source, input: Self::Input, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
        let outcome = Choose::run(source, input, cx, emit)?;
        let path = source.checkpoint.as_deref().map(|path| path.display().to_string()).unwrap_or_default();
        Ok(Outcome { summary: format!("opened {path}"), ..outcome })
    }
}
