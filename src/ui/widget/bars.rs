//! Bars an eighth of a cell fine.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::ink;

/// Nothing to a full cell, filled from below.
pub const EIGHTHS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// A column of `plot` filled from below to `share` (0 to 1) of its height; something is shown of anything above zero.
pub fn column(buf: &mut Buffer, plot: Rect, x: u16, share: f64, style: impl Into<Style>) {
    if share.is_nan() || share <= 0.0 {
        return;
    }
    let style = style.into();
    let all = u32::from(plot.height) * 8;
    let filled = ((share.min(1.0) * f64::from(all)).round() as u32).max(1);
    for row in 0..plot.height {
        let here = filled.saturating_sub(u32::from(row) * 8).min(8) as usize;
        if here == 0 {
            break;
        }
        ink::mark(buf, plot, x, plot.bottom() - 1 - row, EIGHTHS[here], style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_are_eighths_and_small_is_not_nothing() {
        let area = Rect::new(0, 0, 4, 2);
        let mut buf = Buffer::empty(area);
        for (x, share) in [1.0, 0.75, 1e-9, 0.0].into_iter().enumerate() {
            column(&mut buf, area, x as u16, share, Style::new());
        }
        assert_eq!(buf, Buffer::with_lines(["█▄  ", "██▁ "]));
    }
}
