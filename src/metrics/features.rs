//! Standardised features: what distances are measured in.
//!
//! Mean and population standard deviation come from the reference's training part; a dimension that does not move there
//! says nothing about distance and is dropped, with its name.

use super::MetricError;
use super::neighbors::points::Points;
use super::stats;

/// A dimension that was left out because it is constant in the reference.
#[derive(Debug, Clone, PartialEq)]
pub struct Dropped {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: f64,
}

/// A standardisation learned from a reference.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// Columns of a raw row.
    pub dim_in: usize,
    /// Raw columns that are kept.
    pub kept: Vec<usize>,
    /// Names of the kept columns.
    pub names: Vec<String>,
    /// Mean of each kept column.
    pub mean: Vec<f64>,
    /// Population standard deviation (ddof 0) of each kept column.
    pub std: Vec<f64>,
    /// Columns left out.
    pub dropped: Vec<Dropped>,
}

/// The spreads with 0 in place of those that are no movement of the rows [N, `std.len()`] but their rounding.
pub fn moving(std: &[f64], rows: &[f32]) -> Vec<f64> {
    let d = std.len();
    let largest =
        |c: usize| rows.iter().skip(c).step_by(d).filter(|v| v.is_finite()).fold(0.0f32, |m, v| m.max(v.abs()));
    (0..d).map(|c| if std[c] > CONSTANT * f64::from(largest(c)) { std[c] } else { 0.0 }).collect()
}

/// A spread below this share of the largest magnitude is rounding of f32 numbers (2⁻²⁴ ≈ 6e-8), not movement.
pub(super) const CONSTANT: f64 = 1e-7;

impl Features {
    /// Learns mean and spread of the reference rows [N, `names.len()`].
    ///
    /// # Errors
    /// If there is no row, a number is not finite, or every dimension is constant.
    pub fn fit(rows: &[f32], names: &[String]) -> Result<Self, MetricError> {
        let d = names.len();
        if d == 0 || rows.is_empty() || !rows.len().is_multiple_of(d) {
            return Err(MetricError::bad(format!(
                "the reference has {} values for rows of {d}: coverage needs at least one whole row of observations",
                rows.len()
            )));
        }
        if let Some(i) = rows.iter().position(|v| !v.is_finite()) {
            return Err(MetricError::bad(format!(
                "row {} of the reference is not finite in '{}': leave such rows out",
                i / d,
                names[i % d]
            )));
        }
        let (mean, std) = stats::mean_std(rows, d);
        let mut features = Self { dim_in: d, kept: vec![], names: vec![], mean: vec![], std: vec![], dropped: vec![] };
        let live = moving(&std, rows);
        for c in 0..d {
            if live[c] <= 0.0 {
                features.dropped.push(Dropped { name: names[c].clone(), value: mean[c] });
            } else {
                features.kept.push(c);
                features.names.push(names[c].clone());
                features.mean.push(mean[c]);
                features.std.push(std[c]);
            }
        }
        if features.kept.is_empty() {
            return Err(MetricError::bad(
                "every observation dimension is constant in the training part: nothing to cover",
            ));
        }
        Ok(features)
    }

    /// Number of kept dimensions.
    pub fn dim(&self) -> usize {
        self.kept.len()
    }

    /// (x - mean) / std of the kept columns: [N, `dim_in`] to [N, `dim`].
    pub fn transform(&self, rows: &[f32]) -> Vec<f32> {
        let mut out = Vec::with_capacity(rows.len() / self.dim_in * self.dim());
        for row in rows.chunks_exact(self.dim_in) {
            for (i, &c) in self.kept.iter().enumerate() {
                out.push(((f64::from(row[c]) - self.mean[i]) / self.std[i]) as f32);
            }
        }
        out
    }

    /// Rows ready for a neighbour search: standardised for the search, unstandardised for the final distances.
    ///
    /// # Errors
    /// If the rows are not of this reference's width.
    pub fn points(&self, rows: &[f32], owner: &[usize]) -> Result<Points, MetricError> {
        if rows.len() != owner.len() * self.dim_in {
            return Err(MetricError::bad(format!(
                "{} values do not make {} rows of {} dimensions: these states are of another observation space",
                rows.len(),
                owner.len(),
                self.dim_in
            )));
        }
        let raw = rows.chunks_exact(self.dim_in).flat_map(|row| self.kept.iter().map(|&c| row[c])).collect();
        Ok(Points::new(raw, self.transform(rows), &self.std, owner.to_vec()))
    }

    /// One sentence for the user: what distances are measured in.
    pub fn sentence(&self) -> String {
        let text = format!(
            "Distances are Euclidean over {} observation dimensions, each divided by its standard deviation in the training part",
            self.dim()
        );
        if self.dropped.is_empty() {
            return text + ".";
        }
        let names: Vec<&str> = self.dropped.iter().map(|d| d.name.as_str()).collect();
        format!("{text}; constant there and left out: {}.", names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "results that are exact in binary")]

    use super::*;

    fn names(n: usize) -> Vec<String> {
        (0..n).map(|i| format!("x{i}")).collect()
    }

    #[test]
    fn constant_dimensions_are_dropped_and_named() {
        let rows = [1.0, 7.0, 0.1, 3.0, 7.0, 0.1, 5.0, 7.0, 0.1];
        let f = Features::fit(&rows, &names(3)).unwrap();
        assert_eq!(f.kept, vec![0]);
        assert_eq!(f.dropped.iter().map(|d| d.name.as_str()).collect::<Vec<_>>(), ["x1", "x2"]);
        assert!((f.dropped[1].value - 0.1).abs() < 1e-7);
        assert!(f.sentence().contains("x1, x2"), "{}", f.sentence());
        let z = f.transform(&rows);
        let (m, s) = stats::mean_std(&z, 1);
        assert!(m[0].abs() < 1e-6 && (s[0] - 1.0).abs() < 1e-6);
    }

    #[test]
    fn bad_references_are_refused_in_a_sentence() {
        assert!(Features::fit(&[], &names(2)).unwrap_err().to_string().contains("at least one whole row"));
        assert!(Features::fit(&[1.0, 2.0, 3.0], &names(2)).is_err());
        let nan = Features::fit(&[1.0, 2.0, 3.0, f32::NAN], &names(2)).unwrap_err().to_string();
        assert!(nan.contains("row 1") && nan.contains("'x1'"), "{nan}");
        assert!(Features::fit(&[1.0, 1.0], &names(1)).unwrap_err().to_string().contains("constant"));
    }

    #[test]
    fn rows_of_another_space_are_refused() {
        let f = Features::fit(&[1.0, 2.0, 3.0, 5.0], &names(2)).unwrap();
        assert!(f.points(&[1.0, 2.0, 3.0], &[0]).is_err());
        assert_eq!(f.points(&[1.0, 2.0], &[4]).unwrap().len(), 1);
    }
}
