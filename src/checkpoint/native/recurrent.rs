//! Recurrent world models in our own layout.

use serde::{Deserialize, Serialize};

use super::{NetRecord, Numbers, describe_net, normalizer, rebuild_net};
use crate::checkpoint::tensors::Tensors;
use crate::ground::fault::Fault;
use crate::world::net::mlp::Mlp;
use crate::world::net::normalizer::Normalizer;
use crate::world::rssm::{GruCell, Rssm};

/// What the weights do not say.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RssmRecord {
    action_dim: usize,
    groups: usize,
    classes: usize,
    context: usize,
    unimix: f32,
    on_arrival: bool,
    /// Of every network, in the order of [`NETS`].
    nets: Vec<NetRecord>,
    /// Heads that its disagreement is of; an older program reads the model without them, whose predictions are the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    heads: Option<NetRecord>,
}

/// Names of the networks.
const NETS: [&str; 9] =
    ["encoder", "posterior", "input", "cell.input", "cell.units", "prior", "decoder", "reward", "goes_on"];

const HEADS: &str = "heads";

fn name(net: &str) -> String {
    format!("world_model.{net}")
}

pub(super) fn describe<'c>(model: &'c Rssm, numbers: &mut Numbers<'c>) -> RssmRecord {
    normalizer(&name("scale"), &model.scale, numbers);
    let all = [
        &model.encoder,
        &model.posterior,
        &model.input,
        model.cell.of_input(),
        model.cell.of_units(),
        &model.prior,
        &model.decoder,
        &model.reward,
        &model.goes_on,
    ];
    RssmRecord {
        action_dim: model.action_dim,
        groups: model.groups,
        classes: model.classes,
        context: model.context,
        unimix: model.unimix,
        on_arrival: model.on_arrival,
        nets: NETS.iter().zip(all).map(|(net, mlp)| describe_net(&name(net), mlp, numbers)).collect(),
        heads: model.heads.as_ref().map(|heads| describe_net(&name(HEADS), heads, numbers)),
    }
}

pub(super) fn rebuild(record: &RssmRecord, tensors: &Tensors) -> Result<Rssm, Fault> {
    let net = |wanted: &str| -> Result<Mlp, Fault> {
        let at = NETS.iter().position(|net| *net == wanted).and_then(|at| record.nets.get(at));
        let net = at.ok_or_else(|| tensors.error(format!("the record lacks the network '{wanted}'")))?;
        rebuild_net(&name(wanted), net, tensors)
    };
    let layer = |wanted: &str| -> Result<_, Fault> {
        let mut layers = net(wanted)?.layers;
        match layers.len() {
            1 => Ok(layers.remove(0)),
            n => Err(tensors.error(format!("'{}' has {n} layers, 1 is needed", name(wanted)))),
        }
    };
    let vector = |part: &str| -> Result<Vec<f32>, Fault> { Ok(tensors.need(&name(part))?.values.clone()) };
    let cell = GruCell::new(layer("cell.input")?, layer("cell.units")?).map_err(|e| tensors.error(e))?;
    let model = Rssm {
        action_dim: record.action_dim,
        groups: record.groups,
        classes: record.classes,
        context: record.context,
        unimix: record.unimix,
        on_arrival: record.on_arrival,
        scale: Normalizer { mean: vector("scale.mean")?, std: vector("scale.std")? },
        encoder: net("encoder")?,
        posterior: net("posterior")?,
        input: net("input")?,
        cell,
        prior: net("prior")?,
        decoder: net("decoder")?,
        reward: net("reward")?,
        goes_on: net("goes_on")?,
        heads: record.heads.as_ref().map(|heads| rebuild_net(&name(HEADS), heads, tensors)).transpose()?,
    };
    model.checked().map_err(|e| tensors.error(e))
}
