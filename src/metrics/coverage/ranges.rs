//! How much of each dimension's range the data use.

use rayon::prelude::*;

use super::recorded::{Dimensions, Episode, Recorded, together};
use crate::ground::bootstrap::{self, Bootstrap};
use crate::ground::fault::Fault;
use crate::ground::task::{Cancelled, Ctx};
use crate::metrics::features;
use crate::metrics::report::{Cell, Level, Report, Table};
use crate::metrics::select::{self, Quantiles};

/// Bins along a dimension.
pub const BINS: usize = 40;
/// Quantiles in the tables.
const AT: [f64; 3] = [0.01, 0.5, 0.99];

/// Picks the states or the actions of an episode.
pub type Pick<'a> = fn(&Episode<'a>) -> &'a [f32];

/// What is known of one column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its quantiles.
    pub seen: Quantiles,
    /// Ends of the whole range: stated bounds, or what the reference spans.
    pub whole: Option<(f64, f64)>,
}

impl Column {
    /// The range that bins are laid over.
    pub fn ends(&self) -> (f64, f64) {
        self.whole.unwrap_or((self.seen.min, self.seen.max))
    }

    /// Never moves.
    pub fn is_constant(&self) -> bool {
        let largest = self.seen.min.abs().max(self.seen.max.abs());
        self.seen.n == 0 || self.seen.max - self.seen.min <= features::CONSTANT * largest
    }

    /// Share of the whole range between the extremes; NaN where there is no whole range.
    pub fn used(&self) -> f64 {
        self.whole.map_or(f64::NAN, |(lo, hi)| (self.seen.max.min(hi) - self.seen.min.max(lo)).max(0.0) / (hi - lo))
    }

    /// Smallest, 1 %, median, 99 %, largest, and the ends of the whole range: cells of a table.
    pub fn cells(&self) -> Vec<Cell> {
        let (q, whole) = (&self.seen, self.whole.unwrap_or((f64::NAN, f64::NAN)));
        [q.min, q.at[0], q.at[1], q.at[2], q.max, whole.0, whole.1].map(Cell::from).to_vec()
    }
}

/// Names of [`Column::cells`].
pub const CELLS: [&str; 7] = ["min", "1 %", "median", "99 %", "max", "low", "high"];

/// Every column of the rows that `pick` takes; a dimension without stated bounds has the range of `reference`, if there
/// is one.
pub fn columns<'a>(
    data: &Recorded<'a>,
    dims: &Dimensions,
    pick: Pick<'a>,
    reference: Option<&Recorded<'a>>,
    cx: &Ctx,
) -> Result<Vec<Column>, Cancelled> {
    let quantiles = |of: &Recorded<'a>, c: usize| {
        let part = |e: &Episode<'a>| pick(e).iter().skip(c).step_by(dims.len()).copied();
        select::quantiles(of.episodes.iter().map(part), &AT, cx)
    };
    let column = |c: usize| {
        cx.step(c as u64, dims.len() as u64)?;
        let seen = quantiles(data, c)?;
        let stated = dims.bounds.get(c).copied().flatten().map(|(lo, hi)| (f64::from(lo), f64::from(hi)));
        let whole = match (stated, reference) {
            (None, Some(other)) => {
                let theirs = quantiles(other, c)?;
                Some((theirs.min, theirs.max))
            }
            (stated, _) => stated,
        };
        Ok(Column { seen, whole: whole.filter(|(lo, hi)| hi > lo) })
    };
    (0..dims.len()).into_par_iter().map(column).collect()
}

/// Bins of [`BINS`] that each column of each episode visits, as bits: [episodes][D].
pub fn visited<'a>(
    data: &Recorded<'a>,
    pick: Pick<'a>,
    columns: &[Column],
    cx: &Ctx,
) -> Result<Vec<Vec<u64>>, Cancelled> {
    let scale: Vec<(f64, f64)> = columns
        .iter()
        .map(|c| {
            let (lo, hi) = c.ends();
            (lo, if hi > lo { BINS as f64 / (hi - lo) } else { 0.0 })
        })
        .collect();
    let episode = |e: &Episode<'a>| {
        cx.check()?;
        let mut bits = vec![0u64; columns.len()];
        for row in pick(e).chunks_exact(columns.len().max(1)) {
            for ((bits, &v), &(lo, scale)) in bits.iter_mut().zip(row).zip(&scale) {
                let at = (f64::from(v) - lo) * scale;
                // The upper end belongs to the last bin; what lies outside visits none.
                if at >= 0.0 && at <= BINS as f64 {
                    *bits |= 1 << (at as usize).min(BINS - 1);
                }
            }
        }
        Ok(bits)
    };
    data.episodes.par_iter().map(episode).collect()
}

/// Number of the bins of each column that any episode visits.
pub fn occupied(visited: &[Vec<u64>], c: usize) -> usize {
    visited.iter().fold(0, |all, bits| all | bits[c]).count_ones() as usize
}

/// Adds the table of dimensions and the share of bins used.
pub(super) fn tell<'a>(
    report: &mut Report,
    data: &Recorded<'a>,
    reference: Option<&Recorded<'a>>,
    b: &Bootstrap,
    cx: &Ctx,
) -> Result<(), Fault> {
    let names = &data.observation.names;
    if names.is_empty() || data.steps() == 0 {
        return Ok(());
    }
    let columns = columns(data, &data.observation, |e| e.states, reference, cx)?;
    let visited = visited(data, |e| e.states, &columns, cx)?;
    let moving: Vec<usize> = (0..names.len()).filter(|&c| !columns[c].is_constant()).collect();
    let row = |(c, name): (usize, &String)| {
        let mut row = vec![Cell::from(name.as_str())];
        row.extend(columns[c].cells());
        row.push((100.0 * columns[c].used()).into());
        row.push(if columns[c].is_constant() { 1 } else { occupied(&visited, c) }.into());
        row.push(if columns[c].is_constant() { "constant" } else { "" }.into());
        row
    };
    let mut heads = vec!["dimension"];
    heads.extend(CELLS);
    heads.extend(["range used (%)", "bins of 40", ""]);
    report.tables.push(Table {
        key: "dimensions".into(),
        label: "Range of each dimension".into(),
        columns: heads.into_iter().map(String::from).collect(),
        rows: names.iter().enumerate().map(row).collect(),
    });
    let per_episode = |bits: &Vec<u64>| {
        let cells =
            |&c: &usize| (0..BINS).filter(move |bin| bits[c] >> bin & 1 == 1).map(move |bin| (c * BINS + bin) as u64);
        moving.iter().flat_map(cells).collect()
    };
    let cells = together(visited.iter().map(per_episode).collect());
    let all = (moving.len() * BINS) as f64;
    let left_out = if b.draws > 0 { cells.left_out() } else { vec![] };
    let share = cells.occupied() as f64 / all;
    let interval = bootstrap::jackknife(left_out.iter().map(|t| t.occupied / all), share, (0.0, 1.0));
    let stated = columns.iter().filter(|c| c.whole.is_some()).count();
    let definition = format!(
        "Share of {BINS} bins a dimension with any state, mean over the {} dimensions that move; bins \
            span the stated bounds or the reference's range ({stated} dimensions), else what the data \
            themselves span; interval: 95 % jackknife over episodes.",
        moving.len()
    );
    report
        .stat("range_used", "range used", share, "", &definition)
        .of(data.episodes.len(), "episodes")
        .within(interval);
    if moving.len() < names.len() {
        let still: Vec<&str> =
            (0..names.len()).filter(|c| !moving.contains(c)).map(|c| names[c].as_str()).take(10).collect();
        report.note(
            Level::Info,
            format!("{} of {} dimensions never move: {}.", names.len() - moving.len(), names.len(), still.join(", ")),
        );
    }
    Ok(())
}
