//! What the recorded episodes earned, and how long they are.

use super::recorded::Recorded;
use crate::ground::bootstrap::{self, Bootstrap, Interval};
use crate::ground::fault::Fault;
use crate::ground::stats;
use crate::ground::task::{Cancelled, Ctx};
use crate::metrics::report::{Axis, Cell, Histogram, Report, Table};

/// Rows of the table: name and quantile.
const QUANTILES: [(&str, f64); 7] =
    [("lowest", 0.0), ("5 %", 0.05), ("25 %", 0.25), ("median", 0.5), ("75 %", 0.75), ("95 %", 0.95), ("highest", 1.0)];

/// Mean, standard deviation (ddof 0) and the [`QUANTILES`] of one number an episode, each with an interval.
struct Spread {
    values: Vec<f64>,
    intervals: Vec<Option<Interval>>,
}

impl Spread {
    fn of(values: &[f64], purpose: &str, b: &Bootstrap, cx: &Ctx) -> Result<Self, Cancelled> {
        let sorted = stats::sorted(values);
        let draws = b.draws(sorted.len(), purpose, cx, |w| {
            let again = sorted.iter().zip(w).flat_map(|(&v, &times)| std::iter::repeat_n(v, times as usize));
            numbers(&again.collect::<Vec<_>>())
        })?;
        let values = numbers(&sorted);
        // The extremes of a draw are never beyond those of the data: no interval can be had for them this way.
        let extreme = |i: usize| i == 2 || i == 1 + QUANTILES.len();
        let interval = |i| if extreme(i) { None } else { bootstrap::percentile(draws.iter().map(|d| d[i])) };
        Ok(Self { intervals: (0..values.len()).map(interval).collect(), values })
    }
}

/// Of ascending values.
fn numbers(sorted: &[f64]) -> Vec<f64> {
    let (mean, std) = stats::mean_std(sorted);
    let quantiles = QUANTILES.iter().map(|(_, q)| stats::quantile_sorted(sorted, *q));
    [mean, std].into_iter().chain(quantiles).collect()
}

/// Adds the distribution of returns and lengths.
pub(super) fn tell(report: &mut Report, data: &Recorded<'_>, b: &Bootstrap, cx: &Ctx) -> Result<(), Fault> {
    let m = data.episodes.len();
    if m == 0 {
        return Ok(());
    }
    let returns = data.returns();
    let lengths: Vec<f64> = data.episodes.iter().map(|e| e.rewards.len() as f64).collect();
    let (r, l) = (Spread::of(&returns, "returns", b, cx)?, Spread::of(&lengths, "lengths", b, cx)?);
    let mut add = |key: &str, label: &str, of: &Spread, i: usize, unit: &str, definition: &str| {
        report.stat(key, label, of.values[i], unit, definition).of(m, "episodes").within(of.intervals[i]);
    };
    add(
        "return_mean",
        "mean return",
        &r,
        0,
        "",
        "Mean over all episodes of the undiscounted return; interval: 95 % over episodes drawn anew.",
    );
    add(
        "return_std",
        "std of the return",
        &r,
        1,
        "",
        "Standard deviation over all episodes (ddof 0); interval: 95 % over episodes drawn anew.",
    );
    add(
        "return_median",
        "median return",
        &r,
        5,
        "",
        "Return of the middle episode; interval: 95 % over episodes drawn anew.",
    );
    add("return_best", "best return", &r, 8, "", "Return of the best episode.");
    add(
        "length_mean",
        "mean length",
        &l,
        0,
        "steps",
        "Mean over all episodes of the number of steps; interval: 95 % over episodes drawn anew.",
    );
    let (of_return, of_length) = (("return", "", &returns), ("length", "steps", &lengths));
    for (key, label, (what, unit, values)) in
        [("returns", "Return of an episode", of_return), ("lengths", "Length of an episode", of_length)]
    {
        let mean = stats::mean(values);
        report.histograms.push(Histogram::of_episodes(key, label, Axis::new(what, unit), values, mean));
    }
    report.tables.push(table(&r, &l));
    Ok(())
}

fn table(r: &Spread, l: &Spread) -> Table {
    let names = ["mean", "std"].into_iter().chain(QUANTILES.iter().map(|q| q.0));
    let row = |(i, name): (usize, &str)| {
        let three = |s: &Spread| {
            let (lo, hi) = s.intervals[i].unwrap_or((f64::NAN, f64::NAN));
            [s.values[i], lo, hi].map(Cell::from)
        };
        [vec![Cell::from(name)], three(r).to_vec(), three(l).to_vec()].concat()
    };
    let heads = ["", "return", "from", "to", "length (steps)", "from ", "to "];
    Table {
        key: "returns".into(),
        label: "Returns and lengths (95 % over episodes)".into(),
        columns: heads.map(String::from).to_vec(),
        rows: names.enumerate().map(row).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// numpy 2.4: `v = [3, 1, 4, 1, 5, 9, 2, 6]`; mean, std (ddof 0), `np.quantile(v, [0, .05, .25, .5, .75, .95, 1])`.
    #[test]
    fn numbers_are_numpys() {
        let sorted = stats::sorted(&[3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0]);
        let want = [3.875, 2.570_870_475_150_391_7, 1.0, 1.0, 1.75, 3.5, 5.25, 7.95, 9.0];
        for (got, want) in numbers(&sorted).iter().zip(want) {
            assert!((got - want).abs() < 1e-12, "{got} {want}");
        }
    }
}
