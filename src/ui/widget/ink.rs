//! Text into the buffer, clipped to a rectangle.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

/// Columns that `text` takes.
pub fn width(text: &str) -> u16 {
    u16::try_from(Span::raw(text).width()).unwrap_or(u16::MAX)
}

/// Writes `text` at (x, y) as far as it lies inside `area`; answers the column after it.
pub fn put(buf: &mut Buffer, area: Rect, x: u16, y: u16, text: &str, style: impl Into<Style>) -> u16 {
    let clip = area.intersection(buf.area);
    if y < clip.y || y >= clip.bottom() || x < clip.x || x >= clip.right() {
        return x;
    }
    buf.set_stringn(x, y, text, usize::from(clip.right() - x), style.into()).0
}

/// Writes `text` so that it ends at the right edge of `area`; answers the column where it begins.
pub fn put_right(buf: &mut Buffer, area: Rect, y: u16, text: &str, style: impl Into<Style>) -> u16 {
    let text = fit(text, area.width);
    let x = area.right().saturating_sub(width(&text));
    put(buf, area, x, y, &text, style);
    x
}

/// Writes `text` in the middle of row `y` of `area`.
pub fn put_centre(buf: &mut Buffer, area: Rect, y: u16, text: &str, style: impl Into<Style>) {
    let text = fit(text, area.width);
    let x = area.x + (area.width - width(&text).min(area.width)) / 2;
    put(buf, area, x, y, &text, style);
}

/// One character at (x, y) if that lies inside `area`.
pub fn mark(buf: &mut Buffer, area: Rect, x: u16, y: u16, symbol: &str, style: impl Into<Style>) {
    if area.intersection(buf.area).contains((x, y).into())
        && let Some(cell) = buf.cell_mut((x, y))
    {
        cell.set_symbol(symbol).set_style(style.into());
    }
}

/// `text` cut to `room` columns, with an ellipsis where something is missing.
pub fn fit(text: &str, room: u16) -> String {
    if width(text) <= room {
        return text.to_string();
    }
    let mut out = String::new();
    let mut used = 0;
    for ch in text.chars() {
        let w = width(ch.encode_utf8(&mut [0; 4]));
        if used + w + 1 > room {
            break;
        }
        used += w;
        out.push(ch);
    }
    if room > 0 {
        out.truncate(out.trim_end().len());
        out.push('…');
    }
    out
}

/// `text` cut to `room` columns in the middle: its beginning and its end stay.
pub fn fit_middle(text: &str, room: u16) -> String {
    let chars: Vec<char> = text.chars().collect();
    if width(text) <= room || room < 5 {
        return fit(text, room);
    }
    let take = |chars: &mut dyn Iterator<Item = &char>, room: u16| {
        let mut out = Vec::new();
        let mut used = 0;
        for c in chars {
            used += width(c.encode_utf8(&mut [0; 4]));
            if used > room {
                break;
            }
            out.push(*c);
        }
        out
    };
    let head = take(&mut chars.iter(), (room - 1) / 2);
    let mut tail = take(&mut chars.iter().rev(), room - 1 - (room - 1) / 2);
    tail.reverse();
    head.into_iter().chain(['…']).chain(tail).collect()
}

/// Words of `text` in lines of at most `room` columns; a longer word is broken.
pub fn wrap(text: &str, room: u16) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut used) = (String::new(), 0u16);
    for word in text.split_whitespace() {
        let wide = width(word);
        if !line.is_empty() && used.saturating_add(1).saturating_add(wide) > room {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if !line.is_empty() {
            line.push(' ');
            used += 1;
        }
        if used.saturating_add(wide) <= room {
            line.push_str(word);
            used += wide;
            continue;
        }
        for ch in word.chars() {
            let own = width(ch.encode_utf8(&mut [0; 4]));
            if !line.is_empty() && used + own > room {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            if own <= room {
                line.push(ch);
                used += own;
            }
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// The same in at most `rows` lines; an ellipsis behind the last word says that something is missing.
pub fn wrap_within(text: &str, room: u16, rows: u16) -> Vec<String> {
    let mut lines = wrap(text, room);
    if lines.len() > usize::from(rows) {
        lines.truncate(usize::from(rows));
        if let Some(last) = lines.last_mut() {
            while !last.is_empty() && width(last) + 2 > room {
                match last.rsplit_once(' ') {
                    Some((head, _)) => *last = head.to_owned(),
                    None => _ = last.pop(),
                }
            }
            last.push_str(" …");
        }
    }
    lines
}

/// As many of the parts of `text` (which " · ", "; " or a bracket keep apart) as fit into `room` columns, the first cut only where
/// even it does not.
pub fn fit_parts(text: &str, room: u16) -> String {
    let mut whole = text;
    while width(whole) > room {
        match [" · ", "; ", " ("].into_iter().filter_map(|sign| whole.rfind(sign)).max() {
            Some(end) => whole = &whole[..end],
            None => break,
        }
    }
    fit(whole, room)
}

/// `area` without its first `rows` rows.
pub fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect { y: area.y + rows, height: area.height - rows, ..area }
}

/// `area` without its first `columns` columns.
pub fn beside(area: Rect, columns: u16) -> Rect {
    let columns = columns.min(area.width);
    Rect { x: area.x + columns, width: area.width - columns, ..area }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_text_fits_and_says_so() {
        assert_eq!(fit("coverage", 8), "coverage");
        assert_eq!(fit("coverage", 5), "cove…");
        assert_eq!(fit("coverage", 1), "…");
        assert_eq!(fit("coverage", 0), "");
        assert_eq!(
            (fit_middle("held-out episodes", 11), fit_middle("cells", 11)),
            ("held-…sodes".into(), "cells".into())
        );
        assert_eq!(wrap("a long sentence of words", 8), ["a long", "sentence", "of words"]);
        assert_eq!(wrap("runs/2026-11-28-top-up x", 8), ["runs/202", "6-11-28-", "top-up x"]);
        assert_eq!(wrap_within("a long sentence of words", 8, 2), ["a long", "senten …"]);
        assert_eq!(fit_parts("Coverage · 3 dimensions · all", 24), "Coverage · 3 dimensions");
        assert_eq!(fit_parts("Error by dimension (root mean square)", 24), "Error by dimension");
    }

    #[test]
    fn nothing_is_written_outside_the_rectangle() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 10, 3));
        let area = Rect::new(2, 1, 4, 1);
        put(&mut buf, area, 3, 1, "abcdef", Style::new());
        put(&mut buf, area, 3, 2, "abcdef", Style::new());
        put(&mut buf, area, 30, 1, "abcdef", Style::new());
        put_right(&mut buf, Rect::new(8, 9, 40, 1), 9, "x", Style::new());
        assert_eq!(buf, Buffer::with_lines(["          ", "   abc    ", "          "]));
    }
}
