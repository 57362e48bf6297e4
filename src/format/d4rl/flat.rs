//! A flat file: rows of one length in every column, cut into episodes at marks.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::super::hdf5::Hdf5;
use super::super::reader::{Episodes, Index, Later, Shape};
use super::columns::BLOCK;
use super::episodes::{Cutter, Marks};
use super::{Columns, Layout};
use crate::data::dataset::{Dataset, Origin};
use crate::data::space::Space;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Rows whose marks are read at once.
const ROWS: usize = 1 << 22;

/// An open flat file.
pub(in crate::format) struct FlatFile {
    file: Arc<Hdf5>,
    layout: Layout,
    shape: Shape,
    origin: Origin,
    /// Rows of every piece.
    rows: Vec<usize>,
    cuts: Later<Cuts>,
}

/// Where the episodes end.
struct Cuts {
    /// Of every piece.
    marks: Vec<Marks>,
    /// First row of every episode, and the end of the last.
    starts: Vec<usize>,
    index: Index,
}

impl FlatFile {
    /// Looks at the columns of `file`; reads none of them.
    pub fn open(path: &Path, file: Arc<Hdf5>, layout: Layout) -> Result<Self, Fault> {
        let pieces = layout.columns(&file)?;
        let first = &pieces[0];
        let shape = Shape {
            obs: Space::unnamed("obs", first.width().obs),
            action: Space::unnamed("action", first.action_width()),
            last: first.width().next,
            next: first.width().next,
            choices: first.choices(),
        };
        let origin = super::origin(path, &file, &layout, first);
        let rows = pieces.iter().map(Columns::steps).collect();
        drop(pieces);
        Ok(Self { file, layout, shape, origin, rows, cuts: Later::default() })
    }

    /// Reads the marks and nothing else.
    fn cut(&self, cx: &Ctx) -> Result<Cuts, Fault> {
        let (cx, total) = (cx.phase("finding the episodes"), self.rows.iter().sum::<usize>());
        let (mut all, mut starts, mut base) = (Vec::new(), vec![0], 0);
        for piece in &self.layout.columns(&self.file)? {
            let mut marks = Marks::default();
            for first in (0..piece.steps()).step_by(ROWS) {
                cx.step((base + first) as u64, total as u64)?;
                marks.append(&piece.marks(first..(first + ROWS).min(piece.steps()), &|_| cx.check())?);
            }
            starts.extend(marks.ends().iter().map(|end| base + end.row + 1));
            base += piece.steps();
            all.push(marks);
        }
        if starts.last() != Some(&base) {
            starts.push(base);
        }
        let lengths = starts.windows(2).map(|w| w[1] - w[0]).collect();
        Ok(Cuts { marks: all, starts, index: Index { lengths, origin: self.origin.clone() } })
    }
}

impl Episodes for FlatFile {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn index(&self, cx: &Ctx) -> Result<Option<&Index>, Fault> {
        self.cuts.get(|| self.cut(cx)).map(|cuts| Some(&cuts.index))
    }

    fn read(&self, wanted: Option<Range<usize>>, cx: &Ctx) -> Result<Dataset, Fault> {
        let Cuts { marks, starts, .. } = self.cuts.get(|| self.cut(cx))?;
        // All rows come in small blocks, so that little is held beside the columns; some are little themselves.
        let block = if wanted.is_none() { BLOCK } else { u64::MAX };
        let episodes = wanted.unwrap_or(0..starts.len() - 1);
        let rows = starts[episodes.start]..starts[episodes.end];
        let no_memory =
            || Fault::at(&self.origin.path, "needs more memory than there is; read a part of it with --memory");
        let mut cutter = Cutter::new(self.shape.width(), rows.len(), episodes.len()).ok_or_else(no_memory)?;
        let (mut base, mut left) = (0, rows.len());
        for (piece, marks) in self.layout.columns(&self.file)?.iter().zip(marks) {
            let own = base..base + piece.steps();
            base = own.end;
            let (first, end) = (rows.start.max(own.start), rows.end.min(own.end));
            if first < end {
                piece.read(first - own.start..end - own.start, marks, block, cx, &mut |rows| {
                    left -= rows.rewards.len();
                    cutter.add(rows, left == 0);
                })?;
            }
        }
        let mut origin = self.origin.clone();
        let mut parts = cutter.finish(&mut origin);
        (episodes.start as u64..).zip(&mut parts.spans).for_each(|(id, span)| span.id = id);
        let Shape { obs, action, .. } = self.shape.clone();
        Dataset::from_parts(origin, obs, action, parts).map_err(|e| Fault::at(&self.origin.path, e))
    }

    fn bytes(&self) -> Result<Option<u64>, Fault> {
        Ok(Some(self.shape.width().bytes(0, self.rows.iter().map(|&rows| rows as u64).sum())))
    }
}
