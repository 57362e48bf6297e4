//! Distances of one-dimensional distributions: which dimension has moved.

/// Distances of one dimension.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OneDimension {
    /// ∫ |F - G|: how far mass has to move, in the unit of the values.
    pub wasserstein1: f64,
    /// sqrt(2 ∫ (F - G)²), scipy's `energy_distance`.
    pub energy: f64,
}

/// Distances of two sets of numbers; NaN if one is empty.
pub fn one_dimension(x: &[f64], y: &[f64]) -> OneDimension {
    if x.is_empty() || y.is_empty() {
        return OneDimension { wasserstein1: f64::NAN, energy: f64::NAN };
    }
    let (x, y) = (crate::ground::stats::sorted(x), crate::ground::stats::sorted(y));
    let (mut i, mut j) = (0, 0);
    let (mut absolute, mut squared) = (0.0, 0.0);
    let mut at = x[0].min(y[0]);
    while i < x.len() || j < y.len() {
        let next = x.get(i).copied().unwrap_or(f64::INFINITY).min(y.get(j).copied().unwrap_or(f64::INFINITY));
        let gap = i as f64 / x.len() as f64 - j as f64 / y.len() as f64;
        absolute += gap.abs() * (next - at);
        squared += gap * gap * (next - at);
        at = next;
        // A number that is none sorts last and ends the walk.
        if !at.is_finite() {
            break;
        }
        i += x[i..].iter().take_while(|v| **v <= at).count();
        j += y[j..].iter().take_while(|v| **v <= at).count();
    }
    OneDimension { wasserstein1: absolute, energy: (2.0 * squared).sqrt() }
}

/// `W_p`^p = ∫ |F⁻¹ - G⁻¹|^p of two ascending samples; NaN if one is empty.
pub fn to_the_power(x: &[f64], y: &[f64], p: f64) -> f64 {
    let (n, m) = (x.len(), y.len());
    if n == 0 || m == 0 {
        return f64::NAN;
    }
    let (mut i, mut j, mut at, mut sum) = (0, 0, 0, 0.0);
    // Positions in units of 1/(nm), so that the ends of the two samples' steps meet exactly.
    while i < n && j < m {
        let next = ((i + 1) * m).min((j + 1) * n);
        sum += (next - at) as f64 * (x[i] - y[j]).abs().powf(p);
        at = next;
        i += usize::from(next == (i + 1) * m);
        j += usize::from(next == (j + 1) * n);
    }
    sum / (n * m) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const W1: f64 = 2.166_666_666_666_667;
    const ENERGY: f64 = 1.476_670_428_889_112_6;

    /// scipy 1.17.1: `wasserstein_distance(x, y)`, `energy_distance(x, y)`.
    #[test]
    fn numbers_of_scipy() {
        let d = one_dimension(&[0.0, 1.0, 3.0, 3.0], &[5.0, 6.0, 0.5]);
        assert!((d.wasserstein1 - W1).abs() < 1e-12 && (d.energy - ENERGY).abs() < 1e-12, "{d:?}");
    }

    #[test]
    fn both_integrals_are_the_same_distance() {
        let (x, y) = ([0.0, 1.0, 3.0, 3.0], [0.5, 5.0, 6.0]);
        assert!((to_the_power(&x, &y, 1.0) - W1).abs() < 1e-12);
        // Two steps up to 1/2, one of 2 and one of 4: (1² · 1/2 + 2² · 1/2).
        assert!((to_the_power(&[0.0, 0.0], &[1.0, 2.0], 2.0) - 2.5).abs() < 1e-12);
        assert!(to_the_power(&[], &y, 1.0).is_nan());
    }

    #[test]
    fn a_shift_is_its_own_distance() {
        let x: Vec<f64> = (0..50).map(|i| f64::from(i * i)).collect();
        let y: Vec<f64> = x.iter().map(|v| v + 2.5).collect();
        assert!((one_dimension(&x, &y).wasserstein1 - 2.5).abs() < 1e-9);
        assert!(one_dimension(&x, &x).energy.abs() < 1e-12);
        assert!(one_dimension(&x, &[]).energy.is_nan());
    }
}
