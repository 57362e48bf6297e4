//! Episodes and steps that are there more than once.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hasher};

use super::{Finding, NAMED, Rule, Seen, Severity, all, row};
use crate::data::dataset::Dataset;
use crate::data::episode::Episode;
use crate::ground::task::{Cancelled, Ctx};

/// Copies of whole episodes.
pub const EPISODES: Rule = Rule { name: "duplicate-episodes", label: "episodes that are there twice", check: episodes };
/// Copies of single steps.
pub const ROWS: Rule = Rule { name: "duplicate-steps", label: "steps that are there twice", check: rows };

/// Share of duplicate steps that is a warning and not a note.
const MANY: f64 = 0.01;

fn feed(hasher: &mut DefaultHasher, values: &[f32]) {
    for v in values {
        hasher.write_u32(v.to_bits());
    }
}

/// Observations, actions and rewards; equal hashes of 64 bits are taken for equal.
fn of_episode(e: &Episode<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    feed(&mut hasher, e.obs);
    feed(&mut hasher, e.actions);
    e.rewards.iter().for_each(|r| hasher.write_u64(r.to_bits()));
    hasher.finish()
}

/// Which episodes are copies of an earlier one, with that one.
fn copies(data: &Dataset, cx: &Ctx) -> Result<Vec<(usize, usize)>, Cancelled> {
    let (mut first, mut copies) = (HashMap::new(), Vec::new());
    for e in all(data) {
        cx.check()?;
        match first.entry((e.steps(), of_episode(&e))) {
            std::collections::hash_map::Entry::Occupied(earlier) => copies.push((e.index, *earlier.get())),
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(e.index);
            }
        }
    }
    Ok(copies)
}

fn episodes(seen: &Seen<'_>, cx: &Ctx) -> Result<Vec<Finding>, Cancelled> {
    let data = seen.data;
    let copies = copies(data, cx)?;
    let Some(&(copy, original)) = copies.first() else { return Ok(Vec::new()) };
    let (spans, n) = (data.spans(), copies.len());
    Ok(vec![Finding {
        rule: EPISODES.name,
        severity: Severity::Warning,
        what: format!(
            "{n} of {} episodes {} equal to an earlier one in every number (episode {} to episode {})",
            spans.len(),
            if n == 1 { "is" } else { "are" },
            spans[copy].id,
            spans[original].id
        ),
        count: n as u64,
        of: spans.len() as u64,
        unit: "episodes",
        episodes: copies.iter().take(NAMED).map(|c| spans[c.0].id).collect(),
        rows: copies.iter().take(NAMED).map(|c| spans[c.0].first_step).collect(),
        remedy: "drop the copies: they leak from training into held-out parts and count twice everywhere".into(),
    }])
}

fn rows(seen: &Seen<'_>, cx: &Ctx) -> Result<Vec<Finding>, Cancelled> {
    let data = seen.data;
    let mut copied = vec![false; data.num_episodes()];
    copies(data, cx)?.into_iter().for_each(|(copy, _)| copied[copy] = true);
    let (mut seen, mut twice, mut n) = (HashSet::with_capacity(data.num_steps()), Vec::new(), 0usize);
    let mut of_episode = vec![0usize; data.num_episodes()];
    for e in all(data).filter(|e| !copied[e.index]) {
        cx.check()?;
        for t in 0..e.steps() {
            let mut hasher = DefaultHasher::new();
            feed(&mut hasher, e.obs_at(t));
            feed(&mut hasher, e.action_at(t));
            hasher.write_u64(e.rewards[t].to_bits());
            n += 1;
            if !seen.insert(hasher.finish()) {
                of_episode[e.index] += 1;
                if twice.len() < NAMED {
                    twice.push(row(&e, t));
                }
            }
        }
    }
    let count: usize = of_episode.iter().sum();
    if count == 0 {
        return Ok(Vec::new());
    }
    let mut order: Vec<usize> = (0..of_episode.len()).filter(|&i| of_episode[i] > 0).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(of_episode[i]));
    Ok(vec![Finding {
        rule: ROWS.name,
        severity: if count as f64 > MANY * n as f64 { Severity::Warning } else { Severity::Info },
        what: format!(
            "{count} of {n} steps repeat an earlier observation, action and reward in every digit{}",
            if data.action_space.is_discrete() { " (usual where states and actions are discrete)" } else { "" }
        ),
        count: count as u64,
        of: n as u64,
        unit: "steps",
        episodes: order.iter().take(NAMED).map(|&i| data.spans()[i].id).collect(),
        rows: twice,
        remedy: "look for a recorder that wrote steps twice, or an agent that stood still; density estimates count them twice".into(),
    }])
}
