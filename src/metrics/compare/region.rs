//! Which region differs most: the leaf of a small decision tree in which one set has much and the other little, as a
//! readable box.
//!
//! The tree is CART with Gini's impurity (Breiman et al. 1984) on the pooled sample, in the states' own units.

use std::fmt::Write;

use super::sample::Sample;
use crate::ground::fault::Fault;
use crate::ground::stats;
use crate::ground::task::Ctx;
use crate::metrics::States;
use crate::metrics::features::Features;

/// Splits on the way to a leaf.
const DEPTH: usize = 3;
/// A leaf holds at least this share of one set's states.
const LEAF: f64 = 0.02;

/// Bounds of some dimensions, in the states' own units: low < x ≤ high.
#[derive(Debug, Clone, PartialEq)]
pub struct Region {
    /// Kept dimension, low and high end; an end may be infinite.
    pub bounds: Vec<(usize, f64, f64)>,
}

/// How much of a set lies in a region.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// Share of the finite states.
    pub states: f64,
    /// Episodes with a state there.
    pub episodes: usize,
    /// Episodes in all.
    pub of_episodes: usize,
}

/// The leaf with the largest surplus of B over A, and the one with the largest surplus of A over B; nothing where no split
/// tells them apart.
///
/// # Errors
/// When cancelled.
pub fn most_different(
    sample: &Sample,
    features: &Features,
    cx: &Ctx,
) -> Result<(Option<Region>, Option<Region>), Fault> {
    let columns: Vec<Vec<f64>> = (0..features.dim())
        .map(|d| sample.points.column(d).into_iter().map(|v| v * features.std[d]).collect())
        .collect();
    let tree = Tree { columns, is_b: sample.is_b(), features, least: ((LEAF * sample.n_a as f64) as usize).max(1) };
    let mut leaves = Vec::new();
    tree.grow((0..sample.points.len()).collect(), Region { bounds: vec![] }, DEPTH, &mut leaves, cx)?;
    let pick = |sign: f64| {
        let best = leaves.iter().max_by(|a, b| (sign * a.1).total_cmp(&(sign * b.1)));
        best.filter(|(region, surplus)| sign * surplus > 0.0 && !region.bounds.is_empty()).map(|(r, _)| r.clone())
    };
    Ok((pick(1.0), pick(-1.0)))
}

struct Tree<'a> {
    /// [D][N] in the states' own units.
    columns: Vec<Vec<f64>>,
    is_b: Vec<bool>,
    features: &'a Features,
    least: usize,
}

impl Tree<'_> {
    /// Adds the leaves below `rows` with their number of B's states less that of A's.
    fn grow(
        &self,
        rows: Vec<usize>,
        region: Region,
        depth: usize,
        leaves: &mut Vec<(Region, f64)>,
        cx: &Ctx,
    ) -> Result<(), Fault> {
        let best = if depth > 0 { self.split(&rows, cx)? } else { None };
        let Some((d, at)) = best else {
            let b = rows.iter().filter(|&&i| self.is_b[i]).count() as f64;
            leaves.push((region, 2.0 * b - rows.len() as f64));
            return Ok(());
        };
        let (low, high): (Vec<usize>, Vec<usize>) = rows.into_iter().partition(|&i| self.columns[d][i] <= at);
        self.grow(low, region.within(d, f64::NEG_INFINITY, at), depth - 1, leaves, cx)?;
        self.grow(high, region.within(d, at, f64::INFINITY), depth - 1, leaves, cx)
    }

    /// Dimension and value of the split with the lowest impurity; of equals the first.
    fn split(&self, rows: &[usize], cx: &Ctx) -> Result<Option<(usize, f64)>, Fault> {
        let all_b = rows.iter().filter(|&&i| self.is_b[i]).count();
        // Twice the count of both kinds over the count: Gini's impurity times the number of states.
        let impurity = |b: usize, n: usize| if n == 0 { 0.0 } else { 2.0 * b as f64 * (n - b) as f64 / n as f64 };
        let mut best = (impurity(all_b, rows.len()) - 1e-9, None);
        for (d, column) in self.columns.iter().enumerate() {
            cx.check()?;
            let mut order = rows.to_vec();
            order.sort_by(|&i, &j| stats::order(&column[i], &column[j]));
            let mut b = 0;
            for n in 1..order.len() {
                b += usize::from(self.is_b[order[n - 1]]);
                let (low, high) = (column[order[n - 1]], column[order[n]]);
                if low >= high || n < self.least || order.len() - n < self.least {
                    continue;
                }
                let sum = impurity(b, n) + impurity(all_b - b, order.len() - n);
                if sum < best.0 {
                    best = (sum, Some((d, self.readable(d, low, high))));
                }
            }
        }
        Ok(best.1)
    }

    /// A short number from `low` to below `high`: their middle to a hundredth of the dimension's spread, if that lies there.
    fn readable(&self, d: usize, low: f64, high: f64) -> f64 {
        let unit = 10f64.powi(exponent(self.features.std[d]));
        let (middle, rounded) = (f64::midpoint(low, high), (f64::midpoint(low, high) / unit).round() * unit);
        if (low..high).contains(&rounded) { rounded } else { middle }
    }
}

/// Power of ten that is about a hundredth of a spread.
fn exponent(std: f64) -> i32 {
    (std.log10().floor() as i32 - 2).clamp(-12, 12)
}

impl Region {
    fn within(&self, d: usize, low: f64, high: f64) -> Self {
        let mut bounds = self.bounds.clone();
        match bounds.iter_mut().find(|b| b.0 == d) {
            Some(b) => (b.1, b.2) = (b.1.max(low), b.2.min(high)),
            None => bounds.push((d, low, high)),
        }
        Self { bounds }
    }

    /// True for a raw row in the region.
    pub fn holds(&self, row: &[f32], features: &Features) -> bool {
        self.bounds.iter().all(|&(d, low, high)| {
            let v = f64::from(row[features.kept[d]]);
            low < v && v <= high
        })
    }

    /// How much of the states lies in it.
    pub fn share(&self, parts: &[States<'_>], features: &Features) -> Share {
        let (mut inside, mut all) = (0usize, 0usize);
        let (mut visited, mut episodes) = (0, 0);
        for part in parts {
            let mut seen: std::collections::HashMap<usize, bool> = std::collections::HashMap::new();
            for (row, owner) in part.rows.chunks_exact(features.dim_in).zip(part.owner) {
                let held = self.holds(row, features);
                all += usize::from(row.iter().all(|v| v.is_finite()));
                inside += usize::from(held);
                *seen.entry(*owner).or_default() |= held;
            }
            episodes += seen.len();
            visited += seen.values().filter(|v| **v).count();
        }
        Share { states: inside as f64 / all as f64, episodes: visited, of_episodes: episodes }
    }

    /// "x > 1.5 and y in (-0.2, 0.4]".
    pub fn words(&self, features: &Features) -> String {
        let mut out = String::new();
        for &(d, low, high) in &self.bounds {
            let (name, digits) = (&features.names[d], (-exponent(features.std[d])).max(0) as usize);
            let joint = if out.is_empty() { "" } else { " and " };
            let number = |v: f64| format!("{v:.digits$}");
            let _ = match (low.is_finite(), high.is_finite()) {
                (true, true) => write!(out, "{joint}{name} in ({}, {}]", number(low), number(high)),
                (true, false) => write!(out, "{joint}{name} > {}", number(low)),
                _ => write!(out, "{joint}{name} ≤ {}", number(high)),
            };
        }
        out
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "differences of counts")]

    use super::*;

    /// A fills a square of 20 × 20; B does but for a corner, where it has four times as many states.
    #[test]
    fn the_box_that_holds_the_difference_is_found_and_worded() {
        let names = ["x".to_owned(), "y".to_owned()];
        let grid: Vec<(f32, f32)> = (0..400u16).map(|i| (f32::from(i % 20), f32::from(i / 20))).collect();
        let a: Vec<f32> = grid.iter().flat_map(|&(x, y)| [x, y]).collect();
        let corner = |&(x, y): &(f32, f32)| x > 14.0 && y > 11.0;
        let b: Vec<f32> =
            grid.iter().flat_map(|p| if corner(p) { [p.0, p.1].repeat(4) } else { vec![p.0, p.1] }).collect();
        let owner: Vec<usize> = (0..b.len() / 2).map(|i| i / 50).collect();
        let (a, b) = (States { rows: &a, owner: &owner[..400] }, States { rows: &b, owner: &owner });
        let features = Features::fit(a.rows, &names).unwrap();
        let sample = Sample::new(&features, &[a], b, 2000).unwrap();
        let (more, less) = most_different(&sample, &features, &Ctx::quiet()).unwrap();
        let more = more.unwrap();
        let words = more.words(&features);
        // Thinning B to A's size may move an edge by a row of the square.
        assert!(words.contains("x > 14.50") && words.contains("y > 1") && words.contains("2.50"), "{words}");
        let (in_a, in_b) = (more.share(&[a], &features), more.share(&[b], &features));
        // Five columns and seven rows.
        assert!((in_a.states - 35.0 / 400.0).abs() < 1e-12 && (in_b.states - 140.0 / 520.0).abs() < 1e-12);
        assert_eq!((in_a.of_episodes, in_b.of_episodes), (8, 11));
        assert!(less.is_some());
    }

    /// scikit-learn 1.9.1: A's and B's states in the leaves of `DecisionTreeClassifier(max_depth=3, min_samples_leaf=3)`, the
    /// same for 20 values of its `random_state`; its first split is at 0.6875 of dimension 0.
    #[test]
    fn leaves_are_scikit_learns() {
        let sample = crate::metrics::compare::classifier::tests::sample();
        let column = |d: usize| sample.points.column(d);
        let columns = vec![column(0), column(1), column(2)];
        let names = ["a", "b", "c"].map(String::from);
        let fitted = Features::fit(&[0.0, 0.0, 0.0, 1.0, 1.0, 1.0], &names).unwrap();
        let features = Features { mean: vec![0.0; 3], std: vec![1.0; 3], ..fitted };
        let tree = Tree { columns, is_b: sample.is_b(), features: &features, least: 3 };
        let mut leaves = Vec::new();
        tree.grow((0..120).collect(), Region { bounds: vec![] }, DEPTH, &mut leaves, &Ctx::quiet()).unwrap();
        let mut surplus: Vec<f64> = leaves.iter().map(|l| l.1).collect();
        surplus.sort_by(f64::total_cmp);
        // (40, 23), (14, 0), (1, 2), (0, 14), (5, 21).
        assert_eq!(surplus, [-17.0, -14.0, 1.0, 14.0, 16.0]);
    }

    #[test]
    fn equal_sets_have_no_such_region() {
        let rows: Vec<f32> = (0..40).map(|i| i as f32).collect();
        let owner: Vec<usize> = (0..40).map(|i| i / 10).collect();
        let a = States { rows: &rows, owner: &owner };
        let features = Features::fit(&rows, &["x".to_owned()]).unwrap();
        let sample = Sample::new(&features, &[a], a, 100).unwrap();
        assert_eq!(most_different(&sample, &features, &Ctx::quiet()).unwrap(), (None, None));
    }
}
