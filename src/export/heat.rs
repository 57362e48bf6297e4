//! Maps of counts with paths laid over.

use super::canvas::{Canvas, Failure, Rect, Side};
use super::frame::{self, Pads, Ruler};
use super::legend::Entry;
use super::palette::{self, GREY, INK, Marker, NOTHING, PAPER, Style};
use super::scale::{Scale, Ticks};
use super::text::{self, LINE};
use super::thin;
use crate::metrics::report::{HeatMap, Overlay};

/// Steps of the colour scale: cells of one step are one area.
const STEPS: f64 = 48.0;
/// Width of the colour bar in units of the font.
const BAR: f64 = 0.9;
/// Neighbouring areas overlap by this, or light comes through between them.
const LAP: f64 = 0.25;
/// Most of a picture's sides that are drawn at the same scale.
const EQUAL: f64 = 4.0;

/// A map.
pub struct Heat<'a> {
    map: &'a HeatMap,
    x: Scale,
    y: Scale,
    colours: Scale,
    entries: Vec<Entry>,
}

impl<'a> Heat<'a> {
    /// The map with its paths.
    pub fn new(map: &'a HeatMap) -> Self {
        let (x, y) = (Scale::exact(map.x_range.0, map.x_range.1), Scale::exact(map.y_range.0, map.y_range.1));
        let colours = Scale::around(map.values.iter().copied(), true, 0.0);
        let mut entries: Vec<Entry> = Vec::new();
        for (i, path) in map.overlays.iter().enumerate() {
            if !path.label.trim().is_empty() && !entries.iter().any(|e| e.label == path.label) {
                entries.push(Entry { label: path.label.clone(), style: style(path, i) });
            }
        }
        let joined = map.overlays.iter().any(|p| p.joined && places(p, &x, &y).iter().flatten().count() > 1);
        if joined && !entries.is_empty() {
            let key = |marker| Style { colour: GREY, width: 0.0, dash: 0, marker: Some(marker) };
            entries.push(Entry { label: "start".into(), style: key(Marker::Ring) });
            entries.push(Entry { label: "end".into(), style: key(Marker::Square) });
        }
        Self { map, x, y, colours, entries }
    }

    /// The names in the legend.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Height over width of the map where both axes are of one kind.
    pub fn shape(&self) -> Option<f64> {
        let map = self.map;
        let ratio = (map.y_range.1 - map.y_range.0) / (map.x_range.1 - map.x_range.0);
        (map.x_axis.unit == map.y_axis.unit && (1.0 / EQUAL..=EQUAL).contains(&ratio)).then_some(ratio)
    }

    /// Room around the map in a box of this size.
    pub fn pads(&self, (w, h): (f64, f64), font: f64) -> Pads {
        let bottom = self.across(w * 0.6, font, 2).height(font);
        let labels = self.ticks(h, font).marks.iter().map(|(_, l)| text::width(l, font)).fold(0.0, f64::max);
        // About as high as the map will be.
        let bar = self.shape().map_or(h - bottom, |s| (h - bottom).min(w * 0.7 * s));
        let unit = LINE * self.unit(bar, font).len() as f64;
        Pads {
            left: self.up(h - bottom, font).width(font).max(self.up((h - bottom) * 0.6, font).width(font)),
            right: font * (1.8 + BAR + unit) + labels,
            top: font * 0.6,
            bottom,
        }
    }

    fn across(&self, w: f64, font: f64, lines: usize) -> Ruler {
        Ruler::across(&self.x, &self.map.x_axis, w, font, lines)
    }

    fn up(&self, h: f64, font: f64) -> Ruler {
        Ruler::up(&self.y, &self.map.y_axis, h, font)
    }

    fn ticks(&self, h: f64, font: f64) -> Ticks {
        self.colours.ticks((h / (font * 2.4)) as usize)
    }

    /// Lines of what a cell's number is, beside a bar of this height.
    fn unit(&self, h: f64, font: f64) -> Vec<String> {
        text::wrap(&self.map.unit, font, h * 0.7, 2)
    }

    /// Draws the map in `plot` with `pads` free around it.
    pub fn draw(&self, canvas: &Canvas, plot: Rect, pads: &Pads) -> Result<(), Failure> {
        let font = canvas.font;
        let seen = self.map.values.iter().any(|v| self.colours.place(*v).is_some());
        self.cells(canvas, plot)?;
        let across = self.across(plot.w, font, Ruler::lines(pads.bottom, font));
        frame::draw(canvas, plot, pads.left, (&across, &self.up(plot.h, font)), false)?;
        if !seen {
            canvas.text(plot.at(0.5, 0.5), "nothing to show", Side::Middle, GREY)?;
        }
        for (i, path) in self.map.overlays.iter().enumerate() {
            self.path(canvas, plot, path, i)?;
        }
        if seen { self.bar(canvas, plot) } else { Ok(()) }
    }

    /// The step of a cell's colour; -1 for nothing to say, none for nothing there.
    fn step(&self, v: f64) -> Option<i32> {
        if v.is_nan() {
            return Some(-1);
        }
        self.colours.place(v).map(|p| (p.clamp(0.0, 1.0) * STEPS).round() as i32)
    }

    fn cells(&self, canvas: &Canvas, plot: Rect) -> Result<(), Failure> {
        let map = self.map;
        let (w, h) = (plot.w / map.width.max(1) as f64, plot.h / map.height.max(1) as f64);
        let rows: Vec<&[f64]> = map.values.chunks(map.width.max(1)).take(map.height).collect();
        for (j, row) in rows.iter().enumerate().rev() {
            let steps: Vec<Option<i32>> = row.iter().map(|v| self.step(*v)).collect();
            let mut i = 0;
            for run in steps.chunk_by(|a, b| a == b) {
                let (x, y) = (plot.x + i as f64 * w, plot.bottom() - (j + 1) as f64 * h);
                i += run.len();
                let Some(step) = run[0] else { continue };
                let colour = if step < 0 { NOTHING } else { palette::heat(f64::from(step) / STEPS) };
                let (right, bottom) =
                    ((x + run.len() as f64 * w + LAP).min(plot.right()), (y + h + LAP).min(plot.bottom()));
                canvas.block(Rect { x, y, w: right - x, h: bottom - y }, colour, 1.0)?;
            }
        }
        Ok(())
    }

    fn path(&self, canvas: &Canvas, plot: Rect, path: &Overlay, nth: usize) -> Result<(), Failure> {
        let style = style(path, nth);
        let halo = Style { colour: PAPER, width: style.width + 1.4, dash: 0, marker: None };
        let known = places(path, &self.x, &self.y);
        if !path.joined {
            for p in known.iter().flatten() {
                canvas.disc(plot.at(p.0, p.1), 2.1, PAPER)?;
                canvas.disc(plot.at(p.0, p.1), 1.6, style.colour)?;
            }
            return Ok(());
        }
        for run in known.split(Option::is_none) {
            let run: Vec<(f64, f64)> = run.iter().filter_map(|p| *p).collect();
            let line: Vec<(f64, f64)> =
                thin::walk(&run, plot.w.max(plot.h) * 4.0).iter().map(|p| plot.at(p.0, p.1)).collect();
            if line.len() > 1 {
                canvas.line(&line, &halo)?;
                canvas.line(&line, &style)?;
            }
        }
        let mut known = known.into_iter().flatten();
        let first = known.next();
        for (p, marker) in [(known.last(), Marker::Square), (first, Marker::Ring)] {
            if let Some(at) = p.map(|p| plot.at(p.0, p.1)) {
                canvas.marker(at, marker, 3.4, PAPER)?;
                canvas.marker(at, marker, 2.8, style.colour)?;
            }
        }
        Ok(())
    }

    /// The colours with their numbers, right of the map.
    fn bar(&self, canvas: &Canvas, plot: Rect) -> Result<(), Failure> {
        let font = canvas.font;
        let bar = Rect { x: plot.right() + font * 0.9, w: BAR * font, ..plot };
        for i in 0..=STEPS as u32 {
            let share = f64::from(i) / STEPS;
            let top = bar.bottom() - (f64::from(i) + 1.0) / (STEPS + 1.0) * bar.h;
            let low = bar.bottom() - f64::from(i) / (STEPS + 1.0) * bar.h + LAP;
            let part = Rect { y: top, h: low.min(bar.bottom()) - top, ..bar };
            canvas.block(part, palette::heat(share), 1.0)?;
        }
        let ticks = self.ticks(plot.h, font);
        let axis = Style { colour: INK, width: 0.5, dash: 0, marker: None };
        for (place, label) in &ticks.marks {
            let (x, y) = (bar.right(), bar.at(0.0, *place).1);
            canvas.line(&[(x, y), (x + 2.0, y)], &axis)?;
            canvas.text((x + font * 0.5, y), label, Side::Start, INK)?;
        }
        let labels = ticks.marks.iter().map(|(_, l)| text::width(l, font)).fold(0.0, f64::max);
        for (i, line) in self.unit(plot.h, font).iter().enumerate() {
            let x = bar.right() + font * (0.5 + LINE * (i as f64 + 0.6)) + labels;
            canvas.text((x, plot.y + plot.h / 2.0), line, Side::Upwards, INK)?;
        }
        Ok(())
    }
}

fn style(path: &Overlay, nth: usize) -> Style {
    let colour = palette::over_map(nth);
    if path.joined {
        Style { colour, width: 1.3, dash: [0, 1, 2, 3][nth % 4], marker: None }
    } else {
        Style { colour, width: 0.0, dash: 0, marker: Some(Marker::Disc) }
    }
}

/// Where a path is; none where it is outside the map.
fn places(path: &Overlay, x: &Scale, y: &Scale) -> Vec<Option<(f64, f64)>> {
    let inside = |p: &(f64, f64)| [p.0, p.1].iter().all(|v| (-1e-9..=1.0 + 1e-9).contains(v));
    path.x.iter().zip(&path.y).map(|(a, b)| x.place(*a).zip(y.place(*b)).filter(inside)).collect()
}
