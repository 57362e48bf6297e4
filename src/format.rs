//! The registry of dataset formats. A new format is one file under `format/` and one line in [`FORMATS`].

use std::path::{Path, PathBuf};

use place::Place;
use reader::{Episodes, Indexed, Known, Tell};

use crate::data::dataset::{Dataset, Origin};
use crate::data::dimension_names;
use crate::data::space::Space;
use crate::data::summary::EpisodeRow;
use crate::ground::fault::Fault;
use crate::ground::memory::Bytes;
use crate::ground::missing::missing;
use crate::ground::task::Ctx;
use crate::ground::url;

pub mod aloha;
mod arrays;
mod assemble;
mod choices;
pub mod contents;
pub mod d3rlpy;
pub mod d4rl;
pub mod dppo;
pub mod dreamer;
pub mod exorl;
mod finite;
mod foreign;
mod frame;
pub mod groups;
pub mod hdf5;
pub mod imitation;
pub mod lerobot;
pub mod maniskill;
mod mapping;
pub mod mbrl_replay;
pub mod minari;
pub mod npz;
mod numbering;
pub mod ogbench;
pub mod place;
pub mod plain;
pub mod reader;
mod remote;
pub mod robomimic;
mod roles;
pub mod stable_worldmodel;
pub mod tabular;
pub mod tianshou;
pub mod write;

/// A layout of offline data on disk, recognised by what is inside.
pub trait Format: Sync {
    /// Short name for `--format` and messages ("minari").
    fn name(&self) -> &'static str;

    /// True if `place` holds this layout. Looks inside; never reads data columns; never fails loudly.
    fn probe(&self, place: &Place) -> bool;

    /// True if it has the roles of its keys given by a mapping ([`Place::mapping`]). In other layouts a mapping can only
    /// choose parts of the observation, by the names of its dimensions.
    fn takes_mapping(&self) -> bool {
        false
    }

    /// True if arrays to which a mapping gives roles are read as plain arrays: a row is a step, and nothing that only this layout
    /// knows is lost.
    fn is_plain(&self, _place: &Place) -> bool {
        false
    }

    /// Opens the dataset, of which no number is read yet.
    ///
    /// # Errors
    /// [`Fault`] naming file, key and remedy.
    fn open(&self, place: &Place, cx: &Ctx) -> Result<Box<dyn Episodes>, Fault>;
}

/// Every format, in the order in which they are asked.
pub const FORMATS: &[&dyn Format] = &[
    &minari::Minari,
    &lerobot::LeRobot,
    &robomimic::Robomimic,
    &maniskill::ManiSkill,
    &aloha::Aloha,
    &groups::EpisodeGroups,
    &tianshou::Tianshou,
    &stable_worldmodel::StableWorldModel,
    &d3rlpy::D3rlpy,
    &d4rl::D4rl,
    &exorl::ExOrl,
    &dreamer::Dreamer,
    &imitation::Imitation,
    &dppo::Dppo,
    &mbrl_replay::MbrlReplay,
    &ogbench::OgBench,
    &plain::Plain,
    &tabular::Tabular,
];

/// How a dataset is to be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// Name of the format; found out if none is named.
    pub format: Option<String>,
    /// TOML file that says which of its keys are what; the one beside it, if there is one and none is named.
    pub map: Option<PathBuf>,
    /// Parts of the observation that are the state, by name; all if none is named.
    pub state: Vec<String>,
    /// Bytes that datasets may take together; half of what is free if none are named.
    pub memory: Option<Bytes>,
}

impl Choice {
    /// What is known of data from `origin`, with the dimensions that are chosen alone and by their names.
    fn narrow(&self, mut known: Known, origin: &Origin) -> Result<Known, String> {
        let own = known.obs_space.clone();
        dimension_names::name(&mut known.obs_space, &mut known.action_space, origin);
        if let Some(at) = self.chosen(&known.obs_space, &own)? {
            known.summary.obs = at.iter().map(|&d| known.summary.obs[d].clone()).collect();
            known.obs_space = known.obs_space.of(&at);
        }
        Ok(known)
    }

    /// The chosen dimensions of a space, whose names in the file are those of `own`.
    fn chosen(&self, space: &Space, own: &Space) -> Result<Option<Vec<usize>>, String> {
        if self.state.is_empty() {
            return Ok(None);
        }
        space.select(&self.state).or_else(|e| own.select(&self.state).map_err(|_| e)).map(Some)
    }

    fn apply(&self, path: &Path, mut data: Dataset) -> Result<Dataset, Fault> {
        let own = data.obs_space.clone();
        dimension_names::name(&mut data.obs_space, &mut data.action_space, &data.origin);
        match self.chosen(&data.obs_space, &own).map_err(|e| Fault::at(path, e))? {
            Some(at) => Ok(data.with_dimensions(&at, &self.state)),
            None => Ok(data),
        }
    }
}

/// Opens `path` as `choice` says: whole if its numbers take at most `room`, else a random sample of its episodes in half
/// of it ([`Dataset::sample`]). `tell` hears what is known while a sample is read.
///
/// # Errors
/// As [`open`]; a part that is not there; a dataset that does not fit and cannot be read in parts.
pub fn open_within(path: &Path, choice: &Choice, room: Bytes, cx: &Ctx, tell: Tell<'_>) -> Result<Dataset, Fault> {
    match url::as_url(path) {
        Some(url) => remote::open(url, cx, |copy| read_within(copy, choice, room, cx, tell)),
        None => read_within(&resolve(path)?, choice, room, cx, tell),
    }
}

fn read_within(path: &Path, choice: &Choice, room: Bytes, cx: &Ctx, tell: Tell<'_>) -> Result<Dataset, Fault> {
    let (episodes, choice) = &opened(path, choice, cx)?;
    if episodes.bytes()?.is_none_or(|need| need <= room.0) {
        return choice.apply(path, reader::whole(&**episodes, &cx.within(room.0))?);
    }
    let found = Indexed::look(&**episodes, cx)?.ok_or_else(|| Fault::at(path, assemble::too_large(room.0)))?;
    let origin = &found.index.origin;
    let narrow: Tell<'_> = &|known| choice.narrow(known.clone(), origin).iter().for_each(tell);
    // The other half is for what it is held against: rollouts, a second dataset.
    let half = Bytes(room.0 / 2);
    choice.apply(path, reader::sample(path, found, half, cx, narrow)?)
}

/// Exact statistics of all episodes of a dataset that is not in memory as a whole.
///
/// # Errors
/// As [`open_within`].
pub fn scan(path: &Path, choice: &Choice, cx: &Ctx, tell: Tell<'_>) -> Result<Known, Fault> {
    in_parts(path, choice, cx, |path, choice, found| {
        let origin = &found.index.origin;
        let narrow: Tell<'_> = &|known| choice.narrow(known.clone(), origin).iter().for_each(tell);
        let known = reader::scan(found, cx, narrow)?;
        choice.narrow(known, origin).map_err(|e| Fault::at(path, e))
    })
}

/// What all episodes of such a dataset are, in the order of the file.
///
/// # Errors
/// As [`open_within`].
pub fn rows(path: &Path, choice: &Choice, cx: &Ctx) -> Result<Vec<EpisodeRow>, Fault> {
    in_parts(path, choice, cx, |_, _, found| reader::rows(found, cx))
}

/// Hands episodes of such a dataset on, a few at a time and in the order of the file: those at `wanted`, ascending and
/// counted as [`rows`] has them, or all.
///
/// # Errors
/// As [`open_within`], or what `take` fails with.
pub fn each(
    path: &Path,
    choice: &Choice,
    wanted: Option<&[usize]>,
    cx: &Ctx,
    mut take: impl FnMut(Dataset) -> Result<(), Fault>,
) -> Result<(), Fault> {
    in_parts(path, choice, cx, |path, choice, found| {
        reader::each(found, wanted, cx, &mut |some| take(choice.apply(path, some)?))
    })
}

/// Has a dataset read by `read`, which reads parts of it.
fn in_parts<T>(
    path: &Path,
    choice: &Choice,
    cx: &Ctx,
    read: impl FnOnce(&Path, &Choice, Indexed<'_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let here = |path: &Path| {
        let (episodes, choice) = opened(path, choice, cx)?;
        let found = Indexed::look(&*episodes, cx)?;
        read(path, &choice, found.ok_or_else(|| reader::only_whole(path))?)
    };
    match url::as_url(path) {
        Some(url) => remote::copied(url, cx, here).map(|(read, _)| read),
        None => here(&resolve(path)?),
    }
}

/// Opens `path`, which may be a URL, with the format that recognises it, or with the one named by `format`.
///
/// # Errors
/// [`Fault`] if nothing recognises the path, or if reading fails.
pub fn open(path: &Path, format: Option<&str>, cx: &Ctx) -> Result<Dataset, Fault> {
    let choice = Choice { format: format.map(str::to_owned), ..Choice::default() };
    let read = |path: &Path| {
        let (episodes, choice) = opened(path, &choice, cx)?;
        choice.apply(path, reader::whole(&*episodes, cx)?)
    };
    match url::as_url(path) {
        Some(url) => remote::open(url, cx, read),
        None => read(&resolve(path)?),
    }
}

/// The dataset at `path`, opened with the format that recognises it, or with the one named; and how it is read, with what a
/// mapping chooses.
fn opened(path: &Path, choice: &Choice, cx: &Ctx) -> Result<(Box<dyn Episodes>, Choice), Fault> {
    let place = Place::new(path).mapped(choice.map.as_deref());
    let names = || FORMATS.iter().map(|f| f.name()).collect::<Vec<_>>().join(", ");
    let chosen = match choice.format.as_deref() {
        Some(name) => FORMATS
            .iter()
            .find(|f| f.name() == name)
            .ok_or_else(|| Fault::at(path, format!("no format is called '{name}'; known formats: {}", names())))?,
        None => FORMATS.iter().find(|f| f.probe(&place)).ok_or_else(|| unknown(&place, &names()))?,
    };
    let plain = chosen.is_plain(&place) && plain::is_meant(&place)?;
    let chosen: &dyn Format = if plain { &plain::Plain } else { *chosen };
    let mut choice = choice.clone();
    if !chosen.takes_mapping()
        && let Some(mapping) = place.mapping()?
    {
        mapping.only(&["observation"], chosen.name())?;
        if choice.state.is_empty() {
            choice.state = mapping.named("observation");
        }
    }
    Ok((chosen.open(&place, cx)?, choice))
}

/// The path that `given` stands for: itself, or the folder of the Minari dataset that it names by its id.
///
/// # Errors
/// [`Fault`] if there is neither.
pub fn resolve(given: &Path) -> Result<PathBuf, Fault> {
    if given.exists() {
        return Ok(given.to_owned());
    }
    let found = minari::ids::resolve(given, minari::ids::root().as_deref())?;
    found.ok_or_else(|| missing(given))
}

/// Why no format takes `path`; a damaged file says so itself.
fn unknown(place: &Place, names: &str) -> Fault {
    let path = place.path();
    if let Some(answer) = foreign::answer(path) {
        return Fault::at(path, answer);
    }
    match seen(place) {
        Ok(what) => {
            let advice = plain::advice(place).map_or(String::new(), |advice| format!("; {advice}"));
            Fault::at(path, format!("not a dataset that oodscope knows: {what} (looked for: {names}){advice}"))
        }
        Err(damaged) => damaged,
    }
}

/// Files and folders in a folder that are looked at to say what is in it.
const MAX_LOOKED_AT: usize = 64;

/// What in `folder` is a dataset by itself.
fn inside(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().take(MAX_LOOKED_AT);
    let mut paths: Vec<PathBuf> = entries.map(|e| e.path()).collect();
    paths.sort_by_cached_key(|path| crate::ground::folders::by_number(&path.to_string_lossy()));
    paths.retain(|path| FORMATS.iter().any(|f| f.probe(&Place::new(path))));
    paths.iter().filter_map(|path| Some(path.strip_prefix(folder).ok()?.display().to_string())).collect()
}

/// What is there instead of a dataset, for the message; fails where an HDF5 or NumPy file cannot even be opened.
fn seen(place: &Place) -> Result<String, Fault> {
    let path = place.path();
    if path.is_dir() {
        return Ok(match std::fs::read_dir(path).map(|mut entries| entries.next().is_none()) {
            Ok(true) => "an empty folder".into(),
            Ok(false) => match minari::ids::below(path).as_slice() {
                [] => match inside(path).as_slice() {
                    [] => "a folder without a dataset in it".into(),
                    names => format!(
                        "a folder with datasets in it; open one of {}, or join them with: oodscope convert {} --to minari OUT",
                        hdf5::listed(names),
                        if let [one, two] = names { format!("{one} {two}") } else { format!("{} ...", names[0]) }
                    ),
                },
                ids => format!("a folder with Minari datasets below it; open one of {}", hdf5::listed(ids)),
            },
            Err(e) => format!("a folder that cannot be read ({e})"),
        });
    }
    match std::fs::metadata(path) {
        Ok(m) if !m.is_file() => Ok("neither a file nor a folder".into()),
        Ok(m) if m.len() == 0 => Ok("an empty file".into()),
        Err(e) => Ok(format!("cannot be read ({e})")),
        Ok(_) if npz::is_numpy(path) => npz::seen(&*place.npz()?),
        Ok(_) if !hdf5::is_hdf5(path) => Ok("a file of no known kind (HDF5, Parquet, Arrow, NumPy, CSV)".into()),
        Ok(_) => place.hdf5().map(|file| format!("an HDF5 file with {}", hdf5::listed(&file.members("")))),
    }
}
