//! A bare `state_dict` of one perceptron, in a torch or safetensors file: `0.weight`, `0.bias`, `2.weight`, … under any one
//! prefix, and optionally `input_mean`, `input_std`, `target_mean`, `target_std`. It predicts Δobs (and reward).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::sidecar::Sidecar;
use super::tensors::{Tensors, some_of};
use super::{About, Checkpoint, CheckpointFormat, layers, safetensors_file, torch_file};
use crate::ground::fault::Fault;
use crate::world::ensemble::Ensemble;
use crate::world::net::mlp::{Activation, Mlp};
use crate::world::net::normalizer::Normalizer;

/// Names of the file in a folder.
const NAMES: [&str; 2] = ["model.safetensors", "model.pt"];
/// Endings of files that are taken for tensors before they are looked into, so that a damaged one gets its own message.
const ENDINGS: [&str; 5] = ["pt", "pth", "ckpt", "bin", "safetensors"];
const STATISTICS: [&str; 4] = ["input_mean", "input_std", "target_mean", "target_std"];

/// The layout.
pub struct StateDict;

impl CheckpointFormat for StateDict {
    fn name(&self) -> &'static str {
        "state_dict"
    }

    fn probe(&self, path: &Path) -> bool {
        let Some(file) = file_of(path) else { return false };
        let ending = file.extension().and_then(|e| e.to_str()).unwrap_or_default();
        ENDINGS.contains(&ending) || torch_file::looks_like(&file) || safetensors_file::looks_like(&file)
    }

    fn load(&self, path: &Path) -> Result<Checkpoint, Fault> {
        let file = file_of(path).unwrap_or_else(|| path.to_path_buf());
        let sidecar = Sidecar::read(file.parent().unwrap_or(Path::new(".")))?;
        let tensors = read_tensors(&file)?.finite()?;
        let mut about = About::default();
        let model = assemble(&tensors, &sidecar, &mut about)?;
        sidecar.describe(&mut about);
        Ok(Checkpoint { world_model: Some(Box::new(model)), about, ..Checkpoint::default() })
    }
}

fn file_of(path: &Path) -> Option<PathBuf> {
    if path.is_file() {
        return Some(path.to_path_buf());
    }
    NAMES.iter().map(|n| path.join(n)).find(|f| f.is_file())
}

/// Reads a file of tensors of either kind, told apart by its first bytes and then by its name.
///
/// # Errors
/// [`Fault`] if it is neither or damaged.
pub fn read_tensors(file: &Path) -> Result<Tensors, Fault> {
    if is_safetensors(file) { safetensors_file::read(file) } else { torch_file::open(file)?.tensors() }
}

/// By the first bytes, or by the name of a file whose first bytes are damaged.
pub(super) fn is_safetensors(file: &Path) -> bool {
    let named = file.extension().is_some_and(|e| e == "safetensors");
    safetensors_file::looks_like(file) || (named && !torch_file::looks_like(file))
}

fn assemble(tensors: &Tensors, sidecar: &Sidecar, about: &mut About) -> Result<Ensemble, Fault> {
    if tensors.map.is_empty() {
        return Err(tensors.error("the file holds no tensor"));
    }
    let list = layer_names(tensors)?.iter().map(|n| layers::linear(tensors, n)).collect::<Result<Vec<_>, _>>()?;
    layers::chain(tensors, &list)?;
    let activation = sidecar.activation(Activation::Relu, "the usual one", about).map_err(|e| tensors.error(e))?;
    let net = Mlp::new(1, activation, list.into_iter().map(|l| l.layer).collect()).map_err(|e| tensors.error(e))?;
    let dims = sidecar.dims(net.inputs(), net.outputs(), tensors, about)?;
    let model = Ensemble {
        obs_dim: dims.obs,
        action_dim: dims.action,
        learned_reward: dims.learned_reward,
        learned_termination: false,
        deterministic: true,
        input: statistics(tensors, "input", net.inputs(), about)?,
        target: statistics(tensors, "target", net.outputs(), about)?,
        min_logvar: Vec::new(),
        max_logvar: Vec::new(),
        elites: vec![0],
        net,
    };
    model.check().map_err(|e| tensors.error(e))?;
    Ok(model)
}

/// The layers' names in order; refuses tensors that a plain perceptron does not have.
fn layer_names(tensors: &Tensors) -> Result<Vec<String>, Fault> {
    let mut layers = BTreeMap::new();
    let mut prefixes = BTreeSet::new();
    let mut other = Vec::new();
    for key in tensors.map.keys() {
        let parts = key.rsplit_once('.').map(|(name, kind)| (name, kind, name.rsplit_once('.').unwrap_or(("", name))));
        match parts {
            Some((name, "weight" | "bias", (prefix, number))) if number.parse::<u32>().is_ok() => {
                prefixes.insert(prefix);
                layers.insert(number.parse::<u32>().unwrap_or_default(), name.to_owned());
            }
            _ if STATISTICS.contains(&key.as_str()) => {}
            _ => other.push(key.clone()),
        }
    }
    if !other.is_empty() || prefixes.len() > 1 {
        let names = if other.is_empty() { tensors.map.keys().cloned().collect() } else { other };
        return Err(tensors.error(format!(
            "not the state_dict of a plain perceptron (0.weight, 0.bias, 2.weight, …): {}",
            some_of(&names)
        )));
    }
    Ok(layers.into_values().collect())
}

fn statistics(tensors: &Tensors, of: &str, columns: usize, about: &mut About) -> Result<Normalizer, Fault> {
    let (mean, std) = (tensors.get(&format!("{of}_mean")), tensors.get(&format!("{of}_std")));
    let wide = |t: &super::tensors::Tensor| t.values.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
    match (mean, std) {
        (Some(m), Some(s)) => {
            layers::normalizer(&wide(m), &wide(s), columns, about).map_err(|e| tensors.error(format!("{of}: {e}")))
        }
        (None, None) => {
            about.notes.push(format!("no {of}_mean and {of}_std in the file: the {of} is not normalised"));
            Ok(Normalizer::identity(columns))
        }
        _ => Err(tensors.error(format!("of '{of}_mean' and '{of}_std' only one is in the file"))),
    }
}
