//! The Python peers, run on the same states right after ours.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

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
    let python = std::env::var_os("OODSCOPE_PYTHON").ok_or("OODSCOPE_PYTHON names no Python")?;
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    write(&folder.path().join("x.f32"), x)?;
    write(&folder.path().join("q.f32"), q)?;
    let script = folder.path().join("peers.py");
    std::fs::write(&script, SCRIPT).map_err(|e| e.to_string())?;
    let mut process = Command::new(python)
        .arg(&script)
        .arg(folder.path())
        .args([d, k, threads].map(|n| n.to_string()))
        // A kernel that somebody pinned for safety would slow the peers down.
        .env_remove("OPENBLAS_CORETYPE")
        .env_remove("OPENBLAS_L2_SIZE")
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| format!("OODSCOPE_PYTHON does not start: {e}"))?;
    let mut peers = Vec::new();
    for line in BufReader::new(process.stdout.take().ok_or("no pipe")?).lines() {
        let answer: Value = serde_json::from_str(&line.map_err(|e| e.to_string())?).map_err(|e| e.to_string())?;
        let name = answer["name"].as_str().unwrap_or_default().to_owned();
        if let Some(missing) = answer["missing"].as_str() {
            println!("    {name}: not measured ({missing})");
            continue;
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
    }
    process.wait().map_err(|e| e.to_string())?;
    Ok(peers)
}

fn write(path: &Path, values: &[f32]) -> Result<(), String> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).map_err(|e| e.to_string())?);
    values.iter().try_for_each(|v| file.write_all(&v.to_le_bytes())).map_err(|e| e.to_string())?;
    file.flush().map_err(|e| e.to_string())
}
