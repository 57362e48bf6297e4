//! The ports of MBPO to PyTorch that name their layers `nn1`, `nn2`, … ([E, in, out]): `mbpo_pytorch` and its copies, and `OmniSafe`'s
//! ensembles (`_nn1`, …; `torch_save/epoch-<n>.pt` under the run's `config.json`). Inputs are `[obs, action]`, scaled; outputs the
//! cost (`OmniSafe`'s, where it is predicted), the reward, then Δobs; swish throughout. Sources: `mbpo_pytorch`'s `model.py` and
//! `predict_env.py`, `OmniSafe`'s `algorithms/model_based/base/ensemble.py`.
//!
//! Neither saves the scaler that its inputs go through: it is asked for. In use both draw from a random elite's prediction; the
//! mean over the elites is taken here, and over all members where none are named. `OmniSafe` keeps what it imagines within ±100;
//! nothing is cut off here.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::dynamics::{self, Layout, Network};
use super::layers::{self, Named};
use super::reading::{Basis, Item, RewardColumn};
use super::rssmlite::names;
use super::sidecar::{Observations, Sidecar};
use super::state_dict::{file_of, is_safetensors, read_tensors, the_file};
use super::tensors::{Tensors, read_bounded};
use super::{About, Checkpoint, CheckpointFormat, Given, npy, torch_file};
use crate::ground::fault::Fault;
use crate::world::net::activation::Activation;
use crate::world::net::mlp::Layer;
use crate::world::net::normalizer::Normalizer;

/// What the layers' names begin with in `mbpo_pytorch`, and in `OmniSafe`.
const PLAIN: &str = "nn";
const OMNISAFE: &str = "_nn";
/// Where the scaler is looked for beside the weights.
const SCALER: &str = "scaler.npz";
/// Names of mean and deviation in files that have it inside.
const INSIDE: [[&str; 2]; 7] = [
    ["scaler.mu", "scaler.std"],
    ["scaler.mean", "scaler.std"],
    ["scaler._mean", "scaler._std"],
    ["scaler_mu", "scaler_std"],
    ["mu", "std"],
    ["input_mean", "input_std"],
    ["inputs_mu", "inputs_sigma"],
];
/// Names of the elites in files that have them.
const ELITES: [&str; 3] = ["elite_model_idxes", "elite_models", "elites"];
/// Longest `config.json` that is read.
const MAX_CONFIG: u64 = 1 << 20;

/// The layout.
pub struct Mbpo;

impl CheckpointFormat for Mbpo {
    fn name(&self) -> &'static str {
        "mbpo_pytorch"
    }

    fn looks_for(&self) -> &'static str {
        "layers nn1, nn2, … of mbpo_pytorch or _nn1, _nn2, … of OmniSafe, with their scaler"
    }

    fn probe(&self, path: &Path) -> bool {
        file_of(path).is_some_and(|file| !ensembles(names(&file).iter().map(String::as_str)).is_empty())
    }

    fn load(&self, path: &Path, given: &Given<'_>) -> Result<Checkpoint, Fault> {
        let file = the_file(path)?;
        let folder = file.parent().unwrap_or(Path::new("."));
        let sidecar = Sidecar::read(folder)?;
        let whole = read_tensors(&file)?;
        let found = ensembles(whole.map.keys().map(String::as_str));
        let [(module, stem)] = &found[..] else {
            let names: Vec<String> = found.iter().map(|(module, stem)| format!("{module}{stem}1")).collect();
            return Err(
                whole.error(format!("several ensembles ({}); save the one that is meant alone", names.join(", ")))
            );
        };
        let omnisafe = *stem == OMNISAFE;
        let tensors = whole.under(module).finite()?;
        let run = if omnisafe { Run::read(folder)? } else { Run::default() };
        run.check(&whole, &sidecar)?;
        let mut about = About { file: Some(file.clone()), ..About::default() };
        let (mut network, columns) = network(&tensors, stem)?;
        network.elites = elites(&file, &tensors)?;
        network.input = scaler(&tensors, &whole, folder, &sidecar, columns, &mut about)?;
        if omnisafe && cost(&sidecar, &run, &tensors)? {
            drop_cost(&mut network, &tensors)?;
            about.notes.push("the cost that it predicts was not read".into());
        }
        if network.elites.is_none() && sidecar.elites.is_none() {
            about.notes.push(
                "the file names no elites: the prediction is the mean over all members; elites = [0, 2] in oodscope.toml beside \
                 the weights would name some"
                    .into(),
            );
        }
        let mut layout = Layout::library(Item::new(Activation::Silu, Basis::Implied));
        layout.reading.reward = Item::new(RewardColumn::First, Basis::Implied);
        let stated = Sidecar { learned_rewards: run.reward.or(sidecar.learned_rewards), ..sidecar.clone() };
        let model = dynamics::world_model(network, &layout, &stated, given, &tensors, &mut about)?;
        sidecar.describe(&mut about);
        Ok(Checkpoint { world_model: Some(Box::new(model)), about, ..Checkpoint::default() })
    }
}

/// Where the ensembles among these names are, and what their layers' names begin with.
fn ensembles<'n>(names: impl Iterator<Item = &'n str>) -> Vec<(String, &'static str)> {
    let names: Vec<&str> = names.collect();
    let of = |name: &&str, stem: &'static str| {
        let module = name.strip_suffix("1.weight")?.strip_suffix(stem)?;
        let beside = |what: &str| names.contains(&format!("{module}{what}").as_str());
        let apart = module.is_empty() || module.ends_with('.');
        let whole = beside("max_logvar") && beside(&format!("{stem}2.weight"));
        (apart && whole && !name.starts_with("optim")).then(|| (module.to_owned(), stem))
    };
    names.iter().filter_map(|name| of(name, OMNISAFE).or_else(|| of(name, PLAIN))).collect()
}

/// What `OmniSafe`'s `config.json` says.
#[derive(Debug, Default)]
struct Run {
    path: PathBuf,
    reward: Option<bool>,
    cost: Option<bool>,
    normalised: bool,
    /// Columns of reward and cost, where they are not one each.
    wide: Option<String>,
}

impl Run {
    /// Of the run that keeps its weights in `folder`, or one level above.
    fn read(folder: &Path) -> Result<Self, Fault> {
        let near = [folder.join("config.json"), folder.join("../config.json")];
        let Some(path) = near.into_iter().find(|f| f.is_file()) else { return Ok(Self::default()) };
        let value: Value = serde_json::from_slice(&read_bounded(&path, MAX_CONFIG)?)
            .map_err(|e| Fault::at(&path, format!("not the configuration of a run: {e}; correct or remove it")))?;
        let dynamics = &value["dynamics_cfgs"];
        let wide = ["reward_size", "cost_size"].into_iter().find(|key| dynamics[*key].as_u64().is_some_and(|n| n != 1));
        Ok(Self {
            reward: dynamics["predict_reward"].as_bool(),
            cost: dynamics["predict_cost"].as_bool(),
            normalised: value["algo_cfgs"]["obs_normalize"].as_bool() == Some(true),
            wide: wide.map(|key| format!("{key} is {}", dynamics[key])),
            path,
        })
    }

    /// Refuses what cannot be honoured.
    fn check(&self, whole: &Tensors, sidecar: &Sidecar) -> Result<(), Fault> {
        if let Some(wide) = &self.wide {
            return Err(Fault::at(&self.path, format!("{wide}; only one column of it is read")));
        }
        let normalised = self.normalised || whole.map.keys().any(|name| name.starts_with("obs_normalizer."));
        if normalised && sidecar.observations != Some(Observations::Raw) {
            return Err(whole.error(
                "the model was trained on observations that the run normalised (obs_normalize), and by statistics that moved \
                 while it was trained; train it without, or write observations = \"raw\" into oodscope.toml beside it if the \
                 dataset holds the normalised ones",
            ));
        }
        Ok(())
    }
}

/// Whether the first output is a cost.
fn cost(sidecar: &Sidecar, run: &Run, tensors: &Tensors) -> Result<bool, Fault> {
    sidecar.stated.cost.or(run.cost).ok_or_else(|| {
        tensors.error(
            "OmniSafe's ensembles may predict a cost before the reward, and there is no config.json of the run beside the file \
             or above it; copy it there, or write cost = false (predict_cost of its dynamics_cfgs) into oodscope.toml beside it",
        )
    })
}

/// The layers, and how many columns they take.
fn network(tensors: &Tensors, stem: &str) -> Result<(Network, usize), Fault> {
    let layers = (1..).take_while(|i| tensors.get(&format!("{stem}{i}.weight")).is_some());
    let list = layers
        .map(|i| member_layer(tensors, &format!("{stem}{i}"), [".weight", ".bias"]))
        .collect::<Result<Vec<_>, _>>()?;
    let bound = |name: &str| tensors.need(name).map(|t| t.values.clone());
    gaussian(list, bound("min_logvar")?, bound("max_logvar")?, tensors)
}

/// A Gaussian network of `list`, whose inputs are not scaled yet.
///
/// # Errors
/// [`Fault`] naming layers that do not follow on each other.
pub(super) fn gaussian(
    list: Vec<Named>,
    min_logvar: Vec<f32>,
    max_logvar: Vec<f32>,
    tensors: &Tensors,
) -> Result<(Network, usize), Fault> {
    layers::chain(tensors, &list)?;
    let Some((inputs, outputs)) = list.first().zip(list.last()).map(|(a, b)| (a.layer.inputs, b.layer.outputs)) else {
        return Err(tensors.error("the file holds no layer"));
    };
    if !outputs.is_multiple_of(2) {
        return Err(tensors.error(format!("{outputs} outputs are no means with as many log-variances")));
    }
    let network = Network {
        layers: list,
        deterministic: false,
        input: Normalizer::identity(inputs),
        target: Normalizer::identity(outputs / 2),
        min_logvar,
        max_logvar,
        elites: None,
    };
    Ok((network, inputs))
}

/// Weights [E, in, out] and biases [E, out] or [E, 1, out] of the layer `name`.
///
/// # Errors
/// [`Fault`] naming the tensor.
pub(super) fn member_layer(tensors: &Tensors, name: &str, ends: [&str; 2]) -> Result<Named, Fault> {
    let [weight_name, bias_name] = ends.map(|end| format!("{name}{end}"));
    let (weight, bias) = (tensors.need(&weight_name)?, tensors.need(&bias_name)?);
    let [members, inputs, outputs] = weight.shape[..] else {
        return Err(tensors.error(format!(
            "tensor '{weight_name}' has shape {:?}, an ensemble's layer has [members, in, out]",
            weight.shape
        )));
    };
    if bias.shape != [members, outputs] && bias.shape != [members, 1, outputs] {
        return Err(tensors.error(format!(
            "tensor '{bias_name}' has shape {:?}, {:?} is needed",
            bias.shape,
            [members, outputs]
        )));
    }
    let layer = Layer { inputs, outputs, weight: weight.values.clone(), bias: bias.values.clone() };
    Ok(Named { name: name.to_owned(), members, layer })
}

/// Takes the first target out of the last layer and the bounds.
fn drop_cost(network: &mut Network, tensors: &Tensors) -> Result<(), Fault> {
    let Some(last) = network.layers.last_mut() else { return Ok(()) };
    let targets = last.layer.outputs / 2;
    if targets < 2 || [&network.min_logvar, &network.max_logvar].iter().any(|bound| bound.len() != targets) {
        return Err(tensors.error(format!("{targets} targets hold no cost beside the observation's change")));
    }
    let kept = |rows: &[f32]| -> Vec<f32> {
        let row = |row: &[f32]| [&row[1..targets], &row[targets + 1..]].concat();
        rows.chunks_exact(2 * targets).flat_map(row).collect()
    };
    last.layer.weight = kept(&last.layer.weight);
    last.layer.bias = kept(&last.layer.bias);
    last.layer.outputs = 2 * (targets - 1);
    network.target = Normalizer::identity(targets - 1);
    network.min_logvar.remove(0);
    network.max_logvar.remove(0);
    Ok(())
}

/// The elites that the file names.
fn elites(file: &Path, tensors: &Tensors) -> Result<Option<Vec<usize>>, Fault> {
    if let Some(named) = ELITES.iter().find_map(|name| tensors.get(name)) {
        let wide: Vec<f64> = named.values.iter().map(|e| f64::from(*e)).collect();
        return layers::elites(tensors, &wide).map(Some);
    }
    if is_safetensors(file) {
        return Ok(None);
    }
    let torch = torch_file::open(file)?;
    let listed = ELITES.iter().find_map(|name| match torch.entry(name) {
        (Some(value), pickle) => pickle.numbers(value),
        (None, _) => None,
    });
    listed.map(|list| layers::elites(tensors, &list)).transpose()
}

/// The scaler of `columns`: stated in oodscope.toml, in the file, or beside it.
fn scaler(
    tensors: &Tensors,
    whole: &Tensors,
    folder: &Path,
    sidecar: &Sidecar,
    columns: usize,
    about: &mut About,
) -> Result<Normalizer, Fault> {
    let wide = |values: &[f32]| values.iter().map(|v| f64::from(*v)).collect::<Vec<f64>>();
    if let Some(stated) = sidecar.stated.input(columns, about).map_err(|e| Fault::at(folder, e))? {
        return Ok(stated);
    }
    let inside = [tensors, whole]
        .into_iter()
        .find_map(|t| INSIDE.iter().find_map(|[mean, std]| Some((t.get(mean)?, t.get(std)?))));
    if let Some((mean, std)) = inside {
        return layers::normalizer(&wide(&mean.values), &wide(&std.values), columns, about)
            .map_err(|e| tensors.error(format!("the scaler: {e}")));
    }
    let archive = folder.join(SCALER);
    if archive.is_file() {
        let [mu, std] = npy::read_npz(&archive, ["mu", "std"])?;
        return layers::normalizer(&mu, &std, columns, about).map_err(|e| Fault::at(&archive, e));
    }
    let (mu, std) = (folder.join("mu.npy"), folder.join("std.npy"));
    if mu.is_file() || std.is_file() {
        return layers::normalizer(&npy::read(&mu)?, &npy::read(&std)?, columns, about).map_err(|e| Fault::at(&mu, e));
    }
    if sidecar.stated.unscaled {
        about.notes.push("oodscope.toml states that the inputs are not scaled".into());
        return Ok(Normalizer::identity(columns));
    }
    Err(tensors.error(format!(
        "its inputs went through a scaler, which mbpo_pytorch and OmniSafe keep in no file; save its mean and deviation of the \
         {columns} inputs as {SCALER} (arrays mu and std) or as mu.npy and std.npy beside the weights, or, if there was none, \
         write scaler = \"none\" into oodscope.toml there"
    )))
}
