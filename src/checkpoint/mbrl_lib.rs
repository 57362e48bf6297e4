//! mbrl-lib's `GaussianMLP` and `BasicEnsemble` as `OneDTransitionRewardModel.save` writes them: `model.pth` (`{state_dict,
//! elite_models}`, or a bare state dictionary) and `env_stats.pickle` = `{mean, std}` of [obs, action]. How the numbers are
//! meant is in the run's configuration ([`config`]).

use std::path::{Path, PathBuf};

use super::dynamics::{self, Network};
use super::layers::{self, Named};
use super::pickle::{self, Value};
use super::sidecar::Sidecar;
use super::tensors::{Tensors, read_bounded};
use super::{About, Checkpoint, CheckpointFormat, Given, torch_file};
use crate::ground::fault::Fault;
use crate::world::ensemble::Ensemble;
use crate::world::net::normalizer::Normalizer;

mod config;

use config::Run;

const MODEL: &str = "model.pth";
const STATS: &str = "env_stats.pickle";
/// Elites in versions 0.1.
const ELITES: &str = "elite_models.pkl";
/// Longest `env_stats.pickle` that is read: room for a hundred thousand columns.
const MAX_STATS: u64 = 4 << 20;

/// The layout.
pub struct MbrlLib;

impl CheckpointFormat for MbrlLib {
    fn name(&self) -> &'static str {
        "mbrl-lib"
    }

    fn looks_for(&self) -> &'static str {
        "model.pth of hidden_layers.{i}.0 and mean_and_logvar, with env_stats.pickle"
    }

    fn probe(&self, path: &Path) -> bool {
        let Some(folder) = folder_of(path) else { return false };
        if !folder.join(MODEL).is_file() {
            return false;
        }
        let ours = |name: &str| name.contains("hidden_layers.");
        folder.join(STATS).is_file()
            || torch_file::open(&folder.join(MODEL))
                .and_then(|f| f.entries())
                .is_ok_and(|entries| entries.iter().any(|(name, ..)| ours(name)))
    }

    fn load(&self, path: &Path, given: &Given<'_>) -> Result<Checkpoint, Fault> {
        let folder = folder_of(path).unwrap_or_else(|| path.to_path_buf());
        let sidecar = Sidecar::read(&folder)?;
        let run = Run::find(&folder)?;
        let file = torch_file::open(&folder.join(MODEL))?;
        let (elites, pickle) = file.entry("elite_models");
        let elites = elites.filter(|v| **v != Value::None).map(|v| pickle.numbers(v));
        let tensors = file.tensors()?.finite()?;
        let inner = tensors.under("state_dict.");
        let tensors = if inner.map.is_empty() { tensors } else { inner };
        let elites = match elites {
            None => old_elites(&folder, &tensors)?,
            Some(Some(list)) => Some(layers::elites(&tensors, &list)?),
            Some(None) => return Err(tensors.error("elite_models is no list of numbers")),
        };
        let mut about = About { file: Some(folder.join(MODEL)), ..About::default() };
        let mut network = network(&tensors)?;
        network.elites = elites;
        network.input = normalizer(&folder, network.layers[0].layer.inputs, &run, &mut about)?;
        let model = assemble(network, (&sidecar, &run), given, &tensors, &mut about)?;
        about.env_id = run.env_id()?;
        sidecar.describe(&mut about);
        Ok(Checkpoint { world_model: Some(Box::new(model)), about, ..Checkpoint::default() })
    }
}

/// The folder, where `path` is it, the one above it (as a hub keeps it), or one of its files.
fn folder_of(path: &Path) -> Option<PathBuf> {
    if path.is_dir() {
        let inner = path.join("model");
        let above = !path.join(MODEL).is_file() && inner.join(MODEL).is_file();
        return Some(if above { inner } else { path.to_path_buf() });
    }
    path.file_name().is_some_and(|f| f == MODEL || f == STATS).then(|| path.parent().map(Path::to_path_buf)).flatten()
}

/// The layers of a `GaussianMLP`, or of the members of a `BasicEnsemble` side by side.
fn network(tensors: &Tensors) -> Result<Network, Fault> {
    // As many as there are tensors at most.
    let members: Vec<Tensors> = (0..tensors.map.len())
        .map(|e| tensors.under(&format!("members.{e}.")))
        .take_while(|t| !t.map.is_empty())
        .collect();
    if members.is_empty() {
        return gaussian_mlp(tensors);
    }
    let mut networks = members.iter().map(gaussian_mlp).collect::<Result<Vec<_>, _>>()?;
    let depth = networks[0].layers.len();
    if networks.iter().any(|n| n.layers.len() != depth || n.deterministic != networks[0].deterministic) {
        return Err(tensors.error("the members of the BasicEnsemble have different layers, which is not read"));
    }
    let bounds = |of: fn(&Network) -> &Vec<f32>| {
        let same = networks.iter().all(|n| of(n) == of(&networks[0]));
        if same { of(&networks[0]).clone() } else { networks.iter().flat_map(|n| of(n).iter().copied()).collect() }
    };
    let (mut min, mut max) = (bounds(|n| &n.min_logvar), bounds(|n| &n.max_logvar));
    // Either both are shared or both are the members' own.
    let widest = min.len().max(max.len());
    for bound in [&mut min, &mut max] {
        if !bound.is_empty() && bound.len() < widest {
            *bound = bound.repeat(widest / bound.len());
        }
    }
    let mut columns: Vec<Vec<Named>> = (0..depth).map(|_| Vec::new()).collect();
    let deterministic = networks[0].deterministic;
    let target = networks[0].target.clone();
    for network in networks.drain(..) {
        network.layers.into_iter().zip(&mut columns).for_each(|(layer, column)| column.push(layer));
    }
    let layers = columns.into_iter().map(|c| layers::stacked(tensors, c)).collect::<Result<Vec<_>, _>>()?;
    let input = Normalizer::identity(layers[0].layer.inputs);
    Ok(Network { layers, deterministic, input, target, min_logvar: min, max_logvar: max, elites: None })
}

fn gaussian_mlp(tensors: &Tensors) -> Result<Network, Fault> {
    let hidden = (0..).take_while(|i| tensors.get(&format!("hidden_layers.{i}.0.weight")).is_some());
    let mut list = hidden
        .map(|i| layers::member_layer(tensors, &format!("hidden_layers.{i}.0")))
        .collect::<Result<Vec<_>, _>>()?;
    if list.is_empty() {
        tensors.need("hidden_layers.0.0.weight")?;
    }
    list.push(layers::member_layer(tensors, "mean_and_logvar")?);
    layers::chain(tensors, &list)?;
    let deterministic = tensors.get("min_logvar").is_none();
    let (inputs, outputs) = (list[0].layer.inputs, list[list.len() - 1].layer.outputs);
    let bound = |name: &str| {
        if deterministic { Ok(Vec::new()) } else { tensors.need(name).map(|t| t.values.clone()) }
    };
    Ok(Network {
        deterministic,
        input: Normalizer::identity(inputs),
        target: Normalizer::identity(if deterministic { outputs } else { outputs / 2 }),
        min_logvar: bound("min_logvar")?,
        max_logvar: bound("max_logvar")?,
        elites: None,
        layers: list,
    })
}

fn assemble(
    mut network: Network,
    (sidecar, run): (&Sidecar, &Run),
    given: &Given<'_>,
    tensors: &Tensors,
    about: &mut About,
) -> Result<Ensemble, Fault> {
    run.check(&network, about)?;
    let layout = run.layout(sidecar.stated.preprocess.as_deref())?;
    let sidecar = Sidecar { learned_rewards: run.learned_rewards()?.or(sidecar.learned_rewards), ..sidecar.clone() };
    if run.all_members()? && network.elites.take().is_some() {
        about.notes.push(
            "propagation_method is null: the prediction is the mean over all members, not over the elites".into(),
        );
    }
    dynamics::world_model(network, &layout, &sidecar, given, tensors, about)
}

/// `env_stats.pickle`, unless the run did not normalise.
fn normalizer(folder: &Path, columns: usize, run: &Run, about: &mut About) -> Result<Normalizer, Fault> {
    let path = folder.join(STATS);
    let wanted = run.normalize()?;
    if !path.is_file() {
        if wanted == Some(true) {
            return Err(Fault::at(
                &path,
                "missing, and the configuration says normalize: true; copy it beside the weights",
            ));
        }
        if wanted.is_none() {
            about.warnings.push(format!(
                "no {STATS} beside the weights, and nothing says whether inputs were normalised: they are not normalised"
            ));
        }
        return Ok(Normalizer::identity(columns));
    }
    if wanted == Some(false) {
        about.warnings.push(format!("{STATS} is not used: the configuration says normalize: false"));
        return Ok(Normalizer::identity(columns));
    }
    let (mean, std) = read_stats(&path)?;
    layers::normalizer(&mean, &std, columns, about).map_err(|e| Fault::at(&path, e))
}

/// Elites as versions 0.1 kept them, in a file of their own.
fn old_elites(folder: &Path, tensors: &Tensors) -> Result<Option<Vec<usize>>, Fault> {
    let path = folder.join(ELITES);
    if !path.is_file() {
        return Ok(None);
    }
    let (pickle, _) = pickle::load(&read_bounded(&path, MAX_STATS)?).map_err(|e| Fault::at(&path, e))?;
    match pickle.value(pickle.root) {
        Value::None => Ok(None),
        list => match pickle.numbers(list) {
            Some(numbers) => layers::elites(tensors, &numbers).map(Some),
            None => Err(Fault::at(&path, "no list of members")),
        },
    }
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
