//! Boxes of cells of a grid with (nearly) no data.

/// A box of cells, ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hole {
    /// First and last column.
    pub x: (usize, usize),
    /// First and last row.
    pub y: (usize, usize),
}

/// Boxes of one grid.
const HOLES: usize = 5;
/// Boxes that are tried; some are not worth a line.
const TRIES: usize = 50;
/// A cell with less than this share of the mean count of occupied cells is nearly empty.
const NEARLY: f64 = 0.05;
/// A box that fewer of the rollout states visit is not worth a line.
const WORTH: f64 = 0.005;

impl Hole {
    /// Its cells in a grid of that many columns.
    pub fn cells(self, width: usize) -> impl Iterator<Item = usize> {
        (self.y.0..=self.y.1).flat_map(move |y| (self.x.0..=self.x.1).map(move |x| y * width + x))
    }

    /// Counts within it.
    pub fn sum(self, width: usize, counts: &[u64]) -> u64 {
        self.cells(width).map(|c| counts[c]).sum()
    }
}

/// Boxes of nearly empty cells of `counts` that `visits` falls into, most visited first; both are grids of `w` columns.
pub fn visited(counts: &[u64], visits: &[u64], w: usize) -> Vec<Hole> {
    let h = counts.len() / w.max(1);
    let occupied = counts.iter().filter(|&&c| c > 0).count().max(1);
    let limit = NEARLY * counts.iter().sum::<u64>() as f64 / occupied as f64;
    let mut open: Vec<bool> = counts.iter().map(|&c| (c as f64) <= limit).collect();
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

/// The largest box of open cells of a grid of `w` columns: for each row as its upper side, the heights of the open columns
/// below are swept.
pub fn largest(open: &[bool], w: usize) -> Option<Hole> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(rows: &[&str]) -> Vec<u64> {
        rows.iter().flat_map(|r| r.bytes().map(|b| if b == b'#' { 10 } else { 0 })).collect()
    }

    #[test]
    fn the_largest_open_box_is_found() {
        let open: Vec<bool> =
            grid(&["######", "#...##", "#...##", "######", "##..##", "##..##"]).iter().map(|&c| c == 0).collect();
        assert_eq!(largest(&open, 6), Some(Hole { x: (1, 3), y: (1, 2) }));
        assert_eq!(largest(&[false; 4], 2), None);
    }

    #[test]
    fn a_visited_hole_grows_over_visited_empty_cells_only() {
        let d = grid(&["####", "#...", "#...", "####"]);
        let mut visits = vec![0; 16];
        for c in [5, 6, 9, 10] {
            visits[c] = 5;
        }
        visits[0] = 100;
        assert_eq!(visited(&d, &visits, 4), [Hole { x: (1, 2), y: (1, 2) }]);
        assert!(visited(&d, &[0; 16], 4).is_empty(), "nobody was anywhere");
    }
}
