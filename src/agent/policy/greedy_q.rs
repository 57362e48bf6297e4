//! The policy of Q-learning.

use std::any::Any;

use rand::RngExt;

use super::{Acting, Policy, PolicyState};
use crate::data::space::{Actions, Space};
use crate::world::net::mlp::Mlp;

/// The choice of the largest value, the mean over the members of the network; sampled, a share `epsilon` of its choices is drawn evenly.
#[derive(Debug, Clone, PartialEq)]
pub struct GreedyQ {
    net: Mlp,
    epsilon: f32,
    space: Space,
}

impl GreedyQ {
    /// A policy over the choices of `space`: one output of `net` is the value of each.
    ///
    /// # Errors
    /// A sentence where the space is not one of choices or the network does not fit it.
    pub fn new(net: Mlp, epsilon: f32, space: Space) -> Result<Self, String> {
        match space.choices().as_deref() {
            Some(&[(n, _)]) if net.outputs() == n => Ok(Self { net, epsilon, space }),
            Some(&[(n, _)]) => Err(format!("{} values of {n} choices", net.outputs())),
            _ => Err("a policy of values needs actions that are one choice".into()),
        }
    }
}

impl Policy for GreedyQ {
    fn kind(&self) -> &'static str {
        "greedy-q"
    }

    fn features(&self) -> Option<usize> {
        Some(self.net.inputs())
    }

    fn action_space(&self) -> &Space {
        &self.space
    }

    fn act(&self, features: &[f32], states: &mut [PolicyState], acting: Acting) -> Actions<'_> {
        let (n, all) = (self.net.outputs(), self.net.forward(features));
        // Of one sum for each value, the mean has the same largest.
        let mut values = vec![0.0; all.len() / self.net.members];
        for member in all.chunks_exact(values.len().max(1)) {
            values.iter_mut().zip(member).for_each(|(sum, value)| *sum += value);
        }
        if acting == Acting::Sampled {
            for (row, state) in values.chunks_exact_mut(n).zip(states) {
                if state.rng.random::<f32>() < self.epsilon {
                    row[state.rng.random_range(0..n)] = f32::INFINITY;
                }
            }
        }
        Actions::new(&self.space, self.space.decode(&values))
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }

    fn same(&self, other: &dyn Policy) -> bool {
        other.as_any().downcast_ref() == Some(self)
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
    fn a_share_of_sampled_choices_is_even() {
        let space = Space { kind: SpaceKind::Discrete { n: 4, start: 0 }, ..Space::unnamed("arm", 1) };
        let layer = Layer { inputs: 1, outputs: 4, weight: vec![0.0; 4], bias: vec![0.0, 3.0, 1.0, 2.0] };
        let net = Mlp::new(1, Activation::Relu, vec![layer]).unwrap();
        let policy = GreedyQ::new(net.clone(), 0.4, space.clone()).unwrap();
        let mut states: Vec<PolicyState> = (0..4000).map(|i| policy.begin(stream(0, "arm", i))).collect();
        let drawn = policy.act(&[0.0; 4000], &mut states, Acting::Sampled);
        let best = drawn.stored().iter().filter(|a| a.to_bits() == 1f32.to_bits()).count() as f32 / 4000.0;
        assert!((best - 0.7).abs() < 0.03, "{best}: 0.6 greedily, a quarter of 0.4 by chance");
        assert_eq!(policy.act(&[0.0], &mut states[..1], Acting::Greedy).stored(), [1.0]);
        assert!(GreedyQ::new(net.clone(), 0.0, Space::unnamed("torque", 1)).is_err());
        let five = Space { kind: SpaceKind::Discrete { n: 5, start: 0 }, ..space };
        assert!(GreedyQ::new(net, 0.0, five).is_err_and(|e| e.contains("4 values of 5 choices")));
    }
}
