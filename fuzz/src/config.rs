//! Fuzz target of what stands beside a checkpoint's weights: the configuration of a run (YAML), and descriptions (TOML, JSON).

use std::fs;
use std::path::Path;
use std::sync::{Mutex, OnceLock};

use tempfile::TempDir;

/// Opens the small checkpoint of `tests/reference/models` with one file beside it made of `input`: its first byte says which.
/// A checkpoint and a sentence are both fine; a panic, a hang and control characters in a message are not.
pub fn config(input: &[u8]) {
    static ROOM: OnceLock<Mutex<TempDir>> = OnceLock::new();
    let room = ROOM.get_or_init(|| Mutex::new(small()));
    let folder = room.lock().unwrap_or_else(|e| e.into_inner());
    let Some((which, text)) = input.split_first() else { return };
    let names = [".hydra/config.yaml", "oodscope.toml", "model.json"];
    let path = folder.path().join(names[usize::from(*which) % names.len()]);
    fs::write(&path, text).expect("writable");
    let said = match oodscope::checkpoint::open(folder.path()) {
        Ok(checkpoint) => [checkpoint.about.warnings, checkpoint.about.notes].concat().join(" "),
        Err(e) => e.to_string(),
    };
    fs::remove_file(&path).expect("removable");
    assert!(!said.contains(char::is_control), "control characters in a message");
}

fn small() -> TempDir {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/reference/models/small-mbrl");
    let memory = Path::new("/dev/shm");
    let parent = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
    let folder = tempfile::Builder::new().prefix("oodscope-fuzz-").tempdir_in(parent).expect("a temporary folder");
    for name in ["model.pth", "env_stats.pickle"] {
        fs::copy(from.join(name), folder.path().join(name)).expect("a copy");
    }
    fs::create_dir(folder.path().join(".hydra")).expect("a folder");
    folder
}
