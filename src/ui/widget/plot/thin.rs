//! Curves of very many points, thinned once a picture so that all that is drawn of them is quick: of each of many narrow parts of
//! the horizontal axis the first, lowest, highest and last point stay, so that no spike is lost.

use crate::metrics::report::{Outline, Series};

/// So few points are drawn as they are.
const FEW: usize = 20_000;
/// Parts of the horizontal axis: more than a screen has columns of dots.
const PARTS: usize = 2048;

/// What is drawn of a curve over `window` of its horizontal axis, or all of it; nothing where it is drawn as it is: where its
/// points are few or not in order.
pub fn thinned(s: &Series, window: Option<(f64, f64)>) -> Option<Series> {
    let n = s.x.len().min(s.y.len());
    if n <= FEW || !s.x[0].is_finite() || !s.x[n - 1].is_finite() {
        return None;
    }
    s.outlined(|outline| outline.in_order.then(|| by_outline(s, n, outline, window)))
}

fn by_outline(s: &Series, n: usize, outline: &Outline, window: Option<(f64, f64)>) -> Series {
    let (lo, hi) = window.unwrap_or((s.x[0], s.x[n - 1]));
    // The neighbours outside are where the curve goes to.
    let first = s.x[..n].partition_point(|x| *x < lo).saturating_sub(1);
    let end = (s.x[..n].partition_point(|x| *x <= hi) + 1).min(n);
    let log = s.x_axis.log && lo > 0.0;
    let edge = |part: usize| {
        let share = part as f64 / PARTS as f64;
        if log { lo * (hi / lo).powf(share) } else { lo + (hi - lo) * share }
    };
    let band = s.band.as_ref().filter(|(lo, hi)| lo.len() >= n && hi.len() >= n);
    let mut kept = Vec::with_capacity(7 * PARTS);
    let mut start = first;
    for part in 1..=PARTS {
        let stop = if part == PARTS { end } else { first + s.x[first..end].partition_point(|x| *x < edge(part)) };
        if start < stop {
            let band = band.map(|(lo, hi)| (&lo[start..stop], &hi[start..stop]));
            let ends = outline.extremes(&s.y, start..stop);
            keep(&s.y[start..stop], ends.map(|ends| ends.map(|i| i - start)), band, start, &mut kept);
            start = stop;
        }
    }
    let pick = |from: &[f64]| kept.iter().map(|&i| from.get(i).copied().unwrap_or(f64::NAN)).collect::<Vec<f64>>();
    Series {
        key: s.key.clone(),
        label: s.label.clone(),
        group: s.group.clone(),
        role: s.role,
        x_axis: s.x_axis.clone(),
        y_axis: s.y_axis.clone(),
        x: pick(&s.x),
        y: pick(&s.y),
        band: s.band.as_ref().map(|(lo, hi)| (pick(lo), pick(hi))),
        ..Series::default()
    }
}

/// Keeps the first, lowest, highest and last of `ys`, which begin at `start`, one gap where there is any, and the ends of their
/// band. `ends`: where the lowest and the highest are, if all are finite.
fn keep(ys: &[f64], ends: Option<[usize; 2]>, band: Option<(&[f64], &[f64])>, start: usize, kept: &mut Vec<usize>) {
    let (ends, gap) = match ends {
        Some(ends) => (ends.map(Some), None),
        None => ([lowest(ys, 1.0), lowest(ys, -1.0)], ys.iter().position(|y| !y.is_finite())),
    };
    let of_band = band.map(|(lo, hi)| [lowest(lo, 1.0), lowest(hi, -1.0)]).unwrap_or_default();
    let mut here: Vec<usize> =
        ends.into_iter().chain(of_band).chain([Some(0), gap, Some(ys.len() - 1)]).flatten().collect();
    here.sort_unstable();
    here.dedup();
    kept.extend(here.into_iter().map(|i| start + i));
}

/// Where the lowest of the finite numbers is; the highest with a `sign` of −1.
fn lowest(of: &[f64], sign: f64) -> Option<usize> {
    let mut found: Option<(usize, f64)> = None;
    for (i, v) in of.iter().map(|v| sign * v).enumerate().filter(|(_, v)| v.is_finite()) {
        if found.is_none_or(|(_, least)| v < least) {
            found = Some((i, v));
        }
    }
    found.map(|(i, _)| i)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(y: Vec<f64>) -> Series {
        Series { x: (0..y.len()).map(|i| i as f64).collect(), y, ..Series::default() }
    }

    #[test]
    fn every_spike_stays_and_little_else() {
        let mut y: Vec<f64> = (0..300_000).map(|i| (f64::from(i) * 0.01).sin()).collect();
        for (i, at) in [7, 99_999, 150_000, 299_998].into_iter().enumerate() {
            y[at] = 10.0 + i as f64;
        }
        y[200_000] = -50.0;
        y[250_000] = f64::NAN;
        let s = series(y);
        let thin = thinned(&s, None).expect("so many are thinned");
        assert!(thin.x.len() <= 5 * PARTS, "{}", thin.x.len());
        let has = |x: f64, y: f64| thin.x.iter().zip(&thin.y).any(|p| (*p.0, *p.1) == (x, y));
        assert!(has(7.0, 10.0) && has(99_999.0, 11.0) && has(150_000.0, 12.0) && has(299_998.0, 13.0));
        assert!(has(200_000.0, -50.0) && has(0.0, 0.0) && has(299_999.0, s.y[299_999]));
        assert_eq!(thin.y.iter().filter(|v| v.is_nan()).count(), 1, "the gap is one");
        assert!(thin.x.is_sorted());
    }

    #[test]
    fn the_ends_of_a_band_stay_where_the_curve_is_flat() {
        let mut s = series(vec![0.0; 100_000]);
        let (mut lo, mut hi) = (vec![-1.0; 100_000], vec![1.0; 100_000]);
        (lo[77_777], hi[33_333]) = (-9.0, 8.0);
        s.band = Some((lo, hi));
        let (lo, hi) = thinned(&s, None).and_then(|thin| thin.band).expect("thinned, with a band");
        assert!(lo.contains(&-9.0) && hi.contains(&8.0));
    }

    #[test]
    fn of_a_part_of_the_axis_its_points_and_the_neighbours_stay() {
        let s = series((0..100_000).map(f64::from).collect());
        let thin = thinned(&s, Some((50_000.5, 50_010.5))).expect("thinned");
        assert_eq!(thin.x, (50_000..=50_011).map(f64::from).collect::<Vec<_>>());
    }

    #[test]
    fn few_points_and_points_out_of_order_are_left_as_they_are() {
        assert!(thinned(&series(vec![1.0; FEW]), None).is_none());
        let mut s = series(vec![1.0; FEW + 1]);
        s.x.swap(3, 4);
        assert!(thinned(&s, None).is_none());
    }
}
