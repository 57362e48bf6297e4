//! The plane of a map: what lies along its two axes, for any states.

use std::sync::Arc;

use rayon::prelude::*;

use super::feature_space::{FeatureRows, FeatureSpace};
use crate::data::dataset::Dataset;
use crate::ground::fault::Fault;
use crate::metrics::pca::Pca;
use crate::metrics::projection::Projection;
use crate::metrics::report::{Along, Axis};

/// Principal axes that are offered.
const PRINCIPAL: usize = 4;

/// Two axes, and what it takes to find the place of a state along them.
pub struct Plane {
    axes: [Along; 2],
    names: [String; 2],
    /// Columns of a row of the feature space.
    dim: usize,
    pca: Option<Pca>,
}

impl Plane {
    /// The plane of `axes`, the first two principal ones if none are named, for states of `space` whose training part is
    /// `train`.
    ///
    /// # Errors
    /// A sentence where an axis does not exist, or both are the same.
    pub fn resolve(
        axes: Option<(Along, Along)>,
        space: &FeatureSpace,
        train: &FeatureRows,
        data: &Dataset,
    ) -> Result<Self, Fault> {
        let (x, y) = axes.unwrap_or((Along::Principal(0), Along::Principal(1)));
        let dim = space.names().len();
        let known = offered(space, data);
        let name = |axis: Along| {
            let found = known.iter().find(|(known, _)| *known == axis).map(|(_, name)| name.clone());
            // Of a single dimension there is no second principal axis: it is shown as one without width.
            found.or_else(|| if let Along::Principal(i) = axis { Some(format!("PC{}", i + 1)) } else { None })
        };
        let missing = |axis: Along| {
            let what = match axis {
                Along::Dimension(i) => format!("dimension {i}"),
                Along::Action(i) => format!("column {i} of the action"),
                _ => "such axis".to_owned(),
            };
            Fault::bad(format!("this data has no {what}, which was to be an axis of the map: choose another by name"))
        };
        if x == y {
            return Err(Fault::bad("both axes of the map are the same: choose two"));
        }
        let names = [name(x).ok_or_else(|| missing(x))?, name(y).ok_or_else(|| missing(y))?];
        let is_principal = |axis: &Along| matches!(axis, Along::Principal(_));
        let pca = [x, y].iter().any(is_principal).then(|| Pca::fit(&train.rows, dim)).transpose()?;
        Ok(Self { axes: [x, y], names, dim, pca })
    }

    /// Their names.
    pub fn names(&self) -> &[String; 2] {
        &self.names
    }

    /// The axes as the map's report has them.
    pub fn axis(&self, i: usize) -> Axis {
        let unit = if matches!(self.axes[i], Along::Principal(_)) { "std" } else { "" };
        Axis::new(&self.names[i], unit)
    }

    /// The two dimensions of the feature space that they are, where they are.
    pub fn dims(&self) -> Option<(usize, usize)> {
        match self.axes {
            [Along::Dimension(x), Along::Dimension(y)] => Some((x, y)),
            _ => None,
        }
    }

    /// Share of the variance on the two axes where both are principal ones.
    pub fn share(&self) -> Option<f64> {
        let pca = self.pca.as_ref()?;
        let of = |axis: &Along| if let Along::Principal(i) = axis { pca.ratio.get(*i).copied() } else { None };
        Some(of(&self.axes[0])? + of(&self.axes[1])?)
    }

    /// How a whole state becomes a point of the plane, where it takes nothing else.
    pub fn onto(&self) -> Option<Arc<Projection>> {
        let onto = match (self.axes, &self.pca) {
            ([Along::Dimension(x), Along::Dimension(y)], _) => Projection::Columns(x, y),
            ([Along::Principal(0), Along::Principal(1)], Some(pca)) => Projection::Principal(pca.clone()),
            _ => return None,
        };
        Some(Arc::new(onto))
    }

    /// [N, 2] the places of states of `data`, whose rows in the feature space are `rows`.
    pub fn places(&self, data: &Dataset, rows: &FeatureRows) -> Vec<f32> {
        let columns = self.axes.map(|axis| self.column(axis, data, rows));
        columns[0].iter().zip(&columns[1]).flat_map(|(x, y)| [*x, *y]).collect()
    }

    fn column(&self, axis: Along, data: &Dataset, rows: &FeatureRows) -> Vec<f32> {
        let row = |i: usize| &rows.rows[i * self.dim..(i + 1) * self.dim];
        let n = rows.owner.len();
        let all = |value: &(dyn Fn(usize) -> f32 + Sync)| (0..n).into_par_iter().map(value).collect();
        match axis {
            Along::Dimension(d) => all(&|i| row(i)[d]),
            Along::Principal(p) => match self.pca.as_ref().filter(|pca| p < pca.components.len()) {
                Some(pca) => all(&|i| pca.project(row(i), p) as f32),
                None => vec![0.0; n],
            },
            Along::Action(a) => all(&|i| {
                let action = data.episode(rows.owner[i]).action_at(rows.step[i]);
                data.action_space.encode(action).get(a).copied().unwrap_or(f32::NAN)
            }),
            Along::Reward => all(&|i| data.episode(rows.owner[i]).rewards[rows.step[i]] as f32),
            Along::Return => {
                // Rows of an episode follow each other: its rewards are summed once.
                let mut out = Vec::with_capacity(n);
                let mut last = None;
                for &owner in &rows.owner {
                    let ret = match last {
                        Some((known, ret)) if known == owner => ret,
                        _ => data.episode(owner).ret() as f32,
                    };
                    last = Some((owner, ret));
                    out.push(ret);
                }
                out
            }
        }
    }
}

/// What can lie along an axis of a map of `space` over `data`, with names.
pub fn offered(space: &FeatureSpace, data: &Dataset) -> Vec<(Along, String)> {
    let names = space.names();
    let dimensions = names.iter().enumerate().map(|(i, name)| (Along::Dimension(i), name.clone()));
    let principal = (0..PRINCIPAL.min(names.len())).map(|i| (Along::Principal(i), format!("PC{}", i + 1)));
    let actions = data.action_space.encoded_names().into_iter().enumerate();
    // What the feature space holds already is offered once.
    let actions = actions.filter(|(_, name)| !names.contains(name)).map(|(i, name)| (Along::Action(i), name));
    let others = [(Along::Reward, "reward"), (Along::Return, "return")].map(|(axis, name)| (axis, name.to_owned()));
    dimensions.chain(actions).chain(others).chain(principal).collect()
}

#[cfg(test)]
mod tests;
