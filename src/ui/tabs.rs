//! Where the tabs of the panels and the names of the pages are: for drawing and for the mouse.

use super::app::App;
use super::layout::regions;
use super::panel::{PANELS, Panel};
use super::panel_id::PanelId;
use super::shown::{Shown, shown};
use super::widget::ink;

/// Columns between the tabs of a screen of so many columns.
pub fn gap(width: u16) -> u16 {
    match width {
        ..72 => 0,
        72..100 => 1,
        _ => 2,
    }
}

/// What is written on a tab of a screen of so many columns.
pub fn label(panel: &Panel, width: u16) -> String {
    let key = panel.shown_by.keys.first().map(super::keymap::Key::name).unwrap_or_default();
    let before = if gap(width) == 0 { "" } else { " " };
    format!("{before}{key} {} ", panel.title)
}

/// Each panel's tab with its first column and the one after its last, on a screen of the given size.
pub fn places(size: (u16, u16)) -> Vec<(&'static Panel, u16, u16)> {
    let mut x = regions(size).tabs.x;
    let gap = gap(size.0);
    let place = |panel: &'static Panel| {
        let from = x;
        x += ink::width(&label(panel, size.0)) + gap;
        (panel, from, x)
    };
    PANELS.iter().map(place).collect()
}

/// The panel whose tab is at column `x`.
pub fn tab_at(size: (u16, u16), x: u16) -> Option<PanelId> {
    places(size).into_iter().find(|(_, from, to)| (*from..*to).contains(&x)).map(|(panel, ..)| panel.id)
}

/// A page's name on the tab line: its number, where it begins, where it ends.
pub type PagePlace = (usize, String, u16, u16);

/// Where the names of the pages stand, at the right end of the tab line: all of them where they have room, else the current
/// one with its number and the number of pages.
pub fn pages(app: &App, shown: &Shown<'_>) -> Vec<PagePlace> {
    let from = places(app.size).last().map_or(0, |(.., to)| *to) + 1;
    let right = regions(app.size).tabs.right();
    if shown.pages.len() < 2 || app.looks.zoom {
        return Vec::new();
    }
    let names: Vec<String> = shown.pages.iter().map(|(name, _)| format!(" {name} ")).collect();
    let all: u16 = names.iter().map(|n| ink::width(n)).sum();
    if from + all <= right {
        let mut x = right - all;
        let place = |(i, name): (usize, String)| {
            let at = x;
            x += ink::width(&name);
            (i, name, at, x)
        };
        return names.into_iter().enumerate().map(place).collect();
    }
    let (n, of) = (shown.page + 1, shown.pages.len());
    let name = shown.pages.get(shown.page).map_or("", |p| &p.0);
    let words = [format!(" {name} {n}/{of} "), format!(" {n}/{of} ")];
    let fits = words.into_iter().find(|w| from + ink::width(w) <= right + 1);
    // A click turns to the next one.
    fits.map(|w| ((shown.page + 1) % of, w.clone(), right.saturating_sub(ink::width(&w)), right)).into_iter().collect()
}

/// The page whose name is at column `x`.
pub fn page_at(app: &App, x: u16) -> Option<usize> {
    let shown = shown(app);
    pages(app, &shown).into_iter().find(|(_, _, from, to)| (*from..*to).contains(&x)).map(|(page, ..)| page)
}
