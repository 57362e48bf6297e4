//! The evidence as stats, tables and curves.

use super::Input;
use super::evidence::{DIRECTIONS, Evidence};
use super::measured::{Measured, NEIGHBOUR};
use super::permute::Tested;
use super::sample::Sample;
use crate::ground::stats;
use crate::metrics::States;
use crate::metrics::features::Features;
use crate::metrics::report::{Axis, Cell, Report, Series, Table};

/// Bars of the two distributions of the most different dimension.
const BARS: usize = 40;

/// What was measured, and what it rests on.
pub struct Found<'a> {
    /// Equally many states of both sets.
    pub sample: &'a Sample,
    /// Its distances.
    pub measured: &'a Measured,
    /// Episodes thinned alike.
    pub tested: &'a Sample,
    /// Their tests.
    pub evidence: &'a Evidence,
    /// Shuffles behind a p-value.
    pub permutations: usize,
}

/// Adds the numbers.
pub fn stats(report: &mut Report, found: &Found<'_>) {
    let Found { sample, measured, tested, evidence, permutations } = *found;
    let n = (sample.n_a, "states of each set");
    let p_of = format!(
        "p-value: (1 + shuffles that reach it) / (1 + {permutations}), where whole episodes of A and B are shuffled; \
         episodes have the same number of states in either set, and distances of unequal sizes n, m are held against each \
         other times nm/(n+m), or its root for Wasserstein."
    );
    let mut with_p = |key: &str, label: &str, value: f64, test: Tested, unit: &str, definition: &str| {
        report.stat(key, label, value, unit, definition).of(n.0, n.1);
        let p = report.stat(&format!("{key}_p"), &format!("{label}, p"), test.p, "", &p_of);
        p.of(tested.blocks, "episodes of both sets");
    };
    with_p(
        "energy",
        "energy distance",
        measured.energy,
        evidence.energy,
        "std",
        "2 E|X-Y| - E|X-X'| - E|Y-Y'| over all pairs, in A's standard deviations (Szekely & Rizzo 2013, V-statistic).",
    );
    let kernel = format!(
        "Unbiased squared maximum mean discrepancy with the kernel exp(-d²/(2σ²)), σ = {:.4}, the median of all pairwise \
         distances (Gretton et al. 2012); can be slightly negative.",
        measured.sigma
    );
    with_p("mmd2", "MMD²", measured.mmd2, evidence.mmd2, "", &kernel);
    let lines = format!(
        "Mean over {DIRECTIONS} seeded random directions of W1 = integral of |F-G|, in A's standard deviations."
    );
    with_p("sliced_w1", "sliced Wasserstein-1", measured.sliced_w1, evidence.sliced_w1, "std", &lines);
    let largest = measured.w1.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    with_p(
        "w1_max",
        "largest W1 of a dimension",
        largest,
        evidence.w1_max,
        "std",
        "Largest over dimensions of W1 = integral of |F-G|, in A's standard deviations; its p-value allows for the choice.",
    );
    classifier(report, found, &p_of);
    report
        .stat(
            "sliced_w2",
            "sliced Wasserstein-2",
            measured.sliced_w2,
            "std",
            &format!("Root of the mean over {DIRECTIONS} random directions of the squared Wasserstein-2 distance."),
        )
        .of(n.0, n.1);
    prdc(report, measured, sample);
}

/// The classifier two-sample test.
fn classifier(report: &mut Report, found: &Found<'_>, p_of: &str) {
    let Some(c) = found.evidence.classifier else { return };
    let (folds, tested) = (c.folds, found.tested);
    let (a, b) = c.states;
    let what = format!("states of both sets ({a} of A, {b} of B)");
    let auroc = format!(
        "Mean area under the ROC curve of an L2 logistic regression (C = 1, standardised, classes weighted equally) that \
         tells B from A, over {folds} folds of whole episodes; 0.5 is chance. It sees differences along a line, the energy \
         distance sees all. For its p-value all of that is done anew for \
         shuffled episodes."
    );
    report.stat("auroc", "classifier AUROC", c.auroc.value, "", &auroc).of(a + b, &what);
    report.stat("auroc_p", "classifier AUROC, p", c.auroc.p, "", p_of).of(tested.blocks, "episodes of both sets");
    let accuracy = format!(
        "Mean over {folds} folds of whole episodes of the balanced accuracy: the mean of the shares of A's and of B's states \
         that the classifier puts into the right set; 0.5 is chance."
    );
    report.stat("accuracy", "classifier accuracy", c.accuracy, "", &accuracy).of(a + b, &what);
}

/// Precision, recall, density and coverage.
fn prdc(report: &mut Report, measured: &Measured, sample: &Sample) {
    let Some(prdc) = measured.prdc else { return };
    let k = NEIGHBOUR;
    let ideal = 1.0 - (1..=k).map(|i| (sample.n_a - i) as f64 / (2 * sample.n_a - i) as f64).product::<f64>();
    for (key, value, definition) in [
        ("precision", prdc.precision, format!("Share of B inside the {k}-NN ball of any state of A")),
        ("recall", prdc.recall, format!("Share of A inside the {k}-NN ball of any state of B")),
        (
            "density",
            prdc.density,
            format!("Mean number of A's {k}-NN balls that hold a state of B, over {k}; 1 for equal sources"),
        ),
        (
            "coverage",
            prdc.coverage,
            format!("Share of A whose {k}-NN ball holds a state of B; {ideal:.3} for equal sources"),
        ),
    ] {
        report
            .stat(key, key, value, "", &format!("{definition} (Naeem et al. 2020; equal sizes)."))
            .of(sample.n_a, "states of each set");
    }
}

/// What was found against what chance gives, both of the episodes that are thinned alike.
pub fn tests_table(evidence: &Evidence) -> Table {
    let row = |name: &str, t: Tested| vec![name.into(), t.value.into(), t.by_chance.into(), t.p.into()];
    let mut rows = vec![
        row("energy distance [std]", evidence.energy),
        row("MMD²", evidence.mmd2),
        row("sliced Wasserstein-1 [std]", evidence.sliced_w1),
        row("largest W1 of a dimension [std]", evidence.w1_max),
    ];
    rows.extend(evidence.classifier.map(|c| row("classifier AUROC", c.auroc)));
    Table {
        key: "tests".into(),
        label: "Tests: episodes thinned alike and shuffled".into(),
        columns: ["statistic", "found", "95 % of shuffles below", "p"].map(String::from).into(),
        rows,
    }
}

/// Dimensions, the most different first.
pub fn dimensions_table(found: &Found<'_>, features: &Features) -> Table {
    let rows = found.measured.ranked().into_iter().map(|d| {
        let raw: Vec<f64> = found.sample.points.column(d).into_iter().map(|v| v * features.std[d]).collect();
        let (a, b) = raw.split_at(found.sample.n_a);
        let ((mean_a, std_a), (mean_b, std_b)) = (stats::mean_std(a), stats::mean_std(b));
        let (p, p_of_all) = found.evidence.of(d).map_or((f64::NAN, f64::NAN), |t| (t.w1.p, t.p_of_all));
        let numbers = [found.measured.w1[d], p, p_of_all, mean_a, mean_b, std_a, std_b];
        [Cell::from(features.names[d].as_str())].into_iter().chain(numbers.map(Cell::from)).collect()
    });
    let columns = ["dimension", "W1 [std]", "p", "p among all", "mean A", "mean B", "std A", "std B"];
    Table {
        key: "dimensions".into(),
        label: "Dimensions, most different first".into(),
        columns: columns.map(String::from).into(),
        rows: rows.collect(),
    }
}

/// The most different dimension's two distributions, over all states.
pub fn distributions(report: &mut Report, measured: &Measured, features: &Features, input: &Input<'_>) {
    let Some(&d) = measured.ranked().first() else { return };
    let (name, column) = (&features.names[d], features.kept[d]);
    let values = |parts: &[States<'_>]| -> Vec<f64> {
        let all = parts.iter().flat_map(|p| p.rows.iter().skip(column).step_by(features.dim_in));
        all.map(|&v| f64::from(v)).filter(|v| v.is_finite()).collect()
    };
    let (a, b) = (values(&input.a()), values(&[input.b]));
    let low = a.iter().chain(&b).copied().fold(f64::INFINITY, f64::min);
    let high = a.iter().chain(&b).copied().fold(f64::NEG_INFINITY, f64::max);
    let width = (high - low) / BARS as f64;
    for (key, label, values) in [("distribution_a", "A", a), ("distribution_b", "B", b)] {
        let mut y = vec![0.0; BARS];
        for v in &values {
            y[(((v - low) / width) as usize).min(BARS - 1)] += 1.0 / values.len() as f64;
        }
        report.series.push(Series {
            key: key.into(),
            label: label.into(),
            group: format!("distribution of {name}"),
            x_axis: Axis { label: name.clone(), ..Axis::default() },
            y_axis: Axis { label: "share of states".into(), ..Axis::default() },
            x: (0..BARS).map(|i| low + (i as f64 + 0.5) * width).collect(),
            y,
            definition: format!(
                "Share of the {} states of {label} in each of {BARS} bins of equal width.",
                values.len()
            ),
            ..Series::default()
        });
    }
}
