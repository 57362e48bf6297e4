//! The Python peers, run on the same states right after ours.

use serde_json::Value;

use super::python::{self, Python};

const SCRIPT: &str = include_str!("peers.py");

/// What one peer took.
pub struct Peer {
    pub name: String,
    pub build: f64,
    /// Median of all queries, in seconds; scaled up where only some were asked.
    pub query: f64,
    pub asked: u64,
    /// k-th distances of 64 queries, evenly spread.
    pub kth: Vec<f64>,
}

/// Runs the Python that `OODSCOPE_PYTHON` names; says why not.
pub fn run(x: &[f32], q: &[f32], d: usize, k: usize, threads: usize) -> Result<Vec<Peer>, String> {
    let python = Python::start(SCRIPT, &[], |folder| {
        std::fs::write(folder.join("x.f32"), python::bytes(x.iter().copied()))?;
        std::fs::write(folder.join("q.f32"), python::bytes(q.iter().copied()))?;
        let numbers = [d, k, threads].map(|n| n.to_string());
        Ok(std::iter::once(folder.display().to_string()).chain(numbers).collect())
    })?;
    let mut peers = Vec::new();
    python.each(|answer| {
        let name = answer["name"].as_str().unwrap_or_default().to_owned();
        if let Some(missing) = answer["missing"].as_str() {
            return println!("    {name}: not measured ({missing})");
        }
        let numbers = |key: &str| -> Vec<f64> {
            answer[key].as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
        };
        let times = numbers("query");
        peers.push(Peer {
            name,
            build: answer["build"].as_f64().unwrap_or(f64::NAN),
            query: times[times.len() / 2],
            asked: answer["asked"].as_u64().unwrap_or(0),
            kth: numbers("kth"),
        });
    })?;
    Ok(peers)
}
