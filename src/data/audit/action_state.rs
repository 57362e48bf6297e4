//! Actions that are states: copied from the observation beside them, or a position target with a fixed error.

use rayon::prelude::*;

use super::seen::columns::DIMS;
use super::{Finding, NAMED, Rule, Seen, Severity};
use crate::data::episode::Episode;
use crate::ground::number::counted;
use crate::ground::stats;
use crate::ground::task::{Cancelled, Ctx};

/// Actions that equal a state.
pub const IS_STATE: Rule =
    Rule { name: "action-is-state", label: "actions that are the state, or the next one", check: is_state };
/// Actions that are a state and something more.
pub const OFFSET: Rule =
    Rule { name: "action-offset", label: "actions that are the state and a fixed offset", check: offset };

/// Rows of an episode that are compared first.
const ROWS: usize = 8;
/// Of which an action takes so many values at least: few values are equal by chance.
const VALUES: usize = 4;
/// Share of all rows of an episode that must be equal then.
const EQUAL: f64 = 0.95;
/// Equal but for rounding.
const ROUNDING: f32 = 1e-6;
/// Steps that are looked at for targets.
const SAMPLE: usize = 2_000;
/// Fewer do not tell.
const LEAST: usize = 50;
/// An action follows a state where the middle distance between them is so small a share of the state's own spread.
const FOLLOWS: f64 = 0.15;
/// An offset is so many times the middle distance from it, and so large a share of the state's spread.
const SYSTEMATIC: (f64, f64) = (4.0, 0.05);
/// More pairs of dimensions are not compared.
const PAIRS: usize = 4096;

fn equal(a: f32, b: f32) -> bool {
    (a - b).abs() <= ROUNDING * (1.0 + b.abs())
}

/// Which state dimension every action dimension of the episode equals, `lag` rows on; nothing unless most of those that
/// move do.
pub fn copied(e: &Episode<'_>, lag: usize) -> Option<Vec<(usize, usize)>> {
    let n = e.steps().min(e.span.obs_rows.saturating_sub(lag));
    let rows = stats::evenly(n, ROWS);
    let (mut moving, mut found) = (0, Vec::new());
    for a in 0..e.action_dim {
        let mut values: Vec<f32> = rows.iter().map(|&t| e.action_at(t)[a]).filter(|v| v.is_finite()).collect();
        values.sort_by(f32::total_cmp);
        values.dedup();
        if values.len() < VALUES {
            continue;
        }
        moving += 1;
        let is = |t: usize, c: usize| equal(e.action_at(t)[a], e.obs_at(t + lag)[c]);
        let state = (0..e.obs_dim).find(|&c| rows.iter().all(|&t| is(t, c)));
        let whole = |c: &usize| (0..n).filter(|&t| is(t, *c)).count() as f64 >= EQUAL * n as f64;
        found.extend(state.filter(whole).map(|c| (a, c)));
    }
    (!found.is_empty() && found.len() * 2 >= moving).then_some(found)
}

fn is_state(seen: &Seen<'_>, cx: &Ctx) -> Result<Vec<Finding>, Cancelled> {
    let data = seen.data;
    if data.obs_dim() > DIMS || data.action_space.is_discrete() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for (lag, which) in [(0, "the state of its own row"), (1, "the state of the next row")] {
        let of_episode = |i: usize| {
            cx.check()?;
            Ok(copied(&data.episode(i), lag).map(|pairs| (i, pairs)))
        };
        let each: Vec<Option<(usize, Vec<(usize, usize)>)>> =
            (0..data.num_episodes()).into_par_iter().map(of_episode).collect::<Result<_, _>>()?;
        let copies: Vec<(usize, Vec<(usize, usize)>)> = each.into_iter().flatten().collect();
        let Some((_, pairs)) = copies.first() else { continue };
        let (spans, n) = (data.spans(), copies.len());
        let named: Vec<String> = pairs
            .iter()
            .take(NAMED)
            .map(|&(a, c)| format!("{} is {}", data.action_space.names[a], data.obs_space.names[c]))
            .collect();
        found.push(Finding {
            rule: IS_STATE.name,
            severity: if lag == 0 { Severity::Warning } else { Severity::Info },
            what: format!("the action is {which} in {n} of {} episodes: {}", spans.len(), named.join(", ")),
            count: n as u64,
            of: spans.len() as u64,
            unit: "episodes",
            episodes: copies.iter().take(NAMED).map(|k| spans[k.0].id).collect(),
            rows: copies.iter().take(NAMED).map(|k| spans[k.0].first_step).collect(),
            remedy: if lag == 0 {
                "nothing is commanded there: a policy learns to stand still; take the next row's state, or the command, as action"
            } else {
                "what was reached is taken for what was commanded: a model of the dynamics only has to copy the action"
            }
            .into(),
        });
    }
    Ok(found)
}

/// Middle distance from the middle, and the middle.
fn spread(values: Vec<f64>) -> (f64, f64) {
    let middle = stats::median(values.clone());
    (stats::median(values.into_iter().map(|v| (v - middle).abs()).collect()), middle)
}

/// Which state dimension every action dimension follows, with the spread of that state.
fn targets(seen: &Seen<'_>) -> Vec<(usize, usize, f64)> {
    let data = seen.data;
    let mut rows: Vec<(&[f32], &[f32])> = Vec::new();
    let every = (data.num_steps() / SAMPLE).max(1);
    for e in super::all(data) {
        let usable = (e.index % every..e.steps()).step_by(every).filter(|&t| !seen.failed(e.index, t));
        rows.extend(usable.map(|t| (e.obs_at(t), e.action_at(t))).filter(|r| r.1.iter().all(|v| v.is_finite())));
    }
    if rows.len() < LEAST {
        return Vec::new();
    }
    let finite = |c: &usize| rows.iter().all(|r| r.0[*c].is_finite());
    let states: Vec<(usize, f64)> = seen
        .columns
        .alive
        .iter()
        .copied()
        .filter(finite)
        .map(|c| (c, spread(rows.iter().map(|r| f64::from(r.0[c])).collect()).0))
        .filter(|s| s.1 > 0.0)
        .collect();
    let follows = |a: usize| {
        let apart = |c: usize| spread(rows.iter().map(|r| f64::from(r.1[a]) - f64::from(r.0[c])).collect()).0;
        let near = states.iter().map(|&(c, own)| (c, own, apart(c) / own));
        near.min_by(|x, y| x.2.total_cmp(&y.2)).filter(|n| n.2 <= FOLLOWS).map(|n| (a, n.0, n.1))
    };
    let moves = |a: &usize| spread(rows.iter().map(|r| f64::from(r.1[*a])).collect()).0 > 0.0;
    let moving: Vec<usize> = (0..data.action_dim()).filter(moves).collect();
    let found: Vec<(usize, usize, f64)> = moving.iter().filter_map(|&a| follows(a)).collect();
    // Position targets are so in most dimensions.
    if found.len() * 2 >= moving.len() { found } else { Vec::new() }
}

/// How far the targets of the episode are from the state in the middle, if that is systematic.
fn systematic(e: &Episode<'_>, (a, c, own): (usize, usize, f64)) -> Option<f64> {
    let apart = (0..e.steps()).map(|t| f64::from(e.action_at(t)[a]) - f64::from(e.obs_at(t)[c]));
    let apart: Vec<f64> = apart.filter(|v| v.is_finite()).collect();
    let (noise, middle) = spread(apart);
    (middle.abs() > SYSTEMATIC.0 * noise && middle.abs() > SYSTEMATIC.1 * own).then_some(middle)
}

fn offset(seen: &Seen<'_>, cx: &Ctx) -> Result<Vec<Finding>, Cancelled> {
    let data = seen.data;
    if seen.columns.alive.len() * data.action_dim() > PAIRS || data.action_space.is_discrete() {
        return Ok(Vec::new());
    }
    let (mut parts, mut episodes) = (Vec::new(), std::collections::BTreeSet::new());
    for target in targets(seen) {
        let mut offsets = Vec::new();
        for e in super::all(data) {
            cx.check()?;
            if let Some(by) = systematic(&e, target) {
                offsets.push(by);
                episodes.insert(e.index);
            }
        }
        if !offsets.is_empty() {
            let (n, names) = (offsets.len(), (&data.action_space.names[target.0], &data.obs_space.names[target.1]));
            let by = stats::median(offsets);
            parts.push(format!("{} is {} {by:+.4} in {}", names.0, names.1, counted(n, "episodes")));
        }
    }
    if parts.is_empty() {
        return Ok(Vec::new());
    }
    let spans = data.spans();
    let named = || episodes.iter().take(NAMED).map(|&i| &spans[i]);
    Ok(vec![Finding {
        rule: OFFSET.name,
        severity: Severity::Info,
        what: format!("actions follow the state with an offset that stays the same: {}", parts.join(", ")),
        count: episodes.len() as u64,
        of: spans.len() as u64,
        unit: "episodes",
        episodes: named().map(|s| s.id).collect(),
        rows: named().map(|s| s.first_step).collect(),
        remedy: "two calibrations, or a load that the controller never makes up for: a policy learned here carries the offset \
                 to the robot"
            .into(),
    }])
}
