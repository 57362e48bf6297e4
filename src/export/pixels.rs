//! A figure as pixels: our own SVG, read back line by line and painted. It has nothing but what figures are made of:
//! rectangles, discs, paths of many of them, lines with dashes, polygons and words.

use super::compact::{FINE, value};
use super::text;
use crate::picture::canvas::{Canvas, Point};
use crate::picture::cells::Rgb;
use crate::picture::font::{EM, Font};
use crate::picture::png::printed;

/// Largest side of a picture in pixels.
const MOST: f32 = 20_000.0;
/// Letters may take so much more than the room that figures are laid out for before they are made narrower.
const SLACK: f32 = 1.08;
/// Width of a letter that the font does not have, in its size.
const UNKNOWN: f32 = 0.7;

/// The picture with so many pixels to a point.
///
/// # Errors
/// A sentence where it is no figure of ours or too large.
pub fn png(svg: &str, dots: f32) -> Result<Vec<u8>, String> {
    let sides: Vec<f32> = value(svg, "viewBox").unwrap_or_default().split(' ').filter_map(|v| v.parse().ok()).collect();
    let &[_, _, width, height] = &sides[..] else { return Err("the figure has no size".into()) };
    let (width, height) = ((width * dots).ceil(), (height * dots).ceil());
    if !(1.0..=MOST).contains(&width) || !(1.0..=MOST).contains(&height) {
        return Err(format!("a picture of {width} × {height} pixels cannot be made"));
    }
    let canvas = Canvas::new((width as usize, height as usize), [255; 3]);
    let mut painter = Painter { canvas, font: Font::sans(), scale: dots / FINE as f32 };
    svg.lines().for_each(|line| painter.paint(line));
    printed(painter.canvas.width, &painter.canvas.pixels, f64::from(dots) * 72.0)
}

struct Painter {
    canvas: Canvas,
    font: Font,
    /// Pixels of the figure's unit.
    scale: f32,
}

impl Painter {
    /// Paints one line of the file: one element.
    fn paint(&mut self, line: &str) {
        let tag = line.strip_prefix('<').and_then(|l| l.split(' ').next()).unwrap_or_default();
        let outlines = match tag {
            "rect" => vec![self.rect(["x", "y", "width", "height"].map(|name| number(line, name)))],
            "circle" => vec![self.disc((number(line, "cx"), number(line, "cy")), number(line, "r"))],
            "polygon" => vec![self.points(line)],
            "polyline" | "line" => self.stroke(line),
            "path" => self.path(line),
            "text" => self.words(line),
            _ => return,
        };
        let ink = colour(line, "fill").or_else(|| colour(line, "stroke"));
        let alpha = value(line, "opacity").and_then(|o| o.parse().ok()).unwrap_or(1.0);
        if let Some(ink) = ink {
            self.canvas.tint(&outlines, ink, alpha);
        }
    }

    fn at(&self, (x, y): Point) -> Point {
        (x * self.scale, y * self.scale)
    }

    // All outlines run the same way round: where two overlap they are one area.

    fn rect(&self, [x, y, w, h]: [f32; 4]) -> Vec<Point> {
        [(x, y), (x, y + h), (x + w, y + h), (x + w, y)].map(|p| self.at(p)).into()
    }

    fn disc(&self, centre: Point, r: f32) -> Vec<Point> {
        let corners = (r * self.scale * 4.0).clamp(12.0, 64.0) as u16;
        let corner = |i: u16| {
            let (sin, cos) = (std::f32::consts::TAU * f32::from(i) / f32::from(corners)).sin_cos();
            self.at((centre.0 + r * cos, centre.1 - r * sin))
        };
        (0..corners).map(corner).collect()
    }

    fn points(&self, line: &str) -> Vec<Point> {
        let pairs = value(line, "points").unwrap_or_default().split_whitespace();
        let pairs = pairs.filter_map(|p| p.split_once(',').map(|(x, y)| (x.parse().ok(), y.parse().ok())));
        pairs.filter_map(|(x, y)| Some(self.at((x?, y?)))).collect()
    }

    /// A line as areas: a rectangle for each of its pieces and a disc where two of them meet.
    fn stroke(&self, line: &str) -> Vec<Vec<Point>> {
        let points = if line.starts_with("<line") {
            let end = |x: &str, y: &str| self.at((number(line, x), number(line, y)));
            vec![end("x1", "y1"), end("x2", "y2")]
        } else {
            self.points(line)
        };
        let half = (number(line, "stroke-width") * self.scale / 2.0).max(0.3);
        let dashes = value(line, "stroke-dasharray").unwrap_or_default().split(' ');
        let dashes: Vec<f32> = dashes.filter_map(|d| d.parse().ok()).map(|d: f32| d * self.scale).collect();
        let mut out = Vec::new();
        for piece in dashed(&points, &dashes) {
            for (i, ends) in piece.windows(2).enumerate() {
                let ((x, y), (to_x, to_y)) = (ends[0], ends[1]);
                let long = (to_x - x).hypot(to_y - y);
                if long > 0.0 {
                    let (nx, ny) = (-(to_y - y) / long * half, (to_x - x) / long * half);
                    out.push(vec![(x + nx, y + ny), (to_x + nx, to_y + ny), (to_x - nx, to_y - ny), (x - nx, y - ny)]);
                }
                if i > 0 && half > 0.6 {
                    out.push(self.disc((x / self.scale, y / self.scale), half / self.scale));
                }
            }
        }
        out
    }

    /// Rectangles ("M x y h w v h h -w z") or dots ("M x y h 1").
    fn path(&self, line: &str) -> Vec<Vec<Point>> {
        let radius = number(line, "stroke-width") / 2.0;
        let each = value(line, "d").unwrap_or_default().split('M').filter(|part| !part.is_empty());
        each.map(|part| {
            let n: Vec<f32> = part.split([' ', 'h', 'v', 'z']).filter_map(|v| v.parse().ok()).collect();
            match n[..] {
                [x, y, w, h, _] => self.rect([x, y, w, h]),
                [x, y, ..] => self.disc((x, y), radius),
                _ => Vec::new(),
            }
        })
        .collect()
    }

    /// The outlines of a text's letters. Figures are laid out without a font: the program's is made narrower where it is much
    /// wider than what they count on.
    fn words(&self, line: &str) -> Vec<Vec<Point>> {
        let Some((start, words)) = line.split_once('>') else { return Vec::new() };
        let words = unescaped(words.strip_suffix("</text>").unwrap_or(words));
        let (x, y, size) = (number(start, "x"), number(start, "y"), number(start, "font-size"));
        let down = value(start, "dy").and_then(|d| d.strip_suffix("em")).and_then(|d| d.parse().ok());
        let base = y + down.unwrap_or(0.0) * size;
        let bold = value(start, "font-weight").is_some();
        // A mark over a letter takes no room.
        let own = |c: char| {
            let wide = self.font.advance(c, bold).map_or(UNKNOWN, |units| units / EM);
            if is_over(c) { 0.0 } else { wide * size }
        };
        let (all, room) = (words.chars().map(own).sum::<f32>(), text::width(&words, f64::from(size)) as f32);
        let narrow = (room * SLACK / all.max(f32::MIN_POSITIVE)).min(1.0);
        let mut at = match value(start, "text-anchor") {
            Some("end") => x - all * narrow,
            Some("middle") => x - all * narrow / 2.0,
            _ => x,
        };
        let turned = value(start, "transform").is_some();
        let (mut out, mut before) = (Vec::new(), at);
        for c in words.chars() {
            let left = if is_over(c) { before } else { at };
            let step = own(c) * narrow;
            let scale = (size / EM * narrow, size / EM);
            let known = self.font.scaled(c, bold, scale).or_else(|| (!c.is_whitespace()).then(|| unknown(step, size)));
            for outline in known.into_iter().flatten() {
                let place = |(px, py): &Point| {
                    let (px, py) = (left + px, base + py);
                    // Upwards around the text's point.
                    self.at(if turned { (x + (py - y), y - (px - x)) } else { (px, py) })
                };
                out.push(outline.iter().map(place).collect());
            }
            (before, at) = (left, at + step);
        }
        out
    }
}

/// A mark that stands over the letter before it.
fn is_over(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

/// A box: there is something, and what it is cannot be shown.
fn unknown(step: f32, size: f32) -> Vec<Vec<Point>> {
    let frame = |by: f32| {
        let (left, right, top, low) = (step * 0.1 + by, step * 0.9 - by, by - size * 0.7, -by);
        vec![(left, top), (right, top), (right, low), (left, low)]
    };
    vec![frame(0.0), frame(size * 0.07).into_iter().rev().collect()]
}

fn number(line: &str, name: &str) -> f32 {
    value(line, name).and_then(|v| v.parse().ok()).unwrap_or(0.0)
}

fn colour(line: &str, name: &str) -> Option<Rgb> {
    let digits = value(line, name)?.strip_prefix('#')?;
    let part = |i: usize| u8::from_str_radix(digits.get(i..i + 2)?, 16).ok();
    Some([part(0)?, part(2)?, part(4)?])
}

fn unescaped(text: &str) -> String {
    let plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
    plain.replace("&amp;", "&")
}

/// A line in the pieces that its dashes leave; all of it where there are none.
fn dashed(points: &[Point], dashes: &[f32]) -> Vec<Vec<Point>> {
    if dashes.is_empty() || dashes.iter().any(|d| *d <= 0.0) {
        return vec![points.to_vec()];
    }
    let mut out = Vec::new();
    let (mut nth, mut left) = (0, dashes[0]);
    let mut piece: Vec<Point> = points.first().copied().into_iter().collect();
    for ends in points.windows(2) {
        let (mut from, to) = (ends[0], ends[1]);
        loop {
            let long = (to.0 - from.0).hypot(to.1 - from.1);
            if long <= left {
                left -= long;
                piece.push(to);
                break;
            }
            let share = left / long;
            from = (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
            piece.push(from);
            // Every other piece is a gap.
            let done = std::mem::replace(&mut piece, vec![from]);
            if nth % 2 == 0 {
                out.push(done);
            }
            nth += 1;
            left = dashes[nth % dashes.len()];
        }
    }
    if nth % 2 == 0 {
        out.push(piece);
    }
    out
}

#[cfg(test)]
mod tests;
