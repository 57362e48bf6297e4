//! Parquet files, column by column.

use std::fs::File;
use std::io::Read as _;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use polars_core::prelude::{ArrowDataType, Series};
use polars_io::SerReader as _;
use polars_io::parquet::read::{FileMetadata, ParallelStrategy, ParquetReader};
use rayon::prelude::*;

use super::{Frame, footer, guarded, pages, plausible};
use crate::ground::fault::Fault;
use crate::ground::task::{Cancelled, Ctx};

/// Told how many pieces are done of how many; fails to stop the reading.
pub(in super::super) type Tick<'t> = &'t (dyn Fn(u64, u64) -> Result<(), Cancelled> + Sync);

/// True if the file begins as Parquet does.
pub(in super::super) fn is_parquet(path: &Path) -> bool {
    let mut magic = [0; 4];
    path.is_file() && File::open(path).and_then(|mut f| f.read_exact(&mut magic)).is_ok() && &magic == b"PAR1"
}

/// A file of which only the footer was read.
pub(in super::super) struct Parquet {
    path: PathBuf,
    names: Vec<String>,
    /// How deep the lists of each column are.
    depths: Vec<usize>,
    rows: usize,
    metadata: Arc<FileMetadata>,
}

impl Parquet {
    /// Reads the footer.
    ///
    /// # Errors
    /// If it is damaged, or claims more than the file can hold.
    pub fn open(path: &Path) -> Result<Self, Fault> {
        let mut file = file(path)?;
        if !footer::plausible(&mut file) {
            return Err(Fault::at(path, "its footer is cut off or damaged; copy or write the file again"));
        }
        let (metadata, names, depths, widest) = guarded(path, || {
            let mut reader = ParquetReader::new(file);
            let schema = reader.schema()?;
            let names = schema.iter_names().map(ToString::to_string).collect();
            let depths = schema.iter_values().map(|field| depth(field.dtype())).collect();
            let widest = schema.iter_values().map(|field| width(field.dtype())).max().unwrap_or(0);
            Ok((reader.get_metadata()?.clone(), names, depths, widest))
        })?;
        let (mut values, mut rows) = (0u64, 0usize);
        for group in &metadata.row_groups {
            rows = rows.saturating_add(group.num_rows());
            for column in group.parquet_columns() {
                values = values.saturating_add(column.num_values().max(0) as u64);
            }
        }
        // A list of a fixed length takes its room even where nothing is in it.
        plausible(path, values.max((rows as u64).saturating_mul(widest.max(1))))?;
        if rows != metadata.num_rows {
            let said = metadata.num_rows;
            return Err(Fault::at(
                path,
                format!("says it has {said} rows, its parts have {rows}; the file is damaged"),
            ));
        }
        Ok(Self { path: path.to_owned(), names, depths, rows, metadata })
    }

    /// Names of the columns, in the file's order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How deep the lists of a column are: 0 for numbers, 1 for lists of numbers.
    pub fn depth(&self, column: &str) -> usize {
        self.names.iter().position(|n| n == column).map_or(0, |at| self.depths[at])
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// What the file's metadata says under `key`.
    pub fn word(&self, key: &str) -> Option<&str> {
        let words = self.metadata.key_value_metadata().as_ref()?;
        words.iter().find(|word| word.key == key)?.value.as_deref()
    }

    /// Reads the named columns and no other, on all threads.
    ///
    /// # Errors
    /// If a column is missing or damaged, or the work was cancelled.
    pub fn read<S: AsRef<str> + Sync>(&self, columns: &[S], cx: &Ctx) -> Result<Frame, Fault> {
        self.read_with(columns, 0..self.rows, &|done, total| cx.step(done, total))
    }

    /// [`Parquet::read`] of some rows, which calls `tick` with how many pieces are done of how many.
    pub fn read_with<S: AsRef<str> + Sync>(
        &self,
        columns: &[S],
        rows: Range<usize>,
        tick: Tick<'_>,
    ) -> Result<Frame, Fault> {
        if rows.end > self.rows {
            let (last, there) = (rows.end, self.rows);
            return Err(Fault::at(&self.path, format!("has {there} rows where {last} are needed; download it again")));
        }
        if let Some(missing) = columns.iter().find(|c| !self.names.iter().any(|n| n == c.as_ref())) {
            let (missing, there) = (missing.as_ref(), self.names.join(", "));
            return Err(Fault::at(&self.path, format!("'{missing}' is missing; the file has {there}")));
        }
        let mut start = 0;
        let mut pieces = Vec::new();
        for (g, group) in self.metadata.row_groups.iter().enumerate() {
            let end = start + group.num_rows();
            let own = start.max(rows.start)..end.min(rows.end);
            if !own.is_empty() {
                pieces.extend((0..columns.len()).map(|c| (g, c, own.clone())));
            }
            start = end;
        }
        let (done, total) = (AtomicU64::new(0), pieces.len() as u64);
        // Not collected into one result: that would name whichever bad column a thread met first.
        let read: Vec<Result<Series, Fault>> = pieces
            .par_iter()
            .map(|(g, c, rows)| {
                tick(done.load(Ordering::Relaxed), total)?;
                let piece = self.piece(*g, columns[*c].as_ref(), rows);
                done.fetch_add(1, Ordering::Relaxed);
                piece
            })
            .collect();
        let mut whole: Vec<Option<Series>> = vec![None; columns.len()];
        for ((_, c, _), piece) in pieces.iter().zip(read) {
            let piece = piece?;
            match &mut whole[*c] {
                Some(column) => guarded(&self.path, || column.append(&piece).map(|_| ()))?,
                empty => *empty = Some(piece),
            }
        }
        Frame::new(&self.path, rows.len(), whole.into_iter().flatten().collect())
    }

    /// One column of the rows `rows` of the file, all of row group `group`.
    fn piece(&self, group: usize, column: &str, rows: &Range<usize>) -> Result<Series, Fault> {
        let group = &self.metadata.row_groups[group];
        let mut source = file(&self.path)?;
        let sound = guarded(&self.path, || {
            let mut parts = group.columns_under_root_iter(column).into_iter().flatten();
            Ok(parts.all(|p| pages::plausible(&mut source, p.byte_range(), p.num_values().max(0) as u64)))
        })?;
        if !sound {
            let problem = format!("'{column}' has pages whose sizes do not fit; the file is damaged, write it again");
            return Err(Fault::at(&self.path, problem));
        }
        guarded(&self.path, || {
            let mut reader = ParquetReader::new(source)
                .with_columns(Some(vec![column.to_owned()]))
                .with_slice(Some((rows.start, rows.len())))
                .read_parallel(ParallelStrategy::None);
            reader.set_metadata(Arc::clone(&self.metadata));
            Ok(reader.finish()?.column(column)?.as_materialized_series().clone())
        })
    }
}

/// Numbers that a row of a column takes.
fn width(dtype: &ArrowDataType) -> u64 {
    match dtype {
        ArrowDataType::FixedSizeList(inner, n) => (*n as u64).saturating_mul(width(inner.dtype())),
        ArrowDataType::List(inner) | ArrowDataType::LargeList(inner) => width(inner.dtype()),
        ArrowDataType::Struct(fields) => fields.iter().fold(0, |sum, f| sum.saturating_add(width(f.dtype()))),
        _ => 1,
    }
}

/// How deep lists are nested; of the fields of a struct the least.
fn depth(dtype: &ArrowDataType) -> usize {
    match dtype {
        ArrowDataType::FixedSizeList(inner, _) | ArrowDataType::List(inner) | ArrowDataType::LargeList(inner) => {
            1 + depth(inner.dtype())
        }
        ArrowDataType::Struct(fields) => fields.iter().map(|f| depth(f.dtype())).min().unwrap_or(0),
        _ => 0,
    }
}

fn file(path: &Path) -> Result<File, Fault> {
    File::open(path).map_err(|e| Fault::at(path, format!("cannot be opened ({e})")))
}
