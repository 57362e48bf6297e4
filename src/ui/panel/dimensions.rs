//! The dimension that is selected in the table of errors: its curves come first, on the panel of the imagination and on that of
//! the diagnosis.

use super::generic;
use crate::metrics::report::{Cell, Report, Table};
use crate::ui::app::App;
use crate::ui::panel_id::PanelId;

/// The panel of the table.
pub const PANEL: PanelId = PanelId("imagination");

fn table(report: &Report) -> Option<&Table> {
    report.tables.iter().find(|t| t.key == "dimensions")
}

fn name(row: &[Cell]) -> Option<&str> {
    if let Some(Cell::Text(name)) = row.first() { Some(name) } else { None }
}

/// The dimension of the selected row; the first of the table, which is the worst, to begin with.
pub fn selected<'a>(app: &App, report: &'a Report) -> Option<&'a str> {
    name(generic::selected(app, PANEL, table(report)?)?)
}

/// The dimension of a row that the user selected.
pub fn chosen(app: &App) -> Option<&str> {
    app.looks.card(PANEL, "table:dimensions").row?;
    selected(app, app.report(PANEL)?)
}

/// Names of the dimensions in the order of their table: the worst first.
pub fn by_error(report: &Report) -> Vec<&str> {
    let rows = table(report).map(|t| t.rows.as_slice()).unwrap_or_default();
    rows.iter().filter_map(|row| name(row)).collect()
}
