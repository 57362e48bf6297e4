//! What an imagined step is worth to a learner: the task's reward, less what is taken off for doubt, beside what is paid for new
//! states.

use super::Curiosity;
use crate::world::imagine;
use crate::world::world_model::{ImaginedStep, WorldModel};

/// What is paid for.
pub struct Pay<'a> {
    /// Weight of the model's uncertainty, taken off the reward (MOPO's λ).
    pub penalty: f32,
    /// Share of the reward that is for what is new.
    pub explore: f32,
    /// How new an imagined observation is; the members' disagreement about it where nobody says.
    pub curiosity: Option<&'a Curiosity>,
    /// Factor on rewards inside the critics; newness is brought to a deviation of 1 there.
    pub reward_scale: f32,
}

/// How new the observations were that were paid for.
#[derive(Debug, Clone, Default)]
pub struct Unfamiliar {
    count: f64,
    mean: f64,
    /// Summed squared deviation.
    squares: f64,
}

impl Pay<'_> {
    /// [B] the pay of `step`, which led to the observations `obs` [B, D].
    pub fn of(
        &self,
        model: &dyn WorldModel,
        step: &ImaginedStep,
        obs: &[f32],
        unfamiliar: &mut Unfamiliar,
    ) -> Vec<f32> {
        let doubt = (self.penalty > 0.0).then(|| imagine::mopo_penalty(&step.prediction)).flatten();
        let bonus = (self.explore > 0.0).then(|| {
            let all = match self.curiosity {
                Some(curiosity) => curiosity(obs),
                None => imagine::disagreement(model, &step.prediction),
            };
            unfamiliar.bonus(all, self.reward_scale)
        });
        let of = |i: usize| {
            let own = step.reward.as_ref().map_or(0.0, |r| r[i]);
            let task = own - doubt.as_ref().map_or(0.0, |u| self.penalty * u[i]);
            let mixed = |b: &Vec<f32>| (1.0 - self.explore) * task + self.explore * b[i];
            bonus.as_ref().map_or(task, mixed)
        };
        (0..step.prediction.rows).map(of).collect()
    }
}

impl Unfamiliar {
    /// [B] how new observations are in units of the running deviation, in such units of reward that a factor `reward_scale`
    /// makes it that (Sekar et al. 2020).
    fn bonus(&mut self, new: Vec<f32>, reward_scale: f32) -> Vec<f32> {
        for v in new.iter().map(|v| f64::from(*v)).filter(|v| v.is_finite()) {
            self.count += 1.0;
            let off = v - self.mean;
            self.mean += off / self.count;
            self.squares += off * (v - self.mean);
        }
        let unit = (self.squares / self.count.max(1.0)).sqrt().max(1e-8) as f32 * reward_scale;
        new.into_iter().map(|v| v / unit).collect()
    }
}
