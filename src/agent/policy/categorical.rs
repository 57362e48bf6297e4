//! Policies over choices.

use std::any::Any;

use rand::RngExt;

use super::{Acting, Policy, PolicyState};
use crate::data::space::{Actions, Space};
use crate::world::net::mlp::Mlp;
use crate::world::net::normalizer::Normalizer;

/// A policy over choices: one logit for each value of each choice.
#[derive(Debug, Clone, PartialEq)]
pub struct Categorical {
    net: Mlp,
    input: Normalizer,
    space: Space,
}

impl Categorical {
    /// A policy over the choices of `space`; `net` has one member and as many outputs as the space has encoded columns.
    ///
    /// # Errors
    /// A sentence where the space holds no choices or the network does not fit it.
    pub fn new(net: Mlp, input: Normalizer, space: Space) -> Result<Self, String> {
        if space.choices().is_none() {
            return Err("a categorical policy needs actions that are choices".into());
        }
        if net.members != 1 || net.outputs() != space.encoded_dim() || input.mean.len() != net.inputs() {
            return Err(format!(
                "a policy of {} outputs and {} inputs does not fit {} choices",
                net.outputs(),
                net.inputs(),
                space.encoded_dim()
            ));
        }
        Ok(Self { net, input, space })
    }

    /// The same over other networks, for a learner whose networks fit.
    pub(crate) fn over(net: Mlp, input: Normalizer, space: Space) -> Self {
        debug_assert!(space.choices().is_some() && net.outputs() == space.encoded_dim());
        Self { net, input, space }
    }

    /// The policy that `policy` is, if it is one of these.
    pub fn known(policy: &dyn Policy) -> Option<&Self> {
        policy.as_any().downcast_ref()
    }

    /// Logits of normalised observations.
    pub fn net(&self) -> &Mlp {
        &self.net
    }

    /// Of the observation.
    pub fn input(&self) -> &Normalizer {
        &self.input
    }
}

impl Policy for Categorical {
    fn kind(&self) -> &'static str {
        "categorical"
    }

    fn features(&self) -> Option<usize> {
        Some(self.net.inputs())
    }

    fn action_space(&self) -> &Space {
        &self.space
    }

    fn act(&self, features: &[f32], states: &mut [PolicyState], acting: Acting) -> Actions<'_> {
        let mut logits = self.net.forward(&self.input.apply(features));
        if acting == Acting::Sampled {
            // The largest of logits with Gumbel noise is a draw from their softmax.
            let width = self.space.encoded_dim();
            for (row, state) in logits.chunks_exact_mut(width).zip(states) {
                for logit in row {
                    let uniform: f32 = state.rng.random_range(f32::MIN_POSITIVE..1.0);
                    *logit -= (-uniform.ln()).ln();
                }
            }
        }
        Actions::new(&self.space, self.space.decode(&logits))
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }

    fn same(&self, other: &dyn Policy) -> bool {
        Self::known(other) == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::space::SpaceKind;
    use crate::ground::seed::stream;
    use crate::world::net::mlp::{Activation, Layer};

    #[test]
    fn draws_follow_the_softmax_and_greed_takes_the_largest() {
        let kind = SpaceKind::Discrete { n: 3, start: 1 };
        let space = Space { kind, ..Space::unnamed("arm", 1) };
        let probabilities = [0.2f32, 0.5, 0.3];
        let bias = probabilities.map(f32::ln).to_vec();
        let layer = Layer { inputs: 1, outputs: 3, weight: vec![0.0; 3], bias };
        let net = Mlp::new(1, Activation::Relu, vec![layer]).unwrap();
        let policy = Categorical::new(net.clone(), Normalizer::identity(1), space).unwrap();
        let mut states: Vec<PolicyState> = (0..4000).map(|i| policy.begin(stream(0, "arm", i))).collect();
        let drawn = policy.act(&[0.0; 4000], &mut states, Acting::Sampled);
        for (choice, p) in [1.0f32, 2.0, 3.0].iter().zip(probabilities) {
            let share = drawn.stored().iter().filter(|a| a.to_bits() == choice.to_bits()).count() as f32 / 4000.0;
            // Four standard deviations of a share of 0.5 over 4,000 draws.
            assert!((share - p).abs() < 0.032, "{choice}: {share} against {p}");
        }
        assert_eq!(policy.act(&[0.0], &mut states[..1], Acting::Greedy).stored(), [2.0]);
        let refused = Categorical::new(net, Normalizer::identity(1), Space::unnamed("torque", 3));
        assert!(refused.is_err_and(|e| e.contains("choices")));
    }
}
