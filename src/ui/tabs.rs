//! Where the tabs of the panels are: for drawing and for the mouse.

use super::layout::regions;
use super::panel::{PANELS, Panel};
use super::panel_id::PanelId;
use super::widget::ink;

/// Screens with fewer columns have no gaps between the tabs.
pub const NARROW: u16 = 72;

/// What is written on a tab.
pub fn label(panel: &Panel) -> String {
    let key = panel.shown_by.keys.first().map(super::keymap::Key::name).unwrap_or_default();
    format!(" {key} {} ", panel.title)
}

/// Each panel's tab with its first column and the one after its last, on a screen of the given size.
pub fn places(size: (u16, u16)) -> Vec<(&'static Panel, u16, u16)> {
    let mut x = regions(size).tabs.x;
    let gap = if size.0 < NARROW { 0 } else { 2 };
    let place = |panel: &'static Panel| {
        let from = x;
        x += ink::width(&label(panel)) + gap;
        (panel, from, x)
    };
    PANELS.iter().map(place).collect()
}

/// The panel whose tab is at column `x`.
pub fn tab_at(size: (u16, u16), x: u16) -> Option<PanelId> {
    places(size).into_iter().find(|(_, from, to)| (*from..*to).contains(&x)).map(|(panel, ..)| panel.id)
}
