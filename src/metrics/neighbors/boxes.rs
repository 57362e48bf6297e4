//! Bounding boxes, sixteen a block, dimension-major: one block is tested at once.

use std::any::Any;

use pulp::Simd;
use rayon::prelude::*;

/// Boxes in a block.
pub const WIDE: usize = 16;

/// Boxes in blocks of [D, 2, 16]: lower, then upper ends. Places without a box are infinitely far from everything.
#[derive(Debug, Clone)]
pub struct Boxes {
    dim: usize,
    count: usize,
    ends: Vec<[f32; WIDE]>,
}

impl Boxes {
    /// Boxes of `count` things, each from its [D] lower and [D] upper ends.
    pub fn new(dim: usize, count: usize, each: impl Fn(usize, &mut [f32], &mut [f32]) + Sync) -> Self {
        let mut ends = vec![[f32::INFINITY; WIDE]; count.div_ceil(WIDE) * dim * 2];
        ends.par_chunks_mut(dim * 2).enumerate().with_min_len(16).for_each(|(b, block)| {
            let (mut lo, mut hi) = (vec![0.0; dim], vec![0.0; dim]);
            for i in b * WIDE..((b + 1) * WIDE).min(count) {
                lo.fill(f32::INFINITY);
                hi.fill(f32::NEG_INFINITY);
                each(i, &mut lo, &mut hi);
                for d in 0..dim {
                    block[2 * d][i % WIDE] = lo[d];
                    block[2 * d + 1][i % WIDE] = hi[d];
                }
            }
        });
        Self { dim, count, ends }
    }

    /// Boxes around runs of `leaf` rows of `rows` [N, `width`], along their first `dim` columns.
    pub fn around(rows: &[f32], width: usize, dim: usize, leaf: usize) -> Self {
        let n = rows.len() / width;
        Self::new(dim, n.div_ceil(leaf), |i, lo, hi| {
            for row in rows[i * leaf * width..((i + 1) * leaf).min(n) * width].chunks_exact(width) {
                for ((&v, lo), hi) in row.iter().zip(lo.iter_mut()).zip(hi.iter_mut()) {
                    *lo = min(v, *lo);
                    *hi = max(v, *hi);
                }
            }
        })
    }

    /// The boxes around blocks of these boxes.
    pub fn parents(&self) -> Self {
        Self::new(self.dim, self.count.div_ceil(WIDE), |b, lo, hi| {
            for i in b * WIDE..((b + 1) * WIDE).min(self.count) {
                self.widen(i, lo, hi);
            }
        })
    }

    fn widen(&self, i: usize, lo: &mut [f32], hi: &mut [f32]) {
        for (d, (lo, hi)) in lo.iter_mut().zip(hi).enumerate() {
            let (l, h) = self.side(i, d);
            *lo = lo.min(l);
            *hi = hi.max(h);
        }
    }

    /// Ends of box `i` along dimension `d`.
    #[inline(always)]
    pub fn side(&self, i: usize, d: usize) -> (f32, f32) {
        let at = (i / WIDE * self.dim + d) * 2;
        (self.ends[at][i % WIDE], self.ends[at + 1][i % WIDE])
    }

    /// Number of boxes.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Dimensions.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The [D, 2] rows of sixteen ends of block `b`.
    #[inline(always)]
    pub fn block(&self, b: usize) -> &[[f32; WIDE]] {
        &self.ends[b * self.dim * 2..(b + 1) * self.dim * 2]
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.ends.len() * size_of::<[f32; WIDE]>()
    }
}

/// Squared distances of a box (`lo`, `hi`) from the sixteen boxes of a block.
#[inline(always)]
pub fn box_distances(block: &[[f32; WIDE]], lo: &[f32], hi: &[f32]) -> [f32; WIDE] {
    let mut sum = [0.0; WIDE];
    for ((ends, &lo), &hi) in block.chunks_exact(2).zip(lo).zip(hi) {
        for ((sum, &l), &h) in sum.iter_mut().zip(&ends[0]).zip(&ends[1]) {
            let gap = max(max(l - hi, lo - h), 0.0);
            *sum += gap * gap;
        }
    }
    sum
}

/// The larger; compiles to one instruction, unlike [`f32::max`], which minds NaN.
#[inline(always)]
pub fn max(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// The smaller; see [`max`].
#[inline(always)]
pub fn min(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

/// Lanes whose number is at most `bound`, ascending.
#[inline(always)]
pub fn within<S: Simd, const N: usize>(simd: S, lanes: &[f32; N], bound: f32) -> Lanes {
    let (vectors, _) = S::as_simd_f32s(lanes);
    let bound = simd.splat_f32s(bound);
    let each = vectors.iter().enumerate();
    Lanes(each.fold(0, |mask, (i, &v)| mask | bits(simd, simd.less_than_or_equal_f32s(v, bound)) << (i * S::F32_LANES)))
}

/// A mask as bits, lane 0 the lowest: one instruction where there is one. Compilers make dozens of the plain loop.
#[inline(always)]
fn bits<S: Simd>(simd: S, mask: S::m32s) -> u64 {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    {
        let (simd, mask): (&dyn Any, &dyn Any) = (&simd, &mask);
        if let Some(mask) = mask.downcast_ref::<pulp::b16>() {
            return u64::from(mask.0);
        }
        if let (Some(simd), Some(&mask)) = (simd.downcast_ref::<pulp::x86::V3>(), mask.downcast_ref::<pulp::m32x8>()) {
            return u64::from(simd.avx._mm256_movemask_ps(pulp::cast(mask)).cast_unsigned());
        }
    }
    let ones = [simd.select_f32s(mask, simd.splat_f32s(1.0), simd.splat_f32s(0.0))];
    let ones: &[f32] = pulp::bytemuck::cast_slice(&ones);
    ones.iter().enumerate().fold(0, |mask, (lane, &v)| mask | u64::from(v > 0.0) << lane)
}

/// Lanes as the set bits of a mask.
pub struct Lanes(u64);

impl Lanes {
    /// The lane of the least number, the first of equals.
    #[inline(always)]
    pub fn least(&self, of: &[f32]) -> Option<usize> {
        Self(self.0).reduce(|best, lane| if of[lane] < of[best] { lane } else { best })
    }
}

impl Iterator for Lanes {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        let lane = self.0.trailing_zeros();
        self.0 &= self.0.wrapping_sub(1);
        (lane < 64).then_some(lane as usize)
    }
}
