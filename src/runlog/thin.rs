//! Fewer points, and no lost extreme.

use super::scalars::Curve;

/// `curve` with at most about `most` points: of each of as many stretches of equally many points the lowest and the highest
/// stay, and so do the first and the last of all. A gap stays a gap.
pub fn thin(curve: &Curve, most: usize) -> Curve {
    let n = curve.x.len();
    if n <= most.max(4) {
        return curve.clone();
    }
    let stretches = (most.max(4) - 2) / 2;
    let mut keep: Vec<usize> = vec![0];
    for k in 0..stretches {
        let (from, to) = (k * n / stretches, (k + 1) * n / stretches);
        let finite = || (from..to).filter(|i| curve.y[*i].is_finite());
        let low = finite().min_by(|a, b| curve.y[*a].total_cmp(&curve.y[*b]));
        let high = finite().max_by(|a, b| curve.y[*a].total_cmp(&curve.y[*b]));
        match (low, high) {
            (Some(low), Some(high)) => keep.extend([low.min(high), low.max(high)]),
            _ => keep.push(from),
        }
    }
    keep.push(n - 1);
    keep.dedup();
    Curve { x: keep.iter().map(|i| curve.x[*i]).collect(), y: keep.iter().map(|i| curve.y[*i]).collect() }
}

/// The means of stretches of equally many points of `curve`, at most `most` of them: place, mean of the finite values, and how
/// many those are. What is to be averaged further is not to be [`thin`]ned: extremes are no sample.
pub fn binned(curve: &Curve, most: usize) -> Vec<(f64, f64, usize)> {
    let n = curve.x.len();
    let bins = n.min(most.max(1));
    let bin = |k: usize| {
        let (from, to) = (k * n / bins, (k + 1) * n / bins);
        let finite: Vec<f64> = curve.y[from..to].iter().copied().filter(|v| v.is_finite()).collect();
        let x = curve.x[from..to].iter().sum::<f64>() / (to - from) as f64;
        (x, finite.iter().sum::<f64>() / finite.len() as f64, finite.len())
    };
    (0..bins).map(bin).filter(|(.., n)| *n > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ends_and_extremes_stay(ys in prop::collection::vec(-1e6f64..1e6, 1..3000), most in 4usize..500) {
            let x: Vec<f64> = (0..ys.len()).map(|i| i as f64).collect();
            let curve = Curve { x, y: ys };
            let thinned = thin(&curve, most);
            prop_assert!(thinned.x.len() <= most);
            prop_assert!(thinned.x.windows(2).all(|w| w[0] < w[1]));
            let ends = |c: &Curve| (c.x[0], *c.x.last().unwrap(), c.y[0], *c.y.last().unwrap());
            prop_assert_eq!(ends(&curve), ends(&thinned));
            let extremes = |c: &Curve| c.y.iter().fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
            prop_assert_eq!(extremes(&curve), extremes(&thinned));
            let bins = binned(&curve, most);
            let total: f64 = bins.iter().map(|(_, mean, n)| mean * *n as f64).sum();
            prop_assert!((total - curve.y.iter().sum::<f64>()).abs() < 1e-3);
            prop_assert_eq!(bins.iter().map(|b| b.2).sum::<usize>(), curve.y.len());
        }
    }

    #[test]
    fn a_stretch_without_numbers_stays_a_gap() {
        let y = (0..100).map(|i| if (40..80).contains(&i) { f64::NAN } else { f64::from(i) }).collect();
        let thinned = thin(&Curve { x: (0..100).map(f64::from).collect(), y }, 20);
        assert!(thinned.y.iter().any(|v| v.is_nan()) && thinned.y.contains(&39.0) && thinned.y.contains(&99.0));
        assert!(binned(&Curve::default(), 5).is_empty());
    }
}
