//! Consecutive observations between which no step of this system can lie: ends of episodes that are not marked, states
//! that were set by hand (D4RL issue 77).

use super::seen::breaks::Jump;
use super::{Finding, Rule, Seen, Severity, name_steps, row};
use crate::ground::task::{Cancelled, Ctx};

/// The rule.
pub const RULE: Rule = Rule { name: "jumps", label: "jumps between consecutive observations", check };

fn check(seen: &Seen<'_>, _: &Ctx) -> Result<Vec<Finding>, Cancelled> {
    let data = seen.data;
    let of = |j: &Jump| (row(&data.episode(j.at.0 as usize), j.at.1 as usize), j.far);
    let steps: Vec<(usize, f64)> = seen.jumps.iter().filter(|j| !seen.seams.is_autoreset(data, j.at)).map(of).collect();
    if steps.is_empty() {
        return Ok(Vec::new());
    }
    let n = steps.len();
    let (episodes, rows) = name_steps(data, steps);
    Ok(vec![Finding {
        rule: RULE.name,
        severity: Severity::Warning,
        what: format!(
            "{} from one observation to the next that no other step of the data resembles: most dimensions move, and are \
             far off what state and action predict",
            if n == 1 { "1 jump".into() } else { format!("{n} jumps") }
        ),
        count: n as u64,
        of: data.num_steps() as u64,
        unit: "steps",
        episodes,
        rows,
        remedy:
            "an end of an episode is not marked there, or the state was set by hand: cut the episode, never learn from \
                 this step"
                .into(),
    }])
}
