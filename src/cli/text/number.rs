//! Numbers and widths.

pub use crate::ground::number::{counted, number, percent, unit};

/// Columns that `text` takes: combining marks take none.
pub fn width(text: &str) -> usize {
    text.chars().filter(|c| !('\u{300}'..='\u{36f}').contains(c)).count()
}

/// `text` with spaces up to `columns`.
pub fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combining_marks_take_no_column() {
        assert_eq!(width("θ\u{307}"), 1);
        assert_eq!(pad("θ\u{307}", 3), "θ\u{307}  ");
    }
}
