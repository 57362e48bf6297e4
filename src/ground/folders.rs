//! The user's own folders, by the rules of the XDG base directories.

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
