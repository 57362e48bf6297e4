//! A flat file read a few episodes at a time.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::super::hdf5::Hdf5;
use super::super::pieces::{Pieces, Width};
use super::{Columns, Layout};
use crate::data::dataset::{Dataset, Origin};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Rows whose marks are read at once.
const ROWS: usize = 1 << 22;

/// An open flat file whose episodes are known.
pub(in crate::format) struct FlatFile {
    path: PathBuf,
    file: Hdf5,
    layout: Layout,
    /// First row of every episode, and the end of the last.
    starts: Vec<usize>,
    lengths: Vec<usize>,
    width: Width,
    origin: Origin,
}

impl FlatFile {
    /// Finds the episodes: reads the marks of their ends and nothing else.
    pub fn open(path: &Path, file: Hdf5, layout: Layout, cx: &Ctx) -> Result<Self, Fault> {
        let cx = cx.phase("finding the episodes");
        let mut starts = vec![0];
        let mut base = 0;
        let (width, origin) = {
            let pieces = layout.columns(&file)?;
            let total: u64 = pieces.iter().map(|p| p.steps() as u64).sum();
            for piece in &pieces {
                for first in (0..piece.steps()).step_by(ROWS) {
                    cx.step((base + first) as u64, total)?;
                    let rows = first..(first + ROWS).min(piece.steps());
                    let marks = piece.marks(rows, &|_| cx.check())?;
                    starts.extend(marks.ends().iter().map(|end| base + first + end.row + 1));
                }
                base += piece.steps();
            }
            (pieces[0].width(), super::origin(path, &file, &layout, &pieces[0]))
        };
        if starts.last() != Some(&base) {
            starts.push(base);
        }
        let lengths = starts.windows(2).map(|w| w[1] - w[0]).collect();
        Ok(Self { path: path.to_owned(), file, layout, starts, lengths, width, origin })
    }
}

impl Pieces for FlatFile {
    fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    fn width(&self) -> Width {
        self.width
    }

    fn read(&self, episodes: Range<usize>, cx: &Ctx) -> Result<Dataset, Fault> {
        let rows = self.starts[episodes.start]..self.starts[episodes.end];
        let pieces: Vec<Columns<'_>> = self.layout.columns(&self.file)?;
        let (mut all, mut base) = (None, 0);
        for piece in &pieces {
            let own = base..base + piece.steps();
            base = own.end;
            let (first, last) = (rows.start.max(own.start), rows.end.min(own.end));
            if first < last {
                let read = piece.read_rows(first - own.start..last - own.start, &|_| cx.check())?;
                match &mut all {
                    None => all = Some(read),
                    Some(all) => all.append(read),
                }
            }
        }
        let read = all.ok_or_else(|| Fault::at(&self.path, "changed while it was read: open it again"))?;
        let mut origin = self.origin.clone();
        let parts = read.into_parts(self.width, &mut origin).ok_or_else(|| super::no_memory(&self.path))?;
        let mut data = super::put_together(origin, &pieces[0], parts)?;
        (episodes.start as u64..).zip(&mut data.spans).for_each(|(id, span)| span.id = id);
        Ok(data)
    }

    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn settle(&self, data: &mut Dataset) {
        if let Ok(pieces) = self.layout.columns(&self.file) {
            super::settle_choices(&pieces[0], data);
        }
    }
}
