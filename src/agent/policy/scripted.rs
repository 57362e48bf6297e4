//! The scripts of built-in environments as policies.

use std::any::Any;
use std::fmt;

use super::{Acting, Policy, PolicyState};
use crate::data::space::{Actions, Space};
use crate::env::builtin::{Behaviour, Script, script};
use crate::ground::seed::Stream;

/// A script that acts in the environment it was written for. It draws its noise whether asked to be greedy or not: the noise
/// is what it is.
#[derive(Clone)]
pub struct Scripted {
    script: &'static Script,
    space: Space,
}

impl Scripted {
    /// The script called `name` of the built-in environment `env`.
    ///
    /// # Errors
    /// A sentence with the names that are known.
    pub fn named(env: &str, name: &str) -> Result<Self, String> {
        let (builtin, script) = script(env, name)?;
        Ok(Self { script, space: (builtin.make)().spec().action_space })
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scripted({})", self.script.name)
    }
}

impl Policy for Scripted {
    fn kind(&self) -> &'static str {
        "scripted"
    }

    fn features(&self) -> Option<usize> {
        None
    }

    fn action_space(&self) -> &Space {
        &self.space
    }

    fn begin(&self, mut rng: Stream) -> PolicyState {
        let mut behaviour = (self.script.make)();
        behaviour.begin(&mut rng);
        PolicyState { rng, memory: Box::new(behaviour) }
    }

    fn act(&self, features: &[f32], states: &mut [PolicyState], _: Acting) -> Actions<'_> {
        let width = features.len() / states.len().max(1);
        let mut actions = Vec::with_capacity(states.len() * self.space.dim());
        for (obs, state) in features.chunks_exact(width.max(1)).zip(states) {
            if let Some(behaviour) = state.memory.downcast_mut::<Box<dyn Behaviour>>() {
                actions.extend(behaviour.act(obs, &mut state.rng));
            }
        }
        Actions::new(&self.space, actions)
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }

    fn same(&self, other: &dyn Policy) -> bool {
        other.as_any().downcast_ref::<Self>().is_some_and(|other| std::ptr::eq(self.script, other.script))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
