//! Episodes in which a dimension is of another size than in the others.

use super::columns::Columns;
use crate::data::dataset::Dataset;
use crate::ground::stats::{self, nearest_rank};
use crate::ground::task::{Cancelled, Ctx};

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
/// No episode may lie within this factor between the two groups.
const GAP: f64 = 4.0;
/// More episodes are of other units where the factor is known ...
const KNOWN: [(f64, &str); 5] = [
    (180.0 / std::f64::consts::PI, "degrees for radians"),
    (1000.0, "millimetres for metres"),
    (100.0, "centimetres for metres"),
    (25.4, "millimetres for inches"),
    (39.37, "inches for metres"),
];
/// ... to this factor,
const TO: f64 = 1.35;
/// hardly an episode lies between the two groups: this share within this factor,
const BETWEEN: (f64, f64) = (0.02, 2.5);
/// each group within itself is no wider than this,
const TIGHT: f64 = 6.0;
/// and steps are larger by the same factor to this one.
const PACE: f64 = 2.0;

/// A dimension of which some episodes are in other units.
#[derive(Debug, Clone)]
pub struct Units {
    /// Dimension.
    pub dim: usize,
    /// The episodes with the larger numbers, the largest first.
    pub episodes: Vec<usize>,
    /// By which factor they are larger.
    pub factor: f64,
    /// Which units these would be.
    pub known: Option<&'static str>,
    /// Whether they are so few that they are the odd ones.
    pub few: bool,
}

/// An episode's typical size and typical step in one dimension.
struct Size {
    index: usize,
    size: f64,
    pace: f64,
}

/// All such dimensions.
pub fn find(data: &Dataset, columns: &Columns, failed: &[bool], cx: &Ctx) -> Result<Vec<Units>, Cancelled> {
    let mut found = Vec::new();
    let long = data.spans().iter().filter(|s| s.steps >= STEPS).count();
    for &c in columns.alive.iter().filter(|_| long >= EPISODES) {
        cx.check()?;
        let mut sizes = sizes(data, failed, c);
        sizes.sort_by(|a, b| a.size.total_cmp(&b.size).then(a.index.cmp(&b.index)));
        let all: Vec<f64> = sizes.iter().map(|s| s.size).collect();
        if let Some((at, few)) = few(&all).map(|at| (at, true)).or_else(|| many(&sizes, &all).map(|at| (at, false))) {
            let (usual, large) = (middle(&all[..at]), &sizes[at..]);
            let factor = if few { all[all.len() - 1] } else { middle(&all[at..]) } / usual;
            let known = known(middle(&all[at..]) / usual).map(|k| k.1);
            found.push(Units { dim: c, episodes: large.iter().rev().map(|s| s.index).collect(), factor, known, few });
        }
    }
    Ok(found)
}

fn sizes(data: &Dataset, failed: &[bool], c: usize) -> Vec<Size> {
    let of = |i: usize| {
        let e = data.episode(i);
        let rows = stats::evenly(e.steps(), ROWS);
        let usable: Vec<usize> =
            rows.into_iter().filter(|&t| !failed[e.span.first_obs + t] && e.obs_at(t)[c].is_finite()).collect();
        let at = |t: usize| f64::from(e.obs_at(t)[c]);
        let size = nearest_rank(usable.iter().map(|&t| at(t).abs()).collect(), 0.9);
        let steps = usable.iter().filter(|&&t| t + 1 < e.steps()).map(|&t| (at(t + 1) - at(t)).abs());
        let pace = nearest_rank(steps.filter(|v| v.is_finite()).collect(), 0.5);
        Size { index: i, size, pace }
    };
    let long = (0..data.num_episodes()).filter(|&i| data.spans()[i].steps >= STEPS);
    long.map(of).filter(|s| s.size > 0.0).collect()
}

/// The middle of ascending numbers.
fn middle(ascending: &[f64]) -> f64 {
    at(ascending, 0.5)
}

fn at(ascending: &[f64], share: f64) -> f64 {
    ascending[((ascending.len() - 1) as f64 * share).round() as usize]
}

fn near(a: f64, b: f64, to: f64) -> bool {
    a / b < to && b / a < to
}

fn known(factor: f64) -> Option<&'static (f64, &'static str)> {
    let off = |k: &&(f64, &str)| (factor / k.0).ln().abs();
    KNOWN.iter().filter(|k| near(factor, k.0, TO)).min_by(|a, b| off(a).total_cmp(&off(b)))
}

/// From where on the few largest of ascending sizes are far from all others.
fn few(all: &[f64]) -> Option<usize> {
    let n = all.len();
    if n < EPISODES {
        return None;
    }
    let least = n - (n as f64 * FEW) as usize;
    let from = (least..n).max_by(|&i, &j| (all[i] / all[i - 1]).total_cmp(&(all[j] / all[j - 1])))?;
    let usual = middle(all);
    // Where half of the episodes hardly move, the few that do are no mistake.
    let steady = all[from - 1] <= FACTOR / 2.0 * usual;
    (all[from] > GAP * all[from - 1] && all[from] > FACTOR * usual && steady).then_some(from)
}

/// From where on many of the sizes are larger by a factor that is known.
fn many(sizes: &[Size], all: &[f64]) -> Option<usize> {
    let n = all.len();
    let least = ((n as f64 * FEW / 2.0) as usize).max(2);
    if n < EPISODES.max(2 * least) {
        return None;
    }
    let tight = |group: &[f64]| at(group, 0.9) <= TIGHT * at(group, 0.1);
    let between = |from: usize| {
        let valley = (all[from - 1] * all[from]).sqrt();
        let within = |to: f64| all.partition_point(|v| *v < valley * to);
        within(BETWEEN.1.sqrt()) - within(BETWEEN.1.sqrt().recip())
    };
    let is_split = |from: &usize| {
        let (small, large) = all.split_at(*from);
        known(middle(large) / middle(small)).is_some() && tight(small) && tight(large)
    };
    let from = (least..=n - least).filter(is_split).min_by_key(|&from| between(from))?;
    let pace = |group: &[Size]| nearest_rank(group.iter().map(|s| s.pace).collect(), 0.5);
    let factor = middle(&all[from..]) / middle(&all[..from]);
    let as_fast = near(pace(&sizes[from..]) / pace(&sizes[..from]), factor, PACE);
    (between(from) as f64 <= BETWEEN.0 * n as f64 && as_fast).then_some(from)
}
