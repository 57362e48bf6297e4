//! From a network's numbers and what is said of them to a world model: which columns are what, and how that is known.

use super::columns::read_anew;
use super::layers::Named;
use super::reading::{Asked, Basis, InputOrder, Item, Reading, RewardColumn, Target};
use super::sidecar::Sidecar;
use super::tensors::Tensors;
use super::{About, Checkpoint, Given};
use crate::data::dataset::Dataset;
use crate::ground::fault::Fault;
use crate::world::ensemble::{Ensemble, Seen};
use crate::world::net::activation::Activation;
use crate::world::net::mlp::Mlp;
use crate::world::net::normalizer::Normalizer;

/// A network as it lies in a file, its columns in the file's own order.
pub struct Network {
    /// Layers from input to output, of equally many members.
    pub layers: Vec<Named>,
    /// No log-variance.
    pub deterministic: bool,
    /// Of the inputs.
    pub input: Normalizer,
    /// Of the targets.
    pub target: Normalizer,
    /// Soft lower bound of the log-variance, as in [`Ensemble`].
    pub min_logvar: Vec<f32>,
    /// Soft upper bound.
    pub max_logvar: Vec<f32>,
    /// Members whose mean is the prediction; all if none are named.
    pub elites: Option<Vec<usize>>,
}

/// What a layout means where nothing else is said.
pub struct Layout {
    /// How it is read.
    pub reading: Reading,
    /// Columns of the observation that are predicted as they are, where the others' change is.
    pub no_delta: Vec<usize>,
    /// What the network sees of an observation; nothing = its columns as they are.
    pub seen: Vec<Seen>,
}

impl Layout {
    /// `[obs, action] -> [Δobs, reward]`, as both libraries have it.
    pub fn library(activation: Item<Activation>) -> Self {
        Self {
            reading: Reading {
                activation,
                target: Item::new(Target::Delta, Basis::Implied),
                reward: Item::new(RewardColumn::Last, Basis::Implied),
                input: Item::new(InputOrder::ObsAction, Basis::Implied),
            },
            no_delta: Vec::new(),
            seen: Vec::new(),
        }
    }

    /// Nothing is said: everything is assumed.
    pub fn unsaid() -> Self {
        let library = Self::library(Item::new(Activation::Relu, Basis::Assumed));
        let reading = Reading {
            target: Item::new(Target::Delta, Basis::Assumed),
            reward: Item::new(RewardColumn::Last, Basis::Assumed),
            input: Item::new(InputOrder::ObsAction, Basis::Assumed),
            ..library.reading
        };
        Self { reading, ..library }
    }
}

/// Columns of a dynamics model's inputs and targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dims {
    /// Columns of an observation.
    pub obs: usize,
    /// Columns of an action.
    pub action: usize,
    /// The reward is among the targets.
    pub learned_reward: bool,
}

/// The world model that `network` is, with its reading in `about`.
///
/// # Errors
/// [`Fault`] if the shapes do not allow what is said.
pub fn world_model(
    network: Network,
    layout: &Layout,
    sidecar: &Sidecar,
    given: &Given<'_>,
    file: &Tensors,
    about: &mut About,
) -> Result<Ensemble, Fault> {
    let (members, list): (Vec<_>, Vec<_>) = network.layers.into_iter().map(|l| (l.members, l.layer)).unzip();
    let members = members.first().copied().unwrap_or_default();
    let net = Mlp::new(members, layout.reading.activation.value, list).map_err(|e| file.error(e))?;
    let targets = if network.deterministic { net.outputs() } else { net.outputs() / 2 };
    let seen = sidecar.stated.preprocess.clone().unwrap_or_else(|| layout.seen.clone());
    let (inputs, learned_rewards) = as_if_whole((net.inputs(), targets), &seen, sidecar, given).ok_or_else(|| {
        file.error(format!(
            "a network of {} inputs cannot see {} columns of an observation and an action",
            net.inputs(),
            seen.len()
        ))
    })?;
    let sidecar = &Sidecar { learned_rewards, ..sidecar.clone() };
    let dims = dims((inputs, targets), sidecar, given, file, about)?;
    let reading = reading(layout, sidecar, given, dims, net.layers.len(), about);
    let elites = sidecar.elites.clone().or(network.elites).unwrap_or_else(|| (0..net.members).collect());
    let raw = Ensemble {
        obs_dim: dims.obs,
        action_dim: dims.action,
        learned_reward: dims.learned_reward,
        learned_termination: false,
        deterministic: network.deterministic,
        net,
        input: network.input,
        target: network.target,
        min_logvar: network.min_logvar,
        max_logvar: network.max_logvar,
        elites,
        absolute: Vec::new(),
        seen,
    };
    raw.check().map_err(|e| file.error(e))?;
    let plain = Reading {
        target: Item::new(Target::Delta, Basis::Implied),
        reward: Item::new(RewardColumn::Last, Basis::Implied),
        input: Item::new(InputOrder::ObsAction, Basis::Implied),
        ..reading
    };
    let mut model = read_anew(raw, &plain, &reading);
    if reading.target.value == Target::Delta {
        model.absolute.clone_from(&layout.no_delta);
    }
    model.check().map_err(|e| file.error(e))?;
    about.reading = Some(reading);
    Ok(model)
}

/// The reading: options, then what is stated, then what the layout means.
fn reading(
    layout: &Layout,
    sidecar: &Sidecar,
    given: &Given<'_>,
    dims: Dims,
    layers: usize,
    about: &mut About,
) -> Reading {
    let usual = &layout.reading;
    let none = Item::new(RewardColumn::None, Basis::Implied);
    let implied = |item: Item<Activation>| Item { basis: Basis::Implied, ..item };
    // A single linear layer has no activation to be wrong about.
    let activation = if layers > 1 { usual.activation } else { implied(usual.activation) };
    let stated = Reading {
        activation: Item::choose(None, sidecar.activation, activation),
        target: Item::choose(None, sidecar.target, usual.target),
        reward: if dims.learned_reward { Item::choose(None, sidecar.reward, usual.reward) } else { none },
        input: Item::choose(None, sidecar.input, usual.input),
    };
    let reading = stated.as_asked(&given.asked, dims.learned_reward);
    let said = usual.lines().into_iter().zip(stated.lines());
    about.warnings.extend(said.filter(|((_, was, basis), (_, is, _))| was != is && *basis == Basis::Stated).map(
        |((key, was, _), (_, is, _))| {
            format!("the file beside the weights states {key} {is}, the run's configuration {was}: {is} is taken")
        },
    ));
    about.warnings.extend(overruled(&stated, &reading));
    reading
}

/// Reads a checkpoint that keeps how it was imported anew, where the user asks for another reading.
///
/// # Errors
/// A sentence where it was not imported: then its file leaves nothing to ask for.
pub fn read_as_asked(checkpoint: &mut Checkpoint, asked: &Asked) -> Result<(), String> {
    if *asked == Asked::default() {
        return Ok(());
    }
    let model = checkpoint.world_model.as_deref().and_then(Ensemble::known);
    let (Some(model), Some(was)) = (model, checkpoint.about.reading) else {
        return Err("the file states how its world model is read; leave --model-activation, --model-target, \
                    --model-reward and --model-input away"
            .into());
    };
    let reading = was.as_asked(asked, model.learned_reward);
    let anew = read_anew(model.clone(), &was, &reading);
    checkpoint.world_model = Some(Box::new(anew));
    checkpoint.about.reading = Some(reading);
    checkpoint.about.warnings.extend(overruled(&was, &reading));
    Ok(())
}

/// Says where an option is taken against what a file states or its layout means.
fn overruled(stated: &Reading, taken: &Reading) -> Vec<String> {
    let pairs = stated.lines().into_iter().zip(taken.lines());
    pairs
        .filter(|((_, was, basis), (_, is, _))| was != is && *basis != Basis::Assumed)
        .map(|((key, was, basis), (_, is, _))| {
            let whose = if basis == Basis::Implied { "its layout means" } else { "the file states" };
            format!("--model-{key} {is} is taken although {whose} {was}")
        })
        .collect()
}

/// What a network of the widths of this dataset's policy or value function is; nothing where it may be a world model.
fn no_model((inputs, outputs): (usize, usize), data: &Dataset) -> Option<String> {
    let (d, a) = (data.obs_dim(), data.action_space.encoded_dim());
    if inputs == d && (outputs == a || outputs == 2 * a) {
        return Some(format!(
            "a network of {inputs} inputs and {outputs} outputs takes the dataset's observation and gives its action: a policy; \
             give the file of the dynamics model to --checkpoint, and the policy's episodes to --rollouts"
        ));
    }
    let value = outputs == 1 && d > 1 && (inputs == d || inputs == d + a);
    value.then(|| format!("a network of {inputs} inputs and one output: a value function, no world model"))
}

/// Inputs of a network that saw the whole observation where this one sees `seen` of it, and whether there is a reward, where that
/// follows; nothing where it has too few.
fn as_if_whole(
    (inputs, targets): (usize, usize),
    seen: &[Seen],
    sidecar: &Sidecar,
    given: &Given<'_>,
) -> Option<(usize, Option<bool>)> {
    let said = given.asked.reward.or(sidecar.reward).map(|r| r != RewardColumn::None).or(sidecar.learned_rewards);
    let Some(last) = seen.iter().map(|s| s.column()).max() else { return Some((inputs, said)) };
    let known = sidecar.obs_dim.or(given.data.map(Dataset::obs_dim)).filter(|d| targets.abs_diff(*d) <= 1);
    // As where the whole is seen, a reward is among the targets unless they are needed for what is seen.
    let guess = || known.map_or_else(|| targets.checked_sub(1).is_some_and(|t| t > last), |d| targets > d);
    let reward = said.unwrap_or_else(guess);
    let obs = targets.checked_sub(usize::from(reward))?;
    inputs.checked_sub(seen.len()).filter(|action| *action > 0).map(|action| (action + obs, Some(reward)))
}

/// What the columns of a network with `inputs` and `targets` are.
fn dims(
    (inputs, targets): (usize, usize),
    sidecar: &Sidecar,
    given: &Given<'_>,
    file: &Tensors,
    about: &mut About,
) -> Result<Dims, Fault> {
    let in_words = given.asked.reward.or(sidecar.reward).map(|r| r != RewardColumn::None);
    let said = in_words.or(sidecar.learned_rewards);
    let agrees = |learned: bool| said.is_none_or(|s| s == learned);
    if let (Some(obs), Some(action)) = (sidecar.obs_dim, sidecar.act_dim) {
        let learned_reward = targets == obs.saturating_add(1);
        if obs.saturating_add(action) != inputs || !(learned_reward || targets == obs) || !agrees(learned_reward) {
            let reward = said.map_or("", |s| if s { " and a reward" } else { " and no reward" });
            return Err(file.error(format!(
                "the file beside it says {obs} observation and {action} action dimensions{reward}; the network takes {inputs} \
                 inputs and gives {targets} targets"
            )));
        }
        return Ok(Dims { obs, action, learned_reward });
    }
    if let Some(what) = given.data.and_then(|data| no_model((inputs, targets), data)) {
        return Err(file.error(what));
    }
    let data = given.data.map(Dataset::obs_dim).filter(|obs| *obs > 0 && inputs > *obs);
    if let Some(obs) = data.filter(|obs| (targets == *obs || targets == obs + 1) && agrees(targets > *obs)) {
        return Ok(Dims { obs, action: inputs - obs, learned_reward: targets > obs });
    }
    let fits = |reward: usize| targets > reward && inputs > targets - reward;
    let learned_reward = said.unwrap_or_else(|| fits(1));
    let reward = usize::from(learned_reward);
    if !fits(reward) {
        return Err(file.error(format!(
            "a network of {inputs} inputs and {targets} targets is no dynamics model: [observation, action] in, [observation \
             or its change, reward] out; further outputs, such as the episode's end, are not read: save the model without them"
        )));
    }
    let obs = targets - reward;
    if said.is_none() {
        about.notes.push(format!(
            "taken from the shapes: {obs} observation and {} action dimensions, {}",
            inputs - obs,
            if learned_reward { "a reward is among the outputs" } else { "no reward is predicted" }
        ));
    }
    Ok(Dims { obs, action: inputs - obs, learned_reward })
}

#[cfg(test)]
mod tests;
