//! What an actor-critic goes on from beside its actor and critics: the target critics, the temperature, and what each optimiser
//! keeps.

use super::temperature::Temperature;
use super::{ActorCritic, Blocks};
use crate::agent::learner::blocks;
use crate::world::net::fused::FusedMlp;

const ACTOR: &str = "adam.actor";
const CRITIC: &str = "adam.critic";
const TEMPERATURE: &str = "temperature";
const TARGET: &str = "target";

pub(super) fn save(learner: &ActorCritic) -> Blocks {
    let mut all = Blocks::from([
        (ACTOR.into(), blocks::raw(&learner.actor.moments())),
        (CRITIC.into(), blocks::raw(&learner.critic.moments())),
        (TEMPERATURE.into(), blocks::raw(&learner.temperature.state())),
    ]);
    blocks::save_net(TARGET, &learner.target.to_mlp(), &mut all);
    all
}

pub(super) fn restore(learner: &mut ActorCritic, state: &Blocks) -> Result<(), String> {
    let target = blocks::restored_net(TARGET, learner.target.to_mlp(), state)?;
    let of = |net: &FusedMlp, name: &str| {
        net.clone().with_moments(&blocks::floats(state, name)?).map_err(|why| format!("'{name}' is not read: {why}"))
    };
    let (actor, critic) = (of(&learner.actor, ACTOR)?, of(&learner.critic, CRITIC)?);
    let temperature =
        Temperature::of(&blocks::floats(state, TEMPERATURE)?).ok_or(format!("'{TEMPERATURE}' is not read"))?;
    (learner.actor, learner.critic, learner.temperature) = (actor, critic, temperature);
    learner.target = FusedMlp::new(&target);
    Ok(())
}
