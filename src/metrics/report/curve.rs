//! Curves and their axes.

use serde::Serialize;

use super::IN_THRESHOLDS;
use super::outline::{Kept, Outline};

/// One axis of a curve or a map.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Axis {
    /// Name ("horizon").
    pub label: String,
    /// Unit ("steps"); empty for none.
    pub unit: String,
    /// Wanted on a logarithmic scale.
    pub log: bool,
}

impl Axis {
    /// A linear axis.
    pub fn new(label: &str, unit: &str) -> Self {
        Self { label: label.into(), unit: unit.into(), log: false }
    }

    /// Its unit where its name does not say it: that a step is counted in steps need not be said twice.
    pub fn own_unit(&self) -> &str {
        if self.unit.strip_suffix('s') == Some(&self.label) { "" } else { &self.unit }
    }
}

/// What a curve stands for in its plot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Role {
    /// A measured quantity.
    #[default]
    Value,
    /// What happened, beside what was imagined of it.
    Real,
    /// What the quantity would be without any skill.
    Floor,
    /// What the quantity is held against: beyond it something is due.
    Threshold,
    /// Moments at which something was done: where y is finite and not 0.
    Trigger,
    /// A quantity along the steps of one episode; beyond 1 is an alarm where its unit is [`IN_THRESHOLDS`].
    Lane,
    /// The reward along the steps of one episode.
    Reward,
    /// One place on the horizontal axis; its band is along that axis.
    Place,
    /// The quantity as it once was, or as another run had it: it stands back.
    Past,
}

/// A curve with an optional band. NaN is a gap.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Series {
    /// Machine name, unique in its report.
    pub key: String,
    /// Name in the legend.
    pub label: String,
    /// Curves of one group share one plot ("error by horizon").
    pub group: String,
    /// What it stands for there; not in JSON, where the definition says it.
    #[serde(skip)]
    pub role: Role,
    /// Horizontal axis.
    pub x_axis: Axis,
    /// Vertical axis.
    pub y_axis: Axis,
    /// [N].
    pub x: Vec<f64>,
    /// [N].
    pub y: Vec<f64>,
    /// Lower and upper end of the band, each [N].
    pub band: Option<(Vec<f64>, Vec<f64>)>,
    /// What the curve and its band are.
    pub definition: String,
    /// Its outline, once a picture needed it.
    #[serde(skip)]
    pub kept: Kept,
}

impl Series {
    /// True where a number beyond 1 is an alarm.
    pub fn has_threshold(&self) -> bool {
        self.y_axis.unit == IN_THRESHOLDS
    }

    /// Asks `of` for something of the curve's outline, which is found once.
    pub fn outlined<T>(&self, of: impl FnOnce(&Outline) -> T) -> T {
        self.kept.asked(&self.x, &self.y, of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn curve(y: Vec<f64>) -> Series {
        Series { x: (0..y.len()).map(|i| i as f64).collect(), y, ..Series::default() }
    }

    proptest! {
        #[test]
        fn the_ends_of_any_part_are_its_own(
            y in prop::collection::vec(prop_oneof![9 => (-5i32..5).prop_map(f64::from), 1 => Just(f64::NAN)], 1..400),
            from in 0.0f64..1.0, to in 0.0f64..1.0,
        ) {
            // Broken parts are rare enough in half of the cases.
            let y: Vec<f64> = if from < 0.5 { y.iter().map(|v| if v.is_nan() { 0.0 } else { *v }).collect() } else { y };
            let at = |share: f64| (share * y.len() as f64) as usize;
            let range = at(from.min(to))..at(from.max(to)).max(at(from.min(to)) + 1).min(y.len());
            let part = &y[range.clone()];
            let first = |value: f64| range.start + part.iter().position(|v| (v - value).abs() <= 0.0).unwrap();
            let want = part.iter().all(|v| v.is_finite()).then(|| {
                let (low, high) = part.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
                [first(low), first(high)]
            });
            let s = curve(y.clone());
            prop_assert_eq!(s.outlined(|o| o.extremes(&s.y, range.clone())), want);
        }
    }

    #[test]
    fn a_curve_that_grows_or_falls_back_is_looked_at_anew() {
        let mut s = curve(vec![1.0; 100]);
        assert_eq!(s.outlined(|o| (o.in_order, o.extremes(&s.y, 0..100))), (true, Some([0, 0])));
        s.x.push(3.0);
        s.y.push(9.0);
        assert_eq!(s.outlined(|o| (o.in_order, o.extremes(&s.y, 0..101))), (false, Some([0, 100])));
        let mut other = s.clone();
        other.y[5] = -1.0;
        assert_eq!(other.outlined(|o| o.extremes(&other.y, 0..100)), Some([5, 0]));
        assert!(curve(Vec::new()).outlined(|o| o.in_order));
    }
}
