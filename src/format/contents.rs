//! What lies in a dataset's files, whether or not a format knows it: names, shapes and dtypes.

use std::path::{Path, PathBuf};

use super::hdf5::Hdf5;
use super::npz::{self, Npz};
use super::place::Place;
use super::{Choice, FORMATS, hdf5, opened, reader, resolve};
use crate::data::dataset::Origin;
use crate::ground::fault::Fault;
use crate::ground::memory::Bytes;
use crate::ground::task::Ctx;

/// Most entries that are listed.
const MAX_ENTRIES: usize = 300;
/// Most members of one group and files of one folder: episodes repeat each other.
const MAX_SIBLINGS: usize = 12;
/// Deepest nesting that is listed.
const MAX_DEPTH: usize = 6;

/// One array or file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Key in the file, or path in the folder.
    pub name: String,
    /// Shape and what the values are; the size of a file.
    pub what: String,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contents {
    /// In the order of the file or folder.
    pub entries: Vec<Entry>,
    /// Entries that were left out, because they are like those before them.
    pub more: usize,
}

/// Every format with whether it recognises what lies at `path`.
///
/// # Errors
/// [`Fault`] if nothing is there.
pub fn recognised(path: &Path) -> Result<Vec<(&'static str, bool)>, Fault> {
    let place = Place::new(&resolve(path)?);
    Ok(FORMATS.iter().map(|f| (f.name(), f.probe(&place))).collect())
}

/// Largest dataset that is read to say what is in it.
const READ: Bytes = Bytes(256 << 20);

/// A dataset as it would be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    /// Number of episodes.
    pub episodes: usize,
    /// Steps of all of them.
    pub steps: u64,
    /// Columns of an observation and of an action.
    pub columns: (usize, usize),
    /// Rules and warnings.
    pub origin: Origin,
}

/// How many episodes of which columns lie at `path`. Of a large dataset only the index is read, where it has one.
///
/// # Errors
/// As [`super::open`].
pub fn outline(path: &Path, cx: &Ctx) -> Result<Outline, Fault> {
    outline_within(path, READ, cx)
}

fn outline_within(path: &Path, most: Bytes, cx: &Ctx) -> Result<Outline, Fault> {
    let (episodes, _) = opened(&resolve(path)?, &Choice::default(), cx)?;
    if episodes.bytes()?.is_some_and(|need| need > most.0)
        && let Some(index) = episodes.index(cx)?
    {
        let shape = episodes.shape();
        let columns = (shape.obs.dim(), shape.action.dim());
        return Ok(Outline {
            episodes: index.lengths.len(),
            steps: index.steps(),
            columns,
            origin: index.origin.clone(),
        });
    }
    let data = reader::whole(&*episodes, cx)?;
    let columns = (data.obs_dim(), data.action_dim());
    Ok(Outline { episodes: data.num_episodes(), steps: data.num_steps() as u64, columns, origin: data.origin })
}

/// The arrays of an HDF5 or NumPy file, or the files of a folder.
///
/// # Errors
/// [`Fault`] if nothing is there, or an HDF5 or NumPy file is damaged.
pub fn contents(path: &Path) -> Result<Contents, Fault> {
    let path = resolve(path)?;
    let mut found = Contents::default();
    if path.is_dir() {
        found.folder(&path, &path, 0);
    } else if hdf5::is_hdf5(&path) {
        found.group(&Hdf5::open(&path)?, "", 0);
    } else if npz::is_numpy(&path) {
        let file = Npz::open(&path)?;
        for key in file.keys() {
            let what = file.array(key).map_or_else(|e| e.to_string(), |a| format!("{} {}", a.dtype(), a.shape()));
            found.push(key.to_owned(), what);
        }
    } else {
        let bytes = std::fs::metadata(&path).map_err(|e| Fault::io(&path, "reading", &e))?.len();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        found.push(name, format!("{bytes} bytes"));
    }
    Ok(found)
}

impl Contents {
    fn push(&mut self, name: String, what: String) {
        if self.entries.len() < MAX_ENTRIES { self.entries.push(Entry { name, what }) } else { self.more += 1 }
    }

    fn folder(&mut self, root: &Path, folder: &Path, depth: usize) {
        let mut paths: Vec<PathBuf> =
            std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
        paths.sort();
        self.more += paths.len().saturating_sub(MAX_SIBLINGS);
        for path in paths.iter().take(MAX_SIBLINGS) {
            let name = path.strip_prefix(root).unwrap_or(path).display().to_string();
            match std::fs::symlink_metadata(path) {
                Ok(m) if m.is_dir() && depth < MAX_DEPTH => {
                    self.push(format!("{name}/"), "folder".into());
                    self.folder(root, path, depth + 1);
                }
                Ok(m) => self.push(name, format!("{} bytes", m.len())),
                Err(e) => self.push(name, e.to_string()),
            }
        }
    }

    fn group(&mut self, file: &Hdf5, key: &str, depth: usize) {
        let mut names = file.members(key);
        names.sort();
        self.more += names.len().saturating_sub(MAX_SIBLINGS.max(if depth == 0 { 40 } else { 0 }));
        for name in names.iter().take(if depth == 0 { 40 } else { MAX_SIBLINGS }) {
            let inner = if key.is_empty() { name.clone() } else { format!("{key}/{name}") };
            if file.is_group(&inner) {
                self.push(format!("{inner}/"), "group".into());
                if depth < MAX_DEPTH && self.entries.len() < MAX_ENTRIES {
                    self.group(file, &inner, depth + 1);
                }
                continue;
            }
            let what = file.column(&inner).map_or_else(
                |_| "no array of numbers".to_owned(),
                |c| {
                    let shape: Vec<u64> = std::iter::once(c.rows() as u64).chain(c.inner_shape()).collect();
                    format!("{} {shape:?}", c.dtype())
                },
            );
            self.push(inner, what);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_of_a_large_dataset_says_what_reading_it_would() {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR"));
        let minari = "datasets/pendulum/narrow-v0";
        for file in [minari, "tests/reference/formats/d4rl.hdf5", "tests/reference/formats/ogbench.npz"] {
            let of = |most| outline_within(&shipped.join(file), most, &Ctx::quiet()).unwrap();
            let (read, index) = (of(READ), of(Bytes(0)));
            let told = |o: &Outline| (o.episodes, o.steps, o.columns, o.origin.format.clone());
            assert_eq!(told(&index), told(&read), "{file}");
            assert!(read.episodes > 0);
        }
    }

    #[test]
    fn files_of_every_kind_are_listed() {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/formats");
        let listed = |name: &str| contents(&shipped.join(name)).unwrap();
        let d4rl = listed("d4rl.hdf5");
        assert!(d4rl.entries.iter().any(|e| e.name == "observations" && e.what.contains("float32 [")), "{d4rl:?}");
        let npz = listed("ogbench.npz");
        assert!(npz.entries.iter().any(|e| e.name == "observations"), "{npz:?}");
        let folder = listed("lerobot3");
        assert!(folder.entries.iter().any(|e| e.name == "meta/info.json" && e.what.ends_with("bytes")), "{folder:?}");
        assert!(recognised(&shipped.join("d4rl.hdf5")).unwrap().contains(&("d4rl", true)));
        assert!(contents(&shipped.join("nowhere")).is_err());
    }
}
