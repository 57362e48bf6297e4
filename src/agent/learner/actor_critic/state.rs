//! What an actor-critic goes on from beside its actor and critics: the target critics, the temperature, and what each optimiser
//! keeps.

use super::temperature::Temperature;
use super::{ActorCritic, Blocks};
use crate::world::net::fused::FusedMlp;

const ACTOR: &str = "adam.actor";
const CRITIC: &str = "adam.critic";
const TEMPERATURE: &str = "temperature";

pub(super) fn save(learner: &ActorCritic) -> Blocks {
    let raw = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let mut blocks = Blocks::from([
        (ACTOR.into(), raw(&learner.actor.moments())),
        (CRITIC.into(), raw(&learner.critic.moments())),
        (TEMPERATURE.into(), raw(&learner.temperature.state())),
    ]);
    for (i, layer) in learner.target.to_mlp().layers.iter().enumerate() {
        blocks.insert(format!("target.{i}.weight"), raw(&layer.weight));
        blocks.insert(format!("target.{i}.bias"), raw(&layer.bias));
    }
    blocks
}

pub(super) fn restore(learner: &mut ActorCritic, state: &Blocks) -> Result<(), String> {
    let floats = |name: &str| {
        let bytes = state.get(name).ok_or_else(|| format!("'{name}' is missing"))?;
        let numbers = bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b));
        Ok::<Vec<f32>, String>(numbers.collect())
    };
    let mut target = learner.target.to_mlp();
    for (i, layer) in target.layers.iter_mut().enumerate() {
        for (part, values) in [("weight", &mut layer.weight), ("bias", &mut layer.bias)] {
            let (name, len) = (format!("target.{i}.{part}"), values.len());
            *values = Some(floats(&name)?)
                .filter(|v| v.len() == len)
                .ok_or_else(|| format!("'{name}' is not of {len} numbers"))?;
        }
    }
    let of = |net: &FusedMlp, name: &str| {
        net.clone().with_moments(&floats(name)?).map_err(|why| format!("'{name}' is not read: {why}"))
    };
    let (actor, critic) = (of(&learner.actor, ACTOR)?, of(&learner.critic, CRITIC)?);
    let temperature = Temperature::of(&floats(TEMPERATURE)?).ok_or(format!("'{TEMPERATURE}' is not read"))?;
    (learner.actor, learner.critic, learner.temperature) = (actor, critic, temperature);
    learner.target = FusedMlp::new(&target);
    Ok(())
}
