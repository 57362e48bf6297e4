//! Random actions.

use std::any::Any;

use rand::RngExt;

use super::{Acting, Policy, PolicyState};
use crate::data::space::{Actions, Space, SpaceKind};

/// Every action is equally likely; a number without bounds is drawn from ±1.
#[derive(Debug, Clone, PartialEq)]
pub struct Uniform {
    space: Space,
}

impl Uniform {
    /// Over the actions of `space`.
    pub fn new(space: Space) -> Self {
        Self { space }
    }

    fn draw(&self, d: usize, state: &mut PolicyState) -> f32 {
        if self.space.kind == SpaceKind::MultiBinary {
            return f32::from(u8::from(state.rng.random::<bool>()));
        }
        if let Some((n, start)) = self.space.choices().and_then(|choices| choices.get(d).copied()) {
            return (start + state.rng.random_range(0..n.max(1)) as i64) as f32;
        }
        let (low, high) = self.space.bounds(d).unwrap_or((-1.0, 1.0));
        low + (high - low) * state.rng.random::<f32>()
    }
}

impl Policy for Uniform {
    fn kind(&self) -> &'static str {
        "uniform"
    }

    fn features(&self) -> Option<usize> {
        None
    }

    fn action_space(&self) -> &Space {
        &self.space
    }

    fn act(&self, _: &[f32], states: &mut [PolicyState], _: Acting) -> Actions<'_> {
        let row = |state: &mut PolicyState| (0..self.space.dim()).map(|d| self.draw(d, state)).collect::<Vec<f32>>();
        Actions::new(&self.space, states.iter_mut().flat_map(row).collect::<Vec<f32>>())
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
    use crate::ground::seed::stream;

    fn drawn(kind: SpaceKind, dim: usize) -> Vec<f32> {
        let policy = Uniform::new(Space { kind, ..Space::unnamed("action", dim) });
        let mut states: Vec<PolicyState> = (0..2000).map(|i| policy.begin(stream(0, "act", i))).collect();
        policy.act(&[], &mut states, Acting::Sampled).stored().to_vec()
    }

    #[test]
    fn every_kind_of_action_is_drawn_within_its_space() {
        let numbers = drawn(SpaceKind::Box { low: vec![-2.0, 0.0], high: vec![2.0, 1.0] }, 2);
        for (column, (low, high)) in [(-2.0f32, 2.0f32), (0.0, 1.0)].into_iter().enumerate() {
            let of: Vec<f32> = numbers.iter().skip(column).step_by(2).copied().collect();
            assert!(of.iter().all(|v| (low..=high).contains(v)));
            let mean = of.iter().sum::<f32>() / of.len() as f32;
            // Five standard errors of a uniform mean over 2000 draws.
            assert!((mean - f32::midpoint(low, high)).abs() < 5.0 * (high - low) / (12.0f32 * 2000.0).sqrt());
        }
        let choices = drawn(SpaceKind::Discrete { n: 3, start: -1 }, 1);
        assert!([-1.0, 0.0, 1.0].iter().all(|c| choices.contains(c)) && choices.iter().all(|c| c.abs() <= 1.0));
        let both = drawn(SpaceKind::MultiBinary, 2);
        assert!(both.contains(&0.0) && both.contains(&1.0) && both.iter().all(|b| *b * (1.0 - b) == 0.0));
    }
}
