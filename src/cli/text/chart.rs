//! Small pictures of letters: curves and distributions on one line, maps in shades.

use super::line;
use super::number::{number, pad, width};
use crate::metrics::report::{Axis, HeatMap, Histogram, Role, Series};

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];
/// Columns of a curve.
const COLUMNS: usize = 48;
/// Columns and rows of a map.
const MAP: (usize, usize) = (60, 18);
/// Groups of curves that are drawn; all are in the JSON.
const GROUPS: usize = 8;

/// Curves, group by group, those of one group on one scale.
pub fn series(out: &mut String, series: &[Series]) {
    // A place on the axis is no curve: it is among the numbers.
    let series: Vec<&Series> = series.iter().filter(|s| s.role != Role::Place).collect();
    let mut groups: Vec<&str> = Vec::new();
    for s in &series {
        if !groups.contains(&s.group.as_str()) {
            groups.push(&s.group);
        }
    }
    for group in groups.iter().take(GROUPS) {
        let curves: Vec<&Series> = series.iter().copied().filter(|s| s.group == **group).collect();
        let Some((lo, hi)) = range(curves.iter().flat_map(|s| s.y.iter())) else { continue };
        let axis = curves.first().map(|s| axis(&s.x_axis)).unwrap_or_default();
        line(out, &format!("\n  {group}: from {} to {}, by {axis}", number(lo), number(hi)));
        let label = curves.iter().map(|s| width(&s.label)).max().unwrap_or(0);
        for s in curves {
            let ends = match (s.y.first(), s.y.last()) {
                (Some(first), Some(last)) => format!("{} → {}", number(*first), number(*last)),
                _ => String::new(),
            };
            line(out, &format!("  {}  {}  {ends}", pad(&s.label, label), bars(&shrink(&s.y, COLUMNS), lo, hi)));
        }
    }
    if groups.len() > GROUPS {
        line(out, &format!("  … and {} more groups of curves, in the JSON", groups.len() - GROUPS));
    }
}

/// Counts over bins on one line, with its marked values.
pub fn histogram(out: &mut String, h: &Histogram) {
    let (Some(first), Some(last)) = (h.edges.first(), h.edges.last()) else { return };
    let counts = shrink(&h.counts, COLUMNS);
    let most = counts.iter().copied().filter(|v| v.is_finite()).fold(0.0, f64::max);
    let picture = bars(&counts, 0.0, most);
    line(out, &format!("\n  {} ({})", h.label, axis(&h.axis)));
    let marks: Vec<String> = h.marks.iter().map(|(name, v)| format!("{name} {}", number(*v))).collect();
    line(out, format!("  {} {picture} {}  {}", number(*first), number(*last), marks.join(", ")).trim_end());
}

/// A map in five shades of the logarithm of its values, the upper end first.
pub fn map(out: &mut String, m: &HeatMap) {
    if m.width == 0 || m.height == 0 || m.values.len() != m.width * m.height {
        return;
    }
    let (columns, rows) = (m.width.min(MAP.0), m.height.min(MAP.1));
    let mut cells = vec![0.0f64; columns * rows];
    for (i, v) in m.values.iter().enumerate().filter(|(_, v)| v.is_finite()) {
        let (x, y) = (i % m.width * columns / m.width, i / m.width * rows / m.height);
        cells[y * columns + x] += v.max(0.0);
    }
    let most = cells.iter().copied().fold(0.0, f64::max).ln_1p();
    let (x, y) = (axis(&m.x_axis), axis(&m.y_axis));
    line(out, &format!("\n  {} ({}, darker is more)", m.label, m.unit));
    line(out, &format!("  up: {y} from {} to {}", number(m.y_range.0), number(m.y_range.1)));
    for row in (0..rows).rev() {
        let shade = |v: &f64| match v.ln_1p() / most {
            // Something is never drawn as nothing.
            s if *v > 0.0 => SHADES[((s * 4.0).ceil() as usize).clamp(1, 4)],
            _ => SHADES[0],
        };
        let text: String = cells[row * columns..(row + 1) * columns].iter().map(shade).collect();
        line(out, &format!("  │{text}│"));
    }
    line(out, &format!("  right: {x} from {} to {}", number(m.x_range.0), number(m.x_range.1)));
}

fn axis(a: &Axis) -> String {
    if a.unit.is_empty() { a.label.clone() } else { format!("{} [{}]", a.label, a.unit) }
}

/// Smallest and largest finite value.
fn range<'a>(values: impl Iterator<Item = &'a f64>) -> Option<(f64, f64)> {
    values.copied().filter(|v| v.is_finite()).fold(None, |r, v| match r {
        None => Some((v, v)),
        Some((lo, hi)) => Some((lo.min(v), hi.max(v))),
    })
}

/// At most `columns` values: of each stretch the one that is largest in size, so that no spike is lost.
fn shrink(values: &[f64], columns: usize) -> Vec<f64> {
    if values.len() <= columns {
        return values.to_vec();
    }
    let stretch = |c: usize| &values[c * values.len() / columns..(c + 1) * values.len() / columns];
    let peak = |c| stretch(c).iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(f64::NAN);
    (0..columns).map(peak).collect()
}

fn bars(values: &[f64], lo: f64, hi: f64) -> String {
    let step = |v: &f64| match (v - lo) / (hi - lo) {
        _ if !v.is_finite() => ' ',
        share if share.is_finite() => BARS[((share * 7.0).round() as usize).min(7)],
        // All values are the same.
        _ => BARS[0],
    };
    values.iter().map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_curve_rises_and_leaves_gaps() {
        assert_eq!(bars(&[0.0, 1.0, f64::NAN, 0.5], 0.0, 1.0), "▁█ ▅");
        assert_eq!(bars(&[2.0, 2.0], 2.0, 2.0), "▁▁");
    }

    #[test]
    fn a_lone_state_is_seen_on_the_map() {
        let mut values = vec![0.0; 100 * 100];
        values[0] = 1.0;
        values[9999] = 1e6;
        let m = HeatMap { width: 100, height: 100, values, ..HeatMap::default() };
        let mut out = String::new();
        map(&mut out, &m);
        let rows: Vec<&str> = out.lines().filter(|l| l.contains('│')).collect();
        assert_eq!(rows.len(), MAP.1);
        assert!(rows[0].ends_with("█│") && rows[MAP.1 - 1].starts_with("  │░"), "{out}");
    }

    proptest! {
        #[test]
        fn shrinking_keeps_the_largest(values in prop::collection::vec(-1e6f64..1e6, 1..500)) {
            let small = shrink(&values, COLUMNS);
            prop_assert!(small.len() <= COLUMNS.max(values.len().min(COLUMNS)));
            let peak = |v: &[f64]| v.iter().fold(0.0f64, |m, x| m.max(x.abs()));
            prop_assert!((peak(&small) - peak(&values)).abs() < 1e-12);
        }

        #[test]
        fn any_numbers_are_drawn(values in prop::collection::vec(prop::num::f64::ANY, 0..100), w in 0usize..20, h in 0usize..20) {
            let mut out = String::new();
            let x: Vec<f64> = (0..values.len()).map(|i| i as f64).collect();
            series(&mut out, &[Series { x, y: values.clone(), ..Series::default() }]);
            histogram(&mut out, &Histogram { edges: values.clone(), counts: values.clone(), ..Histogram::default() });
            map(&mut out, &HeatMap { width: w, height: h, values: values.iter().copied().cycle().take(if values.is_empty() { 0 } else { w * h }).collect(), ..HeatMap::default() });
        }
    }
}
