//! Numbers for people: as everywhere, and at the ticks of an axis.

pub use crate::ground::number::{counted, duration, number, percent, unit};

/// A tick's label: no more digits than `step` needs; 1.5k and 2M for large numbers.
pub fn tick(v: f64, step: f64) -> String {
    let a = v.abs();
    if a == 0.0 || a < step.abs() * 1e-6 {
        "0".to_string()
    } else if a >= 1e5 || (a >= 1e4 && step >= 100.0) {
        let (unit, suffix) = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")]
            .into_iter()
            .find(|(unit, _)| a >= *unit)
            .unwrap_or((1.0, ""));
        if a >= 1e15 { format!("{v:.0e}") } else { format!("{}{suffix}", fixed(v / unit, step / unit)) }
    } else if a < 1e-3 && step < 1e-3 {
        format!("{v:.1e}").replace(".0e", "e")
    } else {
        fixed(v, step)
    }
}

fn fixed(v: f64, step: f64) -> String {
    let digits = if step > 0.0 { (-(step.log10() + 1e-9).floor()).clamp(0.0, 6.0) as usize } else { 3 };
    format!("{v:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_show_the_digits_of_their_step() {
        assert_eq!(tick(0.3, 0.1), "0.3");
        assert_eq!(tick(-0.25, 0.05), "-0.25");
        assert_eq!(tick(50_000.0, 10_000.0), "50k");
        assert_eq!(tick(1_500_000.0, 500_000.0), "1.5M");
        assert_eq!(tick(200.0, 100.0), "200");
        assert_eq!(tick(1e-17, 0.1), "0");
        assert_eq!(tick(2e-5, 1e-5), "2e-5");
    }
}
