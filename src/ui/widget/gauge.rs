//! How much of something is done or spent.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use super::ink;
use crate::ui::theme::Theme;

const PARTS: [&str; 9] = [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"];

/// A bar over the first row of `area`, filled to `share` (0 to 1).
pub fn draw(share: f64, color: Color, area: Rect, buf: &mut Buffer, theme: Theme) {
    if area.height == 0 {
        return;
    }
    let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
    let eighths = (share * f64::from(area.width) * 8.0).round() as usize;
    let ground = theme.tint(theme.colors().faint, 0.6);
    for i in 0..area.width {
        let here = eighths.saturating_sub(usize::from(i) * 8).min(8);
        ink::mark(buf, area, area.x + i, area.y, PARTS[here], Style::new().fg(color).bg(ground));
    }
}

/// A turning sign, one turn in ten ticks.
pub fn spinner(tick: u64) -> &'static str {
    ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"][(tick % 10) as usize]
}
