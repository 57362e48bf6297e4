//! The lowest and highest numbers of a curve, block by block: what a picture of very many points needs of them.

use std::ops::Range;
use std::sync::OnceLock;

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

impl Kept {
    /// Asks `of` for something of the outline of the curve whose columns these are.
    pub fn asked<T>(&self, x: &[f64], y: &[f64], of: impl FnOnce(&Outline) -> T) -> T {
        let kept = self.0.get_or_init(|| Outline::new(x, y));
        // Grown or exchanged since.
        if kept.of == whose(x, y) { of(kept) } else { of(&Outline::new(x, y)) }
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
