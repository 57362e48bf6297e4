//! A line of text that is being written, and what keys do to it.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Most characters.
const LONGEST: usize = 500;

/// A line of text that is being written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prompt {
    /// So far.
    pub text: String,
    /// Characters before the cursor.
    pub at: usize,
    /// So many lines ago it was written before; 0 for a new one.
    pub back: usize,
}

impl Prompt {
    /// `text` with the cursor behind it.
    pub fn new(text: String) -> Self {
        Self { at: text.chars().count(), text, back: 0 }
    }

    /// Bytes before the cursor.
    fn byte(&self) -> usize {
        self.text.char_indices().nth(self.at).map_or(self.text.len(), |(byte, _)| byte)
    }

    /// After a key that writes, deletes or moves the cursor.
    pub fn after(mut self, key: &KeyEvent) -> Self {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let length = self.text.chars().count();
        match key.code {
            KeyCode::Char('u') if control => self = Self::default(),
            KeyCode::Char('a') if control => self.at = 0,
            KeyCode::Char('e') if control => self.at = length,
            KeyCode::Char(c) if !control => self.insert([c]),
            KeyCode::Backspace if self.at > 0 => {
                self.at -= 1;
                self.text.remove(self.byte());
            }
            KeyCode::Delete if self.at < length => {
                self.text.remove(self.byte());
            }
            KeyCode::Left => self.at = self.at.saturating_sub(1),
            KeyCode::Right => self.at = (self.at + 1).min(length),
            KeyCode::Home => self.at = 0,
            KeyCode::End => self.at = length,
            _ => {}
        }
        self
    }

    /// Writes at the cursor what there is room for.
    pub fn insert(&mut self, text: impl IntoIterator<Item = char>) {
        for c in text.into_iter().take(LONGEST.saturating_sub(self.text.chars().count())) {
            self.text.insert(self.byte(), c);
            self.at += 1;
        }
    }
}
