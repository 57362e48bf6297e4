//! The same picture in ASCII characters.

use ratatui::buffer::Buffer;

use crate::ground::ascii::letter;

/// Rewrites every cell that holds more than ASCII: signs of frames and figures. Words were spelled before they were placed.
pub fn rewrite(buf: &mut Buffer) {
    for cell in &mut buf.content {
        if let Some(ch) = cell.symbol().chars().next()
            && !ch.is_ascii()
        {
            cell.set_char(letter(ch));
        } else if !cell.symbol().is_ascii() {
            let first = cell.symbol().chars().next().unwrap_or(' ');
            cell.set_char(first);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_ascii_is_left() {
        let mut buf = Buffer::with_lines(["╭─ θ̇ ▇▁ ⣿⠁ ─╮", "│ 0.5 … ● ẋ │"]);
        rewrite(&mut buf);
        assert!(buf.content.iter().all(|c| c.symbol().is_ascii() && c.symbol() != "?"));
    }
}
