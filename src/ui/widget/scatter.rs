//! Point clouds: the more points in a cell the brighter, with the median over slices of the horizontal axis.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::axes::{self, Axes, Grid};
use super::dots::Dots;
use super::scale::{Range, Scale};
use super::{ink, number};
use crate::metrics::report::{Axis, Scatter};
use crate::ui::theme::Theme;

/// A cloud and how it is looked at.
pub struct ScatterView<'a> {
    /// The points.
    pub data: &'a Scatter,
    /// Logarithmic vertical axis.
    pub log: bool,
    /// Crosshair on the horizontal axis.
    pub cursor: Option<f64>,
    /// The point that is selected, where points are steps of episodes.
    pub point: Option<usize>,
}

impl ScatterView<'_> {
    fn points(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.data.x.iter().copied().zip(self.data.y.iter().copied()).filter(|(x, y)| x.is_finite() && y.is_finite())
    }

    /// Range of the horizontal axis.
    pub fn x_range(&self) -> Range {
        let scale = if self.data.x_axis.log { Scale::Log } else { Scale::Linear };
        let mark = self.data.x_mark.iter().map(|m| m.1);
        Range::around(self.points().map(|p| p.0).chain(mark), scale, 0.02)
    }

    fn axes(&self) -> Axes<'_> {
        let y = Range::around(self.points().map(|p| p.1), if self.log { Scale::Log } else { Scale::Linear }, 0.04);
        Axes { x: self.x_range(), y, x_axis: &self.data.x_axis, grid: true }
    }

    /// The cells of the points when drawn into `area`: for the mouse.
    pub fn grid(&self, area: Rect) -> Option<Grid> {
        self.axes().fit(ink::below(area, u16::from(area.height >= 6)))
    }

    /// Medians of the points of each twelfth of the horizontal axis, with the middle and the number of its points.
    fn medians(&self, x: &Range) -> Vec<(f64, f64, usize)> {
        let mut slices: Vec<Vec<f64>> = vec![Vec::new(); 12];
        for (px, py) in self.points() {
            let i = (x.position(px) * 12.0).floor();
            if i >= 0.0 {
                slices[(i as usize).min(11)].push(py);
            }
        }
        let median = |(i, mut ys): (usize, Vec<f64>)| {
            ys.sort_by(f64::total_cmp);
            let middle = ys.get(ys.len() / 2).copied()?;
            (ys.len() >= 5).then(|| (x.value((i as f64 + 0.5) / 12.0), middle, ys.len()))
        };
        slices.into_iter().enumerate().filter_map(median).collect()
    }

    /// What lies at `at`: the median around it.
    pub fn readout(&self, at: f64) -> String {
        let x = self.x_range();
        let near = |m: &&(f64, f64, usize)| (x.position(m.0) - x.position(at)).abs();
        match self.medians(&x).iter().min_by(|a, b| near(a).total_cmp(&near(b))) {
            Some((_, y, n)) => format!(
                "{} {}: median {} of {n} points",
                self.data.x_axis.label,
                number::number(at),
                number::number(*y)
            ),
            None => format!("{} {}", self.data.x_axis.label, number::number(at)),
        }
    }

    /// What there is to copy: the selected point, or what lies under the cursor.
    pub fn told(&self) -> Option<String> {
        self.point.and_then(|i| self.point_words(i)).or_else(|| self.cursor.map(|at| self.readout(at)))
    }

    /// "episode 12 step 37 · novelty of the start 1.3 x threshold · error at h = 10 0.4 std".
    fn point_words(&self, i: usize) -> Option<String> {
        let (place, x, y) = (self.data.places.get(i)?, self.data.x.get(i)?, self.data.y.get(i)?);
        let value = |axis: &Axis, v: f64| {
            let v = number::number(v);
            if axis.unit.is_empty() {
                format!("{} {v}", axis.label)
            } else {
                format!("{} {v} {}", axis.label, axis.unit)
            }
        };
        let (x, y) = (value(&self.data.x_axis, *x), value(&self.data.y_axis, *y));
        Some(format!("episode {} step {} · {x} · {y}", place.episode, place.step))
    }

    /// The point so many places to the right, or upwards, of the selected one; the highest to begin with.
    pub fn beside(&self, right: i32, up: i32) -> Option<usize> {
        let by_value = |values: &[f64]| {
            let n = self.data.x.len().min(self.data.y.len());
            let finite = |i: &usize| self.data.x[*i].is_finite() && self.data.y[*i].is_finite();
            let mut order: Vec<usize> = (0..n).filter(finite).collect();
            order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
            order
        };
        let (order, by) = if up == 0 { (by_value(&self.data.x), right) } else { (by_value(&self.data.y), up) };
        let last = order.len().checked_sub(1)?;
        let known = self.point.and_then(|point| order.iter().position(|i| *i == point));
        match known {
            Some(at) => Some(order[at.saturating_add_signed(by as isize).min(last)]),
            None if by.abs() > 1000 => Some(order[if by < 0 { 0 } else { last }]),
            None => by_value(&self.data.y).last().copied(),
        }
    }

    /// The point nearest to a cell of the screen.
    pub fn point_at(&self, plot: Rect, x: u16, y: u16) -> Option<usize> {
        if !plot.contains((x, y).into()) {
            return None;
        }
        let axes = self.axes();
        let (px, py) =
            (axes::position(plot, x), 1.0 - axes::position(Rect { x: plot.y, width: plot.height, ..plot }, y));
        let far = |i: &usize| {
            // A row is twice as high as a column is wide.
            let across = (axes.x.position(self.data.x[*i]) - px) * f64::from(plot.width);
            let down = (axes.y.position(self.data.y[*i]) - py) * f64::from(plot.height) * 2.0;
            across.hypot(down)
        };
        let n = self.data.x.len().min(self.data.y.len());
        (0..n).filter(|i| far(i).is_finite()).min_by(|a, b| far(a).total_cmp(&far(b)))
    }

    /// Marks the selected point, and tells of it over the cloud.
    fn draw_point(&self, axes: &Axes, plot: Rect, buf: &mut Buffer, theme: Theme) {
        let Some((i, words)) = self.point.and_then(|i| Some((i, self.point_words(i)?))) else { return };
        let (p, q) = (axes.x.position(self.data.x[i]), axes.y.position(self.data.y[i]));
        if (0.0..=1.0).contains(&p) && (0.0..=1.0).contains(&q) {
            let (x, y) = (axes::column(plot, p), axes::row(plot, q));
            for row in plot.y..plot.bottom() {
                if let Some(cell) = buf.cell_mut((x, row)) {
                    cell.set_bg(theme.colors().select);
                }
            }
            ink::mark(buf, plot, x, y, "◆", theme.colors().accent);
        }
        // On the other half of the picture, so that the point is seen.
        let lines = ink::wrap_within(&words, plot.width.saturating_sub(2), plot.height / 2);
        let first = if q > 0.5 { plot.bottom().saturating_sub(lines.len() as u16) } else { plot.y };
        for (row, line) in (first..).zip(&lines) {
            ink::put(buf, plot, plot.x, row, &format!(" {line} "), theme.strong().bg(theme.colors().raised));
        }
    }

    /// Draws the cloud.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: Theme) {
        if self.points().next().is_none() {
            ink::put_centre(buf, area, area.y + area.height / 2, "no points yet", theme.dim());
            return;
        }
        let head = u16::from(area.height >= 6);
        let body = ink::below(area, head);
        let axes = self.axes();
        let Some(grid) = axes.fit(body) else { return };
        axes.draw(body, grid, buf, theme);
        self.draw_points(&axes, grid.plot, buf, theme);
        self.draw_mark(&axes, grid.plot, buf, theme);
        if head == 1 {
            let end = ink::put(buf, area, area.x, area.y, &axes::caption(&self.data.y_axis), theme.dim());
            let room = ink::beside(area, end + 2 - area.x);
            ink::put_right(buf, room, area.y, &self.basis(), theme.dim());
        }
        self.draw_point(&axes, grid.plot, buf, theme);
        if let Some(at) = self.cursor.filter(|at| (0.0..=1.0).contains(&axes.x.position(*at))) {
            let x = axes::column(grid.plot, axes.x.position(at));
            for y in grid.plot.y..grid.plot.bottom() {
                if let Some(cell) = buf.cell_mut((x, y)) {
                    cell.set_bg(theme.colors().select);
                }
            }
            let style = theme.strong().bg(theme.colors().raised);
            ink::put(buf, grid.plot, grid.plot.x, grid.plot.y, &format!(" {} ", self.readout(at)), style);
        }
    }

    /// What the picture rests on, and what has no place in it.
    fn basis(&self) -> String {
        let lost = if self.log { self.points().filter(|p| p.1 <= 0.0).count() } else { 0 };
        let lost = if lost > 0 { format!(", {lost} at or below 0 not drawn") } else { String::new() };
        format!("━ median · {}{lost}", number::counted(self.points().count(), "points"))
    }

    fn draw_points(&self, axes: &Axes, plot: Rect, buf: &mut Buffer, theme: Theme) {
        let mut dots = Dots::new(plot);
        let (w, h) = (dots.columns() as f64, dots.rows() as f64);
        let mut counts = vec![0u32; usize::from(plot.width) * usize::from(plot.height)];
        let place =
            |x: f64, y: f64| (axes.x.position(x) * (w - 1.0) + 0.5, (1.0 - axes.y.position(y)) * (h - 1.0) + 0.5);
        let cell = |(x, y): (f64, f64)| {
            let inside = (0.0..w).contains(&x) && (0.0..h).contains(&y);
            inside.then(|| (y / 4.0) as usize * usize::from(plot.width) + (x / 2.0) as usize)
        };
        for (x, y) in self.points() {
            if let Some(i) = cell(place(x, y)) {
                counts[i] += 1;
            }
        }
        for (x, y) in self.points() {
            let at = place(x, y);
            let Some(i) = cell(at) else { continue };
            let beyond = self.data.x_mark.as_ref().is_some_and(|m| x >= m.1);
            let color = if beyond { theme.colors().alarm } else { theme.series(0) };
            let weight = 0.55 + 0.45 * (f64::from(counts[i]) / 6.0).min(1.0);
            dots.set(at.0 as i64, at.1 as i64, theme.tint(color, weight));
        }
        dots.next_layer();
        let line: Vec<(f64, f64)> = self.medians(&axes.x).into_iter().map(|(x, y, _)| place(x, y)).collect();
        for pair in line.windows(2) {
            dots.line(pair[0], pair[1], theme.colors().bright);
        }
        dots.paint(buf);
    }

    fn draw_mark(&self, axes: &Axes, plot: Rect, buf: &mut Buffer, theme: Theme) {
        let Some((name, v)) = &self.data.x_mark else { return };
        let p = axes.x.position(*v);
        if !(0.0..=1.0).contains(&p) {
            return;
        }
        let x = axes::column(plot, p);
        for y in plot.y..plot.bottom() {
            if buf.cell((x, y)).is_some_and(|c| c.symbol() == " " || c.symbol() == "·") {
                ink::mark(buf, plot, x, y, "┊", theme.colors().warn);
            }
        }
        let label = format!(" {name} ");
        let w = ink::width(&label);
        let at = if x + 1 + w > plot.right() { x.saturating_sub(w) } else { x + 1 };
        ink::put(buf, plot, at, plot.bottom().saturating_sub(1), &label, theme.colors().warn);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::density::near::Place;
    use crate::ui::theme::Scheme;

    #[test]
    fn medians_follow_the_cloud_and_strange_points_are_left_out() {
        let x: Vec<f64> = (0..1200).map(|i| f64::from(i) / 100.0).collect();
        let mut y: Vec<f64> = x.iter().map(|x| x * 2.0).collect();
        y[3] = f64::NAN;
        let data = Scatter { x, y, x_mark: Some(("threshold".into(), 6.0)), ..Scatter::default() };
        let view = ScatterView { data: &data, log: false, cursor: Some(6.0), point: None };
        let medians = view.medians(&view.x_range());
        assert!(medians.len() == 12 && medians.iter().all(|(x, y, _)| (y - 2.0 * x).abs() < 1.2), "{medians:?}");
        assert!(view.readout(6.0).contains("median"));
        for (w, h) in [(1, 1), (12, 4), (60, 15)] {
            let area = Rect::new(0, 0, w, h);
            view.draw(area, &mut Buffer::empty(area), Theme::new(Scheme::Dark));
        }
    }

    #[test]
    fn points_are_walked_by_either_axis_and_found_by_the_mouse() {
        let place = |i: usize| Place { episode: 10 + i, step: 7 * i };
        let data = Scatter {
            x: vec![1.0, 3.0, 2.0, f64::NAN],
            y: vec![5.0, 1.0, 3.0, 9.0],
            places: (0..4).map(place).collect(),
            ..Scatter::default()
        };
        let view = |point| ScatterView { data: &data, log: false, cursor: None, point };
        assert_eq!(view(None).beside(1, 0), Some(0), "the highest to begin with; what is no number is never one");
        assert_eq!(
            (view(Some(0)).beside(1, 0), view(Some(2)).beside(1, 0), view(Some(1)).beside(1, 0)),
            (Some(2), Some(1), Some(1))
        );
        assert_eq!(
            (view(Some(1)).beside(0, 1), view(Some(2)).beside(0, -1), view(None).beside(i32::MAX, 0)),
            (Some(2), Some(1), Some(1))
        );
        assert!(view(Some(2)).told().is_some_and(|words| words.starts_with("episode 12 step 14 · ")));
        let (area, theme) = (Rect::new(0, 0, 60, 15), Theme::new(Scheme::Dark));
        let plot = view(None).grid(area).expect("there is room").plot;
        assert_eq!(view(None).point_at(plot, plot.x, plot.y), Some(0));
        assert_eq!(view(None).point_at(plot, plot.right() - 1, plot.bottom() - 1), Some(1));
        for (w, h) in [(1, 1), (12, 4), (60, 15)] {
            let area = Rect::new(0, 0, w, h);
            view(Some(2)).draw(area, &mut Buffer::empty(area), theme);
            view(Some(99)).draw(area, &mut Buffer::empty(area), theme);
        }
    }
}
