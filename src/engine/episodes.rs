//! The episode table: filtered, sorted, grouped, reported or saved.

use std::sync::Arc;

use polars::prelude::{AnyValue, DataFrame};

use super::job::{Body, EpisodesSpec, Filter, Outcome};
use super::workspace::Opened;
use super::{Emit, Ended, Workspace};
use crate::data::audit;
use crate::data::table::{self, Known};
use crate::metrics::coverage::published;
use crate::metrics::report::{Cell, Report, Table};
use crate::task::Ctx;

/// Reports or saves the table.
pub fn run(spec: &EpisodesSpec, workspace: &Workspace, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Ended> {
    let opened = workspace.open(&spec.source, cx)?;
    let mut frame = selected(&opened, &spec.filter, cx)?;
    if let Some(column) = &spec.group {
        frame = table::grouped(&frame, column).map_err(Ended::BadInput)?;
    }
    let rows = frame.height();
    let what = if spec.group.is_some() { "groups" } else { "episodes" };
    match &spec.out {
        Some(out) => {
            table::save(&frame, out)?;
            Ok(Outcome { summary: format!("{rows} {what}"), written: vec![out.clone()] })
        }
        None => {
            let mut report = Report::new("episodes", "Episodes");
            report.stat("rows", what, rows as f64, "", "rows of the table");
            report.tables.push(as_table(&frame));
            emit(Body::Report(Arc::new(report)));
            Ok(Outcome { summary: format!("{rows} {what}"), written: Vec::new() })
        }
    }
}

/// The rows of the table that are asked for, with what the audit says of the episodes.
///
/// # Errors
/// A sentence where a condition or a column is not understood; or cancelled.
pub fn selected(opened: &Opened, filter: &Filter, cx: &Ctx) -> Result<DataFrame, Ended> {
    let data = &opened.data;
    let origin = &data.origin;
    let stem = origin.path.file_stem().map(|name| name.to_string_lossy().into_owned());
    let mut ids = [origin.dataset_id.clone(), origin.env_id.clone(), stem].into_iter().flatten();
    let known =
        Known { reference: ids.find_map(|id| published::d4rl(&id)), flags: audit::audit(data, cx)?.flags(data) };
    let bad = |e: polars::error::PolarsError| Ended::BadInput(e.to_string());
    let mut frame = table::episode_table(data, &opened.split, &known).map_err(bad)?;
    if let Some(condition) = &filter.condition {
        frame = table::meeting(&frame, condition).map_err(Ended::BadInput)?;
    }
    if let Some(column) = &filter.sort {
        if frame.column(column).is_err() {
            let names: Vec<String> = frame.get_column_names().iter().map(ToString::to_string).collect();
            let there = names.join(", ");
            return Err(Ended::BadInput(format!("no column is called '{column}' to sort by; there are {there}")));
        }
        frame = table::sorted(&frame, column, filter.descending).map_err(bad)?;
    }
    Ok(frame)
}

fn as_table(frame: &DataFrame) -> Table {
    let cell = |value: AnyValue<'_>| match value {
        AnyValue::Null => Cell::Number(f64::NAN),
        AnyValue::Boolean(b) => if b { "yes" } else { "no" }.into(),
        AnyValue::String(text) => text.into(),
        AnyValue::StringOwned(text) => text.as_str().into(),
        AnyValue::Float64(v) => v.into(),
        other => other.try_extract::<i64>().map_or_else(|_| other.to_string().as_str().into(), Cell::Count),
    };
    let columns = frame.columns();
    let row = |i: usize| columns.iter().map(|c| c.get(i).map_or(Cell::Number(f64::NAN), cell)).collect();
    Table {
        key: "episodes".into(),
        label: "Episodes".into(),
        columns: columns.iter().map(|c| c.name().to_string()).collect(),
        rows: (0..frame.height()).map(row).collect(),
    }
}
