//! The environment's own time limit against the lengths of the episodes.

use super::{Finding, NAMED, Rule, Seen, Severity};
use crate::data::episode::EpisodeSpan;
use crate::ground::task::{Cancelled, Ctx};

/// The rule.
pub const RULE: Rule = Rule { name: "time-limit", label: "lengths against the environment's time limit", check };

/// So many episodes that are cut after the same number of steps have another limit.
const SAME: usize = 3;

/// The limit that the environment is made with, where the file says so.
fn limit(seen: &Seen<'_>) -> Option<usize> {
    let spec: serde_json::Value = serde_json::from_str(seen.data.origin.env_spec.as_deref()?).ok()?;
    usize::try_from(spec["max_episode_steps"].as_u64()?).ok().filter(|n| *n > 0)
}

fn finding(spans: &[&EpisodeSpan], of: usize) -> Finding {
    Finding {
        rule: RULE.name,
        severity: Severity::Warning,
        what: String::new(),
        count: spans.len() as u64,
        of: of as u64,
        unit: "episodes",
        episodes: spans.iter().take(NAMED).map(|s| s.id).collect(),
        rows: spans.iter().take(NAMED).map(|s| s.first_step + s.steps - 1).collect(),
        remedy: "".into(),
    }
}

fn check(seen: &Seen<'_>, cx: &Ctx) -> Result<Vec<Finding>, Cancelled> {
    cx.check()?;
    let Some(limit) = limit(seen) else { return Ok(Vec::new()) };
    let spans = seen.data.spans();
    let mut longer: Vec<&EpisodeSpan> = spans.iter().filter(|s| s.steps > limit).collect();
    longer.sort_by_key(|s| std::cmp::Reverse(s.steps));
    if let (Some(most), Some(least)) = (longer.first(), longer.last()) {
        let what = format!(
            "{} of {} episodes are longer than the environment's time limit of {limit} steps ({} to {} steps)",
            longer.len(),
            spans.len(),
            least.steps,
            most.steps
        );
        let remedy =
            "the data come from another limit than the environment they name: make it with the limit of the data \
                      before a policy is compared in it"
                .into();
        return Ok(vec![Finding { what, remedy, ..finding(&longer, spans.len()) }]);
    }
    // Cut episodes all of one length, short of the limit.
    let cut: Vec<&EpisodeSpan> = spans.iter().filter(|s| s.truncated && !s.terminated).collect();
    let Some(length) = cut.iter().map(|s| s.steps).max().filter(|n| *n < limit) else { return Ok(Vec::new()) };
    let alike: Vec<&EpisodeSpan> = cut.iter().copied().filter(|s| s.steps == length).collect();
    if alike.len() < SAME || alike.len() * 2 < cut.len() {
        return Ok(Vec::new());
    }
    let what = format!(
        "{} of {} episodes are cut after exactly {length} steps; no episode reaches the environment's time limit of {limit} \
         steps",
        alike.len(),
        spans.len()
    );
    let remedy = "returns add up fewer steps than the environment's: compare with policies under the same limit".into();
    Ok(vec![Finding { what, remedy, severity: Severity::Info, ..finding(&alike, spans.len()) }])
}
