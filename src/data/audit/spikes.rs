//! Single readings that leave and come back, and codes that stand for a missing one.

use std::collections::BTreeSet;

use super::seen::Place;
use super::{Finding, Rule, Seen, Severity, name_places};
use crate::ground::number::counted;
use crate::ground::task::{Cancelled, Ctx};

/// Readings that leave and come back.
pub const SPIKES: Rule = Rule { name: "spikes", label: "readings that leave and come back", check: spikes };
/// Numbers that stand for a missing one.
pub const CODES: Rule = Rule { name: "sensor-codes", label: "numbers that stand for a missing reading", check: codes };

/// Dimensions that are named.
const LISTED: usize = 6;

/// "10 rows of 10 episodes".
fn places(rows: &[Place]) -> String {
    let episodes: BTreeSet<u32> = rows.iter().map(|r| r.0).collect();
    format!("{} of {}", counted(rows.len(), "rows"), counted(episodes.len(), "episodes"))
}

fn listed(mut parts: Vec<String>) -> String {
    let more = parts.len().saturating_sub(LISTED);
    parts.truncate(LISTED);
    parts.join(", ") + &if more > 0 { format!(" and {more} more") } else { String::new() }
}

fn spikes(seen: &Seen<'_>, _: &Ctx) -> Result<Vec<Finding>, Cancelled> {
    let (data, names) = (seen.data, &seen.data.obs_space.names);
    let mut parts: Vec<(usize, String)> = seen
        .readings
        .spikes
        .iter()
        .map(|(c, rows)| (rows.len(), format!("{} in {}", names[*c], places(rows))))
        .collect();
    parts.sort_by(|a, b| b.0.cmp(&a.0));
    let mut parts: Vec<String> = parts.into_iter().map(|p| p.1).collect();
    if !seen.between.is_empty() {
        parts.push(format!("the whole observation in {}", places(&seen.between)));
    }
    let all: BTreeSet<Place> = seen.readings.spikes.iter().flat_map(|s| &s.1).chain(&seen.between).copied().collect();
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let all: Vec<Place> = all.into_iter().collect();
    let (episodes, rows) = name_places(data, &all);
    Ok(vec![Finding {
        rule: SPIKES.name,
        severity: Severity::Warning,
        what: format!("readings leave for a row or a few, and come back: {}", listed(parts)),
        count: all.len() as u64,
        of: seen.columns.rows as u64,
        unit: "rows",
        episodes,
        rows,
        remedy: "the sensor failed there: replace these readings by their neighbours, or leave out the steps before and after"
            .into(),
    }])
}

fn codes(seen: &Seen<'_>, _: &Ctx) -> Result<Vec<Finding>, Cancelled> {
    let (data, codes) = (seen.data, &seen.readings.codes);
    let all: BTreeSet<Place> = codes.iter().flat_map(|k| &k.rows).copied().collect();
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let name = |c: usize| &data.obs_space.names[c];
    let parts = codes.iter().map(|k| format!("{} is exactly {} in {}", name(k.dim), k.value, places(&k.rows)));
    let what = format!("a number far from all others stands for a missing reading: {}", listed(parts.collect()));
    let all: Vec<Place> = all.into_iter().collect();
    let (episodes, rows) = name_places(data, &all);
    Ok(vec![Finding {
        rule: CODES.name,
        severity: Severity::Warning,
        what,
        count: all.len() as u64,
        of: seen.columns.rows as u64,
        unit: "rows",
        episodes,
        rows,
        remedy: "replace these numbers by the readings around them or by NaN, or leave the dimension out with --state; a mean \
                 over them is of nothing"
            .into(),
    }])
}
