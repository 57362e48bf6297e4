//! Rows that hold one and the same observation.

use super::seen::still::REPEATED;
use super::{Finding, Rule, Seen, Severity, name_places};
use crate::ground::number::counted;
use crate::ground::task::{Cancelled, Ctx};

/// The rule.
pub const RULE: Rule = Rule { name: "stuck-rows", label: "rows that hold one and the same observation", check };

fn check(seen: &Seen<'_>, _: &Ctx) -> Result<Vec<Finding>, Cancelled> {
    let (data, stuck) = (seen.data, &seen.stuck);
    let mut found = Vec::new();
    if !stuck.failed.is_empty() {
        let named: Vec<String> = stuck
            .held
            .iter()
            .take(3)
            .map(|(what, n)| format!("{} {what}", counted(*n, "rows") + if *n == 1 { " holds" } else { " hold" }))
            .collect();
        let n = stuck.failed.len();
        let (episodes, rows) = name_places(data, &stuck.failed);
        found.push(Finding {
            rule: RULE.name,
            severity: Severity::Warning,
            what: format!(
                "{n} rows repeat one observation that the system cannot have stayed at: {}",
                named.join(", ")
            ),
            count: n as u64,
            of: seen.columns.rows as u64,
            unit: "rows",
            episodes,
            rows,
            remedy:
                "the recorder lost its readings there: leave these rows out, or cut the episodes before and after them"
                    .into(),
        });
    }
    if stuck.still.len() >= REPEATED {
        let n = stuck.still.len();
        let (episodes, rows) = name_places(data, &stuck.still);
        found.push(Finding {
            rule: RULE.name,
            severity: Severity::Info,
            what: format!("{} the observation of the row before in every digit although the action changed", counted(n, "rows") + if n == 1 { " repeats" } else { " repeat" }),
            count: n as u64,
            of: seen.columns.rows as u64,
            unit: "rows",
            episodes,
            rows,
            remedy: "look whether the system stood still there, or whether observations are recorded more seldom than actions".into(),
        });
    }
    Ok(found)
}
