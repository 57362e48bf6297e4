//! Evidence that may be looked at at any time: the conformal test martingale.
//!
//! The p-value of the t-th fresh score among `n` calibration scores and the fresh ones before it is
//! `p_t = (#{S > s_t} + U (1 + #{S = s_t})) / (n + t)`, U uniform: independent uniform numbers as long as fresh and calibration
//! scores are exchangeable. Betting on small ones with every power at once gives
//! `E_t = ∫₀¹ Π_{j ≤ t} κ p_j^{κ-1} dκ`, a martingale of expectation 1, so by Ville's inequality it reaches 1/α at any time
//! whatever with probability at most α. Source: Vovk, Nouretdinov & Gammerman 2003 (the simple mixture).

use rand::{Rng, RngExt};

/// The p-values of `fresh` scores, one after the other; each joins `before`, the calibration scores and the earlier fresh
/// ones. A score that is no number counts as infinite.
pub fn p_values(fresh: &[f64], before: &[f64], rng: &mut impl Rng) -> Vec<f64> {
    let number = |s: &f64| if s.is_nan() { f64::INFINITY } else { *s };
    let mut seen: Vec<f64> = before.iter().map(number).collect();
    let mut next = |s: f64| {
        let larger = seen.iter().filter(|&&other| other > s).count() as f64;
        let equal = seen.iter().filter(|&&other| other >= s).count() as f64 - larger;
        seen.push(s);
        // In (0, 1]: a p-value of 0 would be proof.
        (larger + (1.0 - rng.random::<f64>()) * (1.0 + equal)) / seen.len() as f64
    };
    fresh.iter().map(number).map(&mut next).collect()
}

/// The martingale E after some p-values.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Martingale {
    bets: usize,
    /// Σ -ln p.
    surprise: f64,
}

impl Martingale {
    /// Takes the next p-value, in (0, 1].
    pub fn bet(&mut self, p: f64) {
        self.bets += 1;
        self.surprise -= p.ln();
    }

    /// E: 1 before the first p-value.
    ///
    /// With T bets and L = Σ -ln p it is ∫₀¹ κ^T e^{L (1-κ)} dκ = Σ_{k ≥ 0} `L^k` / ((T+1) (T+2) … (T+1+k)), a series of positive
    /// terms (the incomplete gamma function's).
    pub fn value(&self) -> f64 {
        let mut term = 1.0 / (self.bets + 1) as f64;
        let mut sum = term;
        let mut k = self.bets + 1;
        // Terms rise until k passes L and fall from there on.
        while term > f64::EPSILON * sum && sum.is_finite() {
            k += 1;
            term *= self.surprise / k as f64;
            sum += term;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use rand_distr::{Distribution, StandardNormal};

    use super::*;
    use crate::ground::seed::{Stream, stream};

    fn of(p: &[f64]) -> f64 {
        let mut m = Martingale::default();
        for &p in p {
            m.bet(p);
        }
        m.value()
    }

    /// scipy 1.17.1: `quad(lambda k: k**T * exp(L * (1 - k)), 0, 1)` with L = -sum(log(p)).
    #[test]
    fn the_integral_is_scipys() {
        for (p, want) in [
            (&[0.5][..], 0.638_673_940_116_644_5),
            (&[0.01], 4.450_992_260_085_817),
            (&[0.01; 4], 1_131.505_532_812_238_7),
            (&[0.9; 10], 0.099_590_193_986_289_61),
            (&[0.3, 0.02, 0.7, 0.001, 0.05], 43.146_018_670_941_3),
            (&[1.0; 3], 0.25),
            (&[], 1.0),
        ] {
            assert!((of(p) / want - 1.0).abs() < 1e-10, "{p:?}: {}", of(p));
        }
        assert!(of(&[1e-300; 4]) > 1e300 && of(&[1e-12; 1000]).is_infinite());
    }

    #[test]
    fn p_values_count_ties_and_what_is_no_number() {
        let mut rng = stream(0, "p", 0);
        let before = [1.0, 2.0, 2.0, f64::NAN];
        let p = p_values(&[2.0, f64::NAN, 9.0], &before, &mut rng);
        // One larger of four; two equal and itself: between 1/5 and 4/5. Then nothing is larger, one is equal.
        assert!(p[0] > 0.2 && p[0] <= 0.8 && p[1] > 0.0 && p[1] <= 2.0 / 6.0, "{p:?}");
        assert!(p[2] > 2.0 / 7.0 && p[2] <= 3.0 / 7.0, "{p:?}");
        assert!(p_values(&[], &before, &mut rng).is_empty());
        assert!(p_values(&[1.0], &[], &mut rng)[0] > 0.0);
    }

    /// When, of 80 probes after `n` calibration scores, E first reaches 20; the probes are `shift` standard deviations off.
    fn first_alarm(n: usize, shift: f64, rng: &mut Stream) -> Option<usize> {
        let mut normal = |mean: f64| -> f64 { mean + Distribution::<f64>::sample(&StandardNormal, rng) };
        let before: Vec<f64> = (0..n).map(|_| normal(0.0)).collect();
        let fresh: Vec<f64> = (0..80).map(|_| normal(shift)).collect();
        let mut m = Martingale::default();
        let p = p_values(&fresh, &before, rng);
        p.iter().position(|&p| {
            m.bet(p);
            m.value() >= 20.0
        })
    }

    /// 2,000 runs of 80 probes without anything new: at most 5 % alarm (the binomial's upper end for 5 % is 140 of 2,000 at
    /// four standard deviations; about 1 % of runs do).
    #[test]
    fn runs_without_anything_new_alarm_in_at_most_alpha() {
        let mut rng = stream(0, "martingale", 0);
        for n in [20, 100] {
            let false_runs = (0..2000).filter(|_| first_alarm(n, 0.0, &mut rng).is_some()).count();
            assert!(false_runs <= 100, "n = {n}: {false_runs} of 2000");
            assert!(false_runs > 2, "n = {n}: {false_runs} of 2000: no evidence is ever found");
        }
    }

    /// A shift of three standard deviations is found after 5 probes with 20 calibration scores, after 2 with 100 (medians);
    /// with 10 a tenth or more of the runs miss it.
    #[test]
    fn a_shift_of_three_deviations_is_found_within_a_few_probes() {
        let mut rng = stream(1, "martingale", 0);
        for (n, median, missed) in [(20, 3..=5, 0.06), (100, 2..=3, 0.0)] {
            let found: Vec<Option<usize>> = (0..400).map(|_| first_alarm(n, 3.0, &mut rng)).collect();
            let mut after: Vec<usize> = found.iter().map(|f| f.map_or(usize::MAX, |t| t + 1)).collect();
            after.sort_unstable();
            assert!(median.contains(&after[200]), "n = {n}: {} probes", after[200]);
            let never = found.iter().filter(|f| f.is_none()).count() as f64 / 400.0;
            assert!(never <= missed, "n = {n}: {never} never");
        }
        let missed = (0..400).filter(|_| first_alarm(10, 3.0, &mut rng).is_none()).count();
        assert!(missed >= 30, "{missed} of 400 with 10");
    }
}
