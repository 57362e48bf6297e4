//! Numbers that are NaN or infinite: dimensions that hold nothing, and single steps.

use super::{Finding, Rule, Seen, Severity, all, name_steps, row};
use crate::ground::number::counted;
use crate::ground::task::{Cancelled, Ctx};

/// Steps.
pub const RULE: Rule = Rule { name: "not-finite", label: "NaN or Inf in observations, actions or rewards", check };
/// Dimensions.
pub const DEAD: Rule = Rule { name: "dead-dimensions", label: "dimensions that hold no numbers", check: dead };

/// A dimension that is not finite in so large a share of the rows is itself at fault, not the episodes;
const OFTEN: f64 = 0.1;
/// or in so many episodes, of which there are more than half.
const EPISODES: usize = 4;
/// Dimensions that are named.
const LISTED: usize = 6;

fn dead(seen: &Seen<'_>, cx: &Ctx) -> Result<Vec<Finding>, Cancelled> {
    cx.check()?;
    let names = &seen.data.obs_space.names;
    let dead: Vec<usize> = (0..names.len()).filter(|&c| seen.columns.is_dead(c)).collect();
    if dead.is_empty() {
        return Ok(Vec::new());
    }
    let rows = seen.columns.rows;
    let parts: Vec<String> = dead
        .iter()
        .take(LISTED)
        .map(|&c| match seen.columns.all[c].bad {
            n if n == rows => format!("{} is NaN or Inf in every row", names[c]),
            n => format!("{} is NaN or Inf in {n} of {rows} rows", names[c]),
        })
        .collect();
    let more = if dead.len() > LISTED { format!(" and {} more", dead.len() - LISTED) } else { String::new() };
    Ok(vec![Finding {
        rule: DEAD.name,
        severity: Severity::Error,
        what: format!("observation dimensions that hold no numbers: {}{more}", parts.join(", ")),
        count: dead.len() as u64,
        of: names.len() as u64,
        unit: "dimensions",
        episodes: Vec::new(),
        rows: Vec::new(),
        remedy: format!(
            "leave {} out, not the episodes: {}",
            if dead.len() == 1 { "it" } else { "them" },
            way(seen, &dead)
        )
        .into(),
    }])
}

/// How to go on without some dimensions.
fn way(seen: &Seen<'_>, without: &[usize]) -> String {
    let names = &seen.data.obs_space.names;
    let rest: Vec<&str> = (0..names.len()).filter(|c| !without.contains(c)).map(|c| names[c].as_str()).collect();
    if rest.is_empty() || rest.len() > 3 * LISTED {
        return "name all others with --state (for a single measure with --dims)".into();
    }
    format!("--state {} (for a single measure --dims)", rest.join(","))
}

fn check(seen: &Seen<'_>, cx: &Ctx) -> Result<Vec<Finding>, Cancelled> {
    let data = seen.data;
    let dead: Vec<bool> = (0..data.obs_dim()).map(|c| seen.columns.is_dead(c)).collect();
    let (mut steps, mut kinds) = (Vec::new(), [0usize; 4]);
    let bad = |row: &[f32]| row.iter().filter(|v| !v.is_finite()).count();
    let bad_obs = |row: &[f32]| row.iter().zip(&dead).filter(|(v, dead)| !v.is_finite() && !**dead).count();
    for e in all(data) {
        cx.check()?;
        for t in 0..e.steps() {
            // The last observation belongs to the last step.
            let last = if t + 1 == e.steps() && e.span.obs_rows > e.steps() { bad_obs(e.obs_at(t + 1)) } else { 0 };
            let next = e.next_obs.map_or(0, |n| bad_obs(&n[t * e.obs_dim..(t + 1) * e.obs_dim]));
            let found =
                [bad_obs(e.obs_at(t)) + last, bad(e.action_at(t)), usize::from(!e.rewards[t].is_finite()), next];
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
    let (at_fault, remedy) = blame(seen, &dead);
    Ok(vec![Finding {
        rule: RULE.name,
        severity: Severity::Error,
        what: format!(
            "{} NaN or Inf (steps with such: {}){at_fault}",
            counted(n, "steps") + if n == 1 { " holds" } else { " hold" },
            parts.join(", ")
        ),
        count: n as u64,
        of: data.num_steps() as u64,
        unit: "steps",
        episodes,
        rows,
        remedy: remedy.into(),
    }])
}

/// The dimensions that are at fault, and what to do; the episodes are where no dimension stands out.
fn blame(seen: &Seen<'_>, dead: &[bool]) -> (String, String) {
    let (columns, names) = (&seen.columns, &seen.data.obs_space.names);
    let often = |c: &usize| {
        let column = &columns.all[*c];
        let everywhere = column.bad_episodes >= EPISODES && column.bad_episodes * 2 > seen.data.num_episodes();
        !dead[*c] && (column.bad as f64 >= OFTEN * columns.rows as f64 || everywhere)
    };
    let faulty: Vec<usize> = (0..names.len()).filter(often).collect();
    // Where all dimensions fail together, none of them does.
    if faulty.is_empty() || (faulty.len() == names.len() && names.len() > 1) {
        let remedy = "drop these episodes before training; oodscope leaves these steps out of statistics and learning";
        return (String::new(), remedy.into());
    }
    let parts: Vec<String> = faulty
        .iter()
        .take(LISTED)
        .map(|&c| format!("{} in {}", names[c], counted(columns.all[c].bad, "rows")))
        .collect();
    let without: Vec<usize> = (0..names.len()).filter(|c| dead[*c] || faulty.contains(c)).collect();
    let remedy = format!(
        "the dimension is at fault, not the episodes: leave it out ({}), or fill it from the rows around",
        way(seen, &without)
    );
    (format!(", most of them in {}", parts.join(", ")), remedy)
}
