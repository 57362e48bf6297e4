//! Row numbers in about two bytes each.
//!
//! The points of a leaf may stand in any order, so they stand in that of their rows, and an ascending list needs few bits
//! (Elias 1974, Fano 1971): the low bits of each number as they are, the high bits as gaps in unary. A number is still read
//! at once: the i-th set bit of the leaf's words says how high it is.

use rayon::prelude::*;

/// Row numbers of leaves of `L` places (32 or 64), ascending within each.
pub struct Packed<const L: usize> {
    /// Low bits of a number.
    width: u32,
    low: Vec<u32>,
    /// 2 · `L` bits a leaf.
    high: Vec<u64>,
}

impl<const L: usize> Packed<L> {
    /// Words of low bits in a leaf for each bit of the width, and of high bits.
    const WORDS: usize = L / 32;

    /// Packs `numbers` of rows below `n`, whole leaves; the last leaf may end in places without a row, whose numbers then mean
    /// nothing.
    pub fn new(numbers: &[u32], n: usize) -> Self {
        let last = n.saturating_sub(1) as u32;
        // The least width that leaves `L` values to the high part.
        let width = (32 - last.leading_zeros()).saturating_sub(L.ilog2());
        let (leaves, _) = numbers.as_chunks::<L>();
        let each = Self::WORDS * width as usize;
        // More than there is, as two words are read at once.
        let mut low = vec![0u32; leaves.len() * each + 2];
        let mut high = vec![0u64; leaves.len() * Self::WORDS];
        let highs = high.par_chunks_exact_mut(Self::WORDS).zip(leaves).with_min_len(256);
        if each == 0 {
            highs.for_each(|(high, leaf)| pack(leaf, last, width, &mut [], high));
        } else {
            highs
                .zip(low.par_chunks_exact_mut(each))
                .for_each(|((high, leaf), low)| pack(leaf, last, width, low, high));
        }
        Self { width, low, high }
    }

    /// Row at `place`.
    #[inline(always)]
    pub fn get(&self, place: usize) -> u32 {
        let first = place * self.width as usize;
        let pair = u64::from(self.low[first / 32]) | u64::from(self.low[first / 32 + 1]) << 32;
        let low = (pair >> (first % 32)) as u32 & mask(self.width);
        let (mut at, mut before) = (place % L, 0);
        for &word in &self.high[place / L * Self::WORDS..][..Self::WORDS] {
            let here = word.count_ones() as usize;
            if at < here {
                return ((before + select(word, at) - place % L) as u32) << self.width | low;
            }
            at -= here;
            before += 64;
        }
        u32::MAX
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.low.len() * size_of::<u32>() + self.high.len() * size_of::<u64>()
    }
}

/// Packs one leaf; numbers are at most `last`.
fn pack(numbers: &[u32], last: u32, width: u32, low: &mut [u32], high: &mut [u64]) {
    // Low bits that do not fill a word yet.
    let (mut open, mut filled, mut words) = (0u64, 0, low.iter_mut());
    for (i, &number) in numbers.iter().enumerate() {
        let number = number.min(last);
        let bit = (number >> width) as usize + i;
        high[bit / 64] |= 1 << (bit % 64);
        open |= u64::from(number & mask(width)) << filled;
        filled += width;
        if filled >= 32 {
            if let Some(word) = words.next() {
                *word = open as u32;
            }
            open >>= 32;
            filled -= 32;
        }
    }
}

/// The lowest `width` < 32 bits.
#[inline(always)]
fn mask(width: u32) -> u32 {
    (1 << width) - 1
}

/// Position of the set bit of `word` that `at` others are below; there are more than `at`.
#[inline(always)]
fn select(word: u64, mut at: usize) -> usize {
    let mut first = 0;
    for half in [32, 16, 8, 4, 2, 1] {
        let below = (word >> first & ((1 << half) - 1)).count_ones() as usize;
        if at >= below {
            at -= below;
            first += half;
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::ground::seed::keyed;
    use crate::metrics::neighbors::order::EMPTY;

    fn round_trip<const L: usize>(n: usize) {
        let mut rng = keyed(0, 0);
        let mut all: Vec<u32> = (0..50 * L).map(|_| rng.random_range(0..n) as u32).collect();
        // The ends of the range, each all through a leaf.
        all[L..2 * L].fill(n as u32 - 1);
        all[2 * L..3 * L].fill(0);
        all.chunks_mut(L).for_each(<[u32]>::sort_unstable);
        let places = all.len() - 5;
        all[places..].fill(EMPTY);
        let packed = Packed::<L>::new(&all, n);
        assert!((0..places).all(|place| packed.get(place) == all[place]), "{n} rows, leaves of {L}");
    }

    #[test]
    fn every_number_comes_back() {
        for n in [1, 31, 32, 33, 64, 65, 10_000, 1_000_000, u32::MAX as usize] {
            round_trip::<32>(n);
            round_trip::<64>(n);
        }
    }

    #[test]
    fn a_million_rows_take_two_bytes_each() {
        let packed = Packed::<64>::new(&(0..1_000_000).collect::<Vec<u32>>(), 1_000_000);
        assert!(packed.bytes() <= 2_000_100, "{}", packed.bytes());
    }
}
