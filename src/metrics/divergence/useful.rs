//! How far imagination is worth more than the start state, and how sure that is.

use super::errors::Errors;
use crate::ground::bootstrap::{self, Bootstrap, Interval};
use crate::ground::task::Ctx;

/// By so much the root mean square error must be below that of copying the start: what is nearer is no gain that a user of
/// the model could notice.
pub const MARGIN: f64 = 0.05;

/// Root mean square errors by horizon with their uncertainty, and the useful horizon.
#[derive(Debug, Clone, PartialEq)]
pub struct Useful {
    /// Last horizon whose error is below that of copying the start by [`MARGIN`]; 0 if there is none.
    pub horizon: usize,
    /// Its 95 % interval by bootstrap over episodes; nothing with fewer than 5.
    pub interval: Option<Interval>,
    /// [H] lower and upper ends of the 95 % interval of the model's error; nothing with fewer than 5 episodes.
    pub band: Option<(Vec<f64>, Vec<f64>)>,
}

/// True where the model's error is worth more than that of copying the start.
pub fn gains((model, floor): (f64, f64)) -> bool {
    model < (1.0 - MARGIN) * floor
}

fn last(rms: &[(f64, f64)]) -> usize {
    rms.iter().rposition(|&r| gains(r)).map_or(0, |i| i + 1)
}

impl Useful {
    /// Of the errors of starts in the episodes `owner` [S].
    pub fn measure(errors: &Errors, owner: &[usize], horizon: usize, seed: u64) -> Self {
        let episodes = errors.squares_by_episode(owner);
        let drawn = |weights: &[u32]| -> Vec<(f64, f64)> {
            let sum = |h: usize, pick: fn(&(f64, f64)) -> f64| {
                let all = episodes.iter().zip(weights).filter(|(_, w)| **w > 0);
                let (squares, n) = all.fold((0.0, 0.0), |(s, n), (e, w)| {
                    (s + f64::from(*w) * pick(&e.squares[h]), n + f64::from(*w) * e.starts)
                });
                (squares / n).sqrt()
            };
            (0..horizon).map(|h| (sum(h, |s| s.0), sum(h, |s| s.1))).collect()
        };
        let bootstrap = Bootstrap { seed, ..Bootstrap::default() };
        let draws = bootstrap.draws(episodes.len(), "useful horizon", &Ctx::quiet(), drawn).unwrap_or_default();
        let interval = bootstrap::percentile(draws.iter().map(|d| last(d) as f64));
        // Where every draw is infinite there is a gap.
        let end = |h: usize| bootstrap::percentile(draws.iter().map(|d| d[h].0)).unwrap_or((f64::NAN, f64::NAN));
        Self {
            horizon: last(&(1..=horizon).map(|h| errors.rms(h)).collect::<Vec<_>>()),
            interval: interval.map(|(lo, hi)| (lo.floor(), hi.ceil())),
            band: (!draws.is_empty()).then(|| (0..horizon).map(end).unzip()),
        }
    }

    /// "29 (95 % interval 21 to 34)".
    pub fn words(&self) -> String {
        match self.interval {
            Some((lo, hi)) => format!("{} (95 % interval {lo:.0} to {hi:.0})", self.horizon),
            None => self.horizon.to_string(),
        }
    }
}
