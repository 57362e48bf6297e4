//! Ends of episodes: time limits marked as terminals, recordings that stop, episodes of one step.

use super::{Finding, NAMED, Rule, Seen, Severity};
use crate::data::episode::EpisodeSpan;
use crate::ground::number::counted;
use crate::ground::task::{Cancelled, Ctx};

/// Terminals that look like a time limit.
pub const TIMEOUTS: Rule =
    Rule { name: "timeouts-as-terminals", label: "terminals at what looks like a time limit", check: timeouts };
/// Episodes that nothing ended.
pub const UNFINISHED: Rule = Rule { name: "unfinished", label: "episodes that neither flag ended", check: unfinished };
/// Episodes of one step.
pub const SHORT: Rule = Rule { name: "one-step", label: "episodes of a single step", check: short };

/// So many episodes of exactly the greatest length are no accident.
const SAME_LENGTH: usize = 3;
/// And so large a share of all.
const SHARE: f64 = 0.1;
/// Shorter episodes may well end all alike.
const SHORTEST_LIMIT: usize = 20;

fn ids(spans: &[&EpisodeSpan]) -> Vec<u64> {
    spans.iter().take(NAMED).map(|s| s.id).collect()
}

fn first_rows(spans: &[&EpisodeSpan]) -> Vec<usize> {
    spans.iter().take(NAMED).map(|s| s.first_step + s.steps - 1).collect()
}

/// Episodes of exactly the greatest length that are terminated and not truncated, where no other is longer.
fn timeouts(seen: &Seen<'_>, cx: &Ctx) -> Result<Vec<Finding>, Cancelled> {
    let data = seen.data;
    cx.check()?;
    let spans = data.spans();
    let longest = spans.iter().map(|s| s.steps).max().unwrap_or(0);
    let at_limit: Vec<&EpisodeSpan> = spans.iter().filter(|s| s.steps == longest).collect();
    let marked: Vec<&EpisodeSpan> = at_limit.iter().copied().filter(|s| s.terminated && !s.truncated).collect();
    let enough = marked.len() >= SAME_LENGTH && marked.len() as f64 >= SHARE * spans.len() as f64;
    // Where the limit itself is marked, a terminal on the same step is a coincidence.
    let all_alike = marked.len() * 10 >= at_limit.len() * 9;
    if longest < SHORTEST_LIMIT || !enough || !all_alike {
        return Ok(Vec::new());
    }
    Ok(vec![Finding {
        rule: TIMEOUTS.name,
        severity: Severity::Warning,
        what: format!(
            "{} of {} episodes end by a terminal after exactly {longest} steps, the greatest length: that looks like a time \
             limit written as a terminal",
            marked.len(),
            spans.len()
        ),
        count: marked.len() as u64,
        of: spans.len() as u64,
        unit: "episodes",
        episodes: ids(&marked),
        rows: first_rows(&marked),
        remedy: "bootstrap at these ends: mark them as truncated, or the value there is learned as 0".into(),
    }])
}

fn unfinished(seen: &Seen<'_>, cx: &Ctx) -> Result<Vec<Finding>, Cancelled> {
    let data = seen.data;
    cx.check()?;
    let spans = data.spans();
    let open: Vec<&EpisodeSpan> = spans.iter().filter(|s| !s.terminated && !s.truncated).collect();
    if open.is_empty() {
        return Ok(Vec::new());
    }
    let only_last = open.len() == 1 && spans.last().is_some_and(|s| s.id == open[0].id);
    let what = if only_last {
        format!("the last episode ({}) is partial: the recording stopped in it", counted(open[0].steps, "steps"))
    } else {
        format!("{} end by neither a terminal nor a time limit", counted(open.len(), "episodes"))
    };
    Ok(vec![Finding {
        rule: UNFINISHED.name,
        severity: Severity::Info,
        what,
        count: open.len() as u64,
        of: spans.len() as u64,
        unit: "episodes",
        episodes: ids(&open),
        rows: first_rows(&open),
        remedy: "nothing where ends are not recorded; else leave partial episodes out of statistics of returns".into(),
    }])
}

fn short(seen: &Seen<'_>, cx: &Ctx) -> Result<Vec<Finding>, Cancelled> {
    let data = seen.data;
    cx.check()?;
    let spans = data.spans();
    let single: Vec<&EpisodeSpan> = spans.iter().filter(|s| s.steps == 1).collect();
    if single.is_empty() {
        return Ok(Vec::new());
    }
    let many = single.len() * 20 > spans.len();
    Ok(vec![Finding {
        rule: SHORT.name,
        severity: if many { Severity::Warning } else { Severity::Info },
        what: format!("{} of {} episodes have a single step", single.len(), spans.len()),
        count: single.len() as u64,
        of: spans.len() as u64,
        unit: "episodes",
        episodes: ids(&single),
        rows: first_rows(&single),
        remedy: "check how ends of episodes are marked: a flag on every row makes each row an episode".into(),
    }])
}
