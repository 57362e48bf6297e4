//! Columns of numbers out of Parquet and Arrow files: what the readers of such files share.
//!
//! Polars decodes. It panics on some files that are damaged, so every call into it goes through [`guarded`], and what a
//! file claims about its size is held against its length before anything is read.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use crate::ground::fault::Fault;
use polars_core::prelude::{DataType, PolarsResult, Series};
use polars_io::SerReader as _;
use polars_io::ipc::IpcReader;

mod flatten;
mod footer;
mod ipc;
mod pages;
mod parquet;
mod thrift;

pub(super) use flatten::{Leaf, Matrix, flags, flags_but, labels, leaves, leaves_or_nan, matrix, numbers, whole};
pub(super) use parquet::{Parquet, Tick, is_parquet};

/// What is said where polars gives no reason.
const DAMAGED: &str = "the file is damaged, or holds a type that oodscope does not read";
/// Values that a byte of a file may stand for. Repeats take next to no room, but not less than this: more is a lie.
const VALUES_PER_BYTE: u64 = 4096;

/// Runs `read`, which calls polars. Its errors and its panics are faults of the file.
///
/// # Errors
/// The first line of what polars says, or that the file is damaged.
pub(super) fn guarded<T>(path: &Path, read: impl FnOnce() -> PolarsResult<T>) -> Result<T, Fault> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(e)) => {
            let reason = e.to_string();
            let reason = reason.lines().next().unwrap_or_default();
            Err(Fault::at(path, format!("cannot be read ({reason}): {DAMAGED}")))
        }
        Err(_) => Err(Fault::at(path, format!("cannot be read: {DAMAGED}"))),
    }
}

/// Columns of one length, read from a file.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    path: PathBuf,
    rows: usize,
    columns: Vec<Series>,
}

fn opened(path: &Path) -> Result<File, Fault> {
    File::open(path).map_err(|e| Fault::at(path, format!("cannot be opened ({e})")))
}

impl Frame {
    /// Columns that all have `rows` rows.
    ///
    /// # Errors
    /// If one of them has not: a file that says so is damaged.
    pub fn new(path: &Path, rows: usize, columns: Vec<Series>) -> Result<Self, Fault> {
        match columns.iter().find(|c| c.len() != rows) {
            Some(c) => Err(Fault::at(
                path,
                format!(
                    "'{}' has {} rows, {rows} are promised; the file is damaged, write it again",
                    c.name(),
                    c.len()
                ),
            )),
            None => Ok(Self { path: path.to_owned(), rows, columns }),
        }
    }

    /// The columns named in `columns` of an Arrow IPC file; those that it has not are left out.
    pub fn arrow(path: &Path, columns: &[&str]) -> Result<Self, Fault> {
        let wanted: Vec<String> =
            Self::arrow_names(path)?.into_iter().filter(|n| columns.contains(&n.as_str())).collect();
        let file = opened(path)?;
        let frame = guarded(path, || IpcReader::new(file).with_columns(Some(wanted)).finish())?;
        let rows = frame.height();
        Self::new(path, rows, frame.columns().iter().map(|c| c.as_materialized_series().clone()).collect())
    }

    /// Names of the columns of an Arrow IPC file, whose sizes are found to fit.
    pub fn arrow_names(path: &Path) -> Result<Vec<String>, Fault> {
        ipc::check(path)?;
        let file = opened(path)?;
        guarded(path, || Ok(IpcReader::new(file).schema()?.iter_names().map(ToString::to_string).collect()))
    }

    /// Rows of every column.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The column called `name`, where it was read.
    pub fn get(&self, name: &str) -> Option<&Series> {
        self.columns.iter().find(|c| c.name().as_str() == name)
    }

    /// The column called `name`.
    ///
    /// # Errors
    /// If there is none: the message lists those that are there.
    pub fn column(&self, name: &str) -> Result<&Series, Fault> {
        self.get(name).ok_or_else(|| {
            let names: Vec<&str> = self.columns.iter().map(|c| c.name().as_str()).collect();
            Fault::at(&self.path, format!("'{name}' is missing; the file has {}", names.join(", ")))
        })
    }

    /// The columns called `names` side by side.
    ///
    /// # Errors
    /// If one is missing, or its rows are not all of one width, or it holds no numbers.
    pub fn matrix(&self, names: &[String]) -> Result<Matrix, Fault> {
        let mut parts = Vec::new();
        for name in names {
            parts.extend(self.guarded(self.column(name)?, |c| leaves(c, name))?);
        }
        self.interleave(&parts)
    }

    /// [`Frame::matrix`], where a row of lists that is empty is a row of NaN.
    ///
    /// # Errors
    /// As [`Frame::matrix`].
    pub fn matrix_or_nan(&self, names: &[String]) -> Result<Matrix, Fault> {
        let mut parts = Vec::new();
        for name in names {
            parts.extend(self.guarded(self.column(name)?, |c| leaves_or_nan(c, name))?);
        }
        self.interleave(&parts)
    }

    /// `parts` side by side.
    ///
    /// # Errors
    /// If one is too long to be true.
    pub fn interleave(&self, parts: &[Leaf]) -> Result<Matrix, Fault> {
        guarded(&self.path, || Ok(matrix(self.rows, parts)))?.map_err(|e| Fault::at(&self.path, e))
    }

    /// `read` on a column, with a sentence where it fails and with polars' panics caught.
    pub fn guarded<T>(&self, column: &Series, read: impl FnOnce(&Series) -> Result<T, String>) -> Result<T, Fault> {
        guarded(&self.path, || Ok(read(column)))?.map_err(|e| Fault::at(&self.path, e))
    }

    /// Reads the column called `name` with `read`.
    ///
    /// # Errors
    /// If it is missing or `read` fails.
    pub fn read<T>(&self, name: &str, read: impl FnOnce(&Series) -> Result<T, String>) -> Result<T, Fault> {
        self.guarded(self.column(name)?, read)
    }

    /// True if the column called `name` holds whole numbers or flags, one a row.
    pub fn is_whole(&self, name: &str) -> bool {
        self.get(name).is_some_and(|c| c.dtype().is_integer() || *c.dtype() == DataType::Boolean)
    }
}

/// Refuses a file that claims more values than its length can hold.
fn plausible(path: &Path, values: u64) -> Result<(), Fault> {
    let bytes = std::fs::metadata(path).map_or(0, |m| m.len());
    if values > bytes.saturating_mul(VALUES_PER_BYTE) {
        return Err(Fault::at(
            path,
            format!("claims {values} values in {bytes} bytes; the file is damaged, write it again"),
        ));
    }
    Ok(())
}

#[cfg(test)]
pub(in crate::format) mod tests;
