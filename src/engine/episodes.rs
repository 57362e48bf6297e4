//! The episode table: filtered, sorted, grouped, reported or saved.

use std::sync::Arc;

use super::job::{Body, EpisodesSpec, Filter, Outcome};
use super::workspace::Opened;
use super::{Emit, Ended, Workspace};
use crate::data::table::{self, Entry, Frame, Known};
use crate::metrics::coverage::published;
use crate::metrics::report::{Cell, Report, Table};
use crate::task::Ctx;

/// Reports or saves the table.
pub fn run(spec: &EpisodesSpec, workspace: &Workspace, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Ended> {
    let opened = workspace.open(&spec.source, cx)?;
    let audit = workspace.audit(&spec.source, &opened.data, cx)?;
    let mut frame = selected(&opened, audit.flags(&opened.data), &spec.filter)?;
    if let Some(column) = &spec.group {
        frame = table::grouped(&frame, column).map_err(Ended::BadInput)?;
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
    emit(Body::Report(Arc::new(report)));
    Ok(Outcome { summary, written: Vec::new() })
}

/// The rows of the table that are asked for; `flags` is what the audit says of each episode.
///
/// # Errors
/// A sentence where a condition or a column is not understood.
pub fn selected(opened: &Opened, flags: Vec<String>, filter: &Filter) -> Result<Frame, Ended> {
    let data = &opened.data;
    let origin = &data.origin;
    let stem = origin.path.file_stem().map(|name| name.to_string_lossy().into_owned());
    let mut ids = [origin.dataset_id.clone(), origin.env_id.clone(), stem].into_iter().flatten();
    let known = Known { reference: origin.reference.or_else(|| ids.find_map(|id| published::d4rl(&id))), flags };
    let mut frame = table::episode_table(data, &opened.split, &known).map_err(|e| Ended::BadInput(e.to_string()))?;
    if let Some(condition) = &filter.condition {
        frame = table::meeting(&frame, condition).map_err(Ended::BadInput)?;
    }
    if let Some(column) = &filter.sort {
        if frame.column(column).is_err() {
            let names: Vec<String> = frame.get_column_names().iter().map(ToString::to_string).collect();
            let there = names.join(", ");
            return Err(Ended::BadInput(format!("no column is called '{column}' to sort by; there are {there}")));
        }
        frame = table::sorted(&frame, column, filter.descending).map_err(|e| Ended::BadInput(e.to_string()))?;
    }
    Ok(frame)
}

fn as_table(frame: &Frame) -> Table {
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
