//! Intervals of a share that was counted.

/// Clopper–Pearson interval of level `level` (0.95) for `hits` of `n` independent trials: never too narrow, whatever the
/// true share; (0, 1) of nothing.
///
/// The ends solve P(X ≥ hits) = (1 - level)/2 and P(X ≤ hits) = (1 - level)/2 (Clopper & Pearson 1934), by bisection on
/// exact binomial sums.
pub fn clopper_pearson(hits: usize, n: usize, level: f64) -> (f64, f64) {
    let tail = (1.0 - level) / 2.0;
    let at_most = |hits: usize, p: f64| cumulative(hits, n, p);
    let low = if hits == 0 { 0.0 } else { root(|p| 1.0 - at_most(hits - 1, p) - tail) };
    let high = if hits >= n { 1.0 } else { root(|p| tail - at_most(hits, p)) };
    (low, high)
}

/// P(X ≤ hits) of n trials of probability p.
pub fn cumulative(hits: usize, n: usize, p: f64) -> f64 {
    if hits >= n || p <= 0.0 {
        return 1.0;
    }
    if p >= 1.0 {
        return 0.0;
    }
    let (mut ln_choose, mut sum) = (0.0f64, 0.0);
    let (ln_p, ln_q) = (p.ln(), (-p).ln_1p());
    for i in 0..=hits {
        sum += (ln_choose + i as f64 * ln_p + (n - i) as f64 * ln_q).exp();
        ln_choose += ((n - i) as f64 / (i + 1) as f64).ln();
    }
    sum.min(1.0)
}

/// P(X ≥ hits) of n trials whose probability is drawn from Beta(a, b), `a` and `b` whole: the beta-binomial.
///
/// Of n fresh episodes, a conformal threshold at the r-th of m calibration episodes alarms in so many by chance, with
/// a = m + 1 - r and b = r.
pub fn beta_binomial_at_least(hits: usize, n: usize, (a, b): (usize, usize)) -> f64 {
    let (a, b) = (a as f64, b as f64);
    // ln P(X = 0), then by the ratio of neighbours.
    let mut ln_p: f64 = (0..n).map(|i| ((b + i as f64) / (a + b + i as f64)).ln()).sum();
    let mut below = 0.0;
    for x in 0..hits.min(n + 1) {
        below += ln_p.exp();
        let (x, n) = (x as f64, n as f64);
        ln_p += ((n - x) / (x + 1.0) * (x + a) / (n - x - 1.0 + b)).ln();
    }
    (1.0 - below).max(0.0)
}

/// Quantile `q` of Beta(a, b), `a` and `b` whole and at least 1: P(Beta(a, b) ≤ x) = P(Bin(a + b - 1, x) ≥ a).
pub fn beta_quantile(q: f64, (a, b): (usize, usize)) -> f64 {
    root(|x| 1.0 - cumulative(a - 1, a + b - 1, x) - q)
}

/// Where a rising function crosses zero between 0 and 1, to the last digit.
fn root(f: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if f(middle) < 0.0 { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// scipy 1.17.1: `scipy.stats.binomtest(k, n).proportion_ci(method="exact")` and `scipy.stats.binom.cdf(k, n, p)`.
    #[test]
    fn numbers_of_scipy() {
        let want = [
            (0, 5, 0.0, 0.521_823_750_104_981_4),
            (1, 10, 0.002_528_578_544_462_572_8, 0.445_016_117_028_195_43),
            (2, 19, 0.013_012_164_371_777_669, 0.331_376_664_456_765_95),
            (5, 5, 0.478_176_249_895_018_56, 1.0),
            (37, 200, 0.133_728_660_180_137_96, 0.245_863_462_448_678_38),
            (1000, 2000, 0.477_850_554_231_109_7, 0.522_149_445_768_890_2),
        ];
        for (k, n, low, high) in want {
            let (a, b) = clopper_pearson(k, n, 0.95);
            // Sums of up to 2000 terms lose a few digits of their last.
            assert!((a - low).abs() < 1e-10 && (b - high).abs() < 1e-10, "{k} of {n}: {a} {b}");
        }
        for (k, n, p, cdf) in [
            (0, 5, 0.1, 0.590_49),
            (3, 19, 0.1, 0.885_002_442_195_639_3),
            (37, 200, 0.2, 0.334_535_097_796_742_95),
            (1000, 2000, 0.51, 0.191_531_104_395_453_04),
        ] {
            assert!((cumulative(k, n, p) - cdf).abs() < 1e-12, "{k} of {n} at {p}");
        }
    }

    /// scipy 1.17.1: `scipy.stats.beta.ppf(q, a, b)`.
    #[test]
    fn beta_quantiles_are_scipys() {
        for (q, shape, want) in [
            (0.05, (1, 10), 0.005_116_196_891_823_701),
            (0.95, (1, 10), 0.258_865_550_893_052_2),
            (0.5, (3, 4), 0.421_407_190_710_703_13),
            (0.95, (100, 900), 0.116_039_456_205_602_45),
            (0.05, (5, 96), 0.019_905_563_662_171_832),
        ] {
            assert!((beta_quantile(q, shape) - want).abs() < 1e-10, "{q} of {shape:?}: {}", beta_quantile(q, shape));
        }
    }

    /// scipy 1.17.1: `scipy.stats.betabinom.sf(k - 1, n, a, b)`.
    #[test]
    fn the_beta_binomial_is_scipys() {
        for (k, n, shape, sf) in [
            (0, 10, (1, 9), 1.0),
            (3, 10, (1, 9), 0.123_839_009_287_926_02),
            (11, 50, (5, 46), 0.045_259_002_289_607_55),
            (5, 5, (2, 18), 0.000_141_163_184_641_746_04),
            (1, 200, (10, 191), 0.999_129_741_122_754_9),
        ] {
            let got = beta_binomial_at_least(k, n, shape);
            assert!((got - sf).abs() < 1e-11, "{k} of {n}: {got}");
        }
    }
}
