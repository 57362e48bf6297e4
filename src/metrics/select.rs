//! Exact quantiles of many numbers without sorting or copying them: two passes that count.

use crate::ground::stats;
use crate::ground::task::{Cancelled, Ctx};

/// Half of a number's bits.
const HALF: usize = 1 << 16;

/// Extremes and quantiles of the finite ones among many numbers; NaN where there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantiles {
    /// Finite numbers.
    pub n: usize,
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
    /// The quantiles asked for, in the order in which they were asked for, by linear interpolation
    /// (NumPy's default, as [`stats::quantile_sorted`]).
    pub at: Vec<f64>,
}

/// [`Quantiles`] `q` of the numbers in `parts`; a cancel is seen after every part.
///
/// # Errors
/// When cancelled.
pub fn quantiles<I: Iterator<Item = f32>>(
    parts: impl Iterator<Item = I> + Clone,
    q: &[f64],
    cx: &Ctx,
) -> Result<Quantiles, Cancelled> {
    let mut high = vec![0usize; HALF];
    for part in parts.clone() {
        cx.check()?;
        part.filter(|v| v.is_finite()).for_each(|v| high[(ordered(v) >> 16) as usize] += 1);
    }
    let n: usize = high.iter().sum();
    if n == 0 {
        return Ok(Quantiles { n, min: f64::NAN, max: f64::NAN, at: vec![f64::NAN; q.len()] });
    }
    // The ranks that interpolation looks at, and for each the numbers with which it shares its upper half.
    let place = |q: f64| q.clamp(0.0, 1.0) * (n - 1) as f64;
    let mut ranks = vec![0, n - 1];
    ranks.extend(q.iter().flat_map(|&q| [place(q).floor() as usize, (place(q).floor() as usize + 1).min(n - 1)]));
    let slots: Vec<(usize, usize)> = ranks.iter().map(|&rank| find(&high, rank)).collect();
    let mut wanted = vec![u8::MAX; HALF];
    let mut low: Vec<Vec<usize>> = Vec::new();
    for &(slot, _) in &slots {
        if wanted[slot] == u8::MAX {
            wanted[slot] = low.len() as u8;
            low.push(vec![0; HALF]);
        }
    }
    for part in parts {
        cx.check()?;
        for key in part.filter(|v| v.is_finite()).map(ordered) {
            if let Some(counts) = low.get_mut(usize::from(wanted[(key >> 16) as usize])) {
                counts[(key & 0xFFFF) as usize] += 1;
            }
        }
    }
    let value = |&(slot, rest): &(usize, usize)| {
        let (key, _) = find(&low[usize::from(wanted[slot])], rest);
        f64::from(number((slot << 16 | key) as u32))
    };
    let values: Vec<f64> = slots.iter().map(value).collect();
    let between = |(pair, &q): (&[f64], &f64)| stats::quantile_sorted(pair, place(q) - place(q).floor());
    let at = values[2..].chunks_exact(2).zip(q).map(between).collect();
    Ok(Quantiles { n, min: values[0], max: values[1], at })
}

/// The slot that holds the number of the given rank, and its rank within.
fn find(counts: &[usize], mut rank: usize) -> (usize, usize) {
    for (slot, &count) in counts.iter().enumerate() {
        if rank < count {
            return (slot, rank);
        }
        rank -= count;
    }
    (counts.len() - 1, 0)
}

/// Bits whose order as whole numbers is the order of the numbers.
fn ordered(v: f32) -> u32 {
    let bits = v.to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
}

/// The number that [`ordered`] was asked about.
fn number(key: u32) -> f32 {
    f32::from_bits(if key >> 31 == 1 { key & !(1 << 31) } else { !key })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn they_are_those_of_the_sorted_numbers(values in proptest::collection::vec(-1.0e6f32..1.0e6, 1..200), q in 0.0f64..=1.0) {
            let with_gaps: Vec<f32> = values.iter().copied().chain([f32::NAN, f32::INFINITY]).collect();
            let got = quantiles(with_gaps.chunks(7).map(|c| c.iter().copied()), &[q, 0.5], &Ctx::quiet()).unwrap();
            let sorted = stats::sorted(&values.iter().map(|v| f64::from(*v)).collect::<Vec<_>>());
            prop_assert_eq!(got.n, values.len());
            prop_assert_eq!((got.min, got.max), (sorted[0], sorted[values.len() - 1]));
            for (got, q) in got.at.iter().zip([q, 0.5]) {
                let want = stats::quantile_sorted(&sorted, q);
                prop_assert!((got - want).abs() <= 1e-9 * want.abs().max(1.0), "{} {}", got, want);
            }
        }
    }

    #[test]
    fn nothing_finite_is_nan() {
        let got = quantiles([[f32::NAN].into_iter()].into_iter(), &[0.5], &Ctx::quiet()).unwrap();
        assert!(got.n == 0 && got.min.is_nan() && got.at[0].is_nan());
    }
}
