//! How far B's states are from A's: share beyond A's novelty threshold, and Mahalanobis distance.

use super::{Input, Options};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::ground::{bootstrap, stats};
use crate::metrics::mahalanobis::{self, Mahalanobis};
use crate::metrics::novelty::Novelty;
use crate::metrics::ood;
use crate::metrics::report::Report;
use crate::metrics::threshold::FalseAlarms;

/// What lies beyond A.
pub struct Beyond<'n> {
    /// A's novelty with its threshold.
    pub novelty: &'n Novelty,
    /// Share of B's states beyond the threshold.
    pub ood_fraction: f64,
    /// B's episodes with any state beyond it.
    pub alarmed: FalseAlarms,
    /// What was done to A's covariance for the Mahalanobis distance, if it is singular.
    pub singular: Option<String>,
}

/// Measures both and adds them to the report.
///
/// # Errors
/// If B is of another space, or when cancelled.
pub fn report<'n>(
    input: &Input<'_>,
    novelty: &'n Novelty,
    options: &Options,
    report: &mut Report,
    cx: &Ctx,
) -> Result<Beyond<'n>, Fault> {
    let scores = novelty.score_fresh(input.b.rows, &cx.phase("novelty of B"))?;
    let (ood_fraction, alarmed) = novelty_stats(input, options, report, novelty, &scores);
    let singular = mahalanobis_stats(input, options, report, novelty, cx)?;
    Ok(Beyond { novelty, ood_fraction, alarmed, singular })
}

fn novelty_stats(
    input: &Input<'_>,
    options: &Options,
    report: &mut Report,
    novelty: &Novelty,
    scores: &[f64],
) -> (f64, FalseAlarms) {
    let threshold = novelty.threshold.value;
    let fraction = ood::fraction(scores, threshold);
    let k = options.k;
    let stat = report.stat(
        "ood_fraction",
        "OOD fraction of B",
        fraction,
        "",
        &format!(
            "Share of B's states whose distance to the {k} nearest training states of A (the farthest of them) is above A's \
             conformal threshold; interval: 95 % bootstrap over B's episodes."
        ),
    );
    stat.of(scores.len(), "states of B");
    let above: Vec<f64> = scores.iter().map(|s| f64::from(u8::from(s.is_nan() || *s > threshold))).collect();
    if let Some((lo, hi)) = bootstrap::of_mean(&above, input.b.owner, options.seed) {
        stat.between(lo, hi);
    }
    let alarmed = FalseAlarms::count(scores, input.b.owner, threshold);
    report
        .stat(
            "ood_episodes",
            "episodes of B with an alarm",
            alarmed.rate(),
            "",
            "Share of B's episodes with any state above A's threshold; at most alpha is expected of episodes like A's; interval: 95 % Clopper-Pearson.",
        )
        .of(alarmed.episodes, "episodes of B")
        .within(alarmed.interval());
    report
        .stat(
            "threshold",
            "novelty threshold of A",
            threshold,
            "std",
            "The ceil((n+1)(1-alpha))-th smallest of the largest novelties of A's calibration episodes.",
        )
        .of(novelty.threshold.episodes, "calibration episodes of A");
    (fraction, alarmed)
}

fn mahalanobis_stats(
    input: &Input<'_>,
    options: &Options,
    report: &mut Report,
    novelty: &Novelty,
    cx: &Ctx,
) -> Result<Option<String>, Fault> {
    let cx = cx.phase("Mahalanobis distance of B");
    let model =
        Mahalanobis::new(&novelty.features, &mahalanobis::covariance(&novelty.features, input.train.rows, &cx)?)?;
    let usual = stats::quantile(&model.distances(input.calibration.rows, &cx)?, 0.95);
    let of_b = model.distances(input.b.rows, &cx)?;
    let beyond: Vec<f64> = of_b.iter().map(|d| f64::from(u8::from(*d > usual))).collect();
    let stat = report.stat(
        "mahalanobis_mean",
        "Mahalanobis distance of B",
        stats::mean(&of_b),
        "std",
        "Mean over B's states of sqrt((s-m)' S^-1 (s-m)) with mean m and covariance S (ddof 0) of A's training states; \
         interval: 95 % bootstrap over B's episodes.",
    );
    stat.of(of_b.len(), "states of B");
    if let Some((lo, hi)) = bootstrap::of_mean(&of_b, input.b.owner, options.seed) {
        stat.between(lo, hi);
    }
    let stat = report.stat(
        "mahalanobis_beyond",
        "beyond A's usual Mahalanobis",
        stats::mean(&beyond),
        "",
        &format!(
            "Share of B's states whose Mahalanobis distance is above {usual:.3}, the 95 % quantile of A's calibration states \
             (0.05 is expected of states like A's); interval: 95 % bootstrap over B's episodes."
        ),
    );
    stat.of(beyond.len(), "states of B");
    if let Some((lo, hi)) = bootstrap::of_mean(&beyond, input.b.owner, options.seed) {
        stat.between(lo, hi);
    }
    Ok(model.note("A's training states"))
}
