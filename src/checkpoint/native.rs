//! Our own layout: a folder with `weights.safetensors` (every number, single precision) and `checkpoint.json` (shapes,
//! flags, provenance, and the hash of the weights that belong to it).

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, TensorView, serialize};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

mod dreamer;
mod policies;
mod recurrent;

use super::dynamics::read_as_asked;
use super::tensors::{Tensors, read_bounded};
use super::{About, Checkpoint, CheckpointFormat, Given, safetensors_file};
use crate::agent::policy::{Categorical, Filtered, LOG_STD, Policy, SquashedGaussian};
use crate::data::space::Space;
use crate::ground::fault::Fault;
use crate::ground::save;
use crate::world::ensemble::Ensemble;
use crate::world::net::mlp::{Activation, Layer, Mlp};
use crate::world::net::normalizer::Normalizer;
use crate::world::rssm::Rssm;
use crate::world::world_model::WorldModel;
use dreamer::DreamerRecord;
use recurrent::RssmRecord;

/// Version of the layout; one with a recurrent world model is [`RECURRENT`], or [`DREAMER`]. All are read.
const LAYOUT: u32 = 1;
/// The version that knows of recurrent world models: an older program must not take the file for one without a model.
const RECURRENT: u32 = 2;
/// The version that knows of those in `DreamerV3`'s forms.
const DREAMER: u32 = 3;
const WEIGHTS: &str = "weights.safetensors";
const RECORD: &str = "checkpoint.json";
/// Longest `checkpoint.json` that is read.
const MAX_RECORD: u64 = 16 << 20;
/// Longest `weights.safetensors` that is read.
const MAX_WEIGHTS: u64 = 4 << 30;

/// The layout.
pub struct Native;

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    oodscope_layout: u32,
    weights_sha256: String,
    world_model: Option<ModelRecord>,
    /// A recurrent world model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rssm: Option<RssmRecord>,
    /// One in a form of `DreamerV3`'s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dreamer: Option<DreamerRecord>,
    /// A squashed Gaussian.
    actor: Option<NetRecord>,
    /// Bounds of its log standard deviation, where they are not the usual ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    actor_log_std: Option<(f32, f32)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    categorical: Option<CategoricalRecord>,
    /// The policy acts on what the recurrent world model makes of an episode.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    follows: bool,
    critic: Option<NetRecord>,
    about: About,
}

#[derive(Debug, Serialize, Deserialize)]
struct ModelRecord {
    obs_dim: usize,
    action_dim: usize,
    learned_reward: bool,
    learned_termination: bool,
    deterministic: bool,
    elites: Vec<usize>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    absolute: Vec<usize>,
    /// What the network sees of an observation: "0", "sin 2".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    seen: Vec<String>,
    net: NetRecord,
}

/// A policy over choices.
#[derive(Debug, Serialize, Deserialize)]
struct CategoricalRecord {
    net: NetRecord,
    space: Space,
}

#[derive(Debug, Serialize, Deserialize)]
struct NetRecord {
    members: usize,
    activation: Activation,
    /// Columns in, of every hidden layer, and out.
    widths: Vec<usize>,
}

impl CheckpointFormat for Native {
    fn name(&self) -> &'static str {
        "oodscope"
    }

    fn looks_for(&self) -> &'static str {
        "checkpoint.json with weights.safetensors"
    }

    fn probe(&self, path: &Path) -> bool {
        folder_of(path).is_some_and(|folder| folder.join(RECORD).is_file())
    }

    fn load(&self, path: &Path, given: &Given<'_>) -> Result<Checkpoint, Fault> {
        let folder = folder_of(path).unwrap_or_else(|| path.to_path_buf());
        let (record, weights) = (folder.join(RECORD), folder.join(WEIGHTS));
        let parsed = parse_record(&record)?;
        if !weights.is_file() {
            return Err(Fault::at(&weights, format!("missing; {RECORD} beside it cannot be used alone")));
        }
        let sum = hash(&read_bounded(&weights, MAX_WEIGHTS)?);
        if sum != parsed.weights_sha256 {
            return Err(Fault::at(
                &weights,
                format!("not the weights that {RECORD} was written with; take both files from the same copy"),
            ));
        }
        let tensors = safetensors_file::read(&weights)?.finite()?;
        let mut checkpoint = rebuild(parsed, &tensors)?;
        read_as_asked(&mut checkpoint, &given.asked).map_err(|e| Fault::at(&record, e))?;
        Ok(checkpoint)
    }
}

/// Whether the parts of `checkpoint` are of kinds that can be written.
///
/// # Errors
/// A sentence naming the kind that cannot.
pub fn savable(checkpoint: &Checkpoint) -> Result<(), String> {
    let other = |model: &&dyn WorldModel| {
        Ensemble::known(*model).is_none() && Rssm::known(*model).is_none() && dreamer::known(*model).is_none()
    };
    if let Some(model) = checkpoint.world_model.as_deref().filter(other) {
        return Err(unsaved("world models", model.kind()));
    }
    let known = |policy: &dyn Policy| SquashedGaussian::known(policy).is_some() || Categorical::known(policy).is_some();
    policies::actor(checkpoint).and_then(|found| match found.filter(|policy| !known(*policy)) {
        Some(policy) => Err(unsaved("policies", policy.kind())),
        None => Ok(()),
    })
}

/// Whether every number of `checkpoint` is finite; what cannot be written is not looked at.
///
/// # Errors
/// A sentence naming the numbers that are not.
pub fn finite(checkpoint: &Checkpoint) -> Result<(), String> {
    let mut numbers = BTreeMap::new();
    let _ = describe(checkpoint, &mut numbers);
    all_finite(&numbers)
}

fn all_finite(numbers: &Numbers<'_>) -> Result<(), String> {
    let wrong = numbers.iter().find(|(_, (_, v))| v.iter().any(|x| !x.is_finite())).map(|(name, _)| name);
    wrong.map_or(Ok(()), |name| {
        Err(format!("nothing was saved: '{name}' holds NaN or infinite numbers, training has diverged"))
    })
}

/// Writes `checkpoint` into `folder` (made if needed). Both files are complete under temporary names before either takes
/// its place, so a full disk or a crash leaves an older checkpoint as it was.
///
/// # Errors
/// [`Fault`] if the folder cannot be written, or if weights are not finite or do not fit together.
pub fn save(folder: &Path, checkpoint: &Checkpoint) -> Result<(), Fault> {
    let mut numbers = BTreeMap::new();
    let mut record = describe(checkpoint, &mut numbers).map_err(|e| Fault::at(folder, e))?;
    all_finite(&numbers).map_err(|e| Fault::at(folder, e))?;
    let weights = bytes_of(&numbers).map_err(|e| Fault::at(folder, e))?;
    record.weights_sha256 = hash(&weights);
    let json = serde_json::to_vec_pretty(&record).map_err(|e| Fault::at(folder, e.to_string()))?;
    std::fs::create_dir_all(folder).map_err(|e| {
        Fault::at(folder, format!("the checkpoint cannot be written: {e}; choose another output folder"))
    })?;
    // The record goes inside the other's writing: both are whole on the disk before either takes its place.
    save::beside(&folder.join(WEIGHTS), |temporary| {
        let file = temporary.as_file_mut();
        let written = file.write_all(&weights).and_then(|()| file.sync_all());
        written.map_err(|e| save::unwritable(&folder.join(WEIGHTS), &e))?;
        save::file(&folder.join(RECORD), |file| file.write_all(&json).map_err(|e| e.to_string()))
    })
}

/// The folder, where `path` is it or one of its two files.
fn folder_of(path: &Path) -> Option<PathBuf> {
    if path.is_dir() {
        return Some(path.to_path_buf());
    }
    let ours = path.file_name().is_some_and(|f| f == RECORD || f == WEIGHTS);
    ours.then(|| path.parent().map(Path::to_path_buf)).flatten()
}

type Numbers<'c> = BTreeMap<String, (Vec<usize>, &'c [f32])>;

/// The record of `checkpoint`, whose numbers are put into `numbers` by name.
fn describe<'c>(checkpoint: &'c Checkpoint, numbers: &mut Numbers<'c>) -> Result<Record, String> {
    let rssm = checkpoint.world_model.as_deref().and_then(Rssm::known);
    let dreamer = checkpoint.world_model.as_deref().and_then(dreamer::known);
    let world_model = match &checkpoint.world_model {
        None => None,
        Some(_) if rssm.is_some() || dreamer.is_some() => None,
        Some(model) => {
            let m = Ensemble::known(&**model).ok_or_else(|| unsaved("world models", model.kind()))?;
            m.check()?;
            let mut put = |name: &str, v: &'c [f32]| numbers.insert(format!("world_model.{name}"), (vec![v.len()], v));
            put("input.mean", &m.input.mean);
            put("input.std", &m.input.std);
            put("target.mean", &m.target.mean);
            put("target.std", &m.target.std);
            put("min_logvar", &m.min_logvar);
            put("max_logvar", &m.max_logvar);
            Some(ModelRecord {
                obs_dim: m.obs_dim,
                action_dim: m.action_dim,
                learned_reward: m.learned_reward,
                learned_termination: m.learned_termination,
                deterministic: m.deterministic,
                elites: m.elites.clone(),
                absolute: m.absolute.clone(),
                seen: m.seen.iter().map(ToString::to_string).collect(),
                net: describe_net("world_model", &m.net, numbers),
            })
        }
    };
    let rssm = rssm.map(|model| recurrent::describe(model, numbers));
    let dreamer = dreamer.map(|model| dreamer::describe(model, numbers));
    let policy = policies::actor(checkpoint)?;
    let follows = checkpoint.policy.as_deref().is_some_and(|policy| Filtered::known(policy).is_some());
    let actor = policy.and_then(SquashedGaussian::known).map(|a| {
        normalizer("actor.input", &a.input, numbers);
        numbers.insert("actor.scale".into(), (vec![a.scale.len()], &a.scale));
        numbers.insert("actor.bias".into(), (vec![a.bias.len()], &a.bias));
        describe_net("actor", &a.net, numbers)
    });
    let categorical = policy.and_then(Categorical::known).map(|c| {
        normalizer("categorical.input", c.input(), numbers);
        CategoricalRecord { net: describe_net("categorical", c.net(), numbers), space: c.action_space().clone() }
    });
    if let Some(policy) = policy.filter(|_| actor.is_none() && categorical.is_none()) {
        return Err(unsaved("policies", policy.kind()));
    }
    let critic = checkpoint.critic.as_ref().map(|c| describe_net("critic", c, numbers));
    let mut about = checkpoint.about.clone();
    about.version = Some(env!("CARGO_PKG_VERSION").into());
    if let Some(acting) = &checkpoint.acting {
        about.notes.push(format!("the policy was read as {}", acting.format));
        about.warnings.extend(acting.warnings.iter().cloned());
    }
    Ok(Record {
        oodscope_layout: match (&rssm, &dreamer) {
            (_, Some(_)) => DREAMER,
            (Some(_), None) => RECURRENT,
            (None, None) => LAYOUT,
        },
        weights_sha256: String::new(),
        world_model,
        rssm,
        dreamer,
        actor,
        actor_log_std: policy.and_then(SquashedGaussian::known).map(|a| a.log_std).filter(|bounds| *bounds != LOG_STD),
        categorical,
        follows,
        critic,
        about,
    })
}

/// Why a part cannot be written.
fn unsaved(what: &str, kind: &str) -> String {
    format!("{what} of the kind '{kind}' cannot be saved; save it with the program that made it")
}

fn normalizer<'c>(name: &str, n: &'c Normalizer, numbers: &mut Numbers<'c>) {
    numbers.insert(format!("{name}.mean"), (vec![n.mean.len()], &n.mean));
    numbers.insert(format!("{name}.std"), (vec![n.std.len()], &n.std));
}

fn describe_net<'c>(prefix: &str, net: &'c Mlp, numbers: &mut Numbers<'c>) -> NetRecord {
    for (i, l) in net.layers.iter().enumerate() {
        let weight = (vec![net.members, l.inputs, l.outputs], &l.weight[..]);
        numbers.insert(format!("{prefix}.layers.{i}.weight"), weight);
        numbers.insert(format!("{prefix}.layers.{i}.bias"), (vec![net.members, l.outputs], &l.bias[..]));
    }
    let widths = std::iter::once(net.inputs()).chain(net.layers.iter().map(|l| l.outputs)).collect();
    NetRecord { members: net.members, activation: net.activation, widths }
}

fn bytes_of(numbers: &Numbers<'_>) -> Result<Vec<u8>, String> {
    let raw: Vec<(&String, &Vec<usize>, Vec<u8>)> = numbers
        .iter()
        .map(|(name, (shape, values))| (name, shape, values.iter().flat_map(|v| v.to_le_bytes()).collect()))
        .collect();
    let mut views = Vec::with_capacity(raw.len());
    for (name, shape, bytes) in &raw {
        let view = TensorView::new(Dtype::F32, (*shape).clone(), bytes).map_err(|e| format!("'{name}': {e}"))?;
        views.push((name.as_str(), view));
    }
    serialize(views, None).map_err(|e| e.to_string())
}

fn hash(bytes: &[u8]) -> String {
    use std::fmt::Write;
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn parse_record(path: &Path) -> Result<Record, Fault> {
    let bytes = read_bounded(path, MAX_RECORD)?;
    let bad = |e: serde_json::Error| Fault::at(path, format!("not the record of an oodscope checkpoint: {e}"));
    let json: serde_json::Value = serde_json::from_slice(&bytes).map_err(bad)?;
    let layout = json["oodscope_layout"].as_u64().unwrap_or(0);
    if layout > u64::from(DREAMER) {
        return Err(Fault::at(
            path,
            format!("written by a newer oodscope (layout {layout}, this one reads up to {DREAMER}); update oodscope"),
        ));
    }
    serde_json::from_value(json).map_err(bad)
}

/// Puts the parts together; every shape that the record states is checked against the tensors.
fn rebuild(record: Record, tensors: &Tensors) -> Result<Checkpoint, Fault> {
    let vector = |name: &str| -> Result<Vec<f32>, Fault> { Ok(tensors.need(name)?.values.clone()) };
    let world_model = match (record.world_model, record.rssm, record.dreamer) {
        (None, None, None) => None,
        (None, None, Some(m)) => Some(Box::new(dreamer::rebuild(&m, tensors)?) as Box<dyn WorldModel>),
        (None, Some(m), _) => Some(Box::new(recurrent::rebuild(&m, tensors)?) as Box<dyn WorldModel>),
        (Some(m), ..) => {
            let model = Ensemble {
                obs_dim: m.obs_dim,
                action_dim: m.action_dim,
                learned_reward: m.learned_reward,
                learned_termination: m.learned_termination,
                deterministic: m.deterministic,
                net: rebuild_net("world_model", &m.net, tensors)?,
                input: Normalizer { mean: vector("world_model.input.mean")?, std: vector("world_model.input.std")? },
                target: Normalizer { mean: vector("world_model.target.mean")?, std: vector("world_model.target.std")? },
                min_logvar: vector("world_model.min_logvar")?,
                max_logvar: vector("world_model.max_logvar")?,
                elites: m.elites,
                absolute: m.absolute,
                seen: m.seen.iter().map(|s| s.parse()).collect::<Result<_, String>>().map_err(|e| tensors.error(e))?,
            };
            model.check().map_err(|e| tensors.error(e))?;
            Some(Box::new(model) as Box<dyn WorldModel>)
        }
    };
    let policy = policies::rebuild((record.actor, record.actor_log_std), record.categorical, tensors)?;
    let policy = if record.follows { policies::behind(world_model.as_deref(), policy, tensors)? } else { policy };
    let critic = record.critic.map(|net| rebuild_net("critic", &net, tensors)).transpose()?;
    Ok(Checkpoint { world_model, policy, critic, about: record.about, acting: None })
}

fn rebuild_net(prefix: &str, net: &NetRecord, tensors: &Tensors) -> Result<Mlp, Fault> {
    let mut layers = Vec::new();
    for (i, pair) in net.widths.windows(2).enumerate() {
        let (inputs, outputs) = (pair[0], pair[1]);
        let weight = tensors.shaped(&format!("{prefix}.layers.{i}.weight"), &[net.members, inputs, outputs])?;
        let bias = tensors.shaped(&format!("{prefix}.layers.{i}.bias"), &[net.members, outputs])?;
        layers.push(Layer { inputs, outputs, weight: weight.values.clone(), bias: bias.values.clone() });
    }
    if net.widths.contains(&0) {
        return Err(tensors.error(format!("'{prefix}' has a layer of no columns")));
    }
    Mlp::new(net.members, net.activation, layers).map_err(|e| tensors.error(format!("'{prefix}': {e}")))
}
