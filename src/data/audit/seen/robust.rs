//! Where the bulk of some sizes ends, found from within: it is right also where nearly half of them are wrong.
//!
//! A forward search (Atkinson & Riani 2000): from the smaller half outwards, everything within [`FACTOR`] times the 95 %
//! quantile of what is held already is taken in, until nothing more is. Sizes that thin out steadily, however heavy
//! their tail, are all taken in; what stays outside lies beyond a gap.

use crate::ground::stats;

/// Where the search begins: more than half, and what is wrong may be the rest.
const HALF: f64 = 0.52;
/// Sizes so many times the 95 % quantile of the bulk are no part of it.
pub const FACTOR: f64 = 6.0;
/// Among those outside, at most one in so many may lie beside the limit; else there is no gap, only a tail.
const CLEAR: usize = 10;

/// The bulk of some sizes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bulk {
    /// Their 95 % quantile.
    pub width: f64,
    /// Sizes beyond this are not of the bulk.
    pub limit: f64,
    /// Whether nothing is outside, or a gap lies between.
    pub clear: bool,
}

/// The bulk of `sizes`, which are 0 or more and finite; nothing where most are 0 or there are none.
pub fn bulk(mut sizes: Vec<f64>) -> Option<Bulk> {
    sizes.sort_by(stats::order);
    let n = sizes.len();
    let mut held = (n as f64 * HALF).ceil() as usize;
    if held == 0 {
        return None;
    }
    loop {
        let width = sizes[((held - 1) as f64 * 0.95).round() as usize];
        let limit = FACTOR * width;
        let within = sizes.partition_point(|v| *v <= limit);
        if within > held {
            held = within;
            continue;
        }
        let beside = within - sizes.partition_point(|v| *v <= limit / 2.0).min(within);
        return (width > 0.0).then_some(Bulk { width, limit, clear: is_clear(beside, n - within) });
    }
}

/// Whether `beside` the limit there are few enough of those that are `outside`.
pub fn is_clear(beside: usize, outside: usize) -> bool {
    outside == 0 || beside * CLEAR <= outside
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::ground::seed::stream;

    #[test]
    fn far_sizes_are_outside_whatever_their_share_and_tails_are_not() {
        let mut rng = stream(0, "bulk", 0);
        for share in [0.0, 0.005, 0.1, 0.3, 0.45] {
            let all: Vec<f64> = (0..2000)
                .map(|i| if f64::from(i) < 2000.0 * share { 20.0 } else { 0.0 } + rng.random_range(0.0..1.0))
                .collect();
            let found = bulk(all).unwrap();
            assert!(found.clear && (0.9..1.0).contains(&found.width), "{share}: {found:?}");
        }
        // A Pareto tail: half of those above a size are above twice that size.
        let tail = bulk((1..2000).map(|i| 2000.0 / f64::from(i)).collect()).unwrap();
        assert!(!tail.clear, "{tail:?}");
        assert_eq!(bulk(vec![0.0; 10]), None);
        assert_eq!(bulk(Vec::new()), None);
    }
}
