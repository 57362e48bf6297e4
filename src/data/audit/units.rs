//! Episodes in which a dimension is of another size than in all others: degrees for radians, millimetres for metres, a
//! sensor that went off.

use super::{Finding, NAMED, Rule, Severity};
use crate::data::dataset::Dataset;
use crate::ground::number::counted;
use crate::ground::task::{Cancelled, Ctx};

/// The rule.
pub const RULE: Rule = Rule { name: "units", label: "episodes of other units, and single outliers", check };

/// Fewer episodes do not tell what is usual.
const EPISODES: usize = 10;
/// An episode whose typical size in one dimension is so many times the usual one.
const FACTOR: f64 = 20.0;
/// A number so many interquartile ranges outside of the quartiles is an outlier.
const RANGES: f64 = 50.0;

fn check(data: &Dataset, cx: &Ctx) -> Result<Vec<Finding>, Cancelled> {
    let mut found = Vec::new();
    for d in 0..data.obs_dim() {
        cx.check()?;
        found.extend(other_units(data, d));
        found.extend(outliers(data, d));
    }
    Ok(found)
}

fn middle(mut v: Vec<f64>, share: f64) -> f64 {
    if v.is_empty() {
        return f64::NAN;
    }
    let at = ((v.len() - 1) as f64 * share) as usize;
    *v.select_nth_unstable_by(at, f64::total_cmp).1
}

/// Finite values of dimension `d` in episode `i`, without the last observation.
fn column(data: &Dataset, i: usize, d: usize) -> impl Iterator<Item = f64> + '_ {
    let e = data.episode(i);
    (0..e.steps()).map(move |t| f64::from(e.obs_at(t)[d])).filter(|v| v.is_finite())
}

/// Episodes whose 90 % quantile of |v| is [`FACTOR`] times that of the middle episode.
fn other_units(data: &Dataset, d: usize) -> Option<Finding> {
    let n = data.num_episodes();
    if n < EPISODES {
        return None;
    }
    let sizes: Vec<f64> = (0..n).map(|i| middle(column(data, i, d).map(f64::abs).collect(), 0.9)).collect();
    let usual = middle(sizes.iter().copied().filter(|s| s.is_finite()).collect(), 0.5);
    // Where half of the episodes hardly move, the few that do are no mistake.
    let spread = middle(sizes.iter().copied().filter(|s| s.is_finite()).collect(), 0.9);
    if usual.partial_cmp(&0.0) != Some(std::cmp::Ordering::Greater) || spread > FACTOR / 2.0 * usual {
        return None;
    }
    let mut far: Vec<(usize, f64)> =
        (0..n).filter(|&i| sizes[i] > FACTOR * usual).map(|i| (i, sizes[i] / usual)).collect();
    far.sort_by(|a, b| b.1.total_cmp(&a.1));
    let (worst, name) = (far.first()?.1, &data.obs_space.names[d]);
    let guess = match worst {
        w if (40.0..80.0).contains(&w) => " (as degrees for radians would be)",
        w if (500.0..2000.0).contains(&w) => " (as millimetres for metres would be)",
        _ => "",
    };
    Some(Finding {
        rule: RULE.name,
        severity: Severity::Warning,
        what: format!("{name} is up to {worst:.0} times its usual size in {} of {n} episodes{guess}", far.len()),
        count: far.len() as u64,
        of: n as u64,
        unit: "episodes",
        episodes: far.iter().take(NAMED).map(|f| data.spans()[f.0].id).collect(),
        rows: far.iter().take(NAMED).map(|f| data.spans()[f.0].first_step).collect(),
        remedy: "convert these episodes to the units of the others, or drop them",
    })
}

/// Single numbers far beyond the quartiles of their dimension.
fn outliers(data: &Dataset, d: usize) -> Option<Finding> {
    let all: Vec<f64> = (0..data.num_episodes()).flat_map(|i| column(data, i, d)).collect();
    let (n, low, high) = (all.len(), middle(all.clone(), 0.25), middle(all, 0.75));
    let room = RANGES * (high - low);
    if room.partial_cmp(&0.0) != Some(std::cmp::Ordering::Greater) {
        return None;
    }
    let mut far: Vec<(usize, f64)> = Vec::new();
    for i in 0..data.num_episodes() {
        let e = data.episode(i);
        for t in 0..e.steps() {
            let v = f64::from(e.obs_at(t)[d]);
            let out = (low - v).max(v - high);
            if v.is_finite() && out > room {
                far.push((super::row(&e, t), out));
            }
        }
    }
    // A heavy tail is a property of the system; a few numbers are not.
    if far.is_empty() || far.len() * 1000 > n {
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
        of: n as u64,
        unit: "steps",
        episodes,
        rows,
        remedy: "look at these steps; clip or drop them if the system cannot be there",
    })
}
