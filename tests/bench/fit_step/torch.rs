//! The same step in PyTorch: a small script that times as many steps as it is asked for.

use super::super::python::Python;

const SCRIPT: &str = include_str!("torch_step.py");

/// A running Python that waits to be asked for times.
pub struct Torch(Python);

impl Torch {
    /// Starts it on an ensemble of the given shape; says why not.
    pub fn start(members: usize, sizes: &[usize], rows: usize) -> Result<Self, String> {
        let numbers = [members, rows].into_iter().chain(sizes.iter().copied()).map(|n| n.to_string());
        Self::of(SCRIPT, &numbers.collect::<Vec<_>>())
    }

    /// Starts a script with these arguments.
    pub fn of(script: &str, numbers: &[String]) -> Result<Self, String> {
        let mut python = Python::start(script, numbers, |_| Ok(Vec::new()))?;
        // The first line says that PyTorch was found.
        python.line().map(|_| Self(python))
    }

    /// Milliseconds a step of `steps` steps.
    pub fn time(&mut self, steps: usize) -> Result<f64, String> {
        let line = self.0.ask(&steps.to_string())?;
        line.parse().map_err(|_| format!("the script answered {line:?}"))
    }
}
