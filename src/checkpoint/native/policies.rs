//! The policy of a checkpoint of ours: what is written of it, and how it comes back.

use super::{CategoricalRecord, NetRecord, RECORD, rebuild_net};
use crate::agent::policy::{Categorical, Filtered, LOG_STD, Policy, SquashedGaussian};
use crate::checkpoint::Checkpoint;
use crate::checkpoint::tensors::Tensors;
use crate::ground::fault::Fault;
use crate::world::net::normalizer::Normalizer;
use crate::world::world_model::WorldModel;

/// What is written of the policy: where it follows episodes with the checkpoint's own world model, the actor behind that.
pub(super) fn actor(checkpoint: &Checkpoint) -> Result<Option<&dyn Policy>, String> {
    let Some(policy) = checkpoint.policy.as_deref() else { return Ok(None) };
    let own = |filtered: &Filtered| checkpoint.world_model.as_deref().is_some_and(|model| model.same(filtered.model()));
    if Filtered::known(policy).is_some_and(|filtered| !own(filtered)) {
        return Err("a policy that acts on what another world model makes of an episode cannot be saved beside this one; leave out \
                    --policy"
            .into());
    }
    Ok(Some(Filtered::actor_of(policy)))
}

/// The policy that is on record, over whatever columns it acts on.
pub(super) fn rebuild(
    (gaussian, log_std): (Option<NetRecord>, Option<(f32, f32)>),
    categorical: Option<CategoricalRecord>,
    tensors: &Tensors,
) -> Result<Option<Box<dyn Policy>>, Fault> {
    Ok(match (gaussian, categorical) {
        (Some(net), _) => Some(rebuild_gaussian(&net, log_std.unwrap_or(LOG_STD), tensors)?),
        (None, Some(c)) => {
            let net = rebuild_net("categorical", &c.net, tensors)?;
            let input = Normalizer {
                mean: tensors.need("categorical.input.mean")?.values.clone(),
                std: tensors.need("categorical.input.std")?.values.clone(),
            };
            let policy = Categorical::new(net, input, c.space).map_err(|e| tensors.error(e))?;
            Some(Box::new(policy) as Box<dyn Policy>)
        }
        (None, None) => None,
    })
}

/// `actor` behind the recurrent `model` of the checkpoint.
pub(super) fn behind(
    model: Option<&dyn WorldModel>,
    actor: Option<Box<dyn Policy>>,
    tensors: &Tensors,
) -> Result<Option<Box<dyn Policy>>, Fault> {
    let Some(actor) = actor else { return Ok(None) };
    let Some(model) = model else {
        return Err(tensors.error("the policy acts on what a world model makes of an episode, and there is none"));
    };
    let (acts_on, gives) = (actor.features(), model.dims().feature);
    if !model.remembers() || acts_on != Some(gives) {
        return Err(tensors.error(format!(
            "the policy acts on {} features of the world model, which has {gives}",
            acts_on.unwrap_or_default()
        )));
    }
    Ok(Some(Filtered::around(model, actor)))
}

fn rebuild_gaussian(net: &NetRecord, log_std: (f32, f32), tensors: &Tensors) -> Result<Box<dyn Policy>, Fault> {
    let vector = |name: &str| -> Result<Vec<f32>, Fault> { Ok(tensors.need(name)?.values.clone()) };
    let net = rebuild_net("actor", net, tensors)?;
    let input = Normalizer { mean: vector("actor.input.mean")?, std: vector("actor.input.std")? };
    let (scale, bias) = (vector("actor.scale")?, vector("actor.bias")?);
    if input.mean.len() != net.inputs() || input.std.len() != net.inputs() {
        return Err(tensors.error(format!("actor.input has not {} columns", net.inputs())));
    }
    if !(log_std.0.is_finite() && log_std.1.is_finite() && log_std.0 <= log_std.1) {
        return Err(tensors.error(format!(
            "actor_log_std in {RECORD} is {} to {}, which are no bounds of a log deviation",
            log_std.0, log_std.1
        )));
    }
    let a = scale.len();
    if a == 0 || bias.len() != a || net.outputs() != 2 * a || net.members != 1 {
        return Err(tensors.error(format!(
            "the policy has {} outputs for {a} action dimensions, {} are needed",
            net.outputs(),
            2 * a
        )));
    }
    Ok(Box::new(SquashedGaussian::new(net, input, scale, bias).with_log_std(log_std)))
}
