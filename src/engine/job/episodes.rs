use super::{Emit, Job, Model, Slot};
use crate::data::entry::Entry;
use crate::data::table::{self, Frame};
use crate::engine::event::Outcome;
use crate::engine::measure::audit::audited;
use crate::engine::measure::{episode_scores, episode_table};
use crate::engine::opened::Opened;
use crate::engine::spec::{EpisodesSpec, Source};
use crate::engine::workspace::Workspace;
use crate::format;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::metrics::report::{Cell, Level, Report, Table};

/// The episode table: filtered, sorted, grouped, reported or saved.
pub(super) struct Episodes;

impl Job for Episodes {
    type Spec = EpisodesSpec;
    type Input = Opened;
    const NAME: &'static str = "episodes";
    const SLOT: Slot = Slot::Episodes;
    const WHOLE: bool = true;

    fn model_of(spec: &EpisodesSpec) -> Option<(Model, &Source)> {
        Some((Model::Judge, &spec.source))
    }

    fn open(spec: &EpisodesSpec, workspace: &Workspace, cx: &Ctx, _: Emit<'_>) -> Result<Opened, Fault> {
        workspace.open(&spec.source, cx)
    }

    fn run(spec: &EpisodesSpec, opened: Opened, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
        let mut known = episode_table::known(&opened, audited(&opened, cx)?.flags(&opened.data));
        if spec.scores || episode_table::asks_for_scores(&spec.filter, &opened)? {
            known.scores = episode_scores::measure(&opened, cx)?;
        }
        let all = if opened.data.sample.is_some() {
            episode_table::of_all(&opened, &format::rows(&spec.source.dataset, &spec.source.choice(), cx)?, &known)?
        } else {
            episode_table::table_of(&opened, &known)?
        };
        let mut frame = episode_table::chosen(all, &spec.filter)?;
        if let Some(column) = &spec.group {
            frame = table::grouped(&frame, column).map_err(Fault::Bad)?;
        }
        let rows = frame.height();
        let what = if spec.group.is_some() { "groups" } else { "episodes" };
        let summary = format!("{rows} {what}");
        if let Some(out) = &spec.out {
            table::save(&frame, out)?;
            return Ok(Outcome { summary, written: vec![out.clone()] });
        }
        let mut report = Report::new("episodes", "Episodes");
        report.stat("rows", what, rows as f64, "", "rows of the table");
        report.tables.push(as_table(&frame));
        if opened.data.sample.is_some() {
            let text = "all episodes are listed; index, part, flags and scores are known of those in memory alone";
            report.note(Level::Info, text);
        }
        emit(report);
        Ok(Outcome::said(summary))
    }
}

/// For people: without the source, which is one for all rows and long.
fn as_table(frame: &Frame) -> Table {
    let frame = &frame.drop("source").unwrap_or_else(|_| frame.clone());
    let cell = |entry| match entry {
        Entry::Missing => Cell::Number(f64::NAN),
        Entry::Truth(yes) => if yes { "yes" } else { "no" }.into(),
        Entry::Text(text) => text.as_str().into(),
        Entry::Number(v) => v.into(),
        Entry::Whole(n) => Cell::Count(n),
    };
    Table {
        key: "episodes".into(),
        label: "Episodes".into(),
        columns: frame.get_column_names().into_iter().map(ToString::to_string).collect(),
        rows: table::rows(frame).into_iter().map(|row| row.into_iter().map(cell).collect()).collect(),
    }
}
