//! What stands beside the weights of other libraries: `model.json`, and Hydra's `.hydra/config.yaml`.

use std::path::Path;

use serde::Deserialize;

use super::tensors::{Tensors, read_bounded};
use super::{About, CurvePoint};
use crate::ground::fault::Fault;
use crate::world::net::mlp::Activation;

/// Longest description that is read.
const MAX_TEXT: u64 = 1 << 20;

/// What the files beside the weights say; everything may be missing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Sidecar {
    /// Name of the non-linearity.
    pub activation: Option<String>,
    obs_dim: Option<usize>,
    act_dim: Option<usize>,
    learned_rewards: Option<bool>,
    val_mse_curve: Vec<Option<f64>>,
    val_nmse_curve: Vec<Option<f64>>,
    spec: Spec,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Spec {
    dataset: Option<String>,
    env_id: Option<String>,
    seed: Option<u64>,
}

/// Columns of a dynamics model's inputs and targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dims {
    /// Columns of an observation.
    pub obs: usize,
    /// Columns of an action.
    pub action: usize,
    /// The last target is the reward.
    pub learned_reward: bool,
}

impl Sidecar {
    /// Reads what is in `folder`.
    ///
    /// # Errors
    /// [`Fault`] if a `model.json` is there and cannot be read.
    pub fn read(folder: &Path) -> Result<Self, Fault> {
        let json = folder.join("model.json");
        let mut sidecar = Self::default();
        if json.is_file() {
            let bytes = read_bounded(&json, MAX_TEXT)?;
            sidecar = serde_json::from_slice(&bytes)
                .map_err(|e| Fault::at(&json, format!("not a description of a model: {e}; correct or remove it")))?;
        }
        let hydra = folder.join(".hydra/config.yaml");
        if hydra.is_file() {
            let text = String::from_utf8_lossy(&read_bounded(&hydra, MAX_TEXT)?).into_owned();
            sidecar.activation = value_after(&text, "activation_fn_cfg:", "_target_:").or(sidecar.activation);
            sidecar.learned_rewards =
                value_after(&text, "", "learned_rewards:").and_then(|v| v.parse().ok()).or(sidecar.learned_rewards);
        }
        Ok(sidecar)
    }

    /// The activation that is named, or `default` and a note about it.
    ///
    /// # Errors
    /// Names an activation that oodscope does not know.
    pub fn activation(&self, default: Activation, library: &str, about: &mut About) -> Result<Activation, String> {
        if let Some(name) = &self.activation {
            return Activation::parse(name)
                .ok_or_else(|| format!("the activation '{name}' is not known; SiLU, ReLU and Tanh are"));
        }
        about.notes.push(format!(
            "no file beside the weights names the activation: {default:?} was taken, {library}; if that is wrong, write \
             {{\"activation\": \"SiLU\"}} into model.json beside them"
        ));
        Ok(default)
    }

    /// What the columns of a network with `inputs` and `targets` are: [obs, action] -> [Δobs, reward or nothing].
    ///
    /// # Errors
    /// [`Fault`] if the description or the shapes do not allow it.
    pub fn dims(&self, inputs: usize, targets: usize, file: &Tensors, about: &mut About) -> Result<Dims, Fault> {
        if let (Some(obs), Some(action)) = (self.obs_dim, self.act_dim) {
            let learned_reward = targets == obs.saturating_add(1);
            if obs.saturating_add(action) != inputs || !(learned_reward || targets == obs) {
                return Err(file.error(format!(
                    "model.json says {obs} observation and {action} action dimensions; the network takes {inputs} inputs \
                     and gives {targets} targets"
                )));
            }
            return Ok(Dims { obs, action, learned_reward });
        }
        let fits = |reward: usize| targets > reward && inputs > targets - reward;
        let learned_reward = self.learned_rewards.unwrap_or_else(|| fits(1));
        let reward = usize::from(learned_reward);
        if !fits(reward) {
            return Err(file.error(format!(
                "a network of {inputs} inputs and {targets} targets is no dynamics model: [observation, action] in, \
                 [change of the observation, reward] out"
            )));
        }
        let obs = targets - reward;
        if self.learned_rewards.is_none() {
            about.notes.push(format!(
                "taken from the shapes: {obs} observation and {} action dimensions, {}",
                inputs - obs,
                if learned_reward { "the last output is the reward" } else { "no reward is predicted" }
            ));
        }
        Ok(Dims { obs, action: inputs - obs, learned_reward })
    }

    /// Copies what is known about the training.
    pub fn describe(&self, about: &mut About) {
        about.env_id.clone_from(&self.spec.env_id);
        about.lineage.dataset_name.clone_from(&self.spec.dataset);
        about.lineage.seed = self.spec.seed;
        let curve = if self.val_mse_curve.is_empty() { &self.val_nmse_curve } else { &self.val_mse_curve };
        let point = |(i, loss): (usize, &Option<f64>)| CurvePoint { epoch: i + 1, train: None, heldout: *loss };
        about.lineage.curve = curve.iter().enumerate().map(point).collect();
    }
}

/// The value of the first line that begins with `key`, from the first line on that begins with `section`: enough of YAML
/// for the files that Hydra writes, whose values are on the line of their key.
fn value_after(text: &str, section: &str, key: &str) -> Option<String> {
    let line =
        text.lines().map(str::trim_start).skip_while(|l| !l.starts_with(section)).find(|l| l.starts_with(key))?;
    let value = line[key.len()..].split(" #").next()?.trim().trim_matches(['"', '\'']);
    (!value.is_empty()).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYDRA: &str = "algorithm:\n  name: mbpo\n  learned_rewards: false\ndynamics_model:\n  _target_: \
        mbrl.models.GaussianMLP\n  num_layers: 4\n  activation_fn_cfg:\n    _target_: torch.nn.SiLU # smooth\n";

    fn file() -> Tensors {
        Tensors { path: "m.pth".into(), map: std::collections::BTreeMap::new() }
    }

    #[test]
    fn hydra_is_believed_before_model_json() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("model.json"), r#"{"activation": "ReLU", "unknown": [1]}"#).unwrap();
        assert_eq!(Sidecar::read(dir.path()).unwrap().activation.as_deref(), Some("ReLU"));
        std::fs::create_dir(dir.path().join(".hydra")).unwrap();
        std::fs::write(dir.path().join(".hydra/config.yaml"), HYDRA).unwrap();
        let sidecar = Sidecar::read(dir.path()).unwrap();
        assert_eq!(sidecar.activation.as_deref(), Some("torch.nn.SiLU"));
        let mut about = About::default();
        assert_eq!(sidecar.activation(Activation::Relu, "", &mut about), Ok(Activation::Silu));
        // learned_rewards: false, so all four targets are the observation's.
        let dims = sidecar.dims(6, 4, &file(), &mut about).unwrap();
        assert_eq!(dims, Dims { obs: 4, action: 2, learned_reward: false });
        assert!(about.notes.is_empty());
    }

    #[test]
    fn assumptions_are_told() {
        let mut about = About::default();
        let none = Sidecar::default();
        assert_eq!(none.activation(Activation::Relu, "mbrl-lib's default", &mut about), Ok(Activation::Relu));
        let dims = none.dims(4, 4, &file(), &mut about).unwrap();
        assert_eq!(dims, Dims { obs: 3, action: 1, learned_reward: true });
        assert!(about.notes[0].contains("mbrl-lib's default") && about.notes[1].contains("3 observation"));
        // One target cannot be observation and reward.
        assert!(!none.dims(3, 1, &file(), &mut about).unwrap().learned_reward);
        assert!(none.dims(2, 9, &file(), &mut about).unwrap_err().to_string().contains("2 inputs and 9 targets"));
    }

    #[test]
    fn contradictions_are_named() {
        let wrong = Sidecar { obs_dim: Some(11), act_dim: Some(3), ..Sidecar::default() };
        let e = wrong.dims(4, 4, &file(), &mut About::default()).unwrap_err().to_string();
        assert!(e.contains("11 observation") && e.contains("4 inputs"), "{e}");
        let odd = Sidecar { activation: Some("torch.nn.GELU".into()), ..Sidecar::default() };
        assert!(odd.activation(Activation::Relu, "", &mut About::default()).unwrap_err().contains("torch.nn.GELU"));
    }
}
