//! What a threshold does given the calibration episodes that it rests on.

use super::{Kind, Threshold};
use crate::ground::binomial::{beta_binomial_at_least, beta_quantile};

impl Threshold {
    /// 5 % and 95 % quantile, over calibration sets of this size, of the rate of false alarms: Beta(n+1-r, r). Nothing for a
    /// quantile of steps and where no calibration part is apart.
    pub fn spread(&self) -> Option<(f64, f64)> {
        (self.kind != Kind::PerStep && !self.shared).then(|| {
            let shape = (self.episodes + 1 - self.rank, self.rank);
            (beta_quantile(0.05, shape), beta_quantile(0.95, shape))
        })
    }

    /// Mean of the rate of false alarms over calibration sets, (n+1-r)/(n+1); nothing where [`Threshold::spread`] is nothing.
    pub fn expected(&self) -> Option<f64> {
        self.spread().map(|_| (self.episodes + 1 - self.rank) as f64 / (self.episodes + 1) as f64)
    }

    /// Probability that at least `hits` of `n` fresh episodes like the calibration ones have an alarm, both parts being drawn
    /// by chance (beta-binomial); nothing where nothing is promised.
    pub fn chance(&self, hits: usize, n: usize) -> Option<f64> {
        self.is_calibrated().then(|| beta_binomial_at_least(hits, n, (self.episodes + 1 - self.rank, self.rank)))
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::super::{DELTA, conformal, episodes_needed, of_kind, pac_rank};
    use super::*;
    use crate::ground::binomial::cumulative;
    use crate::ground::seed::stream;

    fn set(kind: Kind, n: usize, alpha: f64) -> Threshold {
        let scores: Vec<f64> = (1..=n).map(|i| i as f64).collect();
        of_kind(kind, &scores, &(0..n).collect::<Vec<_>>(), alpha, false).unwrap()
    }

    /// scipy 1.17.1: `beta.ppf([0.05, 0.95], n + 1 - r, r)`; the PAC rank is the least r with `beta.cdf(alpha, n + 1 - r, r)`
    /// of at least 0.95, and the episodes needed are the least n of which the rank n has that.
    #[test]
    fn spreads_and_ranks_are_those_of_scipy() {
        for (n, alpha, rank, low, high, pac) in [
            (10, 0.1, 10, 0.005_116_196_891_823_701, 0.258_865_550_893_052_2, 11),
            (19, 0.05, 19, 0.002_696_006_302_871_282_1, 0.145_868_503_312_243_4, 20),
            (40, 0.1, 37, 0.034_884_853_876_517_04, 0.182_586_850_015_901_22, 40),
            (100, 0.05, 96, 0.019_905_563_662_171_832, 0.089_196_250_158_879_87, 99),
            (100, 0.1, 91, 0.055_263_237_682_870_04, 0.151_795_428_613_593_5, 96),
            (999, 0.1, 900, 0.084_870_305_571_128_15, 0.116_039_456_205_602_45, 915),
        ] {
            let t = set(Kind::Conformal, n, alpha);
            let (a, b) = t.spread().unwrap();
            assert_eq!((t.rank, pac_rank(n, alpha)), (rank, pac), "n = {n}");
            assert!((a - low).abs() < 1e-10 && (b - high).abs() < 1e-10, "n = {n}: {a} {b}");
            assert!((t.expected().unwrap() - (n + 1 - rank) as f64 / (n + 1) as f64).abs() < 1e-15);
        }
        assert_eq!([0.1, 0.05, 0.01, 0.2].map(|a| episodes_needed(Kind::Pac, a)), [29, 59, 299, 14]);
    }

    #[test]
    fn the_words_carry_the_spread() {
        let text = set(Kind::Conformal, 10, 0.1).sentence();
        assert!(text.contains("between 0.51 % and 26 %"), "{text}");
        let few = set(Kind::Pac, 10, 0.1);
        assert_eq!((few.missing, few.is_calibrated()), (19, false));
        assert!(few.sentence().starts_with("Uncalibrated at 10 % with 95 % confidence: needs 19 more"));
        assert!(set(Kind::Pac, 40, 0.1).short().contains("95 % confidence (n = 40)"));
        assert_eq!(set(Kind::PerStep, 10, 0.1).spread(), None);
        assert_eq!(of_kind(Kind::Conformal, &[1.0, 2.0], &[0, 1], 0.5, true).unwrap().spread(), None);
    }

    /// 2,000 calibration sets of uniform scores, of which a threshold at t alarms at the rate 1 - t: the rate is below the
    /// 5 % end, and above the 95 % end, in 5 % of the sets (100; four standard deviations are 39), and above α in at most
    /// δ of the sets of the PAC choice. The average promise is broken by many more.
    #[test]
    fn rates_given_the_calibration_set_spread_as_stated() {
        let mut rng = stream(0, "calibration sets", 0);
        for (n, alpha) in [(10, 0.1), (40, 0.1), (100, 0.05)] {
            let (mut below, mut above, mut broken, mut average) = (0, 0, 0, 0);
            for _ in 0..2000 {
                let maxima: Vec<f64> = (0..n).map(|_| rng.random()).collect();
                let t = conformal(&maxima, alpha).unwrap();
                let (low, high) = t.spread().unwrap();
                below += usize::from(1.0 - t.value < low);
                above += usize::from(1.0 - t.value > high);
                average += usize::from(1.0 - t.value > alpha);
                let pac = of_kind(Kind::Pac, &maxima, &(0..n).collect::<Vec<_>>(), alpha, false).unwrap();
                broken += usize::from(pac.missing == 0 && 1.0 - pac.value > alpha);
            }
            assert!((61..=139).contains(&below) && (61..=139).contains(&above), "n = {n}: {below} {above}");
            assert!(1.0 - cumulative(broken, 2000, DELTA) > 1e-4, "n = {n}: {broken} of 2000 beyond alpha");
            assert!(average > 400, "n = {n}: {average} of 2000");
        }
    }
}
