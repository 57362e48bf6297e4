//! What lies in a checkpoint, whether or not a layout reads it.

use std::path::Path;

use super::state_dict::StateDict;
use super::{CHECKPOINTS, Checkpoint, CheckpointFormat as _, Given, key_report, open_given, recognised};
use crate::ground::fault::Fault;

/// A checkpoint looked at from all sides.
#[derive(Debug)]
pub struct Inspected {
    /// Name, shape and dtype of every tensor, where the file holds tensors.
    pub tensors: Vec<(String, Vec<usize>, String)>,
    /// Why no tensors are listed.
    pub unlisted: Option<String>,
    /// Every layout: its name, what it looks for, and how that went.
    pub layouts: Vec<(&'static str, &'static str, String)>,
    /// The checkpoint, or why it is none that can be read.
    pub read: Result<Checkpoint, Fault>,
}

/// True if `path` is a checkpoint: a layout takes it, or it is recognised as another's.
pub fn is_checkpoint(path: &Path) -> bool {
    CHECKPOINTS.iter().any(|f| f.probe(path)) || recognised::of_path(path).is_some()
}

/// The world model in the file of a policy, where a library saves both in one; nothing of bare tensors, which are one of the two.
pub fn beside_policy(path: &Path, given: &Given<'_>) -> Option<Result<Checkpoint, Fault>> {
    let format = CHECKPOINTS.iter().find(|f| f.probe(path))?;
    (format.name() != StateDict.name()).then(|| open_given(path, given))
}

/// Looks at `path`, of which `given` is known.
pub fn inspect(path: &Path, given: &Given<'_>) -> Inspected {
    let read = open_given(path, given);
    let mut taken = false;
    let layouts = CHECKPOINTS
        .iter()
        .map(|format| {
            let how = match (format.probe(path), taken, &read) {
                (false, ..) => "is not there".to_owned(),
                (true, true, _) => "would be asked after the one above".to_owned(),
                (true, false, Ok(_)) => "recognised, and read".to_owned(),
                (true, false, Err(e)) => format!("recognised, and not read: {e}"),
            };
            taken |= format.probe(path);
            (format.name(), format.looks_for(), how)
        })
        .collect();
    let (tensors, unlisted) = match key_report(path) {
        Ok(tensors) => (tensors, None),
        Err(e) => (Vec::new(), Some(e.to_string())),
    };
    Inspected { tensors, unlisted, layouts, read }
}
