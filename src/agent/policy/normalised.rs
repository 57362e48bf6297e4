//! Observations in the units of running statistics.

use std::any::Any;

use super::{Acting, Policy, PolicyState};
use crate::data::space::{Actions, Space};
use crate::ground::seed::Stream;

/// Running statistics of observations: `clip((obs - mean) / std, -clip, clip)`, in double precision as the libraries do it.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    /// [columns].
    pub mean: Vec<f64>,
    /// [columns]; none zero.
    pub std: Vec<f64>,
    /// Largest magnitude that comes out, where there is one.
    pub clip: Option<f64>,
}

impl Statistics {
    /// Rows [N, columns] in their units.
    pub fn apply(&self, rows: &[f32]) -> Vec<f32> {
        let most = self.clip.unwrap_or(f64::INFINITY);
        let columns = self.mean.iter().zip(&self.std).cycle();
        rows.iter().zip(columns).map(|(v, (m, s))| ((f64::from(*v) - m) / s).clamp(-most, most) as f32).collect()
    }
}

/// A policy that sees observations in the units of statistics.
#[derive(Debug, Clone)]
pub struct Normalised {
    statistics: Statistics,
    inner: Box<dyn Policy>,
}

impl Normalised {
    /// `inner` behind `statistics`.
    ///
    /// # Errors
    /// A sentence where their columns are not those that `inner` acts on, or a number of them is none to divide by.
    pub fn new(statistics: Statistics, inner: Box<dyn Policy>) -> Result<Self, String> {
        let columns = statistics.mean.len();
        if statistics.std.len() != columns || inner.features().is_some_and(|f| f != columns) {
            return Err(format!(
                "statistics of {columns} columns do not fit a policy of {} observation columns",
                inner.features().unwrap_or_default()
            ));
        }
        let clip = statistics.clip.unwrap_or(1.0);
        if !statistics.mean.iter().all(|m| m.is_finite())
            || !statistics.std.iter().all(|s| s.is_finite() && *s > 0.0)
            || clip.is_nan()
            || clip <= 0.0
        {
            return Err("statistics whose means, deviations or clip are no numbers above 0".into());
        }
        Ok(Self { statistics, inner })
    }

    /// The policy that `policy` is, if it is one of these.
    pub fn known(policy: &dyn Policy) -> Option<&Self> {
        policy.as_any().downcast_ref()
    }

    /// The statistics.
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// What acts behind them.
    pub fn inner(&self) -> &dyn Policy {
        &*self.inner
    }
}

impl Policy for Normalised {
    fn kind(&self) -> &'static str {
        "normalised"
    }

    fn features(&self) -> Option<usize> {
        Some(self.statistics.mean.len())
    }

    fn action_space(&self) -> &Space {
        self.inner.action_space()
    }

    fn begin(&self, rng: Stream) -> PolicyState {
        self.inner.begin(rng)
    }

    fn act(&self, features: &[f32], states: &mut [PolicyState], acting: Acting) -> Actions<'_> {
        self.inner.act(&self.statistics.apply(features), states, acting)
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }

    fn same(&self, other: &dyn Policy) -> bool {
        Self::known(other).is_some_and(|o| o.statistics == self.statistics && o.inner.same(&*self.inner))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_scaled_and_clipped() {
        let statistics = Statistics { mean: vec![1.0, 0.0], std: vec![2.0, 0.5], clip: Some(3.0) };
        assert_eq!(statistics.apply(&[3.0, 1.0, -99.0, 0.0]), [1.0, 2.0, -3.0, 0.0]);
        let open = Statistics { clip: None, ..statistics };
        assert_eq!(open.apply(&[-99.0, 0.0]), [-50.0, 0.0]);
    }
}
