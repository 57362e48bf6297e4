//! A sequence of keys as text: characters stand for themselves, `<Tab>` and the like for the rest.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Names of keys that are no characters; Ctrl with a letter is `<C-x>`.
const NAMES: [(&str, KeyCode, KeyModifiers); 18] = [
    ("Tab", KeyCode::Tab, KeyModifiers::NONE),
    ("S-Tab", KeyCode::BackTab, KeyModifiers::SHIFT),
    ("Enter", KeyCode::Enter, KeyModifiers::NONE),
    ("Esc", KeyCode::Esc, KeyModifiers::NONE),
    ("Up", KeyCode::Up, KeyModifiers::NONE),
    ("Down", KeyCode::Down, KeyModifiers::NONE),
    ("Left", KeyCode::Left, KeyModifiers::NONE),
    ("Right", KeyCode::Right, KeyModifiers::NONE),
    ("S-Left", KeyCode::Left, KeyModifiers::SHIFT),
    ("S-Right", KeyCode::Right, KeyModifiers::SHIFT),
    ("PgUp", KeyCode::PageUp, KeyModifiers::NONE),
    ("PgDn", KeyCode::PageDown, KeyModifiers::NONE),
    ("Home", KeyCode::Home, KeyModifiers::NONE),
    ("End", KeyCode::End, KeyModifiers::NONE),
    ("Space", KeyCode::Char(' '), KeyModifiers::NONE),
    ("Backspace", KeyCode::Backspace, KeyModifiers::NONE),
    ("F1", KeyCode::F(1), KeyModifiers::NONE),
    ("lt", KeyCode::Char('<'), KeyModifiers::NONE),
];

/// The keys of `text`, pressed one after the other.
///
/// # Errors
/// A sentence that names what is no key, with the list of those that are.
pub fn parse(text: &str) -> Result<Vec<KeyEvent>, String> {
    let mut keys = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c == '<' {
            let name = rest[1..].split_once('>').ok_or_else(|| unknown(rest))?;
            keys.push(named(name.0).ok_or_else(|| unknown(&rest[..name.0.len() + 2]))?);
            rest = name.1;
        } else {
            keys.push(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
            rest = &rest[c.len_utf8()..];
        }
    }
    Ok(keys)
}

fn named(name: &str) -> Option<KeyEvent> {
    let letter = name.strip_prefix("C-").filter(|rest| rest.len() == 1);
    if let Some(letter) = letter.and_then(|rest| rest.chars().next()).filter(char::is_ascii_alphabetic) {
        return Some(KeyEvent::new(KeyCode::Char(letter.to_ascii_lowercase()), KeyModifiers::CONTROL));
    }
    NAMES.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name)).map(|(_, code, held)| KeyEvent::new(*code, *held))
}

fn unknown(what: &str) -> String {
    let all: Vec<String> = NAMES.iter().map(|(name, ..)| format!("<{name}>")).collect();
    format!("{what} names no key; there are {} and <C-c>, and other characters stand for themselves", all.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::keymap::Key;

    fn names(text: &str) -> Vec<String> {
        parse(text).expect("keys").iter().map(|event| Key::of(event).name()).collect()
    }

    #[test]
    fn characters_and_names_are_keys() {
        assert_eq!(names("2l+θ>"), ["2", "l", "+", "θ", ">"]);
        assert_eq!(names("<Tab><S-Tab><enter><Esc>"), ["Tab", "Shift-Tab", "Enter", "Esc"]);
        assert_eq!(names("<S-Left><S-Right><PgDn><PgUp>"), ["Shift-←", "Shift-→", "PgDn", "PgUp"]);
        assert_eq!(names("<Home><End><Up><Down>g"), ["Home", "End", "↑", "↓", "g"]);
        assert_eq!(names("a<lt>2<Space><F1><C-c>"), ["a", "<", "2", "Space", "F1", "Ctrl-c"]);
        assert!(names("").is_empty());
    }

    #[test]
    fn what_is_no_key_is_named_with_those_that_are() {
        for (text, what) in
            [("2<Foo>3", "<Foo> names no key"), ("a < 2", "< 2 names no key"), ("<>", "<> names no key")]
        {
            let said = parse(text).expect_err("no key");
            assert!(said.starts_with(what) && said.contains("<S-Left>") && said.contains("<lt>"), "{said}");
            assert_eq!(said.lines().count(), 1);
        }
        assert!(parse("<C-cc>").is_err() && parse("<C-1>").is_err());
    }

    /// Every key of the program's table can be written.
    #[test]
    fn every_binding_can_be_pressed() {
        let written: Vec<Key> = NAMES.iter().map(|(_, code, held)| Key::of(&KeyEvent::new(*code, *held))).collect();
        for (_, binding) in crate::ui::bindings::bindings() {
            for key in binding.keys.iter().filter(|key| !matches!(key.code, KeyCode::Char(_))) {
                assert!(written.contains(key), "{} has no name in --keys", key.name());
            }
        }
    }
}
