//! The lowest and highest numbers of a curve, block by block: what a picture of very many points needs of them.

use std::ops::Range;
use std::sync::OnceLock;

use super::Series;

/// Points of a block.
const BLOCK: usize = 64;
/// In place of a point's number within its block, where one of the block is not finite.
const BROKEN: [u8; 2] = [u8::MAX; 2];

/// What pictures of a curve need, found at the first of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outline {
    /// True where the numbers along the horizontal axis do not fall and, of several, none is NaN.
    pub in_order: bool,
    /// Where in each block the lowest and the highest number are.
    ends: Vec<[u8; 2]>,
    /// Whose: address and length of both columns.
    of: [(usize, usize); 2],
}

/// Where a curve keeps its outline. A copy of the curve has none, for it may become another curve.
#[derive(Debug, Default)]
pub struct Kept(OnceLock<Outline>);

impl Clone for Kept {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Kept {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Series {
    /// Asks `of` for something of the curve's outline.
    pub fn outlined<T>(&self, of: impl FnOnce(&Outline) -> T) -> T {
        let kept = self.kept.0.get_or_init(|| Outline::new(&self.x, &self.y));
        // Grown or exchanged since.
        if kept.of == whose(&self.x, &self.y) { of(kept) } else { of(&Outline::new(&self.x, &self.y)) }
    }
}

fn whose(x: &[f64], y: &[f64]) -> [(usize, usize); 2] {
    [x, y].map(|column| (column.as_ptr().addr(), column.len()))
}

impl Outline {
    fn new(x: &[f64], y: &[f64]) -> Self {
        let ends = y.chunks(BLOCK).map(|block| {
            let ends = extremes(block.iter().copied().enumerate());
            ends.map_or(BROKEN, |[low, high]| [low.0 as u8, high.0 as u8])
        });
        // Counted to the end: without a way out of the middle several are compared at once.
        let in_order = x.len() < 2 || x.windows(2).filter(|pair| pair[0] <= pair[1]).count() + 1 == x.len();
        Self { in_order, ends: ends.collect(), of: whose(x, y) }
    }

    /// Where in `range` of `y`, the curve's own numbers, the lowest and the highest are, the first of several; nothing where one of
    /// them is not finite.
    pub fn extremes(&self, y: &[f64], range: Range<usize>) -> Option<[usize; 2]> {
        let blocks = range.start.div_ceil(BLOCK)..range.end / BLOCK;
        let single = |range: Range<usize>| range.map(|i| (i, y[i]));
        let found = if blocks.is_empty() {
            extremes(single(range))
        } else {
            let ends = blocks.clone().flat_map(|b| {
                let [low, high] = self.ends[b];
                let at = |i: u8| {
                    if self.ends[b] == BROKEN {
                        (b, f64::NAN)
                    } else {
                        (b * BLOCK + usize::from(i), y[b * BLOCK + usize::from(i)])
                    }
                };
                [at(low.min(high)), at(low.max(high))]
            });
            let before = single(range.start..blocks.start * BLOCK);
            extremes(before.chain(ends).chain(single(blocks.end * BLOCK..range.end)))
        };
        found.map(|ends| ends.map(|(i, _)| i))
    }
}

/// The lowest and the highest of numbers with their places, the first of several; nothing of none, or where one is not finite.
fn extremes(mut of: impl Iterator<Item = (usize, f64)>) -> Option<[(usize, f64); 2]> {
    let first = of.next().filter(|(_, v)| v.is_finite())?;
    of.try_fold([first, first], |[low, high], next| {
        let (low, high) = (if next.1 < low.1 { next } else { low }, if next.1 > high.1 { next } else { high });
        next.1.is_finite().then_some([low, high])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn curve(y: Vec<f64>) -> Series {
        Series { x: (0..y.len()).map(|i| i as f64).collect(), y, ..Series::default() }
    }

    proptest! {
        #[test]
        fn the_ends_of_any_part_are_its_own(
            y in prop::collection::vec(prop_oneof![9 => (-5i32..5).prop_map(f64::from), 1 => Just(f64::NAN)], 1..400),
            from in 0.0f64..1.0, to in 0.0f64..1.0,
        ) {
            // Broken parts are rare enough in half of the cases.
            let y: Vec<f64> = if from < 0.5 { y.iter().map(|v| if v.is_nan() { 0.0 } else { *v }).collect() } else { y };
            let at = |share: f64| (share * y.len() as f64) as usize;
            let range = at(from.min(to))..at(from.max(to)).max(at(from.min(to)) + 1).min(y.len());
            let part = &y[range.clone()];
            let first = |value: f64| range.start + part.iter().position(|v| (v - value).abs() <= 0.0).unwrap();
            let want = part.iter().all(|v| v.is_finite()).then(|| {
                let (low, high) = part.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
                [first(low), first(high)]
            });
            let s = curve(y.clone());
            prop_assert_eq!(s.outlined(|o| o.extremes(&s.y, range.clone())), want);
        }
    }

    #[test]
    fn a_curve_that_grows_or_falls_back_is_looked_at_anew() {
        let mut s = curve(vec![1.0; 100]);
        assert_eq!(s.outlined(|o| (o.in_order, o.extremes(&s.y, 0..100))), (true, Some([0, 0])));
        s.x.push(3.0);
        s.y.push(9.0);
        assert_eq!(s.outlined(|o| (o.in_order, o.extremes(&s.y, 0..101))), (false, Some([0, 100])));
        let mut other = s.clone();
        other.y[5] = -1.0;
        assert_eq!(other.outlined(|o| o.extremes(&other.y, 0..100)), Some([5, 0]));
        assert!(curve(Vec::new()).outlined(|o| o.in_order));
    }
}
