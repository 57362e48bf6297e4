//! A sheet of paper in points, drawn on by `plotters`.

use std::cell::RefCell;

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Rectangle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, FontTransform, RGBColor, ShapeStyle, TextStyle};

pub use super::compact::fine;
use super::compact::{self, DASH, FINE};
use super::palette::{INK, Marker, PAPER, Style};
use super::scale::Scale;

/// The library divides sizes of fonts by this.
const FONT: f64 = 1.24;

/// Why something could not be drawn.
pub type Failure = String;

/// A rectangle in points, y from the top.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub w: f64,
    /// Height.
    pub h: f64,
}

impl Rect {
    /// Right edge.
    pub fn right(&self) -> f64 {
        self.x + self.w
    }

    /// Lower edge.
    pub fn bottom(&self) -> f64 {
        self.y + self.h
    }

    /// The point at shares of width and height from the lower left corner.
    pub fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (self.x + x * self.w, self.bottom() - y * self.h)
    }

    /// What is left without a margin.
    pub fn inside(&self, left: f64, right: f64, top: f64, bottom: f64) -> Self {
        let (w, h) = ((self.w - left - right).max(1.0), (self.h - top - bottom).max(1.0));
        Self { x: self.x + left, y: self.y + top, w, h }
    }
}

/// Which part of a text lies at its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Its start.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
    /// Its middle, and it runs upwards.
    Upwards,
}

/// A sheet of paper.
pub struct Canvas<'a> {
    /// The library's area, in hundredths of a point.
    pub area: DrawingArea<SVGBackend<'a>, Shift>,
    /// Size of the text.
    pub font: f64,
    /// Where the data of each figure lie, in the order in which they were drawn.
    placed: RefCell<Vec<Placed>>,
}

/// Where the data of a figure lie on the paper, and what its axes are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placed {
    /// Around the data.
    pub plot: Rect,
    /// Horizontal axis.
    pub x: Scale,
    /// Vertical axis.
    pub y: Scale,
}

/// An SVG of `width` and `height` points with what `draw` draws on white paper, and where the data lie on it.
pub fn sheet(
    (width, height): (f64, f64),
    font: f64,
    draw: impl FnOnce(&Canvas) -> Result<(), Failure>,
) -> Result<(String, Vec<Placed>), Failure> {
    let mut svg = String::new();
    let backend = SVGBackend::with_string(&mut svg, (fine(width).unsigned_abs(), fine(height).unsigned_abs()));
    let canvas = Canvas { area: backend.into_drawing_area(), font, placed: RefCell::default() };
    canvas.area.fill(&PAPER).map_err(|e| e.to_string())?;
    draw(&canvas)?;
    canvas.area.present().map_err(|e| e.to_string())?;
    let placed = canvas.placed.take();
    drop(canvas);
    Ok((compact::finish(&svg, width, height), placed))
}

impl Canvas<'_> {
    /// Remembers where data lie.
    pub fn place(&self, plot: Rect, (x, y): (Scale, Scale)) {
        self.placed.borrow_mut().push(Placed { plot, x, y });
    }

    /// A line along points.
    pub fn line(&self, points: &[(f64, f64)], style: &Style) -> Result<(), Failure> {
        let pen = pen(style.colour, style.width, style.dash);
        self.area.draw(&PathElement::new(all(points), pen)).map_err(|e| e.to_string())
    }

    /// A full area within points.
    pub fn fill(&self, points: &[(f64, f64)], colour: RGBColor, alpha: f64) -> Result<(), Failure> {
        self.area.draw(&Polygon::new(all(points), colour.mix(alpha))).map_err(|e| e.to_string())
    }

    /// A full rectangle.
    pub fn block(&self, rect: Rect, colour: RGBColor, alpha: f64) -> Result<(), Failure> {
        let corners = [point((rect.x, rect.y)), point((rect.right(), rect.bottom()))];
        self.area.draw(&Rectangle::new(corners, colour.mix(alpha).filled())).map_err(|e| e.to_string())
    }

    /// A marker around a point; `size` is half its height.
    pub fn marker(&self, at: (f64, f64), marker: Marker, size: f64, colour: RGBColor) -> Result<(), Failure> {
        let around = |corners: &[(f64, f64)]| -> Vec<(f64, f64)> {
            corners.iter().map(|(x, y)| (at.0 + x * size, at.1 + y * size)).collect()
        };
        let square = around(&[(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85), (-0.85, -0.85)]);
        let edge = Style { colour, width: size * 0.4, dash: 0, marker: None };
        match marker {
            Marker::Disc => self.disc(at, size, colour),
            Marker::Ring => {
                self.disc(at, size, colour)?;
                self.disc(at, size * 0.55, PAPER)
            }
            Marker::Square => self.fill(&square[..4], colour, 1.0),
            Marker::Box => {
                self.fill(&square[..4], PAPER, 1.0)?;
                self.line(&square, &edge)
            }
            Marker::Up => self.fill(&around(&[(0.0, -1.1), (1.1, 0.85), (-1.1, 0.85)]), colour, 1.0),
            Marker::Down => self.fill(&around(&[(0.0, 1.1), (1.1, -0.85), (-1.1, -0.85)]), colour, 1.0),
            Marker::Diamond => self.fill(&around(&[(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)]), colour, 1.0),
            Marker::Cross => {
                self.line(&around(&[(-0.9, -0.9), (0.9, 0.9)]), &edge)?;
                self.line(&around(&[(-0.9, 0.9), (0.9, -0.9)]), &edge)
            }
        }
    }

    /// A full disc.
    pub fn disc(&self, at: (f64, f64), radius: f64, colour: RGBColor) -> Result<(), Failure> {
        self.dot(at, radius, colour, 1.0)
    }

    /// A disc that lets through what is below it.
    pub fn dot(&self, at: (f64, f64), radius: f64, colour: RGBColor, alpha: f64) -> Result<(), Failure> {
        self.area.draw(&Circle::new(point(at), fine(radius), colour.mix(alpha).filled())).map_err(|e| e.to_string())
    }

    /// A text in the size of the canvas whose middle line is at the point's height.
    pub fn text(&self, at: (f64, f64), text: &str, side: Side, colour: RGBColor) -> Result<(), Failure> {
        self.write(at, text, side, &self.style(colour, false))
    }

    /// A text in bold.
    pub fn bold(&self, at: (f64, f64), text: &str, side: Side) -> Result<(), Failure> {
        self.write(at, text, side, &self.style(INK, true))
    }

    /// The library's style of this canvas's text.
    pub fn style(&self, colour: RGBColor, bold: bool) -> TextStyle<'static> {
        let weight = if bold { FontStyle::Bold } else { FontStyle::Normal };
        let font = FontDesc::new(FontFamily::SansSerif, self.font * FINE * FONT, weight);
        TextStyle { font, color: colour.to_backend_color(), pos: Pos::new(HPos::Left, VPos::Center) }
    }

    fn write(&self, at: (f64, f64), text: &str, side: Side, style: &TextStyle) -> Result<(), Failure> {
        let text = clean(text);
        if text.trim().is_empty() {
            return Ok(());
        }
        let (h, turn) = match side {
            Side::Start => (HPos::Left, FontTransform::None),
            Side::Middle => (HPos::Center, FontTransform::None),
            Side::End => (HPos::Right, FontTransform::None),
            Side::Upwards => (HPos::Center, FontTransform::Rotate270),
        };
        let style = style.pos(Pos::new(h, VPos::Center)).transform(turn);
        self.area.draw_text(&text, &style, point(at)).map_err(|e| e.to_string())
    }
}

fn point((x, y): (f64, f64)) -> (i32, i32) {
    (fine(x), fine(y))
}

fn all(points: &[(f64, f64)]) -> Vec<(i32, i32)> {
    points.iter().map(|p| point(*p)).collect()
}

/// The library's pen.
pub fn pen(colour: RGBColor, width: f64, dash: usize) -> ShapeStyle {
    let width = fine(width).unsigned_abs().min(DASH - 1);
    ShapeStyle { color: colour.to_rgba(), filled: false, stroke_width: width + DASH * dash as u32 }
}

/// The text without what XML cannot hold and what turns the direction of reading; the library escapes the rest.
pub fn clean(text: &str) -> String {
    let known = text.chars().filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}'));
    let shown = |c: char| match c {
        '\u{2028}' | '\u{2029}' => ' ',
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c if c.is_control() => ' ',
        c => c,
    };
    known.map(shown).collect()
}
