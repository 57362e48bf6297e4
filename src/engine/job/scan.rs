use super::{Emit, Job, Slot, topup};
use crate::engine::event::Outcome;
use crate::engine::measure::data_report;
use crate::engine::opened::Opened;
use crate::engine::spec::Source;
use crate::engine::workspace::Workspace;
use crate::format;
use crate::format::reader::Known;
use crate::ground::fault::Fault;
use crate::ground::memory::Bytes;
use crate::ground::number::counted;
use crate::ground::task::Ctx;
use crate::metrics::report::Report;

/// Goes through a dataset of which only a sample is in memory: the report of loading with the numbers of all episodes.
pub(super) struct Scan;

impl Job for Scan {
    type Spec = Source;
    /// With the bytes that datasets may take.
    type Input = (Opened, Bytes);
    const NAME: &'static str = "scan";
    const SLOT: Slot = Slot::Scan;
    const WHOLE: bool = true;

    fn open(source: &Source, workspace: &Workspace, cx: &Ctx, _: Emit<'_>) -> Result<Self::Input, Fault> {
        Ok((workspace.open(source, cx)?, workspace.allowed(source.memory)))
    }

    fn run(source: &Source, (opened, allowed): Self::Input, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
        let refused: Vec<_> = topup::refused(&opened).into_iter().collect();
        let tell = |known: &Known| {
            emit(Report { refused: refused.clone(), ..data_report::known_data(&opened, known, allowed) });
        };
        let known = format::scan(&source.dataset, &source.choice(), cx, &tell)?;
        tell(&known);
        let (episodes, steps) = (known.summary.episodes, known.summary.transitions);
        Ok(Outcome::said(format!("went through all {}, {}", counted(episodes, "episodes"), counted(steps, "steps"))))
    }
}
