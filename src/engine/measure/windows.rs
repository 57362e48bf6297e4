//! Stretches of held-out episodes that imagination is held against.

use rand::seq::IteratorRandom;

use crate::data::dataset::Dataset;
use crate::engine::spec::ImagineSpec;
use crate::ground::fault::Fault;
use crate::ground::seed::stream;
use crate::metrics::divergence::errors::nrmse;
use crate::metrics::report::{Level, Report};

/// An episode's index and a step of it.
pub type Start = (usize, usize);

/// Stretches of held-out episodes, all of `horizon` steps.
pub struct Windows {
    /// Steps H of each.
    pub horizon: usize,
    /// [S] where they begin.
    pub starts: Vec<Start>,
}

impl Windows {
    /// Draws starts without replacement among all steps that are followed by `horizon` finite ones. Where no episode is
    /// that long, the horizon is that of the longest.
    pub fn choose(data: &Dataset, heldout: &[usize], spec: &ImagineSpec) -> Self {
        let stretches: Vec<(usize, Vec<usize>)> = heldout.iter().map(|&e| (e, follows(data, e))).collect();
        let longest = stretches.iter().flat_map(|(_, n)| n.iter().copied()).max().unwrap_or(0);
        let horizon = spec.horizon.min(longest);
        if horizon == 0 {
            return Self { horizon, starts: Vec::new() };
        }
        let usable = |(e, n): &(usize, Vec<usize>)| {
            let e = *e;
            n.iter().enumerate().filter(|(_, n)| **n >= horizon).map(move |(t, _)| (e, t)).collect::<Vec<_>>()
        };
        let mut rng = stream(spec.seed, "starts", 0);
        let mut starts = stretches.iter().flat_map(usable).sample(&mut rng, spec.starts);
        starts.sort_unstable();
        Self { horizon, starts }
    }

    /// Starts one horizon after the other along every episode. Where no episode is that long, the horizon is that of the
    /// longest.
    pub fn tile(data: &Dataset, heldout: &[usize], horizon: usize) -> Self {
        let stretches: Vec<(usize, Vec<usize>)> = heldout.iter().map(|&e| (e, follows(data, e))).collect();
        let longest = stretches.iter().flat_map(|(_, n)| n.iter().copied()).max().unwrap_or(0);
        let horizon = horizon.min(longest);
        let mut starts = Vec::new();
        for (e, follows) in &stretches {
            let mut t = 0;
            while horizon > 0 && t < follows.len() {
                let usable = follows[t] >= horizon;
                if usable {
                    starts.push((*e, t));
                }
                t += if usable { horizon } else { 1 };
            }
        }
        Self { horizon, starts }
    }

    /// [S, D] observations that they begin with.
    pub fn start_rows(&self, data: &Dataset) -> Vec<f32> {
        self.starts.iter().flat_map(|&(e, t)| data.episode(e).obs_at(t)).copied().collect()
    }

    /// [S, H+1, D] what happened and [S, H, A] what was done.
    pub fn gather(&self, data: &Dataset) -> (Vec<f32>, Vec<f32>) {
        let (mut real, mut actions) = (Vec::new(), Vec::new());
        for &(e, t) in &self.starts {
            let e = data.episode(e);
            (t..=t + self.horizon).for_each(|t| real.extend_from_slice(e.obs_at(t)));
            (t..t + self.horizon).for_each(|t| actions.extend_from_slice(e.action_at(t)));
        }
        (real, actions)
    }

    /// The start that is drawn: the first of the named episode, or the one whose error at the end is largest.
    ///
    /// # Errors
    /// A sentence where the named episode is not there.
    pub fn traced(
        &self,
        data: &Dataset,
        spec: &ImagineSpec,
        real: &[f32],
        imagined: &[f32],
        std: &[f64],
    ) -> Result<Option<Start>, Fault> {
        if let Some(e) = spec.episode {
            if e >= data.num_episodes() {
                let n = data.num_episodes();
                return Err(Fault::bad(format!("there is no episode {e}: the dataset has {n}, counted from 0")));
            }
            return Ok(follows(data, e).iter().position(|&n| n >= self.horizon).map(|t| (e, t)));
        }
        let (d, rows) = (data.obs_dim(), self.horizon + 1);
        let error = |s: usize| {
            let last = (s * rows + self.horizon) * d..(s + 1) * rows * d;
            nrmse(&imagined[last.clone()], &real[last], std)
        };
        let worst = (0..self.starts.len()).max_by(|&a, &b| error(a).total_cmp(&error(b)));
        Ok(worst.map(|s| self.starts[s]))
    }

    /// Says where fewer or shorter ones were found than asked for.
    pub fn note(&self, report: &mut Report, spec: &ImagineSpec) {
        if self.horizon < spec.horizon {
            report.note(
                Level::Warn,
                format!(
                    "no held-out episode has {} usable steps in a row: the horizon is {}, that of the longest",
                    spec.horizon, self.horizon
                ),
            );
        }
        if self.starts.len() < spec.starts {
            let n = self.starts.len();
            report.note(Level::Info, format!("{n} starts are all that the held-out episodes have"));
        }
    }
}

/// For every step of an episode: how many steps from there on are usable (finite, and each leading to the next).
fn follows(data: &Dataset, episode: usize) -> Vec<usize> {
    let e = data.episode(episode);
    let finite = |row: &[f32]| row.iter().all(|v| v.is_finite());
    let mut n = vec![0; e.steps()];
    for t in (0..e.steps()).rev() {
        let leads = t + 1 < e.span.obs_rows && e.next_obs_at(t).is_some_and(|next| next == e.obs_at(t + 1));
        if leads && finite(e.obs_at(t)) && finite(e.action_at(t)) {
            n[t] = 1 + n.get(t + 1).copied().unwrap_or(0);
        }
    }
    n
}

#[cfg(test)]
mod tests;
