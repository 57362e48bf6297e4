//! What an actor-critic goes on from beside its actor and critics, as one block of bytes: a safetensors file with the target
//! critics, the temperature, and what each optimiser keeps.

use burn_optim::OptimizerRecord;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize};

use super::{ActorCritic, Temperature};
use crate::world::net::mlp::Mlp;
use crate::world::net::network::{Network, values};

/// Names of the optimisers' records, in the order of [`ActorCritic::optimizers`].
const OPTIMIZERS: [&str; 3] = ["optimizer.actor", "optimizer.critic", "optimizer.temperature"];
const LOG_ALPHA: &str = "log_alpha";

/// Name and numbers of every weight and bias of the target critics.
fn numbers(net: &Mlp) -> Vec<(String, &[f32])> {
    let layers = net.layers.iter().enumerate();
    layers
        .flat_map(|(i, l)| [(format!("target.{i}.weight"), &l.weight[..]), (format!("target.{i}.bias"), &l.bias[..])])
        .collect()
}

pub(super) fn save(learner: &ActorCritic) -> Vec<u8> {
    let target = learner.target.to_mlp();
    let alpha = values(learner.temperature.log_alpha.val());
    let raw = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let mut blocks: Vec<(String, Dtype, Vec<u8>)> =
        numbers(&target).into_iter().map(|(name, v)| (name, Dtype::F32, raw(v))).collect();
    blocks.push((LOG_ALPHA.into(), Dtype::F32, raw(&alpha)));
    for (name, optimizer) in OPTIMIZERS.iter().zip(&learner.optimizers) {
        match optimizer.into_bytes() {
            Ok(bytes) => blocks.push(((*name).into(), Dtype::U8, bytes.to_vec())),
            Err(e) => log::warn!("{name} is not saved: {e}"),
        }
    }
    let views = blocks.iter().filter_map(|(name, dtype, bytes)| {
        let size = if *dtype == Dtype::F32 { 4 } else { 1 };
        Some((name.as_str(), TensorView::new(*dtype, vec![bytes.len() / size], bytes).ok()?))
    });
    serialize(views, None).unwrap_or_default()
}

pub(super) fn restore(learner: &mut ActorCritic, state: &[u8]) -> Result<(), String> {
    let file = SafeTensors::deserialize(state).map_err(|e| format!("no state of a learner ({e})"))?;
    let block = |name: &str| file.tensor(name).map_err(|_| format!("'{name}' is missing"));
    let floats = |name: &str, len: usize| {
        let view = block(name)?;
        let of = view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect::<Vec<_>>();
        let fits = view.dtype() == Dtype::F32 && of.len() == len;
        if fits { Ok(of) } else { Err(format!("'{name}' is not of {len} numbers")) }
    };
    let mut target = learner.target.to_mlp();
    for (i, layer) in target.layers.iter_mut().enumerate() {
        layer.weight = floats(&format!("target.{i}.weight"), layer.weight.len())?;
        layer.bias = floats(&format!("target.{i}.bias"), layer.bias.len())?;
    }
    let alpha = floats(LOG_ALPHA, 1)?[0];
    let mut records = Vec::new();
    for name in OPTIMIZERS {
        let bytes = burn::tensor::Bytes::from_bytes_vec(block(name)?.data().to_vec());
        records.push(OptimizerRecord::from_bytes(bytes).map_err(|e| format!("'{name}' is not read: {e}"))?);
    }
    learner.target = Network::from_mlp(&target, &learner.device);
    learner.temperature = Temperature::new(alpha, &learner.device);
    for (optimizer, record) in learner.optimizers.iter_mut().zip(records) {
        *optimizer = std::mem::replace(optimizer, super::adam()).load_record(record);
    }
    Ok(())
}
