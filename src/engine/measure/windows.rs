//! Stretches of held-out episodes that imagination is held against.

use rand::seq::IteratorRandom;

use crate::data::dataset::Dataset;
use crate::data::sequence::SequenceBatch;
use crate::data::space::Actions;
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
    /// Observations that the model sees at each start, the present one included.
    pub context: usize,
    /// [S] where they begin.
    pub starts: Vec<Start>,
}

impl Windows {
    /// Draws starts without replacement among all steps that are followed by `horizon` finite ones. Where no episode is
    /// that long, the horizon is that of the longest.
    pub fn choose(data: &Dataset, heldout: &[usize], spec: &ImagineSpec, context: usize) -> Self {
        let stretches = stretches(data, heldout, context);
        let longest = stretches.iter().flat_map(|(_, n)| n.iter().copied()).max().unwrap_or(0);
        let horizon = spec.horizon.min(longest);
        if horizon == 0 {
            return Self { horizon, context, starts: Vec::new() };
        }
        let usable = |(e, n): &(usize, Vec<usize>)| {
            let e = *e;
            n.iter().enumerate().filter(|(_, n)| **n >= horizon).map(move |(t, _)| (e, t)).collect::<Vec<_>>()
        };
        let mut rng = stream(spec.seed, "starts", 0);
        let mut starts = stretches.iter().flat_map(usable).sample(&mut rng, spec.starts);
        starts.sort_unstable();
        Self { horizon, context, starts }
    }

    /// Starts one horizon after the other along every episode. Where no episode is that long, the horizon is that of the
    /// longest.
    pub fn tile(data: &Dataset, heldout: &[usize], horizon: usize, context: usize) -> Self {
        let stretches = stretches(data, heldout, context);
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
        Self { horizon, context, starts }
    }

    /// [S, D] observations that they begin with.
    pub fn start_rows(&self, data: &Dataset) -> Vec<f32> {
        self.starts.iter().flat_map(|&(e, t)| data.episode(e).obs_at(t)).copied().collect()
    }

    /// What the model sees at every start.
    pub fn pasts<'d>(&self, data: &'d Dataset) -> SequenceBatch<'d> {
        let back = self.context.saturating_sub(1);
        let (mut obs, mut actions) = (Vec::new(), Vec::new());
        for &(e, t) in &self.starts {
            let e = data.episode(e);
            (t - back..=t).for_each(|t| obs.extend_from_slice(e.obs_at(t)));
            (t - back..t).for_each(|t| actions.extend_from_slice(e.action_at(t)));
        }
        SequenceBatch {
            rows: self.starts.len(),
            steps: back,
            obs_dim: data.obs_dim(),
            obs: obs.into(),
            actions: Actions::new(&data.action_space, actions),
        }
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
            return Ok(known(data, e, self.context).iter().position(|&n| n >= self.horizon).map(|t| (e, t)));
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

/// [`known`] of every episode.
fn stretches(data: &Dataset, episodes: &[usize], context: usize) -> Vec<(usize, Vec<usize>)> {
    episodes.iter().map(|&e| (e, known(data, e, context))).collect()
}

/// [`follows`], and 0 where fewer than `context` observations lie behind in a row.
fn known(data: &Dataset, episode: usize, context: usize) -> Vec<usize> {
    let follows = follows(data, episode);
    let back = context.saturating_sub(1);
    let enough = |t: usize| t >= back && (t - back..t).all(|t| follows[t] > 0);
    (0..follows.len()).map(|t| if enough(t) { follows[t] } else { 0 }).collect()
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
