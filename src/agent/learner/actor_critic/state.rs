//! What an actor-critic goes on from beside its actor and critics: the target critics, the temperature, and what each optimiser
//! keeps.

use burn::tensor::Bytes;
use burn_optim::OptimizerRecord;

use super::{ActorCritic, Blocks, Temperature, adam};
use crate::world::net::network::{Network, values};

/// Names of the optimisers' records, in the order of [`ActorCritic::optimizers`].
const OPTIMIZERS: [&str; 3] = ["optimizer.actor", "optimizer.critic", "optimizer.temperature"];
const LOG_ALPHA: &str = "log_alpha";

pub(super) fn save(learner: &ActorCritic) -> Blocks {
    let raw = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let mut blocks = Blocks::from([(LOG_ALPHA.into(), raw(&values(learner.temperature.log_alpha.val())))]);
    for (i, layer) in learner.target.to_mlp().layers.iter().enumerate() {
        blocks.insert(format!("target.{i}.weight"), raw(&layer.weight));
        blocks.insert(format!("target.{i}.bias"), raw(&layer.bias));
    }
    for (name, optimizer) in OPTIMIZERS.iter().zip(&learner.optimizers) {
        match optimizer.into_bytes() {
            Ok(bytes) => drop(blocks.insert((*name).into(), bytes.to_vec())),
            Err(e) => log::warn!("{name} is not saved: {e}"),
        }
    }
    blocks
}

pub(super) fn restore(learner: &mut ActorCritic, state: &Blocks) -> Result<(), String> {
    let block = |name: &str| state.get(name).ok_or_else(|| format!("'{name}' is missing"));
    let floats = |name: &str, len: usize| {
        let bytes = block(name)?;
        let of = bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect::<Vec<_>>();
        if of.len() == len && bytes.len() == 4 * len {
            Ok(of)
        } else {
            Err(format!("'{name}' is not of {len} numbers"))
        }
    };
    let mut target = learner.target.to_mlp();
    for (i, layer) in target.layers.iter_mut().enumerate() {
        layer.weight = floats(&format!("target.{i}.weight"), layer.weight.len())?;
        layer.bias = floats(&format!("target.{i}.bias"), layer.bias.len())?;
    }
    let alpha = floats(LOG_ALPHA, 1)?[0];
    let mut records = Vec::new();
    for name in OPTIMIZERS {
        let bytes = Bytes::from_bytes_vec(block(name)?.clone());
        records.push(OptimizerRecord::from_bytes(bytes).map_err(|e| format!("'{name}' is not read: {e}"))?);
    }
    learner.target = Network::from_mlp(&target, &learner.device);
    learner.temperature = Temperature::new(alpha, &learner.device);
    for (optimizer, record) in learner.optimizers.iter_mut().zip(records) {
        *optimizer = std::mem::replace(optimizer, adam()).load_record(record);
    }
    Ok(())
}
