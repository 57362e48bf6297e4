//! The Python that `OODSCOPE_PYTHON` names, for peers that are measured beside ours.

#![allow(dead_code, reason = "each bench uses its part")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A running script that prints lines, or waits to be asked for them.
pub struct Python {
    process: Child,
    ask: ChildStdin,
    answer: BufReader<ChildStdout>,
    /// Deleted with the process.
    _folder: TempDir,
}

impl Python {
    /// Starts `script` with `args`. `prepare` puts files into the script's own folder and adds arguments after the others.
    ///
    /// # Errors
    /// Why there is no Python, or why it does not start.
    pub fn start(
        script: &str,
        args: &[String],
        prepare: impl FnOnce(&Path) -> std::io::Result<Vec<String>>,
    ) -> Result<Self, String> {
        let python = std::env::var_os("OODSCOPE_PYTHON").ok_or("OODSCOPE_PYTHON names no Python")?;
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        let path = folder.path().join("peers.py");
        std::fs::write(&path, script).map_err(|e| e.to_string())?;
        let more = prepare(folder.path()).map_err(|e| e.to_string())?;
        let mut process = Command::new(python)
            .arg(&path)
            .args(args)
            .args(more)
            // A kernel that somebody pinned for safety would slow the peers down.
            .env_remove("OPENBLAS_CORETYPE")
            .env_remove("OPENBLAS_L2_SIZE")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("OODSCOPE_PYTHON does not start: {e}"))?;
        let (ask, answer) = process.stdin.take().zip(process.stdout.take()).ok_or("the Python has no pipes")?;
        Ok(Self { process, ask, answer: BufReader::new(answer), _folder: folder })
    }

    /// The next line.
    ///
    /// # Errors
    /// If the script has ended.
    pub fn line(&mut self) -> Result<String, String> {
        let mut line = String::new();
        match self.answer.read_line(&mut line) {
            Ok(n) if n > 0 => Ok(line.trim().to_owned()),
            _ => Err("the Python named by OODSCOPE_PYTHON stopped; has it the library?".into()),
        }
    }

    /// The answer to one line.
    ///
    /// # Errors
    /// If the script has ended.
    pub fn ask(&mut self, question: &str) -> Result<String, String> {
        writeln!(self.ask, "{question}").map_err(|e| e.to_string())?;
        self.line()
    }

    /// Hands each JSON line to `take` until the script ends.
    ///
    /// # Errors
    /// If a line is no JSON or the script ends badly.
    pub fn each(mut self, mut take: impl FnMut(&Value)) -> Result<(), String> {
        let mut line = String::new();
        while self.answer.read_line(&mut line).map_err(|e| e.to_string())? > 0 {
            take(&serde_json::from_str(&line).map_err(|e| format!("{e}: {line}"))?);
            line.clear();
        }
        let status = self.process.wait().map_err(|e| e.to_string())?;
        if status.success() { Ok(()) } else { Err(format!("the peers' script ended with {status}")) }
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The bytes of f32 numbers, little-endian.
pub fn bytes(values: impl IntoIterator<Item = f32>) -> Vec<u8> {
    values.into_iter().flat_map(f32::to_le_bytes).collect()
}
