//! Rows from anywhere in an array, for one larger than memory.
//!
//! An array that is stored as it is lies somewhere in its file. A packed one can only be unpacked from its beginning, so it
//! is unpacked once, into a temporary file without a name, which the system removes with the program.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::Column;
use super::dtype::Dtype;
use crate::ground::fault::Fault;
use crate::ground::memory::Bytes;
use crate::ground::task::Ctx;

/// Bytes that are unpacked between two looks at the cancel.
const PART: usize = 1 << 20;

/// An array whose rows are read a few at a time.
pub struct Apart {
    path: PathBuf,
    key: String,
    dtype: Dtype,
    rows: usize,
    width: usize,
    file: Mutex<File>,
    /// Where its first element lies in `file`.
    at: u64,
}

impl Column<'_> {
    /// The same array for reading a few rows at a time; nothing for one in Fortran order, whose rows lie everywhere.
    ///
    /// # Errors
    /// If it cannot be unpacked, or when cancelled.
    pub fn apart(&self, cx: &Ctx) -> Result<Option<Apart>, Fault> {
        if self.header.fortran && self.width > 1 {
            return Ok(None);
        }
        let place = self.file.stored_at(self.entry).map_err(|problem| self.bad(problem))?;
        let (file, at) = match place {
            Some(at) => (File::open(self.file.path()).map_err(|e| self.broken(&e))?, at + self.header.len),
            None => (self.unpacked(cx)?, self.header.len),
        };
        let (path, key, dtype) = (self.file.path().to_owned(), self.key().to_owned(), self.header.dtype.clone());
        Ok(Some(Apart { path, key, dtype, rows: self.rows(), width: self.width(), file: Mutex::new(file), at }))
    }

    /// The whole entry in a temporary file.
    fn unpacked(&self, cx: &Ctx) -> Result<File, Fault> {
        let cx = cx.phase(&format!("unpacking '{}'", self.key()));
        let refused = |e: &io::Error| {
            self.bad(format!(
                "is packed and larger than --memory allows; its {} cannot be unpacked into the temporary folder {} ({e}): \
                 name a larger one in TMPDIR, or allow more memory",
                Bytes(self.entry.size),
                std::env::temp_dir().display()
            ))
        };
        let mut file = tempfile::tempfile().map_err(|e| refused(&e))?;
        let copy = |reader: &mut dyn Read| -> Result<(), Fault> {
            let (mut part, mut done) = (vec![0; PART], 0);
            loop {
                cx.step(done, self.entry.size)?;
                let n = reader.read(&mut part).map_err(|e| self.broken(&e))?;
                if n == 0 {
                    return Ok(());
                }
                file.write_all(&part[..n]).map_err(|e| refused(&e))?;
                done += n as u64;
            }
        };
        self.file.with_reader(self.entry, copy).map_err(|problem| self.bad(problem))??;
        Ok(file)
    }

    fn broken(&self, e: &io::Error) -> Fault {
        self.bad(format!("cannot be read ({e}): the file is damaged or cut short; copy it again"))
    }
}

impl Apart {
    /// Rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Values a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Some rows as f32.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn f32_of(&self, rows: Range<usize>) -> Result<Vec<f32>, Fault> {
        self.values(rows, |v| v as f32)
    }

    /// Some rows as f64.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn f64_of(&self, rows: Range<usize>) -> Result<Vec<f64>, Fault> {
        self.values(rows, |v| v)
    }

    /// Some rows as truth, as [`Column::flags`].
    ///
    /// # Errors
    /// If they cannot be read, or if a value is NaN.
    pub fn flags_of(&self, rows: Range<usize>) -> Result<Vec<bool>, Fault> {
        let first = rows.start;
        let values = self.f32_of(rows)?;
        if let Some(row) = values.iter().position(|v| v.is_nan()) {
            return Err(self.bad(&format!("has NaN in row {} where true or false is needed", first + row)));
        }
        Ok(values.into_iter().map(|v| v != 0.0).collect())
    }

    fn bad(&self, problem: &str) -> Fault {
        Fault::at(&self.path, format!("'{}' {problem}", self.key))
    }

    fn values<T>(&self, rows: Range<usize>, from: impl Fn(f64) -> T) -> Result<Vec<T>, Fault> {
        let row = self.width * self.dtype.size;
        let mut bytes = vec![0; rows.len() * row];
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.at + (rows.start * row) as u64))
            .and_then(|_| file.read_exact(&mut bytes))
            .map_err(|e| {
                self.bad(&format!("cannot be read ({e}): the file is cut short or has changed; copy it again"))
            })?;
        drop(file);
        let mut out = Vec::with_capacity(rows.len() * self.width);
        self.dtype.decode(&bytes, &mut out, from);
        Ok(out)
    }
}
