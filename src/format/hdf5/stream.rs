//! A column read from one row to its last: no chunk is inflated twice, and nothing is held beside what is asked for.

use hdf5_reader::{DatasetChunk, DatasetChunkIterator, H5Type};

use super::{Column, Tick};
use crate::ground::fault::Fault;

/// Where a column is read next.
pub struct Stream<'c, 'f> {
    column: &'c Column<'f>,
    /// Where a chunk holds some of the columns only, the reader of slices copies number by number: chunks are read whole here
    /// and put side by side.
    chunks: Option<DatasetChunkIterator>,
    /// Rows that are decoded and not yet taken.
    ready: Vec<f32>,
    /// Rows taken or left out.
    taken: usize,
}

impl<'f> Column<'f> {
    /// The values as f32, from row `first` to the last.
    pub fn stream(&self, first: usize) -> Stream<'_, 'f> {
        Stream::new(self, first)
    }
}

impl<'c, 'f> Stream<'c, 'f> {
    fn new(column: &'c Column<'f>, first: usize) -> Self {
        let narrow = |shape: Vec<u32>| shape.len() == 2 && (shape[1] as usize) < column.width();
        let plain = column.shape.len() == 2 && f32::native_copy_compatible(&column.dtype);
        let chunks = if first == 0 && plain && column.chunks().is_some_and(narrow) {
            column.dataset().ok().and_then(|d| d.iter_chunks().ok())
        } else {
            None
        };
        Self { column, chunks, ready: Vec::new(), taken: first }
    }

    /// The next `rows` rows.
    ///
    /// # Errors
    /// If the data cannot be decoded, or if `tick` stops it.
    pub fn take(&mut self, rows: usize, tick: Tick<'_>) -> Result<Vec<f32>, Fault> {
        let (first, wanted) = (self.taken, rows * self.column.width());
        self.taken += rows;
        while self.ready.len() < wanted && self.chunks.is_some() {
            tick(0)?;
            let decoded = first + self.ready.len() / self.column.width();
            if !self.decode(decoded)? {
                // Chunks that are missing or in another order: slices know what to do.
                self.chunks = None;
            }
        }
        if self.ready.len() >= wanted {
            let rest = self.ready.split_off(wanted);
            return Ok(std::mem::replace(&mut self.ready, rest));
        }
        let mut out = std::mem::take(&mut self.ready);
        let from = first + out.len() / self.column.width();
        let more = self.column.f32_of(from..first + rows, tick)?;
        if out.is_empty() {
            return Ok(more);
        }
        out.extend_from_slice(&more);
        Ok(out)
    }

    /// Decodes the chunks that begin with row `first`; false where they are not the next ones.
    fn decode(&mut self, first: usize) -> Result<bool, Fault> {
        let (width, before) = (self.column.width(), self.ready.len());
        let Some(chunks) = &mut self.chunks else { return Ok(false) };
        let mut column = 0;
        while column < width {
            let Some(chunk) = chunks.next() else { break };
            let chunk = chunk.map_err(|e| self.column.file.unreadable(&self.column.key, &e))?;
            if chunk.offsets() != [first as u64, column as u64] {
                break;
            }
            if column == 0 {
                let rows = (chunk.shape()[0] as usize).min(self.column.rows() - first);
                self.ready.resize(before + rows * width, 0.0);
            }
            put(&chunk, column, width, &mut self.ready[before..]);
            column += chunk.shape()[1] as usize;
        }
        let whole = column >= width;
        if !whole {
            self.ready.truncate(before);
        }
        Ok(whole)
    }
}

/// Copies a chunk to its columns of the rows of `out`.
fn put(chunk: &DatasetChunk, column: usize, width: usize, out: &mut [f32]) {
    let wide = chunk.shape()[1] as usize;
    let used = wide.min(width - column);
    let number = |bytes: &[u8]| bytes.try_into().map_or(f32::NAN, f32::from_ne_bytes);
    for (row, bytes) in out.chunks_exact_mut(width).zip(chunk.bytes().chunks_exact(4 * wide)) {
        for (to, bytes) in row[column..column + used].iter_mut().zip(bytes.chunks_exact(4)) {
            *to = number(bytes);
        }
    }
}
