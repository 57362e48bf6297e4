//! Next observations that are not the observation that follows.

use super::{Finding, Rule, Seen, Severity, all, name_steps, row};
use crate::ground::task::{Cancelled, Ctx};

/// The rule.
pub const RULE: Rule =
    Rule { name: "next-observation", label: "next observations that are not the following row", check };

fn check(seen: &Seen<'_>, cx: &Ctx) -> Result<Vec<Finding>, Cancelled> {
    let data = seen.data;
    let mut steps = Vec::new();
    if data.next_obs.is_none() {
        return Ok(Vec::new());
    }
    for e in all(data) {
        cx.check()?;
        for t in 0..e.steps().saturating_sub(1) {
            let Some(next) = e.next_obs_at(t) else { continue };
            let apart = next.iter().zip(e.obs_at(t + 1)).map(|(a, b)| f64::from((a - b).abs())).fold(0.0, f64::max);
            if apart > 0.0 {
                steps.push((row(&e, t), apart));
            }
        }
    }
    if steps.is_empty() {
        return Ok(Vec::new());
    }
    let n = steps.len();
    let (episodes, rows) = name_steps(data, steps);
    Ok(vec![Finding {
        rule: RULE.name,
        severity: Severity::Warning,
        what: format!(
            "{n} next observations are not the observation that follows in the same episode: rows were dropped, shuffled or \
             sub-sampled, or an end of an episode is not marked"
        ),
        count: n as u64,
        of: data.num_steps() as u64,
        unit: "steps",
        episodes,
        rows,
        remedy:
            "never build transitions from consecutive rows of this file; use its next observations, as oodscope does"
                .into(),
    }])
}
