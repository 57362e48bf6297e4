//! [`Shown`]: what is on the screen now.

use super::app::App;
use super::banner;
use super::card::{Card, Place};
use super::layout::{self, Placed};
use super::panel;

/// The cards of the panel, those placed, which of them has the focus, page and pages.
pub struct Shown<'a> {
    /// All cards of the panel.
    pub cards: Vec<Card<'a>>,
    /// Those on the screen.
    pub placed: Vec<Placed>,
    /// All cards in the order of the pages: the way of the focus.
    pub order: Vec<usize>,
    /// Number of the focused card.
    pub focus: usize,
    /// Page, from 0.
    pub page: usize,
    /// Pages in all.
    pub pages: usize,
}

impl<'a> Shown<'a> {
    /// The card that has the focus.
    pub fn focused(&self) -> Option<&Card<'a>> {
        self.cards.get(self.focus)
    }
}

/// Works out [`Shown`] for the app's panel and size.
pub fn shown(app: &App) -> Shown<'_> {
    let whole = layout::regions(app.size).body;
    let body = banner::below(app, whole);
    let cards = panel::cards(app);
    let all = layout::pages(&cards, panel::panel(app.panel).pages.plan(layout::room(whole)), body);
    let order: Vec<usize> = all.iter().flatten().map(|(i, _)| *i).collect();
    let wanted = app.looks.focus.get(&app.panel);
    let focus = order.iter().copied().find(|i| Some(&cards[*i].id) == wanted);
    // To begin with: the first card that a cursor can walk on.
    let lively = || order.iter().copied().find(|i| cards[*i].place() != Place::Everywhere);
    let focus = focus.or_else(lively).or(order.first().copied()).unwrap_or(0);
    let page = all.iter().position(|p| p.iter().any(|(i, _)| *i == focus)).unwrap_or(0);
    let pages = all.len();
    let placed = if app.looks.zoom { vec![(focus, body)] } else { all.into_iter().nth(page).unwrap_or_default() };
    Shown { cards, placed, order, focus, page, pages }
}
