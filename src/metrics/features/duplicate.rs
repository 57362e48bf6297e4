//! Dimensions that are others over again, and where they part from them.

use super::Features;
use crate::metrics::report::{Level, Report};

/// A dimension that was left out because it is another one over again.
#[derive(Debug, Clone, PartialEq)]
pub struct Duplicate {
    /// Its name.
    pub name: String,
    /// Its raw column.
    pub column: usize,
    /// Raw column of the other.
    pub of: usize,
    /// Name of the other.
    pub original: String,
    /// Factor and shift from the other: its value is `a · original + b`.
    pub line: (f64, f64),
}

impl Features {
    /// Duplicates that differ from their original in some of the finite rows of [N, `dim_in`], with the share of rows: where
    /// they part, distances do not see it.
    pub fn parted(&self, rows: &[f32]) -> Vec<(&Duplicate, f64)> {
        let differs = |d: &Duplicate, row: &[f32]| {
            let (value, other) = (f64::from(row[d.column]), f64::from(row[d.of]));
            let expected = d.line.0 * other + d.line.1;
            // A thousandth of the spread and of the size is beyond all rounding.
            let kept = self.kept.iter().position(|&c| c == d.of).map_or(1.0, |i| self.std[i]);
            (value - expected).abs() > 1e-3 * kept * d.line.0 + 1e-5 * value.abs()
        };
        let share = |d: &Duplicate| {
            let all = rows.chunks_exact(self.dim_in);
            let n = all.len().max(1) as f64;
            all.filter(|row| differs(d, row)).count() as f64 / n
        };
        self.duplicates.iter().map(|d| (d, share(d))).filter(|(_, share)| *share > 0.0).collect()
    }

    /// Says where a dimension that is counted once is no longer what its original says.
    pub fn tell_parted(&self, report: &mut Report, rows: &[f32]) {
        for (d, share) in self.parted(rows) {
            report.note(
                Level::Alarm,
                format!(
                    "{} says what {} says in the training part and is left out of distances, but in {:.2} % of the other states \
                     they part: keep both with --keep-duplicates.",
                    d.name,
                    d.original,
                    100.0 * share
                ),
            );
        }
    }
}
