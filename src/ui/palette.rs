//! Actions, and axes of the map, by name: for those who know what they want and not its key.

use super::app::{App, Searched, Side};
use super::bindings::holding;
use super::card::Card;
use super::keymap::{Action, Binding};
use super::panel::{PANELS, coverage};
use super::shown::shown;
use crate::metrics::report::Along;

/// One of what is searched.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What it does.
    pub words: String,
    /// What it is called at the screen's foot.
    also: &'static str,
    /// Its keys.
    pub keys: String,
    /// What it leads to.
    pub found: Found,
}

/// What a search leads to.
#[derive(Debug, Clone, Copy)]
pub enum Found {
    /// An action.
    Action(Action),
    /// What is to lie along an axis of the map.
    Axis(Side, Along),
}

/// The entries whose words hold the letters of `text` in this order; those where they stand closest together and nearest to the
/// beginning come first.
pub fn found(app: &App, what: Searched, text: &str) -> Vec<Entry> {
    let wanted: Vec<char> = text.to_lowercase().chars().filter(|c| !c.is_whitespace()).collect();
    let entries = match what {
        Searched::Actions => actions(app),
        Searched::Axis(side) => axes(app, side),
    };
    let mut all: Vec<(usize, Entry)> =
        entries.into_iter().filter_map(|entry| Some((entry.distance(&wanted)?, entry))).collect();
    all.sort_by_key(|(far, _)| *far);
    all.into_iter().map(|(_, entry)| entry).collect()
}

impl Entry {
    /// How far the letters are from what it is called, by either name.
    fn distance(&self, letters: &[char]) -> Option<usize> {
        [self.words.as_str(), self.also].into_iter().filter_map(|words| distance(words, letters)).min()
    }
}

/// What can lie along an axis of the map.
fn axes(app: &App, side: Side) -> Vec<Entry> {
    let entry = |(along, name): &(Along, String)| {
        let what = match along {
            Along::Dimension(_) => "observation",
            Along::Principal(_) => "principal axis",
            Along::Action(_) => "action",
            Along::Reward => "of the step",
            Along::Return => "of the episode",
        };
        Entry { words: name.clone(), also: "", keys: what.into(), found: Found::Axis(side, *along) }
    };
    coverage::offered(app).iter().map(entry).collect()
}

/// The actions that can be done now.
fn actions(app: &App) -> Vec<Entry> {
    let place = shown(app).focused().map_or(super::card::Place::Everywhere, Card::place);
    let listed =
        |b: &Binding| !matches!(b.action, Action::Move(..) | Action::Back | Action::Palette | Action::Interrupt);
    holding(app.panel, place)
        .filter(|(holds, b)| *holds && listed(b) && (b.useful)(app))
        .map(|(_, b)| {
            let words = match b.action {
                Action::Show(id) => {
                    let title = PANELS.iter().find(|p| p.id == id).map_or("", |p| p.title);
                    format!("show the panel {title}")
                }
                _ => b.help.to_owned(),
            };
            Entry { words, also: b.word, keys: b.names(), found: Found::Action(b.action) }
        })
        .collect()
}

/// How far apart the letters stand in `words`; nothing where one is missing. Beginnings of words are near.
fn distance(words: &str, letters: &[char]) -> Option<usize> {
    let words: Vec<char> = words.to_lowercase().chars().collect();
    let from = |start: usize| {
        let (mut at, mut far, mut last) = (start, 0, None::<usize>);
        for letter in letters {
            let found = (at..words.len()).find(|i| words[*i] == *letter)?;
            let begins = found == 0 || !words[found - 1].is_alphanumeric();
            far += match last {
                Some(last) if found == last + 1 => 0,
                Some(_) if begins => 1,
                Some(last) => 2 + (found - last),
                None => usize::from(found > 0) + 2 * usize::from(!begins),
            };
            last = Some(found);
            at = found + 1;
        }
        Some(far)
    };
    if letters.is_empty() {
        return Some(0);
    }
    (0..words.len()).filter_map(from).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_found_in_order_and_words_that_begin_with_them_come_first() {
        let of = |words: &str, text: &str| distance(words, &text.chars().collect::<Vec<_>>());
        assert_eq!(of("zoom the card", "xyz"), None);
        assert_eq!(of("zoom the card", "cz"), None, "in this order");
        assert!(of("zoom the card", "zoom") < of("all keys; zoom", "zoom"));
        assert!(of("make the card wider", "wid") < of("what it does inside", "wid"));
        assert!(of("next page", "np") < of("open the panel", "np"));
    }
}
