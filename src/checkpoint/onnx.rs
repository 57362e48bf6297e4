//! Graphs in ONNX, whatever made them: one step of a world model as a function of an observation and an action. Read where oodscope
//! is built with the feature `onnx`, by a runtime in Rust (`rten`).
//!
//! Inputs: the observation [B, D] and the action [B, A], or both in one. Outputs: the next observation or its change [B, D], and
//! the reward [B] or [B, 1] where it is predicted, apart or as a column of the same. The batch axis may be fixed: rows are given
//! in parts of that size then. What is which is taken from the names where these leave one answer ([`roles`]), else it is asked
//! for: `inputs`, `outputs`, `input`, `target`, `reward` in oodscope.toml beside the file. A graph takes observations as the
//! dataset has them unless `obs_mean`, `obs_std`, `action_mean` and `action_std` are stated; with `observations =
//! "standardised"` what it gives is in those units as well.

#[cfg(feature = "onnx")]
mod columns;
#[cfg(any(feature = "onnx", test))]
mod roles;
#[cfg(feature = "onnx")]
mod runtime;
#[cfg(test)]
#[cfg(feature = "onnx")]
mod tests;

use std::path::{Path, PathBuf};

use super::{Checkpoint, CheckpointFormat, Given, state_dict};
use crate::ground::fault::Fault;

/// Ending of the files.
const ENDING: &str = "onnx";

/// The layout.
pub struct Onnx;

impl CheckpointFormat for Onnx {
    fn name(&self) -> &'static str {
        "ONNX"
    }

    fn looks_for(&self) -> &'static str {
        "a graph in an .onnx file that takes an observation and an action"
    }

    fn probe(&self, path: &Path) -> bool {
        !files(path).is_empty() && (path.is_file() || state_dict::file_of(path).is_none())
    }

    fn load(&self, path: &Path, given: &Given<'_>) -> Result<Checkpoint, Fault> {
        match &files(path)[..] {
            [file] => read(file, given),
            _ => Err(Fault::at(path, "several .onnx files; name the one that is meant")),
        }
    }
}

#[cfg(feature = "onnx")]
fn read(file: &Path, given: &Given<'_>) -> Result<Checkpoint, Fault> {
    runtime::read(file, given)
}

#[cfg(not(feature = "onnx"))]
fn read(file: &Path, _: &Given<'_>) -> Result<Checkpoint, Fault> {
    Err(Fault::at(
        file,
        "a graph in ONNX, which this build does not read; build oodscope with it: cargo install --features onnx",
    ))
}

/// The file, or those of a folder, by their ending.
fn files(path: &Path) -> Vec<PathBuf> {
    let named_so = |path: &Path| path.extension().is_some_and(|end| end.eq_ignore_ascii_case(ENDING));
    if path.is_file() {
        return if named_so(path) { vec![path.to_path_buf()] } else { Vec::new() };
    }
    let Ok(entries) = std::fs::read_dir(path) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries.flatten().map(|e| e.path()).filter(|p| p.is_file() && named_so(p)).collect();
    found.sort();
    found
}

#[cfg(test)]
#[cfg(not(feature = "onnx"))]
mod without {
    use super::*;

    #[test]
    fn a_build_without_the_feature_names_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("model.onnx");
        std::fs::write(&file, b"\x08\x08").unwrap();
        for path in [&*file, dir.path()] {
            assert!(Onnx.probe(path));
            let said = crate::checkpoint::open(path).unwrap_err().to_string();
            assert!(said.contains("--features onnx"), "{said}");
        }
    }
}
