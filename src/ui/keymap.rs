//! Keys and what they ask for: the bindings that hold on every panel. A panel's own stand with the panel.

mod table;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::app::App;
use super::card::Place;
use super::msg::Effect;
use super::panel_id::PanelId;
pub use table::{CARDS, PROGRAM, ch};

/// What a key asks for.
#[derive(Debug, Clone, Copy)]
pub enum Action {
    /// End the program.
    Quit,
    /// End the program as a signal would.
    Interrupt,
    /// Open the key overlay, then what the words mean, then close it.
    Help,
    /// Search all actions by name.
    Palette,
    /// List the jobs.
    Jobs,
    /// Hand the terminal to the shell until the program is called back.
    Suspend,
    /// Show a panel.
    Show(PanelId),
    /// Focus the next card.
    NextCard,
    /// Focus the card before.
    PreviousCard,
    /// So many pages further; ten rows in what scrolls.
    Page(i32),
    /// So many pages further.
    Turn(i32),
    /// Makes the focused card wider or narrower by so many columns, and higher or lower by so many rows.
    Size(i32, i32),
    /// Gives every card of the panel the place that it had.
    Unsize,
    /// Shows what is selected elsewhere, or more of it.
    Enter,
    /// Asks for a condition on the episodes.
    Filter,
    /// Takes the last choice of episodes back.
    Undo,
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
    /// One curve of the plot alone, the next, all of them again.
    Solo,
    /// Smooth the curves more, or not at all.
    Smooth,
    /// Stretch the horizontal axis around the cursor.
    Stretch,
    /// Shrink it again.
    Shrink,
    /// Show all of it.
    ShowAll,
    /// Sort by the next column.
    Sort,
    /// Turn the order round.
    Reverse,
    /// Hold the panel's job, or let it go on.
    Pause,
    /// Stop the panel's job.
    Stop,
    /// Run the panel's job again.
    Again,
    /// Turn from the networks before a top-up to those after it, or back.
    Flip,
    /// Open the networks before a top-up again.
    RollBack,
    /// Next colours.
    Theme,
    /// Write the focused card as figure and data.
    Export,
    /// Write everything as one HTML file.
    ExportAll,
    /// Write what is open to a file that opens it again.
    Save,
    /// Keep the focused plot's curves as they are, or let them go.
    Pin,
    /// Copy the values at the cursor.
    Copy,
    /// What only the panel itself knows.
    Own(fn(&mut App) -> Vec<Effect>),
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
    /// Whether it does something now: else the footer leaves it out.
    pub useful: fn(&App) -> bool,
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

    /// True where the binding holds with a card of the given kind in focus.
    pub fn holds(&self, focus: Place) -> bool {
        self.place == Place::Everywhere || self.place == focus
    }

    /// A binding of one panel.
    pub const fn own(
        keys: &'static [Key],
        act: fn(&mut App) -> Vec<Effect>,
        word: &'static str,
        help: &'static str,
        useful: fn(&App) -> bool,
    ) -> Self {
        Self { keys, action: Action::Own(act), word, help, place: Place::Everywhere, useful }
    }

    /// The binding that shows a panel.
    pub const fn shows(panel: PanelId, keys: &'static [Key], help: &'static str) -> Self {
        Self { keys, action: Action::Show(panel), word: "", help, place: Place::Everywhere, useful: |_| true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shift_is_part_of_an_arrow_and_not_of_a_letter() {
        let event = |code, modifiers| Key::of(&KeyEvent::new(code, modifiers));
        let act = |k| CARDS.iter().chain(PROGRAM).find(|b| b.keys.contains(&k)).map(|b| b.action);
        assert!(matches!(act(event(KeyCode::Char('?'), KeyModifiers::SHIFT)), Some(Action::Help)));
        assert!(matches!(act(event(KeyCode::Left, KeyModifiers::SHIFT)), Some(Action::Move(-10, 0))));
        assert!(matches!(act(event(KeyCode::Left, KeyModifiers::NONE)), Some(Action::Move(-1, 0))));
        assert!(matches!(act(event(KeyCode::Char('c'), KeyModifiers::CONTROL)), Some(Action::Interrupt)));
    }
}
