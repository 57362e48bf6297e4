//! Stretches of trajectories in the units of a recurrent model, and what its one-step prediction is worth on them.

use super::symlog;
use crate::data::episode::TransitionBatch;
use crate::ground::task::{Cancelled, Ctx};
use crate::world::imagine;
use crate::world::net::normalizer::Normalizer;
use crate::world::world_model::WorldModel;

/// Transitions that training draws stretches from.
pub struct Table<'d> {
    batch: &'d TransitionBatch,
    steps: usize,
    /// First rows of the stretches that are whole.
    begins: Vec<usize>,
    /// For every row the stretch that stands for it.
    of_row: Vec<usize>,
    obs: Vec<f32>,
    next: Vec<f32>,
    actions: Vec<f32>,
    dims: (usize, usize),
}

/// B stretches of L steps, step by step: [L + 1, B, D] observations, [L, B, A] actions, [L, B] the rest; the model's units.
pub struct Stretches {
    /// Stretches B.
    pub rows: usize,
    /// Steps L.
    pub steps: usize,
    /// [B] the transition that each begins with.
    pub begins: Vec<usize>,
    /// Scaled and compressed by [`symlog`].
    pub obs: Vec<f32>,
    /// As the model takes them.
    pub actions: Vec<f32>,
    /// Compressed by [`symlog`].
    pub rewards: Vec<f32>,
    /// 0 where the episode terminated.
    pub goes_on: Vec<f32>,
}

impl<'d> Table<'d> {
    /// Stretches of `steps` transitions that follow on each other; of fewer where no episode is so long. Observations are scaled by
    /// `scale`, actions have `a` columns.
    ///
    /// # Errors
    /// A sentence where none is as long as two steps.
    pub fn new(scale: &Normalizer, a: usize, batch: &'d TransitionBatch, steps: usize) -> Result<Self, String> {
        let runs = batch.runs();
        let longest = runs.iter().map(ExactSizeIterator::len).max().unwrap_or(0);
        let steps = steps.min(longest);
        if steps < 2 {
            return Err("a recurrent world model needs episodes of two transitions at least".into());
        }
        let (mut begins, mut of_row) = (Vec::new(), vec![0; batch.len()]);
        for run in runs.iter().filter(|run| run.len() >= steps) {
            for row in run.clone() {
                // The last rows of an episode are in its last stretch.
                let begin = row.min(run.end - steps);
                if begins.last() != Some(&begin) {
                    begins.push(begin);
                }
                of_row[row] = begins.len() - 1;
            }
        }
        // A row of an episode that is too short stands for the next stretch there is.
        let long: Vec<bool> = {
            let mut long = vec![false; batch.len()];
            runs.iter().filter(|run| run.len() >= steps).for_each(|run| long[run.clone()].fill(true));
            long
        };
        for row in (0..batch.len()).filter(|row| !long[*row]) {
            of_row[row] = begins.partition_point(|begin| *begin < row) % begins.len();
        }
        let d = batch.obs_dim;
        let small = |values: &[f32]| -> Vec<f32> {
            values.iter().enumerate().map(|(i, v)| symlog((v - scale.mean[i % d]) / scale.std[i % d])).collect()
        };
        let actions = batch.actions(0..batch.len()).columns(a).into_owned();
        Ok(Self {
            batch,
            steps,
            begins,
            of_row,
            obs: small(&batch.obs),
            next: small(&batch.next_obs),
            actions,
            dims: (d, a),
        })
    }

    /// The stretches that stand for `rows`.
    pub fn gather(&self, rows: &[usize]) -> Stretches {
        let (d, a) = self.dims;
        let begins: Vec<usize> = rows.iter().map(|row| self.begins[self.of_row[*row]]).collect();
        let mut out = Stretches {
            rows: rows.len(),
            steps: self.steps,
            begins: begins.clone(),
            obs: Vec::new(),
            actions: Vec::new(),
            rewards: Vec::new(),
            goes_on: Vec::new(),
        };
        for t in 0..=self.steps {
            for begin in &begins {
                let (from, row) = if t < self.steps { (&self.obs, begin + t) } else { (&self.next, begin + t - 1) };
                out.obs.extend_from_slice(&from[row * d..(row + 1) * d]);
                if t < self.steps {
                    out.actions.extend_from_slice(&self.actions[row * a..(row + 1) * a]);
                    out.rewards.push(symlog(self.batch.reward[row]));
                    out.goes_on.push(f32::from(u8::from(!self.batch.terminated[row])));
                }
            }
        }
        out
    }

    /// Squared error of the next observation one step ahead, mean over rows and dimensions, in units of `std` [D].
    ///
    /// # Errors
    /// [`Cancelled`].
    pub fn one_step_error(&self, model: &dyn WorldModel, std: &[f32], cx: &Ctx) -> Result<f64, Cancelled> {
        let said = imagine::one_step(model, self.batch, cx)?;
        let d = self.batch.obs_dim;
        let (mut sum, mut n) = (0.0, 0usize);
        for (i, row) in said.rows.iter().enumerate() {
            let pairs = said.next_obs[i * d..(i + 1) * d].iter().zip(self.batch.next_obs_at(*row));
            for ((predicted, real), std) in pairs.zip(std) {
                sum += f64::from((predicted - real) / std).powi(2);
                n += 1;
            }
        }
        Ok(sum / n.max(1) as f64)
    }
}
