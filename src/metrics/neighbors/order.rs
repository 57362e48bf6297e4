//! An order of rows in which neighbours in space are neighbours in memory: median splits, as a k-d tree makes them.
//!
//! A range of more than `leaf` rows is divided where the left part holds the largest power of two of leaves that is less
//! than all of them. So leaf i's ancestors need no pointers: the leaves of one parent of 2^j are those with equal i / 2^j.
//! The split goes along the side that is longest in a sample; whatever side is taken, the order is right, only slower.

use rayon::prelude::*;

use crate::task::{Cancelled, Ctx};

/// Binary splits between two moves of the rows themselves.
const SPLITS: u32 = 4;
/// Rows looked at for the longest side.
const SAMPLE: usize = 128;
/// Ranges below this many rows are split on one thread.
const PARALLEL: usize = 8192;

/// Rows in such an order.
pub struct Ordered {
    /// [N, D].
    pub rows: Vec<f32>,
    /// [N] where each row was.
    pub from: Vec<u32>,
}

/// Orders `rows` [N, D] into leaves of `leaf`; `scale` [D] makes sides comparable.
///
/// # Errors
/// When cancelled.
pub fn order(rows: &[f32], scale: &[f32], leaf: usize, cx: &Ctx) -> Result<Ordered, Cancelled> {
    let (n, d) = (rows.len() / scale.len().max(1), scale.len());
    let job = Job { scale, leaf, cx };
    let mut from: Vec<u32> = (0..n as u32).collect();
    job.split(rows, &mut from, SPLITS)?;
    let mut out = Ordered { rows: vec![0.0; rows.len()], from: vec![0; n] };
    pick_rows(rows, &from, &mut out.rows, d);
    out.from.copy_from_slice(&from);
    let mut spare = vec![0.0; rows.len()];
    job.parts(&mut out.rows, &mut out.from, &mut spare, &mut from, SPLITS)?;
    Ok(out)
}

/// Rows of the left part of a range of `n` > `leaf` rows.
fn half(n: usize, leaf: usize) -> usize {
    let leaves = n.div_ceil(leaf);
    leaf << (leaves - 1).ilog2()
}

struct Job<'a> {
    scale: &'a [f32],
    leaf: usize,
    cx: &'a Ctx,
}

impl Job<'_> {
    /// Splits a range a few times, moves its rows, and goes on with each part.
    fn refine(
        &self,
        rows: &mut [f32],
        from: &mut [u32],
        spare_rows: &mut [f32],
        spare_from: &mut [u32],
    ) -> Result<(), Cancelled> {
        let n = from.len();
        if n <= self.leaf {
            return Ok(());
        }
        self.cx.check()?;
        let mut at: Vec<u32> = (0..n as u32).collect();
        self.split(rows, &mut at, SPLITS)?;
        pick_rows(rows, &at, spare_rows, self.scale.len());
        rows.copy_from_slice(spare_rows);
        spare_from.copy_from_slice(from);
        from.iter_mut().zip(&at).for_each(|(id, &i)| *id = spare_from[i as usize]);
        self.parts(rows, from, spare_rows, spare_from, SPLITS)
    }

    /// Refines the parts that `splits` splits of this range have made.
    fn parts(
        &self,
        rows: &mut [f32],
        from: &mut [u32],
        spare_rows: &mut [f32],
        spare_from: &mut [u32],
        splits: u32,
    ) -> Result<(), Cancelled> {
        let n = from.len();
        if n <= self.leaf {
            return Ok(());
        }
        if splits == 0 {
            return self.refine(rows, from, spare_rows, spare_from);
        }
        let half = half(n, self.leaf);
        let at = half * self.scale.len();
        let ((a, b), (fa, fb)) = (rows.split_at_mut(at), from.split_at_mut(half));
        let ((sa, sb), (ga, gb)) = (spare_rows.split_at_mut(at), spare_from.split_at_mut(half));
        let mut left = || self.parts(a, fa, sa, ga, splits - 1);
        let mut right = || self.parts(b, fb, sb, gb, splits - 1);
        if n > PARALLEL {
            let (l, r) = rayon::join(left, right);
            return l.and(r);
        }
        left()?;
        right()
    }

    /// Orders `at`, positions in `rows`, by `splits` median splits.
    fn split(&self, rows: &[f32], at: &mut [u32], splits: u32) -> Result<(), Cancelled> {
        let n = at.len();
        if n <= self.leaf || splits == 0 {
            return Ok(());
        }
        let axis = self.longest_side(rows, at);
        let half = half(n, self.leaf);
        let d = self.scale.len();
        let key = |&i: &u32| u64::from(ascending(rows[i as usize * d + axis])) << 32 | u64::from(i);
        let mut keys: Vec<u64> =
            if n > PARALLEL { at.par_iter().map(key).collect() } else { at.iter().map(key).collect() };
        if half < n {
            keys.select_nth_unstable(half);
        }
        at.iter_mut().zip(&keys).for_each(|(i, &k)| *i = k as u32);
        self.cx.check()?;
        let (a, b) = at.split_at_mut(half);
        if n > PARALLEL {
            let (l, r) = rayon::join(|| self.split(rows, a, splits - 1), || self.split(rows, b, splits - 1));
            return l.and(r);
        }
        self.split(rows, a, splits - 1)?;
        self.split(rows, b, splits - 1)
    }

    fn longest_side(&self, rows: &[f32], at: &[u32]) -> usize {
        let d = self.scale.len();
        let (mut lo, mut hi) = (vec![f32::INFINITY; d], vec![f32::NEG_INFINITY; d]);
        for &i in at.iter().step_by((at.len() / SAMPLE).max(1)) {
            let row = &rows[i as usize * d..(i as usize + 1) * d];
            for ((&v, lo), hi) in row.iter().zip(&mut lo).zip(&mut hi) {
                *lo = lo.min(v);
                *hi = hi.max(v);
            }
        }
        let side = |c: usize| (hi[c] - lo[c]) * self.scale[c];
        (0..d).max_by(|&a, &b| side(a).total_cmp(&side(b)).then(b.cmp(&a))).unwrap_or(0)
    }
}

/// Copies row `at[i]` to place i of `out`.
fn pick_rows(rows: &[f32], at: &[u32], out: &mut [f32], d: usize) {
    let one = |(to, &i): (&mut [f32], &u32)| to.copy_from_slice(&rows[i as usize * d..(i as usize + 1) * d]);
    if at.len() > PARALLEL {
        out.par_chunks_mut(d).zip_eq(at.par_iter()).with_min_len(1024).for_each(one);
    } else {
        out.chunks_exact_mut(d).zip(at).for_each(one);
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
