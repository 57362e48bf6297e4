//! The same histogram in Python: a small script that makes one whenever it is asked.

use super::super::python::{self, Python};

const SCRIPT: &str = include_str!("../density_peers.py");

/// A running Python that waits to be asked.
pub struct Peers(Python);

impl Peers {
    /// Starts it on the points (x, y); says why not.
    pub fn start(x: &[f32], y: &[f32], bins: usize) -> Result<Self, String> {
        let mut python = Python::start(SCRIPT, &[], |folder| {
            let points = folder.join("points");
            std::fs::write(&points, python::bytes(x.iter().chain(y).copied()))?;
            Ok(vec![points.display().to_string(), x.len().to_string(), bins.to_string()])
        })?;
        // The first line says that numpy was found.
        python.line().map(|_| Self(python))
    }

    /// Milliseconds of one histogram by `peer`, and the points it counted; nothing where it is not installed.
    pub fn time(&mut self, peer: &str) -> Option<(f64, u64)> {
        let line = self.0.ask(peer).ok()?;
        let (took, counted) = line.split_once(' ')?;
        Some((took.parse().ok()?, counted.parse().ok()?))
    }
}
