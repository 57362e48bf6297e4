//! At most so many reports of progress a second. What comes too early is dropped: the next one says more.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Time between two reports: twenty a second.
pub const PERIOD: Duration = Duration::from_millis(50);

/// Remembers when something was last let through.
#[derive(Debug, Default)]
pub struct Throttle(Mutex<Option<Instant>>);

impl Throttle {
    /// True if `now` is late enough after the last time it was; safe from many threads.
    pub fn is_due(&self, now: Instant) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.is_none_or(|t| now.saturating_duration_since(t) >= PERIOD);
        if due {
            *last = Some(now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn at_most_twenty_pass_in_any_second(gaps in prop::collection::vec(0u64..120, 1..200)) {
            let throttle = Throttle::default();
            let mut now = Instant::now();
            let mut passed = Vec::new();
            for gap in gaps {
                now += Duration::from_millis(gap);
                if throttle.is_due(now) {
                    passed.push(now);
                }
            }
            for window in passed.windows(21) {
                prop_assert!(window[20] - window[0] >= Duration::from_secs(1));
            }
        }
    }
}
