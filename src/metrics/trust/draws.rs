//! Every signal against the truth, over all rows and over episodes drawn anew.

use rayon::prelude::*;

use super::prefix::Pairs;
use super::truth::{Estimate, Kind, Signal, Truth};
use super::use_at_threshold::AtThreshold;
use super::weighted::{Measured, Order, Ranked};
use crate::ground::bootstrap;
use crate::ground::fault::Fault;
use crate::ground::seed::keyed;
use crate::ground::stats;
use crate::ground::task::Ctx;

/// Episodes drawn anew this many times.
pub const RESAMPLES: usize = 1000;
/// Rows in the bootstrap at most, evenly thinned: which only widens the intervals.
pub const THINNED: usize = 10_000;
/// Episodes in the bootstrap at most where episodes are held against each other in pairs.
pub const PAIRED: usize = 400;
/// Fewer episodes (of either class, where there are classes) give no interval: the few would be drawn again and again.
pub const LEAST: usize = 5;

/// A score or an outcome that is no number counts as infinite: it must not hide.
fn number(value: f64) -> f64 {
    if value.is_nan() { f64::INFINITY } else { value }
}

/// Some rows in the form in which they are measured under any weights.
pub struct Table {
    severity: Order,
    positive: Vec<bool>,
    orders: Vec<Order>,
    /// Of episodes: every signal's pairs, where they are held.
    pairs: Vec<Pairs>,
    /// Of episodes: their lengths.
    lengths: Option<Order>,
    /// Of signals with a threshold: the rows beyond it.
    fired: Vec<Option<Vec<bool>>>,
}

impl Table {
    /// Takes all rows of the signals and the truth. Pairs of episodes are measured once and not held: there are too many.
    pub fn whole(signals: &[Signal], truth: &Truth) -> Self {
        let rows: Vec<usize> = (0..truth.severity.len()).collect();
        Self::unpaired(signals, truth, &rows)
    }

    /// Takes these `rows`, with the pairs of episodes.
    pub fn paired(signals: &[Signal], truth: &Truth, rows: &[usize]) -> Self {
        let mut table = Self::unpaired(signals, truth, rows);
        if truth.kind == Kind::LowReturn {
            let pairs = |s: &Signal| {
                let running: Vec<&[f64]> = rows.iter().map(|&i| s.running[i].as_slice()).collect();
                Pairs::new(&running, &table.positive)
            };
            table.pairs = signals.iter().map(pairs).collect();
        }
        table
    }

    fn unpaired(signals: &[Signal], truth: &Truth, rows: &[usize]) -> Self {
        let pick = |v: &[f64]| rows.iter().map(|&i| number(v[i])).collect::<Vec<f64>>();
        let positive: Vec<bool> = rows.iter().map(|&i| truth.positive[i]).collect();
        let episodes = truth.kind == Kind::LowReturn;
        let lengths = |s: &Signal| Order::new(&rows.iter().map(|&i| s.running[i].len() as f64).collect::<Vec<_>>());
        let fired = |s: &Signal| s.threshold.map(|t| rows.iter().map(|&i| number(s.values[i]) > t).collect());
        Self {
            severity: Order::new(&pick(&truth.severity)),
            orders: signals.par_iter().map(|s| Order::new(&pick(&s.values))).collect(),
            pairs: Vec::new(),
            lengths: if episodes { signals.first().map(lengths) } else { None },
            fired: signals.iter().map(fired).collect(),
            positive,
        }
    }

    /// Every signal, and the length of the episodes where rows are episodes.
    pub fn measure(&self, weight: &[f64]) -> (Vec<Measured>, Option<Measured>) {
        let mut truth = Ranked::default();
        self.severity.rank(weight, &mut truth);
        let one = |(c, order): (usize, &Order)| {
            let plain = order.measure(&truth, &self.positive, weight);
            let Some(pairs) = self.pairs.get(c) else { return plain };
            let (auroc, auprc) = pairs.measure(weight);
            Measured { auroc, auprc, ..plain }
        };
        let all = self.orders.iter().enumerate().map(one).collect();
        (all, self.lengths.as_ref().map(|order| order.measure(&truth, &self.positive, weight)))
    }

    /// What signal `c` does at its threshold, where it has one.
    pub fn at(&self, c: usize, weight: &[f64]) -> Option<AtThreshold> {
        self.fired[c].as_ref().map(|fired| AtThreshold::count(fired, &self.positive, weight))
    }
}

/// What one draw measured.
pub struct Draw {
    /// Every signal.
    pub measured: Vec<Measured>,
    /// The length of the episodes, where rows are episodes.
    pub length: Option<Measured>,
    /// [C] gain at the threshold; NaN without one.
    pub gains: Vec<f64>,
}

/// [R] what each draw measured.
pub struct Draws(Vec<Draw>);

impl Draws {
    /// Measures every draw.
    ///
    /// # Errors
    /// When cancelled.
    pub fn take(signals: &[Signal], truth: &Truth, seed: u64, cx: &Ctx) -> Result<Self, Fault> {
        let most = if truth.kind == Kind::LowReturn { PAIRED } else { THINNED };
        let thin = stats::evenly(truth.severity.len(), most);
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
        let table = Table::paired(signals, truth, &thin);
        let one = |draw: usize| -> Result<Draw, Fault> {
            cx.check()?;
            let count = bootstrap::multiplicities(&mut keyed(seed, draw as u64), groups.len());
            let weight: Vec<f64> = episode.iter().map(|&e| f64::from(count[e as usize])).collect();
            let (measured, length) = table.measure(&weight);
            let gain = |c| table.at(c, &weight).map_or(f64::NAN, |at| at.gain);
            Ok(Draw { measured, length, gains: (0..signals.len()).map(gain).collect() })
        };
        (0..RESAMPLES).into_par_iter().map(one).collect::<Result<_, _>>().map(Self)
    }

    /// 2.5 % and 97.5 % quantiles of what `of` makes of the draws; nothing where most of them cannot be measured.
    pub fn interval(&self, of: impl Fn(&Draw) -> f64) -> Option<(f64, f64)> {
        let draws: Vec<f64> = self.0.iter().map(of).filter(|v| !v.is_nan()).collect();
        let draws = stats::sorted(&draws);
        // A handful of draws that can be measured is no interval.
        (draws.len() * 2 > RESAMPLES)
            .then(|| (stats::quantile_sorted(&draws, 0.025), stats::quantile_sorted(&draws, 0.975)))
    }

    /// ρ, AUROC and AUPRC of what `of` picks of a draw, with the values over all rows.
    pub fn estimates(&self, whole: &Measured, classes: bool, of: impl Fn(&Draw) -> &Measured) -> [Estimate; 3] {
        let estimate = |get: fn(&Measured) -> f64, enough: bool| {
            let value = get(whole);
            let interval = if enough && !value.is_nan() { self.interval(|d| get(of(d))) } else { None };
            Estimate { value, interval }
        };
        [estimate(|m| m.rho, true), estimate(|m| m.auroc, classes), estimate(|m| m.auprc, classes)]
    }

    /// Interval of how far signal `a` is ahead of `b`.
    pub fn lead(&self, a: usize, b: usize, of: fn(&Measured) -> f64) -> Option<(f64, f64)> {
        self.interval(|d| of(&d.measured[a]) - of(&d.measured[b]))
    }

    /// Draws without both classes.
    pub fn one_class(&self) -> usize {
        self.0.iter().filter(|d| d.measured.first().is_some_and(|m| m.auroc.is_nan())).count()
    }
}
