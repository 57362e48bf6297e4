use super::{Emit, Job, Model, Slot};
use crate::engine::event::Outcome;
use crate::engine::measure::data_report;
use crate::engine::opened::Opened;
use crate::engine::spec::Source;
use crate::engine::workspace::Workspace;
use crate::ground::fault::Fault;
use crate::ground::memory::Bytes;
use crate::ground::number::counted;
use crate::ground::task::Ctx;
use crate::metrics::report::Report;

/// Reports what the chosen episodes of a source hold, from memory where it is open.
pub(super) struct Choose;

impl Job for Choose {
    type Spec = Source;
    /// With the bytes that datasets may take.
    type Input = (Opened, Bytes);
    const NAME: &'static str = "choice of episodes";
    const SLOT: Slot = Slot::Episodes;

    fn model_of(source: &Source) -> Option<(Model, &Source)> {
        Some((Model::Named, source))
    }

    fn open(source: &Source, workspace: &Workspace, cx: &Ctx, _: Emit<'_>) -> Result<Self::Input, Fault> {
        Ok((workspace.open(source, cx)?, workspace.allowed(source.memory)))
    }

    fn run(source: &Source, (opened, allowed): Self::Input, _: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
        let refused = super::topup::refused(&opened).into_iter().collect();
        emit(Report { refused, ..data_report::opened_data(&opened, allowed) });
        let (n, of) = (opened.episodes().len(), counted(opened.data.num_episodes(), "episodes"));
        let what = if source.only.is_everything() { String::new() } else { format!(": {}", source.only.words()) };
        Ok(Outcome::said(format!("{n} of {of}{what}")))
    }
}
