//! Why work gave no result: it was cancelled, the input is at fault, or the work itself failed.

use std::io;
use std::path::Path;

use super::task::Cancelled;

/// Why work gave no result. Its text is one sentence that names the place and the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The work was asked to stop.
    #[error("cancelled")]
    Cancelled,
    /// A file, a key or an option is at fault: where, what is wrong, and what to do about it.
    #[error("{0}")]
    Bad(String),
    /// The work itself failed: what happened, and what to do about it.
    #[error("{0}")]
    Failed(String),
}

impl Fault {
    /// Bad input that `problem` says the place of.
    pub fn bad(problem: impl Into<String>) -> Self {
        Self::Bad(printable(&problem.into()))
    }

    /// Bad input in the file or folder `place`.
    pub fn at(place: &Path, problem: impl AsRef<str>) -> Self {
        Self::Bad(format!("{}: {}", printable(&place.display().to_string()), printable(problem.as_ref())))
    }

    /// `error` of the operating system while `doing` something ("reading") with `place`.
    pub fn io(place: &Path, doing: &str, error: &io::Error) -> Self {
        Self::at(place, format!("{doing} failed: {error}"))
    }

    /// Work that failed.
    pub fn failed(problem: impl Into<String>) -> Self {
        Self::Failed(printable(&problem.into()))
    }
}

impl From<Cancelled> for Fault {
    fn from(_: Cancelled) -> Self {
        Self::Cancelled
    }
}

/// `text` without control characters, without marks that reorder or break a line, and of bounded length: names come from
/// files.
pub fn printable(text: &str) -> String {
    // Room for a command that converts the file.
    const MAX_CHARS: usize = 2000;
    let harmless = |c: char| {
        let hidden = matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || hidden { '?' } else { c }
    };
    let mut out: String = text.chars().take(MAX_CHARS).map(harmless).collect();
    if text.chars().nth(MAX_CHARS).is_some() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_file_says_reaches_the_terminal_as_a_command() {
        let fault = Fault::at(Path::new("a\u{1b}[2J.hdf5"), "'b\u{202e}c\n' is missing");
        assert_eq!(fault.to_string(), "a?[2J.hdf5: 'b?c?' is missing");
        assert_eq!(Fault::bad("x".repeat(3000)).to_string().chars().count(), 2001);
    }
}
