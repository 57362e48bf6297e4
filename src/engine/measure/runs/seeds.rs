//! Runs that differ in nothing but the seed: their mean over the seeds.

use std::collections::BTreeMap;

use super::named::group;
use super::run::{Line, Run};
use crate::ground::stats;
use crate::metrics::report::{Axis, Report, Series};

/// Runs of one kind, task and asking, one a seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// The task of all of them.
    pub task: String,
    /// Number of the run of each seed: the newest where a seed has several.
    pub runs: BTreeMap<u64, usize>,
    /// Runs of seeds that have a newer one.
    pub older: usize,
}

/// The groups of at least two seeds, in the order of the runs.
pub fn groups(runs: &[Run]) -> Vec<Group> {
    let mut all: Vec<(&Run, Group)> = Vec::new();
    for (number, run) in runs.iter().enumerate() {
        let (Some(seed), Some(_)) = (run.seed, &run.asked) else { continue };
        let twins = |other: &Run| {
            (&other.kind, &other.task, &other.agent, &other.asked) == (&run.kind, &run.task, &run.agent, &run.asked)
        };
        if let Some((_, group)) = all.iter_mut().find(|(first, _)| twins(first)) {
            // The newest comes first.
            if let std::collections::btree_map::Entry::Vacant(e) = group.runs.entry(seed) {
                e.insert(number);
            } else {
                group.older += 1;
            }
        } else {
            let group =
                Group { name: group(run, runs), task: run.task.clone(), runs: [(seed, number)].into(), older: 0 };
            all.push((run, group));
        }
    }
    let mut groups: Vec<Group> = all.into_iter().map(|(_, group)| group).filter(|group| group.runs.len() > 1).collect();
    for i in 0..groups.len() {
        let same = groups[..i].iter().filter(|other| other.name == groups[i].name).count();
        if same > 0 {
            groups[i].name = format!("{} #{}", groups[i].name, same + 1);
        }
    }
    groups
}

/// Places of a mean over seeds whose runs were measured at different steps.
const PLACES: usize = 200;

/// Adds the mean over seeds of every group, metric by metric, with one standard error.
pub fn curves(report: &mut Report, runs: &[Run], groups: &[Group], chosen: &[String]) {
    for metric in chosen {
        for group in groups {
            let lines: Vec<&Line> = group.runs.values().filter_map(|run| runs[*run].line(metric)).collect();
            if lines.len() < 2 {
                continue;
            }
            let first = group.runs.values().next().map_or("step", |run| runs[*run].axis.as_str());
            report.series.extend(mean(metric, group, &lines, first));
        }
    }
}

fn mean(metric: &str, group: &Group, lines: &[&Line], axis: &str) -> Option<Series> {
    let x = places(lines)?;
    let at: Vec<Vec<f64>> = lines.iter().map(|line| values(line, &x)).collect();
    let means: Vec<(f64, f64)> =
        (0..x.len()).map(|i| stats::mean_se(&at.iter().map(|values| values[i]).collect::<Vec<_>>())).collect();
    Some(Series {
        key: format!("mean/{metric}/{}", group.name),
        label: format!("{} (n = {})", group.name, lines.len()),
        group: format!("{metric}, mean over seeds"),
        x_axis: Axis::new(axis, ""),
        y_axis: Axis::new(if lines[0].unit.is_empty() { metric } else { &lines[0].unit }, ""),
        y: means.iter().map(|(mean, _)| *mean).collect(),
        band: Some(means.iter().map(|(mean, se)| (mean - se, mean + se)).unzip()),
        x,
        definition: format!("mean over {} seeds as far as all of them went, band: one standard error", lines.len()),
        ..Series::default()
    })
}

/// The steps at which all runs were measured where they are the same; else even steps over what all of them share.
fn places(lines: &[&Line]) -> Option<Vec<f64>> {
    let (first, others) = lines.split_first()?;
    // As far as all of them went.
    let shared = others.iter().fold(first.means.len(), |n, line| {
        n.min(line.means.iter().zip(&first.means).take_while(|(a, b)| a.0.total_cmp(&b.0).is_eq()).count())
    });
    if lines.iter().any(|line| line.means.len() == shared) && shared > 0 {
        return Some(first.means[..shared].iter().map(|(x, ..)| *x).collect());
    }
    let ends: Vec<(f64, f64)> = lines.iter().filter_map(|line| line.ends()).collect();
    let from = ends.iter().map(|e| e.0).fold(f64::NEG_INFINITY, f64::max);
    let to = ends.iter().map(|e| e.1).fold(f64::INFINITY, f64::min);
    let most = lines.iter().map(|line| line.means.len()).max()?.clamp(2, PLACES);
    (from < to).then(|| (0..most).map(|i| from + (to - from) * i as f64 / (most - 1) as f64).collect())
}

/// The values of a run around each of the places `x`: the mean of what is nearer to it than to another, else on the straight
/// line between its neighbours.
fn values(line: &Line, x: &[f64]) -> Vec<f64> {
    let half = if x.len() > 1 { (x[1] - x[0]) / 2.0 } else { 0.0 };
    let near = |at: f64, i: usize| {
        let from = if i == 0 { at } else { f64::midpoint(x[i - 1], at) };
        let to = x.get(i + 1).map_or(at + half, |next| f64::midpoint(at, *next));
        let start = line.means.partition_point(|(x, ..)| *x < from);
        let within = line.means[start..].iter().take_while(|(x, ..)| *x < to || x.total_cmp(&at).is_eq());
        let (sum, n) = within.fold((0.0, 0), |(sum, n), (_, mean, count)| (sum + mean * *count as f64, n + count));
        (n > 0).then(|| sum / n as f64)
    };
    let between = |at: f64| {
        let after = line.means.partition_point(|(x, ..)| *x < at);
        let (Some(b), Some(a)) = (line.means.get(after), after.checked_sub(1).map(|i| &line.means[i])) else {
            return line.means.get(after).or(line.means.last()).map_or(f64::NAN, |(_, mean, _)| *mean);
        };
        a.1 + (b.1 - a.1) * (at - a.0) / (b.0 - a.0)
    };
    x.iter().enumerate().map(|(i, at)| near(*at, i).unwrap_or_else(|| between(*at))).collect()
}
