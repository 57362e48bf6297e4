//! Points for a neighbour search.

use std::collections::HashMap;

/// Rows as they are in the file, with what makes distances of them: a centre and a spread for each dimension.
#[derive(Debug, Clone, PartialEq)]
pub struct Points {
    dim: usize,
    raw: Vec<f32>,
    mean: Vec<f64>,
    inv_std: Vec<f64>,
    owner: Vec<u32>,
}

impl Points {
    /// `raw` [N, D]; `mean` and `std` [D]; `owner` [N], of which the lower 32 bits tell episodes apart.
    pub(crate) fn new(raw: Vec<f32>, mean: &[f64], std: &[f64], owner: &[usize]) -> Self {
        debug_assert_eq!(raw.len(), owner.len() * std.len());
        let inv_std = std.iter().map(|s| 1.0 / s).collect();
        Self { dim: std.len(), raw, mean: mean.to_vec(), inv_std, owner: owner.iter().map(|&o| o as u32).collect() }
    }

    /// Points whose coordinates already have the unit that distances are wanted in.
    pub fn plain(rows: Vec<f32>, dim: usize) -> Self {
        let n = rows.len() / dim.max(1);
        Self::new(rows, &vec![0.0; dim], &vec![1.0; dim], &vec![0; n])
    }

    /// [`Points::plain`] with the episode of each row.
    pub fn grouped(rows: Vec<f32>, dim: usize, owner: &[usize]) -> Self {
        Self::new(rows, &vec![0.0; dim], &vec![1.0; dim], owner)
    }

    /// The rows at `at`, in that order.
    pub fn pick(&self, at: &[usize]) -> Self {
        Self {
            raw: at.iter().flat_map(|&i| self.raw(i)).copied().collect(),
            owner: at.iter().map(|&i| self.owner[i]).collect(),
            mean: self.mean.clone(),
            inv_std: self.inv_std.clone(),
            ..*self
        }
    }

    /// Adds the rows of `more` behind ours; they count in our spreads.
    pub(crate) fn extend(&mut self, more: &Self) {
        self.raw.extend_from_slice(&more.raw);
        self.owner.extend_from_slice(&more.owner);
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.owner.len()
    }

    /// True where there are none.
    pub fn is_empty(&self) -> bool {
        self.owner.is_empty()
    }

    /// Dimensions.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Episode of point `i`.
    pub fn owner(&self, i: usize) -> usize {
        self.owner[i] as usize
    }

    /// Unstandardised coordinates of all points, [N, D].
    pub(crate) fn rows(&self) -> &[f32] {
        &self.raw
    }

    /// Unstandardised coordinates of point `i`.
    pub(crate) fn raw(&self, i: usize) -> &[f32] {
        &self.raw[i * self.dim..(i + 1) * self.dim]
    }

    /// One over the spread of each dimension.
    pub(crate) fn inv_std(&self) -> &[f64] {
        &self.inv_std
    }

    /// Standardised coordinates of row `row` of any points, in our centre and spread.
    pub(crate) fn standardise<'a>(&'a self, row: &'a [f32]) -> impl Iterator<Item = f64> + 'a {
        row.iter().zip(&self.mean).zip(&self.inv_std).map(|((&v, m), s)| (f64::from(v) - m) * s)
    }

    /// A size of unstandardised coordinates that none of standardised size `limit` or more has.
    pub(crate) fn reach(&self, limit: f64) -> f32 {
        let each = self.mean.iter().zip(&self.inv_std).map(|(m, s)| limit / s - m.abs());
        // Rounding takes away much less.
        (each.fold(f64::INFINITY, f64::min) * 0.999) as f32
    }

    /// Dimension `d` of every point in standard deviations (not centred).
    pub fn column(&self, d: usize) -> Vec<f64> {
        self.raw.iter().skip(d).step_by(self.dim).map(|&v| f64::from(v) * self.inv_std[d]).collect()
    }

    /// Squared distance of our point `i` from `other`'s point `j`, in our standard deviations, in f64.
    pub fn squared(&self, i: usize, other: &Self, j: usize) -> f64 {
        self.contributions(i, other, j).sum()
    }

    /// Each dimension's part of [`Points::squared`].
    pub fn contributions<'a>(&'a self, i: usize, other: &'a Self, j: usize) -> impl Iterator<Item = f64> + 'a {
        self.raw(i).iter().zip(other.raw(j)).zip(&self.inv_std).map(|((&a, &b), s)| {
            let gap = (f64::from(a) - f64::from(b)) * s;
            gap * gap
        })
    }

    /// True if every coordinate of point `i` is a finite number.
    pub fn is_finite(&self, i: usize) -> bool {
        self.raw(i).iter().all(|v| v.is_finite())
    }

    /// Rows of ours in the episode that takes the most of them away from one of `queries`.
    pub(crate) fn largest_shared_episode(&self, queries: &Self) -> usize {
        let mut count: HashMap<u32, usize> = HashMap::new();
        for &o in &self.owner {
            *count.entry(o).or_default() += 1;
        }
        queries.owner.iter().filter_map(|o| count.get(o)).max().copied().unwrap_or(0)
    }
}
