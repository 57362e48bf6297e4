//! Numbers for people: one way to write them, on the screen, in the terminal's text and in sentences.

/// Four significant digits and no zeros behind them: "0.4213", "12.3", "1234", "3.2e-5"; whole numbers whole, "–" for what is
/// not a number. No sign between thousands: what is copied from the screen reads back.
pub fn number(v: f64) -> String {
    let size = v.abs();
    if v.is_nan() {
        "–".into()
    } else if v.is_infinite() {
        if v > 0.0 { "inf" } else { "-inf" }.into()
    } else if v.fract() == 0.0 && size < 1e9 {
        format!("{:.0}", v + 0.0)
    } else if !(1e-4..1e9).contains(&size) {
        let text = format!("{v:.3e}");
        let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
        format!("{}e{power}", trim(digits))
    } else {
        let digits = (3 - size.log10().floor() as i32).max(0) as usize;
        trim(&format!("{v:.digits$}")).into()
    }
}

/// `v` to so many significant digits: a standard error of three seeds has no more than two.
pub fn significant(v: f64, digits: i32) -> f64 {
    if v == 0.0 || !v.is_finite() {
        return v;
    }
    let unit = 10f64.powi(v.abs().log10().floor() as i32 + 1 - digits);
    (v / unit).round() * unit
}

/// "1 episode", "3 episodes": `many` is the word for several, which ends in s.
pub fn counted(n: usize, many: &str) -> String {
    format!("{n} {}", unit(n as f64, many))
}

/// The word for what there are `v` of, `many` being the word for several: "step" of 1, "steps" of 2; units that are no plural
/// stay.
#[expect(clippy::float_cmp, reason = "one is exact")]
pub fn unit(v: f64, many: &str) -> &str {
    if v == 1.0 { many.strip_suffix('s').filter(|one| !one.is_empty()).unwrap_or(many) } else { many }
}

/// A share of a whole in percent, without the sign: 0.0731 is "7.31".
pub fn percent(share: f64) -> String {
    number((share * 1e6).round() / 1e4)
}

fn trim(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

/// A time for people: "12 seconds", "3 minutes", "2.5 hours".
pub fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 90.0 => counted(s.ceil() as usize, "seconds"),
        s if s < 5400.0 => counted((s / 60.0).round() as usize, "minutes"),
        s => format!("{:.1} hours", s / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_short_and_honest() {
        for (v, want) in [
            (0.0, "0"),
            (-0.0, "0"),
            (-3.0, "-3"),
            (20.0, "20"),
            (20_000.0, "20000"),
            (1_000_000.0, "1000000"),
            (0.42131, "0.4213"),
            (0.5, "0.5"),
            (1.35, "1.35"),
            (12.345_678, "12.35"),
            (-1397.3, "-1397"),
            (123_456.7, "123457"),
            (0.000_31, "0.00031"),
            (3.2e-5, "3.2e-5"),
            (1.0e-7, "1e-7"),
            (2.5e12, "2.5e12"),
            (f64::NAN, "–"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(number(v), want);
        }
        assert_eq!(
            (percent(0.9), percent(0.073_15), percent(1.0 / 3.0)),
            ("90".into(), "7.315".into(), "33.33".into())
        );
    }

    #[test]
    fn significant_digits_are_kept() {
        for (v, want) in [(0.0, "0"), (1234.5, "1200"), (-0.098_76, "-0.099"), (9.96, "10"), (f64::NAN, "–")] {
            assert_eq!(number(significant(v, 2)), want);
        }
    }

    #[test]
    fn one_is_singular() {
        assert_eq!([0, 1, 2].map(|n| counted(n, "episodes")), ["0 episodes", "1 episode", "2 episodes"]);
        assert_eq!(
            (unit(1.0, "std"), unit(1.0, "steps"), unit(1.5, "steps"), unit(1.0, "s")),
            ("std", "step", "steps", "s")
        );
    }

    proptest! {
        #[test]
        fn a_number_is_near_what_is_written(v in prop::num::f64::NORMAL) {
            let written: f64 = number(v).parse().expect("reads back");
            prop_assert!((written - v).abs() <= 6e-4 * v.abs());
        }
    }
}
