//! What must hold for any numbers.

use oodscope::ground::stats::{evenly, quantile, ranks};
use oodscope::metrics::density::Density;
use oodscope::metrics::ood;
use oodscope::metrics::threshold::{conformal, episode_max};
use oodscope::metrics::trust::{auroc, spearman};
use proptest::prelude::*;

fn scores() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(prop_oneof![9 => 0.0..10.0f64, 1 => Just(3.0)], 1..80)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// A stricter level never lowers the threshold, and the calibration episodes themselves keep the promise: at most
    /// ⌊α(n + 1)⌋ of them are beyond it.
    #[test]
    fn a_threshold_keeps_its_promise_on_its_own_episodes(maxima in scores(), alpha in 0.01..0.9f64) {
        let loose = conformal(&maxima, alpha).unwrap();
        let strict = conformal(&maxima, alpha / 2.0).unwrap();
        prop_assert!(strict.value >= loose.value);
        let beyond = maxima.iter().filter(|s| **s > loose.value).count();
        prop_assert!(beyond as f64 <= alpha * (maxima.len() + 1) as f64 + 1e-6);
        prop_assert_eq!(loose.missing > 0, ((maxima.len() + 1) as f64 * (1.0 - alpha) - 1e-9).ceil() > maxima.len() as f64);
    }

    /// Order within an episode does not matter to its largest score, and no episode is lost.
    #[test]
    fn episodes_keep_their_largest_score(scores in scores(), episodes in 1usize..6) {
        let owner: Vec<usize> = (0..scores.len()).map(|i| i % episodes).collect();
        let maxima = episode_max(&scores, &owner);
        prop_assert_eq!(maxima.len(), episodes.min(scores.len()));
        prop_assert_eq!(maxima.iter().copied().fold(0.0, f64::max), scores.iter().copied().fold(0.0, f64::max));
        let (share, n) = ood::alarmed_episodes(&scores, &owner, 5.0);
        prop_assert!(share >= ood::fraction(&scores, 5.0) / n as f64);
    }

    /// Every point inside is counted once, and the numbers drawn from the counts stay within their bounds.
    #[test]
    fn every_point_inside_is_counted_once(points in prop::collection::vec((-2.0..2.0f32, -2.0..2.0f32), 1..200), bins in 1usize..20) {
        let mut density = Density::new((-1.0, 1.0), (-1.0, 1.0), bins);
        let (x, y): (Vec<f32>, Vec<f32>) = points.iter().copied().unzip();
        density.count(&x, &y);
        let inside = points.iter().filter(|(x, y)| x.abs() <= 1.0 && y.abs() <= 1.0).count();
        prop_assert_eq!(density.total() as usize, inside);
        if inside > 0 {
            prop_assert!(density.effective_cells() >= 1.0 - 1e-9);
            prop_assert!(density.effective_cells() <= density.occupied() as f64 + 1e-9);
            prop_assert!((0.0..=1.0).contains(&density.missing_mass()));
        }
    }

    /// Ranks are a permutation's sum whatever the ties; ρ is symmetric and within [-1, 1]; AUROC of a score and of its
    /// opposite add to one.
    #[test]
    fn ranks_and_what_rests_on_them(a in scores(), shift in 0usize..40) {
        let b: Vec<f64> = (0..a.len()).map(|i| a[(i + shift) % a.len()]).collect();
        let n = a.len() as f64;
        prop_assert!((ranks(&a).iter().sum::<f64>() - n * (n + 1.0) / 2.0).abs() < 1e-9);
        let rho = spearman(&a, &b);
        if rho.is_finite() {
            prop_assert!(rho.abs() <= 1.0);
            prop_assert!((rho - spearman(&b, &a)).abs() < 1e-12);
        }
        let positive: Vec<bool> = b.iter().map(|v| *v > 3.0).collect();
        let opposite: Vec<f64> = a.iter().map(|v| -v).collect();
        let area = auroc(&a, &positive);
        if area.is_finite() {
            prop_assert!((area + auroc(&opposite, &positive) - 1.0).abs() < 1e-9);
        }
    }

    /// Quantiles are monotonic and within the data; thinned rows are distinct, in order, and hold both ends.
    #[test]
    fn quantiles_and_thinning(v in scores(), q in 0.0..1.0f64, n in 2usize..5000, m in 2usize..100) {
        prop_assert!(quantile(&v, q) <= quantile(&v, (q + 0.1).min(1.0)));
        prop_assert!(v.iter().any(|x| *x <= quantile(&v, q)) && v.iter().any(|x| *x >= quantile(&v, q)));
        let at = evenly(n, m);
        prop_assert_eq!(at.len(), n.min(m));
        prop_assert!(at.windows(2).all(|w| w[0] < w[1]));
        prop_assert_eq!((at[0], at[at.len() - 1]), (0, n - 1));
    }
}
