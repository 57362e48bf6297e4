//! Episodes in which a dimension is of another size than in all others: degrees for radians, millimetres for metres, a
//! sensor that went off; and single numbers far out.

use super::seen::units::Units;
use super::{Finding, NAMED, Rule, Seen, Severity};
use crate::ground::number::counted;
use crate::ground::stats::{self, nearest_rank};
use crate::ground::task::{Cancelled, Ctx};

/// The rule.
pub const RULE: Rule = Rule { name: "units", label: "episodes of other units, and single outliers", check };

/// A number so many interquartile ranges outside of the quartiles is an outlier.
const RANGES: f64 = 50.0;
/// Rows that quartiles are taken of.
const SAMPLE: usize = 50_000;

fn check(seen: &Seen<'_>, cx: &Ctx) -> Result<Vec<Finding>, Cancelled> {
    let mut found: Vec<Finding> = seen.units.iter().map(|u| other_units(seen, u)).collect();
    for d in (0..seen.data.obs_dim()).filter(|&d| !seen.columns.is_dead(d)) {
        cx.check()?;
        found.extend(outliers(seen, d));
    }
    Ok(found)
}

fn other_units(seen: &Seen<'_>, units: &Units) -> Finding {
    let (spans, factor) = (seen.data.spans(), units.factor);
    let (name, count, all) = (&seen.data.obs_space.names[units.dim], units.episodes.len(), spans.len());
    let guess = units.known.map_or(String::new(), |known| format!(" (as {known} would be)"));
    let named = || units.episodes.iter().take(NAMED).map(|&i| &spans[i]);
    Finding {
        rule: RULE.name,
        severity: Severity::Warning,
        what: if units.few {
            format!("{name} is up to {factor:.0} times its usual size in {count} of {all} episodes{guess}")
        } else {
            format!("{name} is about {factor:.0} times as large in {count} of {all} episodes as in the others{guess}")
        },
        count: count as u64,
        of: all as u64,
        unit: "episodes",
        episodes: named().map(|s| s.id).collect(),
        rows: named().map(|s| s.first_step).collect(),
        remedy: "convert these episodes to the units of the others, or drop them".into(),
    }
}

/// Single numbers far beyond the quartiles of their dimension.
fn outliers(seen: &Seen<'_>, d: usize) -> Option<Finding> {
    let data = seen.data;
    let values: Vec<f64> = stats::evenly(seen.columns.rows, SAMPLE)
        .into_iter()
        .map(|r| f64::from(data.obs[r * data.obs_dim() + d]))
        .filter(|v| v.is_finite())
        .collect();
    let (low, high) = (nearest_rank(values.clone(), 0.25), nearest_rank(values, 0.75));
    let (room, range) = (RANGES * (high - low), seen.columns.all[d].range);
    let moves = room.partial_cmp(&0.0) == Some(std::cmp::Ordering::Greater);
    if !moves || (low - range.0).max(range.1 - high) <= room {
        return None;
    }
    let mut far: Vec<(usize, f64)> = Vec::new();
    for e in super::all(data) {
        for t in 0..e.steps() {
            let v = f64::from(e.obs_at(t)[d]);
            let out = (low - v).max(v - high);
            if v.is_finite() && out > room && !seen.failed(e.index, t) {
                far.push((super::row(&e, t), out));
            }
        }
    }
    // A heavy tail is a property of the system; a few numbers are not.
    if far.is_empty() || far.len() * 1000 > data.num_steps() {
        return None;
    }
    let (count, name) = (far.len(), &data.obs_space.names[d]);
    let (episodes, rows) = super::name_steps(data, far);
    Some(Finding {
        rule: RULE.name,
        severity: Severity::Info,
        what: format!(
            "{name} has {} more than {RANGES:.0} interquartile ranges outside of its quartiles",
            counted(count, "numbers")
        ),
        count: count as u64,
        of: data.num_steps() as u64,
        unit: "steps",
        episodes,
        rows,
        remedy: "look at these steps; clip or drop them if the system cannot be there".into(),
    })
}
