//! Minari folders: `data/metadata.json`, and `data/main_data.hdf5` with one group an episode or a folder an episode with
//! an Arrow or Parquet file.
//!
//! Seen in files that Minari 0.5.4 wrote: T actions, rewards and flags, T+1 observations; `Dict` observations are a
//! group with an array a key. Group names sort as text (`episode_10` before `episode_2`) and are read by number.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::Format;
use super::hdf5::{Hdf5, is_hdf5};
use super::pieces::{Pieces, Width};
use crate::data::dataset::{Dataset, Origin};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

mod episode;
mod frames;
pub(in crate::format) mod ids;
mod metadata;
mod read;
pub(in crate::format) mod space;

use frames::Folders;
use metadata::Metadata;
use read::{Episodes, Store};

/// The format.
pub struct Minari;

/// Name of the storage file in the data folder.
pub(in crate::format) const MAIN_FILE: &str = "main_data.hdf5";
/// Name of the description beside it.
pub(in crate::format) const METADATA_FILE: &str = "metadata.json";

impl Format for Minari {
    fn name(&self) -> &'static str {
        "minari"
    }

    fn probe(&self, path: &Path) -> bool {
        data_folder(path).is_some()
    }

    fn open(&self, path: &Path, cx: &Ctx) -> Result<Dataset, Fault> {
        match storage(path)? {
            (Storage::File(file), about) => Episodes::find(path, file, about)?.read(cx),
            (Storage::Folders(folders), about) => Episodes::find(path, folders, about)?.read(cx),
        }
    }

    fn bytes(&self, path: &Path) -> Result<Option<u64>, Fault> {
        let (_, about) = folder_of(path)?;
        match about.bytes() {
            Some(bytes) => Ok(Some(bytes)),
            // The description does not say: the storage does.
            None => match storage(path)? {
                (Storage::File(file), about) => Episodes::find(path, file, about)?.bytes().map(Some),
                (Storage::Folders(folders), about) => Episodes::find(path, folders, about)?.bytes().map(Some),
            },
        }
    }

    fn pieces(&self, path: &Path, _cx: &Ctx) -> Result<Option<Box<dyn Pieces>>, Fault> {
        Ok(Some(match storage(path)? {
            (Storage::File(file), about) => Box::new(InParts::new(path, file, about)?),
            (Storage::Folders(folders), about) => Box::new(InParts::new(path, folders, about)?),
        }))
    }
}

/// What a dataset is stored in.
enum Storage {
    File(Hdf5),
    Folders(Folders),
}

/// The data folder and its description.
fn folder_of(path: &Path) -> Result<(PathBuf, Metadata), Fault> {
    let folder = data_folder(path).ok_or_else(|| {
        Fault::at(path, format!("no Minari dataset: neither {METADATA_FILE} nor {MAIN_FILE} is in it"))
    })?;
    let metadata = Metadata::read(&folder)?;
    Ok((folder, metadata))
}

fn storage(path: &Path) -> Result<(Storage, Metadata), Fault> {
    let (folder, metadata) = folder_of(path)?;
    match metadata.data_format.as_str() {
        "hdf5" => {}
        "arrow" => return Ok((Storage::Folders(Folders::new(&folder, "arrow")), metadata)),
        "parquet" => return Ok((Storage::Folders(Folders::new(&folder, "parquet")), metadata)),
        other => {
            let problem = format!("data_format '{other}' is none of hdf5, arrow, parquet; convert it with Minari");
            return Err(Fault::at(path, problem));
        }
    }
    let file = folder.join(MAIN_FILE);
    if !file.exists() {
        let problem = format!("{MAIN_FILE} is missing beside {METADATA_FILE}; download it again");
        return Err(Fault::at(&folder, problem));
    }
    Ok((Storage::File(Hdf5::open(&file)?), metadata))
}

/// A storage read a few episodes at a time.
struct InParts<S> {
    episodes: Episodes<S>,
    lengths: Vec<usize>,
}

impl<S: Store> InParts<S> {
    fn new(path: &Path, store: S, about: Metadata) -> Result<Self, Fault> {
        let episodes = Episodes::find(path, store, about)?;
        Ok(Self { lengths: episodes.lengths()?, episodes })
    }
}

impl<S: Store> Pieces for InParts<S> {
    fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    fn width(&self) -> Width {
        self.episodes.width()
    }

    fn origin(&self) -> &Origin {
        self.episodes.origin()
    }

    fn read(&self, episodes: Range<usize>, cx: &Ctx) -> Result<Dataset, Fault> {
        self.episodes.read_some(episodes, cx, false)
    }
}

/// The folder with metadata and storage: `path` itself, its `data`, or the folder of the storage file.
fn data_folder(path: &Path) -> Option<PathBuf> {
    if path.is_dir() {
        return [path.to_owned(), path.join("data")]
            .into_iter()
            .find(|folder| is_hdf5(&folder.join(MAIN_FILE)) || metadata::is_minari(&folder.join(METADATA_FILE)));
    }
    let has_episodes = || Hdf5::open(path).is_ok_and(|f| f.names().iter().any(|name| episode::number(name).is_some()));
    (is_hdf5(path) && has_episodes()).then(|| path.parent().map(Path::to_owned))?
}

#[cfg(test)]
mod tests;
