//! Holes: boxes over two dimensions with (nearly) no data, over all pairs of dimensions.
//!
//! With rollouts (or else imagined states), a hole is where the policy goes and the data do not: boxes are ranked by p ln(p/q), their part of the
//! Kullback–Leibler divergence of the rollouts from the data (p and q: shares of rollout and training states in the box,
//! one training state added so that an empty box is finite). Without rollouts, a hole is an empty box within the convex
//! hull of a pair's data, ranked by the share of the data that it would hold if the two dimensions were independent: a
//! corner that no state can reach is outside of the hull.

mod hull;

use std::fmt::Write as _;

use super::boxes::{self, Hole};
use super::parts::short;
use super::survey::Survey;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::metrics::States;
use crate::metrics::density::pairs::{BINS, Small};
use crate::metrics::report::{Cell, Level, Mark, Report, Table};

/// Rows of the table.
const HOLES: usize = 8;
/// Boxes whose states are looked at one by one.
const CANDIDATES: usize = 100;
/// A box that adds less than this share of its states to those of the boxes before it says nothing new.
const NEW: f64 = 0.5;
/// An empty box that independent dimensions would leave with fewer states is a gap between samples.
const EXPECTED: f64 = 10.0;

/// States that holes are ranked by, and which of their episodes failed.
#[derive(Debug, Clone)]
pub struct Visits<'a> {
    /// The states.
    pub states: States<'a>,
    /// [N]; the state's episode raised an alarm.
    pub failing: Vec<bool>,
    /// Whose states these are.
    pub whose: &'static Whose,
}

/// Words about [`Visits`].
#[derive(Debug)]
pub struct Whose {
    /// Heading of the table.
    label: &'static str,
    /// Columns of the shares and the counts.
    columns: (&'static str, &'static str),
    /// Who visits.
    who: &'static str,
    /// What of theirs is counted.
    states: &'static str,
}

/// Of a policy.
pub const ROLLOUTS: Whose = Whose {
    label: "Holes that the rollouts visit",
    columns: ("rollouts (%)", "n rollouts"),
    who: "the policy",
    states: "rollout states",
};

/// Of a world model.
pub const IMAGINED: Whose = Whose {
    label: "Holes that imagination visits",
    columns: ("imagined (%)", "n imagined"),
    who: "imagination",
    states: "imagined states",
};

/// A hole in the units of its dimensions.
#[derive(Debug, Clone, PartialEq)]
pub struct HoleBox {
    dims: (usize, usize),
    ends: ((f64, f64), (f64, f64)),
    label: String,
}

impl HoleBox {
    /// Its two dimensions and the box over them.
    pub fn boxed(&self) -> ((usize, usize), Mark) {
        (self.dims, Mark { label: self.label.clone(), x: self.ends.0, y: self.ends.1 })
    }

    /// The box on a map with these axes.
    pub fn on(&self, axes: (usize, usize)) -> Option<Mark> {
        let (a, b) = self.ends;
        let mark = |x, y| Some(Mark { label: self.label.clone(), x, y });
        match axes {
            _ if axes == self.dims => mark(a, b),
            _ if axes == (self.dims.1, self.dims.0) => mark(b, a),
            _ => None,
        }
    }
}

/// A box over two dimensions and what falls into it.
#[derive(Debug, Clone, PartialEq)]
struct Found {
    dims: (usize, usize),
    hole: Hole,
    /// Training states in it.
    data: u64,
    /// Rollout states in it.
    visits: u64,
    /// What it is ranked by.
    rank: f64,
}

/// Adds the table of holes, and a sentence about the first; the boxes in the order of the rows. Its columns: the box, its share of the training states and of
/// the rollout states, the share of the episodes with an alarm that pass through it, and the counts behind the shares.
///
/// # Errors
/// Cancelled.
pub fn table(
    report: &mut Report,
    survey: &Survey<'_>,
    visits: Option<&Visits<'_>>,
    cx: &Ctx,
) -> Result<Vec<HoleBox>, Fault> {
    let mut rows = Vec::new();
    let whose = visits.map_or(&ROLLOUTS, |v| v.whose);
    let (label, holes) = if let Some(visits) = visits {
        (whose.label, visited(report, survey, visits, &mut rows, cx)?)
    } else {
        let empty = empty(survey, cx)?;
        rows.extend(empty.iter().enumerate().map(|(i, found)| row(survey, (i, found), None, f64::NAN)));
        ("Empty boxes within the data", empty)
    };
    let columns = ["where", "data (%)", whose.columns.0, "failing (%)", "n data", whose.columns.1];
    let columns = columns.map(String::from).to_vec();
    report.tables.push(Table { key: "holes".into(), label: label.into(), columns, rows });
    Ok(holes.iter().enumerate().map(|(i, found)| in_units(survey, found, i)).collect())
}

fn in_units(survey: &Survey<'_>, found: &Found, i: usize) -> HoleBox {
    let ends = |d: usize, (a, b): (usize, usize)| {
        let edges = survey.data.edges(d);
        (edges[a], edges[b + 1])
    };
    let ends = (ends(found.dims.0, found.hole.x), ends(found.dims.1, found.hole.y));
    HoleBox { dims: found.dims, ends, label: (i + 1).to_string() }
}

/// Rows for the boxes that the rollouts visit, and the sentence about the first.
fn visited(
    report: &mut Report,
    survey: &Survey<'_>,
    visits: &Visits<'_>,
    rows: &mut Vec<Vec<Cell>>,
    cx: &Ctx,
) -> Result<Vec<Found>, Fault> {
    let owner = visits.states.owner;
    let episodes = |of: &dyn Fn(usize) -> bool| {
        let mut all: Vec<usize> = (0..owner.len()).filter(|&i| of(i)).map(|i| owner[i]).collect();
        all.sort_unstable();
        all.dedup();
        all.len()
    };
    let failing = episodes(&|i| visits.failing[i]);
    let (mut seen, mut holes) = (vec![false; owner.len()], Vec::new());
    for found in candidates(survey, cx)? {
        cx.check()?;
        let inside = members(survey, &found);
        let new = inside.iter().filter(|&&i| !seen[i]).count();
        if (new as f64) < NEW * inside.len() as f64 {
            continue;
        }
        let mut within = vec![false; owner.len()];
        for &i in &inside {
            (seen[i], within[i]) = (true, true);
        }
        let through = episodes(&|i| within[i] && visits.failing[i]);
        let share = if failing == 0 { f64::NAN } else { percent(through as u64, failing) };
        if rows.is_empty() {
            say(report, survey, &found, visits, share);
        }
        rows.push(row(survey, (rows.len(), &found), Some(owner.len()), share));
        holes.push(found);
        if rows.len() == HOLES {
            break;
        }
    }
    Ok(holes)
}

/// The sentence about the first hole.
fn say(report: &mut Report, survey: &Survey<'_>, found: &Found, of: &Visits<'_>, failing: f64) {
    let (data, visits) = (percent(found.data, survey.data.len()), percent(found.visits, of.states.len()));
    let (who, states) = (of.whose.who, of.whose.states);
    let mut text = format!(
        "Largest hole that {who} visits: {}: {data:.2} % of data, {visits:.1} % of {states}",
        place(survey, found)
    );
    if failing.is_finite() {
        let _ = write!(text, "; {failing:.0} % of the episodes with an alarm pass through it");
    }
    report.note(if visits >= 10.0 { Level::Alarm } else { Level::Warn }, text + ".");
}

/// Boxes of every pair that the rollouts visit, in the order of their rank.
fn candidates(survey: &Survey<'_>, cx: &Ctx) -> Result<Vec<Found>, Fault> {
    let Some(visitors) = &survey.visits else { return Ok(Vec::new()) };
    let (n, m) = (survey.data.len() as f64, visitors.len().max(1) as f64);
    let mut all = Vec::new();
    for map in &survey.maps {
        cx.check()?;
        let (data, visits) = (wide(map), wide(&visitors.pair(map.dims)));
        for hole in boxes::visited(&data, &visits, BINS) {
            let (data, visits) = (hole.sum(BINS, &data), hole.sum(BINS, &visits));
            let (p, q) = (visits as f64 / m, (data as f64 + 1.0) / (n + 1.0));
            all.push(Found { dims: map.dims, hole, data, visits, rank: p * (p / q).ln() });
        }
    }
    all.retain(|f| f.rank > 0.0);
    Ok(ranked(all))
}

/// Largest empty box of every pair within the hull of its data, in the order of their rank.
fn empty(survey: &Survey<'_>, cx: &Ctx) -> Result<Vec<Found>, Fault> {
    let n = survey.data.len().max(1) as f64;
    let mut all = Vec::new();
    for map in &survey.maps {
        cx.check()?;
        let open = hull::empty_within(&map.counts, BINS);
        let Some(hole) = boxes::largest(&open, BINS) else { continue };
        let share = |d: usize, (a, b): (usize, usize)| {
            survey.data.marginal(d)[a..=b].iter().map(|&c| f64::from(c)).sum::<f64>() / n
        };
        let rank = share(map.dims.0, hole.x) * share(map.dims.1, hole.y);
        all.push(Found { dims: map.dims, hole, data: 0, visits: 0, rank });
    }
    all.retain(|f| f.rank * n >= EXPECTED);
    let mut all = ranked(all);
    all.truncate(HOLES);
    Ok(all)
}

fn ranked(mut all: Vec<Found>) -> Vec<Found> {
    all.sort_by(|a, b| b.rank.total_cmp(&a.rank).then(a.dims.cmp(&b.dims)));
    all.truncate(CANDIDATES);
    all
}

/// Positions of the rollout states in the box.
fn members(survey: &Survey<'_>, found: &Found) -> Vec<usize> {
    let Some(visitors) = &survey.visits else { return Vec::new() };
    let within = |d: usize, i: usize, (a, b): (usize, usize)| visitors.bin(d, i).is_some_and(|c| (a..=b).contains(&c));
    let (x, y) = found.dims;
    (0..visitors.len()).filter(|&i| within(x, i, found.hole.x) && within(y, i, found.hole.y)).collect()
}

fn wide(map: &Small) -> Vec<u64> {
    map.counts.iter().map(|&c| u64::from(c)).collect()
}

fn percent(part: u64, all: usize) -> f64 {
    100.0 * part as f64 / all.max(1) as f64
}

/// A row; `i` is its number from 0, which the map shows counted from 1.
fn row(survey: &Survey<'_>, (i, found): (usize, &Found), rollouts: Option<usize>, failing: f64) -> Vec<Cell> {
    vec![
        format!("{}  {}", i + 1, place(survey, found)).into(),
        percent(found.data, survey.data.len()).into(),
        rollouts.map_or(f64::NAN, |n| percent(found.visits, n)).into(),
        failing.into(),
        (found.data as usize).into(),
        rollouts.map_or(Cell::Number(f64::NAN), |_| (found.visits as usize).into()),
    ]
}

/// "cos θ ∈ [-1.00, -0.50], θ̇ ∈ [2.00, 4.00]".
fn place(survey: &Survey<'_>, found: &Found) -> String {
    let part = |d: usize, (a, b): (usize, usize)| {
        let edges = survey.data.edges(d);
        format!("{} ∈ [{}, {}]", survey.names[d], short(edges[a]), short(edges[b + 1]))
    };
    format!("{}, {}", part(found.dims.0, found.hole.x), part(found.dims.1, found.hole.y))
}

#[cfg(test)]
mod tests;
