//! An order of rows in which neighbours in space are neighbours in memory: median splits, as a k-d tree makes them.
//!
//! A range of more than `leaf` rows is divided where the left part holds the largest power of two of leaves that is less
//! than all of them. So leaf i's ancestors need no pointers: the leaves of one parent of 2^j are those with equal i / 2^j.
//! The split goes along the axis that is widest in a sample; whatever axis is taken, the order is right, only slower.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use crate::ground::task::{Cancelled, Ctx};

/// Binary splits between two moves of the rows themselves.
const SPLITS: u32 = 4;
/// Rows looked at for the widest axis.
const SAMPLE: usize = 96;
/// Ranges below this many rows are split on one thread.
const PARALLEL: usize = 8192;

/// Place that holds no row.
pub const EMPTY: u32 = u32::MAX;

/// Rows in such an order.
pub struct Ordered {
    /// [N, D]; with capacity for whole leaves.
    pub rows: Vec<f32>,
    /// [N] where each row was; with capacity for whole leaves.
    pub from: Vec<u32>,
}

impl Ordered {
    /// The rows in leaves [leaves, D, `LEAF`], and where each was. The last leaf is filled up with [`EMPTY`] places that are
    /// infinitely far from everything. `ascending`: within a leaf, rows stand as they were.
    pub fn leaves<const LEAF: usize>(self, dim: usize, ascending: bool) -> (Vec<f32>, Vec<u32>) {
        let (mut leaves, mut from) = (self.rows, self.from);
        let filled = from.len().next_multiple_of(LEAF);
        from.resize(filled, EMPTY);
        leaves.resize(filled * dim, f32::INFINITY);
        let each = leaves.par_chunks_exact_mut(LEAF * dim).zip(from.as_chunks_mut::<LEAF>().0);
        each.with_min_len(256).for_each_init(
            || vec![0.0f32; LEAF * dim],
            |rows, (leaf, from)| {
                rows.copy_from_slice(leaf);
                let mut place: [u32; LEAF] = std::array::from_fn(|i| i as u32);
                if ascending {
                    place = Arch::new().dispatch(Ranks(from));
                    let old = *from;
                    old.iter().zip(place).for_each(|(&row, place)| from[place as usize] = row);
                }
                for (axis, lanes) in leaf.as_chunks_mut::<LEAF>().0.iter_mut().enumerate() {
                    rows[axis..].iter().step_by(dim).zip(place).for_each(|(&v, place)| lanes[place as usize] = v);
                }
            },
        );
        (leaves, from)
    }
}

/// The place of each row number in their ascending order; [`EMPTY`] ones are last. All are compared with all: vectors do so
/// faster than a sort guesses its branches.
struct Ranks<'a, const N: usize>(&'a [u32; N]);

impl<const N: usize> WithSimd for Ranks<'_, N> {
    type Output = [u32; N];

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> [u32; N] {
        let mut ranks = [0; N];
        for &other in self.0 {
            ranks.iter_mut().zip(self.0).for_each(|(rank, &number)| *rank += u32::from(other < number));
        }
        for (i, (rank, &number)) in ranks.iter_mut().zip(self.0).enumerate() {
            if number == EMPTY {
                *rank = i as u32;
            }
        }
        ranks
    }
}

/// Orders `rows` [N, D] into leaves of `leaf`; `scale` [D] makes sides comparable.
///
/// # Errors
/// When cancelled.
pub fn order(rows: &[f32], scale: &[f32], leaf: usize, cx: &Ctx) -> Result<Ordered, Cancelled> {
    match scale.len() {
        2 => Job::<2> { scale, leaf, cx }.order(rows),
        3 => Job::<3> { scale, leaf, cx }.order(rows),
        4 => Job::<4> { scale, leaf, cx }.order(rows),
        5 => Job::<5> { scale, leaf, cx }.order(rows),
        6 => Job::<6> { scale, leaf, cx }.order(rows),
        7 => Job::<7> { scale, leaf, cx }.order(rows),
        8 => Job::<8> { scale, leaf, cx }.order(rows),
        9 => Job::<9> { scale, leaf, cx }.order(rows),
        10 => Job::<10> { scale, leaf, cx }.order(rows),
        11 => Job::<11> { scale, leaf, cx }.order(rows),
        12 => Job::<12> { scale, leaf, cx }.order(rows),
        _ => Job::<0> { scale, leaf, cx }.order(rows),
    }
}

/// Rows of the left part of a range of `n` > `leaf` rows.
fn half(n: usize, leaf: usize) -> usize {
    let leaves = n.div_ceil(leaf);
    leaf << (leaves - 1).ilog2()
}

/// Rows that lie together.
struct Part<'a> {
    rows: &'a mut [f32],
    from: &'a mut [u32],
    keys: &'a mut [u64],
}

impl Part<'_> {
    fn split_at(self, n: usize, d: usize) -> (Self, Self) {
        let ((rows, rows_b), (from, from_b)) = (self.rows.split_at_mut(n * d), self.from.split_at_mut(n));
        let (keys, keys_b) = self.keys.split_at_mut(n);
        (Self { rows, from, keys }, Self { rows: rows_b, from: from_b, keys: keys_b })
    }
}

/// Rows that lie together, and as much room again to move them to.
struct Range<'a> {
    part: Part<'a>,
    spare_rows: &'a mut [f32],
    spare_from: &'a mut [u32],
    /// The rows are where they shall be in the end, and not in the room beside it.
    at_home: bool,
}

impl Range<'_> {
    fn split_at(self, n: usize, d: usize) -> (Self, Self) {
        let (part, part_b) = self.part.split_at(n, d);
        let (spare_rows, spare_rows_b) = self.spare_rows.split_at_mut(n * d);
        let (spare_from, spare_from_b) = self.spare_from.split_at_mut(n);
        let at_home = self.at_home;
        (
            Self { part, spare_rows, spare_from, at_home },
            Self { part: part_b, spare_rows: spare_rows_b, spare_from: spare_from_b, at_home },
        )
    }

    fn go_home(self) {
        if !self.at_home {
            self.spare_rows.copy_from_slice(self.part.rows);
            self.spare_from.copy_from_slice(self.part.from);
        }
    }
}

/// `D`: dimensions, or 0 where they are known only when it runs.
struct Job<'a, const D: usize> {
    scale: &'a [f32],
    leaf: usize,
    cx: &'a Ctx,
}

impl<const D: usize> Job<'_, D> {
    #[inline(always)]
    fn dim(&self) -> usize {
        if D > 0 { D } else { self.scale.len() }
    }

    #[inline(always)]
    fn row<'r>(&self, rows: &'r [f32], key: u64) -> &'r [f32] {
        let first = key as u32 as usize * self.dim();
        &rows[first..first + self.dim()]
    }

    fn order(&self, rows: &[f32]) -> Result<Ordered, Cancelled> {
        let n = rows.len() / self.dim();
        let mut keys: Vec<u64> = (0..n as u32).into_par_iter().map(u64::from).collect();
        self.split(rows, &mut keys, SPLITS)?;
        let filled = n.next_multiple_of(self.leaf);
        let mut out = Ordered { rows: self.picked(rows, &keys, filled), from: Vec::with_capacity(filled) };
        keys.par_iter().map(|&key| key as u32).collect_into_vec(&mut out.from);
        self.rooms(Part { rows: &mut out.rows, from: &mut out.from, keys: &mut keys }, SPLITS)?;
        Ok(out)
    }

    /// Refines the parts that `splits` splits have made, each with a room of its own: few are open at a time.
    fn rooms(&self, part: Part<'_>, splits: u32) -> Result<(), Cancelled> {
        let n = part.from.len();
        if n <= self.leaf {
            return Ok(());
        }
        if splits == 0 {
            let (mut rows, mut from) = (vec![0.0; part.rows.len()], vec![0; n]);
            return self.refine(Range { part, spare_rows: &mut rows, spare_from: &mut from, at_home: true });
        }
        let (left, right) = part.split_at(half(n, self.leaf), self.dim());
        let (l, r) = rayon::join(|| self.rooms(left, splits - 1), || self.rooms(right, splits - 1));
        l.and(r)
    }

    /// Splits a range a few times, moves its rows, and goes on with each part.
    fn refine(&self, range: Range<'_>) -> Result<(), Cancelled> {
        self.cx.check()?;
        range.part.keys.iter_mut().zip(0..).for_each(|(key, i)| *key = i);
        self.split(range.part.rows, range.part.keys, SPLITS)?;
        self.parts(self.moved(range), SPLITS)
    }

    /// Moves row `keys[i]` of the range to its place i, into the spare room.
    fn moved<'r>(&self, range: Range<'r>) -> Range<'r> {
        let Range { part: Part { rows, from, keys }, spare_rows, spare_from, at_home } = range;
        self.pick(rows, keys, spare_rows);
        for (id, &key) in spare_from.iter_mut().zip(&*keys) {
            *id = from[key as u32 as usize];
        }
        let part = Part { rows: spare_rows, from: spare_from, keys };
        Range { part, spare_rows: rows, spare_from: from, at_home: !at_home }
    }

    /// Row `keys[i]` at place i, with room for `filled` rows.
    fn picked(&self, rows: &[f32], keys: &[u64], filled: usize) -> Vec<f32> {
        if D > 0 {
            // Without filling the memory with zeros first.
            let mut out: Vec<[f32; D]> = Vec::with_capacity(filled);
            let row = |&key: &u64| {
                let row = self.row(rows, key);
                std::array::from_fn(|d| row[d])
            };
            keys.par_iter().with_min_len(1024).map(row).collect_into_vec(&mut out);
            return out.into_flattened();
        }
        let mut out = vec![0.0; filled * self.dim()];
        out.truncate(rows.len());
        self.pick(rows, keys, &mut out);
        out
    }

    /// Copies row `keys[i]` to place i of `out`.
    fn pick(&self, rows: &[f32], keys: &[u64], out: &mut [f32]) {
        let one = |(to, &key): (&mut [f32], &u64)| to.copy_from_slice(self.row(rows, key));
        if keys.len() > PARALLEL {
            out.par_chunks_exact_mut(self.dim()).zip_eq(keys.par_iter()).with_min_len(1024).for_each(one);
        } else {
            out.chunks_exact_mut(self.dim()).zip(keys).for_each(one);
        }
    }

    /// Refines the parts that `splits` splits of this range have made.
    fn parts(&self, range: Range<'_>, splits: u32) -> Result<(), Cancelled> {
        let n = range.part.from.len();
        if n <= self.leaf {
            range.go_home();
            return Ok(());
        }
        if splits == 0 {
            return self.refine(range);
        }
        let (left, right) = range.split_at(half(n, self.leaf), self.dim());
        let (left, right) = (|| self.parts(left, splits - 1), || self.parts(right, splits - 1));
        if n > PARALLEL {
            let (l, r) = rayon::join(left, right);
            return l.and(r);
        }
        left()?;
        right()
    }

    /// Orders `keys`, of which the low halves are positions in `rows`, by `splits` median splits.
    fn split(&self, rows: &[f32], keys: &mut [u64], splits: u32) -> Result<(), Cancelled> {
        let n = keys.len();
        if n <= self.leaf || splits == 0 {
            return Ok(());
        }
        let axis = self.widest(rows, keys);
        let half = half(n, self.leaf);
        let renew = |key: &mut u64| {
            let v = rows[*key as u32 as usize * self.dim() + axis];
            *key = u64::from(ascending(v)) << 32 | u64::from(*key as u32);
        };
        if n > PARALLEL {
            keys.par_iter_mut().with_min_len(PARALLEL / 2).for_each(renew);
        } else {
            keys.iter_mut().for_each(renew);
        }
        if half < n {
            keys.select_nth_unstable(half);
        }
        self.cx.check()?;
        let (a, b) = keys.split_at_mut(half);
        if n > PARALLEL {
            let (l, r) = rayon::join(|| self.split(rows, a, splits - 1), || self.split(rows, b, splits - 1));
            return l.and(r);
        }
        self.split(rows, a, splits - 1)?;
        self.split(rows, b, splits - 1)
    }

    /// The axis along which a sample is widest, by the mean distance from its mean; the first of equals. Far rows count less
    /// than in the variance or in the longest side of a box: leaves that a search meets are a tenth fewer.
    fn widest(&self, rows: &[f32], keys: &[u64]) -> usize {
        let (mut few, mut many);
        let (mean, spread): (&mut [f32], &mut [f32]) = if D > 0 {
            few = ([0.0; D], [0.0; D]);
            (&mut few.0, &mut few.1)
        } else {
            many = (vec![0.0; self.dim()], vec![0.0; self.dim()]);
            (&mut many.0, &mut many.1)
        };
        let sample = || keys.iter().step_by((keys.len() / SAMPLE).max(1));
        for &key in sample() {
            self.row(rows, key).iter().zip(&mut *mean).for_each(|(&v, sum)| *sum += v);
        }
        let share = 1.0 / sample().len() as f32;
        for sum in mean.iter_mut() {
            *sum *= share;
        }
        for &key in sample() {
            for ((&v, &m), sum) in self.row(rows, key).iter().zip(&*mean).zip(&mut *spread) {
                *sum += (v - m).abs();
            }
        }
        let wide = spread.iter().zip(self.scale).map(|(sum, scale)| sum * scale);
        wide.enumerate().fold((0, f32::NEG_INFINITY), |best, new| if new.1 > best.1 { new } else { best }).0
    }
}

/// The bits of a number such that order of bits is order of numbers.
fn ascending(v: f32) -> u32 {
    let bits = v.to_bits();
    if bits >> 31 == 0 { bits | 1 << 31 } else { !bits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_ascend_with_numbers() {
        let v = [f32::NEG_INFINITY, -2.0, -0.5, 0.0, 1e-30, 3.0, f32::INFINITY];
        assert!(v.windows(2).all(|w| ascending(w[0]) < ascending(w[1])));
    }

    #[test]
    fn every_row_is_there_once_and_leaves_are_boxes_of_a_split() {
        let n = 10_000usize;
        let rows: Vec<f32> = (0..n * 2).map(|i| (i * 7919 % 10_007) as f32).collect();
        let o = order(&rows, &[1.0, 1.0], 16, &Ctx::quiet()).unwrap();
        let mut seen = o.from.clone();
        seen.sort_unstable();
        assert!(seen.iter().enumerate().all(|(i, &f)| i == f as usize));
        for (i, &f) in o.from.iter().enumerate() {
            assert_eq!(o.rows[2 * i..2 * i + 2], rows[2 * f as usize..2 * f as usize + 2]);
        }
        // 625 leaves: the first split leaves 512 of them on the left, apart from the rest along one axis.
        let (left, right) = o.rows.split_at(512 * 16 * 2);
        let apart = (0..2).any(|c| {
            let most = left.iter().skip(c).step_by(2).copied().fold(f32::MIN, f32::max);
            right.iter().skip(c).step_by(2).all(|&v| v >= most)
        });
        assert!(apart);
    }
}
