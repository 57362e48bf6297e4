use std::fmt::Write;

use super::{Emit, Job, Model, Slot, topup};
use crate::engine::event::Outcome;
use crate::engine::measure::data_report;
use crate::engine::opened::Opened;
use crate::engine::spec::Source;
use crate::engine::workspace::Workspace;
use crate::format::reader::Known;
use crate::ground::fault::Fault;
use crate::ground::memory::Bytes;
use crate::ground::number::counted;
use crate::ground::task::Ctx;
use crate::metrics::report::Report;

/// Opens what a source names, as it is on disk now, and reports what it holds.
pub(super) struct Load;

impl Job for Load {
    type Spec = Source;
    /// With the bytes that datasets may take.
    type Input = (Opened, Bytes);
    const NAME: &'static str = "load";
    const SLOT: Slot = Slot::Load;

    fn model_of(source: &Source) -> Option<(Model, &Source)> {
        Some((Model::Named, source))
    }

    fn open(source: &Source, workspace: &Workspace, cx: &Ctx, emit: Emit<'_>) -> Result<Self::Input, Fault> {
        workspace.forget();
        let early = |known: &Known| emit(data_report::so_far(source, known));
        Ok((workspace.open_telling(source, cx, &early)?, workspace.allowed(source.memory)))
    }

    fn run(source: &Source, (opened, allowed): Self::Input, _: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
        let refused = topup::refused(&opened).into_iter().collect();
        emit(Report { refused, ..data_report::opened_data(&opened, allowed) });
        let data = &opened.data;
        let some = |n: usize, whole: Option<usize>, what: &str| match whole {
            Some(all) => format!("{n} of {}", counted(all, what)),
            None => counted(n, what),
        };
        let mut summary = format!(
            "opened {}: {}, {}, read as {}",
            source.dataset.display(),
            some(data.num_episodes(), data.sample.map(|whole| whole.episodes), "episodes"),
            some(data.num_steps(), data.sample.map(|whole| whole.steps), "steps"),
            data.origin.format
        );
        if let Some(chosen) = &opened.chosen {
            let _ = write!(summary, "; only {} of them: {}", chosen.len(), source.only.words());
        }
        if let (Some(checkpoint), Some(path)) = (&opened.checkpoint, &source.checkpoint) {
            let _ = write!(summary, "; checkpoint {}, read as {}", path.display(), checkpoint.about.format);
        }
        if let (Some(checkpoint), Some(path)) = (&opened.checkpoint, &source.policy) {
            let format = checkpoint.acting.as_ref().map_or("", |about| about.format.as_str());
            let _ = write!(summary, "; policy {}, read as {format}", path.display());
        }
        Ok(Outcome::said(summary))
    }
}
