//! Observation dimensions that are others over again.

use super::{Finding, Rule, Seen, Severity};
use crate::ground::number::counted;
use crate::ground::task::{Cancelled, Ctx};
use crate::ground::{duplicates, stats};

/// The rule.
pub const RULE: Rule =
    Rule { name: "duplicate-dimensions", label: "observation dimensions that are there twice", check };

/// Pairs that are named.
const LISTED: usize = 6;

fn check(seen: &Seen<'_>, cx: &Ctx) -> Result<Vec<Finding>, Cancelled> {
    let data = seen.data;
    cx.check()?;
    let names = &data.obs_space.names;
    let d = names.len();
    // A dimension that holds no numbers hides no others: it counts as one that never moves.
    let dead: Vec<bool> = (0..d).map(|c| seen.columns.is_dead(c)).collect();
    let finite = |row: &&[f32]| row.iter().zip(&dead).all(|(v, dead)| v.is_finite() || *dead);
    let number = |(i, &v): (usize, &f32)| if dead[i % d] { 0.0 } else { v };
    let held;
    let rows = if seen.columns.all.iter().all(|column| column.bad == 0) {
        &data.obs[..]
    } else {
        let rows = data.obs.chunks_exact(d.max(1)).filter(finite).flatten();
        held = rows.enumerate().map(number).collect::<Vec<f32>>();
        &held[..]
    };
    if d == 0 || rows.is_empty() {
        return Ok(Vec::new());
    }
    let (mean, std) = stats::column_mean_std(rows, d);
    let size = |c: usize| rows.iter().skip(c).step_by(d).fold(0.0f32, |m, v| m.max(v.abs()));
    // A spread of rounding alone is no movement.
    let moving: Vec<f64> = (0..d).map(|c| if std[c] > 1e-7 * f64::from(size(c)) { std[c] } else { 0.0 }).collect();
    cx.check()?;
    let twice = duplicates::columns(rows, &mean, &moving);
    if twice.is_empty() {
        return Ok(Vec::new());
    }
    let pairs: Vec<String> = twice
        .iter()
        .take(LISTED)
        .map(|&(copy, of)| format!("{} is {}", names[copy], line(names, (copy, of), &mean, &std)))
        .collect();
    let more = if twice.len() > LISTED { format!(" and {} more", twice.len() - LISTED) } else { String::new() };
    Ok(vec![Finding {
        rule: RULE.name,
        severity: Severity::Info,
        what: format!("{} in every row what another says: {}{more}", says(twice.len()), pairs.join(", ")),
        count: twice.len() as u64,
        of: d as u64,
        unit: "dimensions",
        episodes: Vec::new(),
        rows: Vec::new(),
        remedy: "give a model one of them; distances and holes count it once, unless --keep-duplicates is given".into(),
    }])
}

/// "1 dimension says", "2 dimensions say".
fn says(n: usize) -> String {
    format!("{} {}", counted(n, "dimensions"), if n == 1 { "says" } else { "say" })
}

/// The original, with factor and shift where it is in other units.
fn line(names: &[String], (copy, of): (usize, usize), mean: &[f64], std: &[f64]) -> String {
    let factor = std[copy] / std[of];
    let shift = mean[copy] - factor * mean[of];
    // Spreads of equal columns are equal to rounding.
    if (factor - 1.0).abs() < 1e-6 && shift.abs() < 1e-6 * (1.0 + mean[of].abs()) {
        return names[of].clone();
    }
    format!("{factor:.4} x {} {} {:.4}", names[of], if shift < 0.0 { "-" } else { "+" }, shift.abs())
}
