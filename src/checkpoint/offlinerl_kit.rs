//! OfflineRL-Kit's `EnsembleDynamics`: `dynamics.pth` (a bare state dictionary) with `mu.npy` and `std.npy` of [obs, action].
//! The network predicts Δobs and reward in raw units.

use std::path::{Path, PathBuf};

use super::sidecar::Sidecar;
use super::tensors::Tensors;
use super::{About, Checkpoint, CheckpointFormat, layers, npy, torch_file};
use crate::ground::fault::Fault;
use crate::world::ensemble::Ensemble;
use crate::world::net::mlp::{Activation, Mlp};
use crate::world::net::normalizer::Normalizer;

const DYNAMICS: &str = "dynamics.pth";

/// The layout.
pub struct OfflineRlKit;

impl CheckpointFormat for OfflineRlKit {
    fn name(&self) -> &'static str {
        "OfflineRL-Kit"
    }

    fn probe(&self, path: &Path) -> bool {
        folder_of(path).is_some_and(|folder| folder.join(DYNAMICS).is_file())
    }

    fn load(&self, path: &Path) -> Result<Checkpoint, Fault> {
        let folder = folder_of(path).unwrap_or_else(|| path.to_path_buf());
        let sidecar = Sidecar::read(&folder)?;
        let tensors = torch_file::open(&folder.join(DYNAMICS))?.tensors()?.finite()?;
        let mut about = About::default();
        let model = assemble(&tensors, &folder, &sidecar, &mut about)?;
        sidecar.describe(&mut about);
        Ok(Checkpoint { world_model: Some(Box::new(model)), about, ..Checkpoint::default() })
    }
}

fn folder_of(path: &Path) -> Option<PathBuf> {
    if path.is_dir() {
        return Some(path.to_path_buf());
    }
    path.file_name().is_some_and(|f| f == DYNAMICS).then(|| path.parent().map(Path::to_path_buf)).flatten()
}

fn assemble(tensors: &Tensors, folder: &Path, sidecar: &Sidecar, about: &mut About) -> Result<Ensemble, Fault> {
    if tensors.map.keys().any(|k| k.starts_with("rnn_layer.")) {
        return Err(tensors.error("'rnn_layer' is of OfflineRL-Kit's recurrent dynamics, which are not read yet"));
    }
    let backbones = (0..).take_while(|i| tensors.get(&format!("backbones.{i}.weight")).is_some());
    let mut list =
        backbones.map(|i| layers::member_layer(tensors, &format!("backbones.{i}"))).collect::<Result<Vec<_>, _>>()?;
    if list.is_empty() {
        tensors.need("backbones.0.weight")?;
    }
    list.push(layers::member_layer(tensors, "output_layer")?);
    layers::chain(tensors, &list)?;
    let members = list[0].members;
    // The library's networks are Swish throughout; only a model.json may say otherwise.
    let activation = match sidecar.activation {
        Some(_) => sidecar.activation(Activation::Silu, "", about).map_err(|e| Fault::at(folder, e))?,
        None => Activation::Silu,
    };
    let net =
        Mlp::new(members, activation, list.into_iter().map(|l| l.layer).collect()).map_err(|e| tensors.error(e))?;
    let targets = net.outputs() / 2;
    let dims = sidecar.dims(net.inputs(), targets, tensors, about)?;
    let named: Vec<f64> = tensors.need("elites")?.values.iter().map(|e| f64::from(*e)).collect();
    let model = Ensemble {
        obs_dim: dims.obs,
        action_dim: dims.action,
        learned_reward: dims.learned_reward,
        learned_termination: false,
        deterministic: false,
        input: normalizer(folder, net.inputs(), about)?,
        target: Normalizer::identity(targets),
        min_logvar: tensors.need("min_logvar")?.values.clone(),
        max_logvar: tensors.need("max_logvar")?.values.clone(),
        elites: layers::elites(tensors, &named)?,
        net,
    };
    model.check().map_err(|e| tensors.error(e))?;
    Ok(model)
}

fn normalizer(folder: &Path, columns: usize, about: &mut About) -> Result<Normalizer, Fault> {
    let (mu, std) = (folder.join("mu.npy"), folder.join("std.npy"));
    layers::normalizer(&npy::read(&mu)?, &npy::read(&std)?, columns, about).map_err(|e| Fault::at(&mu, e))
}
