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

/// An action that follows a state.
#[derive(Clone, Copy)]
pub struct Target {
    action: usize,
    state: usize,
    /// How many rows on the state is that it is nearest to.
    lag: usize,
    /// Spread of the state.
    own: f64,
}

/// The targets among the actions; nothing unless most of the actions that move are.
pub fn targets(seen: &Seen<'_>) -> Vec<Target> {
    let data = seen.data;
    if seen.columns.alive.len() * data.action_dim() > PAIRS || data.action_space.is_discrete() {
        return Vec::new();
    }
    let mut rows: Vec<[&[f32]; 3]> = Vec::new();
    let every = (data.num_steps() / SAMPLE).max(1);
    for e in super::all(data) {
        let ends = e.steps().min(e.span.obs_rows - 1);
        let usable = (e.index % every..ends).step_by(every);
        let sound = usable.filter(|&t| !seen.failed(e.index, t) && !seen.failed(e.index, t + 1));
        rows.extend(sound.map(|t| [e.obs_at(t), e.obs_at(t + 1), e.action_at(t)]));
    }
    rows.retain(|r| r[2].iter().all(|v| v.is_finite()));
    if rows.len() < LEAST {
        return Vec::new();
    }
    let finite = |c: &usize| rows.iter().all(|r| r[0][*c].is_finite() && r[1][*c].is_finite());
    let own = |c: usize| spread(rows.iter().map(|r| f64::from(r[0][c])).collect()).0;
    let alive = seen.columns.alive.iter().copied().filter(finite);
    let states: Vec<(usize, f64)> = alive.map(|c| (c, own(c))).filter(|s| s.1 > 0.0).collect();
    let follows = |action: usize| {
        let apart = |c: usize, lag: usize| {
            spread(rows.iter().map(|r| f64::from(r[2][action]) - f64::from(r[lag][c])).collect()).0
        };
        let all = states.iter().flat_map(|&(c, own)| [0, 1].map(|lag| (c, lag, own, apart(c, lag) / own)));
        let nearest = all.min_by(|x, y| x.3.total_cmp(&y.3)).filter(|n| n.3 <= FOLLOWS);
        nearest.map(|(state, lag, own, _)| Target { action, state, lag, own })
    };
    let moves = |a: &usize| spread(rows.iter().map(|r| f64::from(r[2][*a])).collect()).0 > 0.0;
    let moving: Vec<usize> = (0..data.action_dim()).filter(moves).collect();
    let found: Vec<Target> = moving.iter().filter_map(|&a| follows(a)).collect();
    // Position targets are so in most dimensions.
    if found.len() * 2 >= moving.len() { found } else { Vec::new() }
}

/// How far the targets of the episode are from the state in the middle, if that is systematic.
fn systematic(e: &Episode<'_>, of: Target) -> Option<f64> {
    let rows = 0..e.steps().min(e.span.obs_rows - of.lag);
    let apart = rows.map(|t| f64::from(e.action_at(t)[of.action]) - f64::from(e.obs_at(t + of.lag)[of.state]));
    let (noise, middle) = spread(apart.filter(|v| v.is_finite()).collect());
    (middle.abs() > SYSTEMATIC.0 * noise && middle.abs() > SYSTEMATIC.1 * of.own).then_some(middle)
}

fn offset(seen: &Seen<'_>, cx: &Ctx) -> Result<Vec<Finding>, Cancelled> {
    let data = seen.data;
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
            let (n, names) =
                (offsets.len(), (&data.action_space.names[target.action], &data.obs_space.names[target.state]));
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
