//! D4RL's flat HDF5 files.

use std::path::Path;

use super::{DataError, Format};
use crate::data::dataset::Dataset;
use crate::task::Ctx;

/// The format.
pub struct D4rl;

impl Format for D4rl {
    fn name(&self) -> &'static str {
        "d4rl"
    }
    fn probe(&self, _path: &Path) -> bool {
        false
    }
    fn open(&self, path: &Path, _cx: &Ctx) -> Result<Dataset, DataError> {
        Err(DataError::bad(path, "unfinished"))
    }
}
