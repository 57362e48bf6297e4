//! Numbers outside their declared space, and actions that sit at its edge.

use super::{Finding, Rule, Seen, Severity, all, name_steps, row};
use crate::data::dataset::Dataset;
use crate::data::space::{Space, SpaceKind};
use crate::ground::task::{Cancelled, Ctx};

/// Observations or actions outside of what the file declares.
pub const OUTSIDE: Rule =
    Rule { name: "outside-space", label: "observations or actions outside their declared space", check: outside };
/// Actions at the ends of their range.
pub const SATURATED: Rule = Rule { name: "saturated", label: "actions at the ends of their range", check: saturated };

/// Bounds are written as f32 and values may have been clipped in f64: a few units in the last place are no fault.
const ROUNDING: f32 = 1e-5;
/// Actions this close to the end, as a share of the range, are at the end.
const EDGE: f32 = 1e-3;
/// Share of saturated steps of a dimension that is worth a line, and the share that is a warning.
const NOTED: f64 = 0.2;
const MANY: f64 = 0.5;

/// How far `v` is outside of dimension `d`; 0 inside. A choice must be a whole number of its set.
fn beyond(space: &Space, d: usize, v: f32) -> f32 {
    let (lo, hi) = match &space.kind {
        SpaceKind::Box { low, high } => (low[d], high[d]),
        SpaceKind::Discrete { .. } | SpaceKind::MultiDiscrete { .. } if v.is_finite() && v.fract() != 0.0 => {
            return 1.0;
        }
        SpaceKind::Discrete { n, start } => (*start as f32, (*start + *n as i64 - 1) as f32),
        SpaceKind::MultiDiscrete { .. } | SpaceKind::MultiBinary => space.bounds(d).unwrap_or_default(),
        SpaceKind::Unknown => return 0.0,
    };
    let room = ROUNDING * (1.0 + lo.abs().min(hi.abs()).min(f32::MAX));
    let out = (lo - v).max(v - hi);
    if out > room { out } else { 0.0 }
}

fn outside(seen: &Seen<'_>, cx: &Ctx) -> Result<Vec<Finding>, Cancelled> {
    let data = seen.data;
    let mut found = Vec::new();
    let spaces =
        [(&data.obs_space, "observations", Severity::Warning), (&data.action_space, "actions", Severity::Error)];
    for (i, (space, what, severity)) in spaces.into_iter().enumerate() {
        if space.kind == SpaceKind::Unknown {
            continue;
        }
        let (mut steps, mut dims) = (Vec::new(), vec![0usize; space.dim()]);
        for e in all(data) {
            cx.check()?;
            for t in 0..e.steps() {
                let values = if i == 0 { e.obs_at(t) } else { e.action_at(t) };
                let out = |(d, &v): (usize, &f32)| {
                    let out = beyond(space, d, v);
                    (out > 0.0).then_some((d, f64::from(out)))
                };
                let mut worst = 0.0f64;
                for (d, far) in values.iter().enumerate().filter_map(out) {
                    dims[d] += 1;
                    worst = worst.max(far);
                }
                if worst > 0.0 {
                    steps.push((row(&e, t), worst));
                }
            }
        }
        if steps.is_empty() {
            continue;
        }
        let mut order: Vec<usize> = (0..dims.len()).filter(|&d| dims[d] > 0).collect();
        order.sort_by_key(|&d| std::cmp::Reverse(dims[d]));
        let named: Vec<&str> = order.iter().take(4).map(|&d| space.names[d].as_str()).collect();
        let n = steps.len();
        let (episodes, rows) = name_steps(data, steps);
        found.push(Finding {
            rule: OUTSIDE.name,
            severity,
            what: format!("{what} of {n} steps lie outside their declared space ({})", named.join(", ")),
            count: n as u64,
            of: data.num_steps() as u64,
            unit: "steps",
            episodes,
            rows,
            remedy: "mend the declared space, or find out which environment or wrapper these steps came from".into(),
        });
    }
    Ok(found)
}

/// The ends of every action dimension: declared, or else the smallest and largest number of the data.
fn ends(data: &Dataset) -> Vec<Option<(f32, f32)>> {
    let mut seen = vec![(f32::INFINITY, f32::NEG_INFINITY); data.action_dim()];
    for action in data.actions.chunks_exact(data.action_dim().max(1)) {
        for (range, &v) in seen.iter_mut().zip(action).filter(|(_, v)| v.is_finite()) {
            *range = (range.0.min(v), range.1.max(v));
        }
    }
    let of = |d: usize| data.action_space.bounds(d).or(Some(seen[d])).filter(|(lo, hi)| hi > lo);
    (0..data.action_dim()).map(of).collect()
}

fn saturated(seen: &Seen<'_>, cx: &Ctx) -> Result<Vec<Finding>, Cancelled> {
    let data = seen.data;
    // Whole numbers are choices, whatever the file calls them.
    if data.action_space.is_discrete() || data.actions.iter().all(|a| a.fract() == 0.0) {
        return Ok(Vec::new());
    }
    let ends = ends(data);
    let mut counts = vec![0usize; ends.len()];
    for e in all(data) {
        cx.check()?;
        for t in 0..e.steps() {
            for ((count, &v), ends) in counts.iter_mut().zip(e.action_at(t)).zip(&ends) {
                let Some((lo, hi)) = ends else { continue };
                let edge = EDGE * (hi - lo);
                *count += usize::from(v <= lo + edge || v >= hi - edge);
            }
        }
    }
    let n = data.num_steps().max(1);
    let share = |d: usize| counts[d] as f64 / n as f64;
    let mut order: Vec<usize> = (0..counts.len()).filter(|&d| share(d) >= NOTED).collect();
    order.sort_by(|&a, &b| share(b).total_cmp(&share(a)));
    let Some(&worst) = order.first() else { return Ok(Vec::new()) };
    let named: Vec<String> =
        order.iter().take(6).map(|&d| format!("{} {:.0} %", data.action_space.names[d], 100.0 * share(d))).collect();
    Ok(vec![Finding {
        rule: SATURATED.name,
        severity: if share(worst) >= MANY { Severity::Warning } else { Severity::Info },
        what: format!("actions sit at the ends of their range: {}", named.join(", ")),
        count: order.len() as u64,
        of: counts.len() as u64,
        unit: "dimensions",
        episodes: Vec::new(),
        rows: Vec::new(),
        remedy: "a squashed policy fits such actions with exploding means; clip them slightly inside before behaviour cloning".into(),
    }])
}
