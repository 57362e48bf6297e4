//! Single numbers, one a row in as many columns as have room, and at the foot what the selected one means.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::table::scrollbar;
use super::{ink, number};
use crate::metrics::report::Stat;
use crate::ui::theme::Theme;

/// "0.42", "31.4 %", "200 steps", "1 step".
pub fn value(stat: &Stat) -> String {
    let (text, unit) = (written(stat, stat.value), if stat.share { "%" } else { stat.unit.as_str() });
    if unit.is_empty() || stat.value.is_nan() { text } else { format!("{text} {}", number::unit(stat.value, unit)) }
}

/// A number of the kind of `stat`: shares in percent.
fn written(stat: &Stat, v: f64) -> String {
    if stat.share { number::percent(v) } else { number::number(v) }
}

/// "0.31 … 0.55"; empty where there is no interval.
fn interval(stat: &Stat) -> String {
    stat.interval.map(|(lo, hi)| format!("{} … {}", written(stat, lo), written(stat, hi))).unwrap_or_default()
}

/// "mean return -144 (95 % -159 … -123, n 100 episodes): Mean over …": everything that is known of a number.
pub fn told(stat: &Stat) -> String {
    let n = stat.n.as_ref().map(|(n, what)| format!("n {}", number::counted(*n as usize, what)));
    let within = Some(interval(stat)).filter(|i| !i.is_empty()).map(|i| format!("{} {i}", stat.interval_is));
    let basis = [within, n].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let basis = if basis.is_empty() { basis } else { format!(" ({basis})") };
    let what = if stat.definition.is_empty() { String::new() } else { format!(": {}", stat.definition) };
    format!("{} {}{basis}{what}", stat.label, value(stat))
}

/// Numbers and how they are looked at.
pub struct StatsView<'a> {
    /// The numbers.
    pub stats: &'a [Stat],
    /// Selected one, whose meaning stands at the foot.
    pub selected: usize,
}

/// Most lines of the foot.
const FOOT: u16 = 3;
/// Space between two columns.
const GAP: u16 = 3;

/// Where the numbers are.
struct Grid {
    /// Lines at the foot.
    foot: Rect,
    /// Width of a column.
    width: u16,
    /// The numbers that are shown, each with its place.
    places: Vec<(usize, Rect)>,
    /// First row that is shown, rows that are shown, and rows in all.
    rows: (usize, usize, usize),
    /// The place above the foot.
    body: Rect,
}

/// Lines of a number: its value has one of its own where it does not fit beside its name.
fn lines(stat: &Stat, width: u16) -> u16 {
    1 + u16::from(ink::width(&stat.label) + 1 + ink::width(&value(stat)) > width)
}

impl StatsView<'_> {
    /// Columns that fit without a number that takes two lines; one where none do.
    fn columns(&self, room: u16) -> u16 {
        let most = |of: &dyn Fn(&Stat) -> u16| self.stats.iter().map(of).max().unwrap_or(0);
        let wanted = most(&|s| ink::width(&s.label)) + 2 + most(&|s| ink::width(&value(s)));
        ((room + GAP) / (wanted + GAP)).max(1)
    }

    /// Lines that the numbers and their foot take in `width` columns.
    pub fn need(&self, width: u16) -> u16 {
        self.rows(width, self.columns(width)).iter().sum::<u16>() + self.foot(width)
    }

    /// Lines of each row, in so many columns.
    fn rows(&self, width: u16, columns: u16) -> Vec<u16> {
        if columns == 1 {
            return self.stats.iter().map(|stat| lines(stat, width)).collect();
        }
        vec![1; self.stats.len().div_ceil(usize::from(columns))]
    }

    /// Lines of the longest foot.
    fn foot(&self, width: u16) -> u16 {
        let lines = |s: &Stat| ink::wrap(&told(s), width).len() as u16;
        self.stats.iter().map(lines).max().unwrap_or(0).min(FOOT)
    }

    fn grid(&self, area: Rect) -> Grid {
        let grid = self.laid(area);
        let (_, shown, all) = grid.rows;
        // Beside what is scrolled stands where in it the screen is.
        if all > shown { self.laid(Rect { width: area.width.saturating_sub(2), ..area }) } else { grid }
    }

    fn laid(&self, area: Rect) -> Grid {
        let most = self.columns(area.width);
        let wanted = self.rows(area.width, most).iter().sum::<u16>();
        // The foot takes what the numbers leave, and two of many lines where all of them do not fit.
        let least = if area.height >= 8 { 2 } else { 0 };
        let foot = self.foot(area.width).min(area.height.saturating_sub(wanted).max(least));
        let body = Rect { height: area.height - foot, ..area };
        // No more columns than fill the height: what is read stays together.
        let columns = (self.stats.len() as u16).div_ceil(body.height.max(1)).clamp(1, most);
        let heights = self.rows(area.width, columns);
        let width = ((area.width + GAP) / columns).saturating_sub(GAP);
        let rows = heights.len().max(1);
        let (first, shown) = window(&heights, self.selected % rows, body.height);
        let mut places = Vec::new();
        for column in 0..usize::from(columns) {
            let mut y = body.y;
            for (row, &height) in heights.iter().enumerate().skip(first).take(shown) {
                let place = Rect { x: area.x + column as u16 * (width + GAP), y, width, height };
                let i = column * rows + row;
                if i < self.stats.len() {
                    places.push((i, place.intersection(body)));
                }
                y += height;
            }
        }
        let rows = (first, shown, rows);
        Grid { foot: Rect { y: body.bottom(), height: foot, ..area }, width, places, rows, body }
    }

    /// Number of the statistic that is drawn at (x, y) of `area`.
    pub fn stat_at(&self, area: Rect, x: u16, y: u16) -> Option<usize> {
        let grid = self.grid(area);
        let wide = |place: &Rect| Rect { width: grid.width + GAP, ..*place };
        grid.places.iter().find(|(_, place)| wide(place).contains((x, y).into())).map(|(i, _)| *i)
    }

    /// Draws them; `focused` marks the selected one.
    pub fn draw(&self, focused: bool, area: Rect, buf: &mut Buffer, theme: Theme) {
        if self.stats.is_empty() || area.width == 0 || area.height == 0 {
            return;
        }
        let Grid { foot, places, rows: (first, shown, all), body, .. } = self.grid(area);
        for (i, place) in places {
            Self::one(&self.stats[i], focused && i == self.selected, place, buf, theme);
        }
        if all > shown {
            scrollbar(Rect { width: area.width, ..body }, first, shown, all, buf, theme);
        }
        let told = self.stats.get(self.selected).map(told).unwrap_or_default();
        for (line, y) in ink::wrap_within(&told, foot.width, foot.height).iter().zip(foot.y..foot.bottom()) {
            ink::put(buf, foot, foot.x, y, line, theme.dim());
        }
    }

    /// Name and value at the two ends of a line, the interval between them where it has room.
    fn one(stat: &Stat, selected: bool, place: Rect, buf: &mut Buffer, theme: Theme) {
        if place.height == 0 || place.width == 0 {
            return;
        }
        let (name, strong) =
            if selected { (theme.selected(), theme.selected()) } else { (theme.dim(), theme.strong()) };
        if selected {
            buf.set_style(place, theme.selected());
        }
        let value = value(stat);
        let last = place.bottom() - 1;
        let room = if place.height > 1 { place.width } else { place.width.saturating_sub(ink::width(&value) + 1) };
        ink::put(buf, place, place.x, place.y, &ink::fit_middle(&stat.label, room), name);
        let at = ink::put_right(buf, place, last, &value, strong);
        let interval = interval(stat);
        let from = place.x + if place.height > 1 { 0 } else { ink::width(&stat.label) + 2 };
        if !interval.is_empty() && from + ink::width(&interval) + 2 <= at {
            let place = Rect { width: at - 2 - place.x, ..place };
            ink::put_right(buf, place, last, &interval, name);
        }
    }
}

/// The rows that are shown in `height` lines: the first of them, and how many; row `selected` is among them.
fn window(heights: &[u16], selected: usize, height: u16) -> (usize, usize) {
    let fits = |first: usize| {
        let mut left = height;
        heights[first..]
            .iter()
            .take_while(|h| left.checked_sub(**h).inspect(|rest| left = *rest).is_some())
            .count()
            .max(1)
    };
    // From the first row on, further down only where the selected one or the last would be out of sight otherwise.
    let reaches = |first: &usize| first + fits(*first) > selected || first + fits(*first) >= heights.len();
    let first = (0..heights.len()).find(reaches).unwrap_or(0);
    (first, if heights.is_empty() { 0 } else { fits(first) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::report::Report;
    use crate::ui::theme::Scheme;

    fn report() -> Report {
        let mut r = Report::new("coverage", "Coverage");
        for i in 0..9 {
            let label = format!("episodes beyond the threshold, set {i}");
            r.stat(&format!("s{i}"), &label, 0.5, "", "Share of episodes with a step beyond it.");
        }
        r
    }

    fn drawn(width: u16, height: u16, selected: usize) -> String {
        let r = report();
        let area = Rect::new(0, 0, width, height);
        let mut buf = Buffer::empty(area);
        StatsView { stats: &r.stats, selected }.draw(true, area, &mut buf, Theme::new(Scheme::Dark));
        let line = |y: u16| (0..width).map(|x| buf[(x, y)].symbol()).collect::<String>();
        (0..height).map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn no_name_is_cut_and_the_selected_number_is_explained() {
        for (width, height) in [(120, 6), (50, 12), (90, 8)] {
            let text = drawn(width, height, 4);
            assert!(!text.contains('…'), "{text}");
            let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(words.contains("set 4 50 %: Share of episodes"), "{text}");
            assert!(text.contains("set 8"), "{text}");
        }
        // With less room than names and values need, a number takes two lines, and the selected one is in sight.
        let text = drawn(40, 10, 7);
        assert!(text.contains("threshold, set 7 "), "{text}");
    }

    #[test]
    fn a_click_finds_the_number_that_is_drawn_there() {
        let r = report();
        let view = StatsView { stats: &r.stats, selected: 0 };
        let area = Rect::new(2, 1, 120, 6);
        let mut buf = Buffer::empty(Rect::new(0, 0, 130, 10));
        view.draw(true, area, &mut buf, Theme::new(Scheme::Dark));
        for i in 0..9 {
            let label = &r.stats[i].label;
            let find = |y: u16| {
                (0..100u16).find(|x| {
                    (0..label.len() as u16).all(|k| buf[(x + k, y)].symbol() == &label[usize::from(k)..=usize::from(k)])
                })
            };
            let (x, y) = (area.y..area.bottom()).find_map(|y| Some((find(y)?, y))).unwrap();
            assert_eq!(view.stat_at(area, x, y), Some(i));
        }
        assert_eq!(view.stat_at(area, 3, 40), None);
    }

    #[test]
    fn shares_are_percent_and_one_is_singular() {
        let mut r = Report::new("diagnosis", "Diagnosis");
        r.stat("novel", "novel", 0.9, "", "Share of episodes.").of(1, "episodes").between(0.07, 1.0);
        r.stat("horizon", "horizon", 1.0, "steps", "Steps of every rollout.").of(3, "starts");
        assert_eq!(told(&r.stats[0]), "novel 90 % (95 % 7 … 100, n 1 episode): Share of episodes.");
        r.stats[0].spans((0.1, 1.0), crate::metrics::report::SPREAD);
        assert_eq!(told(&r.stats[0]), "novel 90 % (10 % to 90 % 10 … 100, n 1 episode): Share of episodes.");
        assert_eq!(told(&r.stats[1]), "horizon 1 step (n 3 starts): Steps of every rollout.");
    }

    #[test]
    fn every_size_is_survived() {
        for (w, h) in [(1, 1), (3, 2), (10, 1), (60, 3), (200, 60)] {
            let _ = drawn(w, h, 8);
        }
    }
}
