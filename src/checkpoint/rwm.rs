//! Robotic World Models of `rsl_rl_rwm` (Li et al. 2025), which trained quadrupeds: `model_<it>.pt` =
//! {`model_state_dict`, `system_dynamics_state_dict`, …}. Sources: its `modules/system_dynamics.py`, `modules/architectures/*.py`,
//! `runners/mbpo_on_policy_runner.py`, and `robotic_world_model`'s `manager_based_mbrl_env.py`.
//!
//! `state_base` is a `GRU` or `LSTM` (`memory.rnn`) over the normalised [state, action taken at it], begun with units of 0 on the last
//! `history_horizon` states, or a perceptron (`layers`, `ReLU`) over that window, the oldest first. Every member is a head on it, which
//! adds the change to the last normalised state and may give a log-deviation between soft bounds. Where the library draws a member
//! once for each rollout, the mean over the heads is taken, or one head. The reward is code of the environment; the auxiliary base
//! and heads (extensions, contacts, the end) are not read.
//!
//! The normaliser stands only in the agent's configuration: `params/agent.yaml` beside the file, else oodscope.toml.

mod agent;

use std::path::Path;

use super::layers::{self, Named};
use super::recurrent_layers;
use super::rssmlite::names;
use super::sidecar::Sidecar;
use super::state_dict::{file_of, read_tensors, the_file};
use super::tensors::Tensors;
use super::{About, Checkpoint, CheckpointFormat, Given};
use crate::ground::fault::Fault;
use crate::world::net::activation::Activation;
use crate::world::net::mlp::Mlp;
use crate::world::net::normalizer::Normalizer;
use crate::world::recurrent_net::{Deviations, Memory, Readout, RecurrentNet};
use agent::Agent;

/// The tensor that every such model has.
const KNOWN_BY: &str = "state_heads.0.state_mean_layers.0.weight";
/// One of these stands beside it.
const BASES: [&str; 2] = ["state_base.memory.rnn.weight_ih_l0", "state_base.layers.0.weight"];

/// The layout.
pub struct RoboticWorldModel;

impl CheckpointFormat for RoboticWorldModel {
    fn name(&self) -> &'static str {
        "Robotic World Model"
    }

    fn looks_for(&self) -> &'static str {
        "state_base and state_heads of rsl_rl_rwm, with params/agent.yaml"
    }

    fn probe(&self, path: &Path) -> bool {
        file_of(path).is_some_and(|file| {
            let names = names(&file);
            let ends = |known: &str| names.iter().any(|name| name.ends_with(known));
            ends(KNOWN_BY) && BASES.iter().any(|base| ends(base))
        })
    }

    fn load(&self, path: &Path, given: &Given<'_>) -> Result<Checkpoint, Fault> {
        let file = the_file(path)?;
        let folder = file.parent().unwrap_or(Path::new("."));
        let sidecar = Sidecar::read(folder)?;
        let whole = read_tensors(&file)?;
        recurrent_layers::nothing_to_ask(&whole, &sidecar, given)?;
        let found: Vec<&str> = whole.map.keys().filter_map(|name| name.strip_suffix(KNOWN_BY)).collect();
        let prefix = match found[..] {
            [prefix] => prefix.to_owned(),
            _ => {
                return Err(
                    whole.error(format!("{} such models in one file; save the one that is meant alone", found.len()))
                );
            }
        };
        let tensors = whole.under(&prefix).finite()?;
        let mut about = About { file: Some(file.clone()), ..About::default() };
        let model = model(&tensors, folder, &sidecar, &mut about)?;
        if whole.map.keys().any(|name| name.starts_with("model_state_dict.")) {
            about.notes.push("the agent's policy in the same file was not read; give the file to --policy".into());
        }
        sidecar.describe(&mut about);
        Ok(Checkpoint { world_model: Some(Box::new(model)), about, ..Checkpoint::default() })
    }
}

fn model(tensors: &Tensors, folder: &Path, sidecar: &Sidecar, about: &mut About) -> Result<RecurrentNet, Fault> {
    // As many as there are tensors at most.
    let is_head = |e: &usize| tensors.get(&format!("state_heads.{e}.state_mean_layers.0.weight")).is_some();
    let members = (0..tensors.map.len()).take_while(is_head).count();
    let mean = heads(tensors, members, "state_mean_layers")?;
    let deviations = deviations(tensors, members, mean.outputs())?;
    let base = base(tensors)?;
    let obs_dim = mean.outputs();
    let agent = Agent::read(folder, sidecar)?;
    let columns = match &base {
        Base::Recurrent(inputs, _) => *inputs,
        Base::Window(net) => agent.window(net.inputs(), tensors)?,
    };
    let action_dim = columns.checked_sub(obs_dim).filter(|a| *a > 0).ok_or_else(|| {
        tensors.error(format!(
            "the base takes {columns} columns, of which {obs_dim} are the state's and none is left for actions"
        ))
    })?;
    let (input, context) = agent.scale((obs_dim, action_dim), tensors, about)?;
    if (sidecar.obs_dim.unwrap_or(obs_dim), sidecar.act_dim.unwrap_or(action_dim)) != (obs_dim, action_dim) {
        return Err(tensors.error(format!(
            "the file beside it says other dimensions; the network has {obs_dim} state and {action_dim} action dimensions"
        )));
    }
    let (memory, net) = match base {
        Base::Recurrent(_, memory) => (memory, None),
        Base::Window(net) => (Memory::Window { steps: context, inputs: columns }, Some(net)),
    };
    about.notes.push(format!(
        "{members} heads on one base; it sees {context} states and actions before it imagines, predicts no reward, and its states are the \
         observations of the group system_state"
    ));
    if tensors.map.keys().any(|name| name.contains(".termination_layers.")) {
        about.warnings.push(
            "auxiliary_heads predict the end of the episode (termination_layers) and were not read: imagined rollouts do not end".into(),
        );
    } else if tensors.map.keys().any(|name| name.starts_with("auxiliary_heads.")) {
        about.notes.push("auxiliary_heads (extensions, contacts) were not read".into());
    }
    let target = Normalizer { mean: vec![0.0; obs_dim], std: input.std[..obs_dim].to_vec() };
    let readout = Readout::Heads { base: net, mean, deviations };
    let model = RecurrentNet { obs_dim, action_dim, learned_reward: false, context, input, target, memory, readout };
    model.checked().map_err(|e| tensors.error(e))
}

/// What all heads stand on.
enum Base {
    /// Columns of a step, and the layers.
    Recurrent(usize, Memory),
    /// Over a window.
    Window(Mlp),
}

fn base(tensors: &Tensors) -> Result<Base, Fault> {
    if tensors.get(BASES[0]).is_some() {
        let memory = recurrent_layers::memory(tensors, "state_base.memory.rnn")?;
        let columns = tensors.need(BASES[0])?.shape.last().copied().unwrap_or(0);
        return Ok(Base::Recurrent(columns, memory));
    }
    let list = sequence(tensors, "state_base.layers")?;
    layers::chain(tensors, &list)?;
    Ok(Base::Window(relu(tensors, 1, list)?))
}

/// Every head's layers `name`, side by side.
fn heads(tensors: &Tensors, members: usize, name: &str) -> Result<Mlp, Fault> {
    let all =
        (0..members).map(|e| sequence(tensors, &format!("state_heads.{e}.{name}"))).collect::<Result<Vec<_>, _>>()?;
    let depth = all.first().map_or(0, Vec::len);
    if all.iter().any(|head| head.len() != depth) {
        return Err(tensors.error(format!("the heads have '{name}' of different depths, which is not read")));
    }
    let mut columns: Vec<Vec<Named>> = (0..depth).map(|_| Vec::new()).collect();
    for head in all {
        head.into_iter().zip(&mut columns).for_each(|(layer, column)| column.push(layer));
    }
    let list = columns.into_iter().map(|c| layers::stacked(tensors, c)).collect::<Result<Vec<_>, _>>()?;
    layers::chain(tensors, &list)?;
    relu(tensors, members, list)
}

/// The linear layers of a `Sequential` with an activation between them: `name.0`, `name.2`, ….
fn sequence(tensors: &Tensors, name: &str) -> Result<Vec<Named>, Fault> {
    let indices = (0..).step_by(2).take_while(|i: &usize| tensors.get(&format!("{name}.{i}.weight")).is_some());
    let list = indices.map(|i| layers::linear(tensors, &format!("{name}.{i}"))).collect::<Result<Vec<_>, _>>()?;
    if list.is_empty() {
        tensors.need(&format!("{name}.0.weight"))?;
    }
    Ok(list)
}

fn relu(tensors: &Tensors, members: usize, list: Vec<Named>) -> Result<Mlp, Fault> {
    Mlp::new(members, Activation::Relu, list.into_iter().map(|l| l.layer).collect()).map_err(|e| tensors.error(e))
}

/// Log-deviations and their bounds: the upper one is `exp(state_log_delta_logstd)` above the lower.
fn deviations(tensors: &Tensors, members: usize, targets: usize) -> Result<Option<Deviations>, Fault> {
    if tensors.get("state_heads.0.state_logstd_layers.0.weight").is_none() {
        return Ok(None);
    }
    let net = heads(tensors, members, "state_logstd_layers")?;
    let (mut min, mut max) = (Vec::new(), Vec::new());
    for e in 0..members {
        let bound = |name: &str| tensors.shaped(&format!("state_heads.{e}.{name}"), &[1, targets]);
        let (low, apart) = (bound("state_min_logstd")?, bound("state_log_delta_logstd")?);
        max.extend(low.values.iter().zip(&apart.values).map(|(low, apart)| low + apart.exp()));
        min.extend_from_slice(&low.values);
    }
    Ok(Some(Deviations { net, min, max }))
}
