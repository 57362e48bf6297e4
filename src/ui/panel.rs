//! Panels: which cards a report becomes, and the plan of their pages. A new panel is one file and one line here.

mod compared;
pub mod control;
mod coverage;
mod data;
mod diagnosis;
mod generic;
mod imagination;
mod topup;
mod waiting;

use std::fmt::Write as _;

use super::app::{App, Panel};
use super::card::{Body, Card};
use super::layout::{Node, Room};
use super::widget::number;

/// The cards of the app's panel; never none.
pub fn cards(app: &App) -> Vec<Card<'_>> {
    let mut cards = match app.panel {
        Panel::Data => data::cards(app),
        Panel::Coverage => coverage::cards(app),
        Panel::Imagination => imagination::cards(app),
        Panel::Diagnosis => diagnosis::cards(app),
        Panel::TopUp => topup::cards(app),
    };
    for card in &mut cards {
        if let Body::Map(map) = &mut card.body {
            // The axes that were chosen, and of them the part that is looked at.
            let part = app.looks.cards.get(&(app.panel, card.id.clone())).and_then(|look| look.part.as_deref());
            if let (Some(part), Some(whole)) = (part, app.map(app.panel, &card.id)) {
                let times = (whole.x_range.1 - whole.x_range.0) / (part.x_range.1 - part.x_range.0);
                let _ = write!(card.title, " · {} times closer", number::number(times));
            }
            *map = part.or_else(|| app.map(app.panel, &card.id)).unwrap_or(map);
        }
    }
    if cards.is_empty() { vec![waiting::card(app, app.panel)] } else { cards }
}

/// The plan of a panel's pages.
pub fn plan(panel: Panel, room: Room) -> &'static [Node] {
    match panel {
        Panel::Data => data::plan(room),
        Panel::Coverage => coverage::plan(room),
        Panel::Imagination => imagination::plan(room),
        Panel::Diagnosis => diagnosis::plan(room),
        Panel::TopUp => topup::plan(room),
    }
}
