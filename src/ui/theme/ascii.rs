//! The same picture in ASCII characters.

use ratatui::buffer::Buffer;

/// Rewrites every cell that holds more than ASCII.
pub fn rewrite(buf: &mut Buffer) {
    for cell in &mut buf.content {
        if let Some(ch) = cell.symbol().chars().next()
            && !ch.is_ascii()
        {
            cell.set_char(letter(ch));
        }
    }
}

fn letter(ch: char) -> char {
    match ch {
        '\u{2801}'..='\u{28ff}' => {
            ['.', '.', ':', ':', '*', '*', '#', '#'][(((ch as u32) - 0x2800).count_ones() as usize).clamp(1, 8) - 1]
        }
        '─' | '╌' | '┈' | '━' | '╴' | '╶' | '–' | '−' | '—' | '▁' => '-',
        '│' | '┊' | '┃' | '╎' | '▏' | '▌' | '▎' | '┆' => '|',
        '╭' | '╮' | '╰' | '╯' | '┌' | '┐' | '└' | '┘' | '┬' | '┴' | '┤' | '├' | '┼' => '+',
        '█' | '▀' | '▄' | '▇' | '▆' | '▓' => '#',
        '▅' | '▒' | '▐' => '=',
        '▂' | '▃' => '_',
        '·' | '…' | '•' => '.',
        '●' | '◆' | '■' | '▪' => '*',
        '▲' | '↑' => '^',
        '▼' | '↓' | '✓' => 'v',
        '◀' | '←' | '‹' => '<',
        '▶' | '→' | '›' | '▸' => '>',
        '×' | '✗' => 'x',
        '±' | '≈' => '~',
        'θ' => 'o',
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_ascii_is_left() {
        let mut buf = Buffer::with_lines(["╭─ θ̇ ▇▁ ⣿⠁ ─╮", "│ 0.5 … ●   │"]);
        rewrite(&mut buf);
        assert!(buf.content.iter().all(|c| c.symbol().is_ascii()));
    }
}
