//! Danijar's layout: chunks of streams, cut into episodes.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::chain;
use super::layout::Layout;
use super::rows_of;
use crate::data::dataset::{Dataset, Origin};
use crate::format::assemble::Found;
use crate::format::npz::Npz;
use crate::format::npz::folder::{self, Odd};
use crate::format::pieces::{Pieces, Width};
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

/// Streams whose episodes are known; no number of them is read yet.
pub(super) struct Streams {
    path: PathBuf,
    layout: Layout,
    /// In the order of the streams.
    files: Vec<PathBuf>,
    episodes: Vec<Cut>,
    lengths: Vec<usize>,
    origin: Origin,
}

impl Streams {
    /// Cuts the streams; reads only what says where episodes begin and end.
    pub fn find(path: &Path, first: &Npz, files: &[PathBuf], cx: &Ctx) -> Result<Self, Fault> {
        let layout = Layout::of(first)?;
        let (files, heads): (Vec<PathBuf>, Vec<bool>) = chain::streams(path, files)?.into_iter().unzip();
        let mut cutter = Cutter::default();
        let mut lies = Odd::default();
        let cx = cx.phase("finding the episodes");
        folder::each(
            &files,
            &cx,
            |file| Flags::read(file, &layout, &cx),
            |index, flags| {
                let file = &files[index];
                lies.count(rows_of(file).is_some_and(|said| said != flags.first.len()), file);
                cutter.add(&flags, heads[index], index, file);
                Ok(())
            },
        )?;
        let mut origin = layout.assembly(path, &RULES).origin().clone();
        let (episodes, oddities) = cutter.finish();
        origin.warnings = oddities;
        origin.warnings.extend(lies.told("have another length than their name says; what is in them is read"));
        let lengths = episodes.iter().map(|cut| cut.rows - 1).collect();
        Ok(Self { path: path.to_owned(), layout, files, episodes, lengths, origin })
    }

    /// Reads every episode.
    pub fn dataset(&self, cx: &Ctx) -> Result<Dataset, Fault> {
        let mut data = self.read_some(0..self.episodes.len(), &cx.phase("reading the dataset"))?;
        self.settle(&mut data);
        Ok(data)
    }

    fn read_some(&self, range: Range<usize>, cx: &Ctx) -> Result<Dataset, Fault> {
        let mut assembly = self.layout.assembly(&self.path, &[]).within(cx);
        assembly.origin().clone_from(&self.origin);
        let (d, a) = (self.layout.obs_dim(), self.layout.action_dim());
        let wanted = &self.episodes[range];
        let files = wanted.first().map_or(0, |cut| cut.file)..wanted.last().map_or(0, |cut| cut.last_file + 1);
        let (mut wanted, mut open) = (wanted.iter(), Found::default());
        let mut next = wanted.next();
        folder::each(
            &self.files[files.clone()],
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
                    assembly.push(&found).map_err(|problem| Fault::at(&self.files[at], problem))?;
                    next = wanted.next();
                }
                Ok(())
            },
        )?;
        assembly.finish(&self.path)
    }
}

impl Pieces for Streams {
    fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    fn width(&self) -> Width {
        self.layout.width()
    }

    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn read(&self, episodes: Range<usize>, cx: &Ctx) -> Result<Dataset, Fault> {
        self.read_some(episodes, &cx.untold())
    }

    fn settle(&self, data: &mut Dataset) {
        self.layout.settle(data);
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
