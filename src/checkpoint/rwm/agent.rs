//! What a Robotic World Model's agent was configured with: the normalisers of states and actions, and how far it looks back.

use std::path::Path;

use serde_json::Value;

use crate::checkpoint::About;
use crate::checkpoint::hydra::Config;
use crate::checkpoint::layers;
use crate::checkpoint::sidecar::{Sidecar, Stated};
use crate::checkpoint::tensors::Tensors;
use crate::ground::fault::Fault;
use crate::world::net::normalizer::Normalizer;

/// Where runs of Isaac Lab keep it, beside the checkpoints.
const FILES: [&str; 2] = ["params/agent.yaml", "agent.yaml"];
/// Keys of the four parts of the scale.
const KEYS: [&str; 4] = [
    "imagination.state_normalizer.mean",
    "imagination.state_normalizer.std",
    "imagination.action_normalizer.mean",
    "imagination.action_normalizer.std",
];
/// What the library's normaliser adds to a deviation.
const EPS: f64 = 1e-8;
/// Longest history that is believed.
const LONGEST: usize = 10_000;

/// What oodscope.toml states, and the configuration where it does not.
pub(super) struct Agent {
    stated: Stated,
    file: Option<std::path::PathBuf>,
}

impl Agent {
    /// Of the run that keeps its checkpoints in `folder`.
    ///
    /// # Errors
    /// [`Fault`] naming the key whose value is not understood.
    pub fn read(folder: &Path, sidecar: &Sidecar) -> Result<Self, Fault> {
        let mut stated = sidecar.stated.clone();
        let Some(file) = FILES.iter().map(|name| folder.join(name)).find(|file| file.is_file()) else {
            return Ok(Self { stated, file: None });
        };
        let config = Config::read(&file)?;
        let [obs_mean, obs_std, action_mean, action_std] = KEYS.map(|key| list(&config, key));
        let slots = [
            (&mut stated.obs_mean, obs_mean?),
            (&mut stated.obs_std, obs_std?),
            (&mut stated.action_mean, action_mean?),
            (&mut stated.action_std, action_std?),
        ];
        for (slot, configured) in slots {
            *slot = slot.take().or(configured);
        }
        let history = config.count("system_dynamics.history_horizon")?;
        if history.is_some_and(|h| h == 0 || h > LONGEST) {
            return Err(config.error(format!(
                "system_dynamics.history_horizon is {}, a number from 1 to {LONGEST} is needed",
                history.unwrap_or_default()
            )));
        }
        stated.history = stated.history.or(history);
        Ok(Self { stated, file: Some(file) })
    }

    /// Columns of a state and its action where a window of them has `inputs` columns.
    pub fn window(&self, inputs: usize, tensors: &Tensors) -> Result<usize, Fault> {
        let steps = self.stated.history.ok_or_else(|| self.missing(None, tensors))?;
        if !inputs.is_multiple_of(steps) {
            return Err(tensors
                .error(format!("the base takes {inputs} columns, which are no window of {steps} states and actions")));
        }
        Ok(inputs / steps)
    }

    /// The scale of [state, action] and how many states are looked back at.
    pub fn scale(
        &self,
        (obs, action): (usize, usize),
        tensors: &Tensors,
        about: &mut About,
    ) -> Result<(Normalizer, usize), Fault> {
        let missing = || self.missing(Some((obs, action)), tensors);
        let parts = [&self.stated.obs_mean, &self.stated.obs_std, &self.stated.action_mean, &self.stated.action_std];
        let [Some(obs_mean), Some(obs_std), Some(action_mean), Some(action_std)] = parts else { return Err(missing()) };
        let context = self.stated.history.ok_or_else(missing)?;
        let lengths = [obs_mean.len(), obs_std.len(), action_mean.len(), action_std.len()];
        if lengths != [obs, obs, action, action] {
            let file = self.file.as_deref().unwrap_or(&tensors.path);
            return Err(Fault::at(
                file,
                format!(
                    "the normalisers have {lengths:?} numbers (mean and std of the state, of the action), {obs} and {action} are needed"
                ),
            ));
        }
        let mean = [&obs_mean[..], action_mean].concat();
        let std: Vec<f64> = obs_std.iter().chain(action_std).map(|s| s + EPS).collect();
        let scale = layers::normalizer(&mean, &std, obs + action, about).map_err(|e| tensors.error(e))?;
        Ok((scale, context))
    }

    /// What to do where something is in no file.
    fn missing(&self, widths: Option<(usize, usize)>, tensors: &Tensors) -> Fault {
        let numbers = |n: usize| format!(" ({n} numbers each)");
        let (of_obs, of_action) = widths.map_or_else(Default::default, |(d, a)| (numbers(d), numbers(a)));
        let lacks = match &self.file {
            Some(_) => format!("{} does not hold all of it", FILES[0]),
            None => format!("there is no {} beside the file; copy it there", FILES[0]),
        };
        tensors.error(format!(
            "the normaliser of a Robotic World Model stands in the configuration of its agent alone, and {lacks}, or write obs_mean and \
             obs_std{of_obs}, action_mean and action_std{of_action} and history (history_horizon of its system_dynamics) into \
             oodscope.toml beside it"
        ))
    }
}

/// The numbers under `key`, if it is there.
fn list(config: &Config, key: &str) -> Result<Option<Vec<f64>>, Fault> {
    let Some(value) = config.get(key)?.filter(|value| !value.is_null()) else { return Ok(None) };
    let numbers = value.as_array().and_then(|list| list.iter().map(Value::as_f64).collect::<Option<Vec<f64>>>());
    numbers.map(Some).ok_or_else(|| config.error(format!("{key} is no list of numbers")))
}
