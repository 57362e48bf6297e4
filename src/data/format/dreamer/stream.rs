//! Danijar's layout: chunks of streams, cut into episodes.

use std::path::{Path, PathBuf};

use super::chain;
use super::layout::{Layout, Rows};
use super::rows_of;
use crate::data::dataset::Dataset;
use crate::data::format::DataError;
use crate::data::format::assemble::{Assembly, Found};
use crate::data::format::npz::folder::{self, Odd};
use crate::data::format::npz::{Npz, settle_actions};
use crate::task::Ctx;

const RULES: [&str; 3] = [
    "files are pieces of a stream, put end to end as their names say; an episode begins at is_first and ends at is_last \
     | is_terminal",
    "a row has the observation, the action taken at it and the reward that came with it: step t has the action of row t \
     and the reward of row t+1; the last row's action leads nowhere and is dropped",
    "an episode is terminated where is_terminal holds in its last row, else truncated; one that the stream leaves off in \
     the middle is neither",
];

/// Reads every chunk and cuts the streams.
pub(super) fn dataset(path: &Path, first: &Npz, files: &[PathBuf], cx: &Ctx) -> Result<Dataset, DataError> {
    let layout = Layout::of(first)?;
    let (files, heads): (Vec<PathBuf>, Vec<bool>) = chain::streams(path, files)?.into_iter().unzip();
    let mut cutter = Cutter::new(&layout, layout.assembly(path, &RULES).within(cx));
    let mut lies = Odd::default();
    let cx = cx.phase("reading the dataset");
    folder::each(
        &files,
        &cx,
        |file| Chunk::read(file, &layout, &cx),
        |index, chunk| {
            let file = &files[index];
            lies.count(rows_of(file).is_some_and(|said| said != chunk.first.len()), file);
            cutter.add(&chunk, heads[index], file).map_err(|problem| DataError::bad(file, problem))
        },
    )?;
    let mut assembly = cutter.finish().map_err(|problem| DataError::bad(path, problem))?;
    let lies = lies.told("have another length than their name says; what is in them is read");
    assembly.origin().warnings.extend(lies);
    let mut data = assembly.finish(path)?;
    settle_actions(&mut data, &first.column("action")?);
    Ok(data)
}

/// The rows of a file.
struct Chunk {
    rows: Rows,
    first: Vec<bool>,
    last: Vec<bool>,
    terminal: Vec<bool>,
}

impl Chunk {
    fn read(file: &Npz, layout: &Layout, cx: &Ctx) -> Result<Self, DataError> {
        let rows = layout.read(file, cx)?;
        let flags = |key| Layout::flags(&file.column(key)?, rows.rewards.len(), cx);
        Ok(Self { first: flags("is_first")?, last: flags("is_last")?, terminal: flags("is_terminal")?, rows })
    }
}

/// How an episode ends.
#[derive(PartialEq)]
enum End {
    Terminated,
    Truncated,
    /// The stream leaves off.
    Open,
}

/// Cuts streams into episodes.
struct Cutter {
    assembly: Assembly,
    dims: (usize, usize),
    /// Rows of the episode that is open.
    obs: Vec<f32>,
    actions: Vec<f32>,
    rewards: Vec<f64>,
    episodes: u64,
    /// Where the last row came from.
    file: PathBuf,
    /// Episodes without a beginning, without an end, of a single row; and where first.
    headless: Odd,
    abandoned: Odd,
    single: Odd,
}

impl Cutter {
    fn new(layout: &Layout, assembly: Assembly) -> Self {
        let dims = (layout.obs_dim(), layout.action_dim());
        let [headless, abandoned, single] = [(); 3].map(|()| Odd::default());
        let (obs, actions, rewards, episodes) = (Vec::new(), Vec::new(), Vec::new(), 0);
        Self { assembly, dims, obs, actions, rewards, episodes, file: PathBuf::new(), headless, abandoned, single }
    }

    /// Adds the rows of a chunk; `head` says that a stream begins with it.
    fn add(&mut self, chunk: &Chunk, head: bool, file: &Path) -> Result<(), String> {
        if head {
            self.close(&End::Open)?;
        }
        file.clone_into(&mut self.file);
        let (d, a) = self.dims;
        for row in 0..chunk.first.len() {
            if chunk.first[row] && !self.rewards.is_empty() {
                self.abandoned.count(true, file);
                self.close(&End::Truncated)?;
            }
            self.headless.count(!chunk.first[row] && self.rewards.is_empty(), file);
            self.obs.extend_from_slice(&chunk.rows.obs[row * d..(row + 1) * d]);
            self.actions.extend_from_slice(&chunk.rows.actions[row * a..(row + 1) * a]);
            self.rewards.push(chunk.rows.rewards[row]);
            if chunk.terminal[row] {
                self.close(&End::Terminated)?;
            } else if chunk.last[row] {
                self.close(&End::Truncated)?;
            }
        }
        Ok(())
    }

    /// Closes the episode that is open, if there is one.
    fn close(&mut self, end: &End) -> Result<(), String> {
        let Some(steps) = self.rewards.len().checked_sub(1) else { return Ok(()) };
        self.single.count(steps == 0, &self.file);
        self.actions.truncate(steps * self.dims.1);
        // The reward of the first row came with the reset.
        self.rewards.remove(0);
        let found = Found {
            id: self.episodes,
            obs: std::mem::take(&mut self.obs),
            actions: std::mem::take(&mut self.actions),
            rewards: std::mem::take(&mut self.rewards),
            terminated: *end == End::Terminated,
            truncated: *end == End::Truncated,
            ..Found::default()
        };
        self.episodes += 1;
        self.assembly.push(&found)
    }

    fn finish(mut self) -> Result<Assembly, String> {
        self.close(&End::Open)?;
        let oddities = [
            self.headless
                .told_of("episodes", "begin in the middle, their earlier rows are not there; what is there is kept"),
            self.abandoned.told_of("episodes", "were left without is_last before the next began; they are truncated"),
            self.single.told_of("episodes", "are of a single row, have no step and are left out"),
        ];
        self.assembly.origin().warnings.extend(oddities.into_iter().flatten());
        Ok(self.assembly)
    }
}
