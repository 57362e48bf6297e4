//! Counts over bins as bars, with marks and a cursor that reads a bin.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::axes::{self, Axes, Grid};
use super::scale::{Range, Scale};
use super::{bars, ink, number};
use crate::metrics::report::Histogram;
use crate::ui::theme::Theme;

/// A histogram and how it is looked at.
pub struct HistogramView<'a> {
    /// The counts.
    pub data: &'a Histogram,
    /// Logarithmic counts.
    pub log: bool,
    /// Bin under the cursor.
    pub cursor: Option<usize>,
}

impl HistogramView<'_> {
    /// Number of bins that have both edges.
    pub fn bins(&self) -> usize {
        self.data.counts.len().min(self.data.edges.len().saturating_sub(1))
    }

    fn axes(&self) -> Axes<'_> {
        let bins = self.bins();
        let scale = if self.data.axis.log { Scale::Log } else { Scale::Linear };
        let (lo, hi) = (self.data.edges[0], self.data.edges[bins]);
        let most = self.data.counts.iter().copied().filter(|c| c.is_finite()).fold(1.0, f64::max);
        let y = if self.log {
            Range::exact(0.5, most * 1.3, Scale::Log)
        } else {
            Range::exact(0.0, most * if self.data.marks.is_empty() { 1.05 } else { 1.25 }, Scale::Linear)
        };
        // A mark beyond the last bin still has its place.
        let hi = self
            .data
            .marks
            .iter()
            .map(|m| m.1)
            .filter(|v| v.is_finite() && *v < lo + 2.0 * (hi - lo))
            .fold(hi, f64::max);
        Axes { x: Range::exact(lo, hi, scale), y, x_axis: &self.data.axis, grid: true }
    }

    /// The cells of the bars when drawn into `area`: for the mouse.
    pub fn grid(&self, area: Rect) -> Option<Grid> {
        if self.bins() == 0 { None } else { self.axes().fit(area) }
    }

    /// The bin at cell column `x` of `plot`.
    pub fn bin_at(&self, plot: Rect, x: u16) -> Option<usize> {
        let v = self.axes().x.value(axes::position(plot, x));
        let after = self.data.edges[..=self.bins()].partition_point(|e| *e <= v);
        (after > 0 && after <= self.bins()).then(|| after - 1)
    }

    /// "12.3 … 14.5: 1,204 (3.1 %)".
    pub fn readout(&self, bin: usize) -> String {
        let (Some(lo), Some(hi), Some(count)) =
            (self.data.edges.get(bin), self.data.edges.get(bin + 1), self.data.counts.get(bin))
        else {
            return String::new();
        };
        let all: f64 = self.data.counts.iter().filter(|c| c.is_finite()).sum();
        let share = number::number((count / all * 1000.0).round() / 10.0);
        format!("{} … {}: {} ({share} %)", number::number(*lo), number::number(*hi), number::number(*count))
    }

    /// Draws the histogram.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: Theme) {
        if self.bins() == 0 || !self.data.counts.iter().any(|c| *c > 0.0) {
            ink::put_centre(buf, area, area.y + area.height / 2, "nothing was counted", theme.dim());
            return;
        }
        let axes = self.axes();
        let Some(grid) = axes.fit(area) else { return };
        axes.draw(area, grid, buf, theme);
        self.draw_bars(&axes, grid.plot, buf, theme);
        self.draw_marks(&axes, grid.plot, buf, theme);
        if let Some(bin) = self.cursor.filter(|b| *b < self.bins()) {
            let text = format!(" {} ", self.readout(bin));
            ink::put_right(buf, grid.plot, grid.plot.y, &text, theme.strong().bg(theme.colors().raised));
        }
    }

    fn draw_bars(&self, axes: &Axes, plot: Rect, buf: &mut Buffer, theme: Theme) {
        let last = plot.right().saturating_sub(1);
        for x in plot.x..plot.right() {
            let Some(bin) = self.bin_at(plot, x) else { continue };
            let beyond = self.data.alarm.is_some_and(|t| self.data.edges[bin] >= t);
            let color = if self.cursor == Some(bin) {
                theme.colors().bright
            } else if beyond {
                theme.colors().alarm
            } else {
                theme.series(0)
            };
            let ends = x == last || self.bin_at(plot, x + 1) != Some(bin);
            let wide = usize::from(plot.width) / self.bins() >= 4;
            // A sliver of air between wide bars.
            let color = if wide && ends { theme.tint(color, 0.55) } else { color };
            bars::column(buf, plot, x, axes.y.position(self.data.counts[bin]), color);
        }
    }

    fn draw_marks(&self, axes: &Axes, plot: Rect, buf: &mut Buffer, theme: Theme) {
        let color = theme.colors().warn;
        let shown = self.data.marks.iter().filter(|m| (0.0..=1.0).contains(&axes.x.position(m.1)));
        let mut marks: Vec<(u16, Vec<String>)> = shown
            .map(|(name, v)| {
                let number = number::number(*v);
                (axes::column(plot, axes.x.position(*v)), vec![format!(" {name} {number} "), format!(" {number} ")])
            })
            .collect();
        for (x, _) in &marks {
            for y in plot.y..plot.bottom() {
                ink::mark(buf, plot, *x, y, "┃", color);
            }
        }
        for (x, y, label) in places(&mut marks, plot) {
            ink::put(buf, plot, x, y, &label, color);
        }
    }
}

/// Where the names of the marks stand: from the right to the left, each on the first row where nothing else stands, beside its
/// mark on the right, else on the left; the first of its forms that has room. Of several each points at its own mark. Without
/// room for any the line stands alone.
fn places(marks: &mut [(u16, Vec<String>)], plot: Rect) -> Vec<(u16, u16, String)> {
    marks.sort_by_key(|m| std::cmp::Reverse(m.0));
    let mut taken: Vec<(u16, u16, u16)> = Vec::new();
    let mut out = Vec::new();
    for (x, forms) in marks.iter() {
        let place = forms.iter().find_map(|label| {
            let w = ink::width(label);
            let sides = [Some(x + 1), x.checked_sub(w)].into_iter().flatten();
            let inside: Vec<u16> = sides.filter(|at| *at >= plot.x && at + w <= plot.right()).collect();
            let free = |at: u16, y: u16| taken.iter().all(|(from, to, row)| *row != y || at >= *to || at + w <= *from);
            let found = |y: u16| Some((inside.iter().copied().find(|at| free(*at, y))?, y));
            (plot.y..plot.bottom()).find_map(found).map(|(at, y)| (at, y, label.clone()))
        });
        if let Some((at, y, mut label)) = place {
            taken.push((at, at + ink::width(&label), y));
            if marks.len() > 1 {
                let words = label.trim();
                label = if at > *x { format!("◂{words} ") } else { format!(" {words}▸") };
            }
            out.push((at, y, label));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::theme::Scheme;

    fn data() -> Histogram {
        Histogram {
            key: "novelty".into(),
            label: "Novelty".into(),
            edges: vec![0.0, 1.0, 2.0, 3.0],
            counts: vec![10.0, 30.0, 1.0],
            marks: vec![("threshold".into(), 2.0)],
            alarm: Some(2.0),
            ..Histogram::default()
        }
    }

    #[test]
    fn a_column_finds_its_bin_and_a_bin_tells_its_share() {
        let data = data();
        let view = HistogramView { data: &data, log: false, cursor: None };
        let plot = Rect::new(4, 0, 30, 5);
        assert_eq!([4, 13, 14, 33].map(|x| view.bin_at(plot, x)), [Some(0), Some(0), Some(1), Some(2)]);
        assert_eq!(view.readout(1), "1 … 2: 30 (73.2 %)");
        assert_eq!(view.readout(7), "");
    }

    #[test]
    fn names_of_marks_never_cover_one_another() {
        let plot = Rect::new(5, 2, 40, 4);
        for xs in [[20, 22, 24], [43, 44, 44], [5, 5, 5], [6, 30, 44]] {
            let mut marks: Vec<(u16, Vec<String>)> =
                xs.iter().map(|x| (*x, vec![format!(" threshold {x} ")])).collect();
            let placed = places(&mut marks, plot);
            assert_eq!(placed.len(), 3, "{xs:?}");
            for (i, (x, y, label)) in placed.iter().enumerate() {
                let w = ink::width(label);
                assert!(*x >= plot.x && x + w <= plot.right() && *y < plot.bottom());
                assert!(placed[i + 1..].iter().all(|(u, v, l)| v != y || u + ink::width(l) <= *x || x + w <= *u));
            }
        }
    }

    #[test]
    fn broken_and_empty_histograms_are_survived_at_every_size() {
        let broken = [
            data(),
            Histogram::default(),
            Histogram { edges: vec![1.0], ..data() },
            Histogram { edges: vec![0.0; 4], counts: vec![f64::NAN; 3], ..data() },
        ];
        for data in &broken {
            for (w, h) in [(1, 1), (11, 3), (12, 4), (60, 12)] {
                let area = Rect::new(0, 0, w, h);
                let mut buf = Buffer::empty(area);
                HistogramView { data, log: true, cursor: Some(2) }.draw(area, &mut buf, Theme::new(Scheme::Light));
            }
        }
    }
}
