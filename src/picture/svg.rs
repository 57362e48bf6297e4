//! A [`Scene`] as one SVG file that needs nothing beside it. Words stay words; each run says how long it is, so that
//! columns stay aligned with any font.

use std::fmt::Write as _;

use super::cells::Rgb;
use super::scene::{BASELINE, COLUMN, DOT, ROW, Run, Scene};
use super::strokes::Rect;

/// Fonts of one width, the likeliest first.
const FONTS: &str = "'DejaVu Sans Mono','JetBrains Mono',Menlo,Consolas,'Liberation Mono',monospace";
/// Size of the letters in units: those of the first font are as wide as a cell.
const FONT_SIZE: f32 = 19.93;

/// The file.
pub fn write(scene: &Scene) -> String {
    let (w, h) = scene.units();
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\">\n\
         <rect width=\"{w}\" height=\"{h}\" fill=\"{}\"/>\n",
        hex(scene.paper)
    );
    // Whole pixels: no seams between the cells of a map.
    out.push_str("<g shape-rendering=\"crispEdges\">\n");
    for (colour, rects) in scene.grounds.iter().chain(&scene.blocks) {
        path(&mut out, *colour, &rectangles(rects));
    }
    out.push_str("</g>\n");
    for (colour, rects) in &scene.lines {
        path(&mut out, *colour, &rectangles(rects));
    }
    for (colour, bends) in &scene.bends {
        path(&mut out, *colour, &bends.iter().map(|points| outline(points)).collect::<String>());
    }
    dots(&mut out, scene);
    // On one line: blanks between elements are kept, and would be words.
    let _ = write!(out, "<g font-family=\"{FONTS}\" font-size=\"{FONT_SIZE}\" xml:space=\"preserve\">");
    for run in &scene.runs {
        words(&mut out, run);
    }
    out.push_str("</g>\n</svg>\n");
    out
}

fn path(out: &mut String, colour: Rgb, data: &str) {
    if !data.is_empty() {
        let _ = writeln!(out, "<path fill=\"{}\" d=\"{data}\"/>", hex(colour));
    }
}

fn rectangles(rects: &[Rect]) -> String {
    let one = |r: &Rect| format!("M{} {}h{}v{}h-{}z", half(r.x), half(r.y), half(r.w), half(r.h), half(r.w));
    rects.iter().map(one).collect()
}

fn outline(points: &[(f32, f32)]) -> String {
    let point = |(x, y): &(f32, f32)| format!("{} {}", short(x / 2.0), short(y / 2.0));
    format!("M{}z", points.iter().map(point).collect::<Vec<_>>().join("L"))
}

/// A line of no length with round ends is a dot.
fn dots(out: &mut String, scene: &Scene) {
    if scene.dots.is_empty() {
        return;
    }
    let _ = writeln!(out, "<g fill=\"none\" stroke-linecap=\"round\" stroke-width=\"{}\">", 2.0 * DOT);
    for (colour, centres) in &scene.dots {
        let mut data = String::new();
        for (x, y) in centres {
            let _ = write!(data, "M{} {}h0", half(*x), half(*y));
        }
        let _ = writeln!(out, "<path stroke=\"{}\" d=\"{data}\"/>", hex(*colour));
    }
    out.push_str("</g>\n");
}

fn words(out: &mut String, run: &Run) {
    let (x, y) = (run.column * COLUMN, run.row * ROW + BASELINE);
    let long = run.letters.len() * run.each * COLUMN;
    let bold = if run.bold { " font-weight=\"bold\"" } else { "" };
    let _ = write!(
        out,
        "<text x=\"{x}\" y=\"{y}\" textLength=\"{long}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{}\"{bold}>{}</text>",
        hex(run.ink),
        escaped(&run.letters.concat())
    );
}

/// Text as XML holds it: what it has no place for is a blank.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

fn hex([r, g, b]: Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Half units in units.
fn half(v: i32) -> String {
    short(v as f32 / 2.0)
}

/// At most two digits behind the point, and none that say nothing.
fn short(v: f32) -> String {
    let text = format!("{v:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}
