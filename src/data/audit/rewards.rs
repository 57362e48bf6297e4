//! Rewards that never change.

use super::{Finding, Rule, Seen, Severity};
use crate::ground::task::{Cancelled, Ctx};

/// The rule.
pub const RULE: Rule = Rule { name: "constant-rewards", label: "rewards that never change", check };

fn check(seen: &Seen<'_>, cx: &Ctx) -> Result<Vec<Finding>, Cancelled> {
    cx.check()?;
    let data = seen.data;
    let mut finite = data.rewards.iter().copied().filter(|r| r.is_finite());
    // A reader that found none has said so.
    let Some(first) = finite.next().filter(|_| !data.origin.has_no_rewards() && data.rewards.len() > 1) else {
        return Ok(Vec::new());
    };
    // Exactly: what is written by a rule that never speaks is the same in every bit.
    if finite.any(|r| (r + 0.0).to_bits() != (first + 0.0).to_bits()) {
        return Ok(Vec::new());
    }
    // A reward for every step that is survived is one number, too.
    let (severity, remedy) = if first == 0.0 {
        let remedy =
            "nothing is learned from rewards here: name the column that holds them, or compute them anew from states";
        (Severity::Warning, remedy)
    } else {
        (Severity::Info, "only the length of an episode tells a good one from a bad one")
    };
    Ok(vec![Finding {
        rule: RULE.name,
        severity,
        what: format!("every reward is {first}"),
        count: data.num_steps() as u64,
        of: data.num_steps() as u64,
        unit: "steps",
        episodes: Vec::new(),
        rows: Vec::new(),
        remedy: remedy.into(),
    }])
}
