//! The evidence in words.

use super::Input;
use super::beyond::Beyond;
use super::evidence::Evidence;
use super::measured::Measured;
use super::numbers::Found;
use super::region::{Region, Share};
use super::{Options, permute};
use crate::ground::number::counted;
use crate::metrics::features::Features;
use crate::metrics::report::{Level, Report, Table};

/// A p-value at or below this is called a difference.
const SIGNIFICANT: f64 = 0.05;
/// Where no p-value below this is possible, one that is large says nothing.
const FEW: f64 = 0.02;
/// Dimensions named in the verdict.
const NAMED: usize = 3;

/// The verdict in one sentence, loud where the sets differ.
pub fn verdict(report: &mut Report, found: &Found<'_>, beyond: &Beyond<'_>) {
    let Found { measured, evidence, tested, .. } = *found;
    let (distance, p) = (short(measured.energy), evidence.energy.p);
    let auroc = evidence.classifier.map_or(String::new(), |c| format!("AUROC {:.2}, ", c.auroc.value));
    let proof = format!("{auroc}energy distance {distance}, p = {}", short(p));
    let outside = format!("{} of B lies beyond A's novelty threshold", percent(beyond.ood_fraction));
    let fewest = permute::smallest(tested.blocks, tested.blocks_a);
    let (level, text) = if p <= SIGNIFICANT {
        let most = most(measured, evidence, &beyond.novelty.features);
        (Level::Warn, format!("B is distinguishable from A ({proof}); most by {most}; {outside}."))
    } else if p.is_nan() {
        (
            Level::Warn,
            format!(
                "Nothing was shuffled, so nothing is said about chance ({auroc}energy distance {distance}); {outside}."
            ),
        )
    } else if fewest > FEW {
        let text = format!(
            "{} of A and {} of B are too few to tell a difference from chance: no p-value below {} is possible \
             ({proof}); {outside}.",
            counted(tested.blocks_a, "episodes"),
            tested.blocks_b(),
            short(fewest)
        );
        (Level::Warn, text)
    } else {
        // The level is one of episodes, not of states.
        let level = if beyond.novelty.threshold.is_broken_by(beyond.alarmed) { Level::Warn } else { Level::Good };
        (level, format!("No difference of B from A is seen ({proof}); {outside}."))
    };
    report.note(level, text);
}

/// The dimensions that differ for sure, or the one that differs most.
fn most(measured: &Measured, evidence: &Evidence, features: &Features) -> String {
    let sure = |d: &&usize| evidence.of(**d).is_some_and(|t| t.p_of_all <= SIGNIFICANT);
    let ranked = measured.ranked();
    let names: Vec<&str> = ranked.iter().filter(sure).take(NAMED).map(|&d| features.names[d].as_str()).collect();
    match (names.is_empty(), ranked.first()) {
        (false, _) => names.join(", "),
        (true, Some(&first)) => format!("{} (no single dimension for sure)", features.names[first]),
        (true, None) => "no dimension".into(),
    }
}

/// What the numbers rest on.
pub fn basis(report: &mut Report, beyond: &Beyond<'_>, found: &Found<'_>, options: &Options) {
    let (sample, tested) = (found.sample, found.tested);
    let (of_a, of_b) = sample.of;
    report.note(
        Level::Info,
        format!(
            "Distances are measured of {} states of each set, thinned evenly from {of_a} of A and {of_b} of B.",
            sample.n_a
        ),
    );
    report.note(
        Level::Info,
        format!(
            "p-values and the classifier rest on {} of A ({}) and {} of B ({}), thinned at one rate so \
             that an episode counts the same in either set; {} shuffles of whole episodes, seed {}.",
            counted(tested.blocks_a, "episodes"),
            counted(tested.n_a, "states"),
            counted(tested.blocks_b(), "episodes"),
            counted(tested.n_b, "states"),
            options.permutations,
            options.seed
        ),
    );
    report.note(Level::Info, beyond.novelty.features.sentence());
    if let Some(singular) = &beyond.singular {
        report.note(Level::Info, singular.clone());
    }
    report.note(Level::Info, beyond.novelty.sentence());
    let threshold = &beyond.novelty.threshold;
    let level = if threshold.is_calibrated() { Level::Info } else { Level::Warn };
    report.note(level, format!("Threshold {}: {}", short(threshold.value), threshold.sentence()));
}

/// Dimensions that are constant in A's training part and take other values in B.
pub fn constants(report: &mut Report, features: &Features, input: &Input<'_>) {
    for dropped in &features.dropped {
        let Some(column) = input.names.iter().position(|n| *n == dropped.name) else { continue };
        let other = |v: f64| (v - dropped.value).abs() > 1e-6 * v.abs().max(dropped.value.abs());
        let values = input.b.rows.iter().skip(column).step_by(features.dim_in).map(|&v| f64::from(v));
        let share = values.filter(|v| other(*v)).count() as f64 / input.b.len().max(1) as f64;
        if share > 0.0 {
            report.note(
                Level::Alarm,
                format!(
                    "{} is constant at {} in A's training part, but {} of B's states have another value; A has no standard \
                     deviation to measure that in, so it is left out of all distances.",
                    dropped.name,
                    short(dropped.value),
                    percent(share)
                ),
            );
        }
    }
}

/// Regions with the largest surplus of B over A, and of A over B.
pub fn regions(report: &mut Report, found: (Option<Region>, Option<Region>), features: &Features, input: &Input<'_>) {
    let episodes = |s: Share| format!("{} of {}", s.episodes, s.of_episodes);
    let mut rows = Vec::new();
    for (title, region) in [("more of B", found.0), ("more of A", found.1)] {
        let Some(region) = region else { continue };
        let (words, a, b) =
            (region.words(features), region.share(&input.a(), features), region.share(&[input.b], features));
        report.note(
            Level::Info,
            format!(
                "Region with {title}: {words}: {} of B (in {} episodes), {} of A (in {}).",
                percent(b.states),
                episodes(b),
                percent(a.states),
                episodes(a)
            ),
        );
        let shares = [(100.0 * a.states).into(), (100.0 * b.states).into()];
        rows.push(
            [title.into(), words.into()]
                .into_iter()
                .chain(shares)
                .chain([episodes(a).into(), episodes(b).into()])
                .collect(),
        );
    }
    let columns = ["surplus", "region", "of A [%]", "of B [%]", "episodes of A", "episodes of B"];
    report.tables.push(Table {
        key: "regions".into(),
        label: "Regions that differ most".into(),
        columns: columns.map(String::from).into(),
        rows,
    });
}

/// A share as a percentage of two digits.
fn percent(share: f64) -> String {
    match 100.0 * share {
        p if p >= 9.95 => format!("{p:.0} %"),
        p if p >= 0.995 => format!("{p:.1} %"),
        p if p > 0.0 => format!("{p:.2} %"),
        p => format!("{p} %"),
    }
}

/// Three significant digits, without closing zeros.
fn short(v: f64) -> String {
    if v == 0.0 || !v.is_finite() {
        return v.to_string();
    }
    let digits = (2 - v.abs().log10().floor() as i32).clamp(0, 12) as usize;
    let text = format!("{v:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_sentences_are_short() {
        assert_eq!([0.31, 0.05, 0.0002, 0.0, 1.0].map(percent), ["31 %", "5.0 %", "0.02 %", "0 %", "100 %"]);
        assert_eq!([0.005, 1234.6, 0.1, f64::NAN].map(short), ["0.005", "1235", "0.1", "NaN"]);
    }
}
