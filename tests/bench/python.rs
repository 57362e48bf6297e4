//! The Python that `OODSCOPE_PYTHON` names, for peers that are measured beside ours.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

/// Runs `script` with `args` and hands each JSON line that it prints to `line`.
///
/// # Errors
/// Why there is no Python, or what it could not do.
pub fn lines(script: &str, args: &[&str], mut line: impl FnMut(Value)) -> Result<(), String> {
    let python = std::env::var_os("OODSCOPE_PYTHON").ok_or("OODSCOPE_PYTHON names no Python")?;
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let path = folder.path().join("peers.py");
    std::fs::write(&path, script).map_err(|e| e.to_string())?;
    let mut process = command(&python, &path)
        .args(args)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| format!("OODSCOPE_PYTHON does not start: {e}"))?;
    for text in BufReader::new(process.stdout.take().ok_or("no pipe")?).lines() {
        line(serde_json::from_str(&text.map_err(|e| e.to_string())?).map_err(|e| e.to_string())?);
    }
    let status = process.wait().map_err(|e| e.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("the peers' script ended with {status}")) }
}

fn command(python: &std::ffi::OsStr, script: &Path) -> Command {
    let mut command = Command::new(python);
    // A kernel that somebody pinned for safety would slow the peers down.
    command.arg(script).env_remove("OPENBLAS_CORETYPE").env_remove("OPENBLAS_L2_SIZE");
    command
}
