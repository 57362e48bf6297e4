//! A run while it goes on: curves of what learns, the episode that is acted over the map, a log; and the runs of this sitting.

use super::super::coverage;
use super::JOB;
use crate::metrics::report::{HeatMap, Report, Series, Table};
use crate::ui::app::App;
use crate::ui::card::{Body, Card};

/// The cards of what learns: name of what is told, id and heading.
const LEARN: [(&str, &str, &str); 2] = [
    ("world-model loss as it trains", "live:model", "World model as it trains"),
    ("policy loss as it trains", "live:policy", "Policy as it trains"),
];

/// True where the run told anything.
pub fn is_there(app: &App) -> bool {
    !app.live.log.is_empty() || !app.live.curves.is_empty()
}

/// Adds its cards.
pub fn add<'a>(app: &'a App, cards: &mut Vec<Card<'a>>) {
    for (name, id, title) in LEARN {
        let live = app.live.curves.iter().filter(|curve| curve.group == name);
        let mut lines: Vec<&Series> = live.collect();
        // Runs before are held against this one: alone they say nothing.
        if !lines.is_empty() {
            lines.extend(app.sitting.past.iter().filter(|past| past.group == name));
            cards.push(Card::new(id, title, Body::Plot(lines)));
        }
    }
    if let Some(map) = coverage::density(app).filter(|_| !app.live.paths.is_empty()) {
        let title = "Episodes as they come · over the training states";
        cards.push(Card::new("live:map", title, Body::Map { whole: map, shown: map, overlays: &app.live.paths }));
    }
    if !app.live.log.is_empty() {
        // What a run came to stands before how it went, once it has ended.
        let id = if app.jobs.named(JOB).is_some() { "live:log" } else { "log" };
        cards.push(Card::new(id, "Log", Body::Tail(&app.live.log)));
    }
    if !app.sitting.table.rows.is_empty() {
        let table = &app.sitting.table;
        cards.push(Card::new("table:sitting", table.label.clone(), Body::Table(table)));
    }
}

/// A card of these as a report that it can be written from, and its id there.
pub fn exported(app: &App, id: &str) -> Option<(Report, String)> {
    let mut report = Report::new("live", "Run");
    if let Some((name, ..)) = LEARN.iter().find(|(_, known, _)| *known == id) {
        let all = app.live.curves.iter().chain(&app.sitting.past);
        report.series = all.filter(|curve| curve.group == *name).cloned().collect();
        return Some((report, format!("plot:{name}")));
    }
    let card = match id {
        "live:map" => {
            let map = coverage::density(app)?;
            report.maps.push(HeatMap { overlays: app.live.paths.clone(), ..map.clone() });
            "map:density"
        }
        "live:log" | "log" => {
            report.tables.push(Table {
                key: "log".into(),
                label: "Log".into(),
                columns: ["seconds", "what"].map(String::from).to_vec(),
                rows: app.live.log.iter().map(|(at, text)| vec![(*at).into(), text.clone().into()]).collect(),
            });
            "table:log"
        }
        "table:sitting" => {
            report.tables.push(app.sitting.table.clone());
            id
        }
        _ => return None,
    };
    Some((report, card.into()))
}
