//! A policy of the user's own: a Python function that a worker process calls with batches of observations.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Acting, Policy, PolicyState};
use crate::data::space::{Actions, Space};
use crate::env::gymnasium::policy::PythonPolicy;
use crate::ground::fault::Fault;

/// A Python function as a policy; whether it is greedy is its own affair. Copies share the process.
#[derive(Clone)]
pub struct Python {
    name: String,
    worker: Arc<Mutex<PythonPolicy>>,
    fault: Arc<Mutex<Option<Fault>>>,
    features: usize,
    space: Space,
}

impl Python {
    /// `worker` acts on `features` columns of an observation with actions of `space`; `name` is what was loaded.
    pub fn new(name: &str, worker: PythonPolicy, features: usize, space: Space) -> Self {
        let worker = Arc::new(Mutex::new(worker));
        Self { name: name.into(), worker, fault: Arc::default(), features, space }
    }
}

impl fmt::Debug for Python {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Python({})", self.name)
    }
}

impl Policy for Python {
    fn kind(&self) -> &'static str {
        "python"
    }

    fn features(&self) -> Option<usize> {
        Some(self.features)
    }

    fn action_space(&self) -> &Space {
        &self.space
    }

    fn act(&self, features: &[f32], states: &mut [PolicyState], _: Acting) -> Actions<'_> {
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        let acted = worker.act(features, self.features, self.space.dim());
        let actions = acted.unwrap_or_else(|why| {
            // The first says most: what follows it is that the worker has ended.
            self.fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
            // No number can be taken for an action: whoever does not ask for the fault sees that there is none.
            vec![f32::NAN; states.len() * self.space.dim()]
        });
        Actions::new(&self.space, actions)
    }

    fn fault(&self) -> Option<Fault> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }

    fn same(&self, other: &dyn Policy) -> bool {
        other.as_any().downcast_ref::<Self>().is_some_and(|other| Arc::ptr_eq(&self.worker, &other.worker))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
