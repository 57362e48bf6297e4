//! Recurrent state-space models of rssmlite 0.1: the `state_dict` of its `RSSM`, or the file that its agent saves with the
//! optimisers around it. Formulas: `rssmlite/rssm.py`, `networks.py`, `backbones/gru.py`.
//!
//! The shapes say all but how many classes a group of latents has: the agent's file says it, and for a bare `state_dict` the
//! files beside it have to (`classes = 8`).

use std::path::Path;

use super::pickle::Value;
use super::sidecar::Sidecar;
use super::state_dict::{file_of, is_safetensors, read_tensors};
use super::tensors::Tensors;
use super::{About, Checkpoint, CheckpointFormat, Given, safetensors_file, torch_file};
use crate::ground::fault::Fault;
use crate::world::net::mlp::{Layer, Mlp};
use crate::world::net::normalizer::Normalizer;
use crate::world::rssm::{ACTIVATION, GruCell, Rssm};

/// Tensors that no other library has together.
const KNOWN_BY: [&str; 3] =
    ["posterior_net.net.0.weight", "dynamics.gru_cell.weight_ih", "dynamics.prior_net.0.weight"];
/// Classes of a group where the library's agent was not told otherwise.
const USUAL: usize = 32;
/// Observations that are filtered before it imagines; the library filters whole episodes.
const CONTEXT: usize = 5;

/// The layout.
pub struct RssmLite;

impl CheckpointFormat for RssmLite {
    fn name(&self) -> &'static str {
        "rssmlite"
    }

    fn looks_for(&self) -> &'static str {
        "the state_dict of rssmlite's RSSM, or the file of its agent"
    }

    fn probe(&self, path: &Path) -> bool {
        file_of(path).is_some_and(|file| {
            let names = names(&file);
            KNOWN_BY.iter().all(|known| names.iter().any(|name| bare(name) == *known))
        })
    }

    fn load(&self, path: &Path, _: &Given<'_>) -> Result<Checkpoint, Fault> {
        let file = file_of(path).unwrap_or_else(|| path.to_path_buf());
        let sidecar = Sidecar::read(file.parent().unwrap_or(Path::new(".")))?;
        let whole = read_tensors(&file)?;
        let prefix = whole.map.keys().find_map(|name| name.strip_suffix(KNOWN_BY[0])).unwrap_or_default().to_owned();
        let tensors = whole.under(&prefix).finite()?;
        let mut about = About { file: Some(file.clone()), ..About::default() };
        let classes = classes(&file, &prefix, &sidecar, &tensors)?;
        let model = model(&tensors, classes)?;
        about.notes.push(format!(
            "a recurrent state-space model of {} units and {} groups of {classes} classes; the likeliest classes are taken, and it \
             is told where it is by the {CONTEXT} observations before it imagines",
            model.cell.units(),
            model.groups
        ));
        if whole.map.keys().any(|name| name.starts_with("actor.")) {
            about.notes.push(
                "the agent's actor acts on what the model alone knows and was not read; name another policy with --policy, or \
                 recorded episodes with --rollouts"
                    .into(),
            );
        }
        sidecar.describe(&mut about);
        Ok(Checkpoint { world_model: Some(Box::new(model)), about, ..Checkpoint::default() })
    }
}

/// A name without what the agent and compilers put before it.
fn bare(name: &str) -> &str {
    let name = name.strip_prefix("rssm.").unwrap_or(name);
    name.strip_prefix("_orig_mod.").unwrap_or(name)
}

/// Names of the tensors; none where the file cannot be read.
pub(super) fn names(file: &Path) -> Vec<String> {
    if is_safetensors(file) {
        return safetensors_file::entries(file)
            .map(|all| all.into_iter().map(|e| e.name).collect())
            .unwrap_or_default();
    }
    let entries = torch_file::open(file).and_then(|torch| torch.entries());
    entries.map(|all| all.into_iter().map(|(name, ..)| name).collect()).unwrap_or_default()
}

/// Classes of a group: as said beside the file, else by the agent's file, which may leave it at what is usual.
fn classes(file: &Path, prefix: &str, sidecar: &Sidecar, tensors: &Tensors) -> Result<usize, Fault> {
    let all = tensors.need("dynamics.prior_net.2.weight")?.shape.first().copied().unwrap_or(0);
    let said = match sidecar.classes {
        Some(classes) => Some(classes),
        None if prefix.is_empty() || is_safetensors(file) => None,
        None => of_agent(file)?,
    };
    let Some(classes) = said else {
        return Err(tensors.error(format!(
            "its {all} latents are groups of classes, and the file does not say how many classes a group has; write `classes = N` \
             (num_classes of its RSSM) into oodscope.toml beside it"
        )));
    };
    if classes == 0 || !all.is_multiple_of(classes) {
        return Err(tensors.error(format!("{all} latents are no whole groups of {classes} classes")));
    }
    Ok(classes)
}

/// What the agent's file says it was made with.
fn of_agent(file: &Path) -> Result<Option<usize>, Fault> {
    let torch = torch_file::open(file)?;
    let (_, pickle) = torch.entry("init_kwargs");
    let Some(made) = pickle.entry(pickle.root, "init_kwargs") else { return Ok(None) };
    let of_model = pickle.entry(made, "rssm_kwargs");
    let said = of_model.and_then(|of_model| pickle.get(of_model, "num_classes"));
    Ok(match said {
        Some(Value::Int(n)) => usize::try_from(*n).ok(),
        _ => Some(USUAL),
    })
}

fn model(tensors: &Tensors, classes: usize) -> Result<Rssm, Fault> {
    let net = |names: &[&str]| -> Result<Mlp, Fault> {
        let layers = names.iter().map(|name| linear(tensors, &format!("{name}.weight"), &format!("{name}.bias")));
        Mlp::new(1, ACTIVATION, layers.collect::<Result<_, _>>()?).map_err(|e| tensors.error(e))
    };
    let head = |name: &str| -> Result<Mlp, Fault> {
        let names = [0, 2, 4].map(|i| format!("{name}.net.{i}"));
        net(&names.each_ref().map(String::as_str))
    };
    let cell = |part: &str| {
        linear(tensors, &format!("dynamics.gru_cell.weight_{part}"), &format!("dynamics.gru_cell.bias_{part}"))
    };
    let cell = GruCell::new(cell("ih")?, cell("hh")?).map_err(|e| tensors.error(e))?;
    let prior = net(&["dynamics.prior_net.0", "dynamics.prior_net.2"])?;
    let input = net(&["dynamics.pre_gru.0"])?;
    let action_dim = input.inputs().checked_sub(prior.outputs()).filter(|a| *a > 0).ok_or_else(|| {
        tensors.error("'dynamics.pre_gru.0.weight' has no columns for an action beside those for the latents")
    })?;
    let encoder = head("encoder")?;
    let model = Rssm {
        action_dim,
        groups: prior.outputs() / classes,
        classes,
        context: CONTEXT,
        unimix: 0.0,
        on_arrival: false,
        scale: Normalizer::identity(encoder.inputs()),
        encoder,
        posterior: head("posterior_net")?,
        input,
        cell,
        prior,
        decoder: head("decoder")?,
        reward: head("reward_head")?,
        goes_on: head("continue_head")?,
        heads: None,
    };
    model.checked().map_err(|e| tensors.error(e))
}

/// A linear layer of torch, [out, in], as ours.
pub(super) fn linear(tensors: &Tensors, weight: &str, bias: &str) -> Result<Layer, Fault> {
    let w = tensors.need(weight)?;
    let &[outputs, inputs] = &w.shape[..] else {
        return Err(tensors.error(format!("tensor '{weight}' has shape {:?}, [outputs, inputs] is needed", w.shape)));
    };
    let b = tensors.shaped(bias, &[outputs])?;
    let weight = (0..inputs * outputs).map(|i| w.values[(i % outputs) * inputs + i / outputs]).collect();
    Ok(Layer { inputs, outputs, weight, bias: b.values.clone() })
}
