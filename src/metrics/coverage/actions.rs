//! Which actions the data hold, and how many of them are at the actuators' limits.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::cells::Cells;
use super::grid::Grid;
use super::ranges::{self, BINS, Column};
use super::recorded::{Choices, Episode, Recorded};
use crate::ground::bootstrap::{self, Bootstrap};
use crate::ground::fault::Fault;
use crate::ground::number;
use crate::ground::task::{Cancelled, Ctx};
use crate::metrics::report::{Cell, Report, Table};

/// Within this share of the range of a bound an action is saturated.
const NEAR: f64 = 0.01;
/// Cells that the grid of actions has at most, while three bins a dimension allow it.
const CELLS: f64 = 1600.0;

/// Adds the table of actions, cells and saturation.
pub(super) fn tell(report: &mut Report, data: &Recorded<'_>, b: &Bootstrap, cx: &Ctx) -> Result<(), Fault> {
    if data.action.is_empty() || data.steps() == 0 {
        return Ok(());
    }
    if let Some(choices) = data.action.choices {
        let cells = Cells::count(
            keys(data, cx, |e, t| e.actions.get(t).copied().filter(|v| v.is_finite()).map(|v| v as i64))?,
            data.episodes.len(),
        );
        told(report, &cells, "Choices", choices.n as f64, &format!("of {} choices", choices.n), b);
        chosen(report, data, choices);
        return Ok(());
    }
    let columns = ranges::columns(data, &data.action, |e| e.actions, None, cx)?;
    let (a, d) = (columns.len(), data.action.len());
    let bins = (CELLS.powf(1.0 / a as f64) + 1e-9).floor().clamp(3.0, BINS as f64) as u32;
    let grid = Grid::new(columns.iter().map(|c| (c.ends(), bins)));
    let pairs = keys(data, cx, |e, t| grid.key(e.actions.get(t * d..(t + 1) * d)?.iter().copied()))?;
    let place = format!("of a grid with {bins} bins a dimension");
    told(report, &Cells::count(pairs, data.episodes.len()), "Cells", grid.cells(), &place, b);
    saturated(report, data, &columns, b, cx)
}

/// A key of every step that has one, with the number of its episode.
pub(super) fn keys<'a, K: Send>(
    data: &Recorded<'a>,
    cx: &Ctx,
    key: impl Fn(&Episode<'a>, usize) -> Option<K> + Sync,
) -> Result<Vec<(K, u32)>, Cancelled> {
    let episode = |(number, e): (usize, &Episode<'a>)| {
        cx.check()?;
        Ok((0..e.rewards.len()).filter_map(|t| Some((key(e, t)?, number as u32))).collect::<Vec<_>>())
    };
    let parts: Vec<Vec<(K, u32)>> =
        data.episodes.par_iter().enumerate().map(episode).collect::<Result<_, Cancelled>>()?;
    Ok(parts.into_iter().flatten().collect())
}

fn told(report: &mut Report, cells: &Cells, what: &str, all: f64, place: &str, b: &Bootstrap) {
    let here = cells.tally();
    let left_out = if b.draws > 0 { cells.left_out() } else { vec![] };
    let n = cells.states() as usize;
    let interval = bootstrap::jackknife(left_out.iter().map(|t| t.effective), here.effective, (1.0, all));
    report
        .stat(
            "effective_action_cells",
            "effective action cells",
            here.effective,
            "cells",
            &format!(
                "exp(entropy) of the actions' frequencies in the {} {place}: as many equally used ones have the same \
        entropy; interval: 95 % jackknife over episodes.",
                what.to_lowercase()
            ),
        )
        .of(n, "actions")
        .within(interval);
    let interval = bootstrap::jackknife(left_out.iter().map(|t| t.occupied), here.occupied, (0.0, all));
    report
        .stat(
            "action_cells",
            "action cells",
            here.occupied,
            "cells",
            &format!(
                "{what} {place} with any action ({} in all); interval: 95 % jackknife over episodes.",
                number::number(all)
            ),
        )
        .of(n, "actions")
        .within(interval);
}

fn chosen(report: &mut Report, data: &Recorded<'_>, choices: Choices) {
    let mut counts: BTreeMap<i64, usize> = (0..choices.n.min(1000) as i64).map(|c| (c + choices.first, 0)).collect();
    data.column(|e| e.actions, 1, 0).filter(|v| v.is_finite()).for_each(|v| *counts.entry(v as i64).or_default() += 1);
    let all: usize = counts.values().sum();
    report.tables.push(Table {
        key: "actions".into(),
        label: "Actions chosen".into(),
        columns: ["choice", "steps", "share (%)"].map(String::from).to_vec(),
        rows: counts
            .into_iter()
            .map(|(c, n)| vec![Cell::Count(c), n.into(), (100.0 * n as f64 / all.max(1) as f64).into()])
            .collect(),
    });
}

/// Steps at a bound and steps of every dimension of one episode.
type AtBounds = Vec<(u64, u64)>;

/// Steps of every episode at a bound of each column.
fn at_bounds(data: &Recorded<'_>, columns: &[Column], cx: &Ctx) -> Result<Vec<AtBounds>, Cancelled> {
    let limit = |c: &Column| {
        let (lo, hi) = c.ends();
        (lo + NEAR * (hi - lo), hi - NEAR * (hi - lo))
    };
    let limits: Vec<(f64, f64)> = columns.iter().map(limit).collect();
    let episode = |e: &Episode<'_>| {
        cx.check()?;
        let mut counts: AtBounds = vec![(0, 0); columns.len()];
        for row in e.actions.chunks_exact(columns.len()) {
            for ((count, &v), &(lo, hi)) in counts.iter_mut().zip(row).zip(&limits) {
                let v = f64::from(v);
                count.0 += u64::from(v.is_finite() && (v <= lo || v >= hi));
                count.1 += u64::from(v.is_finite());
            }
        }
        Ok(counts)
    };
    data.episodes.par_iter().map(episode).collect()
}

fn saturated(
    report: &mut Report,
    data: &Recorded<'_>,
    columns: &[Column],
    b: &Bootstrap,
    cx: &Ctx,
) -> Result<(), Fault> {
    let counts = at_bounds(data, columns, cx)?;
    let visited = ranges::visited(data, |e| e.actions, columns, cx)?;
    let moves = |c: usize| !columns[c].is_constant();
    let pairs: Vec<(f64, f64)> = counts
        .iter()
        .map(|dims| {
            let moving = dims.iter().enumerate().filter(|(c, _)| moves(*c)).map(|(_, n)| *n);
            moving.fold((0.0, 0.0), |sum, n| (sum.0 + n.0 as f64, sum.1 + n.1 as f64))
        })
        .collect();
    let draws = b.draws(pairs.len(), "saturation", cx, |w| bootstrap::ratio(&pairs, w))?;
    let stated = if columns.iter().all(|c| c.whole.is_some()) {
        "a bound that the dataset states"
    } else {
        "a bound (stated, or the largest and smallest action of a dimension without bounds)"
    };
    let value = bootstrap::ratio(&pairs, &vec![1; pairs.len()]);
    report
        .stat(
            "action_saturation",
            "saturated actions",
            value,
            "",
            &format!(
                "Share of the action components (all steps, all dimensions that move) within {:.0} % of the range of \
        {stated}; interval: 95 % over episodes drawn anew.",
                100.0 * NEAR
            ),
        )
        .of(data.steps(), "steps")
        .within(bootstrap::percentile(draws));
    let row = |(c, name): (usize, &String)| {
        let (at, all) = counts.iter().fold((0, 0), |sum, dims| (sum.0 + dims[c].0, sum.1 + dims[c].1));
        let mut row = vec![Cell::from(name.as_str())];
        row.extend(columns[c].cells());
        row.push(occupied(&visited, &columns[c], c).into());
        row.push(if moves(c) { 100.0 * at as f64 / all.max(1) as f64 } else { f64::NAN }.into());
        row
    };
    let mut heads = vec!["dimension"];
    heads.extend(ranges::CELLS);
    heads.extend(["bins of 40", "saturated (%)"]);
    report.tables.push(Table {
        key: "actions".into(),
        label: "Range of each action".into(),
        columns: heads.into_iter().map(String::from).collect(),
        rows: data.action.names.iter().enumerate().map(row).collect(),
    });
    Ok(())
}

fn occupied(visited: &[Vec<u64>], column: &Column, c: usize) -> usize {
    if column.is_constant() { 1 } else { ranges::occupied(visited, c) }
}
