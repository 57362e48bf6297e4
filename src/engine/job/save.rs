use std::io::Write as _;
use std::path;

use super::{Emit, Job, Slot};
use crate::engine::event::Outcome;
use crate::engine::spec::SaveSpec;
use crate::engine::workspace::Workspace;
use crate::ground::fault::Fault;
use crate::ground::save;
use crate::ground::task::Ctx;

/// Writes a text to a file.
pub(super) struct Save;

impl Job for Save {
    type Spec = SaveSpec;
    type Input = ();
    const NAME: &'static str = "save";
    const SLOT: Slot = Slot::Export;

    fn open(spec: &SaveSpec, _: &Workspace, _: &Ctx, _: Emit<'_>) -> Result<(), Fault> {
        if spec.path.as_os_str().is_empty() { Err(Fault::bad("there is nothing to save: name a file")) } else { Ok(()) }
    }

    fn run(spec: &SaveSpec, (): (), _: &Ctx, _: Emit<'_>) -> Result<Outcome, Fault> {
        save::file(&spec.path, |file| file.write_all(spec.text.as_bytes()).map_err(|e| e.to_string()))?;
        // Where it lies is said whole: nobody remembers in which folder the program was started.
        let written = path::absolute(&spec.path).unwrap_or_else(|_| spec.path.clone());
        let then = if spec.then.is_empty() { String::new() } else { format!("; {}", spec.then) };
        Ok(Outcome { summary: format!("wrote {}{then}", written.display()), written: vec![written] })
    }
}
