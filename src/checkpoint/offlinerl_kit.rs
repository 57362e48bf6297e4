//! OfflineRL-Kit's `EnsembleDynamics`: `dynamics.pth` (a bare state dictionary) with `mu.npy` and `std.npy` of [obs, action].
//! The network predicts Δobs and reward in raw units; under RAMBO it sees and predicts standardised observations. Its recurrent
//! dynamics are read too ([`recurrent`]).

mod recurrent;

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::dynamics::{self, Layout, Network};
use super::reading::{Basis, Item};
use super::sidecar::{Observations, Sidecar};
use super::tensors::{Tensors, read_bounded};
use super::{About, Checkpoint, CheckpointFormat, Given, layers, npy, torch_file};
use crate::data::dataset::Dataset;
use crate::ground::fault::Fault;
use crate::ground::stats;
use crate::world::ensemble::Ensemble;
use crate::world::net::activation::Activation;
use crate::world::net::normalizer::Normalizer;
use crate::world::world_model::WorldModel;

const DYNAMICS: &str = "dynamics.pth";
/// Longest `hyper_param.json` that is read.
const MAX_RECORD: u64 = 1 << 20;
/// What RAMBO adds to a deviation (`normalize_observations`).
const EPS: f64 = 1e-3;

/// The layout.
pub struct OfflineRlKit;

impl CheckpointFormat for OfflineRlKit {
    fn name(&self) -> &'static str {
        "OfflineRL-Kit"
    }

    fn looks_for(&self) -> &'static str {
        "dynamics.pth of backbones.{i} and output_layer, with mu.npy and std.npy"
    }

    fn probe(&self, path: &Path) -> bool {
        folder_of(path).is_some_and(|folder| folder.join(DYNAMICS).is_file())
    }

    fn load(&self, path: &Path, given: &Given<'_>) -> Result<Checkpoint, Fault> {
        let folder = folder_of(path).unwrap_or_else(|| path.to_path_buf());
        let sidecar = Sidecar::read(&folder)?;
        let run = Run::read(&folder)?;
        let tensors = torch_file::open(&folder.join(DYNAMICS))?.tensors()?.finite()?;
        let mut about = About { file: Some(folder.join(DYNAMICS)), ..About::default() };
        about.lineage.dataset_name.clone_from(&run.task);
        let world_model: Box<dyn WorldModel> = if recurrent::is_recurrent(&tensors) {
            Box::new(recurrent::model(&tensors, &folder, &sidecar, given, &mut about)?)
        } else {
            Box::new(assemble(&tensors, &folder, (&sidecar, &run), given, &mut about)?)
        };
        sidecar.describe(&mut about);
        if let (Some(data), Some(task)) = (given.data, &run.task) {
            about.warnings.extend(other_task(data, task));
        }
        Ok(Checkpoint { world_model: Some(world_model), about, ..Checkpoint::default() })
    }
}

/// What `record/hyper_param.json` says of the run.
#[derive(Debug, Default)]
struct Run {
    task: Option<String>,
    algorithm: Option<String>,
}

impl Run {
    /// Of the run whose `model` folder is `folder`.
    fn read(folder: &Path) -> Result<Self, Fault> {
        let near = [folder.to_path_buf(), folder.join("record"), folder.join("../record")];
        let Some(path) = near.iter().map(|f| f.join("hyper_param.json")).find(|f| f.is_file()) else {
            return Ok(Self::default());
        };
        let value: Value = serde_json::from_slice(&read_bounded(&path, MAX_RECORD)?)
            .map_err(|e| Fault::at(&path, format!("not the record of a run: {e}; correct or remove it")))?;
        let text = |keys: [&str; 2]| keys.iter().find_map(|k| value[*k].as_str()).map(String::from);
        Ok(Self { task: text(["task", "env_name"]), algorithm: text(["algo_name", "algo-name"]) })
    }
}

/// Where the task of the run is of another environment than the dataset's.
fn other_task(data: &Dataset, task: &str) -> Option<String> {
    let bare = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    let environment = task.split(['-', '_']).next().filter(|e| !e.is_empty())?;
    let names = [data.origin.env_id.as_deref(), data.origin.dataset_id.as_deref()];
    let known: Vec<&str> = names.into_iter().flatten().collect();
    let same = known.is_empty() || known.iter().any(|name| bare(name).contains(&bare(environment)));
    (!same).then(|| format!("record/hyper_param.json says task {task}, the dataset is of {}", known[0]))
}

fn folder_of(path: &Path) -> Option<PathBuf> {
    if path.is_dir() {
        return Some(path.to_path_buf());
    }
    path.file_name().is_some_and(|f| f == DYNAMICS).then(|| path.parent().map(Path::to_path_buf)).flatten()
}

fn assemble(
    tensors: &Tensors,
    folder: &Path,
    (sidecar, run): (&Sidecar, &Run),
    given: &Given<'_>,
    about: &mut About,
) -> Result<Ensemble, Fault> {
    let backbones = (0..).take_while(|i| tensors.get(&format!("backbones.{i}.weight")).is_some());
    let mut list =
        backbones.map(|i| layers::member_layer(tensors, &format!("backbones.{i}"))).collect::<Result<Vec<_>, _>>()?;
    if list.is_empty() {
        tensors.need("backbones.0.weight")?;
    }
    list.push(layers::member_layer(tensors, "output_layer")?);
    layers::chain(tensors, &list)?;
    let (inputs, outputs) = (list[0].layer.inputs, list[list.len() - 1].layer.outputs);
    let named: Vec<f64> = tensors.need("elites")?.values.iter().map(|e| f64::from(*e)).collect();
    let network = Network {
        layers: list,
        deterministic: false,
        input: normalizer(folder, inputs, about)?,
        target: Normalizer::identity(outputs / 2),
        min_logvar: tensors.need("min_logvar")?.values.clone(),
        max_logvar: tensors.need("max_logvar")?.values.clone(),
        elites: Some(layers::elites(tensors, &named)?),
    };
    // The library's networks are Swish throughout; only a file beside them or an option may say otherwise.
    let layout = Layout::library(Item::new(Activation::Silu, Basis::Implied));
    let mut model = dynamics::world_model(network, &layout, sidecar, given, tensors, about)?;
    standardise(&mut model, folder, (sidecar, run), given, about)?;
    Ok(model)
}

/// Gives a model of standardised observations the statistics that it was trained with, which the library saves nowhere.
fn standardise(
    model: &mut Ensemble,
    folder: &Path,
    (sidecar, run): (&Sidecar, &Run),
    given: &Given<'_>,
    about: &mut About,
) -> Result<(), Fault> {
    let rambo = run.algorithm.as_ref().is_some_and(|a| a.to_lowercase().contains("rambo"));
    let why = match sidecar.observations {
        Some(Observations::Standardised) => "the file beside the weights says so",
        None if rambo => "record/hyper_param.json names rambo",
        None if sees_standardised(model) => "mu.npy is 0 and std.npy 1 in every column of the observation",
        Some(Observations::Raw) | None => return Ok(()),
    };
    let Some(data) = given.data else {
        about.warnings.push(format!(
            "the dynamics were trained on standardised observations ({why}), whose mean and deviation are in no file: they \
             are computed from the dataset that the checkpoint is opened with"
        ));
        return Ok(());
    };
    let d = model.obs_dim;
    if data.obs_dim() != d {
        return Ok(()); // Said where the checkpoint is held against the dataset.
    }
    let all: Vec<usize> = (0..data.num_episodes()).collect();
    let (mean, std) = stats::column_mean_std(&data.states(&all).0, d);
    // A dataset that is standardised itself needs nothing; it is not told apart from one that the model does not fit.
    if !rambo && sidecar.observations.is_none() && looks_standardised(&mean, &std) {
        return Ok(());
    }
    if mean.iter().chain(&std).any(|v| !v.is_finite()) {
        return Err(Fault::at(
            folder,
            "the dataset's observations hold NaN: RAMBO's statistics cannot be computed from it",
        ));
    }
    if !model.seen.is_empty() {
        return Err(Fault::at(
            folder,
            "a model of standardised observations with a preprocess of its own is not read; leave preprocess away",
        ));
    }
    for c in 0..d {
        let (m, s) = (mean[c], std[c] + EPS);
        model.input.mean[c] = (m + s * f64::from(model.input.mean[c])) as f32;
        model.input.std[c] = (s * f64::from(model.input.std[c])) as f32;
        model.target.std[c] = (s * f64::from(model.target.std[c])) as f32;
        let shift = s * f64::from(model.target.mean[c]);
        model.target.mean[c] = (if model.absolute.contains(&c) { m + shift } else { shift }) as f32;
    }
    about.warnings.push(format!(
        "the dynamics were trained on standardised observations ({why}), whose mean and deviation are in no file: those of \
         this dataset are taken, which is right only for the dataset that it was trained on; observations = \"raw\" in \
         oodscope.toml beside the weights turns this off"
    ));
    Ok(())
}

/// True if the model's own normaliser does nothing to any column of the observation.
fn sees_standardised(model: &Ensemble) -> bool {
    let wide = |v: &[f32]| v[..model.seen_dim()].iter().map(|x| f64::from(*x)).collect::<Vec<_>>();
    looks_standardised(&wide(&model.input.mean), &wide(&model.input.std))
}

/// Means below .05 and deviations within 5 % of 1: no raw observation of more than one column looks so.
fn looks_standardised(mean: &[f64], std: &[f64]) -> bool {
    mean.iter().all(|m| m.abs() < 0.05) && std.iter().all(|s| (s - 1.0).abs() < 0.05)
}

fn normalizer(folder: &Path, columns: usize, about: &mut About) -> Result<Normalizer, Fault> {
    let (mu, std) = (folder.join("mu.npy"), folder.join("std.npy"));
    layers::normalizer(&npy::read(&mu)?, &npy::read(&std)?, columns, about).map_err(|e| Fault::at(&mu, e))
}
