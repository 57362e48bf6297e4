//! A bare `state_dict` of a perceptron or of an ensemble of them, in a torch or safetensors file, whatever its layers are
//! called and whatever is wrapped around it; and optionally `input_mean`, `input_std`, `target_mean`, `target_std`. What the
//! file does not say is assumed, and told.

use std::path::{Path, PathBuf};

use super::dynamics;
use super::mbrl_lib::MbrlLib;
use super::offlinerl_kit::OfflineRlKit;
use super::perceptron;
use super::sidecar::Sidecar;
use super::tensors::Tensors;
use super::unwrap::unwrap;
use super::{About, Checkpoint, CheckpointFormat, Given, recognised, safetensors_file, torch_file};
use crate::ground::fault::Fault;

/// Names of the file in a folder.
const NAMES: [&str; 2] = ["model.safetensors", "model.pt"];
/// Endings of files that are taken for tensors before they are looked into, so that a damaged one gets its own message.
const ENDINGS: [&str; 6] = ["pt", "pth", "ckpt", "bin", "safetensors", "cleanrl_model"];
/// The layout.
pub struct StateDict;

impl CheckpointFormat for StateDict {
    fn name(&self) -> &'static str {
        "state_dict"
    }

    fn looks_for(&self) -> &'static str {
        "a torch or safetensors file of linear layers that follow on each other"
    }

    fn probe(&self, path: &Path) -> bool {
        let Some(file) = file_of(path) else { return false };
        let libraries: [&dyn CheckpointFormat; 2] = [&MbrlLib, &OfflineRlKit];
        if path.is_dir() && libraries.iter().any(|library| library.probe(path)) {
            return false;
        }
        is_named_so(&file) || torch_file::looks_like(&file) || safetensors_file::looks_like(&file)
    }

    fn load(&self, path: &Path, given: &Given<'_>) -> Result<Checkpoint, Fault> {
        let file = the_file(path)?;
        let folder = file.parent().unwrap_or(Path::new("."));
        let sidecar = Sidecar::read(folder)?;
        let tensors = read_tensors(&file)?;
        if let Some(what) = recognised::of_tensors(tensors.map.keys().map(String::as_str), folder) {
            return Err(tensors.error(what));
        }
        let mut about = About { file: Some(file.clone()), ..About::default() };
        let tensors = unwrap(&tensors, &mut about)?.finite()?;
        let (network, layout) = perceptron::network(&tensors, &mut about)?;
        about.warnings.extend(unread(&file));
        let model = dynamics::world_model(network, &layout, &sidecar, given, &tensors, &mut about)?;
        sidecar.describe(&mut about);
        Ok(Checkpoint { world_model: Some(Box::new(model)), about, ..Checkpoint::default() })
    }
}

fn is_named_so(file: &Path) -> bool {
    ENDINGS.contains(&file.extension().and_then(|e| e.to_str()).unwrap_or_default())
}

/// The file, where `path` is it or its folder: under a usual name, or the first of tensors in it.
pub(super) fn file_of(path: &Path) -> Option<PathBuf> {
    if path.is_file() {
        return Some(path.to_path_buf());
    }
    NAMES.iter().map(|n| path.join(n)).find(|f| f.is_file()).or_else(|| tensor_files(path).into_iter().next())
}

/// The same, where it is clear which one is meant.
///
/// # Errors
/// [`Fault`] if a folder holds several.
pub(super) fn the_file(path: &Path) -> Result<PathBuf, Fault> {
    let file = file_of(path).unwrap_or_else(|| path.to_path_buf());
    let name = |p: &Path| p.file_name().unwrap_or_default().to_string_lossy().into_owned();
    match other_files(path, &file).first() {
        None => Ok(file),
        Some(other) => Err(Fault::at(
            path,
            format!("several files of tensors ({}, {}, …); name the one that is meant", name(&file), name(other)),
        )),
    }
}

/// The file of tensors in the folder `path`, if it is the only one.
pub(super) fn only_file(path: &Path) -> Option<PathBuf> {
    let mut files = tensor_files(path);
    if files.len() == 1 { files.pop() } else { None }
}

/// Files of tensors in the folder `path` beside `file`, where none has a usual name.
fn other_files(path: &Path, file: &Path) -> Vec<PathBuf> {
    let usual = file.file_name().is_some_and(|f| NAMES.iter().any(|n| f == *n));
    if path.is_file() || usual { Vec::new() } else { tensor_files(path).into_iter().filter(|f| f != file).collect() }
}

/// Files of tensors in `folder`, by name. The same name with several endings is the same model in several formats: the
/// safetensors file stands for it.
fn tensor_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path());
    let mut files: Vec<PathBuf> = entries.filter(|f| f.is_file() && is_named_so(f)).collect();
    files.sort_by_key(|f| (f.with_extension(""), !is_safetensors(f)));
    files.dedup_by_key(|f| f.with_extension(""));
    files
}

/// Says which files beside `file` look like a normaliser and were not read.
fn unread(file: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(file.parent().unwrap_or(Path::new("."))).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.filter_map(|e| e.file_name().into_string().ok()).filter(|name| is_normaliser(name)).collect();
    names.sort();
    let weights = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let say = |name: String| {
        format!(
            "{name} beside {weights} was not read: if it holds the normaliser, the model is not fed what it was trained on; save \
             its numbers as input_mean, input_std, target_mean and target_std into {weights}"
        )
    };
    names.into_iter().map(say).collect()
}

fn is_normaliser(name: &str) -> bool {
    let Some((stem, ending)) = name.rsplit_once('.') else { return false };
    let stem = stem.to_lowercase();
    let words: Vec<&str> = stem.split(['_', '-', '.']).collect();
    ["npz", "npy", "pkl", "pickle", "joblib", "json"].contains(&ending)
        && (["scaler", "normaliz", "normalis", "statistics"].iter().any(|w| stem.contains(w))
            || words.iter().any(|w| ["norm", "stats", "mean", "std", "mu", "sigma"].contains(w)))
}

/// Reads a file of tensors of either kind, told apart by its first bytes and then by its name.
///
/// # Errors
/// [`Fault`] if it is neither or damaged.
pub fn read_tensors(file: &Path) -> Result<Tensors, Fault> {
    if is_safetensors(file) { safetensors_file::read(file) } else { torch_file::open(file)?.tensors() }
}

/// By the first bytes, or by the name of a file whose first bytes are damaged.
pub(super) fn is_safetensors(file: &Path) -> bool {
    let named = file.extension().is_some_and(|e| e == "safetensors");
    safetensors_file::looks_like(file) || (named && !torch_file::looks_like(file))
}
