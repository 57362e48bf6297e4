//! Any report as cards, by the shape of what is in it.

use crate::metrics::report::{Cell, Report, Table, groups};
use crate::ui::app::App;
use crate::ui::card::{self, Body, Card};
use crate::ui::panel_id::PanelId;
use crate::ui::widget::notes::loudest_first;

/// A card for the numbers, for each group of curves, each distribution, map, cloud and table, and for the sentences.
pub fn cards(report: &Report) -> Vec<Card<'_>> {
    let mut out = Vec::new();
    if !report.stats.is_empty() {
        out.push(titled("stats".into(), &report.title, Body::Stats(&report.stats)));
    }
    out.extend(
        report.maps.iter().map(|m| {
            titled(format!("map:{}", m.key), &m.label, Body::Map { whole: m, shown: m, overlays: &m.overlays })
        }),
    );
    for (group, lines) in groups(&report.series) {
        out.push(titled(format!("plot:{group}"), &capital(group), Body::Plot(lines)));
    }
    out.extend(report.scatters.iter().map(|s| titled(format!("scatter:{}", s.key), &s.label, Body::Scatter(s))));
    out.extend(report.histograms.iter().map(|h| titled(format!("hist:{}", h.key), &h.label, Body::Histogram(h))));
    out.extend(report.tables.iter().map(|t| titled(format!("table:{}", t.key), &t.label, Body::Table(t))));
    if !report.notes.is_empty() {
        out.push(titled("notes".into(), "Notes", Body::Notes(loudest_first(&report.notes))));
    }
    out
}

fn titled<'a>(id: String, title: &str, body: Body<'a>) -> Card<'a> {
    let title = if title.is_empty() {
        id.split_once(':').map_or(id.as_str(), |(_, key)| key).to_string()
    } else {
        title.to_string()
    };
    Card::new(id, title, body)
}

/// The row of `data` that is selected on `panel`; the first to begin with.
pub fn selected<'a>(app: &App, panel: PanelId, data: &'a Table) -> Option<&'a [Cell]> {
    let look = app.looks.card(panel, &format!("table:{}", data.key));
    data.rows.get(card::table(data, &look).selected?).map(Vec::as_slice)
}

/// The first letter large.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}
