//! Where runs lie in a folder.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::runlog::logs_in;
use crate::topup::runs::is_run;

/// Folders below the one that was named.
const DEPTH: usize = 6;
/// Most folders that are looked into.
const FOLDERS: usize = 50_000;
/// Folders of runs that hold no runs, and may hold very many files.
const NO_RUNS: [&str; 12] = [
    "checkpoints",
    "episodes",
    "trajectories",
    "dataset",
    "replay",
    "ckpt",
    "models",
    "videos",
    "media",
    "code",
    "tmp",
    "plugins",
];

/// A run and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its folder, or the file that is its log.
    pub folder: PathBuf,
    /// This program wrote it.
    pub own: bool,
}

/// Every run in `root`, which may be one itself.
///
/// # Errors
/// [`Fault`] where there is nothing at `root`, or cancelled.
pub fn find(root: &Path, cx: &Ctx) -> Result<Vec<Place>, Fault> {
    let meta = fs::metadata(root).map_err(|e| {
        Fault::at(root, format!("no folder of runs ({e}); a top-up or an experiment makes one, or name another"))
    })?;
    if meta.is_file() {
        return Ok(vec![Place { folder: root.to_owned(), own: false }]);
    }
    let (mut found, mut seen) = (Vec::new(), HashSet::new());
    let mut folders = vec![(root.to_owned(), 0)];
    let cx = cx.phase("looking for runs");
    while let Some((folder, depth)) = folders.pop() {
        cx.step(seen.len() as u64, 0)?;
        // A link may lead to what is seen anyway.
        let real = fs::canonicalize(&folder).unwrap_or_else(|_| folder.clone());
        if seen.len() >= FOLDERS || !seen.insert(real) {
            continue;
        }
        if is_run(&folder) {
            found.push(Place { folder, own: true });
            continue;
        }
        // A folder inside that cannot be read holds no run for us.
        let logs = if depth == 0 { logs_in(&folder)? } else { logs_in(&folder).unwrap_or_default() };
        if depth < DEPTH {
            folders.extend(inner(&folder).into_iter().map(|inner| (inner, depth + 1)));
        }
        if !logs.is_empty() {
            found.push(Place { folder, own: false });
        }
    }
    Ok(found)
}

/// The folders in `folder` that may hold runs, the last first.
fn inner(folder: &Path) -> Vec<PathBuf> {
    let may = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        !name.starts_with('.') && !NO_RUNS.contains(&name.as_ref()) && path.is_dir()
    };
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let mut inner: Vec<PathBuf> = entries.filter(may).collect();
    inner.sort();
    inner.reverse();
    inner
}
