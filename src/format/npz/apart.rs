//! Rows from anywhere in an array: one that is in memory, or one that is larger.
//!
//! An array that is stored as it is lies somewhere in its file. A packed one can only be unpacked from its beginning, so it
//! is unpacked once, into a temporary file without a name, which the system removes with the program.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::Column;
use super::dtype::Dtype;
use crate::format::hdf5::Tick;
use crate::ground::fault::Fault;
use crate::ground::memory::Bytes;
use crate::ground::task::Ctx;

/// Bytes that are unpacked between two looks at the cancel.
const PART: usize = 1 << 20;

/// An array whose rows are read a few at a time.
pub(in crate::format) struct Apart {
    path: PathBuf,
    key: String,
    dtype: Dtype,
    width: usize,
    file: Mutex<File>,
    /// Where its first element lies in `file`.
    at: u64,
}

/// An array of which any rows can be had.
pub(in crate::format) enum Array<T> {
    /// All of it, and the values of a row.
    Held(Vec<T>, usize),
    /// In its file.
    Apart(Apart),
}

/// What an array holds.
pub(in crate::format) trait Value: Copy {
    /// The number as this type.
    fn from_f64(v: f64) -> Self;
}

impl Value for f32 {
    fn from_f64(v: f64) -> Self {
        v as f32
    }
}

impl Value for f64 {
    fn from_f64(v: f64) -> Self {
        v
    }
}

impl<T: Value> Array<T> {
    /// Some rows.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn part(&self, rows: Range<usize>) -> Result<Cow<'_, [T]>, Fault> {
        match self {
            Self::Held(all, width) => Ok(Cow::Borrowed(&all[rows.start * width..rows.end * width])),
            Self::Apart(apart) => apart.values(rows).map(Cow::Owned),
        }
    }
}

impl Column<'_> {
    /// The array in memory if it is to be `held`, else in its file; nothing as [`Column::apart`] says. `tick` hears of rows
    /// that come into memory.
    ///
    /// # Errors
    /// If it cannot be read or unpacked, or when cancelled.
    pub(in crate::format) fn array<T: Value>(
        &self,
        held: bool,
        tick: Tick<'_>,
        cx: &Ctx,
    ) -> Result<Option<Array<T>>, Fault> {
        if held {
            return Ok(Some(Array::Held(self.values(tick, T::from_f64)?, self.width())));
        }
        Ok(self.apart(cx)?.map(Array::Apart))
    }

    /// The same array for reading a few rows at a time; nothing for one in Fortran order, whose rows lie everywhere.
    ///
    /// # Errors
    /// If it cannot be unpacked, or when cancelled.
    fn apart(&self, cx: &Ctx) -> Result<Option<Apart>, Fault> {
        if self.header.fortran && self.width > 1 {
            return Ok(None);
        }
        let place = self.file.stored_at(self.entry).map_err(|problem| self.bad(problem))?;
        let (file, at) = match place {
            Some(at) => (File::open(self.file.path()).map_err(|e| self.broken(&e))?, at + self.header.len),
            None => (self.unpacked(cx)?, self.header.len),
        };
        let (path, key, dtype) = (self.file.path().to_owned(), self.key().to_owned(), self.header.dtype.clone());
        Ok(Some(Apart { path, key, dtype, width: self.width(), file: Mutex::new(file), at }))
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
    fn bad(&self, problem: &str) -> Fault {
        Fault::at(&self.path, format!("'{}' {problem}", self.key))
    }

    fn values<T: Value>(&self, rows: Range<usize>) -> Result<Vec<T>, Fault> {
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
        self.dtype.decode(&bytes, &mut out, T::from_f64);
        Ok(out)
    }
}
