//! [`Scene`]: what is to be drawn, whatever draws it.

use std::collections::BTreeMap;

use super::cells::{Cell, Cells, Rgb};
use super::strokes::{self, HIGH, Rect, Shape, WIDE};

/// Width of a cell in units; the scene's own steps are halves of them.
pub const COLUMN: usize = WIDE as usize / 2;
/// Height of a cell in units.
pub const ROW: usize = HIGH as usize / 2;
/// Units from the top of a row to the line that letters stand on.
pub const BASELINE: usize = 18;
/// Half the width of a dot, in units.
pub const DOT: f32 = 1.75;

/// Things of one kind by their colour.
pub type ByColour<T> = BTreeMap<Rgb, Vec<T>>;

/// Letters of one look side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Column of the first.
    pub column: usize,
    /// Row.
    pub row: usize,
    /// Columns that each takes.
    pub each: usize,
    /// Each with its combining ones; blanks only inside.
    pub letters: Vec<String>,
    /// Colour.
    pub ink: Rgb,
    /// In bold.
    pub bold: bool,
}

/// A screen as shapes and letters. Lengths of shapes are half units; shapes of different kinds do not overlap, but for the
/// grounds, which lie below.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scene {
    /// Columns and rows.
    pub size: (usize, usize),
    /// Behind everything.
    pub paper: Rgb,
    /// Grounds that are not the paper's.
    pub grounds: ByColour<Rect>,
    /// Blocks and shades.
    pub blocks: ByColour<Rect>,
    /// Straight lines.
    pub lines: ByColour<Rect>,
    /// Outlines of bent lines.
    pub bends: ByColour<Vec<(f32, f32)>>,
    /// Centres of dots.
    pub dots: ByColour<(i32, i32)>,
    /// Words, row by row.
    pub runs: Vec<Run>,
}

impl Scene {
    /// The scene of a screen.
    pub fn of(cells: &Cells) -> Self {
        let mut scene = Self { size: (cells.width, cells.height()), paper: cells.ground, ..Self::default() };
        for (y, row) in cells.rows().enumerate() {
            for (x, cell) in row.iter().enumerate() {
                scene.ground(cell, x, y);
                scene.shape(cell, x, y);
            }
            scene.words(row, y);
        }
        for rects in [&mut scene.grounds, &mut scene.blocks, &mut scene.lines] {
            rects.values_mut().for_each(merge);
        }
        scene
    }

    /// Width and height in units.
    pub fn units(&self) -> (usize, usize) {
        (self.size.0 * COLUMN, self.size.1 * ROW)
    }

    fn ground(&mut self, cell: &Cell, x: usize, y: usize) {
        if cell.ground != self.paper {
            self.grounds.entry(cell.ground).or_default().push(whole(x, y));
        }
    }

    fn shape(&mut self, cell: &Cell, x: usize, y: usize) {
        let Rect { x: left, y: top, .. } = whole(x, y);
        let moved = |r: Rect| Rect { x: r.x + left, y: r.y + top, ..r };
        if cell.underlined && cell.columns > 0 {
            let line = Rect { x: left, y: top + HIGH - 6, w: WIDE * cell.columns as i32, h: 3 };
            self.lines.entry(cell.ink).or_default().push(line);
        }
        match drawn(cell) {
            None => {}
            Some(Shape::Blocks(rects)) => {
                self.blocks.entry(cell.ink).or_default().extend(rects.into_iter().map(moved));
            }
            Some(Shape::Shade(quarters)) => {
                self.blocks.entry(mixed(cell.ground, cell.ink, quarters)).or_default().push(whole(x, y));
            }
            Some(Shape::Lines(straight, bent)) => {
                self.lines.entry(cell.ink).or_default().extend(straight.into_iter().map(moved));
                let along = |p: &(f32, f32)| (p.0 + left as f32, p.1 + top as f32);
                let bent = bent.iter().map(|points| points.iter().map(along).collect());
                self.bends.entry(cell.ink).or_default().extend(bent);
            }
            Some(Shape::Dots(centres)) => {
                let centres = centres.into_iter().map(|(dx, dy)| (left + dx, top + dy));
                self.dots.entry(cell.ink).or_default().extend(centres);
            }
        }
    }

    /// Cuts a row into runs: at shapes, at two blanks, where the look changes, and around signs, which other fonts give
    /// other widths.
    fn words(&mut self, row: &[Cell], y: usize) {
        let mut open: Option<Run> = None;
        let mut blanks = 0;
        for (x, cell) in row.iter().enumerate().filter(|(_, cell)| cell.columns > 0) {
            if cell.is_blank() {
                blanks += 1;
                continue;
            }
            let goes_on = open.as_ref().is_some_and(|run| {
                blanks <= 1 && run.ink == cell.ink && run.bold == cell.bold && run.each == 1 && cell.columns == 1
            });
            if drawn(cell).is_some() || is_sign(cell) || !goes_on {
                self.runs.extend(open.take());
            }
            let gap = std::mem::take(&mut blanks);
            if drawn(cell).is_some() {
                continue;
            }
            let run = open.get_or_insert_with(|| Run {
                column: x,
                row: y,
                each: cell.columns,
                letters: Vec::new(),
                ink: cell.ink,
                bold: cell.bold,
            });
            if !run.letters.is_empty() {
                run.letters.extend(std::iter::repeat_n(" ".to_string(), gap));
            }
            run.letters.push(cell.symbol.clone());
            if is_sign(cell) {
                self.runs.extend(open.take());
            }
        }
        self.runs.extend(open);
    }
}

fn whole(x: usize, y: usize) -> Rect {
    Rect { x: x as i32 * WIDE, y: y as i32 * HIGH, w: WIDE, h: HIGH }
}

/// The shape of what a cell shows; none of letters, signs and blanks.
fn drawn(cell: &Cell) -> Option<Shape> {
    cell.symbol.chars().next().and_then(strokes::shape)
}

/// Arrows, triangles, ticks: fonts without them borrow them from others.
fn is_sign(cell: &Cell) -> bool {
    cell.symbol.chars().next().is_some_and(|c| ('\u{2190}'..'\u{2e80}').contains(&c))
}

/// `ground` with so many quarters of `ink`.
fn mixed(ground: Rgb, ink: Rgb, quarters: u8) -> Rgb {
    let part = |i: usize| {
        let (a, b, q) = (u16::from(ground[i]), u16::from(ink[i]), u16::from(quarters));
        ((a * (4 - q) + b * q + 2) / 4) as u8
    };
    [part(0), part(1), part(2)]
}

/// Joins rectangles that make up a larger one: first side by side, then one below the other.
fn merge(rects: &mut Vec<Rect>) {
    beside(rects);
    rects.iter_mut().for_each(turn);
    beside(rects);
    rects.iter_mut().for_each(turn);
    rects.sort_by_key(|r| (r.y, r.x));
}

/// Joins rectangles of one height that stand side by side.
fn beside(rects: &mut Vec<Rect>) {
    rects.sort_by_key(|r| (r.y, r.h, r.x));
    rects.dedup_by(|next, r| {
        let joins = (r.y, r.h) == (next.y, next.h) && next.x <= r.x + r.w;
        if joins {
            r.w = r.w.max(next.x + next.w - r.x);
        }
        joins
    });
}

/// Across becomes down.
fn turn(r: &mut Rect) {
    *r = Rect { x: r.y, y: r.x, w: r.h, h: r.w };
}
