//! LeRobot folders, v3.0 and v2.x: `meta/info.json` describes the features, Parquet files hold one frame a row.
//!
//! An episode has T frames and no final observation, so its last step has no next observation. Cameras are named in a
//! rule and never decoded.

use std::ops::Range;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::Format;
use super::assemble::Assembly;
use super::choices;
use super::place::Place;
use super::reader::{Episodes, Index, Later, Shape, only_whole};
use crate::data::dataset::{Dataset, Origin};
use crate::data::space::Space;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

mod clock;
mod columns;
mod episodes;
mod files;
mod held;
mod info;
mod rules;
mod seen;
mod stats;

use columns::Columns;
use episodes::{Frames, Recorded};
use files::{DataFile, Described};
use held::{Held, Run};
use info::{Feature, Info};
use rules::rules;
use seen::Seen;

/// The format.
pub struct LeRobot;

impl Format for LeRobot {
    fn name(&self) -> &'static str {
        "lerobot"
    }

    fn probe(&self, place: &Place) -> bool {
        root(place.path()).is_some()
    }

    fn takes_mapping(&self) -> bool {
        true
    }

    fn open(&self, place: &Place, _cx: &Ctx) -> Result<Box<dyn Episodes>, Fault> {
        let layout = Layout::find(place)?;
        let Layout { info, columns, .. } = &layout;
        let (obs, action) = (named(&columns.observations), named(&columns.actions));
        let shape = Shape { obs, action, last: false, next: false, choices: None };
        let (path, rules) = (place.path().to_owned(), rules(info, columns));
        let origin = Origin { path, format: LeRobot.name().into(), rules, ..Origin::default() };
        Ok(Box::new(Recording { layout, shape, origin, found: Later::default() }))
    }
}

/// A dataset of which no frame is read yet.
struct Recording {
    layout: Layout,
    shape: Shape,
    origin: Origin,
    found: Later<Found>,
}

/// The episodes that the data files hold.
struct Found {
    runs: Vec<Run>,
    ids: Vec<u64>,
    index: Index,
}

/// Rows of a file that are read together.
struct Stretch {
    /// Which of the data files.
    file: usize,
    /// All where none are named.
    rows: Option<Range<usize>>,
}

impl Recording {
    fn load(&self, stretches: &[Stretch], cx: &Ctx) -> Result<Vec<Option<Recorded>>, Fault> {
        let Layout { files, columns, .. } = &self.layout;
        let read = |s: &Stretch| episodes::read(&files[s.file].path, columns, s.rows.clone(), cx);
        let mut recorded = Vec::new();
        each(stretches, cx, read, |one| recorded.push(one))?;
        Ok(recorded)
    }

    /// Finds the episodes by the columns that say where they are.
    fn look(&self, cx: &Ctx) -> Result<Found, Fault> {
        let cx = cx.phase("finding the episodes");
        let Layout { files, columns, .. } = &self.layout;
        let mut all = Vec::new();
        each(files, &cx, |file| episodes::look(&file.path, columns, &cx), |frames| all.push(frames))?;
        self.judge(all.iter().map(|frames| &frames[..]))
    }

    /// What the frames of all files, in their order, tell together.
    fn judge<'f>(&self, files: impl Iterator<Item = &'f [Frames]>) -> Result<Found, Fault> {
        let (mut runs, mut seen, mut position) = (Vec::new(), Seen::default(), 0);
        for (file, frames) in files.enumerate() {
            for episode in frames {
                let steps = episode.rows.len();
                runs.push(Run { id: episode.id, file, first: episode.rows.start, position, steps });
                position += steps;
                seen.note(episode);
            }
        }
        let Held { ids, warnings } = Held::of(&self.layout, &runs)?;
        let mut origin = self.origin.clone();
        origin.warnings.extend(warnings);
        origin.warnings.extend(seen.warnings(&self.layout.info, &ids));
        let lengths = runs.iter().map(|run| run.steps).collect();
        Ok(Found { runs, ids, index: Index { lengths, origin } })
    }

    /// What is read for the episodes `range`.
    fn stretches(runs: &[Run]) -> Vec<Stretch> {
        let stretch = |runs: &[Run]| {
            let (first, last) = (runs[0], runs[runs.len() - 1]);
            Stretch { file: first.file, rows: Some(first.first..last.first + last.steps) }
        };
        runs.chunk_by(|a, b| a.file == b.file).map(stretch).collect()
    }

    fn assemble(&self, origin: Origin, recorded: &[Option<Recorded>], ids: &[u64], cx: &Ctx) -> Result<Dataset, Fault> {
        let path = &self.origin.path;
        let mut all = Assembly::new(origin, &self.shape).within(cx);
        let files = || recorded.iter().flatten();
        let episodes = || files().flat_map(|file| file.episodes.iter().map(move |e| (file, e)));
        all.reserve(episodes().map(|(_, e)| e.rows.len()).sum(), ids.len());
        for ((file, episode), &id) in episodes().zip(ids) {
            cx.check()?;
            all.put(file.found(episode, id)).map_err(|e| Fault::at(path, e))?;
        }
        all.finish(path)
    }
}

impl Episodes for Recording {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn index(&self, cx: &Ctx) -> Result<Option<&Index>, Fault> {
        let found = self.found.get(|| self.look(cx))?;
        Ok((!found.runs.is_empty()).then_some(&found.index))
    }

    fn read(&self, wanted: Option<Range<usize>>, cx: &Ctx) -> Result<Dataset, Fault> {
        let path = &self.origin.path;
        if let Some(range) = wanted {
            let Found { runs, ids, index } = self.found.get(|| self.look(cx))?;
            let runs = runs.get(range.clone()).ok_or_else(|| only_whole(path))?;
            let recorded = self.load(&Self::stretches(runs), cx)?;
            let read = recorded.iter().flatten().flat_map(|file| &file.episodes);
            if !read.map(|e| (e.id, e.rows.len())).eq(runs.iter().map(|run| (run.id, run.steps))) {
                return Err(Fault::at(path, "changed while it was read: open it again"));
            }
            return self.assemble(index.origin.clone(), &recorded, &ids[range], cx);
        }
        let all: Vec<Stretch> = (0..self.layout.files.len()).map(|file| Stretch { file, rows: None }).collect();
        let recorded = self.load(&all, cx)?;
        let Found { ids, index, .. } =
            self.judge(recorded.iter().map(|file| file.as_ref().map_or(&[][..], |file| &file.episodes)))?;
        let mut data = self.assemble(index.origin, &recorded, &ids, cx)?;
        if let Some(said) = stats::read(&self.layout.root) {
            let Columns { observations, actions, .. } = &self.layout.columns;
            let odd = [(observations, &data.obs), (actions, &data.actions)].map(|(f, v)| stats::warnings(&said, f, v));
            data.origin.warnings.extend(odd.into_iter().flatten());
        }
        Ok(data)
    }

    fn bytes(&self) -> Result<Option<u64>, Fault> {
        Ok(self.layout.info.total_frames.map(|frames| self.shape.width().bytes(0, frames)))
    }

    /// The action is a choice where all of its numbers are small whole ones.
    fn settle(&self, data: &mut Dataset) {
        if matches!(&self.layout.columns.actions[..], [one] if one.is_whole()) && data.action_dim() == 1 {
            let kind = choices::of(data.actions.iter().copied());
            data.action_space.kind = kind.unwrap_or(data.action_space.kind.clone());
        }
    }
}

/// Does `work` with every file, several at a time, and hands on what it gives in the order of the files.
fn each<W: Sync, R: Send>(
    all: &[W],
    cx: &Ctx,
    work: impl Fn(&W) -> Result<R, Fault> + Sync,
    mut take: impl FnMut(R),
) -> Result<(), Fault> {
    let threads = rayon::current_num_threads().max(1);
    for (batch, some) in all.chunks(threads).enumerate() {
        cx.step((batch * threads) as u64, all.len() as u64)?;
        // Not collected into one result: that would name whichever bad file a thread met first.
        let done: Vec<Result<R, Fault>> = some.par_iter().map(&work).collect();
        done.into_iter().try_for_each(|one| one.map(&mut take))?;
    }
    Ok(())
}

/// What a dataset says of itself, before any of its frames is read.
struct Layout {
    root: PathBuf,
    info: Info,
    described: Vec<Described>,
    files: Vec<DataFile>,
    columns: Columns,
}

impl Layout {
    fn find(place: &Place) -> Result<Self, Fault> {
        let path = place.path();
        let root = root(path).ok_or_else(|| Fault::at(path, "no LeRobot dataset: meta/info.json is not in it"))?;
        let info = Info::read(&root)?;
        let described = files::described(&root, &info)?;
        let files = files::data(&root, &info)?;
        let columns = Columns::find(path, &info, &files[0].path, place.mapping()?.as_ref())?;
        Ok(Self { root, info, described, files, columns })
    }
}

/// The dataset's folder: `path` itself, or the one above where `path` is its `meta` or the description.
fn root(path: &Path) -> Option<PathBuf> {
    let above = |path: &Path| path.parent().map(Path::to_owned);
    [Some(path.to_owned()), above(path), above(path).as_deref().and_then(above)]
        .into_iter()
        .zip([path.is_dir(), path.ends_with("meta"), path.ends_with("meta/info.json")])
        .filter_map(|(folder, fits)| folder.filter(|_| fits))
        .find(|folder| info::is_lerobot(folder))
}

/// The columns of these features side by side, by the names that they give or by number.
fn named(features: &[Feature]) -> Space {
    let name = |feature: &Feature, d: usize| match feature.names.get(d) {
        Some(name) if features.len() == 1 => name.clone(),
        Some(name) => format!("{}.{name}", feature.key),
        None if feature.width == 1 => feature.key.clone(),
        None => format!("{}.{d}", feature.key),
    };
    let names: Vec<String> = features.iter().flat_map(|f| (0..f.width).map(move |d| name(f, d))).collect();
    Space { names: names.clone(), ..Space::unnamed("", names.len()) }
}

#[cfg(test)]
mod tests;
