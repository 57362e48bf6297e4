//! Steps that are long only because of how a turn is written: an angle that wraps, a quaternion that changes its sign.

use super::seen::Place;
use super::{Finding, Rule, Seen, Severity, name_places};
use crate::ground::number::counted;
use crate::ground::task::{Cancelled, Ctx};

/// Angles.
pub const ANGLES: Rule = Rule { name: "wrapped-angle", label: "angles that wrap", check: angles };
/// Quaternions.
pub const QUATERNIONS: Rule =
    Rule { name: "quaternion-sign", label: "quaternions that change their sign", check: quaternions };

fn finding(seen: &Seen<'_>, rule: &'static str, what: String, mut steps: Vec<Place>) -> Finding {
    steps.sort_unstable();
    let (episodes, rows) = name_places(seen.data, &steps);
    Finding {
        rule,
        severity: Severity::Info,
        what,
        count: steps.len() as u64,
        of: seen.data.num_steps() as u64,
        unit: "steps",
        episodes,
        rows,
        remedy: "".into(),
    }
}

fn angles(seen: &Seen<'_>, _: &Ctx) -> Result<Vec<Finding>, Cancelled> {
    let columns = seen.columns.all.iter().zip(&seen.data.obs_space.names);
    let wrapped: Vec<_> = columns.filter(|(column, _)| column.period.is_some()).collect();
    if wrapped.is_empty() {
        return Ok(Vec::new());
    }
    let parts: Vec<String> = wrapped
        .iter()
        .map(|(column, name)| {
            let turn = if column.period.is_some_and(|p| p > 7.0) { "360 degrees" } else { "2 pi" };
            format!("{name} wraps by {turn} {}", counted(column.wraps.len(), "times"))
        })
        .collect();
    let steps = wrapped.iter().flat_map(|(column, _)| column.wraps.clone()).collect();
    let remedy =
        "give a model the sine and cosine of the angle, or unwrap it within every episode: two equal turns are a full \
                  range apart here"
            .into();
    let what = format!("an angle jumps from one end of its range to the other: {}", parts.join(", "));
    Ok(vec![Finding { remedy, ..finding(seen, ANGLES.name, what, steps) }])
}

fn quaternions(seen: &Seen<'_>, _: &Ctx) -> Result<Vec<Finding>, Cancelled> {
    let names = &seen.data.obs_space.names;
    let found = &seen.columns.quaternions;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let parts: Vec<String> = found
        .iter()
        .map(|q| format!("{} to {} {}", names[q.first], names[q.first + 3], counted(q.flips.len(), "times")))
        .collect();
    let steps = found.iter().flat_map(|q| q.flips.clone()).collect();
    let remedy =
        "flip the signs so that neighbouring rows are near (q and -q are one turn), before differences or means are \
                  taken"
            .into();
    let what = format!("a quaternion changes its sign from one row to the next: {}", parts.join(", "));
    Ok(vec![Finding { remedy, ..finding(seen, QUATERNIONS.name, what, steps) }])
}
