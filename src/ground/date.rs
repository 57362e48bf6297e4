//! Moments for people.

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::DateTime;

/// `seconds` since 1970 as "2026-11-22 17:03" (UTC).
pub fn utc(seconds: f64) -> String {
    DateTime::from_timestamp(seconds as i64, 0).unwrap_or_default().format("%Y-%m-%d %H:%M").to_string()
}

/// Seconds since 1970 now; those that `SOURCE_DATE_EPOCH` names where it does, for files that are to be the same whenever they are
/// written.
pub fn now() -> f64 {
    let named = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|text| text.trim().parse::<u32>().ok());
    named.map_or_else(|| seconds(SystemTime::now()), f64::from)
}

/// Seconds since 1970 of a moment.
pub fn seconds(moment: SystemTime) -> f64 {
    moment.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_to_the_minute() {
        assert_eq!(utc(1_795_853_910.7), "2026-11-28 08:18");
        assert!((seconds(UNIX_EPOCH) - 0.0).abs() < f64::EPSILON);
    }
}
