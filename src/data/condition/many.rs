//! Functions of a column: one number of every row.

use crate::data::entry::Entry;
use crate::ground::stats::{mean, median, order, quantile};

/// A function of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Many {
    Count,
    Sum,
    Average,
    Least,
    Most,
    Median,
    /// Of a sample: by n - 1.
    Deviation,
    /// The second argument is the share of rows below it; between two rows it is interpolated.
    Quantile,
}

/// Their names.
pub const NAMES: [(&str, Many); 10] = [
    ("AVG", Many::Average),
    ("COUNT", Many::Count),
    ("MAX", Many::Most),
    ("MEAN", Many::Average),
    ("MEDIAN", Many::Median),
    ("MIN", Many::Least),
    ("QUANTILE_CONT", Many::Quantile),
    ("STDDEV", Many::Deviation),
    ("STDDEV_SAMP", Many::Deviation),
    ("SUM", Many::Sum),
];

impl Many {
    /// The function of a name.
    pub fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|&(_, many)| many)
    }

    /// Of the numbers that are known; nothing where there are too few.
    pub fn of(self, numbers: Vec<f64>, share: f64) -> Entry {
        let n = numbers.len();
        if self == Self::Count {
            return Entry::Whole(n as i64);
        }
        if n < if self == Self::Deviation { 2 } else { 1 } {
            return Entry::Missing;
        }
        let average = mean(&numbers);
        let deviations = numbers.iter().map(|v| (v - average) * (v - average));
        Entry::Number(match self {
            Self::Count | Self::Sum => numbers.iter().sum(),
            Self::Average => average,
            Self::Least => numbers.into_iter().min_by(order).unwrap_or(f64::NAN),
            Self::Most => numbers.into_iter().max_by(order).unwrap_or(f64::NAN),
            Self::Median => median(numbers),
            Self::Deviation => (deviations.sum::<f64>() / (n as f64 - 1.0)).sqrt(),
            Self::Quantile => quantile(&numbers, share),
        })
    }
}
