//! A card as a figure with what it shows in words.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::hover;
use super::write::escape;
use crate::export::card::{self, Body, Card};
use crate::ground::number::{counted, percent};

/// Width of a figure and size of its text, in points: a telephone shows about nine tenths of it.
const WIDE: f64 = 420.0;
const FONT: f64 = 12.0;

/// What curves are was said of these already.
#[derive(Debug, Default)]
pub struct Told(HashSet<(String, String)>);

/// Draws the card with its words and what the script shows at the cursor.
///
/// # Errors
/// Where it cannot be drawn.
pub fn figure(out: &mut String, card: &Card, id: &str, told: &mut Told) -> Result<(), String> {
    let Some(drawn) = card::draw(card, WIDE, FONT, None)? else { return Ok(()) };
    let title = escape(&card.title);
    let _ = writeln!(out, "<figure class=\"card\" id=\"{id}\">\n<figcaption><h3>{title}</h3></figcaption>");
    let named = format!("<svg role=\"img\" aria-label=\"{title}\" ");
    let _ = writeln!(out, "<div class=\"plot\">{}</div>", drawn.svg.replacen("<svg ", &named, 1));
    about(out, card, told);
    if let Some(data) = hover::data(card, &drawn.placed) {
        let _ = writeln!(out, "<script type=\"application/json\">{data}</script>");
    }
    *out += "</figure>\n";
    Ok(())
}

/// What the figure shows, where that was not said before.
fn about(out: &mut String, card: &Card, told: &mut Told) {
    let mut lines: Vec<String> = Vec::new();
    match &card.body {
        Body::Plot(series) => {
            // Curves of which the same is said are named together.
            let mut said: Vec<(&str, Vec<String>)> = Vec::new();
            for s in series.iter().filter(|s| !s.definition.trim().is_empty()) {
                if told.0.insert((s.label.clone(), s.definition.clone())) {
                    let name = format!("<b>{}</b>", escape(&s.label));
                    match said.iter_mut().find(|(definition, _)| *definition == s.definition) {
                        Some((_, names)) => names.push(name),
                        None => said.push((&s.definition, vec![name])),
                    }
                }
            }
            let line =
                |(definition, names): (&str, Vec<String>)| format!("{}: {}", names.join(", "), escape(definition));
            lines.extend(said.into_iter().map(line));
        }
        Body::Map(map) => {
            let (w, h) = (map.width, map.height);
            let unit = if map.unit.is_empty() { "number" } else { &map.unit };
            let share = map.variance_share.map(|v| format!("; both axes carry {} % of the variance", percent(v)));
            lines.push(format!("{w} × {h} cells: {}{}.", escape(unit), share.unwrap_or_default()));
            let boxes: Vec<String> = map.marks.iter().map(|m| escape(&m.label)).filter(|m| !m.is_empty()).collect();
            if !boxes.is_empty() {
                lines.push(format!("Boxes: {}.", boxes.join(", ")));
            }
        }
        Body::Pairs(pairs) => {
            lines.push(format!("{} of {} × {} cells.", counted(pairs.pairs.len(), "maps"), pairs.bins, pairs.bins));
        }
        Body::Scatter(s) => lines.push(format!("{}.", counted(s.x.len().min(s.y.len()), "points"))),
        _ => {}
    }
    if !lines.is_empty() {
        let _ = writeln!(out, "<p class=\"about\">{}</p>", lines.join("<br/>\n"));
    }
}
