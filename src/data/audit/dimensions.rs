//! Dimensions that never move, or hardly ever.

use std::collections::HashMap;

use super::{Finding, Rule, Seen, Severity};
use crate::ground::task::{Cancelled, Ctx};

/// The rule.
pub const RULE: Rule = Rule { name: "constant", label: "constant and nearly constant dimensions", check };

/// A dimension with this share of equal values is nearly constant.
const NEARLY: f64 = 0.999;
/// Rows looked at for the commonest value.
const SAMPLE: usize = 100_000;

fn check(seen: &Seen<'_>, cx: &Ctx) -> Result<Vec<Finding>, Cancelled> {
    let data = seen.data;
    let mut found = Vec::new();
    let sets = [
        (&data.obs, &data.obs_space.names, "observation", Severity::Info),
        (&data.actions, &data.action_space.names, "action", Severity::Warning),
    ];
    for (values, names, what, severity) in sets {
        let (mut constant, mut nearly) = (Vec::new(), Vec::new());
        for (d, name) in names.iter().enumerate() {
            cx.check()?;
            let column = || values.iter().skip(d).step_by(names.len()).copied().filter(|v| v.is_finite());
            let (lo, hi) = column().fold((f32::INFINITY, f32::NEG_INFINITY), |(lo, hi), v| (lo.min(v), hi.max(v)));
            if lo > hi {
                // No number at all, which is another rule's.
                continue;
            }
            if lo >= hi {
                constant.push(format!("{name} = {lo}"));
            } else if let Some((share, value)) =
                commonest(column(), data.num_steps()).filter(|(share, _)| *share >= NEARLY)
            {
                nearly.push(format!("{name} = {value} in {:.2} %", 100.0 * share));
            }
        }
        for (list, word) in [(constant, "constant"), (nearly, "nearly constant")] {
            if list.is_empty() {
                continue;
            }
            let more = if list.len() > 6 { format!(" and {} more", list.len() - 6) } else { String::new() };
            found.push(Finding {
                rule: RULE.name,
                severity,
                what: format!("{word} {what} dimensions: {}{more}", list[..list.len().min(6)].join(", ")),
                count: list.len() as u64,
                of: names.len() as u64,
                unit: "dimensions",
                episodes: Vec::new(),
                rows: Vec::new(),
                remedy: "leave them out of normalisation: dividing by their spread makes rounding look like signal"
                    .into(),
            });
        }
    }
    Ok(found)
}

/// The share of the commonest value in an even sample, and the value.
fn commonest(column: impl Iterator<Item = f32>, rows: usize) -> Option<(f64, f32)> {
    let mut counts: HashMap<u32, usize> = HashMap::new();
    let mut n = 0usize;
    for v in column.step_by((rows / SAMPLE).max(1)) {
        // Zero has two signs and is one value.
        *counts.entry((v + 0.0).to_bits()).or_default() += 1;
        n += 1;
    }
    let (bits, count) = counts.into_iter().max_by_key(|&(bits, count)| (count, bits))?;
    Some((count as f64 / n as f64, f32::from_bits(bits)))
}
