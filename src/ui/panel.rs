//! Panels: which cards a report becomes, and the plan of their pages. A new panel is one file and one line here.

pub mod control;
mod coverage;
mod data;
mod diagnosis;
mod generic;
mod imagination;
mod topup;
mod waiting;

use super::app::{App, Panel};
use super::card::Card;
use super::layout::{Node, Room};

/// The cards of the app's panel; never none.
pub fn cards(app: &App) -> Vec<Card<'_>> {
    let cards = match app.panel {
        Panel::Data => data::cards(app),
        Panel::Coverage => coverage::cards(app),
        Panel::Imagination => imagination::cards(app),
        Panel::Diagnosis => diagnosis::cards(app),
        Panel::TopUp => topup::cards(app),
    };
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
