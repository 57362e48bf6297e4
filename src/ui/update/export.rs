//! What leaves the screen as files.

use std::sync::Arc;

use super::Effect;
use crate::engine::job::{ExportSpec, JobSpec, SaveSpec};
use crate::metrics::report::{HeatMap, Report};
use crate::ui::app::App;
use crate::ui::card;
use crate::ui::panel::topup::{self, live};
use crate::ui::panel::{PANELS, diagnosis};
use crate::ui::session::{self, Session};
use crate::ui::shown::shown;

/// Folder that is written to, below the current one.
const FOLDER: &str = "exports";

/// Writes the focused card: figure, CSV and Parquet.
pub fn focused(app: &mut App) -> Vec<Effect> {
    let Some(id) = shown(app).focused().map(|card| card.id.clone()) else { return Vec::new() };
    if let Some((report, card)) = live::exported(app, &id).filter(|_| app.panel == topup::ID) {
        return start(app, ExportSpec { reports: vec![Arc::new(report)], card: Some(card), ..ExportSpec::default() });
    }
    // Cards that a panel makes of several reports, or of a part of one, go by other names there.
    let (report, card) = match id.as_str() {
        "findings" => ("audit", "table:findings".to_owned()),
        "lanes" => (app.panel.0, format!("plot:{}", diagnosis::selected_episode(app).unwrap_or_default())),
        id => match id.strip_prefix("compared:") {
            Some(id) => ("compare", id.to_owned()),
            None => (app.panel.0, id.to_owned()),
        },
    };
    let strips = (id == "lanes").then(|| diagnosis::strips(app)).flatten();
    let whole = strips.map(Arc::new).or_else(|| app.reports.get(report).cloned());
    // Of a map what is looked at: its layer, its part, the path that is alone.
    let (reports, card) = match (whole, shown_map(app)) {
        (Some(whole), Some(map)) => {
            let card = format!("map:{}", map.key);
            let (name, title) = (whole.name.clone(), whole.title.clone());
            (vec![Arc::new(Report { name, title, maps: vec![map], ..Report::default() })], card)
        }
        (Some(whole), None) if card == "plot:reliability" => {
            (vec![Arc::new(diagnosis::with_signal(app, &whole))], card)
        }
        (whole, _) => (whole.into_iter().collect(), card),
    };
    start(app, ExportSpec { reports, card: Some(card), ..ExportSpec::default() })
}

/// The focused map as it is looked at.
fn shown_map(app: &App) -> Option<HeatMap> {
    card::map_as_shown(shown(app).focused()?, app.lens())
}

/// Writes all reports as one HTML file.
pub fn all(app: &mut App) -> Vec<Effect> {
    let names = PANELS.iter().map(|panel| panel.id.0).chain(["audit", "compare"]);
    let reports = names.filter_map(|name| app.reports.get(name).cloned()).collect();
    start(app, ExportSpec { reports, ..ExportSpec::default() })
}

/// Writes what is open to a file in the current folder.
pub fn session(app: &mut App) -> Vec<Effect> {
    match Session::of(app).text() {
        Ok(text) => {
            let then = format!("oodscope open {} opens it again", session::FILE);
            vec![app.jobs.start(JobSpec::Save(SaveSpec { path: session::FILE.into(), text, then }))]
        }
        Err(why) => {
            app.message = Some(why);
            Vec::new()
        }
    }
}

fn start(app: &mut App, spec: ExportSpec) -> Vec<Effect> {
    let spec = ExportSpec { source: app.open.source.clone(), folder: FOLDER.into(), ..spec };
    vec![app.jobs.start(JobSpec::Export(spec))]
}
