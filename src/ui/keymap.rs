//! One table of keys: dispatch, footer, help overlay and the README's table are made from it.

mod table;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::app::Panel;
pub use table::BINDINGS;

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// End the program.
    Quit,
    /// Open or close the key overlay.
    Help,
    /// Show a panel.
    Show(Panel),
    /// Focus the next card.
    NextCard,
    /// Focus the card before.
    PreviousCard,
    /// The focused card fills the panel, or gives the place back.
    Zoom,
    /// Close what is open: overlay, message, zoom, cursor.
    Back,
    /// Move the cursor or the selection: columns to the right, rows down.
    Move(i32, i32),
    /// To the first.
    First,
    /// To the last.
    Last,
    /// Linear, log, symlog.
    Scale,
    /// Stretch the horizontal axis around the cursor.
    Stretch,
    /// Shrink it again.
    Shrink,
    /// Show all of it.
    ShowAll,
    /// The coverage's map over the next (1) or the previous (−1) pair of dimensions.
    Axes(i32),
    /// Sort by the next column.
    Sort,
    /// Turn the order round.
    Reverse,
    /// Select the next (1) or the previous (−1) episode.
    Episode(i32),
    /// Draw the imagined traces of the selected episode.
    Imagine,
    /// Ask for a condition on the episodes.
    Filter,
    /// Start the top-up.
    TopUp,
    /// Choose the next schedule of the top-up.
    Schedule,
    /// Hold the panel's job, or let it go on.
    Pause,
    /// Stop the panel's job.
    Stop,
    /// Run the panel's job again.
    Again,
    /// Next colours.
    Theme,
    /// Copy the values at the cursor.
    Copy,
}

/// Where a binding holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Everywhere.
    Everywhere,
    /// While a figure (plot, map, histogram, scatter) has the focus.
    Figure,
    /// While a table has the focus.
    Table,
    /// On one panel.
    On(Panel),
}

/// A key with its modifiers; Shift counts only where the key is no character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Which.
    pub code: KeyCode,
    /// Control, or Shift for keys that are no characters.
    pub modifiers: KeyModifiers,
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// Keys that do it.
    pub keys: &'static [Key],
    /// What they do.
    pub action: Action,
    /// A word for the footer; empty where it is not shown there.
    pub word: &'static str,
    /// A line for the help.
    pub help: &'static str,
    /// Where it holds.
    pub place: Place,
}

impl Key {
    /// The key of an event.
    pub fn of(event: &KeyEvent) -> Self {
        let mut modifiers = event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::SHIFT);
        if matches!(event.code, KeyCode::Char(_) | KeyCode::BackTab) {
            modifiers -= KeyModifiers::SHIFT;
        }
        Self { code: event.code, modifiers }
    }

    /// Its name on the screen.
    pub fn name(&self) -> String {
        let plain = match self.code {
            KeyCode::Char(' ') => "Space".to_string(),
            KeyCode::Char(c) => c.to_string(),
            KeyCode::Left => "←".into(),
            KeyCode::Right => "→".into(),
            KeyCode::Up => "↑".into(),
            KeyCode::Down => "↓".into(),
            KeyCode::PageUp => "PgUp".into(),
            KeyCode::PageDown => "PgDn".into(),
            KeyCode::BackTab => "Shift-Tab".into(),
            KeyCode::F(n) => format!("F{n}"),
            other => format!("{other:?}"),
        };
        if self.modifiers.contains(KeyModifiers::CONTROL) {
            format!("Ctrl-{plain}")
        } else if self.modifiers.contains(KeyModifiers::SHIFT) {
            format!("Shift-{plain}")
        } else {
            plain
        }
    }
}

impl Binding {
    /// Its keys, as people write them.
    pub fn names(&self) -> String {
        self.keys.iter().map(Key::name).collect::<Vec<_>>().join(" ")
    }

    /// True where the binding holds on `panel` with a card of the given kind in focus.
    pub fn holds(&self, panel: Panel, focus: Place) -> bool {
        match self.place {
            Place::Everywhere => true,
            Place::On(p) => p == panel,
            other => other == focus,
        }
    }
}

/// What `key` asks for on `panel` with a card of kind `focus`.
pub fn action(key: Key, panel: Panel, focus: Place) -> Option<Action> {
    BINDINGS.iter().find(|b| b.holds(panel, focus) && b.keys.contains(&key)).map(|b| b.action)
}

/// The table as Markdown, for the README.
pub fn markdown() -> String {
    let mut out = String::from("| keys | what they do | where |\n|---|---|---|\n");
    for b in BINDINGS {
        let keys = b.keys.iter().map(|k| format!("`{}`", k.name().replace('|', "\\|"))).collect::<Vec<_>>().join(" ");
        let place = match b.place {
            Place::Everywhere => "everywhere",
            Place::Figure => "plots and maps",
            Place::Table => "tables",
            Place::On(p) => p.title(),
        };
        let line = ["| ", &keys, " | ", b.help, " | ", place, " |\n"].concat();
        out.push_str(&line);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meet(a: Place, b: Place) -> bool {
        match (a, b) {
            (Place::Figure, Place::Table) | (Place::Table, Place::Figure) => false,
            (Place::On(p), Place::On(q)) => p == q,
            _ => true,
        }
    }

    #[test]
    fn no_key_means_two_things_in_one_place() {
        for (i, a) in BINDINGS.iter().enumerate() {
            for b in &BINDINGS[i + 1..] {
                let clash = a.keys.iter().find(|k| meet(a.place, b.place) && b.keys.contains(k));
                assert!(clash.is_none(), "{clash:?} is both '{}' and '{}'", a.help, b.help);
            }
        }
    }

    #[test]
    fn every_binding_has_keys_and_help() {
        for b in BINDINGS {
            assert!(!b.keys.is_empty() && b.help.len() > 5, "{:?}", b.action);
            assert!(markdown().contains(b.help));
        }
    }

    #[test]
    fn shift_is_part_of_an_arrow_and_not_of_a_letter() {
        let event = |code, modifiers| Key::of(&KeyEvent::new(code, modifiers));
        let act = |k| action(k, Panel::Data, Place::Figure);
        assert_eq!(act(event(KeyCode::Char('?'), KeyModifiers::SHIFT)), Some(Action::Help));
        assert_eq!(act(event(KeyCode::Left, KeyModifiers::SHIFT)), Some(Action::Move(-10, 0)));
        assert_eq!(act(event(KeyCode::Left, KeyModifiers::NONE)), Some(Action::Move(-1, 0)));
        assert_eq!(act(event(KeyCode::Char('c'), KeyModifiers::CONTROL)), Some(Action::Quit));
    }
}
