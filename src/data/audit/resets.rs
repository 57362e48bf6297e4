//! Ends of episodes against the beginning of the next one: a last step that leads into the next episode, as environments
//! that reset themselves write it, and ends at which the state simply goes on.

use super::{Finding, NAMED, Rule, Seen, Severity};
use crate::ground::task::{Cancelled, Ctx};

/// Last steps that lead into the next episode.
pub const AUTORESET: Rule =
    Rule { name: "autoreset", label: "last steps that lead into the next episode", check: autoreset };
/// Ends at which the state goes on.
pub const GOES_ON: Rule = Rule { name: "no-reset", label: "ends at which the state goes on", check: goes_on };

fn finding(seen: &Seen<'_>, rule: &'static str, of: &[usize]) -> Finding {
    let spans = seen.data.spans();
    Finding {
        rule,
        severity: Severity::Warning,
        what: String::new(),
        count: of.len() as u64,
        of: spans.len() as u64 - 1,
        unit: "ends",
        episodes: of.iter().take(NAMED).map(|&i| spans[i].id).collect(),
        rows: of.iter().take(NAMED).map(|&i| spans[i].first_step + spans[i].steps - 1).collect(),
        remedy: "".into(),
    }
}

fn autoreset(seen: &Seen<'_>, _: &Ctx) -> Result<Vec<Finding>, Cancelled> {
    let of = &seen.seams.autoreset;
    if of.is_empty() {
        return Ok(Vec::new());
    }
    let what = format!(
        "{} of {} ends: the last step leads to the first observation of the next episode, as environments that reset \
         themselves write it; the observation that really came last is lost",
        of.len(),
        seen.data.num_episodes() - 1
    );
    let remedy = "do not learn dynamics or bootstrap from these last steps: the next observation belongs to another \
                  episode; record the environment's final observation instead"
        .into();
    Ok(vec![Finding { what, remedy, ..finding(seen, AUTORESET.name, of) }])
}

fn goes_on(seen: &Seen<'_>, _: &Ctx) -> Result<Vec<Finding>, Cancelled> {
    let of = &seen.seams.goes_on;
    if of.is_empty() {
        return Ok(Vec::new());
    }
    let terminated = of.iter().filter(|&&i| seen.data.spans()[i].terminated).count();
    let what = format!(
        "at {} of {} ends the state goes on: the next episode begins one step after the last observation, so nothing was reset{}",
        of.len(),
        seen.data.num_episodes() - 1,
        if terminated > 0 { format!(" ({terminated} of them are marked as terminal)") } else { String::new() }
    );
    let severity = if terminated > 0 { Severity::Warning } else { Severity::Info };
    let remedy =
        "these are parts of longer episodes (a goal reached, a log cut): bootstrap there, and keep such neighbours on \
                  the same side of a split"
            .into();
    Ok(vec![Finding { what, remedy, severity, ..finding(seen, GOES_ON.name, of) }])
}
