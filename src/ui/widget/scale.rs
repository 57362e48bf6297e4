//! Linear, logarithmic and symmetric-logarithmic scales, and the range that a set of numbers is shown in.

/// How numbers become positions.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Scale {
    /// Even steps.
    #[default]
    Linear,
    /// Even decades; numbers that are not positive have no place.
    Log,
    /// Linear within ± the given number, decades beyond it; every number has a place.
    Symlog(f64),
}

impl Scale {
    /// Number to scale units; NaN where it has no place.
    pub fn forward(self, v: f64) -> f64 {
        match self {
            Self::Linear => v,
            Self::Log if v > 0.0 => v.log10(),
            Self::Log => f64::NAN,
            Self::Symlog(t) => v.signum() * (v.abs() / t).ln_1p() / std::f64::consts::LN_10,
        }
    }

    /// Scale units to number: the inverse of [`Scale::forward`].
    pub fn back(self, u: f64) -> f64 {
        match self {
            Self::Linear => u,
            Self::Log => 10f64.powf(u),
            Self::Symlog(t) => u.signum() * t * (u.abs() * std::f64::consts::LN_10).exp_m1(),
        }
    }

    /// Word for the legend; nothing for linear.
    pub fn word(self) -> &'static str {
        match self {
            Self::Linear => "",
            Self::Log => "log",
            Self::Symlog(_) => "symlog",
        }
    }
}

/// An interval of numbers on a scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// Lower end.
    pub lo: f64,
    /// Upper end, above `lo`.
    pub hi: f64,
    /// Scale.
    pub scale: Scale,
}

impl Range {
    /// The interval [lo, hi] as it stands; a unit interval where it is none.
    pub fn exact(lo: f64, hi: f64, scale: Scale) -> Self {
        if scale.forward(lo) < scale.forward(hi) && (hi - lo).is_finite() {
            return Self { lo, hi, scale };
        }
        let mid = if lo.is_finite() { lo } else { 0.0 };
        let around = if mid == 0.0 { 1.0 } else { mid.abs() * 0.1 };
        match scale {
            Scale::Log if mid > 0.0 => Self { lo: mid / 2.0, hi: mid * 2.0, scale },
            Scale::Log => Self { lo: 0.1, hi: 1.0, scale },
            _ => Self { lo: mid - around, hi: mid + around, scale },
        }
    }

    /// The interval that holds all numbers which have a place on the scale, with a margin of `pad` of its length.
    pub fn around(values: impl Iterator<Item = f64>, scale: Scale, pad: f64) -> Self {
        let (mut lo, mut hi) = (f64::INFINITY, f64::NEG_INFINITY);
        for v in values.filter(|v| v.is_finite() && scale.forward(*v).is_finite()) {
            lo = lo.min(v);
            hi = hi.max(v);
        }
        let plain = Self::exact(lo, hi, scale);
        let (a, b) = (scale.forward(plain.lo), scale.forward(plain.hi));
        let margin = (b - a) * pad;
        let padded = Self::exact(scale.back(a - margin), scale.back(b + margin), scale);
        // Numbers that are never negative keep their floor at zero: an axis from −0.02 would look like a mistake.
        if scale == Scale::Linear && plain.lo >= 0.0 && padded.lo < 0.0 { Self { lo: 0.0, ..padded } } else { padded }
    }

    /// Position of `v` between the ends: 0 at `lo`, 1 at `hi`, beyond them outside; NaN without a place.
    pub fn position(&self, v: f64) -> f64 {
        let (a, b) = (self.scale.forward(self.lo), self.scale.forward(self.hi));
        (self.scale.forward(v) - a) / (b - a)
    }

    /// The number at position `p`.
    pub fn value(&self, p: f64) -> f64 {
        let (a, b) = (self.scale.forward(self.lo), self.scale.forward(self.hi));
        self.scale.back(a + p * (b - a))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn positions_invert(lo in -1e6f64..1e6, len in 1e-3f64..1e6, p in 0.0f64..1.0, kind in 0..3) {
            let scale = [Scale::Linear, Scale::Log, Scale::Symlog(0.5)][kind as usize];
            let lo = if kind == 1 { lo.abs() + 1e-3 } else { lo };
            let range = Range::exact(lo, lo + len, scale);
            prop_assert!((range.position(range.value(p)) - p).abs() < 1e-6);
        }

        #[test]
        fn every_number_with_a_place_is_inside(values in prop::collection::vec(-1e9f64..1e9, 0..40), log: bool) {
            let scale = if log { Scale::Log } else { Scale::Linear };
            let range = Range::around(values.iter().copied(), scale, 0.05);
            prop_assert!(range.lo < range.hi);
            for v in values.iter().filter(|v| !log || **v > 0.0) {
                prop_assert!((-1e-9..=1.0 + 1e-9).contains(&range.position(*v)));
            }
        }
    }

    #[test]
    fn strange_input_gives_a_usable_range() {
        for values in [vec![], vec![f64::NAN], vec![f64::INFINITY, 1.0], vec![3.0; 4], vec![-1.0, -2.0]] {
            for scale in [Scale::Linear, Scale::Log, Scale::Symlog(1.0)] {
                let range = Range::around(values.iter().copied(), scale, 0.05);
                assert!(range.lo.is_finite() && range.hi.is_finite() && range.lo < range.hi, "{values:?} {scale:?}");
            }
        }
    }
}
