//! Our own layout: a folder with `weights.safetensors` (every number, single precision) and `checkpoint.json` (shapes,
//! flags, provenance, and the hash of the weights that belong to it).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, TensorView, serialize};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::tensors::{Tensors, read_bounded};
use super::{About, Checkpoint, CheckpointFormat, safetensors_file};
use crate::agent::policy::Actor;
use crate::ground::fault::Fault;
use crate::world::ensemble::{Ensemble, Normalizer};
use crate::world::mlp::{Activation, Layer, Mlp};

/// Version of the layout that this program writes; it reads this one and those before it.
const LAYOUT: u32 = 1;
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
    actor: Option<NetRecord>,
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
    net: NetRecord,
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

    fn probe(&self, path: &Path) -> bool {
        folder_of(path).is_some_and(|folder| folder.join(RECORD).is_file())
    }

    fn load(&self, path: &Path) -> Result<Checkpoint, Fault> {
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
        rebuild(parsed, &tensors)
    }
}

/// Writes `checkpoint` into `folder` (made if needed). Both files are complete under temporary names before either takes
/// its place, so a full disk or a crash leaves an older checkpoint as it was.
///
/// # Errors
/// [`Fault`] if the folder cannot be written, or if weights are not finite or do not fit together.
pub fn save(folder: &Path, checkpoint: &Checkpoint) -> Result<(), Fault> {
    let mut numbers = BTreeMap::new();
    let mut record = describe(checkpoint, &mut numbers).map_err(|e| Fault::at(folder, e))?;
    if let Some(name) = numbers.iter().find(|(_, (_, v))| v.iter().any(|x| !x.is_finite())).map(|(n, _)| n) {
        return Err(Fault::at(
            folder,
            format!("nothing was saved: '{name}' holds NaN or infinite numbers, training has diverged"),
        ));
    }
    let weights = bytes_of(&numbers).map_err(|e| Fault::at(folder, e))?;
    record.weights_sha256 = hash(&weights);
    let json = serde_json::to_vec_pretty(&record).map_err(|e| Fault::at(folder, e.to_string()))?;
    let unwritable = |e: std::io::Error| {
        Fault::at(folder, format!("the checkpoint cannot be written: {e}; choose another output folder"))
    };
    std::fs::create_dir_all(folder).map_err(unwritable)?;
    let staged = [(WEIGHTS, weights), (RECORD, json)].map(|(name, bytes)| {
        let (temporary, place) = (folder.join(format!("{name}.tmp")), folder.join(name));
        write_synced(&temporary, &bytes).map(|()| (temporary, place))
    });
    for file in staged {
        let (temporary, place) = file.map_err(unwritable)?;
        std::fs::rename(temporary, place).map_err(unwritable)?;
    }
    // The renames themselves are on disk once the folder is; not every file system lets a folder be synced.
    let _ = File::open(folder).and_then(|f| f.sync_all());
    Ok(())
}

fn write_synced(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let written = File::create(path).and_then(|mut f| f.write_all(bytes).and_then(|()| f.sync_all()));
    written.inspect_err(|_| {
        let _ = std::fs::remove_file(path);
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
    let world_model = match &checkpoint.world_model {
        None => None,
        Some(m) => {
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
                net: describe_net("world_model", &m.net, numbers),
            })
        }
    };
    let actor = checkpoint.actor.as_ref().map(|a| {
        numbers.insert("actor.input.mean".into(), (vec![a.input.mean.len()], &a.input.mean));
        numbers.insert("actor.input.std".into(), (vec![a.input.std.len()], &a.input.std));
        numbers.insert("actor.scale".into(), (vec![a.scale.len()], &a.scale));
        numbers.insert("actor.bias".into(), (vec![a.bias.len()], &a.bias));
        describe_net("actor", &a.net, numbers)
    });
    let critic = checkpoint.critic.as_ref().map(|c| describe_net("critic", c, numbers));
    let mut about = checkpoint.about.clone();
    about.version = Some(env!("CARGO_PKG_VERSION").into());
    Ok(Record { oodscope_layout: LAYOUT, weights_sha256: String::new(), world_model, actor, critic, about })
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
    if layout > u64::from(LAYOUT) {
        return Err(Fault::at(
            path,
            format!("written by a newer oodscope (layout {layout}, this one reads up to {LAYOUT}); update oodscope"),
        ));
    }
    serde_json::from_value(json).map_err(bad)
}

/// Puts the parts together; every shape that the record states is checked against the tensors.
fn rebuild(record: Record, tensors: &Tensors) -> Result<Checkpoint, Fault> {
    let vector = |name: &str| -> Result<Vec<f32>, Fault> { Ok(tensors.need(name)?.values.clone()) };
    let world_model = match record.world_model {
        None => None,
        Some(m) => {
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
            };
            model.check().map_err(|e| tensors.error(e))?;
            Some(model)
        }
    };
    let actor = match record.actor {
        None => None,
        Some(net) => {
            let net = rebuild_net("actor", &net, tensors)?;
            let input = Normalizer { mean: vector("actor.input.mean")?, std: vector("actor.input.std")? };
            let actor = Actor { net, input, scale: vector("actor.scale")?, bias: vector("actor.bias")? };
            if actor.input.mean.len() != actor.net.inputs() || actor.input.std.len() != actor.net.inputs() {
                return Err(tensors.error(format!("actor.input has not {} columns", actor.net.inputs())));
            }
            let a = actor.scale.len();
            if a == 0 || actor.bias.len() != a || actor.net.outputs() != 2 * a || actor.net.members != 1 {
                return Err(tensors.error(format!(
                    "the policy has {} outputs for {a} action dimensions, {} are needed",
                    actor.net.outputs(),
                    2 * a
                )));
            }
            Some(actor)
        }
    };
    let critic = record.critic.map(|net| rebuild_net("critic", &net, tensors)).transpose()?;
    Ok(Checkpoint { world_model, actor, critic, about: record.about })
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
