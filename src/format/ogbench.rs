//! OGBench's `.npz` files: `observations`, `actions`, `terminals`, one row an observation. Layout read in
//! `ogbench/utils.py`.
//!
//! The row with `terminals` = 1 is the last state of its episode and its action leads nowhere: an episode of n rows has
//! n - 1 steps and n observations. There are no rewards.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Format;
use super::assemble::{Assembly, FoundIn};
use super::npz::{self, Array, Column, Npz};
use super::place::Place;
use super::reader::{Episodes, Index, Later, Shape};
use crate::data::dataset::{Dataset, NO_REWARDS, Origin};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

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

    fn probe(&self, place: &Place) -> bool {
        let has = |file: &Npz, keys: &[&str]| keys.iter().any(|key| file.contains(key));
        place.npz().is_ok_and(|file| has(&file, &KEYS) && !has(&file, &OTHERS))
    }

    fn is_plain(&self, place: &Place) -> bool {
        place.npz().is_ok_and(|file| OTHERS.iter().any(|key| file.contains(key)))
    }

    fn open(&self, place: &Place, _cx: &Ctx) -> Result<Box<dyn Episodes>, Fault> {
        let file = place.npz()?;
        if OTHERS.iter().any(|key| file.contains(key)) {
            // OGBench's wide form (compact_dataset=False): a row is a transition.
            return Ok(Box::new(super::plain::open(place)?));
        }
        let Columns { observations, actions, .. } = Columns::find(&file)?;
        let (rows, shape) = (observations.rows(), Shape::unnamed(observations.width(), actions.width()));
        let shape = Shape { last: true, choices: actions.choices(), ..shape };
        Ok(Box::new(Archive { path: place.path().to_owned(), file, rows, shape, cuts: Later::default() }))
    }
}

/// An open file; no number of it is read yet.
struct Archive {
    path: PathBuf,
    file: Arc<Npz>,
    rows: usize,
    shape: Shape,
    /// Nothing where an array's rows cannot be read apart.
    cuts: Later<Option<Cuts>>,
}

/// Where the episodes are.
struct Cuts {
    obs: Array<f32>,
    actions: Array<f32>,
    /// Number of every episode that has a step, and its rows.
    episodes: Vec<(u64, Range<usize>)>,
    /// Row behind the last closed episode.
    closed: usize,
    index: Index,
}

impl Archive {
    /// Finds the episodes; holds the numbers in memory, or leaves them in their file.
    fn cut(&self, held: bool, cx: &Ctx) -> Result<Option<Cuts>, Fault> {
        let columns = Columns::find(&self.file)?;
        let (done, quiet) = (AtomicU64::new(0), |_: u64| cx.check());
        let tick = |rows: u64| cx.step(done.fetch_add(rows, Ordering::Relaxed) + rows, self.rows as u64);
        let (obs, (actions, terminals)) = rayon::join(
            || columns.observations.array(held, &tick, cx),
            || (columns.actions.array(held, &quiet, &cx.untold()), columns.terminals.flags(&quiet)),
        );
        let ends = Ends::of(&terminals?);
        let (Some(obs), Some(actions)) = (obs?, actions?) else { return Ok(None) };
        let (episodes, open_rows) = ends.episodes();
        let origin = origin(&self.path, &self.file, &columns, &ends, open_rows);
        let episodes: Vec<_> = (0..).zip(episodes).filter(|(_, rows)| rows.len() > 1).collect();
        let lengths = episodes.iter().map(|(_, rows)| rows.len() - 1).collect();
        let index = Index { lengths, origin };
        Ok(Some(Cuts { obs, actions, episodes, closed: self.rows - open_rows, index }))
    }
}

impl Episodes for Archive {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn index(&self, cx: &Ctx) -> Result<Option<&Index>, Fault> {
        Ok(self.cuts.get(|| self.cut(false, cx))?.as_ref().map(|cuts| &cuts.index))
    }

    fn read(&self, wanted: Option<Range<usize>>, cx: &Ctx) -> Result<Dataset, Fault> {
        let held = if wanted.is_none() { self.cut(true, cx)? } else { None };
        let cuts = match &held {
            Some(cuts) => cuts,
            None => self.cuts.needed(&self.path, || self.cut(false, cx))?,
        };
        let wanted = &cuts.episodes[wanted.unwrap_or(0..cuts.episodes.len())];
        let mut all = Assembly::new(cuts.index.origin.clone(), &self.shape).within(cx);
        if held.is_some() {
            all.reserve(cuts.index.steps() as usize, wanted.len());
        }
        let rows = wanted.first().map_or(0, |e| e.1.start)..wanted.last().map_or(0, |e| e.1.end);
        let (obs, actions) = (cuts.obs.part(rows.clone())?, cuts.actions.part(rows.clone())?);
        let (d, a) = (self.shape.obs.dim(), self.shape.action.dim());
        for (id, own) in wanted {
            cx.check()?;
            let (first, end) = (own.start - rows.start, own.end - rows.start);
            let found = FoundIn {
                id: *id,
                obs: &obs[first * d..end * d],
                // The last row's action leads nowhere.
                actions: &actions[first * a..(end - 1) * a],
                rewards: &vec![0.0; own.len() - 1],
                next_obs: None,
                terminated: false,
                truncated: own.end <= cuts.closed,
            };
            all.put(found).map_err(|problem| Fault::at(&self.path, problem))?;
        }
        all.finish(&self.path)
    }

    fn bytes(&self) -> Result<Option<u64>, Fault> {
        Ok(Some(self.shape.width().bytes(0, self.rows as u64)))
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
            NO_REWARDS.to_owned(),
        ];
        rules.extend(npz::flattened(&self.observations));
        let unread: Vec<String> = file.keys().filter(|k| !KEYS.contains(k)).map(|k| format!("'{k}'")).collect();
        rules.extend(Origin::not_read(&unread));
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

/// The rows that are marked in `terminals`.
struct Ends {
    marked: Vec<usize>,
    /// Rows, marked or not.
    rows: usize,
}

impl Ends {
    fn of(flags: &[bool]) -> Self {
        Self { marked: (0..flags.len()).filter(|&row| flags[row]).collect(), rows: flags.len() }
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

#[cfg(test)]
mod tests;
