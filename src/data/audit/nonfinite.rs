//! Numbers that are NaN or infinite.

use super::{Finding, Rule, Severity, all, name_steps, row};
use crate::data::dataset::Dataset;
use crate::ground::number::counted;
use crate::ground::task::{Cancelled, Ctx};

/// The rule.
pub const RULE: Rule = Rule { name: "not-finite", label: "NaN or Inf in observations, actions or rewards", check };

fn check(data: &Dataset, cx: &Ctx) -> Result<Vec<Finding>, Cancelled> {
    let (mut steps, mut kinds) = (Vec::new(), [0usize; 4]);
    let bad = |row: &[f32]| row.iter().filter(|v| !v.is_finite()).count();
    for e in all(data) {
        cx.check()?;
        for t in 0..e.steps() {
            // The last observation belongs to the last step.
            let last = if t + 1 == e.steps() && e.span.obs_rows > e.steps() { bad(e.obs_at(t + 1)) } else { 0 };
            let next = e.next_obs.map_or(0, |n| bad(&n[t * e.obs_dim..(t + 1) * e.obs_dim]));
            let found = [bad(e.obs_at(t)) + last, bad(e.action_at(t)), usize::from(!e.rewards[t].is_finite()), next];
            if found.iter().any(|&n| n > 0) {
                kinds.iter_mut().zip(found).for_each(|(all, n)| *all += usize::from(n > 0));
                steps.push((row(&e, t), found.iter().sum::<usize>() as f64));
            }
        }
    }
    if steps.is_empty() {
        return Ok(Vec::new());
    }
    let names = ["observations", "actions", "rewards", "next observations"];
    let parts: Vec<String> =
        names.iter().zip(kinds).filter(|(_, n)| *n > 0).map(|(name, n)| format!("{name} {n}")).collect();
    let n = steps.len();
    let (episodes, rows) = name_steps(data, steps);
    Ok(vec![Finding {
        rule: RULE.name,
        severity: Severity::Error,
        what: format!(
            "{} NaN or Inf (steps with such: {})",
            counted(n, "steps") + if n == 1 { " holds" } else { " hold" },
            parts.join(", ")
        ),
        count: n as u64,
        of: data.num_steps() as u64,
        unit: "steps",
        episodes,
        rows,
        remedy: "drop these episodes before training; oodscope leaves these steps out of statistics and learning",
    }])
}
