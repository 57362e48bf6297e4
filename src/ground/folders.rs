//! The user's own folders, by the rules of the XDG base directories; and the order of names in a folder.

use std::env;
use std::path::PathBuf;

/// Where what can be made again is kept: `$XDG_CACHE_HOME`, else `~/.cache`. Nothing where neither is known.
pub fn cache() -> Option<PathBuf> {
    named("XDG_CACHE_HOME", ".cache")
}

/// Where logs are kept: `$XDG_STATE_HOME`, else `~/.local/state`. Nothing where neither is known.
pub fn state() -> Option<PathBuf> {
    named("XDG_STATE_HOME", ".local/state")
}

/// The specification has relative paths ignored.
fn named(variable: &str, below_home: &str) -> Option<PathBuf> {
    let named = env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    named.or_else(|| env::home_dir().map(|home| home.join(below_home)))
}

/// A name as it is sorted: from the left, pieces of text and the numbers that follow them.
pub fn by_number(name: &str) -> Vec<(String, u128)> {
    let mut key = vec![(String::new(), 0u128)];
    let mut in_number = false;
    for c in name.chars() {
        let digit = c.to_digit(10);
        if in_number && digit.is_none() {
            key.push((String::new(), 0));
        }
        in_number = digit.is_some();
        if let Some((text, number)) = key.last_mut() {
            match digit {
                Some(d) => *number = number.saturating_mul(10).saturating_add(u128::from(d)),
                None => text.push(c),
            }
        }
    }
    key
}
