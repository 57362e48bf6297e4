//! Parts of the observation that are left over from the episode before in row 0: a goal that is drawn anew after the first
//! observation was written (Minari issue 265).

use std::collections::BTreeMap;

use super::seen::columns::DIMS;
use super::{Finding, NAMED, Rule, Seen, Severity, all};
use crate::ground::task::{Cancelled, Ctx};

/// The rule.
pub const RULE: Rule = Rule { name: "stale-row-0", label: "what changes only between the first two rows", check };

/// Shorter episodes do not tell what stays.
const ROWS: usize = 4;
/// A goal stays within an episode in this share of the episodes at least.
const STAYS: f64 = 0.9;
/// Episodes that tell anything.
const EPISODES: usize = 3;

/// What one dimension does.
#[derive(Default)]
struct Stays {
    /// Episodes in which it is one number from row 1 on.
    stays: usize,
    /// Those of them in which row 0 is another, and whether it is that of the episode before.
    stale: Vec<(usize, bool)>,
    /// Whether it is not the same number in all episodes.
    differs: bool,
    before: Option<f32>,
}

fn check(seen: &Seen<'_>, cx: &Ctx) -> Result<Vec<Finding>, Cancelled> {
    let (data, d) = (seen.data, seen.data.obs_dim());
    if d > DIMS {
        return Ok(Vec::new());
    }
    let mut dims: Vec<Stays> = (0..d).map(|_| Stays::default()).collect();
    let mut long = 0usize;
    for e in all(data).filter(|e| e.span.obs_rows >= ROWS) {
        cx.check()?;
        long += 1;
        for (c, dim) in dims.iter_mut().enumerate() {
            let value = |t: usize| e.obs[t * d + c];
            let goal = value(1);
            // Most dimensions move at once.
            if (2..e.span.obs_rows).any(|t| value(t).to_bits() != goal.to_bits()) {
                dim.before = None;
                continue;
            }
            dim.stays += 1;
            dim.differs |= dim.before.is_some_and(|b| b.to_bits() != goal.to_bits());
            if value(0).to_bits() != goal.to_bits() && value(0).is_finite() {
                dim.stale.push((e.index, dim.before.is_some_and(|b| b.to_bits() == value(0).to_bits())));
            }
            dim.before = Some(goal);
        }
    }
    let is_goal = |dim: &Stays| dim.stays as f64 >= STAYS * long as f64 && dim.differs && !dim.stale.is_empty();
    if long < EPISODES {
        return Ok(Vec::new());
    }
    let mut parts: BTreeMap<&str, BTreeMap<usize, bool>> = BTreeMap::new();
    for (dim, name) in dims.iter().zip(&data.obs_space.names).filter(|(dim, _)| is_goal(dim)) {
        let part = name.rsplit_once('.').map_or(name.as_str(), |(part, _)| part);
        let of_part = parts.entry(part).or_default();
        dim.stale.iter().for_each(|&(i, left)| *of_part.entry(i).or_insert(true) &= left);
    }
    Ok(parts.into_iter().map(|(part, stale)| finding(seen, part, &stale, long)).collect())
}

fn finding(seen: &Seen<'_>, part: &str, stale: &BTreeMap<usize, bool>, long: usize) -> Finding {
    let spans = seen.data.spans();
    let left = stale.values().filter(|left| **left).count();
    let named = || stale.keys().take(NAMED).map(|&i| &spans[i]);
    Finding {
        rule: RULE.name,
        severity: Severity::Warning,
        what: format!(
            "{part} stays the same within an episode, but in {} of {long} episodes row 0 holds something else{}",
            stale.len(),
            match left {
                0 => String::new(),
                n => format!(" ({n} times what the episode before held)"),
            }
        ),
        count: stale.len() as u64,
        of: long as u64,
        unit: "episodes",
        episodes: named().map(|s| s.id).collect(),
        rows: named().map(|s| s.first_step).collect(),
        remedy: format!("the first step is towards another goal: leave out row 0 of these episodes, or copy {part} from row 1 into it")
            .into(),
    }
}
