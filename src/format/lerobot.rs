//! LeRobot folders, v3.0 and v2.x: `meta/info.json` describes the features, Parquet files hold one frame a row.
//!
//! An episode has T frames and no final observation, so its last step has no next observation. Cameras are named in a
//! rule and never decoded.

use std::collections::HashSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::Format;
use super::assemble::Assembly;
use super::choices;
use super::place::Place;
use super::reader::{Episodes, Index, Later, Shape};
use crate::data::dataset::{Dataset, Origin};
use crate::data::space::Space;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

mod described;
mod episodes;
mod files;
mod info;

use described::{Places, Stretch};
use episodes::{Columns, Frames, Recorded};
use files::Described;
use info::{Feature, Info};

/// The format.
pub struct LeRobot;

impl Format for LeRobot {
    fn name(&self) -> &'static str {
        "lerobot"
    }

    fn probe(&self, place: &Place) -> bool {
        root(place.path()).is_some()
    }

    fn open(&self, place: &Place, _cx: &Ctx) -> Result<Box<dyn Episodes>, Fault> {
        let layout = Layout::find(place.path())?;
        let Layout { info, columns, .. } = &layout;
        let (obs, action) = (named(&columns.observations), named(std::slice::from_ref(&columns.action)));
        let shape = Shape { obs, action, last: false, next: false, choices: None };
        let (path, rules) = (place.path().to_owned(), rules(info, columns));
        let origin = Origin { path, format: LeRobot.name().into(), rules, ..Origin::default() };
        Ok(Box::new(Recording { layout, shape, origin, places: Later::default() }))
    }
}

/// A dataset of which no frame is read yet.
struct Recording {
    layout: Layout,
    shape: Shape,
    origin: Origin,
    /// Nothing where the description does not say where the episodes are.
    places: Later<Option<Places>>,
}

impl Recording {
    fn places(&self) -> Option<Places> {
        Places::find(&self.layout, &self.origin)
    }

    /// Reads what is told to `note` in the order of the files.
    fn load(
        &self,
        stretches: &[Stretch],
        cx: &Ctx,
        mut note: impl FnMut(&Stretch, Option<&Recorded>) -> Result<(), Fault>,
    ) -> Result<Vec<Recorded>, Fault> {
        let (files, columns) = (&self.layout.files, &self.layout.columns);
        let mut recorded = Vec::new();
        let threads = rayon::current_num_threads().max(1);
        for (batch, some) in stretches.chunks(threads).enumerate() {
            cx.step((batch * threads) as u64, stretches.len() as u64)?;
            // Not collected into one result: that would name whichever bad file a thread met first.
            let read: Vec<Result<Option<Recorded>, Fault>> = some
                .par_iter()
                .map(|stretch| episodes::read(&files[stretch.file], columns, stretch.rows.clone(), cx))
                .collect();
            for (stretch, read) in some.iter().zip(read) {
                let read = read?;
                note(stretch, read.as_ref())?;
                recorded.extend(read);
            }
        }
        Ok(recorded)
    }
}

impl Episodes for Recording {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn index(&self, _cx: &Ctx) -> Result<Option<&Index>, Fault> {
        Ok(self.places.get(|| Ok(self.places()))?.as_ref().map(|places| &places.index))
    }

    fn read(&self, wanted: Option<Range<usize>>, cx: &Ctx) -> Result<Dataset, Fault> {
        let Layout { root, info, described, files, .. } = &self.layout;
        let (mut origin, path) = (self.origin.clone(), &self.origin.path);
        let recorded = if let Some(range) = wanted {
            let places = self.places.needed(path, || Ok(self.places()))?;
            self.load(&places.stretches(range), cx, |stretch, read| places.agree(stretch, &files[stretch.file], read))?
        } else {
            let mut seen = Seen::default();
            let all: Vec<Stretch> = (0..files.len()).map(|file| Stretch { file, rows: None, said: 0..0 }).collect();
            let recorded = self.load(&all, cx, |_, read| {
                read.iter().flat_map(|file| &file.episodes).for_each(|episode| seen.note(episode));
                Ok(())
            })?;
            seen.check(root, info, described)?;
            origin.warnings = seen.warnings(info, described);
            recorded
        };
        let mut all = Assembly::new(origin, &self.shape).within(cx);
        let episodes = || recorded.iter().flat_map(|file| &file.episodes);
        all.reserve(episodes().map(|e| e.rows.len()).sum(), episodes().count());
        for file in recorded {
            for episode in &file.episodes {
                cx.check()?;
                all.put(file.found(episode)).map_err(|e| Fault::at(path, e))?;
            }
        }
        all.finish(path)
    }

    fn bytes(&self) -> Result<Option<u64>, Fault> {
        let info = &self.layout.info;
        let used = |f: &&Feature| f.is_number() && (f.key.starts_with("observation") || f.key == "action");
        let width: usize = info.features.iter().filter(used).map(|f| f.width).sum();
        Ok(info.total_frames.map(|frames| frames.saturating_mul(4 * width as u64 + 8)))
    }

    /// The action is a choice where all of its numbers are small whole ones.
    fn settle(&self, data: &mut Dataset) {
        if self.layout.columns.action.is_whole() && data.action_dim() == 1 {
            let kind = choices::of(data.actions.iter().copied());
            data.action_space.kind = kind.unwrap_or(data.action_space.kind.clone());
        }
    }
}

/// What a dataset says of itself, before any of its frames is read.
struct Layout {
    root: PathBuf,
    info: Info,
    described: Vec<Described>,
    files: Vec<PathBuf>,
    columns: Columns,
}

impl Layout {
    fn find(path: &Path) -> Result<Self, Fault> {
        let root = root(path).ok_or_else(|| Fault::at(path, "no LeRobot dataset: meta/info.json is not in it"))?;
        let info = Info::read(&root)?;
        let described = files::described(&root, &info)?;
        let files = files::data(&root, &info, &described)?;
        let columns = Columns::find(&info, &files[0])?;
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

fn rules(info: &Info, columns: &Columns) -> Vec<String> {
    let keys = |features: &[Feature]| features.iter().map(|f| f.key.as_str()).collect::<Vec<_>>().join(", ");
    let mut rules = vec![
        format!("LeRobot {}: an episode is the frames of one episode_index, in the order of the files", info.version),
        match &columns.observations[..] {
            [one] => format!("observation: {}", one.key),
            several => format!("observation: {} side by side, in alphabetical order", keys(several)),
        },
        "an episode of T frames has no final observation: its last action leads nowhere".into(),
    ];
    rules.push(match (columns.done, columns.success) {
        (false, false) => "no next.done: every episode counts as truncated".into(),
        (true, false) => {
            "an episode whose last frame has next.done is terminated (also where a time limit ended it: the layout \
             does not tell them apart), any other truncated"
                .into()
        }
        (false, true) => "an episode whose last frame has next.success is terminated, any other truncated".into(),
        _ => "an episode whose last frame has next.done or next.success is terminated, any other truncated".into(),
    });
    if !columns.reward {
        rules.push("the file has no rewards: every reward is 0".into());
    }
    if let Some(fps) = info.fps {
        rules.push(format!("{fps} frames a second"));
    }
    for feature in info.features.iter().filter(|f| !f.is_number()) {
        rules.push(format!("'{}' ({}) is not read", feature.key, feature.dtype));
    }
    let used = columns.names();
    let unused: Vec<Feature> =
        info.features.iter().filter(|f| f.is_number() && !used.contains(&f.key)).cloned().collect();
    if !unused.is_empty() {
        rules.push(format!("not read: {}", keys(&unused)));
    }
    rules
}

/// What was seen of all episodes, to hold against the description.
#[derive(Default)]
struct Seen {
    /// Number and length, in the order of the files.
    episodes: Vec<(u64, usize)>,
    frames: usize,
    /// Number of faults of a kind and the first episode that has one.
    frame_index: Option<(usize, u64)>,
    index: Option<(usize, u64)>,
    early: Option<(usize, u64)>,
    last_index: Option<i64>,
}

impl Seen {
    fn note(&mut self, episode: &Frames) {
        let id = episode.id;
        let add = |count: &mut Option<(usize, u64)>, more: usize| {
            if more > 0 {
                let (before, first) = count.unwrap_or((0, id));
                *count = Some((before + more, first));
            }
        };
        add(&mut self.frame_index, episode.wrong_frame_index);
        add(&mut self.early, episode.early_ends);
        let gap = matches!((self.last_index, episode.first_index), (Some(last), Some(first)) if first != last.wrapping_add(1));
        add(&mut self.index, episode.wrong_index + usize::from(gap));
        self.last_index = episode.last_index;
        self.frames += episode.rows.len();
        self.episodes.push((id, episode.rows.len()));
    }

    /// Episodes that are described must be there; some that are only counted may be missing if the count is absurd.
    fn check(&self, root: &Path, info: &Info, described: &[Described]) -> Result<(), Fault> {
        let there: HashSet<u64> = self.episodes.iter().map(|e| e.0).collect();
        let missing = described.iter().map(|d| d.episode).find(|id| !there.contains(id));
        let counted = info.total_episodes.filter(|&said| {
            let found = there.len() as u64;
            said > found && found.saturating_mul(2) >= said
        });
        let lost = missing.or_else(|| counted.and_then(|said| (0..said).find(|id| !there.contains(id))));
        match lost {
            Some(id) => Err(Fault::at(
                root,
                format!("episode {id} is missing from the data files: the dataset is incomplete, download it again"),
            )),
            None => Ok(()),
        }
    }

    fn warnings(&self, info: &Info, described: &[Described]) -> Vec<String> {
        let mut warnings = Vec::new();
        let totals = [
            ("total_episodes", info.total_episodes, self.episodes.len()),
            ("total_frames", info.total_frames, self.frames),
        ];
        for (key, said, found) in totals {
            if let Some(said) = said.filter(|&n| n != found as u64) {
                warnings.push(format!("meta/info.json says {key} {said}, the data files have {found}"));
            }
        }
        let mut once = HashSet::new();
        let mut twice = self.episodes.iter().filter(|e| !once.insert(e.0));
        if let Some((first, _)) = twice.next() {
            let count = 1 + twice.count();
            warnings
                .push(format!("{count} runs of frames have an episode_index that was there before (first: {first})"));
        }
        let lengths: std::collections::HashMap<u64, usize> = self.episodes.iter().copied().collect();
        let mut differ =
            described.iter().filter(|d| d.length.is_some_and(|n| lengths.get(&d.episode) != Some(&(n as usize))));
        if let Some(first) = differ.next() {
            let (count, id) = (1 + differ.count(), first.episode);
            warnings.push(format!("{count} episodes are not as long as meta/episodes says (first: episode {id})"));
        }
        let faults = [
            (self.frame_index, "frames do not have the frame_index of their place in the episode"),
            (self.index, "frames do not have the index after that of the frame before them"),
            (self.early, "frames have next.done or next.success before the last of their episode, which goes on"),
        ];
        for (count, what) in faults {
            warnings.extend(count.map(|(n, first)| format!("{n} {what} (first: episode {first})")));
        }
        warnings
    }
}

#[cfg(test)]
mod tests;
