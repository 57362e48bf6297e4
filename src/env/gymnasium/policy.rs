//! A policy of the user's own: a Python function from observations to actions, in a worker process.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::frame::{self, Message};
use super::process::Process;
use super::python::Launch;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// A function that was loaded.
pub struct PythonPolicy {
    process: Process,
    limit: Duration,
    cx: Ctx,
}

impl PythonPolicy {
    /// Loads `target` (`module:function` or `file.py:function`); `limit` is how long it may take to load, and to act.
    ///
    /// # Errors
    /// [`Fault::Cancelled`], or a sentence where it cannot be loaded.
    pub fn load(target: &str, python: Option<&Path>, limit: Duration, cx: &Ctx) -> Result<Self, Fault> {
        let mut process = Process::start(&Launch::new(python, None), target)?;
        process.ready(limit, cx)?;
        let ask = json!({ "policy": target }).to_string();
        process.send(Message::new(b'L').bytes(ask.as_bytes()), "loading the policy")?;
        process.answer(b'k', "loading the policy", limit, cx)?;
        Ok(Self { process, limit, cx: cx.untold() })
    }

    /// The actions [N, A] after `obs` [N, D] of `d` columns, as stored.
    ///
    /// # Errors
    /// Where the function fails, or answers another size than `a` columns a row.
    pub fn act(&mut self, obs: &[f32], d: usize, a: usize) -> Result<Vec<f32>, Fault> {
        let n = obs.len() / d.max(1);
        let mut message = Message::new(b'A').bytes(&(n as u32).to_le_bytes()).bytes(&(d as u32).to_le_bytes());
        message.floats(obs);
        self.process.send(message, "acting")?;
        let payload = self.process.answer(b'a', "acting", self.limit, &self.cx)?;
        let actions: Vec<f32> = frame::floats(payload.get(8..).unwrap_or_default()).collect();
        if actions.len() == n * a {
            return Ok(actions);
        }
        let found = actions.len() / n.max(1);
        Err(Fault::bad(format!("the policy answers {found} numbers for each of {n} observations; {a} are an action")))
    }
}
