//! Minari folders.

use std::path::Path;

use super::{DataError, Format};
use crate::data::dataset::Dataset;
use crate::task::Ctx;

/// The format.
pub struct Minari;

impl Format for Minari {
    fn name(&self) -> &'static str {
        "minari"
    }
    fn probe(&self, _path: &Path) -> bool {
        false
    }
    fn open(&self, path: &Path, _cx: &Ctx) -> Result<Dataset, DataError> {
        Err(DataError::bad(path, "unfinished"))
    }
}
