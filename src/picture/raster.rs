//! A [`Scene`] as pixels, one to a unit, in a PNG file.

use super::canvas::{Canvas, Point};
use super::cells::Rgb;
use super::font::Font;
use super::scene::{BASELINE, COLUMN, DOT, ROW, Run, Scene};
use super::strokes::Rect;
use super::{pen, png};

/// The file, and the characters that the program's font does not have: a box stands for each.
///
/// # Errors
/// A sentence where it cannot be packed.
pub fn png(scene: &Scene) -> Result<(Vec<u8>, Vec<char>), String> {
    let mut canvas = Canvas::new(scene.units(), scene.paper);
    for (colour, rects) in scene.grounds.iter().chain(&scene.blocks).chain(&scene.lines) {
        for rect in rects {
            canvas.fill(&[corners(rect)], *colour);
        }
    }
    for (colour, bends) in &scene.bends {
        for points in bends {
            canvas.fill(&[points.iter().map(|(x, y)| (x / 2.0, y / 2.0)).collect()], *colour);
        }
    }
    for (colour, centres) in &scene.dots {
        for centre in centres {
            pen::disc(&mut canvas, (centre.0 as f32 / 2.0, centre.1 as f32 / 2.0), DOT, *colour);
        }
    }
    let missing = letters(&mut canvas, &scene.runs);
    Ok((png::encode(canvas.width, &canvas.pixels)?, missing))
}

/// Draws all words; answers the characters that there are no outlines of.
fn letters(canvas: &mut Canvas, runs: &[Run]) -> Vec<char> {
    let font = Font::own();
    let mut missing = Vec::new();
    for run in runs {
        let wide = (run.each * COLUMN) as f32;
        let base = (run.row * ROW + BASELINE) as f32;
        for (i, letter) in run.letters.iter().enumerate() {
            let left = (run.column * COLUMN) as f32 + wide * i as f32;
            for c in letter.chars().filter(|c| !c.is_whitespace()) {
                let outlines = font.outlines(c, run.bold, wide).unwrap_or_else(|| {
                    missing.push(c);
                    unknown(wide)
                });
                draw(canvas, &outlines, (left, base), run.ink);
            }
        }
    }
    missing.sort_unstable();
    missing.dedup();
    missing
}

fn draw(canvas: &mut Canvas, outlines: &[Vec<Point>], (left, base): Point, ink: Rgb) {
    let moved = |outline: &Vec<Point>| outline.iter().map(|(x, y)| (x + left, y + base)).collect();
    canvas.fill(&outlines.iter().map(moved).collect::<Vec<_>>(), ink);
}

/// A box: there is something, and what it is cannot be shown.
fn unknown(wide: f32) -> Vec<Vec<Point>> {
    let frame =
        |by: f32| vec![(1.0 + by, -14.0 + by), (wide - 1.0 - by, -14.0 + by), (wide - 1.0 - by, -by), (1.0 + by, -by)];
    let inner: Vec<Point> = frame(1.0).into_iter().rev().collect();
    vec![frame(0.0), inner]
}

fn corners(r: &Rect) -> Vec<Point> {
    let [left, top, right, low] = [r.x, r.y, r.x + r.w, r.y + r.h].map(|v| v as f32 / 2.0);
    vec![(left, top), (right, top), (right, low), (left, low)]
}
