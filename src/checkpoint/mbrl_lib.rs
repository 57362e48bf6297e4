//! mbrl-lib's `GaussianMLP` as `OneDTransitionRewardModel.save` writes it: `model.pth` = `{state_dict, elite_models}` and
//! `env_stats.pickle` = `{mean, std}` of [obs, action]. The network predicts Δobs in raw units.

use std::path::{Path, PathBuf};

use super::pickle::{self, Value};
use super::sidecar::Sidecar;
use super::tensors::{Tensors, read_bounded};
use super::{About, Checkpoint, CheckpointFormat, layers, torch_file};
use crate::ground::fault::Fault;
use crate::world::ensemble::Ensemble;
use crate::world::net::mlp::{Activation, Mlp};
use crate::world::net::normalizer::Normalizer;

const MODEL: &str = "model.pth";
const STATS: &str = "env_stats.pickle";
/// Longest `env_stats.pickle` that is read: room for a hundred thousand columns.
const MAX_STATS: u64 = 4 << 20;

/// The layout.
pub struct MbrlLib;

impl CheckpointFormat for MbrlLib {
    fn name(&self) -> &'static str {
        "mbrl-lib"
    }

    fn probe(&self, path: &Path) -> bool {
        let Some(folder) = folder_of(path) else { return false };
        if !folder.join(MODEL).is_file() {
            return false;
        }
        let ours = |name: &str| name.contains("hidden_layers.") || name.contains("members.");
        folder.join(STATS).is_file()
            || torch_file::open(&folder.join(MODEL))
                .and_then(|f| f.entries())
                .is_ok_and(|entries| entries.iter().any(|(name, ..)| ours(name)))
    }

    fn load(&self, path: &Path) -> Result<Checkpoint, Fault> {
        let folder = folder_of(path).unwrap_or_else(|| path.to_path_buf());
        let sidecar = Sidecar::read(&folder)?;
        let file = torch_file::open(&folder.join(MODEL))?;
        let (elites, pickle) = file.entry("elite_models");
        let elites = elites.filter(|v| **v != Value::None).map(|v| pickle.numbers(v));
        let tensors = file.tensors()?.finite()?.under("state_dict.");
        let elites = match elites {
            None => None,
            Some(Some(list)) => Some(layers::elites(&tensors, &list)?),
            Some(None) => return Err(tensors.error("elite_models is no list of numbers")),
        };
        let mut about = About::default();
        let model = assemble(&tensors, elites, &folder, &sidecar, &mut about)?;
        sidecar.describe(&mut about);
        Ok(Checkpoint { world_model: Some(Box::new(model)), about, ..Checkpoint::default() })
    }
}

/// The folder, where `path` is it or one of its files.
fn folder_of(path: &Path) -> Option<PathBuf> {
    if path.is_dir() {
        return Some(path.to_path_buf());
    }
    path.file_name().is_some_and(|f| f == MODEL || f == STATS).then(|| path.parent().map(Path::to_path_buf)).flatten()
}

fn assemble(
    tensors: &Tensors,
    elites: Option<Vec<usize>>,
    folder: &Path,
    sidecar: &Sidecar,
    about: &mut About,
) -> Result<Ensemble, Fault> {
    if let Some(name) = tensors.map.keys().find(|k| k.contains("members.")) {
        return Err(tensors.error(format!(
            "'{name}' is of mbrl-lib's BasicEnsemble, which is not read yet; a GaussianMLP with ensemble_size > 1 is"
        )));
    }
    let hidden = (0..).take_while(|i| tensors.get(&format!("hidden_layers.{i}.0.weight")).is_some());
    let mut list = hidden
        .map(|i| layers::member_layer(tensors, &format!("hidden_layers.{i}.0")))
        .collect::<Result<Vec<_>, _>>()?;
    if list.is_empty() {
        tensors.need("hidden_layers.0.0.weight")?;
    }
    list.push(layers::member_layer(tensors, "mean_and_logvar")?);
    layers::chain(tensors, &list)?;
    let (members, list): (Vec<_>, Vec<_>) = list.into_iter().map(|l| (l.members, l.layer)).unzip();
    let activation =
        sidecar.activation(Activation::Relu, "which is mbrl-lib's default", about).map_err(|e| Fault::at(folder, e))?;
    let net = Mlp::new(members[0], activation, list).map_err(|e| tensors.error(e))?;
    let deterministic = tensors.get("min_logvar").is_none();
    let targets = if deterministic { net.outputs() } else { net.outputs() / 2 };
    let dims = sidecar.dims(net.inputs(), targets, tensors, about)?;
    let bound = |name: &str| {
        if deterministic { Ok(Vec::new()) } else { tensors.need(name).map(|t| t.values.clone()) }
    };
    let model = Ensemble {
        obs_dim: dims.obs,
        action_dim: dims.action,
        learned_reward: dims.learned_reward,
        learned_termination: false,
        deterministic,
        input: normalizer(folder, net.inputs(), about)?,
        target: Normalizer::identity(targets),
        min_logvar: bound("min_logvar")?,
        max_logvar: bound("max_logvar")?,
        elites: elites.unwrap_or_else(|| (0..net.members).collect()),
        net,
    };
    model.check().map_err(|e| tensors.error(e))?;
    Ok(model)
}

/// `env_stats.pickle`; a model that was trained without normalisation has none.
fn normalizer(folder: &Path, columns: usize, about: &mut About) -> Result<Normalizer, Fault> {
    let path = folder.join(STATS);
    if !path.is_file() {
        about.notes.push(format!("no {STATS} beside the weights: inputs are not normalised"));
        return Ok(Normalizer::identity(columns));
    }
    let (mean, std) = read_stats(&path)?;
    layers::normalizer(&mean, &std, columns, about).map_err(|e| Fault::at(&path, e))
}

/// Mean and standard deviation in the pickle at `path`, as they are.
///
/// # Errors
/// [`Fault`] if it is no dictionary of two arrays, or asks for anything else.
pub fn read_stats(path: &Path) -> Result<(Vec<f64>, Vec<f64>), Fault> {
    let bytes = read_bounded(path, MAX_STATS)?;
    let (pickle, _) = pickle::load(&bytes).map_err(|e| Fault::at(path, e))?;
    let array = |key: &str| match pickle.get(pickle.root, key) {
        Some(Value::Array(a)) => Ok(a.values.clone()),
        _ => Err(Fault::at(path, format!("no array '{key}'; mbrl-lib's file has 'mean' and 'std'"))),
    };
    Ok((array("mean")?, array("std")?))
}
