//! Any part of a map of many points, counted in a moment: from a table of sums over a fine grid, and where a cell is
//! wanted smaller than the grid's, from the points themselves, which lie sorted by cell.

use rayon::prelude::*;

use super::axis::Axis;
use super::{Density, Range, edges};

/// Cells of the fine grid along each axis.
const FINE: usize = 2048;
/// So few points are counted anew for every view (below a millisecond) and need no table.
const FEW: usize = 200_000;
/// A view smaller than the grid's cells that holds more points is shown in the grid's cells: it must be there at once.
const DEEP: usize = 150_000;
/// Points whose cells are found by one task.
const BLOCK: usize = 16_384;

/// Points (x, y) prepared for views.
#[derive(Clone, PartialEq)]
pub struct Zoom {
    x_edges: Vec<f64>,
    y_edges: Vec<f64>,
    /// [FINE + 1, FINE + 1]; entry (j, i) counts the points in the first j rows and i columns of cells. Empty with few
    /// points.
    table: Vec<u32>,
    /// Sorted by cell, row by row, where there is a table.
    x: Vec<f32>,
    y: Vec<f32>,
}

/// A span of the fine grid's cells, the end excluded, and how many make one cell of a view.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: usize,
    end: usize,
    step: usize,
}

impl Zoom {
    /// Prepares the points (x, y), both [N], within two ranges; others are never seen.
    pub fn new(x: &[f32], y: &[f32], (x_range, y_range): (Range, Range)) -> Self {
        if x.len() <= FEW {
            let ends = |r: Range| vec![r.0, r.1];
            return Self {
                x_edges: ends(x_range),
                y_edges: ends(y_range),
                table: vec![],
                x: x.to_vec(),
                y: y.to_vec(),
            };
        }
        let (x_edges, y_edges) = (edges(x_range, FINE), edges(y_range, FINE));
        let cells = cells(x, y, &Axis::new(&x_edges), &Axis::new(&y_edges));
        let mut counts = vec![0u32; FINE * FINE + 1];
        for &c in &cells {
            counts[c as usize] += 1;
        }
        let table = table(&counts);
        let mut next = 0;
        for slot in &mut counts {
            (*slot, next) = (next, next + *slot);
        }
        let inside = counts[FINE * FINE] as usize;
        let mut sorted = vec![[0f32; 2]; x.len()];
        for ((&c, &x), &y) in cells.iter().zip(x).zip(y) {
            let slot = &mut counts[c as usize];
            sorted[*slot as usize] = [x, y];
            *slot += 1;
        }
        sorted.truncate(inside);
        let (x, y) = (sorted.iter().map(|p| p[0]).collect(), sorted.iter().map(|p| p[1]).collect());
        Self { x_edges, y_edges, table, x, y }
    }

    /// The whole range of both axes.
    pub fn ranges(&self) -> (Range, Range) {
        let ends = |e: &[f64]| (e[0], e[e.len() - 1]);
        (ends(&self.x_edges), ends(&self.y_edges))
    }

    /// Number of points that are kept.
    pub fn len(&self) -> usize {
        self.x.len()
    }

    /// True where there are none.
    pub fn is_empty(&self) -> bool {
        self.x.is_empty()
    }

    /// Counts over about `x_range` × `y_range` in at most about `width` × `height` cells. Ranges are cut to the whole
    /// map's; where cells come from the fine grid their edges are the nearest of the grid. The counts are exact for
    /// the edges that the answer has; a point on an inner edge belongs to the cell beyond, also at the end of a view.
    pub fn view(&self, (x_range, y_range): (Range, Range), width: usize, height: usize) -> Density {
        let (width, height) = (width.max(1), height.max(1));
        let whole = self.ranges();
        let (x_range, y_range) = (within(x_range, whole.0), within(y_range, whole.1));
        let ranges = (x_range, y_range);
        if self.table.is_empty() {
            return self.anew(ranges, (width, height), std::iter::once(0..self.len()));
        }
        let (columns, rows) = (span(&self.x_edges, x_range, width), span(&self.y_edges, y_range, height));
        let coarse = columns.end - columns.start >= width && rows.end - rows.start >= height;
        if coarse || self.sum(columns.start, columns.end, rows.start, rows.end) as usize > DEEP {
            return self.coarse(nearest(&self.x_edges, x_range, width), nearest(&self.y_edges, y_range, height));
        }
        let of_row = |row| self.first(row, columns.start)..self.first(row, columns.end);
        self.anew(ranges, (width, height), (rows.start..rows.end).map(of_row))
    }

    /// Counts the points at some positions in cells of any size. As in the fine grid, a point on the upper edge belongs to
    /// the cell beyond, except at the end of the whole map.
    fn anew(
        &self,
        (x_range, y_range): (Range, Range),
        (width, height): (usize, usize),
        at: impl Iterator<Item = std::ops::Range<usize>>,
    ) -> Density {
        let whole = self.ranges();
        let below = |v: f32, range: Range, whole: Range| f64::from(v) < range.1 || range.1 >= whole.1;
        let inside = |(x, y): &(f32, f32)| below(*x, x_range, whole.0) && below(*y, y_range, whole.1);
        let points = |at: std::ops::Range<usize>| self.x[at.clone()].iter().copied().zip(self.y[at].iter().copied());
        let (x, y): (Vec<f32>, Vec<f32>) = at.flat_map(points).filter(inside).unzip();
        let counts = vec![0; width * height];
        let mut view = Density { x_edges: edges(x_range, width), y_edges: edges(y_range, height), counts };
        view.count(&x, &y);
        view
    }

    /// A view whose cells are whole cells of the fine grid.
    fn coarse(&self, columns: Span, rows: Span) -> Density {
        let (x, y) = (columns.cuts(), rows.cuts());
        let mut counts = Vec::with_capacity((x.len() - 1) * (y.len() - 1));
        for j in y.windows(2) {
            counts.extend(x.windows(2).map(|i| u64::from(self.sum(i[0], i[1], j[0], j[1]))));
        }
        let pick = |edges: &[f64], cuts: &[usize]| cuts.iter().map(|&c| edges[c]).collect();
        Density { x_edges: pick(&self.x_edges, &x), y_edges: pick(&self.y_edges, &y), counts }
    }

    /// Points in columns `i0..i1` and rows `j0..j1` of the fine grid.
    fn sum(&self, i0: usize, i1: usize, j0: usize, j1: usize) -> u32 {
        let at = |j: usize, i: usize| self.table[j * (FINE + 1) + i];
        (at(j1, i1) - at(j0, i1)) - (at(j1, i0) - at(j0, i0))
    }

    /// Position of the first point of cell (row, column), or of what follows the row.
    fn first(&self, row: usize, column: usize) -> usize {
        (self.sum(0, FINE, 0, row) + self.sum(0, column, row, row + 1)) as usize
    }
}

impl std::fmt::Debug for Zoom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Zoom {{ {} points over {:?} }}", self.len(), self.ranges())
    }
}

impl Span {
    /// The fine edges that are edges of the view, both ends included.
    fn cuts(self) -> Vec<usize> {
        (self.start..self.end).step_by(self.step).chain([self.end]).collect()
    }
}

/// The part of `range` that is in `whole`; all of it where nothing is left.
fn within(range: Range, whole: Range) -> Range {
    let cut = (range.0.max(whole.0), range.1.min(whole.1));
    if cut.0 < cut.1 { cut } else { whole }
}

/// The fine cells that cover `range`, in at most about `cells` steps.
fn span(edges: &[f64], range: Range, cells: usize) -> Span {
    let start = edges.partition_point(|e| *e <= range.0).saturating_sub(1).min(FINE - 1);
    let end = edges.partition_point(|e| *e < range.1).clamp(start + 1, FINE);
    Span { start, end, step: (end - start).div_ceil(cells).max(1) }
}

/// The fine cells from the edge nearest to the lower end of `range`, as many as its length is nearest to: a range that is
/// moved keeps its length.
fn nearest(edges: &[f64], range: Range, cells: usize) -> Span {
    let per_unit = FINE as f64 / (edges[FINE] - edges[0]);
    let length = (((range.1 - range.0) * per_unit).round() as usize).clamp(1, FINE);
    let start = (((range.0 - edges[0]) * per_unit).round().max(0.0) as usize).min(FINE - length);
    Span { start, end: start + length, step: length.div_ceil(cells).max(1) }
}

/// The cell of every point, FINE² for one outside.
fn cells(x: &[f32], y: &[f32], columns: &Axis<'_>, rows: &Axis<'_>) -> Vec<u32> {
    let mut out = vec![0u32; x.len()];
    out.par_chunks_mut(BLOCK).zip(x.par_chunks(BLOCK)).zip(y.par_chunks(BLOCK)).for_each(|((out, x), y)| {
        let mut row = vec![0u32; y.len()];
        columns.indices(x, out);
        rows.indices(y, &mut row);
        let (fine, outside) = (FINE as u32, (FINE * FINE) as u32);
        for (c, &j) in out.iter_mut().zip(&row) {
            *c = if *c < fine && j < fine { j * fine + *c } else { outside };
        }
    });
    out
}

/// Sums over all cells below and left of every corner.
fn table(counts: &[u32]) -> Vec<u32> {
    let stride = FINE + 1;
    let mut table = vec![0u32; stride * stride];
    for (j, row) in counts.chunks_exact(FINE).enumerate() {
        let (below, this) = table.split_at_mut((j + 1) * stride);
        let below = &below[j * stride..];
        let mut sum = 0;
        for (i, &count) in row.iter().enumerate() {
            sum += count;
            this[i + 1] = below[i + 1] + sum;
        }
    }
    table
}
