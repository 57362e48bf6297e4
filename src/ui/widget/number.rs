//! Numbers for people.

/// About four significant digits: "0.4213", "12.3", "1,234", "3.2e-5"; a dash where there is no number.
pub fn number(v: f64) -> String {
    let a = v.abs();
    if v.is_nan() {
        "–".into()
    } else if v.is_infinite() {
        if v > 0.0 { "∞".into() } else { "−∞".into() }
    } else if a == 0.0 {
        "0".into()
    } else if !(1e-3..1e9).contains(&a) {
        format!("{v:.2e}").replace('-', "−")
    } else if a >= 1000.0 || (v.fract() == 0.0 && a < 1e9) {
        count(v.round() as i64)
    } else {
        let digits = (3 - a.log10().floor() as i32).clamp(0, 5) as usize;
        trim(&format!("{v:.digits$}")).replace('-', "−")
    }
}

/// A whole number with separated thousands.
pub fn count(v: i64) -> String {
    let digits = v.unsigned_abs().to_string();
    let mut out = String::new();
    for (i, ch) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(ch);
    }
    if v < 0 { format!("−{out}") } else { out }
}

/// A tick's label: no more digits than `step` needs; 1.5k and 2M for large numbers.
pub fn tick(v: f64, step: f64) -> String {
    let a = v.abs();
    let text = if a == 0.0 || a < step.abs() * 1e-6 {
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
    };
    text.replace('-', "−")
}

fn fixed(v: f64, step: f64) -> String {
    let digits = if step > 0.0 { (-(step.log10() + 1e-9).floor()).clamp(0.0, 6.0) as usize } else { 3 };
    format!("{v:.digits$}")
}

fn trim(text: &str) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_honest() {
        let cases = [
            (0.0, "0"),
            (0.42131, "0.4213"),
            (12.345_678, "12.35"),
            (-1234.4, "−1,234"),
            (1_000_000.0, "1,000,000"),
            (3.2e-5, "3.20e−5"),
            (f64::NAN, "–"),
            (f64::INFINITY, "∞"),
            (20.0, "20"),
        ];
        for (v, want) in cases {
            assert_eq!(number(v), want);
        }
    }

    #[test]
    fn ticks_show_the_digits_of_their_step() {
        assert_eq!(tick(0.3, 0.1), "0.3");
        assert_eq!(tick(-0.25, 0.05), "−0.25");
        assert_eq!(tick(50_000.0, 10_000.0), "50k");
        assert_eq!(tick(1_500_000.0, 500_000.0), "1.5M");
        assert_eq!(tick(200.0, 100.0), "200");
        assert_eq!(tick(1e-17, 0.1), "0");
        assert_eq!(tick(2e-5, 1e-5), "2e−5");
    }
}
