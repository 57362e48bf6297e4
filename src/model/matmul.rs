//! The one door to the `gemm` crate, whose interface takes raw pointers: bounds are checked here, once.
#![expect(unsafe_code, reason = "gemm::gemm takes pointers; every length is asserted before the call")]

/// `out = a · b` (+ `out` if `accumulate`): a [m, k], b [k, n], out [m, n], all row-major and dense.
///
/// # Panics
/// If a slice is not exactly as long as its shape says.
pub fn matmul(out: &mut [f32], a: &[f32], b: &[f32], (m, k, n): (usize, usize, usize), accumulate: bool) {
    assert_eq!(a.len(), m * k, "a is [m, k]");
    assert_eq!(b.len(), k * n, "b is [k, n]");
    assert_eq!(out.len(), m * n, "out is [m, n]");
    let scale_dst = f32::from(u8::from(accumulate));
    // SAFETY: the three slices are dense row-major matrices of exactly the stated shapes (asserted above), `out` is
    // borrowed mutably and so overlaps neither input, and the strides (row: columns, column: 1) stay inside them.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            n as isize,
            accumulate,
            a.as_ptr(),
            1,
            k as isize,
            b.as_ptr(),
            1,
            n as isize,
            scale_dst,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::matmul;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equals_the_definition(m in 1usize..20, k in 1usize..20, n in 1usize..20, seed in 0u64..1000, acc: bool) {
            let value = |i: usize, s: u64| ((i as u64 * 7919 + s * 104_729) % 1000) as f32 / 500.0 - 1.0;
            let a: Vec<f32> = (0..m * k).map(|i| value(i, seed)).collect();
            let b: Vec<f32> = (0..k * n).map(|i| value(i, seed + 1)).collect();
            let start: Vec<f32> = (0..m * n).map(|i| value(i, seed + 2)).collect();
            let mut out = start.clone();
            matmul(&mut out, &a, &b, (m, k, n), acc);
            for i in 0..m {
                for j in 0..n {
                    let sum: f64 = (0..k).map(|l| f64::from(a[i * k + l]) * f64::from(b[l * n + j])).sum();
                    let want = sum + if acc { f64::from(start[i * n + j]) } else { 0.0 };
                    // k products of magnitude <= 1, each rounded to f32.
                    prop_assert!((f64::from(out[i * n + j]) - want).abs() < 1e-6 * (k as f64 + 1.0));
                }
            }
        }
    }
}
