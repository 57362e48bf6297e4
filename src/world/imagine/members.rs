//! The rollouts of all members as one prediction.

use super::Rollouts;
use crate::ground::stats;

impl Rollouts {
    /// The mean over `elites` of every member's own rollouts, and the deviation over all of them.
    pub(super) fn of_members(all: Vec<Self>, elites: &[usize]) -> Self {
        let mean = |of: &dyn Fn(&Self) -> &[f32]| -> Vec<f32> {
            let one = |i: usize| stats::moments(elites.iter().map(|&e| f64::from(of(&all[e])[i]))).0;
            (0..of(&all[0]).len()).map(|i| one(i) as f32).collect()
        };
        let several = |of: fn(&Self) -> &Option<Vec<f32>>| {
            of(&all[0]).is_some().then(|| mean(&|rollouts| of(rollouts).as_deref().unwrap_or_default()))
        };
        let (starts, horizon, d) = (all[0].starts, all[0].horizon, all[0].obs_dim);
        let mut member_std = Vec::with_capacity(starts * horizon * d);
        for k in 0..starts {
            for h in 1..=horizon {
                let spread = |c: usize| stats::moments(all.iter().map(|own| f64::from(own.obs_at(k, h)[c]))).1.sqrt();
                member_std.extend((0..d).map(|c| spread(c) as f32));
            }
        }
        let row = |row: &[f32]| (row.iter().map(|v| f64::from(*v)).sum::<f64>() / d as f64) as f32;
        Self {
            starts,
            horizon,
            obs_dim: d,
            obs: mean(&|rollouts| &rollouts.obs),
            reward: several(|rollouts| &rollouts.reward),
            terminated: several(|rollouts| &rollouts.terminated),
            disagreement: member_std.chunks_exact(d).map(row).collect(),
            member_std,
            members: all.into_iter().map(|own| own.obs).collect(),
        }
    }
}
