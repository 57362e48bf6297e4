//! World models of TD-MPC2 (Hansen et al. 2024) and of Newt, its successor: `{model: state_dict, …}` or the `state_dict` alone,
//! whatever its value functions are called (`_Qs.params.0.weight`, the older `_Qs.params.0`, `_Qs.online.…`): they are not read.
//! Formulas: `tdmpc2/common/world_model.py`, `layers.py`, `math.py`.
//!
//! The files do not say how many units a simplex of the latents has, between what the reward's bins lie, and which task the data
//! are of: the files beside them do, or the library's own values are taken and told.

use std::path::Path;

use super::hydra::Config;
use super::layers::linear;
use super::rssmlite::names;
use super::sidecar::Sidecar;
use super::state_dict::{file_of, read_tensors};
use super::tensors::Tensors;
use super::{About, Checkpoint, CheckpointFormat, Given};
use crate::ground::fault::Fault;
use crate::world::net::normalizer::Normalizer;
use crate::world::tdmpc::chain::{After, Block, Chain, LayerNorm};
use crate::world::tdmpc::{Reader, RewardIs, TdMpc};
use crate::world::world_model::Encoder as _;
use tasks::Widths;

pub(super) mod tasks;

/// Tensors that no other library has together.
const KNOWN_BY: [&str; 2] = ["_dynamics.0.ln.weight", "_reward.0.ln.weight"];
/// Those of files from before the library was published.
const OLDEST: [&str; 2] = ["_dynamics.0.0.weight", "_encoder.state.1.weight"];
/// What the world model is made of; the rest acts and values.
const PARTS: [&str; 6] = ["_encoder.", "_dynamics.", "_reward.", "_termination.", "_task_emb.", "_action_masks"];
/// The library's own number of bins, units of a simplex, and symlogs of the first and last bin.
const USUAL: (usize, usize, (f64, f64)) = (101, 8, (-10.0, 10.0));
/// Where the configuration of a run lies beside its models.
const CONFIGS: [&str; 4] = [".hydra/config.yaml", "config.yaml", "../.hydra/config.yaml", "../config.yaml"];

/// The layout.
pub struct TdMpc2;

impl CheckpointFormat for TdMpc2 {
    fn name(&self) -> &'static str {
        "TD-MPC2"
    }

    fn looks_for(&self) -> &'static str {
        "the state_dict of TD-MPC2's or Newt's WorldModel, or the file of its agent"
    }

    fn probe(&self, path: &Path) -> bool {
        file_of(path).is_some_and(|file| {
            let names = names(&file);
            let has = |all: &[&str]| all.iter().all(|known| names.iter().any(|name| name.ends_with(known)));
            has(&KNOWN_BY) || has(&OLDEST)
        })
    }

    fn load(&self, path: &Path, given: &Given<'_>) -> Result<Checkpoint, Fault> {
        let file = file_of(path).unwrap_or_else(|| path.to_path_buf());
        let folder = file.parent().unwrap_or(Path::new("."));
        let (sidecar, config) = (Sidecar::read(folder)?, config(folder)?);
        let stated = Stated { sidecar: &sidecar, config: config.as_ref() };
        let whole = read_tensors(&file)?;
        let newt = whole.map.keys().any(|name| name.contains("_Qs.online."));
        let tensors = model_of(&whole)?.finite()?;
        stated.of_states(&tensors)?;
        let mut about = About { file: Some(file.clone()), ..About::default() };
        let model = model(&tensors, newt, &stated, given, &mut about)?;
        about.notes.push(format!(
            "a world model without a decoder: it imagines in a latent space of {}, and is held against encoded observations there",
            model.space()
        ));
        about.notes.push(UNREAD_POLICY.into());
        sidecar.describe(&mut about);
        Ok(Checkpoint { world_model: Some(Box::new(model)), about, ..Checkpoint::default() })
    }
}

/// What is said of the policy beside such a model.
pub(super) const UNREAD_POLICY: &str = "the policy in the file acts on latents and was not read; name another policy with --policy, or recorded episodes with \
     --rollouts";

/// The configuration of the run beside the file, where one lies there.
fn config(folder: &Path) -> Result<Option<Config>, Fault> {
    CONFIGS.iter().map(|name| folder.join(name)).find(|path| path.is_file()).map(|path| Config::read(&path)).transpose()
}

/// What the files beside the weights say.
pub(super) struct Stated<'s> {
    pub sidecar: &'s Sidecar,
    pub config: Option<&'s Config>,
}

impl Stated<'_> {
    /// The number under `key`, in the user's own words before those of the run.
    fn number(&self, key: &str) -> Result<Option<f64>, Fault> {
        match (self.sidecar.numbers.get(key), self.config) {
            (Some(number), _) => Ok(Some(*number)),
            (None, Some(config)) => Ok(config.get(key)?.and_then(serde_json::Value::as_f64)),
            (None, None) => Ok(None),
        }
    }

    /// The whole number under `key`.
    pub fn count(&self, key: &str, tensors: &Tensors) -> Result<Option<usize>, Fault> {
        let Some(number) = self.number(key)? else { return Ok(None) };
        if number.fract() == 0.0 && (0.0..1e9).contains(&number) {
            return Ok(Some(number as usize));
        }
        Err(tensors.error(format!("the file beside it states {key} = {number}, a whole number is needed")))
    }

    /// Refuses models of images.
    fn of_states(&self, tensors: &Tensors) -> Result<(), Fault> {
        let images = match self.config.map(|config| config.text("obs")).transpose()?.flatten() {
            Some("rgb") => Some("its configuration says obs: rgb"),
            _ if tensors.map.keys().any(|name| name.starts_with("_encoder.rgb.")) => {
                Some("'_encoder.rgb' is of convolutions")
            }
            _ => None,
        };
        match images {
            Some(why) => Err(tensors.error(format!(
                "a world model that reads images ({why}), which is not imported: give one that was trained on states"
            ))),
            None => Ok(()),
        }
    }
}

/// The tensors of the world model in `whole`, by the names that the library gives them.
fn model_of(whole: &Tensors) -> Result<Tensors, Fault> {
    let found = whole.map.keys().filter_map(|name| name.strip_suffix(KNOWN_BY[0]));
    let Some(prefix) = found.min_by_key(|prefix| prefix.contains("target")) else {
        return Err(whole.error(format!(
            "'{}' is the name of a layer from before TD-MPC2 was published (its issue 23): load the file with the library's code of \
             that time, save it with that of today, and give the new file",
            OLDEST[0]
        )));
    };
    let map = whole.map.iter().filter_map(|(name, tensor)| {
        let name = name.strip_prefix(prefix)?;
        PARTS.iter().any(|part| name.starts_with(part)).then(|| (name.to_owned(), tensor.clone()))
    });
    Ok(Tensors { path: whole.path.clone(), map: map.collect() })
}

/// `name.0`, `name.1`, …: linear layers with their normalisation and Mish, the last followed by `last`, or bare.
fn chain(tensors: &Tensors, name: &str, last: Option<After>) -> Result<Chain, Fault> {
    let count = (0..tensors.map.len()).take_while(|i| tensors.get(&format!("{name}.{i}.weight")).is_some()).count();
    let block = |i: usize| -> Result<Block, Fault> {
        let name = format!("{name}.{i}");
        let layer = linear(tensors, &name)?.layer;
        let (norm, after) = match last {
            None if i + 1 == count && tensors.get(&format!("{name}.ln.weight")).is_none() => (None, After::Nothing),
            None if i + 1 == count => {
                return Err(tensors
                    .error(format!("'{name}' is normalised and the last of its layers: those after it are missing")));
            }
            last => (
                Some(norm(tensors, &format!("{name}.ln"), layer.outputs)?),
                last.filter(|_| i + 1 == count).unwrap_or(After::Mish),
            ),
        };
        Block::new(layer, norm, after).map_err(|e| tensors.error(format!("'{name}': {e}")))
    };
    let place = |key: &String| key.strip_prefix(name)?.strip_prefix('.')?.split('.').next()?.parse::<usize>().ok();
    if count == 0 || tensors.map.keys().filter_map(place).any(|at| at >= count) {
        tensors.need(&format!("{name}.{count}.weight"))?;
    }
    let blocks = (0..count).map(block).collect::<Result<_, _>>()?;
    Chain::new(blocks).map_err(|e| tensors.error(format!("'{name}': {e}")))
}

/// The normalisation `name` over `units`.
pub(super) fn norm(tensors: &Tensors, name: &str, units: usize) -> Result<LayerNorm, Fault> {
    let part = |part: &str| Ok::<_, Fault>(tensors.shaped(&format!("{name}.{part}"), &[units])?.values.clone());
    Ok(LayerNorm { weight: part("weight")?, bias: part("bias")? })
}

fn model(
    tensors: &Tensors,
    newt: bool,
    stated: &Stated<'_>,
    given: &Given<'_>,
    about: &mut About,
) -> Result<TdMpc, Fault> {
    let reward = chain(tensors, "_reward", None)?;
    let latents = chain(tensors, "_dynamics", Some(After::Nothing))?.outputs();
    let mut assumed = Vec::new();
    let usual = reward.outputs() == USUAL.0;
    let group = simplex(tensors, latents, usual, stated, &mut assumed)?;
    let reward_is = reward_is(tensors, reward.outputs(), stated, &mut assumed)?;
    let (encoder, dynamics) = (
        chain(tensors, "_encoder.state", Some(After::SimNorm(group)))?,
        chain(tensors, "_dynamics", Some(After::SimNorm(group)))?,
    );
    let ends = tensors.get("_termination.0.weight").map(|_| chain(tensors, "_termination", None)).transpose()?;
    let task = tasks::task(tensors, newt, stated, about)?;
    let actions = dynamics.inputs().checked_sub(latents + task.embedding.len()).filter(|n| *n > 0);
    let Some(actions) = actions else {
        return Err(tensors.error("'_dynamics.0.weight' has no columns for an action beside those for the latents"));
    };
    let Some(obs) = encoder.inputs().checked_sub(task.embedding.len()).filter(|n| *n > 0) else {
        return Err(
            tensors.error("'_encoder.state.0.weight' has no columns for an observation beside those for the task")
        );
    };
    let Widths { obs_dim, action_dim } = task.widths(tensors, (obs, actions), stated, given, about)?;
    about.warnings.extend(said(tensors, &assumed));
    about.warnings.extend(tasks::beyond(given));
    let model = TdMpc {
        obs_dim,
        readers: vec![Reader { columns: 0..obs_dim, scale: Normalizer::identity(obs_dim), net: encoder }],
        task: task.embedding,
        action_scale: Normalizer::identity(action_dim),
        dynamics,
        reward,
        reward_is,
        ends,
    };
    model.checked().map_err(|e| tensors.error(e))
}

/// An item that was assumed: what it is, its value, and the lines that state it.
type Assumed = (&'static str, String, String);

/// Units of a simplex of the latents.
fn simplex(
    tensors: &Tensors,
    latents: usize,
    usual: bool,
    stated: &Stated<'_>,
    assumed: &mut Vec<Assumed>,
) -> Result<usize, Fault> {
    match stated.count("simnorm_dim", tensors)? {
        Some(group) if group > 0 && latents.is_multiple_of(group) => Ok(group),
        Some(group) => Err(tensors.error(format!("simnorm_dim = {group} is stated: {latents} latents are no whole groups of it"))),
        None if usual && latents.is_multiple_of(USUAL.1) => {
            assumed.push(("how many units a simplex of the latents has", "8".into(), "simnorm_dim = 8".into()));
            Ok(USUAL.1)
        }
        None => Err(tensors.error(format!(
            "its {latents} latents are simplices, and the file does not say of how many units; write `simnorm_dim = N` (of the run's \
             configuration) into oodscope.toml beside it"
        ))),
    }
}

/// What the `outputs` of the reward's network are.
fn reward_is(
    tensors: &Tensors,
    outputs: usize,
    stated: &Stated<'_>,
    assumed: &mut Vec<Assumed>,
) -> Result<RewardIs, Fault> {
    let bins = stated.count("num_bins", tensors)?;
    if bins.is_some_and(|bins| bins.max(1) != outputs) {
        return Err(tensors.error(format!(
            "num_bins = {} is stated, the reward has {outputs} outputs: the file beside it is of another model",
            bins.unwrap_or_default()
        )));
    }
    if outputs == 1 {
        return match bins {
            Some(0) => Ok(RewardIs::Plain),
            Some(_) => Ok(RewardIs::Symlog),
            None => Err(tensors.error(
                "the reward has one output, and the file does not say whether it is the reward or its symlog; write `num_bins = 0` \
                 (the reward) or `num_bins = 1` (its symlog) into oodscope.toml beside it",
            )),
        };
    }
    let (low, high) = match (stated.number("vmin")?, stated.number("vmax")?) {
        (Some(low), Some(high)) => (low, high),
        (None, None) if outputs == USUAL.0 => {
            assumed.push((
                "between what the bins of the reward lie",
                "-10 and 10".into(),
                "vmin = -10.0, vmax = 10.0".into(),
            ));
            USUAL.2
        }
        _ => {
            return Err(tensors.error(format!(
                "the reward has {outputs} bins, and the file does not say between what they lie; write `vmin = …` and `vmax = …` (of \
                 the run's configuration) into oodscope.toml beside it"
            )));
        }
    };
    if !(low < high && (high - low).is_finite()) {
        return Err(tensors.error(format!("the bins of the reward are stated to lie between {low} and {high}")));
    }
    Ok(RewardIs::Bins(low as f32, high as f32))
}

/// The sentence about what was assumed; nothing where all is stated.
fn said(tensors: &Tensors, assumed: &[Assumed]) -> Option<String> {
    let all = |of: &dyn Fn(&Assumed) -> String, and: &str| assumed.iter().map(of).collect::<Vec<_>>().join(and);
    let file = tensors.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    (!assumed.is_empty()).then(|| {
        format!(
            "{file} does not say {}: the library's own values are assumed; state it in oodscope.toml beside the file ({})",
            all(&|(what, value, _)| format!("{what} ({value})"), " and "),
            all(&|(.., line)| line.clone(), ", ")
        )
    })
}
