//! Numbers and widths.

/// Four significant digits; whole numbers whole; `–` for what is not a number.
pub fn number(v: f64) -> String {
    if v.is_nan() {
        return "–".into();
    }
    if v.is_infinite() {
        return if v > 0.0 { "∞" } else { "-∞" }.into();
    }
    let size = v.abs();
    if v.fract() == 0.0 && size < 1e9 {
        format!("{v:.0}")
    } else if !(1e-4..1e6).contains(&size) {
        format!("{v:.3e}")
    } else {
        let decimals = 3 - size.log10().floor() as i32;
        format!("{v:.*}", decimals.max(0) as usize)
    }
}

/// Columns that `text` takes: combining marks take none.
pub fn width(text: &str) -> usize {
    text.chars().filter(|c| !('\u{300}'..='\u{36f}').contains(c)).count()
}

/// `text` with spaces up to `columns`.
pub fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_as_people_write_them() {
        for (v, want) in [
            (0.0, "0"),
            (-3.0, "-3"),
            (20_000.0, "20000"),
            (1.35, "1.350"),
            (0.012_345, "0.01235"),
            (0.5, "0.5000"),
            (-152.345_6, "-152.3"),
            (123_456.7, "123457"),
            (1.0e-7, "1.000e-7"),
            (f64::NAN, "–"),
            (f64::NEG_INFINITY, "-∞"),
        ] {
            assert_eq!(number(v), want);
        }
        assert_eq!(width("θ\u{307}"), 1);
    }

    proptest! {
        #[test]
        fn a_number_is_near_what_is_written(v in prop::num::f64::NORMAL) {
            let written: f64 = number(v).parse().expect("reads back");
            prop_assert!((written - v).abs() <= 6e-4 * v.abs());
        }
    }
}
