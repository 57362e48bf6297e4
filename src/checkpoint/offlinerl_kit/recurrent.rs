//! OfflineRL-Kit's `RNNDynamics`: one network of a `GRU` beside a perceptron (`nets/rnn.py`), which predicts Δobs and reward of every
//! step of a history. Its step takes the whole history anew from units of 0 (`dynamics/rnn_dynamics.py`), which is the same as
//! carrying the units on. Swish; the dropout that it trained with is off.

use std::path::Path;

use super::normalizer;
use crate::checkpoint::layers::{self, Named};
use crate::checkpoint::recurrent_layers;
use crate::checkpoint::sidecar::Sidecar;
use crate::checkpoint::tensors::Tensors;
use crate::checkpoint::{About, Given};
use crate::ground::fault::Fault;
use crate::world::net::activation::Activation;
use crate::world::net::mlp::Mlp;
use crate::world::net::normalizer::Normalizer;
use crate::world::recurrent_net::{Block, LayerNorm, Readout, RecurrentNet};

/// Observations that it is told before it imagines, where nothing is stated; how long the histories were that it trained on is in no
/// file.
const CONTEXT: usize = 5;

/// True for its tensors.
pub fn is_recurrent(tensors: &Tensors) -> bool {
    tensors.map.keys().any(|name| name.starts_with("rnn_layer."))
}

/// The model, whose normaliser is in `folder`.
///
/// # Errors
/// [`Fault`] naming the tensor that is missing or does not fit.
pub fn model(
    tensors: &Tensors,
    folder: &Path,
    sidecar: &Sidecar,
    given: &Given<'_>,
    about: &mut About,
) -> Result<RecurrentNet, Fault> {
    recurrent_layers::nothing_to_ask(tensors, sidecar, given)?;
    let memory = recurrent_layers::memory(tensors, "rnn_layer")?;
    let backbones = (0..).take_while(|i| tensors.get(&format!("backbones.{i}.linear.weight")).is_some());
    let blocks =
        backbones.map(|i| block(tensors, &format!("backbones.{i}"), true)).collect::<Result<Vec<_>, Fault>>()?;
    let readout = Readout::Residual {
        first: block(tensors, "input_layer", false)?,
        merge: net(tensors, layers::linear(tensors, "merge_layer")?)?,
        blocks,
        last: net(tensors, layers::linear(tensors, "output_layer")?)?,
    };
    let inputs = tensors.need("input_layer.linear.weight")?.shape[1];
    let targets = tensors.need("output_layer.weight")?.shape[0];
    let obs_dim = targets.saturating_sub(1);
    let action_dim = inputs.saturating_sub(obs_dim);
    let said = (sidecar.obs_dim.unwrap_or(obs_dim), sidecar.act_dim.unwrap_or(action_dim));
    if said != (obs_dim, action_dim) || obs_dim == 0 || action_dim == 0 {
        return Err(tensors.error(format!(
            "a network of {inputs} inputs and {targets} outputs, [observation, action] in, [change of the observation, reward] out: \
             {obs_dim} observation and {action_dim} action dimensions, {} and {} are stated or needed",
            said.0.max(1),
            said.1.max(1)
        )));
    }
    let context = sidecar.stated.history.unwrap_or(CONTEXT);
    about.notes.push(format!(
        "recurrent dynamics of {obs_dim} observation and {action_dim} action dimensions: its units begin at 0, and it is told where it \
         is by the {context} observations before it imagines (history = {context} in oodscope.toml beside the weights changes that)"
    ));
    let model = RecurrentNet {
        obs_dim,
        action_dim,
        learned_reward: true,
        context,
        input: normalizer(folder, inputs, about)?,
        target: Normalizer::identity(targets),
        memory,
        readout,
    };
    model.checked().map_err(|e| tensors.error(e))
}

/// `ResBlock`: activation, what it was given, layer normalisation.
fn block(tensors: &Tensors, name: &str, residual: bool) -> Result<Block, Fault> {
    let linear = net(tensors, layers::linear(tensors, &format!("{name}.linear"))?)?;
    let part = |part: &str| -> Result<Vec<f32>, Fault> {
        Ok(tensors.shaped(&format!("{name}.layer_norm.{part}"), &[linear.outputs()])?.values.clone())
    };
    let has = tensors.map.keys().any(|key| key.starts_with(&format!("{name}.layer_norm.")));
    let norm = if has { Some(LayerNorm { scale: part("weight")?, shift: part("bias")? }) } else { None };
    Ok(Block { linear, residual, norm })
}

fn net(tensors: &Tensors, layer: Named) -> Result<Mlp, Fault> {
    Mlp::new(1, Activation::Silu, vec![layer.layer]).map_err(|e| tensors.error(format!("'{}': {e}", layer.name)))
}
