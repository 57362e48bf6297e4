use std::fmt::Write;

use super::{Emit, Job, Slot};
use crate::engine::event::Outcome;
use crate::engine::measure::data_report;
use crate::engine::opened::Opened;
use crate::engine::spec::Source;
use crate::engine::workspace::Workspace;
use crate::format::reader::Known;
use crate::ground::fault::Fault;
use crate::ground::memory::Bytes;
use crate::ground::task::Ctx;

/// Opens what a source names, as it is on disk now, and reports what it holds.
pub(super) struct Load;

impl Job for Load {
    type Spec = Source;
    /// With the bytes that datasets may take.
    type Input = (Opened, Bytes);
    const NAME: &'static str = "load";
    const SLOT: Slot = Slot::Load;

    fn model_of(source: &Source) -> Option<&Source> {
        Some(source)
    }

    fn open(source: &Source, workspace: &Workspace, cx: &Ctx, emit: Emit<'_>) -> Result<Self::Input, Fault> {
        workspace.forget();
        let early = |known: &Known| emit(data_report::so_far(source, known));
        Ok((workspace.open_telling(source, cx, &early)?, workspace.allowed(source.memory)))
    }

    fn run(source: &Source, (opened, allowed): Self::Input, _: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
        emit(data_report::opened_data(&opened, allowed));
        let data = &opened.data;
        let of = |whole: Option<usize>| whole.map_or_else(String::new, |n| format!("of {n} "));
        let mut summary = format!(
            "opened {}: {} {}episodes, {} {}steps, read as {}",
            source.dataset.display(),
            data.num_episodes(),
            of(data.sample.map(|whole| whole.episodes)),
            data.num_steps(),
            of(data.sample.map(|whole| whole.steps)),
            data.origin.format
        );
        if let (Some(checkpoint), Some(path)) = (&opened.checkpoint, &source.checkpoint) {
            let _ = write!(summary, "; checkpoint {}, read as {}", path.display(), checkpoint.about.format);
        }
        Ok(Outcome::said(summary))
    }
}
