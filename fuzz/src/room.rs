//! Copies of datasets in a temporary folder, one file of which is replaced at a time.

use std::fs;
use std::io::{Cursor, Read as _, Write as _};
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// What an input can take the place of: a file, or an array in a NumPy archive. The checksums of an archive reject
/// nearly every changed byte, so what is behind them is changed on its own.
struct Slot {
    dataset: PathBuf,
    file: PathBuf,
    content: Vec<u8>,
    member: Option<String>,
}

/// Datasets to open.
pub struct Room {
    slots: Vec<Slot>,
    _folder: TempDir,
}

impl Room {
    /// Copies `datasets` of the small set.
    pub fn new(datasets: &[&str]) -> Self {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/reference/formats");
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
        let folder = tempfile::Builder::new().prefix("oodscope-fuzz-").tempdir_in(parent).expect("a temporary folder");
        let mut slots = Vec::new();
        for name in datasets {
            let mut files = Vec::new();
            walk(&from, name, &mut files);
            let map = format!("{name}.toml");
            files.extend(Some(map).filter(|map| from.join(map).exists()));
            for file in files {
                let content = fs::read(from.join(&file)).expect("a file of the small set");
                let to = folder.path().join(&file);
                fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
                fs::write(&to, &content).expect("a copy");
                let mut members = vec![None];
                if file.ends_with(".npz") {
                    members.extend(arrays(&content).into_iter().map(|(name, _)| Some(name)));
                }
                let slot = |member| Slot {
                    dataset: folder.path().join(name),
                    file: to.clone(),
                    content: content.clone(),
                    member,
                };
                slots.extend(members.into_iter().map(slot));
            }
        }
        Self { slots, _folder: folder }
    }

    /// Does `work` with the path of the dataset one file of which is made of `input`.
    pub fn with<T>(&self, input: &[u8], work: impl FnOnce(&Path) -> T) -> T {
        let (choice, input) = match input {
            _ if self.slots.len() == 1 => (0, input),
            [first, rest @ ..] => (usize::from(*first) % self.slots.len(), rest),
            [] => (0, input),
        };
        let slot = &self.slots[choice];
        let made = slot.member.as_ref().map(|member| with_array(&slot.content, member, input));
        fs::write(&slot.file, made.as_deref().unwrap_or(input)).expect("a file to open");
        let result = work(&slot.dataset);
        fs::write(&slot.file, &slot.content).expect("the file as it was");
        result
    }
}

/// The files at and below `name`, in the order of their bytes as `seed.sh` sorts them.
fn walk(from: &Path, name: &str, files: &mut Vec<String>) {
    if !from.join(name).is_dir() {
        files.push(name.to_owned());
        return;
    }
    for entry in fs::read_dir(from.join(name)).expect("a folder of the small set") {
        let entry = entry.expect("an entry").file_name();
        walk(from, &format!("{name}/{}", entry.to_str().expect("a plain name")), files);
    }
    files.sort();
}

/// Names and bytes of the arrays in a NumPy archive, in its order.
fn arrays(archive: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut zip = ZipArchive::new(Cursor::new(archive)).expect("a NumPy archive");
    let count = zip.len();
    let read = |index| {
        let mut member = zip.by_index(index).expect("an array");
        let mut bytes = Vec::new();
        member.read_to_end(&mut bytes).expect("an array");
        let name = member.name().expect("a plain name").into_owned();
        (name, bytes)
    };
    (0..count).map(read).collect()
}

/// The archive with `input` for the array `name`; not compressed, which takes time and hides nothing.
fn with_array(archive: &[u8], name: &str, input: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (member, bytes) in arrays(archive) {
        zip.start_file(&member, options).expect("an archive in memory");
        zip.write_all(if member == name { input } else { &bytes }).expect("an archive in memory");
    }
    zip.finish().expect("an archive in memory").into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CSV, D3RLPY, D4RL, DREAMER, EXORL, LEROBOT, MBRL_REPLAY, MINARI, MINARI_ARROW, MINARI_PARQUET};
    use crate::{OGBENCH, PARQUET, ROBOMIMIC};
    use oodscope::format;
use oodscope::ground::task::Ctx;

    #[test]
    fn datasets_with_their_own_files_put_back_are_opened() {
        let hdf5 = [MINARI, ROBOMIMIC, D3RLPY, D4RL];
        let numpy = [EXORL, DREAMER, MBRL_REPLAY, OGBENCH];
        let tables = [MINARI_ARROW, MINARI_PARQUET, LEROBOT, CSV, PARQUET];
        for target in hdf5.into_iter().chain(numpy).chain(tables) {
            let room = Room::new(target.datasets);
            for (choice, slot) in room.slots.iter().enumerate() {
                let mut input = if room.slots.len() == 1 { Vec::new() } else { vec![choice as u8] };
                let array = |name: &String| arrays(&slot.content).into_iter().find(|(n, _)| n == name);
                let content = slot.member.as_ref().and_then(array).map(|(_, bytes)| bytes);
                input.extend(content.unwrap_or_else(|| slot.content.clone()));
                let opened =
                    room.with(&input, |path| format::open(path, Some(target.format), &Ctx::quiet()).map(|_| ()));
                opened.unwrap_or_else(|e| panic!("{} {:?}: {e}", slot.file.display(), slot.member));
            }
        }
    }
}
