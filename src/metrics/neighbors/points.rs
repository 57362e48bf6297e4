//! Points for a neighbour search.

use std::collections::HashMap;

/// Rows in two forms: standardised f32 for the search, unstandardised f32 with f64 spreads for the final distances.
#[derive(Debug, Clone, PartialEq)]
pub struct Points {
    dim: usize,
    raw: Vec<f32>,
    z: Vec<f32>,
    inv_std: Vec<f64>,
    owner: Vec<usize>,
}

impl Points {
    /// `raw` and its standardised form `z`, both [N, D]; `std` [D]; `owner` [N].
    pub(crate) fn new(raw: Vec<f32>, z: Vec<f32>, std: &[f64], owner: Vec<usize>) -> Self {
        debug_assert_eq!(raw.len(), owner.len() * std.len());
        debug_assert_eq!(raw.len(), z.len());
        Self { dim: std.len(), raw, z, inv_std: std.iter().map(|s| 1.0 / s).collect(), owner }
    }

    /// Points whose coordinates already have the unit that distances are wanted in.
    pub fn plain(rows: Vec<f32>, dim: usize) -> Self {
        let n = rows.len() / dim.max(1);
        Self::new(rows.clone(), rows, &vec![1.0; dim], vec![0; n])
    }

    /// The rows at `at`, in that order.
    pub fn pick(&self, at: &[usize]) -> Self {
        let rows = |v: &[f32]| at.iter().flat_map(|&i| v[i * self.dim..(i + 1) * self.dim].to_vec()).collect();
        Self {
            dim: self.dim,
            raw: rows(&self.raw),
            z: rows(&self.z),
            inv_std: self.inv_std.clone(),
            owner: at.iter().map(|&i| self.owner[i]).collect(),
        }
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
        self.owner[i]
    }

    /// Standardised coordinates of point `i`.
    pub fn z(&self, i: usize) -> &[f32] {
        &self.z[i * self.dim..(i + 1) * self.dim]
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
        let a = &self.raw[i * self.dim..(i + 1) * self.dim];
        let b = &other.raw[j * self.dim..(j + 1) * self.dim];
        a.iter().zip(b).zip(&self.inv_std).map(|((&a, &b), s)| {
            let gap = (f64::from(a) - f64::from(b)) * s;
            gap * gap
        })
    }

    /// True if every coordinate of point `i` is a finite number.
    pub fn is_finite(&self, i: usize) -> bool {
        self.raw[i * self.dim..(i + 1) * self.dim].iter().all(|v| v.is_finite())
    }

    /// Rows of ours in the episode that takes the most of them away from one of `queries`.
    pub(crate) fn largest_shared_episode(&self, queries: &Self) -> usize {
        let mut count: HashMap<usize, usize> = HashMap::new();
        for &o in &self.owner {
            *count.entry(o).or_default() += 1;
        }
        queries.owner.iter().filter_map(|o| count.get(o)).max().copied().unwrap_or(0)
    }
}
