//! Pickles as policies and world models, by themselves and as the statistics beside a policy.

use std::fs;
use std::path::Path;
use std::sync::{Mutex, OnceLock};

use oodscope::checkpoint::policies::{self, PolicyGiven};
use tempfile::TempDir;

/// The input without its first byte is a file; the byte says what it is called and how it is opened.
///
/// # Panics
/// Where a message has a control character, which a terminal would obey.
pub fn pickle(input: &[u8]) {
    static ROOM: OnceLock<Mutex<TempDir>> = OnceLock::new();
    let memory = Path::new("/dev/shm");
    let parent = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
    let room = ROOM.get_or_init(|| Mutex::new(TempDir::new_in(parent).expect("a scratch folder")));
    let folder = room.lock().unwrap_or_else(|e| e.into_inner());
    let Some((which, bytes)) = input.split_first() else { return };
    let names = ["policy.pkl", "actor.pt", "vecnormalize.pkl", "policy.zip", "model.d3"];
    let path = folder.path().join(names[usize::from(*which) % names.len()]);
    fs::write(&path, bytes).expect("writable");
    let opened = match which & 0x80 {
        0 => policies::open(&path, &PolicyGiven::default()),
        _ => oodscope::checkpoint::open(&path),
    };
    let said = match opened {
        Ok(checkpoint) => [checkpoint.about.warnings, checkpoint.about.notes].concat().join(" "),
        Err(e) => e.to_string(),
    };
    fs::remove_file(&path).expect("removable");
    assert!(!said.contains(char::is_control), "control characters in a message");
}
