//! The episode table: filtered, sorted, grouped, reported or saved.

use std::sync::Arc;

use super::job::{Body, EpisodesSpec, Filter, Outcome};
use super::workspace::Opened;
use super::{Emit, Workspace, episode_scores};
use crate::data::summary::EpisodeRow;
use crate::data::table::{self, Entry, Frame, Known, SCORES};
use crate::format;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::metrics::coverage::published;
use crate::metrics::report::{Cell, Level, Report, Table};

/// Reports or saves the table.
pub fn run(spec: &EpisodesSpec, workspace: &Workspace, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
    let opened = workspace.open(&spec.source, cx)?;
    let audit = workspace.audit(&spec.source, &opened.data, cx)?;
    let mut known = known(&opened, audit.flags(&opened.data));
    if spec.scores || asks_for_scores(&spec.filter, &opened)? {
        known.scores = episode_scores::measure(&opened, cx)?;
    }
    let all = if opened.data.sample.is_some() {
        of_all(&opened, &format::rows(&spec.source.dataset, &spec.source.choice(), cx)?, &known)?
    } else {
        table_of(&opened, &known)?
    };
    let mut frame = chosen(all, &spec.filter)?;
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
    emit(Body::Report(Arc::new(report)));
    Ok(Outcome { summary, written: Vec::new() })
}

/// True if the rows cannot be chosen or ordered without scores.
///
/// # Errors
/// A sentence where the world model is missing that one of them is about.
pub fn asks_for_scores(filter: &Filter, opened: &Opened) -> Result<bool, Fault> {
    let names = |name: &str| [&filter.condition, &filter.sort].into_iter().flatten().any(|text| text.contains(name));
    let (model_error, _) = SCORES[2];
    if names(model_error) && opened.checkpoint.is_none() {
        let text = format!("{model_error} is known where a world model is: name one with --checkpoint");
        return Err(Fault::bad(text));
    }
    Ok(SCORES.iter().any(|(name, _)| names(name)))
}

/// What is known of the episodes; `flags` is what the audit says of each.
pub fn known(opened: &Opened, flags: Vec<String>) -> Known {
    let origin = &opened.data.origin;
    let stem = origin.path.file_stem().map(|name| name.to_string_lossy().into_owned());
    let mut ids = [origin.dataset_id.clone(), origin.env_id.clone(), stem].into_iter().flatten();
    let reference = origin.reference.or_else(|| ids.find_map(|id| published::d4rl(&id)));
    Known { reference, flags, scores: Vec::new() }
}

/// The rows of the table that are asked for.
///
/// # Errors
/// A sentence where a condition or a column is not understood.
pub fn selected(opened: &Opened, known: &Known, filter: &Filter) -> Result<Frame, Fault> {
    chosen(table_of(opened, known)?, filter)
}

fn table_of(opened: &Opened, known: &Known) -> Result<Frame, Fault> {
    table::episode_table(&opened.data, &opened.split, known).map_err(|e| Fault::bad(e.to_string()))
}

/// The table of every episode of a dataset of which a sample is in memory; `rows` are all of them.
///
/// # Errors
/// Whatever polars fails with; none is known.
pub fn of_all(opened: &Opened, rows: &[EpisodeRow], known: &Known) -> Result<Frame, Fault> {
    table::whole_table(&table_of(opened, known)?, rows, known).map_err(|e| Fault::bad(e.to_string()))
}

/// The rows of a table that are asked for.
///
/// # Errors
/// A sentence where a condition or a column is not understood.
pub fn chosen(mut frame: Frame, filter: &Filter) -> Result<Frame, Fault> {
    if let Some(condition) = &filter.condition {
        frame = table::meeting(&frame, condition).map_err(Fault::Bad)?;
    }
    if let Some(column) = &filter.sort {
        if frame.column(column).is_err() {
            let names: Vec<String> = frame.get_column_names().iter().map(ToString::to_string).collect();
            let there = names.join(", ");
            return Err(Fault::bad(format!("no column is called '{column}' to sort by; there are {there}")));
        }
        frame = table::sorted(&frame, column, filter.descending).map_err(|e| Fault::bad(e.to_string()))?;
    }
    Ok(frame)
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
