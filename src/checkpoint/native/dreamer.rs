//! World models of the Dreamer family that were trained here, in our own layout.

use serde::{Deserialize, Serialize};

use super::{NetRecord, Numbers, describe_net, normalizer, rebuild_net};
use crate::checkpoint::tensors::Tensors;
use crate::ground::fault::Fault;
use crate::world::dreamer::{Cell, Dense, Dreamer, Norm, Reward, Stack, Start, TwoHot};
use crate::world::net::activation::Activation;
use crate::world::net::normalizer::Normalizer;
use crate::world::world_model::WorldModel;

/// What the weights do not say.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct DreamerRecord {
    action_dim: usize,
    classes: usize,
    context: usize,
    unimix: f32,
    /// The cell is in blocks.
    blocks: bool,
    /// Rewards are told by bins.
    two_hot: bool,
    /// Of every network, by its name.
    nets: Vec<StackRecord>,
    /// Heads that its disagreement is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    heads: Option<NetRecord>,
}

#[derive(Debug, Serialize, Deserialize)]
struct StackRecord {
    name: String,
    layers: Vec<LayerRecord>,
}

#[derive(Debug, Serialize, Deserialize)]
struct LayerRecord {
    inputs: usize,
    outputs: usize,
    blocks: usize,
    activation: Activation,
    /// What is added to the mean square of an RMS norm, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rms: Option<f32>,
}

/// `model`, if it is one that can be written.
pub(super) fn known(model: &dyn WorldModel) -> Option<&Dreamer> {
    Dreamer::known(model).filter(|model| model.trainable().is_ok())
}

fn name(net: &str) -> String {
    format!("world_model.{net}")
}

pub(super) fn describe<'c>(model: &'c Dreamer, numbers: &mut Numbers<'c>) -> DreamerRecord {
    if let Some(scale) = &model.scale {
        normalizer(&name("scale"), scale, numbers);
    }
    let mut all = vec![
        ("encoder", &model.encoder),
        ("posterior", &model.posterior),
        ("prior", &model.prior),
        ("decoder", &model.decoder),
        ("reward", model.reward.stack()),
        ("goes_on", &model.goes_on),
    ];
    match &model.cell {
        Cell::Normed { input, gates } => all.extend([("cell.input", input), ("cell.gates", gates)]),
        Cell::Blocks { units, latents, action, gates } => all.extend([
            ("cell.units", units),
            ("cell.latents", latents),
            ("cell.action", action),
            ("cell.gates", gates),
        ]),
    }
    DreamerRecord {
        action_dim: model.action_dim,
        classes: model.classes,
        context: model.context,
        unimix: model.unimix,
        blocks: matches!(model.cell, Cell::Blocks { .. }),
        two_hot: matches!(model.reward, Reward::TwoHot(_)),
        nets: all.into_iter().map(|(net, stack)| describe_stack(net, stack, numbers)).collect(),
        heads: model.heads.as_ref().map(|heads| describe_net(&name("heads"), heads, numbers)),
    }
}

fn describe_stack<'c>(net: &str, stack: &'c Stack, numbers: &mut Numbers<'c>) -> StackRecord {
    let mut layers = Vec::new();
    for (i, l) in stack.layers().iter().enumerate() {
        let mut put = |part: &str, shape: Vec<usize>, values: &'c [f32]| {
            numbers.insert(format!("{}.layers.{i}.{part}", name(net)), (shape, values));
        };
        put("weight", vec![l.blocks, l.inputs / l.blocks, l.outputs / l.blocks], &l.weight);
        put("bias", vec![l.outputs], &l.bias);
        let rms = if let Norm::Rms { scale, eps } = &l.norm {
            put("norm", vec![l.outputs], scale);
            Some(*eps)
        } else {
            None
        };
        layers.push(LayerRecord {
            inputs: l.inputs,
            outputs: l.outputs,
            blocks: l.blocks,
            activation: l.activation,
            rms,
        });
    }
    StackRecord { name: net.to_owned(), layers }
}

pub(super) fn rebuild(record: &DreamerRecord, tensors: &Tensors) -> Result<Dreamer, Fault> {
    let net = |wanted: &str| -> Result<Stack, Fault> {
        let found = record.nets.iter().find(|net| net.name == wanted);
        rebuild_stack(found.ok_or_else(|| tensors.error(format!("the record lacks the network '{wanted}'")))?, tensors)
    };
    let vector = |part: &str| -> Result<Vec<f32>, Fault> { Ok(tensors.need(&name(part))?.values.clone()) };
    let cell = if record.blocks {
        Cell::Blocks {
            units: net("cell.units")?,
            latents: net("cell.latents")?,
            action: net("cell.action")?,
            gates: net("cell.gates")?,
        }
    } else {
        Cell::Normed { input: net("cell.input")?, gates: net("cell.gates")? }
    };
    let reward = net("reward")?;
    let model = Dreamer {
        action_dim: record.action_dim,
        classes: record.classes,
        scale: Some(Normalizer { mean: vector("scale.mean")?, std: vector("scale.std")? }),
        context: record.context,
        unimix: record.unimix,
        bounded_actions: false,
        symlog_in: true,
        symlog_out: true,
        certain: 1.0,
        start: Start::Zeros,
        encoder: net("encoder")?,
        posterior: net("posterior")?,
        cell,
        prior: net("prior")?,
        decoder: net("decoder")?,
        reward: if record.two_hot {
            Reward::TwoHot(TwoHot { logits: reward, stretched_last: true })
        } else {
            Reward::Symlog(reward)
        },
        goes_on: net("goes_on")?,
        heads: record.heads.as_ref().map(|heads| rebuild_net(&name("heads"), heads, tensors)).transpose()?,
    };
    model.checked().map_err(|e| tensors.error(e))
}

fn rebuild_stack(record: &StackRecord, tensors: &Tensors) -> Result<Stack, Fault> {
    let mut layers = Vec::new();
    for (i, l) in record.layers.iter().enumerate() {
        let blocks = l.blocks.max(1);
        let of = |part: &str, shape: &[usize]| -> Result<Vec<f32>, Fault> {
            Ok(tensors.shaped(&format!("{}.layers.{i}.{part}", name(&record.name)), shape)?.values.clone())
        };
        layers.push(Dense {
            inputs: l.inputs,
            outputs: l.outputs,
            blocks,
            weight: of("weight", &[blocks, l.inputs / blocks, l.outputs / blocks])?,
            bias: of("bias", &[l.outputs])?,
            norm: match l.rms {
                Some(eps) => Norm::Rms { scale: of("norm", &[l.outputs])?, eps },
                None => Norm::None,
            },
            activation: l.activation,
        });
    }
    Stack::new(layers).map_err(|e| tensors.error(format!("'{}': {e}", record.name)))
}
