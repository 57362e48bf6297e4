//! Where numbers lie along an axis and where the axis is labelled.

/// Numbers beyond this are drawn as if they were this: differences of two of them are still numbers.
const MOST: f64 = 1e300;
/// Numbers closer to 0 than this are 0: powers of ten this small are not exact.
const LEAST: f64 = 1e-280;

/// A linear or logarithmic axis from 0 (left, lower end) to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// Ends, as logarithms where `log`.
    lo: f64,
    hi: f64,
    log: bool,
    /// There is nothing between two whole numbers.
    whole: bool,
}

/// Labelled places on an axis.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ticks {
    /// Place in [0, 1] and label.
    pub marks: Vec<(f64, String)>,
    /// Places between them that have no label.
    pub minor: Vec<f64>,
    /// The labels are in units of this power of ten.
    pub power: Option<i32>,
}

impl Scale {
    /// The scale that holds `values`, with `room` of its length free at both ends.
    pub fn around(values: impl Iterator<Item = f64>, log: bool, room: f64) -> Self {
        let known = values.filter_map(|v| transform(v, log));
        let (lo, hi) = known.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| (lo.min(v), hi.max(v)));
        if lo > hi {
            return Self { lo: 0.0, hi: 1.0, log, whole: false };
        }
        let size = lo.abs().max(hi.abs());
        if hi - lo <= size * 1e-9 || hi - lo < LEAST {
            let side = if log || size == 0.0 { 0.5 } else { size * 0.1 };
            return Self { lo: lo - side, hi: hi + side, log, whole: false };
        }
        let room = (hi - lo) * room;
        // What cannot be negative has no negative part of the axis, and a bound of 0 lies on the edge.
        let least = if !log && lo >= 0.0 { 0.0 } else { f64::NEG_INFINITY };
        Self { lo: (lo - room).max(least), hi: hi + room, log, whole: false }
    }

    /// Exactly from `lo` to `hi`, linear.
    pub fn exact(lo: f64, hi: f64) -> Self {
        if lo.is_finite() && hi.is_finite() && lo.abs().max(hi.abs()) <= MOST && hi - lo > LEAST {
            Self { lo, hi, log: false, whole: false }
        } else {
            Self::around([lo, hi].into_iter(), false, 0.0)
        }
    }

    /// The same with labels at whole numbers alone, where that is said.
    pub fn whole(self, is_whole: bool) -> Self {
        Self { whole: is_whole, ..self }
    }

    /// Its ends, as powers of ten where it is logarithmic, which is said.
    pub fn ends(&self) -> (f64, f64, bool) {
        (self.lo, self.hi, self.log)
    }

    /// Place of a number in units of the axis; none for what has no place (NaN, and 0 on a logarithmic axis).
    pub fn place(&self, v: f64) -> Option<f64> {
        transform(v, self.log).map(|v| self.share(v))
    }

    fn share(&self, v: f64) -> f64 {
        (v - self.lo) / (self.hi - self.lo)
    }

    /// Place of an end of a band: on a logarithmic axis everything down to 0 is below the lower end.
    pub fn end(&self, v: f64) -> Option<f64> {
        if self.log && v <= 0.0 { Some(0.0) } else { self.place(v).map(|p| p.clamp(0.0, 1.0)) }
    }

    /// At most about `most` round numbers.
    pub fn ticks(&self, most: usize) -> Ticks {
        let most = most.clamp(2, 12);
        if self.log && self.hi - self.lo >= 0.9 {
            self.decades(most)
        } else if self.log {
            self.round(10f64.powf(self.lo), 10f64.powf(self.hi), most)
        } else {
            self.round(self.lo, self.hi, most)
        }
    }

    fn round(&self, lo: f64, hi: f64, most: usize) -> Ticks {
        let step = step(hi / most as f64 - lo / most as f64).max(if self.whole { 1.0 } else { 0.0 });
        let (first, last) = ((lo / step - 1e-9).ceil(), (hi / step + 1e-9).floor());
        if !(step > 0.0 && first.is_finite() && last - first < 100.0) {
            return Ticks::default();
        }
        let values: Vec<f64> = (0..=(last - first) as u32).map(|i| (first + f64::from(i)) * step).collect();
        let (labels, power) = labels(&values, step);
        let marks = values.iter().zip(labels).filter_map(|(v, l)| self.inside(*v).map(|p| (p, l))).collect();
        Ticks { marks, minor: Vec::new(), power }
    }

    fn decades(&self, most: usize) -> Ticks {
        let span = self.hi - self.lo;
        let every = (span / most as f64).ceil().max(1.0) as i32;
        let all = self.lo.floor() as i32..=self.hi.ceil() as i32;
        let plain = self.lo >= -3.1 && self.hi <= 5.1;
        let factors: &[f64] = if plain && span * 3.0 <= most as f64 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let mut out = Ticks::default();
        for decade in all {
            for factor in 1..10 {
                let value = f64::from(factor) * 10f64.powi(decade);
                let Some(place) = self.inside(value) else { continue };
                if decade.rem_euclid(every) == 0 && factors.contains(&f64::from(factor)) {
                    let label = if plain { labels(&[value], value).0.concat() } else { power_of_ten(decade) };
                    out.marks.push((place, label));
                } else if span <= 8.0 || factor == 1 {
                    out.minor.push(place);
                }
            }
        }
        out
    }

    fn inside(&self, v: f64) -> Option<f64> {
        let place = self.share(if self.log { v.log10() } else { v });
        (-1e-6..=1.0 + 1e-6).contains(&place).then_some(place.clamp(0.0, 1.0))
    }
}

fn transform(v: f64, log: bool) -> Option<f64> {
    if !v.is_finite() || (log && v <= 0.0) {
        None
    } else if log {
        Some(v.clamp(LEAST, MOST).log10())
    } else {
        Some(if v.abs() < LEAST { 0.0 } else { v.clamp(-MOST, MOST) })
    }
}

/// The least of 1, 2 and 5 times a power of ten that is at least `raw`.
fn step(raw: f64) -> f64 {
    let power = 10f64.powf(raw.log10().floor());
    [1.0, 2.0, 5.0].into_iter().map(|m| m * power).find(|s| *s >= raw * (1.0 - 1e-9)).unwrap_or(10.0 * power)
}

/// Labels of one axis, all with the same unit and digits, and the power of ten they are in units of.
fn labels(values: &[f64], step: f64) -> (Vec<String>, Option<i32>) {
    let top = values.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    let (unit, suffix, power) = match top {
        0.0 => (1.0, "", None),
        t if !(1e-3 * (1.0 - 1e-9)..1e9 * (1.0 - 1e-9)).contains(&t) => {
            let power = (t.log10() + 1e-9).floor();
            (10f64.powf(power), "", Some(power as i32))
        }
        t if t >= 1e6 * (1.0 - 1e-9) => (1e6, "M", None),
        t if t >= 1e4 * (1.0 - 1e-9) => (1e3, "k", None),
        _ => (1.0, "", None),
    };
    let digits = (-((step / unit).log10() + 1e-9).floor()).clamp(0.0, 9.0) as usize;
    let label = |v: &f64| {
        if v.abs() < step * 1e-6 { "0".to_string() } else { minus(&format!("{:.digits$}{suffix}", v / unit)) }
    };
    (values.iter().map(label).collect(), power)
}

/// A number in three digits.
pub fn number(v: f64) -> String {
    let (labels, power) = labels(&[v], v.abs() / 100.0);
    let label = labels.concat();
    let short = if label.contains('.') { label.trim_end_matches('0').trim_end_matches('.') } else { &label };
    power.map_or(short.to_string(), |p| format!("{short}·{}", power_of_ten(p)))
}

/// A number's text with a minus sign as long as a plus sign.
fn minus(text: &str) -> String {
    text.replace('-', "\u{2212}")
}

/// 10 to a power, with raised digits.
pub fn power_of_ten(power: i32) -> String {
    let raised = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        '9' => '⁹',
        _ => '⁰',
    };
    format!("10{}", power.to_string().chars().map(raised).collect::<String>())
}
