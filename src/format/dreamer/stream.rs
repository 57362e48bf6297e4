//! Danijar's layout: chunks of streams, cut into episodes.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::chain;
use super::layout::Layout;
use super::{bytes, rows_of};
use crate::data::dataset::{Dataset, Origin};
use crate::format::assemble::{Assembly, Found};
use crate::format::npz::Npz;
use crate::format::npz::folder::{self, Odd};
use crate::format::reader::{Episodes, Index, Later, Shape};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

const RULES: [&str; 3] = [
    "files are pieces of a stream, put end to end as their names say; an episode begins at is_first and ends at is_last \
     | is_terminal",
    "a row has the observation, the action taken at it and the reward that came with it: step t has the action of row t \
     and the reward of row t+1; the last row's action leads nowhere and is dropped",
    "an episode is terminated where is_terminal holds in its last row, else truncated; one that the stream leaves off in \
     the middle is neither",
];

/// Streams whose columns are known; no number of them is read yet.
pub(super) struct Streams {
    layout: Layout,
    shape: Shape,
    /// In the order of the streams, and whether one begins with it.
    files: Vec<(PathBuf, bool)>,
    origin: Origin,
    cuts: Later<(Vec<Cut>, Index)>,
}

impl Streams {
    /// Puts the files in their order.
    pub fn find(path: &Path, first: &Npz, files: &[PathBuf]) -> Result<Self, Fault> {
        let layout = Layout::of(first)?;
        let (shape, origin) = (layout.shape(), layout.origin(path, &RULES));
        Ok(Self { layout, shape, files: chain::streams(path, files)?, origin, cuts: Later::default() })
    }

    /// Cuts the streams; reads only what says where episodes begin and end.
    fn cut(&self, cx: &Ctx) -> Result<(Vec<Cut>, Index), Fault> {
        let mut cutter = Cutter::default();
        let mut lies = Odd::default();
        let cx = cx.phase("finding the episodes");
        folder::each(
            self.files.iter().map(|(file, _)| file),
            &cx,
            |file| Flags::read(file, &self.layout, &cx),
            |index, flags| {
                let (file, head) = &self.files[index];
                lies.count(rows_of(file).is_some_and(|said| said != flags.first.len()), file);
                cutter.add(&flags, *head, index, file);
                Ok(())
            },
        )?;
        let (cuts, warnings) = cutter.finish();
        let mut origin = Origin { warnings, ..self.origin.clone() };
        origin.warnings.extend(lies.told("have another length than their name says; what is in them is read"));
        let lengths = cuts.iter().map(|cut| cut.rows - 1).collect();
        Ok((cuts, Index { lengths, origin }))
    }
}

impl Episodes for Streams {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn index(&self, cx: &Ctx) -> Result<Option<&Index>, Fault> {
        self.cuts.get(|| self.cut(cx)).map(|found| Some(&found.1))
    }

    fn read(&self, wanted: Option<Range<usize>>, cx: &Ctx) -> Result<Dataset, Fault> {
        let (cuts, index) = self.cuts.get(|| self.cut(cx))?;
        let mut assembly = Assembly::new(index.origin.clone(), &self.shape).within(cx);
        let (d, a) = (self.layout.obs_dim(), self.layout.action_dim());
        let wanted = &cuts[wanted.unwrap_or(0..cuts.len())];
        let files = wanted.first().map_or(0, |cut| cut.file)..wanted.last().map_or(0, |cut| cut.last_file + 1);
        let (mut wanted, mut open) = (wanted.iter(), Found::default());
        let mut next = wanted.next();
        folder::each(
            self.files[files.clone()].iter().map(|(file, _)| file),
            cx,
            |file| self.layout.read(file, cx),
            |index, rows| {
                let at = files.start + index;
                while let Some(cut) = next.filter(|cut| cut.file <= at) {
                    let begin = if cut.file == at { cut.row.min(rows.rewards.len()) } else { 0 };
                    let end = rows.rewards.len().min(begin + cut.rows - open.rewards.len());
                    open.obs.extend_from_slice(&rows.obs[begin * d..end * d]);
                    open.actions.extend_from_slice(&rows.actions[begin * a..end * a]);
                    open.rewards.extend_from_slice(&rows.rewards[begin..end]);
                    if open.rewards.len() < cut.rows {
                        // The rest is in the next file.
                        break;
                    }
                    let found = cut.close(std::mem::take(&mut open), a);
                    assembly.push(&found).map_err(|problem| Fault::at(&self.files[at].0, problem))?;
                    next = wanted.next();
                }
                Ok(())
            },
        )?;
        assembly.finish(&self.origin.path)
    }

    fn bytes(&self) -> Result<Option<u64>, Fault> {
        Ok(bytes(self.shape.width(), self.files.iter().map(|(file, _)| file)))
    }
}

/// What a file says of the ends of episodes.
struct Flags {
    first: Vec<bool>,
    last: Vec<bool>,
    terminal: Vec<bool>,
}

impl Flags {
    fn read(file: &Npz, layout: &Layout, cx: &Ctx) -> Result<Self, Fault> {
        let rows = layout.columns(file)?.rows();
        let flags = |key| Layout::flags(&file.column(key)?, rows, cx);
        Ok(Self { first: flags("is_first")?, last: flags("is_last")?, terminal: flags("is_terminal")? })
    }
}

/// How an episode ends.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Terminated,
    Truncated,
    /// The stream leaves off.
    Open,
}

/// The rows of an episode: at least two.
struct Cut {
    id: u64,
    /// File and row that it begins with.
    file: usize,
    row: usize,
    rows: usize,
    last_file: usize,
    end: End,
}

impl Cut {
    /// The episode of these rows.
    fn close(&self, mut rows: Found, action_dim: usize) -> Found {
        rows.actions.truncate((self.rows - 1) * action_dim);
        // The reward of the first row came with the reset.
        rows.rewards.remove(0);
        let (terminated, truncated) = (self.end == End::Terminated, self.end == End::Truncated);
        Found { id: self.id, terminated, truncated, ..rows }
    }
}

/// Cuts streams into episodes.
#[derive(Default)]
struct Cutter {
    episodes: Vec<Cut>,
    /// Episodes so far, with those that are left out.
    seen: u64,
    /// File and row that the open episode begins with, and its rows.
    begin: (usize, usize),
    rows: usize,
    /// The last file and its number.
    file: PathBuf,
    index: usize,
    /// Episodes without a beginning, without an end, of a single row; and where first.
    headless: Odd,
    abandoned: Odd,
    single: Odd,
}

impl Cutter {
    /// Adds the rows of a chunk; `head` says that a stream begins with it.
    fn add(&mut self, flags: &Flags, head: bool, index: usize, file: &Path) {
        if head {
            self.close(End::Open);
        }
        file.clone_into(&mut self.file);
        self.index = index;
        for row in 0..flags.first.len() {
            if flags.first[row] && self.rows > 0 {
                self.abandoned.count(true, file);
                self.close(End::Truncated);
            }
            self.headless.count(!flags.first[row] && self.rows == 0, file);
            if self.rows == 0 {
                self.begin = (index, row);
            }
            self.rows += 1;
            if flags.terminal[row] {
                self.close(End::Terminated);
            } else if flags.last[row] {
                self.close(End::Truncated);
            }
        }
    }

    /// Closes the episode that is open, if there is one.
    fn close(&mut self, end: End) {
        let rows = std::mem::take(&mut self.rows);
        if rows == 0 {
            return;
        }
        self.single.count(rows == 1, &self.file);
        if rows > 1 {
            let (id, (file, row), last_file) = (self.seen, self.begin, self.index);
            self.episodes.push(Cut { id, file, row, rows, last_file, end });
        }
        self.seen += 1;
    }

    /// The episodes, and what was odd.
    fn finish(mut self) -> (Vec<Cut>, Vec<String>) {
        self.close(End::Open);
        let oddities = [
            self.headless
                .told_of("episodes", "begin in the middle, their earlier rows are not there; what is there is kept"),
            self.abandoned.told_of("episodes", "were left without is_last before the next began; they are truncated"),
            self.single.told_of("episodes", "are of a single row, have no step and are left out"),
        ];
        (self.episodes, oddities.into_iter().flatten().collect())
    }
}
