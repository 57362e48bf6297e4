//! Cells that the training states occupy: on the map's two axes, and along the first principal axes.

use rayon::prelude::*;

use super::axes::Map;
use super::cells::{Cells, Tally};
use crate::ground::bootstrap::{self, Bootstrap, Units};
use crate::ground::fault::Fault;
use crate::ground::task::{Cancelled, Ctx};
use crate::metrics::States;
use crate::metrics::pca::Pca;
use crate::metrics::report::{Level, Report};

/// Rows that one thread takes at a time.
const BLOCK: usize = 16_384;
/// Edge of a cell along a principal axis, in standard deviations of the standardised dimensions.
pub const EDGE: f64 = 0.5;
/// Principal axes that states are counted along, at most: beyond, nearly every state has a cell of its own.
const AXES: usize = 4;
/// Share of the variance after which no further axis is taken.
const ENOUGH: f64 = 0.95;
/// With more cells than this share that hold one state only, counts say more about the number of states than about
/// where they are.
const TOO_FINE: f64 = 0.5;

/// A cell's key of every state [N, D] that has one, with the number of its episode.
pub fn keyed<K: Send>(
    rows: &[f32],
    d: usize,
    units: &Units,
    cx: &Ctx,
    key: impl Fn(&[f32]) -> Option<K> + Sync,
) -> Result<Vec<(K, u32)>, Cancelled> {
    let block = |(unit, range): (u32, std::ops::Range<usize>)| {
        cx.check()?;
        let rows = rows[range.start * d..range.end * d].chunks_exact(d);
        Ok(rows.filter_map(|row| Some((key(row)?, unit))).collect::<Vec<_>>())
    };
    let parts: Vec<Vec<(K, u32)>> = units.blocks(BLOCK).into_par_iter().map(block).collect::<Result<_, Cancelled>>()?;
    Ok(parts.into_iter().flatten().collect())
}

/// One number of the report: key, label, unit, what it rests on, how it is had of a tally and the number of all cells,
/// and its definition, in which `@` stands for the place of the cells.
type Row = (&'static str, &'static str, &'static str, &'static str, fn(&Tally, f64) -> f64, &'static str);

const ON_MAP: &[Row] = &[
    ("occupied_cells", "occupied cells", "cells", "states", |t, _| t.occupied, "Cells @ with any training state"),
    ("cells", "cells", "cells", "", |_, all| all, "Cells @, reachable or not"),
    (
        "occupied_fraction",
        "occupied fraction",
        "",
        "states",
        |t, all| t.occupied / all,
        "Cells with any training state over all cells @, reachable or not",
    ),
    (
        "effective_cells",
        "effective cells",
        "cells",
        "states",
        |t, _| t.effective,
        "exp(entropy of the frequencies) of the cells @: as many equally visited cells have the same entropy",
    ),
    (
        "missing_mass",
        "missing mass",
        "",
        "states",
        |t, _| t.missing_by_state,
        "Good-Turing estimate n1/N of the probability that the next state falls into a cell @ never visited; too small \
         for states that follow each other",
    ),
    (
        "missing_mass_episodes",
        "missing mass, next episode",
        "",
        "episodes",
        |t, _| t.missing_by_episode,
        "Chao2 estimate of the probability that a cell @ that the next episode visits was never visited: \
         (Q1/U) (m-1)Q1 / ((m-1)Q1 + 2 Q2), Q1 and Q2 cells of one and of two episodes, U visits, m episodes",
    ),
    (
        "estimated_cells",
        "cells within reach",
        "cells",
        "episodes",
        |t, all| t.estimated.min(all),
        "Chao2 estimate (a lower bound) of the cells @ that ever more such episodes would visit",
    ),
];

const ON_AXES: &[Row] = &[
    ("state_cells", "state cells", "cells", "states", |t, _| t.occupied, "Cells @ with any training state"),
    (
        "effective_state_cells",
        "effective state cells",
        "cells",
        "states",
        |t, _| t.effective,
        "exp(entropy of the frequencies) of the cells @",
    ),
    (
        "state_missing_mass_episodes",
        "missing state mass, next episode",
        "",
        "episodes",
        |t, _| t.missing_by_episode,
        "Chao2 estimate of the probability that a cell @ that the next episode visits was never visited",
    ),
    (
        "estimated_state_cells",
        "state cells within reach",
        "cells",
        "episodes",
        |t, _| t.estimated,
        "Chao2 estimate (a lower bound) of the cells @ that ever more such episodes would visit",
    ),
];

/// Cells of the map.
///
/// # Errors
/// When cancelled.
pub fn on_map(
    report: &mut Report,
    map: &Map,
    train: States<'_>,
    units: &Units,
    b: &Bootstrap,
    cx: &Ctx,
) -> Result<(), Fault> {
    let d = train.rows.len() / train.len().max(1);
    let pairs = keyed(train.rows, d, units, cx, |row| map.density.cell(map.project(row)))?;
    let cells = Cells::count(pairs, units.len());
    let (w, h) = (map.density.width(), map.density.height());
    let place = format!("of the map ({w} bins of {} x {h} bins of {})", map.names.0, map.names.1);
    tell(report, &cells, (ON_MAP, &place, (w * h) as f64), units, b);
    if let Some(share) = map.share {
        let text = "Share of the standardised training states' variance that the two principal axes of the map carry.";
        report.stat("variance_share", "variance on the map", share, "", text);
    }
    Ok(())
}

/// Cells along the first principal axes.
///
/// # Errors
/// When cancelled.
pub fn on_axes(
    report: &mut Report,
    pca: &Pca,
    train: States<'_>,
    units: &Units,
    b: &Bootstrap,
    cx: &Ctx,
) -> Result<(), Fault> {
    let d = train.rows.len() / train.len().max(1);
    let mut carried = 0.0;
    let before = |share: &&f64| {
        let more = carried < ENOUGH;
        carried += **share;
        more && **share > 0.0
    };
    let axes = pca.ratio.iter().take(AXES).take_while(before).count().max(1);
    let cells = Cells::count(keyed(train.rows, d, units, cx, |row| Some(key(pca, row, axes)))?, units.len());
    let share = 100.0 * pca.ratio.iter().take(axes).sum::<f64>();
    let place = format!("{EDGE} std wide along the first {axes} principal axes ({share:.0} % of the variance)");
    tell(report, &cells, (ON_AXES, &place, f64::INFINITY), units, b);
    if cells.alone() > TOO_FINE {
        let text = format!(
            "{:.0} % of the occupied state cells hold a single state: their number grows with the number of states; \
             compare it at equal n only.",
            100.0 * cells.alone()
        );
        report.note(Level::Info, text);
    }
    Ok(())
}

/// Adds `rows` about the cells at `place`, `all` at most.
fn tell(report: &mut Report, cells: &Cells, (rows, place, all): (&[Row], &str, f64), units: &Units, b: &Bootstrap) {
    let here = cells.tally();
    let left_out = if b.draws > 0 { cells.left_out() } else { Vec::new() };
    for &(key, label, unit, rests_on, get, definition) in rows {
        let (value, top) = (get(&here, all), if unit.is_empty() { 1.0 } else { all });
        let counted = !rests_on.is_empty();
        let interval = bootstrap::jackknife(left_out.iter().map(|t| get(t, all)), value, (0.0, top));
        let interval = interval.filter(|_| counted);
        let how = if interval.is_some() { "; interval: 95 % jackknife over episodes." } else { "." };
        let stat = report.stat(key, label, value, unit, &(definition.replace('@', place) + how)).within(interval);
        if counted {
            stat.of(if rests_on == "states" { cells.states() as usize } else { units.len() }, rests_on);
        }
    }
}

/// 16 bits for each of at most four axes: the number of the cell from the middle one.
fn key(pca: &Pca, row: &[f32], axes: usize) -> u64 {
    (0..axes).fold(0, |key, axis| {
        let cell = (pca.project(row, axis) / EDGE).round().clamp(f64::from(i16::MIN), f64::from(i16::MAX));
        key << 16 | u64::from(cell as i16 as u16)
    })
}

#[cfg(test)]
mod tests;
