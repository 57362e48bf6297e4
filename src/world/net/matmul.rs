//! The one door to the `gemm` crate, whose interface takes raw pointers: bounds are checked here, once.
#![expect(unsafe_code, reason = "gemm::gemm takes pointers; every length is asserted before the call")]

/// `out = a · b` (+ `out` if `accumulate`): a [m, k], b [k, n], out [m, n], all row-major and dense.
///
/// # Panics
/// If a slice is not exactly as long as its shape says.
pub fn matmul(out: &mut [f32], a: &[f32], b: &[f32], (m, k, n): (usize, usize, usize), accumulate: bool) {
    product(out, (a, false), (b, false), (m, k, n), accumulate);
}

/// `out = aᵀ · b` (+ `out` if `accumulate`): a [k, m], b [k, n], out [m, n], all row-major and dense. The gradient of a
/// layer's weights: its inputs, transposed, times the gradient of its outputs.
///
/// # Panics
/// If a slice is not exactly as long as its shape says.
pub fn matmul_at(out: &mut [f32], a: &[f32], b: &[f32], (m, k, n): (usize, usize, usize), accumulate: bool) {
    product(out, (a, true), (b, false), (m, k, n), accumulate);
}

/// `out = a · bᵀ` (+ `out` if `accumulate`): a [m, k], b [n, k], out [m, n], all row-major and dense. The gradient of a
/// layer's inputs: the gradient of its outputs times its weights, transposed.
///
/// # Panics
/// If a slice is not exactly as long as its shape says.
pub fn matmul_bt(out: &mut [f32], a: &[f32], b: &[f32], (m, k, n): (usize, usize, usize), accumulate: bool) {
    product(out, (a, false), (b, true), (m, k, n), accumulate);
}

/// Steps in memory to the next column and to the next row of a [rows, columns] matrix, stored dense and row-major
/// either as it is or transposed.
fn strides((rows, columns): (usize, usize), transposed: bool) -> (isize, isize) {
    if transposed { (rows as isize, 1) } else { (1, columns as isize) }
}

/// The product itself; the flag beside a factor says that its memory holds the transposed matrix.
fn product(
    out: &mut [f32],
    (a, a_transposed): (&[f32], bool),
    (b, b_transposed): (&[f32], bool),
    (m, k, n): (usize, usize, usize),
    accumulate: bool,
) {
    // A product of sizes that wraps around could pass the comparison, so it must not wrap.
    let size = |rows: usize, columns: usize| rows.checked_mul(columns);
    assert_eq!(Some(a.len()), size(m, k), "a holds m x k values");
    assert_eq!(Some(b.len()), size(k, n), "b holds k x n values");
    assert_eq!(Some(out.len()), size(m, n), "out holds m x n values");
    let (a_column, a_row) = strides((m, k), a_transposed);
    let (b_column, b_row) = strides((k, n), b_transposed);
    let scale_dst = f32::from(u8::from(accumulate));
    // SAFETY: the three slices hold exactly m·k, k·n and m·n values (asserted above) and `out` is borrowed mutably, so
    // it overlaps neither input. gemm touches element (i, j) at i·row + j·column. Of an untransposed [r, c] matrix
    // that is i·c + j <= (r-1)·c + c-1 = r·c - 1; of a transposed one, j·r + i <= (c-1)·r + r-1 = r·c - 1: both lie
    // inside the slice. Lengths of slices fit isize, and so do the strides, which are no longer than a slice is unless
    // the matrix is empty and nothing is touched.
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
            a_column,
            a_row,
            b.as_ptr(),
            b_column,
            b_row,
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
    use super::*;
    use proptest::prelude::*;

    fn value(i: usize, s: u64) -> f32 {
        ((i as u64 * 7919 + s * 104_729) % 1000) as f32 / 500.0 - 1.0
    }

    /// A row-major [rows, columns] matrix with its rows and columns exchanged.
    fn transpose(v: &[f32], (rows, columns): (usize, usize)) -> Vec<f32> {
        (0..columns).flat_map(|c| (0..rows).map(move |r| v[r * columns + c])).collect()
    }

    proptest! {
        #[test]
        fn equal_the_definition(m in 1usize..20, k in 1usize..20, n in 1usize..20, seed in 0u64..1000, acc: bool) {
            let a: Vec<f32> = (0..m * k).map(|i| value(i, seed)).collect();
            let b: Vec<f32> = (0..k * n).map(|i| value(i, seed + 1)).collect();
            let start: Vec<f32> = (0..m * n).map(|i| value(i, seed + 2)).collect();
            let mut outs = [start.clone(), start.clone(), start.clone()];
            matmul(&mut outs[0], &a, &b, (m, k, n), acc);
            matmul_at(&mut outs[1], &transpose(&a, (m, k)), &b, (m, k, n), acc);
            matmul_bt(&mut outs[2], &a, &transpose(&b, (k, n)), (m, k, n), acc);
            for (i, j) in (0..m).flat_map(|i| (0..n).map(move |j| (i, j))) {
                let sum: f64 = (0..k).map(|l| f64::from(a[i * k + l]) * f64::from(b[l * n + j])).sum();
                let want = sum + if acc { f64::from(start[i * n + j]) } else { 0.0 };
                for out in &outs {
                    // k products of magnitude <= 1, each rounded to f32.
                    prop_assert!((f64::from(out[i * n + j]) - want).abs() < 1e-6 * (k as f64 + 1.0));
                }
            }
        }
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "nothing is computed")]
    fn empty_matrices_are_products_too() {
        let mut out = [7.0; 6];
        // No terms: zero, or what was there.
        matmul_at(&mut out, &[], &[], (2, 0, 3), true);
        assert_eq!(out, [7.0; 6]);
        matmul_bt(&mut out, &[], &[], (2, 0, 3), false);
        assert_eq!(out, [0.0; 6]);
        matmul(&mut [], &[], &[1.0; 6], (0, 2, 3), false);
    }

    #[test]
    #[should_panic(expected = "b holds k x n values")]
    fn a_wrong_length_is_refused() {
        matmul_bt(&mut [0.0; 4], &[0.0; 6], &[0.0; 5], (2, 3, 2), false);
    }

    #[test]
    #[should_panic(expected = "a holds m x k values")]
    fn sizes_that_wrap_around_are_refused() {
        matmul(&mut [], &[], &[], (1 << 40, 1 << 40, 0), false);
    }
}
