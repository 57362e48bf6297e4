//! Checkpoints: world models and policies on disk, in our own layout and in those of other libraries.
//!
//! A new layout is one file under `checkpoint/` and one line in [`CHECKPOINTS`]. Nothing in a file is ever executed.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::agent::policy::Policy;
use crate::data::dataset::Dataset;
use crate::data::space::encoding::takes_numbers;
use crate::data::space::{Space, SpaceKind};
use crate::data::split::SplitSpec;
use crate::ground::fault::{Fault, printable};
use crate::ground::missing::missing;
use crate::world::ensemble::Ensemble;
use crate::world::net::mlp::Mlp;
use crate::world::world_model::WorldModel;

pub mod blocks;
mod columns;
mod dreamer;
pub mod dreamerv3;
pub mod dreamerv3_torch;
mod dynamics;
mod hydra;
pub mod inspect;
mod layers;
pub mod lerobot_tdmpc;
pub mod mbpo;
pub mod mbrl_lib;
pub mod native;
pub mod newest;
mod npy;
pub mod offlinerl_kit;
pub mod onnx;
mod order;
mod perceptron;
pub mod pets;
pub mod pickle;
pub mod policies;
pub mod r2dreamer;
pub mod reading;
mod recognised;
mod recurrent_layers;
pub mod rssmlite;
pub mod rwm;
pub mod safetensors_file;
pub mod sheeprl;
pub mod sidecar;
pub mod state_dict;
pub mod tdmpc;
pub mod tdmpc2;
pub mod tensors;
pub mod torch_file;
mod unwrap;
mod yaml;

use columns::{open_readings, read_anew};
use reading::{Asked, Reading};
use sidecar::Sidecar;

/// A world model, a policy, or both, and where they came from.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Checkpoint {
    /// The dynamics model.
    pub world_model: Option<Box<dyn WorldModel>>,
    /// The policy.
    pub policy: Option<Box<dyn Policy>>,
    /// The value function; its members are independent estimates.
    pub critic: Option<Mlp>,
    /// Provenance.
    pub about: About,
    /// Provenance of the policy, where it came from elsewhere.
    pub acting: Option<Box<About>>,
}

/// Where a checkpoint came from and what the user should know about it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// Name of the [`CheckpointFormat`] that read it.
    pub format: String,
    /// Version of the program that wrote it, where the file says so.
    pub version: Option<String>,
    /// Environment id (`Pendulum-v1`).
    pub env_id: Option<String>,
    /// Names of the observation's columns.
    pub obs_names: Vec<String>,
    /// Names of the action's columns.
    pub action_names: Vec<String>,
    /// Factor on rewards that the critic was trained with.
    pub reward_scale: Option<f32>,
    /// Discount of the return that the critic was trained to promise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount: Option<f64>,
    /// What it was trained on.
    pub lineage: Lineage,
    /// What the user should know: how it was read, things that were odd and survived.
    pub notes: Vec<String>,
    /// File or folder that the world model was read from, where its reading is in question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// How the world model's numbers were read, where their file is another library's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reading: Option<Reading>,
    /// What makes its numbers doubtful, beside what the reading assumes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// What is known beside the file when a checkpoint is opened.
#[derive(Debug, Clone, Copy, Default)]
pub struct Given<'d> {
    /// What the user says of the reading.
    pub asked: Asked,
    /// The dataset that it is held against: its dimensions settle what shapes leave open.
    pub data: Option<&'d Dataset>,
}

/// The world model that another reading of the same file gives.
#[derive(Debug, Clone)]
pub struct Alternative {
    /// The reading.
    pub reading: Reading,
    /// The model.
    pub model: Box<dyn WorldModel>,
}

/// What a checkpoint was trained on and from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lineage {
    /// Fingerprint of the dataset.
    pub dataset: Option<String>,
    /// Path or name of the dataset, for people.
    pub dataset_name: Option<String>,
    /// Checkpoint that training went on from.
    pub parent: Option<String>,
    /// Seed of weights and batches.
    pub seed: Option<u64>,
    /// How episodes were divided; the held-out part was not trained on.
    pub split: Option<SplitSpec>,
    /// Loss by epoch.
    pub curve: Vec<CurvePoint>,
}

/// Loss after one pass over the data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Number of passes so far.
    pub epoch: usize,
    /// Loss on the training part, where it was measured.
    pub train: Option<f64>,
    /// Loss on the held-out part, where it was measured.
    pub heldout: Option<f64>,
}

/// A layout of checkpoints on disk, recognised by what is inside.
pub trait CheckpointFormat: Sync {
    /// Short name ("mbrl-lib").
    fn name(&self) -> &'static str;

    /// What it looks for, in a few words.
    fn looks_for(&self) -> &'static str;

    /// True if `path` looks like this layout. Looks at names and first bytes only; never fails loudly.
    fn probe(&self, path: &Path) -> bool;

    /// Reads it.
    ///
    /// # Errors
    /// [`Fault`] naming file, tensor and remedy.
    fn load(&self, path: &Path, given: &Given<'_>) -> Result<Checkpoint, Fault>;
}

/// Every layout, in the order in which they are asked.
pub const CHECKPOINTS: &[&dyn CheckpointFormat] = &[
    &native::Native,
    &mbrl_lib::MbrlLib,
    &offlinerl_kit::OfflineRlKit,
    &rssmlite::RssmLite,
    &dreamerv3_torch::DreamerV3Torch,
    &sheeprl::SheepRl,
    &r2dreamer::R2Dreamer,
    &dreamerv3::DreamerV3,
    &tdmpc2::TdMpc2,
    &tdmpc::TdMpc1,
    &lerobot_tdmpc::LeRobotTdMpc,
    &rwm::RoboticWorldModel,
    &mbpo::Mbpo,
    &pets::Pets,
    &onnx::Onnx,
    &state_dict::StateDict,
];

/// Opens `path` with the layout that recognises it, with nothing known beside it.
///
/// # Errors
/// As [`open_given`].
pub fn open(path: &Path) -> Result<Checkpoint, Fault> {
    open_given(path, &Given::default())
}

/// Opens `path` with the layout that recognises it.
///
/// # Errors
/// [`Fault`] if nothing recognises the path, or if reading fails.
pub fn open_given(path: &Path, given: &Given<'_>) -> Result<Checkpoint, Fault> {
    if !path.exists() {
        return Err(missing(path));
    }
    let Some(format) = CHECKPOINTS.iter().find(|f| f.probe(path)) else {
        if let Some(what) = recognised::of_path(path) {
            return Err(Fault::at(path, what));
        }
        let names: Vec<_> = CHECKPOINTS.iter().map(|f| f.name()).collect();
        return Err(Fault::at(
            path,
            format!("not a checkpoint that oodscope knows (looked for: {})", names.join(", ")),
        ));
    };
    let mut checkpoint = format.load(path, given)?;
    seen_as_stated(&checkpoint, path)?;
    let about = &mut checkpoint.about;
    about.format = format.name().into();
    // Names come from files.
    about.warnings.iter_mut().chain(&mut about.notes).for_each(|text| *text = printable(text));
    Ok(checkpoint)
}

/// Refuses what is stated of what a network sees where the layout does not ask for it: it would be passed over.
fn seen_as_stated(checkpoint: &Checkpoint, path: &Path) -> Result<(), Fault> {
    let Some(model) = &checkpoint.world_model else { return Ok(()) };
    // Beside what is opened: one of our own knows another's place, which may hold something else by now.
    let folder = if path.is_dir() { path } else { path.parent().unwrap_or(Path::new(".")) };
    let stated = Sidecar::read(folder)?.stated.preprocess;
    let Some(stated) = stated.filter(|seen| !seen.is_empty()) else { return Ok(()) };
    if Ensemble::known(&**model).is_some_and(|ensemble| ensemble.seen == stated) {
        return Ok(());
    }
    Err(Fault::at(
        path,
        "preprocess in the file beside it is not read of such a model; leave it away, or write \"none\"",
    ))
}

/// Name, shape and dtype of every tensor in a file, whatever it is for: what a person needs to see when no layout fits.
///
/// # Errors
/// [`Fault`] if `path` is no tensor file.
pub fn key_report(path: &Path) -> Result<Vec<(String, Vec<usize>, String)>, Fault> {
    let file = if path.is_dir() {
        let names = ["weights.safetensors", "model.pth", "dynamics.pth", "model.safetensors", "model.pt"];
        let found = names.iter().map(|n| path.join(n)).find(|f| f.is_file()).or_else(|| state_dict::only_file(path));
        found.ok_or_else(|| Fault::at(path, "no file of tensors in this folder; name the file"))?
    } else {
        path.to_path_buf()
    };
    if state_dict::is_safetensors(&file) {
        return Ok(safetensors_file::entries(&file)?.into_iter().map(|e| (e.name, e.shape, e.dtype.name())).collect());
    }
    torch_file::open(&file)?.entries()
}

impl About {
    /// Says where `what` was made for another environment than that of `data`.
    fn elsewhere(&self, what: &str, data: &Dataset) -> Option<String> {
        let (ours, theirs) =
            data.origin.env_id.as_ref().zip(self.env_id.as_ref()).filter(|(ours, theirs)| ours != theirs)?;
        Some(format!("the {what} was made for {theirs}, the dataset is of {ours}"))
    }
}

impl Checkpoint {
    /// What is doubtful about a policy from elsewhere where it meets `data`, a sentence each, as [`Checkpoint::cautions`].
    pub fn policy_cautions(&self, data: &Dataset) -> Vec<String> {
        let Some(acting) = &self.acting else { return Vec::new() };
        acting.warnings.iter().cloned().chain(acting.elsewhere("policy", data)).collect()
    }

    /// What is doubtful about the world model where it meets `data`, a sentence each: what its reading assumed, what stands
    /// beside it unread, another environment. Every report that uses the model has them as warnings.
    pub fn cautions(&self, data: &Dataset) -> Vec<String> {
        let about = &self.about;
        if self.world_model.is_none() {
            return Vec::new();
        }
        let file = about.file.as_deref().unwrap_or(Path::new("the checkpoint"));
        let assumed = about.reading.as_ref().and_then(|reading| reading.sentence(file));
        let environment = about.elsewhere("checkpoint", data);
        let actions = self.action_note(&data.action_space);
        assumed.into_iter().chain(about.warnings.iter().cloned()).chain(environment).chain(actions).collect()
    }

    /// The world models of the other readings that the file leaves open, each made when it is asked for: a copy of the
    /// weights with their columns in another order. None where everything is stated.
    pub fn alternatives(&self) -> impl Iterator<Item = Alternative> + '_ {
        let known = self.world_model.as_deref().and_then(Ensemble::known).zip(self.about.reading.as_ref());
        known.into_iter().flat_map(|(model, from)| {
            open_readings(from)
                .into_iter()
                .map(move |reading| Alternative { reading, model: Box::new(read_anew(model.clone(), from, &reading)) })
        })
    }

    /// Checks that observations and actions of these spaces can be given to every part.
    ///
    /// # Errors
    /// A sentence with both numbers.
    pub fn fits(&self, obs: &Space, action: &Space) -> Result<(), String> {
        let check = |part: &str, what: &str, has: usize, wants: usize| {
            if has == wants {
                return Ok(());
            }
            Err(format!(
                "the {part} takes {what} of {has} dimensions, the dataset has {wants}; choose the checkpoint that was \
                 trained on this dataset's environment"
            ))
        };
        if let Some(model) = &self.world_model {
            let dims = model.dims();
            check("world model", "observations", model.observes(), obs.dim())?;
            if !takes_numbers(action, dims.action) {
                check("world model", "actions", dims.action, action.encoded_dim())?;
            }
        }
        if let Some(policy) = &self.policy {
            // Whatever a world model imagines in: the policies that are there act on observations.
            if let Some(features) = policy.features() {
                check("policy", "observations", features, obs.dim())?;
            }
            check("policy", "actions", policy.action_space().dim(), action.dim())?;
            let (ours, numbers) =
                (policy.action_space().choices().is_some(), matches!(action.kind, SpaceKind::Box { .. }));
            if ours && numbers || !ours && action.choices().is_some() {
                let kinds = if ours { ["choices", "numbers"] } else { ["numbers", "choices"] };
                return Err(format!(
                    "the policy's actions are {}, the dataset's are {}; choose the policy that was trained on this dataset's \
                     environment",
                    kinds[0], kinds[1]
                ));
            }
        }
        Ok(())
    }

    /// What is to be said of how the world model takes actions of this space; nothing in the usual case.
    pub fn action_note(&self, action: &Space) -> Option<String> {
        let width = self.world_model.as_ref()?.dims().action;
        takes_numbers(action, width).then(|| {
            "the world model takes the number of a choice as if choices had an order, as it was trained: a model fitted \
             here would have one column for each choice"
                .into()
        })
    }
}

#[cfg(test)]
mod tests;
