//! OGBench's `.npz` files: `observations`, `actions`, `terminals`, one row an observation. Layout read in
//! `ogbench/utils.py`.
//!
//! The row with `terminals` = 1 is the last state of its episode and its action leads nowhere: an episode of n rows has
//! n - 1 steps and n observations. There are no rewards.

use std::ops::Range;
use std::path::Path;

use super::assemble::{Assembly, Found};
use super::npz::{self, Column, Npz, holds};
use super::pieces::Pieces;
use super::{Format, choices};
use crate::data::dataset::{Dataset, Origin};
use crate::data::space::Space;
use crate::ground::fault::Fault;
use crate::ground::task::{Cancelled, Ctx};

mod pieces;

/// The format.
pub struct OgBench;

/// What is read; with any of them it is such a file, so that the missing ones can be named.
const KEYS: [&str; 3] = ["observations", "actions", "terminals"];
/// With one of these a row is a step, which makes it another layout.
const OTHERS: [&str; 3] = ["rewards", "next_observations", "timeouts"];

impl Format for OgBench {
    fn name(&self) -> &'static str {
        "ogbench"
    }

    fn probe(&self, path: &Path) -> bool {
        holds(path, |f| KEYS.iter().any(|k| f.contains(k)) && !OTHERS.iter().any(|k| f.contains(k)))
    }

    fn bytes(&self, path: &Path) -> Result<Option<u64>, Fault> {
        let file = Npz::open(path)?;
        let Columns { observations, actions, .. } = Columns::find(&file)?;
        Ok(Some((observations.rows() * (4 * (observations.width() + actions.width()) + 8)) as u64))
    }

    fn open(&self, path: &Path, cx: &Ctx) -> Result<Dataset, Fault> {
        let file = Npz::open(path)?;
        let columns = Columns::find(&file)?;
        let rows = columns.read(cx)?;
        let (d, a) = (columns.observations.width(), columns.actions.width());
        let (episodes, open_rows) = rows.ends.episodes();
        let origin = origin(path, &file, &columns, &rows.ends, open_rows);
        let mut assembly = Assembly::new(origin, Space::unnamed("obs", d), Space::unnamed("action", a)).within(cx);
        for (id, own) in (0..).zip(episodes) {
            cx.check()?;
            let closed = own.end + open_rows <= rows.ends.rows;
            let found = cut((&rows.obs, d), (&rows.actions, a), id, own, closed);
            assembly.push(&found).map_err(|problem| Fault::at(path, problem))?;
        }
        let mut data = assembly.finish(path)?;
        choices::settle(&mut data, columns.actions.choices().as_ref());
        Ok(data)
    }

    fn pieces(&self, path: &Path, cx: &Ctx) -> Result<Option<Box<dyn Pieces>>, Fault> {
        Ok(pieces::InRows::find(path, cx)?.map(|found| Box::new(found) as Box<dyn Pieces>))
    }
}

/// How the file was read.
fn origin(path: &Path, file: &Npz, columns: &Columns<'_>, ends: &Ends, open_rows: usize) -> Origin {
    let rules = columns.rules(file, ends.is_compact());
    let open =
        format!("terminals: the last {open_rows} rows are closed by none; they are kept as an unfinished episode");
    let warnings = if open_rows > 0 { vec![open] } else { Vec::new() };
    Origin { path: path.to_owned(), format: OgBench.name().into(), rules, warnings, ..Origin::default() }
}

/// The columns of a file, found and checked against each other; nothing read yet.
struct Columns<'f> {
    observations: Column<'f>,
    actions: Column<'f>,
    terminals: Column<'f>,
}

impl<'f> Columns<'f> {
    fn find(file: &'f Npz) -> Result<Self, Fault> {
        let [observations, actions, terminals] = KEYS.map(|key| file.column(key));
        let (observations, actions, terminals) = (observations?, actions?, terminals?);
        if observations.is_image() {
            return Err(observations.bad(npz::images(&observations)));
        }
        let rows = observations.rows();
        for other in [&actions, &terminals] {
            if other.rows() != rows {
                return Err(other.bad(format!(
                    "has {} rows and 'observations' {rows}; the arrays of an OGBench file have one row an observation",
                    other.rows()
                )));
            }
        }
        if rows == 0 {
            return Err(Fault::at(file.path(), "the dataset is empty: 'observations' has no values"));
        }
        if terminals.width() != 1 {
            return Err(terminals.bad(format!("has {} values a row, one is needed", terminals.width())));
        }
        Ok(Self { observations, actions, terminals })
    }

    fn read(&self, cx: &Ctx) -> Result<Rows, Fault> {
        let cx = cx.phase("reading the dataset");
        let total = self.observations.rows() as u64;
        let done = std::sync::atomic::AtomicU64::new(0);
        let tick = |rows: u64| cx.step(done.fetch_add(rows, std::sync::atomic::Ordering::Relaxed) + rows, total);
        let quiet = |_: u64| -> Result<(), Cancelled> { cx.check() };
        let (obs, (actions, terminals)) =
            rayon::join(|| self.observations.f32(&tick), || (self.actions.f32(&quiet), self.terminals.flags(&quiet)));
        let mut ends = Ends::default();
        ends.add(&terminals?);
        Ok(Rows { obs: obs?, actions: actions?, ends })
    }

    fn rules(&self, file: &Npz, compact: bool) -> Vec<String> {
        let end = if compact {
            "two rows with terminals = 1 close an episode: the second is its last state, whose action leads nowhere and \
             is dropped"
        } else {
            "the row with terminals = 1 is the last state of its episode; its action leads nowhere and is dropped"
        };
        let mut rules = vec![
            end.to_owned(),
            "terminals only close a recording (a limit): such episodes are truncated, none is terminated".to_owned(),
            "the file has no rewards: every reward is 0".to_owned(),
        ];
        rules.extend(npz::flattened(&self.observations));
        let unread: Vec<String> = file.keys().filter(|k| !KEYS.contains(k)).map(|k| format!("'{k}'")).collect();
        if !unread.is_empty() {
            rules.push(format!("not read: {}", unread.join(", ")));
        }
        if let Some(pair) = pair_of(file.path()) {
            rules.push(format!("{pair} beside it is not merged; open it by itself"));
        }
        rules
    }
}

/// Name of the other file of a pair `<name>.npz`, `<name>-val.npz`, where it is there.
fn pair_of(path: &Path) -> Option<String> {
    let stem = npz::folder::stem(path)?;
    let other = stem.strip_suffix("-val").map_or_else(|| format!("{stem}-val.npz"), |name| format!("{name}.npz"));
    path.with_file_name(&other).is_file().then_some(other)
}

struct Rows {
    obs: Vec<f32>,
    actions: Vec<f32>,
    ends: Ends,
}

/// The rows that are marked in `terminals`.
#[derive(Default)]
struct Ends {
    marked: Vec<usize>,
    /// Rows so far, marked or not.
    rows: usize,
}

impl Ends {
    fn add(&mut self, flags: &[bool]) {
        self.marked.extend((self.rows..).zip(flags).filter(|(_, flag)| **flag).map(|(row, _)| row));
        self.rows += flags.len();
    }

    /// True for the form that OGBench makes in memory: the last step's row is marked beside the last state's.
    fn is_compact(&self) -> bool {
        let mut runs = self.marked.chunk_by(|a, b| a + 1 == *b).peekable();
        runs.peek().is_some() && runs.all(|run| run.len() == 2)
    }

    /// Rows of every episode, the last state included; and how many rows at the end none closes.
    fn episodes(&self) -> (Vec<Range<usize>>, usize) {
        // In the compact form the first of the pair is still a step.
        let step = if self.is_compact() { 2 } else { 1 };
        let mut episodes = Vec::new();
        let mut start = 0;
        for &row in self.marked.iter().skip(step - 1).step_by(step) {
            episodes.push(start..row + 1);
            start = row + 1;
        }
        if start < self.rows {
            episodes.push(start..self.rows);
        }
        (episodes, self.rows - start)
    }
}

/// The episode in these rows; `closed` by a mark.
fn cut((obs, d): (&[f32], usize), (actions, a): (&[f32], usize), id: u64, rows: Range<usize>, closed: bool) -> Found {
    let steps = rows.len() - 1;
    Found {
        id,
        obs: obs[rows.start * d..rows.end * d].to_vec(),
        actions: actions[rows.start * a..(rows.start + steps) * a].to_vec(),
        rewards: vec![0.0; steps],
        truncated: closed,
        ..Found::default()
    }
}

#[cfg(test)]
mod tests;
