//! The evidence as stats, tables and curves.

use super::Input;
use super::evidence::{DIRECTIONS, Evidence, NEIGHBOUR};
use super::permute::Tested;
use super::sample::Sample;
use crate::metrics::features::Features;
use crate::metrics::report::{Axis, Cell, Report, Series, Table};
use crate::metrics::{States, stats};

/// Bars of the two distributions of the most different dimension.
const BARS: usize = 40;

/// Adds the numbers of the sample.
pub fn stats(report: &mut Report, evidence: &Evidence, sample: &Sample, permutations: usize) {
    let p_of = format!(
        "p-value: (1 + shuffles that reach it) / (1 + {permutations}), where whole episodes of A and B are shuffled; \
         distances of unequal sizes n, m are held against each other times nm/(n+m), or its root for Wasserstein."
    );
    let mut tested = |key: &str, label: &str, test: Tested, unit: &str, definition: &str| {
        report.stat(key, label, test.value, unit, definition).of(sample.n, "states of each set");
        report
            .stat(&format!("{key}_p"), &format!("{label}, p"), test.p, "", &p_of)
            .of(sample.blocks, "episodes of both sets");
    };
    tested(
        "energy",
        "energy distance",
        evidence.energy,
        "std",
        "2 E|X-Y| - E|X-X'| - E|Y-Y'| over all pairs, in A's standard deviations (Szekely & Rizzo 2013, V-statistic).",
    );
    tested(
        "mmd2",
        "MMD²",
        evidence.mmd2,
        "",
        &format!(
            "Unbiased squared maximum mean discrepancy with the kernel exp(-d²/(2σ²)), σ = {:.4}, the median of all \
             pairwise distances (Gretton et al. 2012); can be slightly negative.",
            evidence.sigma
        ),
    );
    tested(
        "sliced_w1",
        "sliced Wasserstein-1",
        evidence.sliced_w1,
        "std",
        &format!(
            "Mean over {DIRECTIONS} seeded random directions of W1 = integral of |F-G|, in A's standard deviations."
        ),
    );
    tested(
        "w1_max",
        "largest W1 of a dimension",
        evidence.w1_max,
        "std",
        "Largest over dimensions of W1 = integral of |F-G|, in A's standard deviations; its p-value allows for the choice.",
    );
    if let Some(c) = evidence.classifier {
        let folds = c.folds;
        tested(
            "auroc",
            "classifier AUROC",
            c.auroc,
            "",
            &format!(
                "Mean area under the ROC curve of an L2 logistic regression (C = 1, standardised) that tells B from A, over \
                 {folds} folds of whole episodes; 0.5 is chance. It sees differences along a line, the energy distance sees \
                 all. For its p-value the episodes of each fold are shuffled under the classifier that never saw them."
            ),
        );
        report
            .stat("accuracy", "classifier accuracy", c.accuracy, "", &format!("Mean share of states that the classifier puts into the right set, over {folds} folds of whole episodes; 0.5 is chance."))
            .of(sample.n, "states of each set");
    }
    report
        .stat(
            "sliced_w2",
            "sliced Wasserstein-2",
            evidence.sliced_w2,
            "std",
            &format!("Root of the mean over {DIRECTIONS} random directions of the squared Wasserstein-2 distance."),
        )
        .of(sample.n, "states of each set");
    prdc(report, evidence, sample);
}

/// Precision, recall, density and coverage.
fn prdc(report: &mut Report, evidence: &Evidence, sample: &Sample) {
    let Some(prdc) = evidence.prdc else { return };
    let k = NEIGHBOUR;
    let ideal = 1.0 - (1..=k).map(|i| (sample.n - i) as f64 / (2 * sample.n - i) as f64).product::<f64>();
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
            .of(sample.n, "states of each set");
    }
}

/// What was found against what chance gives.
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
        label: "Against shuffled episodes".into(),
        columns: ["statistic", "found", "95 % of shuffles below", "p"].map(String::from).into(),
        rows,
    }
}

/// Dimensions, the most different first.
pub fn dimensions_table(evidence: &Evidence, sample: &Sample, features: &Features) -> Table {
    let moments = |values: &[f64]| {
        let mean = stats::mean(values);
        (mean, (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt())
    };
    let rows = evidence.dimensions.iter().map(|d| {
        let column = sample.points.column(d.index);
        let raw: Vec<f64> = column.into_iter().map(|v| v * features.std[d.index]).collect();
        let ((mean_a, std_a), (mean_b, std_b)) = (moments(&raw[..sample.n]), moments(&raw[sample.n..]));
        let numbers = [d.w1.value, d.w1.by_chance, d.w1.p, d.p_of_all, mean_a, mean_b, std_a, std_b];
        [Cell::from(features.names[d.index].as_str())].into_iter().chain(numbers.map(Cell::from)).collect()
    });
    let columns =
        ["dimension", "W1 [std]", "95 % of shuffles below", "p", "p of all", "mean A", "mean B", "std A", "std B"];
    Table {
        key: "dimensions".into(),
        label: "Dimensions, most different first".into(),
        columns: columns.map(String::from).into(),
        rows: rows.collect(),
    }
}

/// The most different dimension's two distributions, over all states.
pub fn distributions(report: &mut Report, evidence: &Evidence, features: &Features, input: &Input<'_>) {
    let Some(d) = evidence.dimensions.first() else { return };
    let (name, column) = (&features.names[d.index], features.kept[d.index]);
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
            band: None,
            definition: format!(
                "Share of the {} states of {label} in each of {BARS} bins of equal width.",
                values.len()
            ),
        });
    }
}
