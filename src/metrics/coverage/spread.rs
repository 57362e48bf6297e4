//! How widely the training states are spread: differential entropy and Vendi score of an evenly thinned sample.

use crate::ground::bootstrap::{self, Bootstrap, Units};
use crate::ground::fault::Fault;
use crate::ground::stats;
use crate::ground::task::Ctx;
use crate::metrics::features::Features;
use crate::metrics::neighbors::points::Points;
use crate::metrics::report::{Level, Report};
use crate::metrics::{States, entropy, vendi};

/// At most so many training states go into the entropy, evenly spread.
const ENTROPY_STATES: usize = 5000;
/// At most so many go into the Vendi score: its cost grows with the third power.
const VENDI_STATES: usize = 500;
/// Dimensions from which on the entropy's bias is large (+0.5 nat at d = 17 and n = 10,000).
const BIASED: usize = 10;

/// `m` of the states, evenly spread.
fn thinned(features: &Features, train: States<'_>, m: usize) -> Result<(Points, Units), Fault> {
    let at = stats::evenly(train.len(), m);
    let d = features.dim_in;
    let rows: Vec<f32> = at.iter().flat_map(|&i| &train.rows[i * d..(i + 1) * d]).copied().collect();
    let owner: Vec<usize> = at.iter().map(|&i| train.owner[i]).collect();
    Ok((features.points(&rows, &owner)?, Units::of(&owner)))
}

/// Kozachenko–Leonenko entropy with k neighbours. The interval draws episodes of the states' log distances: distances
/// themselves are not measured anew, because an episode drawn twice would be its own nearest neighbour.
///
/// # Errors
/// When cancelled.
pub fn entropy(
    report: &mut Report,
    features: &Features,
    train: States<'_>,
    k: usize,
    b: &Bootstrap,
    cx: &Ctx,
) -> Result<(), Fault> {
    let (points, units) = thinned(features, train, ENTROPY_STATES)?;
    let (n, d) = (points.len(), points.dim());
    if n <= k {
        return Ok(());
    }
    let parts = entropy::by_state(points, k, cx)?;
    let nats = stats::mean(&parts);
    let sums = units.sums(&parts);
    let draws = b.draws(units.len(), "entropy", cx, |w| bootstrap::ratio(&sums, w))?;
    let definition = format!(
        "Kozachenko-Leonenko entropy (k = {k}) of the standardised training states, evenly thinned to at \
            most {ENTROPY_STATES}; compare at equal n only; interval: 95 % over episodes drawn anew, \
            distances kept."
    );
    report
        .stat("entropy_kl", "entropy", nats, "nats", &definition)
        .of(n, "states")
        .within(bootstrap::percentile(draws));
    if d > BIASED {
        report.note(
            Level::Warn,
            format!(
                "The entropy of {d} dimensions is biased upwards (by about half a nat at d = 17 with 10,000 \
            independent states, more with fewer): compare datasets of equal n and d only."
            ),
        );
    }
    Ok(())
}

/// Vendi score with an RBF kernel as wide as the median distance. The interval draws episodes of the states' parts of
/// the entropy (its first-order term), so no further eigenvalues are needed.
///
/// # Errors
/// When cancelled.
pub fn vendi(
    report: &mut Report,
    features: &Features,
    train: States<'_>,
    b: &Bootstrap,
    cx: &Ctx,
) -> Result<(), Fault> {
    let (points, units) = thinned(features, train, VENDI_STATES)?;
    let n = points.len();
    if n < 2 {
        return Ok(());
    }
    let (vendi, h) = vendi::of_points(&points, cx)?;
    let sums = units.sums(&vendi.parts);
    let draws = b.draws(units.len(), "vendi", cx, |w| bootstrap::ratio(&sums, w).exp())?;
    let definition = format!(
        "Vendi score: exp of the entropy of the eigenvalues of K/n, K = exp(-|x - y|^2 / (2 h^2)) of \
            standardised training states, evenly thinned to at most {VENDI_STATES}, h = their median \
            distance ({h:.3} std): the number of fully different states with the same entropy; compare at \
            equal n only; interval: 95 % over episodes drawn anew, to first order."
    );
    let interval = bootstrap::recentred(draws, vendi.score, (1.0, n as f64));
    report.stat("vendi_score", "Vendi score", vendi.score, "states", &definition).of(n, "states").within(interval);
    Ok(())
}
