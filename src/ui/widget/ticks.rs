//! Where an axis is labelled.

use super::number;
use super::scale::{Range, Scale};

/// A labelled number on an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// The number.
    pub value: f64,
    /// Its label.
    pub label: String,
}

/// At most about `most` round numbers inside `range`, in ascending order.
pub fn ticks(range: &Range, most: usize) -> Vec<Tick> {
    let most = most.clamp(2, 50);
    match range.scale {
        Scale::Linear => linear(range, most),
        Scale::Log => logarithmic(range, most),
        Scale::Symlog(t) => symlog(range, t, most),
    }
}

/// The step of 1, 2 or 5 times a power of ten that cuts `length` into at most `most` pieces.
pub fn step(length: f64, most: usize) -> f64 {
    let raw = length / most as f64;
    let power = 10f64.powf(raw.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= raw * (1.0 - 1e-9)).unwrap_or(10.0 * power)
}

fn linear(range: &Range, most: usize) -> Vec<Tick> {
    let step = step(range.hi - range.lo, most);
    let (first, last) = ((range.lo / step - 1e-9).ceil(), (range.hi / step + 1e-9).floor());
    if !(first.is_finite() && last.is_finite()) || last - first > 200.0 {
        return Vec::new();
    }
    let mut out = Vec::new();
    let mut i = first;
    while i <= last {
        out.push(Tick { value: i * step, label: number::tick(i * step, step) });
        i += 1.0;
    }
    out
}

fn logarithmic(range: &Range, most: usize) -> Vec<Tick> {
    let (a, b) = (range.lo.log10(), range.hi.log10());
    if b - a < 0.7 {
        // Too little for decades: round numbers as on a linear axis.
        return linear(range, most.min(4)).into_iter().filter(|t| t.value > 0.0).collect();
    }
    let factors: &[f64] = if b - a < 2.2 && most >= 4 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let every = ((b - a) / most as f64).ceil().max(1.0) as i32;
    let mut out = Vec::new();
    for decade in (a.floor() as i32)..=(b.ceil() as i32) {
        for factor in factors.iter().filter(|_| decade.rem_euclid(every) == 0) {
            let value = factor * 10f64.powi(decade);
            if (range.lo * (1.0 - 1e-9)..=range.hi * (1.0 + 1e-9)).contains(&value) {
                out.push(Tick { value, label: number::tick(value, value) });
            }
        }
    }
    out
}

fn symlog(range: &Range, t: f64, most: usize) -> Vec<Tick> {
    let top = range.lo.abs().max(range.hi.abs());
    let mut decade = t.log10().ceil() as i32;
    let every = (((top / t).log10() * 2.0 / most as f64).ceil() as i32).max(1);
    let mut values = vec![0.0];
    while 10f64.powi(decade) <= top && values.len() < 60 {
        values.extend([10f64.powi(decade), -(10f64.powi(decade))]);
        decade += every;
    }
    values.retain(|v| (range.lo..=range.hi).contains(v));
    values.sort_by(f64::total_cmp);
    values.into_iter().map(|value| Tick { value, label: number::tick(value, value.abs()) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(lo: f64, hi: f64, scale: Scale, most: usize) -> Vec<String> {
        ticks(&Range::exact(lo, hi, scale), most).into_iter().map(|t| t.label).collect()
    }

    #[test]
    fn round_numbers() {
        assert_eq!(
            labels(0.0, 1.0, Scale::Linear, 5),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"].map(|s| s.replace("0.0", "0"))
        );
        assert_eq!(labels(-130.0, 260.0, Scale::Linear, 4), ["-100", "0", "100", "200"]);
        assert_eq!(labels(0.001, 100.0, Scale::Log, 6), ["0.001", "0.01", "0.1", "1", "10", "100"]);
        assert_eq!(labels(1.0, 20.0, Scale::Log, 6), ["1", "2", "5", "10", "20"]);
        assert_eq!(labels(-100.0, 100.0, Scale::Symlog(1.0), 8), ["-100", "-10", "-1", "0", "1", "10", "100"]);
    }

    proptest! {
        #[test]
        fn ticks_are_few_sorted_and_inside(lo in -1e8f64..1e8, len in 1e-6f64..1e8, most in 2usize..12, kind in 0usize..3) {
            let scale = [Scale::Linear, Scale::Log, Scale::Symlog(2.0)][kind];
            let lo = if kind == 1 { lo.abs() + 1e-6 } else { lo };
            let range = Range::exact(lo, lo + len, scale);
            let got = ticks(&range, most);
            prop_assert!(got.len() <= 3 * most + 3, "{}", got.len());
            prop_assert!(got.windows(2).all(|w| w[0].value < w[1].value));
            for t in &got {
                prop_assert!((-1e-6..=1.0 + 1e-6).contains(&range.position(t.value)));
            }
        }
    }
}
