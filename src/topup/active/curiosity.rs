//! What the agent is paid for beside the task: what is new.

use std::sync::Arc;

use super::Active;
use super::options::Newness;
use crate::agent::learner::Curiosity;
use crate::ground::fault::Fault;
use crate::ground::stats;
use crate::ground::task::Ctx;
use crate::metrics::neighbors::points::Points;
use crate::metrics::neighbors::{self, Exclude};

/// The neighbour whose distance says how new a state is.
const NEIGHBOR: usize = 5;

impl Active<'_> {
    /// How far an observation is from all that were seen, where that is asked for.
    pub(super) fn curiosity(&self, explore: f64, cx: &Ctx) -> Result<Option<Curiosity>, Fault> {
        let rows = self.replay.rows();
        if explore <= 0.0 || self.options.explore_by == Newness::Disagreement || rows.len() <= NEIGHBOR {
            return Ok(None);
        }
        let (d, (mean, std)) = (rows.obs_dim, stats::column_mean_std(&rows.next_obs, rows.obs_dim));
        let std: Vec<f64> = std.into_iter().map(|s| if s > 1e-8 { s } else { 1.0 }).collect();
        let index = neighbors::index(Points::new(rows.next_obs.clone(), &mean, &std, &rows.episode), cx)?;
        Ok(Some(Arc::new(move |obs: &[f32]| {
            let queries = Points::new(obs.to_vec(), &mean, &std, &vec![0; obs.len() / d]);
            let found = index.knn(&queries, NEIGHBOR, Exclude::Nothing, &Ctx::quiet());
            found.map_or_else(|_| vec![0.0; obs.len() / d], |k| k.kth(NEIGHBOR).into_iter().map(|v| v as f32).collect())
        })))
    }

    /// Share of the reward that is for what is new now: all that was asked for until more was seen than random actions give, less
    /// and less from then on.
    pub(super) fn exploration(&self) -> f64 {
        if !self.options.explore_fades {
            return self.options.explore;
        }
        let left = 1.0 - self.history.acted as f64 / self.options.steps as f64;
        self.options.explore * if self.history.is_lost() { 1.0 } else { left.max(0.0) }
    }
}
