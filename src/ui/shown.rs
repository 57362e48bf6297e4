//! [`Shown`]: what is on the screen now.

use super::app::App;
use super::banner;
use super::card::{Card, Place};
use super::layout::{self, Laid, Placed, Split};
use super::look::Sizes;
use super::panel;
use super::toast;
use ratatui::layout::Rect;

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
    /// Every page's name and its first card.
    pub pages: Vec<(String, usize)>,
    /// Rows and columns of the page, the outermost first.
    pub splits: Vec<Split>,
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
    let body = Rect { height: body.height.saturating_sub(toast::height(app, whole)), ..body };
    let cards = panel::cards(app);
    let none = Sizes::new();
    let sizes = app.looks.sizes.get(&app.panel).unwrap_or(&none);
    let mut all = layout::pages(&cards, panel::panel(app.panel).pages.plan(layout::room(whole)), body, sizes);
    let order: Vec<usize> = all.iter().flat_map(|page| &page.placed).map(|(i, _)| *i).collect();
    let wanted = app.looks.focus.get(&app.panel);
    let focus = order.iter().copied().find(|i| Some(&cards[*i].id) == wanted);
    // To begin with: the first card that a cursor can walk on.
    let lively = |i: &usize| cards[*i].place() != Place::Everywhere;
    let focus = focus.or_else(|| order.iter().copied().find(lively)).or(order.first().copied()).unwrap_or(0);
    let page = all.iter().position(|p| p.placed.iter().any(|(i, _)| *i == focus)).unwrap_or(0);
    let first = |page: &Laid| {
        let mut on_it = page.placed.iter().map(|(i, _)| *i);
        on_it.clone().find(lively).or(on_it.next()).unwrap_or(0)
    };
    let pages = all.iter().map(|page| (page.name.clone(), first(page))).collect();
    let Laid { placed, splits, .. } = if all.is_empty() { Laid::default() } else { all.swap_remove(page) };
    let (placed, splits) = if app.looks.zoom { (vec![(focus, body)], Vec::new()) } else { (placed, splits) };
    Shown { cards, placed, order, focus, page, pages, splits }
}
