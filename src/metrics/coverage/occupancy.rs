//! Cells that the training states occupy: on the map's two axes, and along the first principal axes.

use rayon::prelude::*;

use super::axes::Map;
use super::cells::{Cells, Tally};
use crate::metrics::bootstrap::{self, Bootstrap, Units};
use crate::metrics::pca::Pca;
use crate::metrics::report::{Level, Report, Stat};
use crate::metrics::{MetricError, States};
use crate::task::{Cancelled, Ctx};

/// Rows that one thread takes at a time.
const BLOCK: usize = 16_384;
/// Edge of a cell along a principal axis, in standard deviations of the standardised dimensions.
pub const EDGE: f64 = 0.5;
/// Principal axes that states are counted along, at most: beyond, nearly every state has a cell of its own.
const AXES: usize = 4;
/// Share of the variance after which no further axis is taken.
const ENOUGH: f64 = 0.95;
/// With more cells than this share that hold one state only, counts say more about the number of states than about where
/// they are.
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
) -> Result<(), MetricError> {
    let d = train.rows.len() / train.len().max(1);
    let pairs = keyed(train.rows, d, units, cx, |row| map.density.cell(map.project(row)))?;
    let cells = Cells::count(pairs, units.len());
    let all = map.density.counts.len() as f64;
    let (here, left_out) = (cells.tally(), left_out(&cells, b));
    let n = cells.states() as usize;
    let told = Told { here, left_out: &left_out, all };
    told.stat(
        report,
        "occupied_cells",
        "occupied cells",
        "cells",
        |t, _| t.occupied,
        "Cells of the map with any training state; interval: 95 % jackknife over episodes.",
    )
    .of(n, "states");
    report.stat("cells", "cells", all, "cells", "Cells of the map, reachable or not.");
    told.stat(
        report,
        "occupied_fraction",
        "occupied fraction",
        "",
        |t, all| t.occupied / all,
        "Occupied cells over all cells of the map, reachable or not; interval: 95 % jackknife over episodes.",
    )
    .of(n, "states");
    told.stat(report, "effective_cells", "effective cells", "cells", |t, _| t.effective, "exp(entropy of the cell frequencies): as many equally visited cells have the same entropy; interval: 95 % jackknife over episodes.").of(n, "states");
    told.stat(report, "missing_mass", "missing mass", "", |t, _| t.missing_by_state, "Good-Turing estimate n1/N of the probability that the next state falls into a map cell never visited; too small for states that follow each other.").of(n, "states");
    told.stat(report, "missing_mass_episodes", "missing mass, next episode", "", |t, _| t.missing_by_episode, "Chao2 estimate of the probability that a map cell which the next episode visits was never visited: (Q1/U) (m-1)Q1 / ((m-1)Q1 + 2 Q2), Q1 and Q2 cells of one and of two episodes, U visits, m episodes.").of(units.len(), "episodes");
    told.stat(
        report,
        "estimated_cells",
        "cells within reach",
        "cells",
        |t, all| t.estimated.min(all),
        "Chao2 estimate (a lower bound) of the map cells that ever more such episodes would visit.",
    )
    .of(units.len(), "episodes");
    report.stat(
        "variance_share",
        "variance on the map",
        map.share,
        "",
        "Share of the standardised training states' variance that the two axes of the map carry.",
    );
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
) -> Result<(), MetricError> {
    let d = train.rows.len() / train.len().max(1);
    let mut carried = 0.0;
    let before = |share: &&f64| {
        let more = carried < ENOUGH;
        carried += **share;
        more && **share > 0.0
    };
    let axes = pca.ratio.iter().take(AXES).take_while(before).count().max(1);
    let pairs = keyed(train.rows, d, units, cx, |row| Some(key(pca, row, axes)))?;
    let cells = Cells::count(pairs, units.len());
    let (here, left_out) = (cells.tally(), left_out(&cells, b));
    let n = cells.states() as usize;
    let told = Told { here, left_out: &left_out, all: f64::INFINITY };
    let place = format!(
        "cells {EDGE} std wide along the first {axes} principal axes ({:.0} % of the variance)",
        100.0 * pca.ratio.iter().take(axes).sum::<f64>()
    );
    told.stat(
        report,
        "state_cells",
        "state cells",
        "cells",
        |t, _| t.occupied,
        &format!("Occupied {place}; interval: 95 % jackknife over episodes."),
    )
    .of(n, "states");
    told.stat(
        report,
        "effective_state_cells",
        "effective state cells",
        "cells",
        |t, _| t.effective,
        &format!("exp(entropy of the frequencies) of {place}; interval: 95 % jackknife over episodes."),
    )
    .of(n, "states");
    told.stat(
        report,
        "state_missing_mass_episodes",
        "missing state mass, next episode",
        "",
        |t, _| t.missing_by_episode,
        &format!("Chao2 estimate of the probability that one of the next episode's {place} was never visited."),
    )
    .of(units.len(), "episodes");
    told.stat(
        report,
        "estimated_state_cells",
        "state cells within reach",
        "cells",
        |t, _| t.estimated,
        &format!("Chao2 estimate (a lower bound) of the {place} that ever more such episodes would visit."),
    )
    .of(units.len(), "episodes");
    if cells.alone() > TOO_FINE {
        report.note(Level::Info, format!("{:.0} % of the occupied state cells hold a single state: their number grows with the number of states; compare it at equal n only.", 100.0 * cells.alone()));
    }
    Ok(())
}

/// 16 bits for each of at most four axes: the number of the cell from the middle one.
fn key(pca: &Pca, row: &[f32], axes: usize) -> u64 {
    (0..axes).fold(0, |key, axis| {
        let cell = (pca.project(row, axis) / EDGE).round().clamp(f64::from(i16::MIN), f64::from(i16::MAX));
        key << 16 | u64::from(cell as i16 as u16)
    })
}

fn left_out(cells: &Cells, b: &Bootstrap) -> Vec<Tally> {
    if b.draws > 0 { cells.left_out() } else { Vec::new() }
}

/// A tally with those without each episode; `all` cells at most.
struct Told<'a> {
    here: Tally,
    left_out: &'a [Tally],
    all: f64,
}

impl Told<'_> {
    fn stat<'r>(
        &self,
        report: &'r mut Report,
        key: &str,
        label: &str,
        unit: &str,
        get: fn(&Tally, f64) -> f64,
        definition: &str,
    ) -> &'r mut Stat {
        let value = get(&self.here, self.all);
        let top = if unit.is_empty() { 1.0 } else { self.all };
        let interval = bootstrap::jackknife(self.left_out.iter().map(|t| get(t, self.all)), value, (0.0, top));
        report.stat(key, label, value, unit, definition).within(interval)
    }
}

#[cfg(test)]
mod tests;
