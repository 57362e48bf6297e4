//! The newest checkpoint where a run leaves one after the other.

use std::fs;
use std::path::{Path, PathBuf};

/// Folder of a run that holds its checkpoints, each in a folder that is named by its number.
const CHECKPOINTS: &str = "checkpoints";

/// The newest checkpoint of the run that `path` names: the run's folder itself, its folder of checkpoints, or one of them.
/// `path` as it stands where it is no part of such a run, or where the run has none yet.
pub fn newest(path: &Path) -> PathBuf {
    let is_number = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit());
    let named = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = if path.join(CHECKPOINTS).is_dir() {
        path.join(CHECKPOINTS)
    } else if named(path) == CHECKPOINTS {
        path.to_path_buf()
    } else if path.parent().is_some_and(|parent| named(parent) == CHECKPOINTS) && is_number(&named(path)) {
        path.parent().map(Path::to_path_buf).unwrap_or_default()
    } else {
        return path.to_path_buf();
    };
    // What is still being written has another name.
    let numbers = fs::read_dir(&folder).into_iter().flatten().flatten().filter_map(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        let number = name.parse::<u64>().ok().filter(|_| is_number(&name) && entry.path().is_dir())?;
        Some((number, entry.path()))
    });
    numbers.max_by_key(|(number, _)| *number).map_or_else(|| path.to_path_buf(), |(_, path)| path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_number_is_the_newest_and_unfinished_ones_are_none() {
        let run = tempfile::tempdir().expect("a folder");
        let at = |name: &str| run.path().join("checkpoints").join(name);
        for name in ["0000", "0009", "0010", "0011.partial", "notes"] {
            fs::create_dir_all(at(name)).expect("made");
        }
        for path in [run.path().to_path_buf(), run.path().join("checkpoints"), at("0000")] {
            assert_eq!(newest(&path), at("0010"));
        }
        let elsewhere = run.path().join("model.pt");
        assert_eq!(newest(&elsewhere), elsewhere);
        assert_eq!(newest(&at("notes")), at("notes"));
    }
}
