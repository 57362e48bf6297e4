//! Minari folders: `data/metadata.json`, and `data/main_data.hdf5` with one group an episode or a folder an episode with
//! an Arrow or Parquet file.
//!
//! Seen in files that Minari 0.5.4 wrote: T actions, rewards and flags, T+1 observations; `Dict` observations are a
//! group with an array a key. Group names sort as text (`episode_10` before `episode_2`) and are read by number.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Format;
use super::hdf5::{Hdf5, is_hdf5};
use super::place::Place;
use super::reader::{Episodes, OneByOne};
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
use read::Stored;

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

    fn probe(&self, place: &Place) -> bool {
        data_folder(place).is_some()
    }

    fn open(&self, place: &Place, _cx: &Ctx) -> Result<Box<dyn Episodes>, Fault> {
        let path = place.path();
        let folder = data_folder(place).ok_or_else(|| {
            Fault::at(path, format!("no Minari dataset: neither {METADATA_FILE} nor {MAIN_FILE} is in it"))
        })?;
        let about = Metadata::read(&folder)?;
        let folders = match about.data_format.as_str() {
            "hdf5" => return Ok(Box::new(OneByOne::new(Stored::find(path, storage(&folder)?, about)?))),
            "arrow" => Folders::new(&folder, "arrow"),
            "parquet" => Folders::new(&folder, "parquet"),
            other => {
                let problem = format!("data_format '{other}' is none of hdf5, arrow, parquet; convert it with Minari");
                return Err(Fault::at(path, problem));
            }
        };
        Ok(Box::new(OneByOne::new(Stored::find(path, folders, about)?)))
    }
}

/// The storage file of a data folder.
fn storage(folder: &Path) -> Result<Arc<Hdf5>, Fault> {
    let file = folder.join(MAIN_FILE);
    if !file.exists() {
        let problem = format!("{MAIN_FILE} is missing beside {METADATA_FILE}; download it again");
        return Err(Fault::at(folder, problem));
    }
    Hdf5::open(&file).map(Arc::new)
}

/// The folder with metadata and storage: `path` itself, its `data`, or the folder of the storage file.
fn data_folder(place: &Place) -> Option<PathBuf> {
    let path = place.path();
    if path.is_dir() {
        return [path.to_owned(), path.join("data")]
            .into_iter()
            .find(|folder| is_hdf5(&folder.join(MAIN_FILE)) || metadata::is_minari(&folder.join(METADATA_FILE)));
    }
    let has_episodes = |file: &Hdf5| file.names().iter().any(|name| episode::number(name).is_some());
    // Others call their groups so too.
    let named = path.file_name().is_some_and(|name| name == MAIN_FILE);
    let described = path.parent().is_some_and(|folder| metadata::is_minari(&folder.join(METADATA_FILE)));
    let is = (named || described) && place.hdf5().is_ok_and(|file| has_episodes(&file));
    is.then(|| path.parent().map(Path::to_owned))?
}

#[cfg(test)]
mod tests;
