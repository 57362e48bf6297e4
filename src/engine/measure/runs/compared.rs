//! Two groups with the same seeds, compared seed by seed.

use super::run::Run;
use super::seeds::Group;
use crate::ground::bootstrap::{Bootstrap, LEAST_EPISODES, percentile};
use crate::ground::fault::Fault;
use crate::ground::number::{number, significant};
use crate::ground::stats;
use crate::ground::task::Ctx;
use crate::metrics::report::{Cell, Level, Report, Table};

/// Draws of the bootstrap over seeds.
const DRAWS: usize = 2000;
/// Most rows of a comparison.
const ROWS: usize = 100;

/// One number of two groups at the seeds that both have.
#[derive(Debug, Clone, PartialEq)]
pub struct Paired {
    /// Values of the first and of the second at each seed.
    pub values: Vec<(f64, f64)>,
    /// The step up to which both runs of every seed were measured: the least of them.
    pub end: f64,
}

/// Adds a table a metric: every two groups of a task that share at least two seeds, the difference of the means over the last
/// fifth of the steps that both runs of a seed reached.
///
/// # Errors
/// Cancelled.
pub fn tables(
    report: &mut Report,
    runs: &[Run],
    groups: &[Group],
    chosen: &[String],
    seed: u64,
    cx: &Ctx,
) -> Result<(), Fault> {
    let mut few = false;
    for metric in chosen {
        let mut rows = Vec::new();
        for (i, a) in groups.iter().enumerate() {
            for b in groups[i + 1..].iter().filter(|b| b.task == a.task) {
                cx.step(rows.len() as u64, 0)?;
                let Some(paired) = paired(metric, runs, a, b).filter(|_| rows.len() < ROWS) else { continue };
                few |= paired.values.len() < LEAST_EPISODES;
                rows.push(row(a, b, &paired, seed, cx)?);
            }
        }
        if !rows.is_empty() {
            report.tables.push(Table {
                key: format!("paired:{metric}"),
                label: format!("{metric}: groups compared seed by seed"),
                columns: ["A", "B", "B − A", "± s.e.", "95 % interval", "seeds", "mean A", "mean B", "up to step"]
                    .map(String::from)
                    .to_vec(),
                rows,
            });
        }
    }
    if few {
        report.note(
            Level::Info,
            format!(
                "Groups are compared seed by seed; an interval by bootstrap over seeds needs {LEAST_EPISODES} of them"
            ),
        );
    }
    Ok(())
}

/// The values of two groups at the seeds that both have; nothing of fewer than two.
pub fn paired(metric: &str, runs: &[Run], a: &Group, b: &Group) -> Option<Paired> {
    let (mut values, mut least) = (Vec::new(), f64::INFINITY);
    for (seed, first) in &a.runs {
        let Some(second) = b.runs.get(seed) else { continue };
        let (Some(x), Some(y)) = (runs[*first].line(metric), runs[*second].line(metric)) else { continue };
        let (Some(ends), Some(others)) = (x.ends(), y.ends()) else { continue };
        let end = ends.1.min(others.1);
        let both = x.mean_before(end).zip(y.mean_before(end));
        if let Some(both) = both.filter(|both| both.0.is_finite() && both.1.is_finite()) {
            values.push(both);
            least = least.min(end);
        }
    }
    (values.len() > 1).then_some(Paired { values, end: least })
}

fn row(a: &Group, b: &Group, paired: &Paired, seed: u64, cx: &Ctx) -> Result<Vec<Cell>, Fault> {
    let differences: Vec<f64> = paired.values.iter().map(|(x, y)| y - x).collect();
    let (mean, se) = stats::mean_se(&differences);
    // What rounding leaves of equal numbers is no difference.
    let size = paired.values.iter().fold(0.0f64, |size, (x, y)| size.max(x.abs()).max(y.abs()));
    let told = |v: f64| if v.abs() <= 1e-12 * size { 0.0 } else { v };
    let weighted = |weights: &[u32]| {
        let sum: f64 = differences.iter().zip(weights).map(|(d, w)| d * f64::from(*w)).sum();
        sum / differences.len() as f64
    };
    let drawn = Bootstrap { draws: DRAWS, seed }.draws(differences.len(), "seeds", &cx.untold(), weighted)?;
    let interval = percentile(drawn).map_or_else(|| "–".into(), |(lo, hi)| format!("[{}, {}]", number(lo), number(hi)));
    let of = |side: fn(&(f64, f64)) -> f64| stats::mean(&paired.values.iter().map(side).collect::<Vec<_>>());
    Ok(vec![
        a.name.clone().into(),
        b.name.clone().into(),
        told(mean).into(),
        significant(told(se), 2).into(),
        interval.into(),
        differences.len().into(),
        of(|v| v.0).into(),
        of(|v| v.1).into(),
        paired.end.into(),
    ])
}
