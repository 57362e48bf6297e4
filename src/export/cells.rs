//! Cells of a map in steps of one scale of colours, and the bar that says what the colours are.

use plotters::style::RGBColor;

use super::canvas::{Canvas, Failure, Rect, Side};
use super::palette::{self, INK, NOTHING, Style};
use super::scale::{Scale, Ticks};
use super::text::{self, LINE};

/// Steps of the colour scale: cells of one step are one area.
pub const STEPS: u32 = 48;
/// Width of the colour bar in units of the font.
pub const BAR: f64 = 0.9;
/// Neighbouring areas overlap by this, or light comes through between them.
const LAP: f64 = 0.25;

/// The colour of a step.
pub fn colour(step: u32) -> RGBColor {
    palette::heat(f64::from(step) / f64::from(STEPS))
}

/// The colour of a cell: none where nothing is there.
fn shade(v: f64, scale: &Scale) -> Option<RGBColor> {
    if v.is_nan() {
        return Some(NOTHING);
    }
    scale.place(v).map(|p| colour((p.clamp(0.0, 1.0) * f64::from(STEPS)).round() as u32))
}

/// Draws `width` × `height` cells with their numbers, row 0 at the lower end.
pub fn draw(
    canvas: &Canvas,
    plot: Rect,
    (width, height): (usize, usize),
    value: &dyn Fn(usize) -> f64,
    scale: &Scale,
) -> Result<(), Failure> {
    let (w, h) = (plot.w / width.max(1) as f64, plot.h / height.max(1) as f64);
    for row in (0..height).rev() {
        let shades: Vec<Option<RGBColor>> = (0..width).map(|i| shade(value(row * width + i), scale)).collect();
        let mut i = 0;
        for run in shades.chunk_by(|a, b| a == b) {
            let (x, y) = (plot.x + i as f64 * w, plot.bottom() - (row + 1) as f64 * h);
            i += run.len();
            let Some(colour) = run[0] else { continue };
            let (right, bottom) =
                ((x + run.len() as f64 * w + LAP).min(plot.right()), (y + h + LAP).min(plot.bottom()));
            canvas.block(Rect { x, y, w: right - x, h: bottom - y }, colour, 1.0)?;
        }
    }
    Ok(())
}

/// The labels of a bar of this height.
pub fn ticks(scale: &Scale, h: f64, font: f64) -> Ticks {
    scale.ticks((h / (font * 2.4)) as usize)
}

/// Lines of what a cell's number is, beside a bar of this height.
pub fn unit(unit: &str, h: f64, font: f64) -> Vec<String> {
    text::wrap(unit, font, h * 0.7, 2)
}

/// Width that a bar of this height takes with its labels and unit.
pub fn width(scale: &Scale, of: &str, h: f64, font: f64) -> f64 {
    let labels = ticks(scale, h, font).marks.iter().map(|(_, l)| text::width(l, font)).fold(0.0, f64::max);
    font * (0.9 + BAR + LINE * unit(of, h, font).len() as f64) + labels
}

/// The colours with their numbers, and beside them what they are of.
pub fn bar(canvas: &Canvas, bar: Rect, scale: &Scale, of: &str) -> Result<(), Failure> {
    let font = canvas.font;
    for i in 0..=STEPS {
        let all = f64::from(STEPS) + 1.0;
        let top = bar.bottom() - (f64::from(i) + 1.0) / all * bar.h;
        let low = bar.bottom() - f64::from(i) / all * bar.h + LAP;
        canvas.block(Rect { y: top, h: low.min(bar.bottom()) - top, ..bar }, colour(i), 1.0)?;
    }
    let ticks = ticks(scale, bar.h, font);
    let axis = Style { colour: INK, width: 0.5, dash: 0, marker: None };
    for (place, label) in &ticks.marks {
        let (x, y) = (bar.right(), bar.at(0.0, *place).1);
        canvas.line(&[(x, y), (x + 2.0, y)], &axis)?;
        canvas.text((x + font * 0.5, y), label, Side::Start, INK)?;
    }
    let labels = ticks.marks.iter().map(|(_, l)| text::width(l, font)).fold(0.0, f64::max);
    for (i, line) in unit(of, bar.h, font).iter().enumerate() {
        let x = bar.right() + font * (0.5 + LINE * (i as f64 + 0.6)) + labels;
        canvas.text((x, bar.y + bar.h / 2.0), line, Side::Upwards, INK)?;
    }
    Ok(())
}
