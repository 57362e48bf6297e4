//! One array as a column: rows × everything else, read in blocks so that a cancel is seen soon.

use std::io::Read;

use super::dtype::Kind;
use super::header::Header;
use super::{Entry, Npz};
use crate::format::hdf5::Tick;
use crate::ground::fault::Fault;

/// Bytes of a block: a few milliseconds of inflating.
const BLOCK_BYTES: usize = 1 << 20;
/// Values a row: each gets a name, and a well-packed file of one row could ask for billions.
const MAX_WIDTH: usize = 1 << 20;
/// Bytes of a column as f32, however large the file.
const MAX_BYTES: u64 = 64 << 30;

/// An array in an open file, row-major whatever the file's order.
pub struct Column<'f> {
    pub(super) file: &'f Npz,
    pub(super) entry: &'f Entry,
    pub(super) header: Header,
    rows: usize,
    pub(super) width: usize,
}

impl<'f> Column<'f> {
    /// Checks what the header claims against the bytes that are there.
    pub(super) fn new(file: &'f Npz, entry: &'f Entry, header: Header) -> Result<Self, Fault> {
        let mut column = Self { file, entry, header, rows: 0, width: 0 };
        if column.header.dtype.unusable().is_some() {
            return Ok(column);
        }
        let Some((&rows, inner)) = column.header.shape.split_first() else { return Ok(column) };
        let width = inner.iter().try_fold(1u64, |all, &n| all.checked_mul(n));
        let values = width.and_then(|w| w.checked_mul(rows));
        let bytes = values.and_then(|v| v.checked_mul(column.header.dtype.size as u64));
        let there = entry.size.saturating_sub(column.header.len);
        if bytes != Some(there) {
            return Err(column.bad(format!(
                "declares {} values of {}, {there} bytes follow its header; the file is damaged or cut short, copy it \
                 again",
                column.shape(),
                column.dtype()
            )));
        }
        if values.unwrap_or(u64::MAX).saturating_mul(4).max(there) > MAX_BYTES {
            return Err(
                column.bad(format!("has {} values, more than the {MAX_BYTES} bytes read at once", column.shape()))
            );
        }
        if column.header.fortran && inner.len() > 1 {
            return Err(column.bad(format!(
                "has {} dimensions in Fortran order, which is read for two at most; save \
                 numpy.ascontiguousarray of it",
                column.header.shape.len()
            )));
        }
        // Without values there are no bytes that bound rows and width.
        if there > 0 {
            (column.rows, column.width) = (rows as usize, width.unwrap_or(0) as usize);
        }
        Ok(column)
    }

    /// Name of the array in its file.
    pub fn key(&self) -> &str {
        &self.entry.key
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Values a row: the product of all further dimensions, 1 for a plain list.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Sizes of the dimensions after the first.
    pub fn inner_shape(&self) -> &[u64] {
        self.header.shape.get(1..).unwrap_or_default()
    }

    /// All sizes, for messages.
    pub fn shape(&self) -> String {
        self.header.shape.iter().map(u64::to_string).collect::<Vec<_>>().join(" x ")
    }

    /// True for integers and truth values.
    pub fn is_whole(&self) -> bool {
        matches!(self.header.dtype.kind, Kind::Bool | Kind::Signed | Kind::Unsigned)
    }

    /// True for bytes in two or more dimensions a row.
    pub fn is_image(&self) -> bool {
        self.header.dtype.kind == Kind::Unsigned && self.header.dtype.size == 1 && self.inner_shape().len() >= 2
    }

    /// The stored type as NumPy calls it.
    pub fn dtype(&self) -> String {
        self.header.dtype.plain_name()
    }

    /// Why this is no column of numbers with a row a step, if it is none.
    pub fn unusable(&self) -> Option<String> {
        if self.header.shape.is_empty() && self.header.dtype.unusable().is_none() {
            return Some("is a single value, a row per step is needed".into());
        }
        let wide = (self.width > MAX_WIDTH)
            .then(|| format!("has {} values a row, more than the {MAX_WIDTH} that are read", self.width));
        self.header.dtype.unusable().or(wide)
    }

    /// The stored type, where one column of whole numbers may hold choices.
    pub fn choices(&self) -> Option<String> {
        (self.is_whole() && self.width() == 1).then(|| self.dtype())
    }

    /// An error about this column.
    pub fn bad(&self, problem: impl std::fmt::Display) -> Fault {
        self.file.bad(self.key(), problem)
    }

    /// All values as f32.
    ///
    /// # Errors
    /// If the data cannot be decoded, or if `tick` stops it.
    pub fn f32(&self, tick: Tick<'_>) -> Result<Vec<f32>, Fault> {
        self.values(tick, |v| v as f32)
    }

    /// All values as f64.
    ///
    /// # Errors
    /// If the data cannot be decoded, or if `tick` stops it.
    pub fn f64(&self, tick: Tick<'_>) -> Result<Vec<f64>, Fault> {
        self.values(tick, |v| v)
    }

    /// All values as truth: anything but 0 is true. NaN is no truth value and an error.
    ///
    /// # Errors
    /// If the data cannot be decoded, if a value is NaN, or if `tick` stops it.
    pub fn flags(&self, tick: Tick<'_>) -> Result<Vec<bool>, Fault> {
        const NAN: u8 = 2;
        let values = self.values(tick, |v| if v.is_nan() { NAN } else { u8::from(v != 0.0) })?;
        if let Some(row) = values.iter().position(|&v| v == NAN) {
            return Err(self.bad(format!("has NaN in row {row} where true or false is needed")));
        }
        Ok(values.into_iter().map(|v| v == 1).collect())
    }

    pub(super) fn values<T: Copy>(&self, tick: Tick<'_>, from: impl Fn(f64) -> T + Copy) -> Result<Vec<T>, Fault> {
        let mut out = Vec::new();
        let values = self.rows * self.width;
        out.try_reserve_exact(values)
            .map_err(|_| self.bad(format!("needs memory for {values} values, which there is not")))?;
        if values > 0 {
            self.file
                .with_reader(self.entry, |reader| self.blocks(reader, &mut out, tick, from))
                .map_err(|problem| self.bad(problem))??;
        }
        Ok(if self.header.fortran && self.width > 1 { transposed(&out, self.rows, self.width) } else { out })
    }

    /// Reads block after block and has each decoded.
    fn blocks<T>(
        &self,
        reader: &mut dyn Read,
        out: &mut Vec<T>,
        tick: Tick<'_>,
        from: impl Fn(f64) -> T + Copy,
    ) -> Result<(), Fault> {
        let broken = |e: std::io::Error| {
            self.bad(format!("cannot be read ({e}): the file is damaged or cut short; copy it again"))
        };
        let size = self.header.dtype.size.max(1);
        std::io::copy(&mut (&mut *reader).take(self.header.len), &mut std::io::sink()).map_err(broken)?;
        let mut left = self.rows * self.width * size;
        let mut block = vec![0u8; left.min(BLOCK_BYTES / size * size)];
        let mut told = 0;
        while left > 0 {
            let part = left.min(block.len());
            reader.read_exact(&mut block[..part]).map_err(broken)?;
            self.header.dtype.decode(&block[..part], out, from);
            left -= part;
            let rows = out.len() / self.width;
            tick((rows - told) as u64)?;
            told = rows;
        }
        // The archive's checksum is compared at the end of the entry, which only a further read reaches.
        reader.read(&mut [0]).map(drop).map_err(broken)
    }
}

/// Row-major values of what was column-major.
fn transposed<T: Copy>(values: &[T], rows: usize, width: usize) -> Vec<T> {
    (0..rows).flat_map(|row| (0..width).map(move |col| values[col * rows + row])).collect()
}
