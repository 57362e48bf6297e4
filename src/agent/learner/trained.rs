//! Policies that are trained here, taken apart, and the scale that learners see the features of a model in.

use super::head::{Choices, Gaussian, Head};
use crate::agent::policy::{Categorical, Filtered, Policy, SquashedGaussian};
use crate::world::net::mlp::Mlp;
use crate::world::net::normalizer::Normalizer;
use crate::world::world_model::WorldModel;

/// What a policy is made of.
pub struct Trained<'p> {
    /// What makes actions of the network's outputs.
    pub head: Box<dyn Head>,
    /// The actor.
    pub net: &'p Mlp,
    /// Of its inputs.
    pub input: &'p Normalizer,
}

impl<'p> Trained<'p> {
    /// The parts of `policy`, or of the actor that it has behind a model.
    ///
    /// # Errors
    /// A sentence where policies of this kind are not trained here.
    pub fn of(policy: &'p dyn Policy) -> Result<Self, String> {
        let policy = Filtered::actor_of(policy);
        if let Some(p) = SquashedGaussian::known(policy) {
            return Ok(Self { head: Box::new(Gaussian::of(p)), net: &p.net, input: &p.input });
        }
        if let Some(p) = Categorical::known(policy) {
            return Ok(Self { head: Box::new(Choices::new(p.action_space())?), net: p.net(), input: p.input() });
        }
        Err(format!("policies of the kind '{}' are not trained here", policy.kind()))
    }
}

/// The scale of `width` features of `model`, where it knows the observations that they are.
pub fn scale_of(model: &dyn WorldModel, width: usize) -> Option<Normalizer> {
    let (mean, std) = model.obs_scale().filter(|(mean, _)| mean.len() == width)?;
    Some(Normalizer { mean: mean.to_vec(), std: std.to_vec() })
}
