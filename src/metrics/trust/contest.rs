//! Which score predicts what went wrong: every score against the same truth, over the same resampled episodes.

use rayon::prelude::*;

use super::weighted::{Measured, Order, Ranked};
use crate::ground::bootstrap;
use crate::ground::fault::Fault;
use crate::ground::seed::keyed;
use crate::ground::stats;
use crate::ground::task::Ctx;
use crate::metrics::score::Score;

/// What went wrong, one number a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Rows are steps; the truth is the realised one-step model error.
    ModelError,
    /// Rows are episodes (a score is its largest); the truth is the return, lower is worse.
    LowReturn,
}

/// The truth that scores are held against.
#[derive(Debug, Clone)]
pub struct Truth {
    /// Which.
    pub kind: Kind,
    /// [N] larger is worse. Rows without a truth are left out by the caller.
    pub severity: Vec<f64>,
    /// [N] it counts as failed.
    pub positive: Vec<bool>,
    /// [N] episode.
    pub owner: Vec<usize>,
    /// What counts as failed, in words that follow "positive:".
    pub definition: String,
}

/// A number with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Over all rows.
    pub value: f64,
    /// 2.5 % and 97.5 % quantiles over resampled episodes; nothing with fewer than 5 episodes, and of AUROC and AUPRC
    /// nothing with fewer than 5 that have a failed row or fewer than 5 that have another.
    pub interval: Option<(f64, f64)>,
}

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
}

/// Episodes drawn anew this many times.
pub const RESAMPLES: usize = 1000;
/// Rows in the bootstrap at most, evenly thinned: which only widens the intervals.
pub const THINNED: usize = 10_000;
/// Fewer episodes (of either class, where there are classes) give no interval: the few would be drawn again and again.
const LEAST: usize = 5;

impl Contest {
    /// Holds every column [N] against the truth; the draws take whole episodes with replacement, not stratified.
    ///
    /// # Errors
    /// If there is no row, or when cancelled.
    pub fn hold(columns: &[(&'static Score, Vec<f64>)], truth: &Truth, seed: u64, cx: &Ctx) -> Result<Self, Fault> {
        let rows = truth.severity.len();
        if rows == 0 || columns.is_empty() {
            return Err(Fault::failed("no step has both a score and an outcome: nothing tells which alarm to trust"));
        }
        let values: Vec<Vec<f64>> = columns.iter().map(|(_, v)| numbers(v)).collect();
        let whole = measure(&values, &numbers(&truth.severity), &truth.positive);
        let episodes = stats::by_episode(&truth.owner).len();
        let draws = Draws::take(&values, truth, seed, cx)?;
        let of_class = |class: bool| {
            let rows = (0..rows).filter(|&i| truth.positive[i] == class);
            rows.map(|i| truth.owner[i]).collect::<std::collections::HashSet<_>>().len()
        };
        let classes = of_class(true) >= LEAST && of_class(false) >= LEAST;
        let mut entries: Vec<(usize, Entry)> =
            columns.iter().enumerate().map(|(c, (score, _))| (c, draws.entry(score, c, &whole[c], classes))).collect();
        let key = |e: &Entry| if truth.kind == Kind::ModelError { e.rho.value } else { e.auroc.value };
        // What could not be measured comes last.
        let place = |e: &Entry| if key(e).is_nan() { f64::NEG_INFINITY } else { key(e) };
        entries.sort_by(|a, b| place(&b.1).total_cmp(&place(&a.1)));
        let of: fn(&Measured) -> f64 = if truth.kind == Kind::ModelError { |m| m.rho } else { |m| m.auroc };
        let lead = (entries.len() > 1).then(|| draws.lead(entries[0].0, entries[1].0, of)).flatten();
        Ok(Self {
            entries: entries.into_iter().map(|(_, e)| e).collect(),
            lead,
            rows,
            episodes,
            positive: truth.positive.iter().filter(|p| **p).count(),
            one_class: draws.one_class(),
        })
    }
}

/// A score or an outcome that is no number counts as infinite: it must not hide.
fn numbers(values: &[f64]) -> Vec<f64> {
    values.iter().map(|v| if v.is_nan() { f64::INFINITY } else { *v }).collect()
}

fn measure(columns: &[Vec<f64>], severity: &[f64], positive: &[bool]) -> Vec<Measured> {
    let mut truth = Ranked::default();
    let once = vec![1.0; severity.len()];
    Order::new(severity).rank(&once, &mut truth);
    columns.par_iter().map(|c| Order::new(c).measure(&truth, positive, &once)).collect()
}

/// [R][C] what each draw measured.
struct Draws(Vec<Vec<Measured>>);

impl Draws {
    fn take(columns: &[Vec<f64>], truth: &Truth, seed: u64, cx: &Ctx) -> Result<Self, Fault> {
        let thin = stats::evenly(truth.severity.len(), THINNED);
        let pick = |v: &[f64]| thin.iter().map(|&i| v[i]).collect::<Vec<f64>>();
        let owners: Vec<usize> = thin.iter().map(|&i| truth.owner[i]).collect();
        let groups = stats::by_episode(&owners);
        if groups.len() < LEAST {
            return Ok(Self(Vec::new()));
        }
        let mut episode = vec![0u32; thin.len()];
        for (e, (_, rows)) in groups.iter().enumerate() {
            for &row in rows {
                episode[row] = e as u32;
            }
        }
        let positive: Vec<bool> = thin.iter().map(|&i| truth.positive[i]).collect();
        let severity = Order::new(&pick(&numbers(&truth.severity)));
        let orders: Vec<Order> = columns.iter().map(|c| Order::new(&pick(c))).collect();
        let one = |draw: usize| -> Result<Vec<Measured>, Fault> {
            cx.check()?;
            let count = bootstrap::multiplicities(&mut keyed(seed, draw as u64), groups.len());
            let weight: Vec<f64> = episode.iter().map(|&e| f64::from(count[e as usize])).collect();
            let mut truth = Ranked::default();
            severity.rank(&weight, &mut truth);
            Ok(orders.iter().map(|o| o.measure(&truth, &positive, &weight)).collect())
        };
        (0..RESAMPLES).into_par_iter().map(one).collect::<Result<_, _>>().map(Self)
    }

    fn interval(&self, of: impl Fn(&[Measured]) -> f64) -> Option<(f64, f64)> {
        let draws: Vec<f64> = self.0.iter().map(|d| of(d)).filter(|v| !v.is_nan()).collect();
        let draws = stats::sorted(&draws);
        // A handful of draws that can be measured is no interval.
        (draws.len() * 2 > RESAMPLES)
            .then(|| (stats::quantile_sorted(&draws, 0.025), stats::quantile_sorted(&draws, 0.975)))
    }

    fn entry(&self, score: &'static Score, c: usize, whole: &Measured, classes: bool) -> Entry {
        let estimate = |of: fn(&Measured) -> f64, enough: bool| {
            let value = of(whole);
            let interval = if enough && !value.is_nan() { self.interval(|d| of(&d[c])) } else { None };
            Estimate { value, interval }
        };
        Entry {
            score,
            rho: estimate(|m| m.rho, true),
            auroc: estimate(|m| m.auroc, classes),
            auprc: estimate(|m| m.auprc, classes),
        }
    }

    fn lead(&self, a: usize, b: usize, of: fn(&Measured) -> f64) -> Option<(f64, f64)> {
        self.interval(|d| of(&d[a]) - of(&d[b]))
    }

    fn one_class(&self) -> usize {
        self.0.iter().filter(|d| d.first().is_some_and(|m| m.auroc.is_nan())).count()
    }
}
