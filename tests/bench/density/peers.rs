//! The same histogram in Python: a small script that makes one whenever it is asked.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const SCRIPT: &str = include_str!("../density_peers.py");

/// A running Python that waits to be asked.
pub struct Peers {
    process: Child,
    ask: ChildStdin,
    answer: BufReader<ChildStdout>,
    /// Deleted with the process.
    _files: tempfile::TempDir,
}

impl Peers {
    /// Starts the Python that `OODSCOPE_PYTHON` names on the points (x, y); says why not.
    pub fn start(x: &[f32], y: &[f32], bins: usize) -> Result<Self, String> {
        let python = std::env::var_os("OODSCOPE_PYTHON").ok_or("OODSCOPE_PYTHON names no Python")?;
        let files = tempfile::tempdir().map_err(|e| e.to_string())?;
        let (script, points) = (files.path().join("peers.py"), files.path().join("points"));
        let bytes: Vec<u8> = x.iter().chain(y).flat_map(|v| v.to_le_bytes()).collect();
        std::fs::write(&script, SCRIPT).and_then(|()| std::fs::write(&points, bytes)).map_err(|e| e.to_string())?;
        let mut process = Command::new(python)
            .args([&script, &points])
            .args([x.len().to_string(), bins.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("OODSCOPE_PYTHON does not start: {e}"))?;
        let pipes = process.stdin.take().zip(process.stdout.take());
        let (ask, answer) = pipes.ok_or("the Python has no pipes")?;
        let mut peers = Self { process, ask, answer: BufReader::new(answer), _files: files };
        peers.line().map(|_| peers)
    }

    /// Milliseconds of one histogram by `peer`, and the points it counted; nothing where it is not installed.
    pub fn time(&mut self, peer: &str) -> Option<(f64, u64)> {
        writeln!(self.ask, "{peer}").ok()?;
        let line = self.line().ok()?;
        let (took, counted) = line.trim().split_once(' ')?;
        Some((took.parse().ok()?, counted.parse().ok()?))
    }

    fn line(&mut self) -> Result<String, String> {
        let mut line = String::new();
        match self.answer.read_line(&mut line) {
            Ok(n) if n > 0 => Ok(line),
            _ => Err("the Python named by OODSCOPE_PYTHON stopped; has it numpy?".into()),
        }
    }
}

impl Drop for Peers {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
