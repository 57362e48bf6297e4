//! Holes of the map: boxes with (nearly) no data, first those that the rollouts visit most.

use super::axes::Map;
use super::parts::short;
use crate::metrics::States;
use crate::metrics::density::Density;
use crate::metrics::report::{Level, Report, Table};

/// A box of cells, ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hole {
    /// First and last column.
    pub x: (usize, usize),
    /// First and last row.
    pub y: (usize, usize),
}

/// Boxes in the table.
const HOLES: usize = 5;
/// Boxes that are tried; some are not worth a line.
const TRIES: usize = 50;
/// A cell with less than this share of the mean count of occupied cells is nearly empty.
const NEARLY: f64 = 0.05;
/// A box that fewer of the rollout states visit is not worth a line.
const WORTH: f64 = 0.005;
/// Empty boxes of fewer cells are gaps between samples, not holes.
const CELLS: usize = 4;

impl Hole {
    fn cells(self, width: usize) -> impl Iterator<Item = usize> {
        (self.y.0..=self.y.1).flat_map(move |y| (self.x.0..=self.x.1).map(move |x| y * width + x))
    }

    fn sum(self, width: usize, counts: &[u64]) -> u64 {
        self.cells(width).map(|c| counts[c]).sum()
    }
}

/// Boxes of nearly empty cells that `visits` falls into, most visited first.
pub fn visited(density: &Density, visits: &[u64]) -> Vec<Hole> {
    let (w, h) = (density.width(), density.height());
    let limit = NEARLY * density.total() as f64 / density.occupied().max(1) as f64;
    let mut open: Vec<bool> = density.counts.iter().map(|&c| (c as f64) <= limit).collect();
    let worth = WORTH * visits.iter().sum::<u64>() as f64;
    let mut holes = Vec::new();
    for _ in 0..TRIES {
        let hottest =
            (0..visits.len()).filter(|&c| open[c] && visits[c] > 0).max_by_key(|&c| (visits[c], usize::MAX - c));
        let Some(start) = hottest else { break };
        let hole = grow(Hole { x: (start % w, start % w), y: (start / w, start / w) }, &open, visits, (w, h));
        hole.cells(w).for_each(|c| open[c] = false);
        if hole.sum(w, visits) as f64 >= worth {
            holes.push(hole);
        }
    }
    holes.sort_by_key(|hole| std::cmp::Reverse(hole.sum(w, visits)));
    holes.truncate(HOLES);
    holes
}

/// Grows a box over whole strips of open cells, most visited first and else the one that keeps it square, until none is
/// left; then trims it to the cells that are visited.
fn grow(mut hole: Hole, open: &[bool], visits: &[u64], (w, h): (usize, usize)) -> Hole {
    let thickness = |s: &Hole| (s.x.1 - s.x.0 + 1).max(s.y.1 - s.y.0 + 1);
    while let Some(strip) = strips(hole, w, h)
        .into_iter()
        .filter(|s| s.cells(w).all(|c| open[c]))
        .max_by_key(|s| (s.sum(w, visits), thickness(s)))
    {
        hole = Hole {
            x: (hole.x.0.min(strip.x.0), hole.x.1.max(strip.x.1)),
            y: (hole.y.0.min(strip.y.0), hole.y.1.max(strip.y.1)),
        };
    }
    let seen: Vec<usize> = hole.cells(w).filter(|&c| visits[c] > 0).collect();
    let ends = |of: fn(usize, usize) -> usize| {
        seen.iter().map(|&c| of(c, w)).fold((usize::MAX, 0), |e, v| (e.0.min(v), e.1.max(v)))
    };
    Hole { x: ends(|c, w| c % w), y: ends(|c, w| c / w) }
}

/// The strips of cells along the four sides of a box.
fn strips(hole: Hole, w: usize, h: usize) -> Vec<Hole> {
    let mut out = Vec::with_capacity(4);
    if hole.x.0 > 0 {
        out.push(Hole { x: (hole.x.0 - 1, hole.x.0 - 1), y: hole.y });
    }
    if hole.x.1 + 1 < w {
        out.push(Hole { x: (hole.x.1 + 1, hole.x.1 + 1), y: hole.y });
    }
    if hole.y.0 > 0 {
        out.push(Hole { x: hole.x, y: (hole.y.0 - 1, hole.y.0 - 1) });
    }
    if hole.y.1 + 1 < h {
        out.push(Hole { x: hole.x, y: (hole.y.1 + 1, hole.y.1 + 1) });
    }
    out
}

/// The largest boxes without any data, largest first; they do not overlap.
pub fn empty(density: &Density) -> Vec<Hole> {
    let w = density.width();
    let mut open: Vec<bool> = density.counts.iter().map(|&c| c == 0).collect();
    let mut holes = Vec::new();
    while holes.len() < HOLES {
        let Some(hole) = largest(&open, w).filter(|h| h.cells(w).count() >= CELLS) else { break };
        hole.cells(w).for_each(|c| open[c] = false);
        holes.push(hole);
    }
    holes
}

/// The largest box of open cells: for each row as its lower side, the heights of the open columns above are swept.
fn largest(open: &[bool], w: usize) -> Option<Hole> {
    let mut best: Option<(usize, Hole)> = None;
    let mut height = vec![0usize; w];
    for (y, row) in open.chunks_exact(w).enumerate() {
        for (tall, &free) in height.iter_mut().zip(row) {
            *tall = if free { *tall + 1 } else { 0 };
        }
        for x0 in 0..w {
            let mut low = usize::MAX;
            for (x1, &tall) in height.iter().enumerate().skip(x0) {
                low = low.min(tall);
                if low == 0 {
                    break;
                }
                let area = low * (x1 - x0 + 1);
                if best.is_none_or(|b| area > b.0) {
                    best = Some((area, Hole { x: (x0, x1), y: (y + 1 - low, y) }));
                }
            }
        }
    }
    best.map(|b| b.1)
}

/// Adds the table of holes, and a sentence about the first.
pub fn table(report: &mut Report, map: &Map, rollouts: Option<States<'_>>) {
    let d = &map.density;
    let visits = rollouts.map(|r| {
        let mut v = Density { counts: vec![0; d.counts.len()], ..d.clone() };
        let (x, y) = map.columns(r.rows);
        v.count(&x, &y);
        (v.counts, r.len())
    });
    let found = visits.as_ref().map(|(v, _)| visited(d, v)).unwrap_or_default();
    let by_visits = !found.is_empty();
    let holes = if by_visits { found } else { empty(d) };
    let percent = |part: u64, all: usize| 100.0 * part as f64 / all.max(1) as f64;
    let mut rows = Vec::new();
    for (i, hole) in holes.iter().enumerate() {
        let w = d.width();
        let place = words(map, *hole);
        let data = percent(hole.sum(w, &d.counts), d.total() as usize);
        let rollout = visits.as_ref().map_or(f64::NAN, |(v, n)| percent(hole.sum(w, v), *n));
        if i == 0 && by_visits {
            let text = format!(
                "Largest hole that the policy visits: {place}: {data:.2} % of data, {rollout:.1} % of rollout states."
            );
            report.note(if rollout >= 10.0 { Level::Alarm } else { Level::Warn }, text);
        }
        rows.push(vec![place.into(), data.into(), rollout.into(), hole.cells(w).count().into()]);
    }
    let label =
        if by_visits { "Holes that the rollouts visit" } else { "Largest boxes without data (reachable or not)" };
    let columns = ["where", "share of data (%)", "share of rollout states (%)", "cells"].map(String::from).to_vec();
    report.tables.push(Table { key: "holes".into(), label: label.into(), columns, rows });
}

/// "cos θ ∈ [-1.00, -0.50], θ̇ ∈ [2.00, 4.00]".
fn words(map: &Map, hole: Hole) -> String {
    let d = &map.density;
    let ends = |edges: &[f64], (a, b): (usize, usize)| format!("[{}, {}]", short(edges[a]), short(edges[b + 1]));
    format!("{} ∈ {}, {} ∈ {}", map.names.0, ends(&d.x_edges, hole.x), map.names.1, ends(&d.y_edges, hole.y))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(rows: &[&str]) -> Density {
        let n = rows.len();
        let mut d = Density::new((0.0, n as f64), (0.0, n as f64), n);
        d.counts = rows.iter().flat_map(|r| r.bytes().map(|b| if b == b'#' { 10 } else { 0 })).collect();
        d
    }

    #[test]
    fn the_largest_empty_box_comes_first_and_boxes_do_not_overlap() {
        let d = grid(&["######", "#...##", "#...##", "######", "##..##", "##..##"]);
        let holes = empty(&d);
        assert_eq!(holes, [Hole { x: (1, 3), y: (1, 2) }, Hole { x: (2, 3), y: (4, 5) }]);
    }

    #[test]
    fn a_visited_hole_grows_over_visited_empty_cells_only() {
        let d = grid(&["####", "#...", "#...", "####"]);
        let mut visits = vec![0; 16];
        for c in [5, 6, 9, 10] {
            visits[c] = 5;
        }
        visits[0] = 100;
        assert_eq!(visited(&d, &visits), [Hole { x: (1, 2), y: (1, 2) }]);
        assert!(visited(&d, &[0; 16]).is_empty(), "nobody was anywhere");
    }

    #[test]
    fn a_full_map_has_no_hole() {
        assert!(empty(&grid(&["##", "##"])).is_empty());
    }
}
