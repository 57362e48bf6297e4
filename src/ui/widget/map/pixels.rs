//! A map in pixels, for terminals that show pictures: finer cells, smooth paths, boxes with their numbers.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use ratatui::layout::Rect;
use ratatui::style::Color;

use super::{MapView, overlays};
use crate::metrics::density::zoom::Zoom;
use crate::metrics::report::{Cells, Mark, Overlay};
use crate::picture::canvas::{Canvas, Point};
use crate::picture::cells::Rgb;
use crate::picture::font::Font;
use crate::picture::pen;
use crate::ui::theme::Theme;
use crate::ui::widget::axes::Axes;
use crate::ui::widget::scale::Range;

/// States for each finer cell that make it worth while: with fewer the map is specks.
const PER_CELL: f64 = 3.0;
/// Least pixels of a finer cell along each axis.
const LEAST: usize = 3;
/// Pixels of a row of characters at which lines have their own width.
const ROW: f32 = 16.0;
/// A path is drawn from point to point where these are so many pixels apart.
const APART: f32 = 0.75;

/// Cells of a map with where they end.
struct Fine {
    /// [columns + 1] and [rows + 1] edges.
    edges: (Vec<f64>, Vec<f64>),
    /// [rows, columns], row 0 at the lower end.
    values: Vec<f64>,
}

/// What is drawn on, and how large its lines and letters are.
struct Sheet<'a> {
    canvas: Canvas,
    axes: Axes<'a>,
    theme: Theme,
    size: (f32, f32),
    /// Pixels of a row of characters.
    row: f32,
}

/// The colour itself; black where only a terminal knows it. Themes have 24 bits.
fn rgb(color: Color) -> Rgb {
    if let Color::Rgb(r, g, b) = color { [r, g, b] } else { [0; 3] }
}

impl MapView<'_> {
    /// A number that changes with the picture of the map over `plot`.
    pub fn picture_key(&self, plot: Rect, theme: Theme) -> u64 {
        let m = self.map;
        let mut hasher = DefaultHasher::new();
        let mut put = |v: f64| v.to_bits().hash(&mut hasher);
        [m.x_range.0, m.x_range.1, m.y_range.0, m.y_range.1]
            .into_iter()
            .chain(m.values.iter().copied())
            .for_each(&mut put);
        for overlay in self.overlays {
            overlay.x.iter().chain(&overlay.y).chain(overlay.heat.iter().flatten()).for_each(|v| put(*v));
        }
        m.marks.iter().flat_map(|mark| [mark.x.0, mark.x.1, mark.y.0, mark.y.1]).for_each(put);
        m.marks.iter().for_each(|mark| mark.label.hash(&mut hasher));
        self.overlays.iter().for_each(|o| (o.joined, o.x.len(), o.heat.is_some()).hash(&mut hasher));
        // What a layer is counted from is never changed in place: another one lies elsewhere while the old one is shown.
        let counted = self.layer.map(|layer| match &layer.cells {
            Cells::Counts(zoom) => Arc::as_ptr(zoom) as usize,
            Cells::Means(means) => Arc::as_ptr(means) as usize,
        });
        let fine = m.fine.as_ref().map(|fine| Arc::as_ptr(fine) as usize);
        (m.width, m.marks.len(), counted, fine, self.log, self.step, self.hole).hash(&mut hasher);
        (plot.x, plot.y, plot.width, plot.height, theme.scheme.name()).hash(&mut hasher);
        hasher.finish()
    }

    /// The map over `plot` in so many pixels; nothing where it is empty.
    pub fn picture(&self, plot: Rect, (width, height): (usize, usize), theme: Theme) -> Option<Canvas> {
        if !self.sound() || width == 0 || height == 0 {
            return None;
        }
        let coarse = self.counted(plot);
        let colors = MapView { map: coarse.as_ref().unwrap_or(self.map), ..*self }.color_range();
        let mut sheet = Sheet {
            canvas: Canvas::new((width, height), rgb(theme.colors().ground)),
            axes: self.axes(),
            theme,
            size: (width as f32, height as f32),
            row: height as f32 / f32::from(plot.height.max(1)),
        };
        self.heat(&mut sheet, plot, &colors);
        self.paths(&mut sheet, plot);
        let chosen = |mark: &&Mark| Some(mark.label.as_str()) == self.hole;
        self.map.marks.iter().rev().for_each(|mark| sheet.outline(mark, 1.0));
        self.map.marks.iter().filter(chosen).for_each(|mark| sheet.outline(mark, 2.0));
        Some(sheet.canvas)
    }

    /// Fills every pixel with the colour of its finer cell.
    fn heat(&self, sheet: &mut Sheet, plot: Rect, colors: &Range) {
        let (m, theme) = (self.map, sheet.theme);
        let (width, height) = (sheet.canvas.width, sheet.canvas.height());
        let fine = self.finer(plot, (width, height));
        let empty = rgb(theme.tint(theme.colors().faint, 0.28));
        let there = |v: &f64| v.is_finite() && self.is_something(*v);
        let color = |v: &f64| if there(v) { rgb(theme.ramp(colors.position(*v))) } else { empty };
        let cells: Vec<Rgb> = fine.values.iter().map(color).collect();
        // The cell under the middle of every pixel.
        let under = |edges: &[f64], range: (f64, f64), n: usize| -> Vec<usize> {
            let last = edges.len().saturating_sub(2);
            let at = |i: usize| range.0 + (range.1 - range.0) * (i as f64 + 0.5) / n as f64;
            (0..n).map(|i| edges.partition_point(|e| *e <= at(i)).saturating_sub(1).min(last)).collect()
        };
        let columns = under(&fine.edges.0, m.x_range, width);
        let rows = under(&fine.edges.1, m.y_range, height);
        let wide = fine.edges.0.len().saturating_sub(1);
        for (row, pixels) in rows.iter().rev().zip(sheet.canvas.pixels.chunks_exact_mut(width)) {
            for (column, pixel) in columns.iter().zip(pixels) {
                *pixel = cells.get(row * wide + column).copied().unwrap_or(empty);
            }
        }
    }

    /// The numbers in as small cells as there are states for. Counts are those of the cells that the colour bar is of: what a
    /// smaller cell holds is told as if all of one were filled like it.
    fn finer(&self, plot: Rect, (width, height): (usize, usize)) -> Fine {
        let m = self.map;
        let ranges = (m.x_range, m.y_range);
        let zoom = match (self.layer.map(|layer| &layer.cells), &m.fine) {
            (Some(Cells::Counts(zoom)), _) => Some(zoom),
            (None, fine) => fine.as_ref().filter(|fine| !fine.is_empty()),
            (Some(Cells::Means(_)), _) => None,
        };
        let of_means = |means: &crate::metrics::density::means::Means| means.at(ranges).map_or(0, |(_, n)| n.into());
        let states = match (zoom, self.layer.map(|layer| &layer.cells)) {
            (Some(zoom), _) => zoom.view(ranges, 1, 1).total(),
            (None, Some(Cells::Means(means))) => of_means(means),
            (None, _) => return even((m.width, m.height), ranges, m.values.clone()),
        };
        // About square ones.
        let along = (states as f64 / PER_CELL).sqrt();
        let shape = (width as f64 / height as f64).sqrt();
        let bins = |pixels: usize, along: f64, coarse: usize| {
            let most = (pixels / LEAST).max(1);
            super::even(u16::try_from(pixels).unwrap_or(u16::MAX), (along as usize).clamp(coarse.min(most), most))
        };
        let coarse = self.bins(plot);
        let (columns, rows) = (bins(width, along * shape, coarse.0), bins(height, along / shape, coarse.1));
        if let Some(zoom) = zoom {
            return counted(zoom, ranges, (columns, rows), coarse);
        }
        let values = self.layer.map(|layer| layer.view(ranges, columns, rows).2).unwrap_or_default();
        even((columns, rows), ranges, values)
    }

    /// Draws every path and every set of points, what is beyond its threshold on top.
    fn paths(&self, sheet: &mut Sheet, plot: Rect) {
        let points: usize = self.overlays.iter().map(|o| o.x.len()).sum();
        let many = points > 5 * usize::from(plot.width);
        let width = sheet.row / ROW * if many { 1.3 } else { 2.4 };
        let ground = rgb(sheet.theme.colors().ground);
        for overlay in self.overlays {
            if !many {
                sheet.path(overlay, width + 1.6, &|_| Some(ground));
            }
            let theme = sheet.theme;
            sheet.path(overlay, width, &|heat| (heat < 1.0).then(|| rgb(theme.heat(heat))));
            sheet.path(overlay, width, &|heat| (heat >= 1.0).then(|| rgb(theme.heat(heat))));
        }
        let joined: Vec<&Overlay> = self.overlays.iter().filter(|o| o.joined).collect();
        let radius = sheet.row * 0.3;
        let (calm, accent) = (rgb(sheet.theme.colors().calm), rgb(sheet.theme.colors().accent));
        let few = joined.iter().filter(|_| joined.len() <= 3);
        let starts: Vec<Point> = few.filter_map(|overlay| sheet.place(overlay, 0)).collect();
        for start in starts {
            pen::disc(&mut sheet.canvas, start, radius + 1.2, ground);
            pen::disc(&mut sheet.canvas, start, radius, calm);
        }
        if let (Some(step), [overlay]) = (self.step, &joined[..])
            && let Some(at) = sheet.place(overlay, step)
        {
            pen::diamond(&mut sheet.canvas, at, radius * 1.5 + 2.0, ground);
            pen::diamond(&mut sheet.canvas, at, radius * 1.5, accent);
        }
    }
}

/// Counts in finer cells, each as a count of one of `coarse` columns and rows.
fn counted(
    zoom: &Zoom,
    ranges: ((f64, f64), (f64, f64)),
    (columns, rows): (usize, usize),
    coarse: (usize, usize),
) -> Fine {
    let view = zoom.view(ranges, columns, rows);
    let whole = |(lo, hi): (f64, f64), n: usize| (hi - lo) / n.max(1) as f64;
    let area = whole(ranges.0, coarse.0) * whole(ranges.1, coarse.1);
    let lengths = |edges: &[f64]| edges.windows(2).map(|e| e[1] - e[0]).collect::<Vec<f64>>();
    let (across, up) = (lengths(&view.x_edges), lengths(&view.y_edges));
    let share = |i: usize| area / (across[i % across.len()] * up[i / across.len()]);
    let values = view.counts.iter().enumerate().map(|(i, n)| *n as f64 * share(i)).collect();
    Fine { edges: (view.x_edges, view.y_edges), values }
}

/// Numbers in cells of one size.
fn even((columns, rows): (usize, usize), (x, y): ((f64, f64), (f64, f64)), values: Vec<f64>) -> Fine {
    Fine { edges: (crate::metrics::density::edges(x, columns), crate::metrics::density::edges(y, rows)), values }
}

impl Sheet<'_> {
    /// Where a point of the map lies, also beyond the edges.
    fn at(&self, x: f64, y: f64) -> Point {
        (self.axes.x.position(x) as f32 * self.size.0, (1.0 - self.axes.y.position(y) as f32) * self.size.1)
    }

    /// Where a point of a path lies, if it is on the map.
    fn place(&self, overlay: &Overlay, i: usize) -> Option<Point> {
        let at = self.at(*overlay.x.get(i)?, *overlay.y.get(i)?);
        ((0.0..=self.size.0).contains(&at.0) && (0.0..=self.size.1).contains(&at.1)).then_some(at)
    }

    /// Draws the parts of a path that have a colour by their heat.
    fn path(&mut self, overlay: &Overlay, width: f32, color: &dyn Fn(f64) -> Option<Rgb>) {
        let n = overlay.x.len().min(overlay.y.len());
        let heat = |i: usize| overlay.heat.as_ref().and_then(|h| h.get(i)).copied().filter(|v| !v.is_nan());
        let mut from: Option<Point> = None;
        for i in 0..n {
            let at = self.at(overlay.x[i], overlay.y[i]);
            let begins = !overlay.joined || i == 0 || overlays::jumps(&self.axes, overlay, i);
            let start = from.filter(|_| !begins);
            let Some(ink) = color(heat(i).unwrap_or(0.0)) else {
                from = Some(at);
                continue;
            };
            match start {
                // What would not be seen is drawn with the next point.
                Some(start) if (at.0 - start.0).hypot(at.1 - start.1) < APART && i + 1 < n => {}
                Some(start) => {
                    self.stroke((start, at), width, ink);
                    from = Some(at);
                }
                None => {
                    if !overlay.joined {
                        self.stroke((at, at), width * 1.6, ink);
                    }
                    from = Some(at);
                }
            }
        }
    }

    /// A line, where some of it may be in sight.
    fn stroke(&mut self, (a, b): (Point, Point), width: f32, ink: Rgb) {
        let seen = |a: f32, b: f32, size: f32| a.max(b) > -width && a.min(b) < size + width;
        if seen(a.0, b.0, self.size.0) && seen(a.1, b.1, self.size.1) {
            pen::line(&mut self.canvas, (a, b), width, (ink, 1.0));
        }
    }

    /// A box, so many times as thick as others, with what is written at its corner.
    fn outline(&mut self, mark: &Mark, times: f32) {
        let (a, b) = (self.at(mark.x.0, mark.y.1), self.at(mark.x.1, mark.y.0));
        let (w, h) = self.size;
        // What is only partly in sight ends at the edge; what is out of sight is not drawn.
        let seen = a.0 < w && b.0 > 0.0 && a.1 < h && b.1 > 0.0;
        if !seen || ![a.0, a.1, b.0, b.1].iter().all(|v| v.is_finite()) {
            return;
        }
        let (a, b) = ((a.0.max(0.0).round(), a.1.max(0.0).round()), (b.0.min(w).round(), b.1.min(h).round()));
        let colors = self.theme.colors();
        let (alarm, ground) = (rgb(colors.alarm), rgb(colors.ground));
        let thick = (self.row / ROW * 2.0 * times).round().max(times);
        pen::frame(&mut self.canvas, ((a.0 - 1.0, a.1 - 1.0), (b.0 + 1.0, b.1 + 1.0)), thick + 2.0, (ground, 0.55));
        pen::frame(&mut self.canvas, (a, b), thick, (alarm, 1.0));
        if mark.label.is_empty() {
            return;
        }
        let size = self.row * 0.78;
        let (long, high) = (pen::width(&mark.label, size) + size * 0.5, self.row.min(h));
        let left = a.0.min(w - long).max(0.0);
        let top = a.1.min(h - high).max(0.0);
        pen::block(&mut self.canvas, ((left, top), (left + long, top + high)), (alarm, 1.0));
        let base = (left + size * 0.25, top + high * 0.5 + size * 0.36);
        pen::words(&mut self.canvas, &Font::own(), base, size, (mark.label.as_str(), ground));
    }
}

#[cfg(test)]
mod tests;
