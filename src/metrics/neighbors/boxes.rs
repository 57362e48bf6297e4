//! Bounding boxes, thirty-two a block, dimension-major: one block is tested at once.

use std::any::Any;

use pulp::Simd;
use rayon::prelude::*;

/// Boxes in a block.
pub const WIDE: usize = 32;

/// Boxes in blocks of [D, 2, 32]: lower, then upper ends. Places without a box are infinitely far from everything.
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

    /// Boxes around leaves of `n` points, [leaves, `width`, `LEAF`], along the first `dim` of their axes.
    pub fn around<const LEAF: usize>(leaves: &[f32], n: usize, width: usize, dim: usize) -> Self {
        let axes = leaves.as_chunks::<LEAF>().0;
        Self::new(dim, n.div_ceil(LEAF), |i, lo, hi| {
            let held = (n - i * LEAF).min(LEAF);
            for ((lanes, lo), hi) in axes[i * width..].iter().zip(lo).zip(hi) {
                if held == LEAF {
                    (*lo, *hi) = (fold(lanes, min), fold(lanes, max));
                } else {
                    *lo = lanes[..held].iter().copied().fold(f32::INFINITY, min);
                    *hi = lanes[..held].iter().copied().fold(f32::NEG_INFINITY, max);
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

    /// The [D, 2] rows of thirty-two ends of block `b`.
    #[inline(always)]
    pub fn block(&self, b: usize) -> &[[f32; WIDE]] {
        &self.ends[b * self.dim * 2..(b + 1) * self.dim * 2]
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.ends.len() * size_of::<[f32; WIDE]>()
    }
}

/// Squared distances of a box (`lo`, `hi`) from the boxes of a block.
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

/// All lanes in one, eight at a time.
fn fold<const N: usize>(lanes: &[f32; N], two: impl Fn(f32, f32) -> f32) -> f32 {
    let eights = lanes.as_chunks::<8>().0;
    let sums = eights.iter().fold(eights[0], |sums, eight| std::array::from_fn(|i| two(sums[i], eight[i])));
    sums.into_iter().fold(sums[0], two)
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
    /// True if there is none.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.0 == 0
    }
}

/// The least of all lanes.
#[inline(always)]
pub fn least<S: Simd, const N: usize>(simd: S, lanes: &[f32; N]) -> f32 {
    let (vectors, _) = S::as_simd_f32s(lanes);
    let least = vectors.iter().fold(simd.splat_f32s(f32::INFINITY), |least, &v| simd.min_f32s(least, v));
    simd.reduce_min_f32s(least)
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
