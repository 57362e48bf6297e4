//! What leaves the screen as files.

use super::Effect;
use crate::engine::job::{ExportSpec, JobSpec};
use crate::ui::app::App;
use crate::ui::panel::{PANELS, diagnosis};
use crate::ui::shown::shown;

/// Folder that is written to, below the current one.
const FOLDER: &str = "exports";

/// Writes the focused card: figure, CSV and Parquet.
pub fn card(app: &mut App) -> Vec<Effect> {
    let Some(id) = shown(app).focused().map(|card| card.id.clone()) else { return Vec::new() };
    // Cards that a panel makes of several reports, or of a part of one, go by other names there.
    let (report, card) = match id.as_str() {
        "findings" => ("audit", "table:findings".to_owned()),
        "lanes" => (app.panel.0, format!("plot:{}", diagnosis::selected_episode(app).unwrap_or_default())),
        id => match id.strip_prefix("compared:") {
            Some(id) => ("compare", id.to_owned()),
            None => (app.panel.0, id.to_owned()),
        },
    };
    let reports = app.reports.get(report).cloned().into_iter().collect();
    start(app, ExportSpec { reports, card: Some(card), ..ExportSpec::default() })
}

/// Writes all reports as one HTML file.
pub fn all(app: &mut App) -> Vec<Effect> {
    let names = PANELS.iter().map(|panel| panel.id.0).chain(["audit", "compare"]);
    let reports = names.filter_map(|name| app.reports.get(name).cloned()).collect();
    start(app, ExportSpec { reports, ..ExportSpec::default() })
}

fn start(app: &mut App, spec: ExportSpec) -> Vec<Effect> {
    let spec = ExportSpec { source: app.open.source.clone(), folder: FOLDER.into(), ..spec };
    vec![app.jobs.start(JobSpec::Export(spec))]
}
