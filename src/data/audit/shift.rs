//! Actions that belong to another row: some recorders write the action that led to an observation beside it, others the
//! one that follows.

use super::action_state::{copied, targets};
use super::linear::{Linear, Rows};
use super::{Finding, Rule, Seen, Severity};
use crate::ground::task::{Cancelled, Ctx};

/// The rule.
pub const RULE: Rule = Rule { name: "shifted-actions", label: "actions that explain another step better", check };

/// Steps that are looked at.
const SAMPLE: usize = 10_000;
/// Fewer steps do not tell.
const LEAST: usize = 500;
/// More dimensions make the fit too slow.
const DIMS: usize = 128;
/// Another row's action must explain this much more of some dimension's change, and twice as much as the row's own.
const MORE: f64 = 0.1;

fn check(seen: &Seen<'_>, cx: &Ctx) -> Result<Vec<Finding>, Cancelled> {
    let data = seen.data;
    if data.num_steps() < LEAST
        || data.obs_dim() + data.action_dim() > DIMS
        || seen.columns.alive.is_empty()
        || data.action_dim() == 0
    {
        return Ok(Vec::new());
    }
    // A target tells the state that it leads to, and the one after that, too.
    if !targets(seen).is_empty() {
        return Ok(Vec::new());
    }
    let Some(own) = explained(seen, 0, cx)? else { return Ok(Vec::new()) };
    let mut best = (0i64, own);
    for lag in [-1, 1] {
        if let Some(share) = explained(seen, lag, cx)?.filter(|s| *s > best.1) {
            best = (lag, share);
        }
    }
    if best.1 < own + MORE || best.1 < 2.0 * own {
        return Ok(Vec::new());
    }
    let which = if best.0 < 0 { "previous" } else { "following" };
    Ok(vec![Finding {
        rule: RULE.name,
        severity: Severity::Warning,
        what: format!(
            "the {which} row's action explains {:.0} % of a dimension's change that state alone does not, the row's own \
             {:.0} %: actions look shifted by one row",
            100.0 * best.1,
            100.0 * own
        ),
        count: data.num_steps() as u64,
        of: data.num_steps() as u64,
        unit: "steps",
        episodes: Vec::new(),
        rows: Vec::new(),
        remedy: "check whether action[t] leads from observation[t] or to it in the recorder, and shift the column"
            .into(),
    }])
}

/// The largest share, over dimensions, of the variance of a step left by the state alone that action `t + lag` explains. Jumps
/// and rows that failed say nothing of it.
fn explained(seen: &Seen<'_>, lag: i64, cx: &Ctx) -> Result<Option<f64>, Cancelled> {
    let (data, alive) = (seen.data, &seen.columns.alive);
    let (d, a) = (alive.len(), data.action_dim());
    let (mut with, mut without) = (Rows::new(d + a, d), Rows::new(d, d));
    let every = (data.num_steps() / SAMPLE).max(1);
    for e in super::all(data) {
        cx.check()?;
        // The next row's copy of the state explains every step, and shifts nothing.
        if copied(&e, 0).is_some() {
            continue;
        }
        // The same steps for every lag.
        for t in (1..e.span.obs_rows.min(e.steps()).saturating_sub(1)).step_by(every) {
            let (now, then) = (e.obs_at(t), e.obs_at(t + 1));
            let action = e.action_at((t as i64 + lag) as usize);
            let bad = |c: &usize| !now[*c].is_finite() || !then[*c].is_finite();
            if alive.iter().any(bad) || action.iter().any(|v| !v.is_finite()) {
                continue;
            }
            if seen.is_jump(e.index, t) || seen.failed(e.index, t) || seen.failed(e.index, t + 1) {
                continue;
            }
            let state = alive.iter().map(|&c| f64::from(now[c]));
            with.x.extend(state.clone().chain(action.iter().map(|&v| f64::from(v))));
            without.x.extend(state);
            let step = alive.iter().map(|&c| seen.columns.all[c].step(now[c], then[c]));
            with.y.extend(step.clone());
            without.y.extend(step);
        }
    }
    let (Some(full), Some(part)) = (Linear::fit(&with, false), Linear::fit(&without, false)) else { return Ok(None) };
    let squares = |r: &[f64], c: usize| r.iter().skip(c).step_by(d).map(|v| v * v).sum::<f64>();
    let (full, part) = (full.residuals(&with), part.residuals(&without));
    let share = |c: usize| if squares(&part, c) > 0.0 { 1.0 - squares(&full, c) / squares(&part, c) } else { 0.0 };
    Ok(Some((0..d).map(share).fold(0.0, f64::max)))
}
