//! Episodes in which a dimension is of another size than in all others: degrees for radians, millimetres for metres, a
//! sensor that went off.

use super::{Finding, NAMED, Rule, Seen, Severity};
use crate::ground::number::counted;
use crate::ground::stats::{self, nearest_rank};
use crate::ground::task::{Cancelled, Ctx};

/// The rule.
pub const RULE: Rule = Rule { name: "units", label: "episodes of other units, and single outliers", check };

/// Fewer episodes do not tell what is usual.
const EPISODES: usize = 10;
/// Shorter ones have no size of their own.
const STEPS: usize = 10;
/// Rows of an episode that are looked at.
const ROWS: usize = 200;
/// A few episodes of which the typical size is so many times the usual one are of other units, whatever they are.
const FACTOR: f64 = 20.0;
/// A few: this share.
const FEW: f64 = 0.1;
/// More episodes are of other units where the factor is known ...
const KNOWN: [(f64, &str); 5] = [
    (180.0 / std::f64::consts::PI, "degrees for radians"),
    (1000.0, "millimetres for metres"),
    (100.0, "centimetres for metres"),
    (25.4, "millimetres for inches"),
    (39.37, "inches for metres"),
];
/// ... to this factor,
const TO: f64 = 1.4;
/// no episode lies within this factor between the two groups,
const GAP: f64 = 4.0;
/// each group within itself is no wider than this,
const TIGHT: f64 = 6.0;
/// and steps are larger by the same factor to this one.
const PACE: f64 = 2.5;
/// A number so many interquartile ranges outside of the quartiles is an outlier.
const RANGES: f64 = 50.0;
/// Rows that quartiles are taken of.
const SAMPLE: usize = 50_000;

fn check(seen: &Seen<'_>, cx: &Ctx) -> Result<Vec<Finding>, Cancelled> {
    let mut found = Vec::new();
    for d in 0..seen.data.obs_dim() {
        cx.check()?;
        if seen.columns.is_dead(d) {
            continue;
        }
        found.extend(other_units(seen, d));
        found.extend(outliers(seen, d));
    }
    Ok(found)
}

/// An episode's typical size and typical step in one dimension.
struct Size {
    index: usize,
    size: f64,
    pace: f64,
}

fn sizes(seen: &Seen<'_>, d: usize) -> Vec<Size> {
    let of = |i: usize| {
        let e = seen.data.episode(i);
        let rows = stats::evenly(e.steps(), ROWS);
        let usable: Vec<usize> = rows.into_iter().filter(|&t| !seen.failed(i, t) && e.obs_at(t)[d].is_finite()).collect();
        let at = |t: usize| f64::from(e.obs_at(t)[d]);
        let size = nearest_rank(usable.iter().map(|&t| at(t).abs()).collect(), 0.9);
        let steps = usable.iter().filter(|&&t| t + 1 < e.steps()).map(|&t| (at(t + 1) - at(t)).abs());
        let pace = nearest_rank(steps.filter(|v| v.is_finite()).collect(), 0.5);
        Size { index: i, size, pace }
    };
    let long = (0..seen.data.num_episodes()).filter(|&i| seen.data.spans()[i].steps >= STEPS);
    long.map(of).filter(|s| s.size > 0.0).collect()
}

fn middle(group: &[Size], of: fn(&Size) -> f64, q: f64) -> f64 {
    nearest_rank(group.iter().map(of).collect(), q)
}

/// Two groups of episodes with nothing between them, of which one is in other units.
fn other_units(seen: &Seen<'_>, d: usize) -> Option<Finding> {
    let mut sizes = sizes(seen, d);
    let n = sizes.len();
    if n < EPISODES {
        return None;
    }
    sizes.sort_by(|a, b| a.size.total_cmp(&b.size).then(a.index.cmp(&b.index)));
    let gap = |i: usize| sizes[i + 1].size / sizes[i].size;
    let at = (0..n - 1).max_by(|&i, &j| gap(i).total_cmp(&gap(j)))?;
    if gap(at) < GAP {
        return None;
    }
    let (small, large) = sizes.split_at(at + 1);
    let factor = middle(large, |s| s.size, 0.5) / middle(small, |s| s.size, 0.5);
    let near = |a: f64, b: f64, to: f64| a / b < to && b / a < to;
    let known = KNOWN.iter().filter(|k| near(factor, k.0, TO)).min_by(|a, b| off(factor, a.0).total_cmp(&off(factor, b.0)));
    let tight = |group: &[Size]| middle(group, |s| s.size, 0.9) <= TIGHT * middle(group, |s| s.size, 0.1);
    let pace = middle(large, |s| s.pace, 0.5) / middle(small, |s| s.pace, 0.5);
    let converted = known.is_some() && tight(small) && tight(large) && near(pace, factor, PACE);
    // Where half of the episodes hardly move, the few that do are no mistake.
    let steady = middle(&sizes, |s| s.size, 0.9) <= FACTOR / 2.0 * middle(&sizes, |s| s.size, 0.5);
    let few = large.len() as f64 <= FEW * n as f64 && factor > FACTOR && steady;
    if !few && !converted {
        return None;
    }
    let guess = known.map_or(String::new(), |k| format!(" (as {} would be)", k.1));
    let (name, spans) = (&seen.data.obs_space.names[d], seen.data.spans());
    let (count, all) = (large.len(), seen.data.num_episodes());
    let what = if few {
        let worst = large.last()?.size / middle(&sizes, |s| s.size, 0.5);
        format!("{name} is up to {worst:.0} times its usual size in {count} of {all} episodes{guess}")
    } else {
        format!("{name} is about {factor:.0} times as large in {count} of {all} episodes as in the others{guess}")
    };
    Some(Finding {
        rule: RULE.name,
        severity: Severity::Warning,
        what,
        count: count as u64,
        of: all as u64,
        unit: "episodes",
        episodes: large.iter().rev().take(NAMED).map(|s| spans[s.index].id).collect(),
        rows: large.iter().rev().take(NAMED).map(|s| spans[s.index].first_step).collect(),
        remedy: "convert these episodes to the units of the others, or drop them".into(),
    })
}

fn off(a: f64, b: f64) -> f64 {
    (a / b).ln().abs()
}

/// Single numbers far beyond the quartiles of their dimension.
fn outliers(seen: &Seen<'_>, d: usize) -> Option<Finding> {
    let data = seen.data;
    let values: Vec<f64> = stats::evenly(seen.columns.rows, SAMPLE)
        .into_iter()
        .map(|r| f64::from(data.obs[r * data.obs_dim() + d]))
        .filter(|v| v.is_finite())
        .collect();
    let (low, high) = (nearest_rank(values.clone(), 0.25), nearest_rank(values, 0.75));
    let (room, range) = (RANGES * (high - low), seen.columns.all[d].range);
    let moves = room.partial_cmp(&0.0) == Some(std::cmp::Ordering::Greater);
    if !moves || (low - range.0).max(range.1 - high) <= room {
        return None;
    }
    let mut far: Vec<(usize, f64)> = Vec::new();
    for e in super::all(data) {
        for t in 0..e.steps() {
            let v = f64::from(e.obs_at(t)[d]);
            let out = (low - v).max(v - high);
            if v.is_finite() && out > room && !seen.failed(e.index, t) {
                far.push((super::row(&e, t), out));
            }
        }
    }
    // A heavy tail is a property of the system; a few numbers are not.
    if far.is_empty() || far.len() * 1000 > data.num_steps() {
        return None;
    }
    let (count, name) = (far.len(), &data.obs_space.names[d]);
    let (episodes, rows) = super::name_steps(data, far);
    Some(Finding {
        rule: RULE.name,
        severity: Severity::Info,
        what: format!(
            "{name} has {} more than {RANGES:.0} interquartile ranges outside of its quartiles",
            counted(count, "numbers")
        ),
        count: count as u64,
        of: data.num_steps() as u64,
        unit: "steps",
        episodes,
        rows,
        remedy: "look at these steps; clip or drop them if the system cannot be there".into(),
    })
}
