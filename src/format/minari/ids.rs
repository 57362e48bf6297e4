//! Ids of Minari datasets (`D4RL/pen/human-v2`) and the folder that Minari keeps them in.

use std::path::{Path, PathBuf};

use super::super::hdf5::listed;
use super::super::place::Place;
use super::data_folder;
use crate::ground::fault::Fault;

/// Namespaces within namespaces that are looked into.
const MAX_DEPTH: usize = 6;
/// Folders that are looked at in all: a search, not a walk over the whole disk.
const MAX_FOLDERS: usize = 2000;

/// `(namespace/)*name-vN` as in `minari/dataset/minari_dataset.py`.
pub(in crate::format) fn is_dataset_id(id: &str) -> bool {
    let word = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    let version = id.rsplit_once("-v").is_some_and(|(name, v)| {
        !name.is_empty() && !name.ends_with('/') && !v.is_empty() && v.bytes().all(|b| b.is_ascii_digit())
    });
    version && id.split('/').all(word)
}

/// Where Minari keeps its datasets: `$MINARI_DATASETS_PATH`, else `~/.minari/datasets`.
pub(in crate::format) fn root() -> Option<PathBuf> {
    let named = std::env::var_os("MINARI_DATASETS_PATH").filter(|path| !path.is_empty()).map(PathBuf::from);
    named.or_else(|| Some(std::env::home_dir()?.join(".minari").join("datasets")))
}

/// The folder below `root` that `given`, which is no path, names by its id; nothing where it is no id.
///
/// # Errors
/// If it is an id and there is no such dataset: a sentence with the folder looked in and what is there.
pub(in crate::format) fn resolve(given: &Path, root: Option<&Path>) -> Result<Option<PathBuf>, Fault> {
    let Some(id) = given.to_str().filter(|id| is_dataset_id(id)) else { return Ok(None) };
    let missing = |problem: String| {
        Err(Fault::at(given, format!("no such file or folder, and as a Minari id it is not there: {problem}")))
    };
    let Some(root) = root else {
        return missing("no home folder is known; set MINARI_DATASETS_PATH".into());
    };
    let folder = root.join(id);
    if data_folder(&Place::new(&folder)).is_some() {
        return Ok(Some(folder));
    }
    let download = format!("get it with 'minari download {id}', or set MINARI_DATASETS_PATH to where it is");
    missing(match below(root).as_slice() {
        [] => format!("{} has no dataset; {download}", root.display()),
        ids => format!("{} has {}; {download}", root.display(), listed(ids)),
    })
}

/// Ids of the datasets below `folder`, sorted. Links are not followed, and folders that cannot be read are passed over.
pub(in crate::format) fn below(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut budget = MAX_FOLDERS;
    walk(folder, "", MAX_DEPTH, &mut budget, &mut found);
    found.sort();
    found
}

fn walk(folder: &Path, prefix: &str, depth: usize, budget: &mut usize, found: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if *budget == 0 {
            return;
        }
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        *budget -= 1;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let id = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        if is_dataset_id(&id) && data_folder(&Place::new(&entry.path())).is_some() {
            found.push(id);
        } else if depth > 1 {
            walk(&entry.path(), &id, depth - 1, budget, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::minari::METADATA_FILE;

    /// A folder of datasets, by their descriptions alone.
    fn datasets(ids: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("temporary folder");
        for id in ids {
            let data = root.path().join(id).join("data");
            std::fs::create_dir_all(&data).expect("folders");
            std::fs::write(data.join(METADATA_FILE), r#"{"total_episodes": 1, "data_format": "hdf5"}"#)
                .expect("written");
        }
        root
    }

    #[test]
    fn an_id_is_found_below_the_root_and_a_missing_one_is_told_what_is_there() {
        let root = datasets(&["D4RL/pen/human-v2", "pointmaze/umaze-v1"]);
        let resolved = |id: &str| resolve(Path::new(id), Some(root.path()));
        assert_eq!(resolved("D4RL/pen/human-v2").expect("there"), Some(root.path().join("D4RL/pen/human-v2")));
        for no_id in ["../D4RL/pen/human-v2", "/D4RL/pen/human-v2", "x.hdf5", "D4RL/pen", "D4RL//pen/human-v2"] {
            assert_eq!(resolved(no_id).expect("no id"), None, "{no_id}");
        }
        let text = resolved("D4RL/pen/expert-v2").expect_err("not there").to_string();
        for words in ["'D4RL/pen/human-v2', 'pointmaze/umaze-v1'", "minari download D4RL/pen/expert-v2"] {
            assert!(text.contains(words), "{text}");
        }
        assert!(text.contains(&root.path().display().to_string()), "{text}");
        let nowhere = resolve(Path::new("a-v0"), Some(Path::new("/nonexistent"))).expect_err("no root").to_string();
        assert!(nowhere.contains("/nonexistent has no dataset"), "{nowhere}");
        assert!(resolve(Path::new("a-v0"), None).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn links_that_loop_and_deep_folders_end() {
        let root = datasets(&["a/b-v0", "1/2/3/4/5/6/7/deep-v0"]);
        std::os::unix::fs::symlink(root.path(), root.path().join("a/loop")).expect("a link");
        std::os::unix::fs::symlink("self", root.path().join("self")).expect("a link");
        assert_eq!(below(root.path()), ["a/b-v0"]);
        assert_eq!(below(&root.path().join("none")), Vec::<String>::new());
    }
}
