//! The last lines of what was done, the newest at the bottom, each with the time.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::ink;
use super::table::scrollbar;
use crate::ui::theme::Theme;

/// Columns of the time.
const TIME: u16 = 8;

/// "1:07", "2:03:07".
pub fn clock(seconds: f64) -> String {
    let all = seconds.max(0.0) as u64;
    let (h, m, s) = (all / 3600, all / 60 % 60, all % 60);
    if h > 0 { format!("{h}:{m:02}:{s:02}") } else { format!("{m}:{s:02}") }
}

/// Draws the lines wrapped, the last but `back` of them at the bottom.
pub fn draw(log: &[(f64, String)], back: usize, area: Rect, buf: &mut Buffer, theme: Theme) {
    let room = area.width.saturating_sub(TIME + 1);
    let back = back.min(log.len().saturating_sub(1));
    let (shown, mut lines, mut seen) = (usize::from(area.height), Vec::new(), 0);
    for (seconds, text) in log[..log.len() - back].iter().rev() {
        if lines.len() >= shown {
            break;
        }
        seen += 1;
        for (i, line) in ink::wrap(text, room).into_iter().enumerate().rev() {
            lines.push(((i == 0).then(|| clock(*seconds)), line));
        }
    }
    let visible: Vec<_> = lines.iter().take(shown).rev().collect();
    for (i, ((time, text), y)) in visible.iter().zip(area.y..area.bottom()).enumerate() {
        if let Some(time) = time {
            ink::put_right(buf, Rect { width: TIME - 1, ..area }, y, time, theme.dim());
        }
        let newest = back == 0 && i + 1 == visible.len();
        ink::put(buf, area, area.x + TIME, y, text, if newest { theme.strong() } else { theme.text() });
    }
    if log.len() > seen && seen > 0 {
        scrollbar(area, log.len() - back - seen, seen, log.len(), buf, theme);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::theme::Scheme;

    #[test]
    fn the_newest_stands_at_the_bottom_and_nothing_is_cut() {
        let log: Vec<(f64, String)> =
            (0..9).map(|i| (f64::from(i) * 700.0, format!("line {i} with words enough to wrap"))).collect();
        let text = |back| {
            let area = Rect::new(0, 0, 30, 4);
            let mut buf = Buffer::empty(area);
            draw(&log, back, area, &mut buf, Theme::new(Scheme::Dark));
            let row = |y| (0..29).map(|x| buf[(x, y)].symbol().to_owned()).collect::<String>().trim_end().to_owned();
            (0..4).map(row).collect::<Vec<_>>()
        };
        let last = text(0);
        assert_eq!(last[2..], ["1:33:20 line 8 with words".to_owned(), "        enough to wrap".into()]);
        assert!(last[0].starts_with("1:21:40 line 7"), "{last:?}");
        assert!(text(2)[3].contains("to wrap") && text(2)[2].contains("line 6"), "{:?}", text(2));
        assert!(text(8)[0].contains("0:00 line 0"), "every line can be reached: {:?}", text(8));
        assert_eq!(text(999), text(8));
        assert_eq!((clock(59.9), clock(61.0), clock(3600.0)), ("0:59".into(), "1:01".into(), "1:00:00".into()));
    }
}
