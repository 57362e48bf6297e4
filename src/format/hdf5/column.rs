//! One dataset of numbers as a column: rows × everything else, read in blocks so that a cancel is seen soon.

use std::ops::Range;
use std::sync::OnceLock;

use hdf5_reader::btree_v1::{BTreeV1Key, collect_btree_v1_leaves_storage};
use hdf5_reader::messages::HdfMessage;
use hdf5_reader::messages::layout::DataLayout;
use hdf5_reader::{Dataset, Datatype, H5Type, SliceInfo, SliceInfoElem};

use super::{Hdf5, number};
use crate::ground::fault::Fault;
use crate::ground::task::Cancelled;

/// Called with the rows of every block that was read; fails to stop the reading.
pub type Tick<'a> = &'a (dyn Fn(u64) -> Result<(), Cancelled> + Sync);

/// Bytes of a block: about 30 ms of inflating.
const BLOCK_BYTES: u64 = 8 << 20;
/// Deflate reaches at most 1032 : 1, so what claims more than this over the file's size is not in the file.
const MAX_RATIO: u64 = 1100;
/// Values a row: each gets a name, and a file need not hold values to claim them.
pub(in crate::format) const MAX_WIDTH: usize = 1 << 20;
/// Values that are read at once (16 GiB as f32), however large the file.
const MAX_VALUES: u64 = 1 << 32;

/// What a dataset is, and where its values are said to lie.
pub(super) struct About {
    pub shape: Vec<u64>,
    pub dtype: Datatype,
    pub layout: DataLayout,
}

/// A dataset of numbers in an open file; row-major.
pub struct Column<'f> {
    pub(super) file: &'f Hdf5,
    pub(super) key: String,
    pub(super) shape: Vec<u64>,
    pub(super) dtype: Datatype,
    rows: u64,
    width: u64,
    /// Where the values lie, if they lie in the file one after another as they are.
    pub(super) plain: Option<u64>,
    /// What reads the values where they do not; opened when it is needed.
    dataset: OnceLock<Dataset>,
}

impl<'f> Column<'f> {
    /// The column that the reader opened.
    pub(super) fn of(file: &'f Hdf5, key: &str, dataset: Dataset) -> Result<Self, Fault> {
        let (mut column, bytes) = Self::new(file, key.to_owned(), dataset.shape().to_vec(), dataset.dtype().clone())?;
        let layout = file.file.get_or_parse_header(dataset.address()).ok();
        let layout = layout.as_ref().and_then(|header| as_it_is(&header.messages));
        column.plain = layout.and_then(|layout| place(file, &column.shape, layout, bytes));
        column.dataset = dataset.into();
        Ok(column)
    }

    /// The column of a dataset whose header was parsed.
    pub(super) fn at(file: &'f Hdf5, key: String, about: About) -> Result<Self, Fault> {
        let (mut column, bytes) = Self::new(file, key, about.shape, about.dtype)?;
        column.plain = place(file, &column.shape, &about.layout, bytes);
        Ok(column)
    }

    /// A column, and how many bytes its values are.
    fn new(file: &'f Hdf5, key: String, shape: Vec<u64>, dtype: Datatype) -> Result<(Self, u64), Fault> {
        if !number::is_numeric(&dtype) {
            return Err(file.bad(&key, format!("holds {}, numbers are needed", number::name(&dtype))));
        }
        let Some((&rows, inner)) = shape.split_first() else {
            return Err(file.bad(&key, "is a single value, a row per step is needed"));
        };
        let width = inner.iter().try_fold(1u64, |all, &n| all.checked_mul(n));
        let values = width.and_then(|w| w.checked_mul(rows));
        let size = hdf5_reader::dtype_element_size(&dtype).unwrap_or(1) as u64;
        let bytes = values.and_then(|v| v.checked_mul(size)).unwrap_or(u64::MAX);
        let room = file.bytes().saturating_mul(MAX_RATIO);
        if bytes > room {
            let shape = shape.iter().map(u64::to_string).collect::<Vec<_>>().join(" x ");
            return Err(file.bad(
                &key,
                format!(
                    "claims {shape} values, which a file of {} bytes cannot hold (limit: {MAX_RATIO} times its size); \
                     the file is damaged or was never filled",
                    file.bytes()
                ),
            ));
        }
        let Some(width) = width.filter(|_| values.is_some()) else {
            return Err(file.bad(&key, "claims more values than can be counted; the file is damaged"));
        };
        Ok((Self { file, key, shape, dtype, rows, width, plain: None, dataset: OnceLock::new() }, bytes))
    }

    /// The reader of values that do not lie in the file as they are.
    pub(super) fn dataset(&self) -> Result<&Dataset, Fault> {
        if let Some(dataset) = self.dataset.get() {
            return Ok(dataset);
        }
        let dataset = self.file.file.dataset(&self.key).map_err(|e| self.file.unreadable(&self.key, &e))?;
        Ok(self.dataset.get_or_init(|| dataset))
    }

    /// Name of the column in its file.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.rows as usize
    }

    /// Values a row: the product of all further dimensions, 1 for a plain list.
    pub fn width(&self) -> usize {
        self.width as usize
    }

    /// [`Column::width`] where every value of a row is to have a name.
    ///
    /// # Errors
    /// If a row has no value, or more than are read.
    pub fn named_width(&self) -> Result<usize, Fault> {
        match self.width() {
            0 => Err(self.bad("has no columns")),
            width if width > MAX_WIDTH => {
                Err(self.bad(format!("has {width} values a row, more than the {MAX_WIDTH} that are read")))
            }
            width => Ok(width),
        }
    }

    /// Sizes of the dimensions after the first.
    pub fn inner_shape(&self) -> Vec<u64> {
        self.shape.get(1..).unwrap_or_default().to_vec()
    }

    /// True for integers, enumerations and truth values.
    pub fn is_whole(&self) -> bool {
        number::is_whole(&self.dtype)
    }

    /// True for what looks like pictures: three dimensions and more a row, or two of at least 32 bytes each.
    pub fn is_image(&self) -> bool {
        let inner = self.shape.get(1..).unwrap_or_default();
        let bytes = matches!(self.dtype, Datatype::FixedPoint { size: 1, signed: false, .. });
        inner.len() >= 3 || (bytes && inner.len() == 2 && inner.iter().all(|&n| n >= 32))
    }

    /// The sizes of a row for people: `84 x 84 x 3`.
    pub fn inner_text(&self) -> String {
        self.inner_shape().iter().map(u64::to_string).collect::<Vec<_>>().join(" x ")
    }

    /// The stored type as NumPy calls it.
    pub fn dtype(&self) -> String {
        number::name(&self.dtype)
    }

    /// Sizes of a chunk, where values are read by the chunk.
    pub(super) fn chunks(&self) -> Option<Vec<u32>> {
        if self.plain.is_some() { None } else { self.dataset().ok()?.chunks() }
    }

    /// The stored type, where one column of whole numbers may hold choices.
    pub fn choices(&self) -> Option<String> {
        (self.is_whole() && self.width() == 1).then(|| self.dtype())
    }

    /// An error about this column.
    pub fn bad(&self, problem: impl std::fmt::Display) -> Fault {
        self.file.bad(&self.key, problem)
    }

    /// Rows of a block of about `bytes`: whole chunks, so that none is inflated twice.
    pub fn rows_of_blocks(&self, bytes: u64) -> usize {
        let size = hdf5_reader::dtype_element_size(&self.dtype).unwrap_or(1) as u64;
        let wanted = (bytes / (self.width * size).max(1)).max(1);
        let chunk = self.chunks().and_then(|c| c.first().copied()).map_or(1, |rows| u64::from(rows).max(1));
        ((wanted / chunk).max(1) * chunk) as usize
    }

    /// All values as f32.
    ///
    /// # Errors
    /// If the data cannot be decoded, or if `tick` stops it.
    pub fn f32(&self, tick: Tick<'_>) -> Result<Vec<f32>, Fault> {
        self.f32_of(0..self.rows(), tick)
    }

    /// The values of some rows as f32.
    ///
    /// # Errors
    /// If the data cannot be decoded, or if `tick` stops it.
    pub fn f32_of(&self, rows: Range<usize>, tick: Tick<'_>) -> Result<Vec<f32>, Fault> {
        if f32::native_copy_compatible(&self.dtype) {
            if !rows.is_empty() && rows.len() <= self.rows_of_blocks(BLOCK_BYTES) {
                return self.slice(&rows, tick);
            }
            self.blocks(rows, tick, |out, block: Vec<f32>| out.extend_from_slice(&block))
        } else {
            self.blocks(rows, tick, |out, block: Vec<number::Number>| out.extend(block.iter().map(|v| v.0 as f32)))
        }
    }

    /// All values as f64.
    ///
    /// # Errors
    /// If the data cannot be decoded, or if `tick` stops it.
    pub fn f64(&self, tick: Tick<'_>) -> Result<Vec<f64>, Fault> {
        self.f64_of(0..self.rows(), tick)
    }

    /// The values of some rows as f64.
    ///
    /// # Errors
    /// If the data cannot be decoded, or if `tick` stops it.
    pub fn f64_of(&self, rows: Range<usize>, tick: Tick<'_>) -> Result<Vec<f64>, Fault> {
        if f64::native_copy_compatible(&self.dtype) {
            self.blocks(rows, tick, |out, block: Vec<f64>| out.extend_from_slice(&block))
        } else {
            self.blocks(rows, tick, |out, block: Vec<number::Number>| out.extend(block.iter().map(|v| v.0)))
        }
    }

    /// All values as truth: anything but 0 is true. NaN is no truth value and an error.
    ///
    /// # Errors
    /// If the data cannot be decoded, if a value is NaN, or if `tick` stops it.
    pub fn flags(&self, tick: Tick<'_>) -> Result<Vec<bool>, Fault> {
        self.flags_of(0..self.rows(), tick)
    }

    /// The values of some rows as truth.
    ///
    /// # Errors
    /// As [`Column::flags`].
    pub fn flags_of(&self, rows: Range<usize>, tick: Tick<'_>) -> Result<Vec<bool>, Fault> {
        let first = rows.start;
        if !matches!(self.dtype, Datatype::FloatingPoint { .. }) {
            return self.blocks(rows, tick, |out, block: Vec<number::Flag>| out.extend(block.iter().map(|v| v.0)));
        }
        let values = self.f32_of(rows, tick)?;
        if let Some(row) = values.iter().position(|v| v.is_nan()) {
            return Err(self.bad(format!("has NaN in row {} where true or false is needed", first + row)));
        }
        Ok(values.into_iter().map(|v| v != 0.0).collect())
    }

    /// Reads some rows block after block and has each appended.
    fn blocks<T: H5Type, O>(
        &self,
        rows: Range<usize>,
        tick: Tick<'_>,
        append: fn(&mut Vec<O>, Vec<T>),
    ) -> Result<Vec<O>, Fault> {
        let mut out = Vec::new();
        let values = rows.len() * self.width();
        if values as u64 > MAX_VALUES {
            return Err(self.bad(format!("has more than the {MAX_VALUES} values that oodscope reads at once")));
        }
        out.try_reserve_exact(values)
            .map_err(|_| self.bad(format!("needs memory for {values} values, which there is not")))?;
        if values == 0 {
            return Ok(out);
        }
        let step = self.rows_of_blocks(BLOCK_BYTES) as u64;
        let (mut start, last) = (rows.start as u64, rows.end as u64);
        while start < last {
            // Blocks end where chunks do, wherever they begin.
            let end = ((start / step + 1) * step).min(last);
            append(&mut out, self.slice(&(start as usize..end as usize), tick)?);
            start = end;
        }
        Ok(out)
    }

    /// Reads some rows at once, chunks on all threads.
    fn slice<T: H5Type>(&self, rows: &Range<usize>, tick: Tick<'_>) -> Result<Vec<T>, Fault> {
        if let Some(values) = self.plain_slice(rows) {
            tick(rows.len() as u64)?;
            return Ok(values);
        }
        let all = SliceInfoElem::Slice { start: 0, end: u64::MAX, step: 1 };
        let mut selections = vec![all; self.shape.len()];
        selections[0] = SliceInfoElem::Slice { start: rows.start as u64, end: rows.end as u64, step: 1 };
        let slice = self.dataset()?.read_slice_parallel::<T>(&SliceInfo { selections });
        let values = slice.map_err(|e| self.file.unreadable(&self.key, &e))?.into_raw_vec_and_offset().0;
        let declared = rows.len() * self.width();
        if values.len() != declared {
            let problem = format!("gave {} values where {declared} are declared: the file is damaged", values.len());
            return Err(self.bad(problem));
        }
        tick(rows.len() as u64)?;
        Ok(values)
    }

    /// The same where the values lie one after another: the reader of slices copies them three times. Nothing where they
    /// cannot be read so; the reader of slices says why.
    fn plain_slice<T: H5Type>(&self, rows: &Range<usize>) -> Option<Vec<T>> {
        let (dtype, at) = (&self.dtype, self.plain?);
        let size = hdf5_reader::dtype_element_size(dtype).ok()?;
        let (first, count) = (rows.start * self.width(), rows.len() * self.width());
        let raw = self.file.file.storage().read_range(at + (first * size) as u64, count * size).ok()?;
        T::decode_vec(&raw, dtype, count)?.ok()
    }
}

/// The layout of a dataset whose values are in this file and not packed.
fn as_it_is(messages: &[HdfMessage]) -> Option<&DataLayout> {
    let mut layout = None;
    for message in messages {
        match message {
            HdfMessage::DataLayout(found) => layout = Some(&found.layout),
            HdfMessage::ExternalFiles(_) | HdfMessage::FilterPipeline(_) => return None,
            _ => {}
        }
    }
    layout
}

/// Where all `bytes` of such a dataset lie, if they lie one after another: in one piece, or in one chunk.
fn place(file: &Hdf5, shape: &[u64], layout: &DataLayout, bytes: u64) -> Option<u64> {
    let place = match layout {
        DataLayout::Contiguous { address, size } if *size == bytes => *address,
        DataLayout::Chunked { address, dims, chunk_indexing: None, .. } => {
            only_chunk(file, shape, *address, dims, bytes)?
        }
        _ => return None,
    };
    place.checked_add(bytes).is_some_and(|end| end <= file.bytes()).then_some(place)
}

/// Where the first `bytes` of the only chunk lie; nothing where rows may be in several chunks or are not stored.
fn only_chunk(file: &Hdf5, shape: &[u64], index: u64, dims: &[u32], bytes: u64) -> Option<u64> {
    // The size of an element may follow the chunk's sizes.
    let (chunk, shape) = (dims.get(..shape.len())?, shape.split_first()?);
    let (rows, inner) = chunk.split_first()?;
    if u64::from(*rows) < *shape.0 || !inner.iter().map(|&n| u64::from(n)).eq(shape.1.iter().copied()) {
        return None;
    }
    let (storage, sizes) = (file.file.storage(), file.file.superblock());
    let ndim = Some(chunk.len() as u32);
    let leaves = collect_btree_v1_leaves_storage(storage, index, sizes.offset_size, sizes.length_size, ndim, &[], None);
    match &leaves.ok()?[..] {
        [(BTreeV1Key::RawData { chunk_size, filter_mask: 0, offsets }, address)]
            if u64::from(*chunk_size) >= bytes && offsets.iter().all(|&o| o == 0) =>
        {
            Some(*address)
        }
        _ => None,
    }
}
