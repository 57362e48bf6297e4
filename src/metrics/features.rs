//! Standardised features: what distances are measured in.
//!
//! Mean and population standard deviation come from the reference's training part; a dimension that does not move there
//! says nothing about distance and is dropped, with its name. On request the standardised rows are turned onto the leading
//! principal axes ([`Rotation`]), and distances are Euclidean there.

mod duplicate;
mod rotation;

use crate::ground::fault::Fault;
pub use duplicate::Duplicate;
pub use rotation::Rotation;

use super::neighbors::points::Points;
use crate::ground::{duplicates, stats};

/// A dimension that was left out because it is constant in the reference.
#[derive(Debug, Clone, PartialEq)]
pub struct Dropped {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: f64,
}

/// Which feature space rows are in, in words, and how much of its variance is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice<'a> {
    /// What the dimensions are ("observation dimensions").
    pub what: &'a str,
    /// Share of the variance that the leading principal axes are to carry; nothing keeps every dimension as it is.
    pub variance: Option<f64>,
    /// Dimensions that are another one over again ([`duplicates`]) are kept, so that distances count both.
    pub keep_duplicates: bool,
}

impl Default for Choice<'_> {
    fn default() -> Self {
        Self { what: "observation dimensions", variance: None, keep_duplicates: false }
    }
}

/// A standardisation learned from a reference.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// What the dimensions are ("observation dimensions").
    pub what: String,
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
    /// Constant columns, left out.
    pub dropped: Vec<Dropped>,
    /// Columns that are another one over again, left out.
    pub duplicates: Vec<Duplicate>,
    /// The axes that the standardised rows are turned onto, where that was asked for.
    pub rotation: Option<Rotation>,
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
    /// Learns mean and spread of the reference rows [N, `names.len()`] of observations.
    ///
    /// # Errors
    /// If there is no row, a number is not finite, or every dimension is constant.
    pub fn fit(rows: &[f32], names: &[String]) -> Result<Self, Fault> {
        Self::fit_in(rows, names, Choice::default())
    }

    /// [`Features::fit`] of rows of any feature space, reduced to a share of the variance where `choice` asks for it.
    ///
    /// # Errors
    /// As [`Features::fit`] and [`Features::reduce`].
    pub fn fit_in(rows: &[f32], names: &[String], choice: Choice<'_>) -> Result<Self, Fault> {
        let features = Self::standardise(rows, names, choice)?;
        match choice.variance {
            Some(share) => features.reduce(rows, share),
            None => Ok(features),
        }
    }

    /// Distances over the leading principal axes of the standardised reference `rows` [N, `dim_in`] alone: the fewest
    /// that carry more than `share` of its variance.
    ///
    /// # Errors
    /// As [`Rotation::fit`].
    pub fn reduce(self, rows: &[f32], share: f64) -> Result<Self, Fault> {
        let kept = self.columns(rows);
        let rotation = Rotation::fit(&kept, self.kept.len(), share)?;
        Ok(Self { rotation: Some(rotation), ..self })
    }

    fn standardise(rows: &[f32], names: &[String], choice: Choice<'_>) -> Result<Self, Fault> {
        let (d, what) = (names.len(), choice.what);
        if d == 0 || rows.is_empty() || !rows.len().is_multiple_of(d) {
            return Err(Fault::failed(format!(
                "the reference has {} values for rows of {d}: coverage needs at least one whole row of {what}",
                rows.len()
            )));
        }
        if let Some(i) = rows.iter().position(|v| !v.is_finite()) {
            return Err(Fault::failed(format!(
                "row {} of the reference is not finite in '{}': leave such rows out",
                i / d,
                names[i % d]
            )));
        }
        let (mean, std) = stats::column_mean_std(rows, d);
        let mut features = Self {
            what: what.into(),
            dim_in: d,
            kept: vec![],
            names: vec![],
            mean: vec![],
            std: vec![],
            dropped: vec![],
            duplicates: vec![],
            rotation: None,
        };
        let live = moving(&std, rows);
        let twice = if choice.keep_duplicates { vec![] } else { duplicates::columns(rows, &mean, &live) };
        for c in 0..d {
            if let Some(&(column, of)) = twice.iter().find(|pair| pair.0 == c) {
                let a = std[column] / std[of];
                let (name, original) = (names[column].clone(), names[of].clone());
                features.duplicates.push(Duplicate {
                    name,
                    column,
                    of,
                    original,
                    line: (a, mean[column] - a * mean[of]),
                });
            } else if live[c] <= 0.0 {
                features.dropped.push(Dropped { name: names[c].clone(), value: mean[c] });
            } else {
                features.kept.push(c);
                features.names.push(names[c].clone());
                features.mean.push(mean[c]);
                features.std.push(std[c]);
            }
        }
        if features.kept.is_empty() {
            return Err(Fault::failed(format!("all {d} {what} are constant in the training part: nothing to cover")));
        }
        Ok(features)
    }

    /// Dimensions that distances are measured over: the kept ones, or the axes that they are turned onto.
    pub fn dim(&self) -> usize {
        self.rotation.as_ref().map_or(self.kept.len(), |r| r.axes.len())
    }

    /// The kept columns of rows [N, `dim_in`].
    fn columns(&self, rows: &[f32]) -> Vec<f32> {
        rows.chunks_exact(self.dim_in).flat_map(|row| self.kept.iter().map(|&c| row[c])).collect()
    }

    /// (x - mean) / std of the kept columns, turned onto the axes if there are any: [N, `dim_in`] to [N, `dim`].
    pub fn transform(&self, rows: &[f32]) -> Vec<f32> {
        let mut out = Vec::with_capacity(rows.len() / self.dim_in * self.dim());
        let mut z = vec![0.0; self.kept.len()];
        for row in rows.chunks_exact(self.dim_in) {
            for (i, &c) in self.kept.iter().enumerate() {
                z[i] = (f64::from(row[c]) - self.mean[i]) / self.std[i];
            }
            match &self.rotation {
                None => out.extend(z.iter().map(|&z| z as f32)),
                Some(rotation) => out.extend(rotation.forward(&z).map(|v| v as f32)),
            }
        }
        out
    }

    /// Writes a raw row [`dim_in`] as standard deviations from the mean, one of every kept dimension, unrotated.
    pub fn in_spreads(&self, row: &[f32], out: &mut [f64]) {
        for (d, slot) in out.iter_mut().enumerate() {
            *slot = (f64::from(row[self.kept[d]]) - self.mean[d]) / self.std[d];
        }
    }

    /// Rows ready for a neighbour search: standardised for the search, unstandardised for the final distances; turned
    /// rows are both.
    ///
    /// # Errors
    /// If the rows are not of this reference's width.
    pub fn points(&self, rows: &[f32], owner: &[usize]) -> Result<Points, Fault> {
        if rows.len() != owner.len() * self.dim_in {
            return Err(Fault::failed(format!(
                "{} values do not make {} rows of {} dimensions: these states are of another observation space",
                rows.len(),
                owner.len(),
                self.dim_in
            )));
        }
        if self.rotation.is_none() {
            return Ok(Points::new(self.columns(rows), &self.mean, &self.std, owner));
        }
        let d = self.dim();
        Ok(Points::new(self.transform(rows), &vec![0.0; d], &vec![1.0; d], owner))
    }

    /// Each kept dimension's part of the squared distance between point `i` of `a` and point `j` of `b`, both of
    /// [`Features::points`]: [`names.len()`]. Along principal axes it is turned back onto the dimensions.
    pub fn contributions(&self, a: &Points, i: usize, b: &Points, j: usize) -> Vec<f64> {
        let (a, b) = (a.pick(&[i]), b.pick(&[j]));
        let column = |p: &Points, d: usize| p.column(d).first().copied().unwrap_or(f64::NAN);
        let gap: Vec<f64> = (0..self.dim()).map(|d| column(&a, d) - column(&b, d)).collect();
        let gap = match &self.rotation {
            None => gap,
            Some(rotation) => rotation.back(&gap),
        };
        gap.into_iter().map(|g| g * g).collect()
    }

    /// One sentence for the user: what distances are measured in.
    pub fn sentence(&self) -> String {
        let (n, what) = (self.kept.len(), &self.what);
        let text = match &self.rotation {
            None => format!(
                "Distances are Euclidean over {n} {what}, each divided by its standard deviation in the training part"
            ),
            Some(r) => format!(
                "Distances are Euclidean over {} principal axes of {n} {what}, which carry {:.1} % of their variance (asked \
                 for: {} %), each dimension divided by its standard deviation in the training part",
                r.axes.len(),
                100.0 * r.carried,
                100.0 * r.asked
            ),
        };
        let mut text = text;
        if !self.dropped.is_empty() {
            let names: Vec<&str> = self.dropped.iter().map(|d| d.name.as_str()).collect();
            text = format!("{text}; constant there and left out: {}", names.join(", "));
        }
        if !self.duplicates.is_empty() {
            let pairs: Vec<String> = self.duplicates.iter().map(|d| format!("{} ({})", d.name, d.original)).collect();
            text = format!(
                "{text}; counted once, since another dimension (in brackets) says the same: {}, which --keep-duplicates counts twice",
                pairs.join(", ")
            );
        }
        text + "."
    }
}

#[cfg(test)]
mod tests;
