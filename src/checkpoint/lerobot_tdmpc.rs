//! TD-MPC policies of LeRobot (Finetuning Offline World Models, Feng et al. 2023): `model.safetensors` with `config.json`, and the
//! statistics of the dataset in `policy_preprocessor_step_{i}_normalizer_processor.safetensors`, or as buffers within the weights
//! before 2025. Of states alone. Formulas: `policies/tdmpc/modeling_tdmpc.py`, `processor/normalize_processor.py`.

use std::ops::Range;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::layers::linear;
use super::rssmlite::names;
use super::sidecar::Sidecar;
use super::state_dict::{file_of, read_tensors};
use super::tdmpc2::{UNREAD_POLICY, norm};
use super::tensors::{Tensors, read_bounded};
use super::{About, Checkpoint, CheckpointFormat, Given};
use crate::data::dataset::Dataset;
use crate::ground::fault::Fault;
use crate::world::net::normalizer::Normalizer;
use crate::world::tdmpc::chain::{After, Block, Chain};
use crate::world::tdmpc::{Reader, RewardIs, TdMpc};

/// Tensors that no other library has together.
const KNOWN_BY: [&str; 3] = ["model._dynamics.7.weight", "model._reward.6.weight", "model._V.0.weight"];
/// Longest configuration that is read.
const MAX_TEXT: u64 = 1 << 20;
/// Added by the library to deviations.
const EPS: f64 = 1e-8;
/// The observations that are no images, in the library's order: their name, their layers, the kind of the feature.
const STATES: [(&str, &str, &str); 2] = [
    ("observation.environment_state", "env_state_enc_layers", "ENV"),
    ("observation.state", "state_enc_layers", "STATE"),
];

/// The layout.
pub struct LeRobotTdMpc;

impl CheckpointFormat for LeRobotTdMpc {
    fn name(&self) -> &'static str {
        "LeRobot TD-MPC"
    }

    fn looks_for(&self) -> &'static str {
        "model.safetensors of LeRobot's TD-MPC policy, with config.json"
    }

    fn probe(&self, path: &Path) -> bool {
        file_of(path).is_some_and(|file| {
            let names = names(&file);
            KNOWN_BY.iter().all(|known| names.iter().any(|name| name == known))
        })
    }

    fn load(&self, path: &Path, given: &Given<'_>) -> Result<Checkpoint, Fault> {
        let file = file_of(path).unwrap_or_else(|| path.to_path_buf());
        let folder = file.parent().unwrap_or(Path::new("."));
        let sidecar = Sidecar::read(folder)?;
        let whole = read_tensors(&file)?;
        let tensors = whole.under("model.").finite()?;
        if tensors.map.keys().any(|name| name.starts_with("_encoder.image_enc_layers.")) {
            return Err(tensors.error(
                "a world model that reads images ('_encoder.image_enc_layers'), which is not imported: give one that was trained on \
                 states",
            ));
        }
        let mut about = About { file: Some(file.clone()), ..About::default() };
        let statistics = Statistics::read(folder, &whole)?;
        let model = model(&tensors, &statistics, given, &mut about)?;
        about.notes.push(format!(
            "a world model without a decoder: it imagines in a latent space of {} units, and is held against encoded observations \
             there",
            model.dynamics.outputs()
        ));
        about.notes.push(UNREAD_POLICY.into());
        sidecar.describe(&mut about);
        Ok(Checkpoint { world_model: Some(Box::new(model)), about, ..Checkpoint::default() })
    }
}

/// How features are scaled, and by which numbers.
struct Statistics {
    config: PathBuf,
    modes: Value,
    /// `feature.statistic`, where a file has them.
    numbers: Option<Tensors>,
}

impl Statistics {
    fn read(folder: &Path, whole: &Tensors) -> Result<Self, Fault> {
        let config = folder.join("config.json");
        if !config.is_file() {
            return Err(whole.error(
                "config.json, which says how states and actions are scaled, is not beside it; put it there, and the files \
                 policy_preprocessor… too",
            ));
        }
        let value: Value = serde_json::from_slice(&read_bounded(&config, MAX_TEXT)?)
            .map_err(|e| Fault::at(&config, format!("not the configuration of a policy: {e}; correct it")))?;
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path());
        let mut files: Vec<PathBuf> = entries.filter(|path| is_normaliser(path)).collect();
        files.sort();
        let numbers = match &files[..] {
            [] => old_buffers(whole),
            [file] => Some(read_tensors(file)?.finite()?),
            [first, second, ..] => {
                let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                return Err(Fault::at(
                    folder,
                    format!("two normalisers ({}, {}); leave the right one", name(first), name(second)),
                ));
            }
        };
        Ok(Self { config, modes: value["normalization_mapping"].clone(), numbers })
    }

    /// Shift and scale of the `width` columns of `feature`, which is of the kind `kind`.
    fn of(&self, (feature, kind): (&str, &str), width: usize, about: &mut About) -> Result<Normalizer, Fault> {
        let bad = |problem: String| Fault::at(&self.config, problem);
        let Some(mode) = self.modes[kind].as_str() else {
            return Err(bad(format!("normalization_mapping does not say how features of the kind {kind} are scaled")));
        };
        let wants = match mode {
            "IDENTITY" => return Ok(Normalizer::identity(width)),
            "MIN_MAX" => ["min", "max"],
            "MEAN_STD" => ["mean", "std"],
            other => {
                return Err(bad(format!("features of the kind {kind} are scaled by {other}, which is not imported")));
            }
        };
        let part = |name: &str| -> Result<Vec<f64>, Fault> {
            let Some(tensors) = &self.numbers else {
                return Err(bad(format!(
                    "{feature} is scaled by {mode}, and no policy_preprocessor_step_…_normalizer_processor.safetensors beside it has \
                     the statistics; put the file there"
                )));
            };
            let values = &tensors.need(&format!("{feature}.{name}"))?.values;
            if values.len() != width {
                return Err(
                    tensors.error(format!("'{feature}.{name}' has {} columns, the model takes {width}", values.len()))
                );
            }
            Ok(values.iter().map(|v| f64::from(*v)).collect())
        };
        let pairs = part(wants[0])?.into_iter().zip(part(wants[1])?);
        let mut still = 0;
        let columns = pairs.map(|(low, high)| match mode {
            "MEAN_STD" => (low, high + EPS),
            // The library then answers -1 for the one value there was.
            _ if low >= high => {
                still += 1;
                (low + 1.0, 1.0)
            }
            _ => (f64::midpoint(low, high), 0.5 * (high - low)),
        });
        let (mean, std) = columns.map(|(mean, std)| (mean as f32, std as f32)).unzip();
        if still > 0 {
            about.warnings.push(format!(
                "{still} columns of {feature} did not vary in training: any other value of them is far off"
            ));
        }
        Ok(Normalizer { mean, std })
    }
}

fn is_normaliser(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with("policy_preprocessor_step_") && name.ends_with("_normalizer_processor.safetensors")
}

/// Statistics within the weights, as the library kept them before it had processors.
fn old_buffers(whole: &Tensors) -> Option<Tensors> {
    let name = |old: &str| {
        let rest =
            old.strip_prefix("normalize_inputs.buffer_").or_else(|| old.strip_prefix("normalize_targets.buffer_"))?;
        let (feature, statistic) = rest.rsplit_once('.')?;
        Some(format!("{}.{statistic}", feature.replacen("observation_", "observation.", 1)))
    };
    let map = whole.map.iter().filter_map(|(old, tensor)| Some((name(old)?, tensor.clone())));
    let found = Tensors { path: whole.path.clone(), map: map.collect() };
    (!found.map.is_empty()).then_some(found)
}

/// Linear layers at these places of `name`, each with what follows it; a normalisation lies right behind it where there is one.
fn chain(tensors: &Tensors, name: &str, places: &[(usize, bool, After)]) -> Result<Chain, Fault> {
    let block = |&(at, normalised, after): &(usize, bool, After)| -> Result<Block, Fault> {
        let layer = linear(tensors, &format!("{name}.{at}"))?.layer;
        let norm = normalised.then(|| norm(tensors, &format!("{name}.{}", at + 1), layer.outputs)).transpose()?;
        Block::new(layer, norm, after).map_err(|e| tensors.error(format!("'{name}.{at}': {e}")))
    };
    let blocks = places.iter().map(block).collect::<Result<_, _>>()?;
    Chain::new(blocks).map_err(|e| tensors.error(format!("'{name}': {e}")))
}

fn model(tensors: &Tensors, statistics: &Statistics, given: &Given<'_>, about: &mut About) -> Result<TdMpc, Fault> {
    let hidden = |at: usize| (at, true, After::Mish);
    let dynamics = chain(tensors, "_dynamics", &[hidden(0), hidden(3), (6, true, After::Sigmoid)])?;
    let reward = chain(tensors, "_reward", &[hidden(0), hidden(3), (6, false, After::Nothing)])?;
    let there = |layers: &str| tensors.get(&format!("_encoder.{layers}.0.weight")).is_some();
    let found: Vec<_> = STATES.iter().filter(|(_, layers, _)| there(layers)).collect();
    let mut readers = Vec::new();
    let mut at = 0;
    for (feature, layers, kind) in &found {
        let places = [(0, false, After::Elu), (2, true, After::Sigmoid)];
        let net = chain(tensors, &format!("_encoder.{layers}"), &places)?;
        let columns = columns(feature, net.inputs(), at, given);
        let Some(columns) =
            columns.or_else(|| (found.len() == 1 || given.data.is_none()).then(|| at..at + net.inputs()))
        else {
            return Err(tensors.error(format!(
                "it reads {feature} of {} columns beside another observation, and the dataset has no columns of that name: give the \
                 dataset as LeRobot writes it",
                net.inputs()
            )));
        };
        at += net.inputs();
        let scale = statistics.of((feature, kind), columns.len(), about)?;
        readers.push(Reader { columns, scale, net });
    }
    let Some(latents) = readers.first().map(|reader| reader.net.outputs()) else {
        return Err(tensors.error("'_encoder' has neither 'state_enc_layers' nor 'env_state_enc_layers'"));
    };
    let Some(actions) = dynamics.inputs().checked_sub(latents).filter(|n| *n > 0) else {
        return Err(tensors.error("'_dynamics.0.weight' has no columns for an action beside those for the latents"));
    };
    // A dataset may have more observations than the policy reads.
    let named = |data: &&Dataset| data.obs_space.names.iter().any(|name| name.starts_with("observation."));
    let least = readers.iter().map(|reader| reader.columns.end).max().unwrap_or(0).max(at);
    let model = TdMpc {
        obs_dim: given.data.filter(named).map_or(0, Dataset::obs_dim).max(least),
        readers,
        task: Vec::new(),
        action_scale: statistics.of(("action", "ACTION"), actions, about)?,
        dynamics,
        reward,
        reward_is: RewardIs::Plain,
        ends: None,
    };
    model.checked().map_err(|e| tensors.error(e))
}

/// The columns of the dataset that are called `feature` or `feature.…`, where there are `width` in a row; where none has a name
/// of LeRobot's, those from `at` on.
fn columns(feature: &str, width: usize, at: usize, given: &Given<'_>) -> Option<Range<usize>> {
    let names = &given.data?.obs_space.names;
    if at == 0 && names.len() == width && !names.iter().any(|name| name.starts_with("observation.")) {
        return Some(0..width);
    }
    let own =
        |name: &String| name.strip_prefix(feature).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
    let first = names.iter().position(own)?;
    let columns = first..first + width;
    (names.iter().filter(|name| own(name)).count() == width && names.get(columns.clone())?.iter().all(own))
        .then_some(columns)
}
