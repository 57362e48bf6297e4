//! How much memory datasets may take: said by the user, or half of what is free.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A number of bytes, written "2GiB", "500MB" or "1000000".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bytes(pub u64);

/// Names of the units and their sizes; the larger ones first.
const UNITS: [(&str, u64); 11] = [
    ("tib", 1 << 40),
    ("gib", 1 << 30),
    ("mib", 1 << 20),
    ("kib", 1 << 10),
    ("tb", 1_000_000_000_000),
    ("gb", 1_000_000_000),
    ("mb", 1_000_000),
    ("kb", 1_000),
    ("g", 1 << 30),
    ("m", 1 << 20),
    ("b", 1),
];
/// Where the system does not say how much is free.
const UNKNOWN: Bytes = Bytes(4 << 30);
/// Less cannot hold a useful part of any dataset.
const LEAST: u64 = 1 << 16;

impl Bytes {
    /// Half of the memory that is free now, for this process's group where it has a limit of its own.
    pub fn of_this_machine() -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let number = |path: &str| read(path).trim().parse::<u64>().ok();
        let group = number("/sys/fs/cgroup/memory.max")
            .zip(number("/sys/fs/cgroup/memory.current"))
            .map(|(most, now)| most.saturating_sub(now));
        let free = free_of(&read("/proc/meminfo"));
        match [free, group].into_iter().flatten().min() {
            Some(free) => Self((free / 2).max(LEAST)),
            None => UNKNOWN,
        }
    }
}

/// `MemAvailable` of Linux's `/proc/meminfo`, in bytes.
fn free_of(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|l| l.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, size) = [("GiB", 1u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
            .into_iter()
            .find(|(_, size)| self.0 >= *size)
            .unwrap_or(("B", 1));
        let value = self.0 as f64 / size as f64;
        if value < 10.0 && size > 1 && value.fract() > 0.0 {
            write!(f, "{value:.1} {unit}")
        } else {
            write!(f, "{value:.0} {unit}")
        }
    }
}

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let lower = text.trim().to_lowercase();
        let (number, size) = UNITS
            .iter()
            .find_map(|(unit, size)| lower.strip_suffix(unit).map(|number| (number.trim(), *size)))
            .unwrap_or((&lower, 1));
        let bytes = number.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0).map(|n| n * size as f64);
        match bytes {
            Some(bytes) if bytes >= LEAST as f64 && bytes < u64::MAX as f64 => Ok(Self(bytes as u64)),
            Some(_) => Err(format!("at least {} are needed", Self(LEAST))),
            None => Err("a size is needed, like 2GiB, 500MB or 1000000".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_written_as_people_do() {
        for (text, bytes) in [("2GiB", 2 << 30), ("500MB", 500_000_000), ("1.5 gib", 3 << 29), ("1000000", 1_000_000)] {
            assert_eq!(text.parse(), Ok(Bytes(bytes)), "{text}");
        }
        for bad in ["", "GiB", "many", "-1GiB", "1", "NaNMB", "1e40"] {
            assert!(bad.parse::<Bytes>().is_err(), "{bad}");
        }
        let shown = [3 << 30, 3 << 29, 700 << 20, 65_536, 12].map(|b| Bytes(b).to_string());
        assert_eq!(shown, ["3 GiB", "1.5 GiB", "700 MiB", "64 KiB", "12 B"]);
    }

    #[test]
    fn half_of_what_is_free_is_the_limit() {
        assert_eq!(free_of("MemTotal: 9 kB\nMemAvailable:   2048 kB\n"), Some(2 << 20));
        assert_eq!(free_of("nothing"), None);
        assert!(Bytes::of_this_machine().0 >= LEAST);
    }
}
