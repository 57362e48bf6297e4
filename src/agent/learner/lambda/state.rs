//! What a λ-learner goes on from beside its actor and critic: the slow critic, the range of returns, and what each optimiser keeps.

use super::returns::ReturnRange;
use super::{Blocks, LambdaActorCritic};
use crate::agent::learner::blocks;
use crate::world::net::fused::FusedMlp;

const ACTOR: &str = "adam.actor";
const CRITIC: &str = "adam.critic";
const SLOW: &str = "slow";
const RANGE: &str = "range";

pub(super) fn save(learner: &LambdaActorCritic) -> Blocks {
    let quantiles =
        learner.range.known().map_or_else(Vec::new, |(low, high)| [low, high].map(f64::to_le_bytes).concat());
    let mut all = Blocks::from([
        (ACTOR.into(), blocks::raw(&learner.actor.moments())),
        (CRITIC.into(), blocks::raw(&learner.critic.moments())),
        (RANGE.into(), quantiles),
    ]);
    blocks::save_net(SLOW, &learner.slow.to_mlp(), &mut all);
    all
}

pub(super) fn restore(learner: &mut LambdaActorCritic, state: &Blocks) -> Result<(), String> {
    let slow = blocks::restored_net(SLOW, learner.slow.to_mlp(), state)?;
    let of = |net: &FusedMlp, name: &str| {
        net.clone().with_moments(&blocks::floats(state, name)?).map_err(|why| format!("'{name}' is not read: {why}"))
    };
    let (actor, critic) = (of(&learner.actor, ACTOR)?, of(&learner.critic, CRITIC)?);
    let bytes = state.get(RANGE).ok_or_else(|| format!("'{RANGE}' is missing"))?;
    let known = match bytes.as_chunks::<8>() {
        ([], []) => None,
        ([low, high], []) => Some((f64::from_le_bytes(*low), f64::from_le_bytes(*high))),
        _ => return Err(format!("'{RANGE}' is not of two numbers")),
    };
    (learner.actor, learner.critic) = (actor, critic);
    (learner.slow, learner.range) = (FusedMlp::new(&slow), ReturnRange::of(known));
    Ok(())
}
