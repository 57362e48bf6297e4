//! What lies at a path, looked at by one format after the other.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::hdf5::Hdf5;
use super::mapping::{self, Mapping};
use super::npz::Npz;
use crate::ground::fault::Fault;

/// A path, and the file there: opened once for all who ask what is in it.
pub struct Place {
    path: PathBuf,
    /// Where its mapping is, if not beside it.
    map: Option<PathBuf>,
    hdf5: OnceLock<Result<Arc<Hdf5>, Fault>>,
    npz: OnceLock<Result<Arc<Npz>, Fault>>,
}

impl Place {
    /// Nothing is opened yet.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), map: None, hdf5: OnceLock::new(), npz: OnceLock::new() }
    }

    /// The same, whose keys have the roles that the TOML file `map` gives them, if one is named.
    pub fn mapped(self, map: Option<&Path>) -> Self {
        Self { map: map.map(Path::to_owned), ..self }
    }

    /// Which of its keys are what, where something is said of it.
    ///
    /// # Errors
    /// [`Fault`] if the mapping is none.
    pub(super) fn mapping(&self) -> Result<Option<Mapping>, Fault> {
        Mapping::of(&self.path, self.map.as_deref())
    }

    /// True if a mapping is named, or lies beside it.
    pub(super) fn is_mapped(&self) -> bool {
        self.map.is_some() || mapping::is_beside(&self.path)
    }

    /// The path as given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The HDF5 file at the path.
    ///
    /// # Errors
    /// As [`Hdf5::open`].
    pub fn hdf5(&self) -> Result<Arc<Hdf5>, Fault> {
        self.hdf5.get_or_init(|| Hdf5::open(&self.path).map(Arc::new)).clone()
    }

    /// The NumPy archive or array at the path.
    ///
    /// # Errors
    /// As [`Npz::open`].
    pub fn npz(&self) -> Result<Arc<Npz>, Fault> {
        self.npz.get_or_init(|| Npz::open(&self.path).map(Arc::new)).clone()
    }
}
