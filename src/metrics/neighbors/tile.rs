//! The inner product of the search: four queries against the sixty-four points of a leaf.

use pulp::Simd;

/// Points in a leaf.
pub const LEAF: usize = 64;
/// Queries in a tile.
pub const QUERIES: usize = 4;
/// Dimensions between two looks at whether all are too far already.
const SEGMENT: usize = 8;

/// Squared distances of `QUERIES` queries from the points of a leaf.
pub type Tile = [[f32; LEAF]; QUERIES];

/// Fills `out` with the squared distances of the queries from the points of `leaf` [width, 64]. False if every distance of
/// every query is beyond its bound; then `out` means nothing.
#[inline(always)]
pub fn measure<S: Simd>(
    simd: S,
    leaf: &[f32],
    queries: [&[f32]; QUERIES],
    bounds: [f32; QUERIES],
    out: &mut Tile,
) -> bool {
    // As many sums as the registers hold beside the operands.
    if S::REGISTER_COUNT >= 32 {
        part::<S, 4>(simd, leaf, queries, bounds, out)
    } else {
        part::<S, 2>(simd, leaf, queries, bounds, out)
    }
}

#[inline(always)]
fn part<S: Simd, const V: usize>(
    simd: S,
    leaf: &[f32],
    queries: [&[f32]; QUERIES],
    bounds: [f32; QUERIES],
    out: &mut Tile,
) -> bool {
    let (leaf, _) = S::as_simd_f32s(leaf);
    let row = LEAF / S::F32_LANES;
    let width = leaf.len() / row;
    let bounds = bounds.map(|b| simd.splat_f32s(b));
    let mut any = false;
    for first in (0..row).step_by(V) {
        let mut sums = [[simd.splat_f32s(0.0); V]; QUERIES];
        let mut from = 0;
        let mut near = true;
        while near && from < width {
            let to = (from + SEGMENT).min(width);
            for j in from..to {
                let points: [S::f32s; V] = std::array::from_fn(|v| leaf[j * row + first + v]);
                for (sums, query) in sums.iter_mut().zip(queries) {
                    let q = simd.splat_f32s(query[j]);
                    for (sum, &p) in sums.iter_mut().zip(&points) {
                        let gap = simd.sub_f32s(p, q);
                        *sum = simd.mul_add_f32s(gap, gap, *sum);
                    }
                }
            }
            from = to;
            near = within(simd, &sums, &bounds);
        }
        any |= near;
        let far = simd.splat_f32s(f32::INFINITY);
        for (out, sums) in out.iter_mut().zip(&sums) {
            let (out, _) = S::as_mut_simd_f32s(out);
            for (to, &sum) in out[first..first + V].iter_mut().zip(sums) {
                *to = if near { sum } else { far };
            }
        }
    }
    any
}

/// True if any sum is within its query's bound.
#[inline(always)]
fn within<S: Simd, const V: usize>(simd: S, sums: &[[S::f32s; V]; QUERIES], bounds: &[S::f32s; QUERIES]) -> bool {
    let mut any = simd.less_than_or_equal_f32s(sums[0][0], bounds[0]);
    for (sums, &bound) in sums.iter().zip(bounds) {
        for &sum in sums {
            any = simd.or_m32s(any, simd.less_than_or_equal_f32s(sum, bound));
        }
    }
    simd.first_true_m32s(any) < S::F32_LANES
}
