//! The same step in PyTorch: a small script that times as many steps as it is asked for.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const SCRIPT: &str = include_str!("torch_step.py");

/// A running Python that waits to be asked for times.
pub struct Torch {
    process: Child,
    ask: ChildStdin,
    answer: BufReader<ChildStdout>,
    /// Deleted with the process.
    _script: tempfile::NamedTempFile,
}

impl Torch {
    /// Starts the Python that `OODSCOPE_PYTHON` names on an ensemble of the given shape; says why not.
    pub fn start(members: usize, sizes: &[usize], rows: usize) -> Result<Self, String> {
        let python = std::env::var_os("OODSCOPE_PYTHON").ok_or("OODSCOPE_PYTHON names no Python")?;
        let mut script = tempfile::NamedTempFile::with_suffix(".py").map_err(|e| e.to_string())?;
        script.write_all(SCRIPT.as_bytes()).map_err(|e| e.to_string())?;
        let numbers = [members, rows].into_iter().chain(sizes.iter().copied()).map(|n| n.to_string());
        let mut process = Command::new(python)
            .arg(script.path())
            .args(numbers)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("OODSCOPE_PYTHON does not start: {e}"))?;
        let pipes = process.stdin.take().zip(process.stdout.take());
        let (ask, answer) = pipes.ok_or("the Python has no pipes")?;
        let mut torch = Self { process, ask, answer: BufReader::new(answer), _script: script };
        // The first answer says that PyTorch was found.
        torch.line().map(|_| torch)
    }

    /// Milliseconds a step of `steps` steps.
    pub fn time(&mut self, steps: usize) -> Result<f64, String> {
        writeln!(self.ask, "{steps}").map_err(|e| e.to_string())?;
        let line = self.line()?;
        line.trim().parse().map_err(|_| format!("the script answered {line:?}"))
    }

    fn line(&mut self) -> Result<String, String> {
        let mut line = String::new();
        match self.answer.read_line(&mut line) {
            Ok(n) if n > 0 => Ok(line),
            _ => Err("the Python named by OODSCOPE_PYTHON stopped; has it torch?".into()),
        }
    }
}

impl Drop for Torch {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
