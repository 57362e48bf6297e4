//! Legends beside or below the data, never over it.

use super::canvas::{Canvas, Failure, Side};
use super::palette::{INK, Style};
use super::text::{self, LINE};

/// Length of a line's key in units of the font.
const KEY: f64 = 2.8;
/// Free room after an entry, in units of the font.
const GAP: f64 = 1.4;
/// Lines that one entry may have.
const LINES: usize = 3;

/// A name and the style it stands for.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The name.
    pub label: String,
    /// The style.
    pub style: Style,
}

/// Where the entries go, from the upper left corner of the legend.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layout {
    cells: Vec<Cell>,
    /// Width of the whole.
    pub w: f64,
    /// Height of the whole.
    pub h: f64,
}

#[derive(Debug, Clone, PartialEq)]
struct Cell {
    x: f64,
    y: f64,
    style: Style,
    lines: Vec<String>,
}

/// The legend right of data of this height, if it is narrow and low enough for the whole width of the figure.
pub fn right(entries: &[Entry], width: f64, height: f64, font: f64) -> Option<Layout> {
    let layout = grid(entries, 1, width * 0.34, font);
    let whole = layout.cells.iter().zip(entries).all(|(c, e)| c.lines.concat().replace(' ', "") == squeezed(&e.label));
    (whole && !entries.is_empty() && layout.h <= height).then_some(layout)
}

/// The legend below data of this width, in as many columns as fit.
pub fn below(entries: &[Entry], width: f64, font: f64) -> Layout {
    let most = entries.len().clamp(1, 6);
    let fitting = (2..=most).rev().map(|columns| grid(entries, columns, width, font)).find(|l| l.w <= width);
    // Rows of the same length look better than a full one and a rest.
    let even = fitting.as_ref().map(|l| {
        let columns = l.cells.iter().filter(|c| c.y == 0.0).count();
        entries.len().div_ceil(entries.len().div_ceil(columns.max(1)))
    });
    match even {
        Some(columns) if columns > 1 => Some(grid(entries, columns, width, font)).filter(|l| l.w <= width).or(fitting),
        _ => fitting,
    }
    .unwrap_or_else(|| grid(entries, 1, width, font))
}

fn squeezed(label: &str) -> String {
    label.split_whitespace().collect()
}

fn grid(entries: &[Entry], columns: usize, width: f64, font: f64) -> Layout {
    let key = (KEY + 0.6) * font;
    // In one column long names are broken; in several they are as wide as they are.
    let most = if columns == 1 { width - key } else { f64::INFINITY };
    let lines: Vec<Vec<String>> = entries.iter().map(|e| text::wrap(&e.label, font, most, LINES)).collect();
    let widths: Vec<f64> = (0..columns)
        .map(|c| key + lines.iter().skip(c).step_by(columns).map(|l| text::longest(l, font)).fold(0.0, f64::max))
        .collect();
    let (mut cells, mut y) = (Vec::new(), 0.0);
    for row in entries.iter().zip(&lines).collect::<Vec<_>>().chunks(columns) {
        let mut x = 0.0;
        for ((entry, lines), w) in row.iter().zip(&widths) {
            cells.push(Cell { x, y, style: entry.style, lines: (*lines).clone() });
            x += w + GAP * font;
        }
        y += row.iter().map(|(_, l)| l.len()).max().unwrap_or(1).max(1) as f64 * font * LINE + font * 0.15;
    }
    let w = widths.iter().sum::<f64>() + (columns - 1) as f64 * GAP * font;
    Layout { cells, w, h: y }
}

/// Draws a legend whose upper left corner is at `at`.
pub fn draw(canvas: &Canvas, layout: &Layout, at: (f64, f64)) -> Result<(), Failure> {
    let font = canvas.font;
    for cell in &layout.cells {
        let (x, y) = (at.0 + cell.x, at.1 + cell.y + font * LINE / 2.0);
        if cell.style.width > 0.0 {
            canvas.line(&[(x, y), (x + KEY * font, y)], &cell.style)?;
        }
        if let Some(marker) = cell.style.marker {
            canvas.marker((x + KEY * font / 2.0, y), marker, 2.2, cell.style.colour)?;
        }
        for (i, line) in cell.lines.iter().enumerate() {
            let at = (x + (KEY + 0.6) * font, y + i as f64 * font * LINE);
            canvas.text(at, line, Side::Start, INK)?;
        }
    }
    Ok(())
}
