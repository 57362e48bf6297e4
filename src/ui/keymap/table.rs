//! The tables themselves.

use ratatui::crossterm::event::{KeyCode, KeyModifiers};

use super::Place::{Everywhere, Figure, Table};
use super::{Action, Binding, Key, Place};

/// The key of a character.
pub const fn ch(c: char) -> Key {
    key(KeyCode::Char(c))
}

const fn key(code: KeyCode) -> Key {
    Key { code, modifiers: KeyModifiers::NONE }
}

const fn shift(code: KeyCode) -> Key {
    Key { code, modifiers: KeyModifiers::SHIFT }
}

const fn ctrl(c: char) -> Key {
    Key { code: KeyCode::Char(c), modifiers: KeyModifiers::CONTROL }
}

const fn bind(keys: &'static [Key], action: Action, word: &'static str, help: &'static str, place: Place) -> Binding {
    Binding { keys, action, word, help, place, useful: |_| true }
}

/// Keys for jobs and cards. What comes first is shown first in the footer.
pub const CARDS: &[Binding] = &[
    bind(&[ch('p')], Action::Pause, "pause", "pause or resume the job", Everywhere),
    bind(&[ch('x')], Action::Stop, "stop", "stop the panel's job", Everywhere),
    bind(&[key(KeyCode::Tab)], Action::NextCard, "next", "next card, page by page", Everywhere),
    bind(&[key(KeyCode::BackTab)], Action::PreviousCard, "", "previous card", Everywhere),
    bind(
        &[key(KeyCode::Enter)],
        Action::Enter,
        "open",
        "show what is selected: an episode or a hole on the map, the episodes of a map's cell, a run; else zoom",
        Everywhere,
    ),
    bind(&[ch('z')], Action::Zoom, "zoom", "zoom the card", Everywhere),
    bind(&[key(KeyCode::Right), ch('l')], Action::Move(1, 0), "cursor", "cursor right", Everywhere),
    bind(&[key(KeyCode::Left), ch('h')], Action::Move(-1, 0), "", "cursor left", Everywhere),
    bind(&[key(KeyCode::Up), ch('k')], Action::Move(0, -1), "", "cursor, row or scroll up", Everywhere),
    bind(&[key(KeyCode::Down), ch('j')], Action::Move(0, 1), "", "cursor, row or scroll down", Everywhere),
    bind(&[shift(KeyCode::Right), ch('L')], Action::Move(10, 0), "", "cursor ten to the right", Everywhere),
    bind(&[shift(KeyCode::Left), ch('H')], Action::Move(-10, 0), "", "cursor ten to the left", Everywhere),
    bind(
        &[key(KeyCode::PageDown)],
        Action::Page(1),
        "page",
        "ten rows down in what is longer; at its end the next page",
        Everywhere,
    ),
    bind(
        &[key(KeyCode::PageUp)],
        Action::Page(-1),
        "",
        "ten rows up in what is longer; at its top the page before",
        Everywhere,
    ),
    bind(&[ch('.')], Action::Turn(1), "", "next page", Everywhere),
    bind(&[ch(',')], Action::Turn(-1), "", "page before", Everywhere),
    bind(&[ch('>')], Action::Size(4, 0), "", "make the card wider", Everywhere),
    bind(&[ch('<')], Action::Size(-4, 0), "", "make the card narrower", Everywhere),
    bind(&[ch('}')], Action::Size(0, 2), "", "make the card higher", Everywhere),
    bind(&[ch('{')], Action::Size(0, -2), "", "make the card lower", Everywhere),
    bind(&[ch('|')], Action::Unsize, "", "give all cards their own sizes again", Everywhere),
    bind(&[key(KeyCode::Home), ch('g')], Action::First, "", "to the first", Everywhere),
    bind(&[key(KeyCode::End), ch('G')], Action::Last, "", "to the last", Everywhere),
    bind(&[ch('y')], Action::Scale, "log", "linear, log or symlog", Figure),
    bind(&[ch('d')], Action::Solo, "", "one curve or path alone, the next, all of them", Figure),
    bind(&[ch('w')], Action::Smooth, "", "smooth the curves, the raw ones behind: 0.6, 0.9, 0.97, not at all", Figure),
    bind(&[ch('K')], Action::Pin, "", "pin the curves as they are now, at most 4; again: let them go", Figure),
    bind(&[ch('+'), ch('=')], Action::Stretch, "", "stretch the x axis, zoom into a map", Figure),
    bind(&[ch('-')], Action::Shrink, "", "shrink the x axis, zoom out of a map", Figure),
    bind(&[ch('0')], Action::ShowAll, "", "show the whole axis or map", Figure),
    bind(&[ch('s')], Action::Sort, "sort", "sort by the next column", Table),
    bind(&[ch('S')], Action::Reverse, "", "reverse the order", Table),
    Binding {
        useful: |app| app.pair.is_some(),
        ..bind(&[ch('v')], Action::Flip, "before/after", "before or after the top-up", Everywhere)
    },
    bind(&[ch('/')], Action::Filter, "filter", "choose episodes by a condition, for all panels", Everywhere),
    Binding {
        useful: |app| !app.filter.before.is_empty(),
        ..bind(&[ch('u')], Action::Undo, "undo", "take the last choice of episodes back", Everywhere)
    },
    bind(&[ch('r')], Action::Again, "", "run the panel's job again", Everywhere),
    bind(&[ch('c')], Action::Copy, "", "copy values at the cursor", Everywhere),
    bind(&[ch('e')], Action::Export, "", "write the card to exports/: SVG, PNG, CSV, Parquet", Everywhere),
    bind(&[ch('E')], Action::ExportAll, "", "write everything to exports/ as one HTML file", Everywhere),
    bind(&[ch('T')], Action::Theme, "", "dark, light or safe colours", Everywhere),
];

/// Keys for the program.
pub const PROGRAM: &[Binding] = &[
    bind(&[key(KeyCode::Esc)], Action::Back, "", "close, or clear the cursor", Everywhere),
    bind(&[ch('?'), key(KeyCode::F(1))], Action::Help, "help", "all keys; again: what the words mean", Everywhere),
    bind(&[ch(':')], Action::Palette, "", "search all actions by name", Everywhere),
    bind(&[ch('J')], Action::Jobs, "", "jobs: how far, how long; pause or stop one", Everywhere),
    bind(&[ctrl('s')], Action::Save, "", "save the session: oodscope open opens it again", Everywhere),
    bind(&[ctrl('z')], Action::Suspend, "", "back to the shell; fg goes on", Everywhere),
    bind(&[ch('q')], Action::Quit, "quit", "end the program", Everywhere),
    bind(&[ctrl('c')], Action::Interrupt, "", "end the program with status 130", Everywhere),
];
