//! Which score predicts what went wrong: every score against the same truth, over the same resampled episodes.

use super::draws::{Draws, LEAST, Table};
use super::prefix;
use super::truth::{Estimate, Kind, Signal, Truth};
use super::use_at_threshold::{AtThreshold, Lead};
use super::weighted::Measured;
use crate::ground::fault::Fault;
use crate::ground::stats;
use crate::ground::task::Ctx;
use crate::metrics::score::Score;

/// How well one score predicts the truth.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Which score.
    pub score: &'static Score,
    /// Spearman's ρ with the severity.
    pub rho: Estimate,
    /// Area under the ROC curve for failed rows.
    pub auroc: Estimate,
    /// Average precision for failed rows; chance is their share.
    pub auprc: Estimate,
    /// What it does at its threshold, with the interval of its gain; nothing without a threshold.
    pub at: Option<(AtThreshold, Estimate)>,
}

/// All scores, best first.
#[derive(Debug, Clone)]
pub struct Contest {
    /// Best first.
    pub entries: Vec<Entry>,
    /// Interval of the lead of the best over the second (in ρ, for returns in AUROC) over the same draws.
    pub lead: Option<(f64, f64)>,
    /// Rows N.
    pub rows: usize,
    /// Episodes.
    pub episodes: usize,
    /// Failed rows.
    pub positive: usize,
    /// Draws without both classes, which say nothing of AUROC and AUPRC and are left out there.
    pub one_class: usize,
    /// What the length of an episode alone tells, where rows are episodes: the floor of a score that is blind.
    pub length: Option<Length>,
}

/// The number of steps of an episode as a score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Length {
    /// Spearman's ρ with the severity.
    pub rho: Estimate,
    /// Area under the ROC curve.
    pub auroc: Estimate,
    /// Average precision.
    pub auprc: Estimate,
}

impl Contest {
    /// Holds every signal against the truth; the draws take whole episodes with replacement, not stratified.
    ///
    /// # Errors
    /// If there is no row, or when cancelled.
    pub fn hold(signals: &[Signal], truth: &Truth, seed: u64, cx: &Ctx) -> Result<Self, Fault> {
        let rows = truth.severity.len();
        if rows == 0 || signals.is_empty() {
            return Err(Fault::failed("no step has both a score and an outcome: nothing tells which alarm to trust"));
        }
        let whole = Table::whole(signals, truth);
        let once = vec![1.0; rows];
        let (mut measured, length) = whole.measure(&once);
        if truth.kind == Kind::LowReturn {
            for (m, signal) in measured.iter_mut().zip(signals) {
                cx.check()?;
                let running: Vec<&[f64]> = signal.running.iter().map(Vec::as_slice).collect();
                (m.auroc, m.auprc) = prefix::measure(&running, &truth.positive);
            }
        }
        let at: Vec<Option<AtThreshold>> = (0..signals.len()).map(|c| whole.at(c, &once)).collect();
        let draws = Draws::take(signals, truth, seed, cx)?;
        let of_class = |class: bool| {
            let rows = (0..rows).filter(|&i| truth.positive[i] == class);
            rows.map(|i| truth.owner[i]).collect::<std::collections::HashSet<_>>().len()
        };
        let classes = of_class(true) >= LEAST && of_class(false) >= LEAST;
        let entry = |(c, signal): (usize, &Signal)| {
            let [rho, auroc, auprc] = draws.estimates(&measured[c], classes, move |d| &d.measured[c]);
            let lead = || Lead::count(&signal.running, &truth.positive, signal.threshold.unwrap_or(f64::NAN));
            let at = at[c].map(|at| {
                let interval = if classes { draws.interval(|d| d.gains[c]) } else { None };
                let gain = Estimate { value: at.gain, interval };
                (AtThreshold { lead: (truth.kind == Kind::LowReturn).then(lead), ..at }, gain)
            });
            (c, Entry { score: signal.score, rho, auroc, auprc, at })
        };
        let mut entries: Vec<(usize, Entry)> = signals.iter().enumerate().map(entry).collect();
        let key = |e: &Entry| if truth.kind == Kind::ModelError { e.rho.value } else { e.auroc.value };
        // What could not be measured comes last.
        let place = |e: &Entry| if key(e).is_nan() { f64::NEG_INFINITY } else { key(e) };
        entries.sort_by(|a, b| place(&b.1).total_cmp(&place(&a.1)));
        let of: fn(&Measured) -> f64 = if truth.kind == Kind::ModelError { |m| m.rho } else { |m| m.auroc };
        let lead = (entries.len() > 1).then(|| draws.lead(entries[0].0, entries[1].0, of)).flatten();
        let length = length.map(|whole| {
            let [rho, auroc, auprc] = draws.estimates(&whole, classes, |d| d.length.as_ref().unwrap_or(&NOTHING));
            Length { rho, auroc, auprc }
        });
        Ok(Self {
            entries: entries.into_iter().map(|(_, e)| e).collect(),
            lead,
            rows,
            episodes: stats::by_episode(&truth.owner).len(),
            positive: truth.positive.iter().filter(|p| **p).count(),
            one_class: draws.one_class(),
            length,
        })
    }
}

/// Of a draw without a length.
const NOTHING: Measured = Measured { rho: f64::NAN, auroc: f64::NAN, auprc: f64::NAN };
