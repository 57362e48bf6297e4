//! ExORL's folders of `episode_<number>_<length>.npz` with `observation`, `action`, `reward`, `discount`, `physics`, each of
//! length + 1 rows. Layout read in `exorl/replay_buffer.py`; URLB and DrQ-v2 write the same.
//!
//! Row 0 is the reset with an action that nobody took: step t is (o[t], a[t+1], r[t+1], o[t+1]).

use std::path::{Path, PathBuf};

use super::Format;
use super::assemble::Found;
use super::npz::{self, Npz, folder};
use super::place::Place;
use super::reader::{Episodes, Loaded, OneByOne, Separate, Shape};
use crate::data::dataset::Origin;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// The format.
pub struct ExOrl;

/// What is read; with most of them it is such a file, so that a missing one can be named.
const KEYS: [&str; 4] = ["observation", "action", "reward", "discount"];

impl Format for ExOrl {
    fn name(&self) -> &'static str {
        "exorl"
    }

    fn probe(&self, place: &Place) -> bool {
        folder::probe(
            place,
            |stem| numbers(stem).is_some(),
            |file| {
                KEYS.iter().filter(|k| file.contains(k)).count() >= 3
                    && !["is_first", "reset"].iter().any(|key| file.contains(key))
            },
        )
    }

    fn open(&self, place: &Place, _cx: &Ctx) -> Result<Box<dyn Episodes>, Fault> {
        let (names, files) = files(place.path())?;
        let (shape, origin) = layout(&Npz::open(&files[0])?, place.path())?;
        Ok(Box::new(OneByOne::new(Folder { names, files, shape, origin })))
    }
}

/// Number and length of every episode, as the name has them.
type Names = Vec<Option<(u64, u64)>>;

/// The episodes' files in the order of their numbers.
fn files(path: &Path) -> Result<(Names, Vec<PathBuf>), Fault> {
    let mut files: Vec<_> = folder::files(path, |stem| numbers(stem).is_some())?
        .into_iter()
        .map(|file| (folder::stem(&file).and_then(numbers), file))
        .collect();
    if files.is_empty() {
        return Err(Fault::at(path, "no file in it is called episode_<number>_<length>.npz"));
    }
    // As text, episode_10 would come before episode_9.
    files.sort();
    Ok(files.into_iter().unzip())
}

/// Number and length in `episode_<number>_<length>`.
fn numbers(stem: &str) -> Option<(u64, u64)> {
    let (number, length) = stem.strip_prefix("episode_")?.split_once('_')?;
    Some((number.parse().ok()?, length.parse().ok()?))
}

/// Numbers that are missing between the lowest and the highest.
fn gaps(names: &[Option<(u64, u64)>]) -> Option<String> {
    let ids: Vec<u64> = names.iter().flatten().map(|n| n.0).collect();
    let jump = ids.windows(2).find(|w| w[1] - w[0] > 1)?;
    let missing: u64 = ids.windows(2).map(|w| (w[1] - w[0]).saturating_sub(1)).sum();
    Some(format!("{missing} episode numbers are missing (first: {}); what is there is read", jump[0] + 1))
}

/// Columns and rules, as the first file has them.
fn layout(file: &Npz, path: &Path) -> Result<(Shape, Origin), Fault> {
    let (observation, action) = (file.column("observation")?, file.column("action")?);
    if observation.is_image() {
        return Err(observation.bad(npz::images(&observation)));
    }
    if observation.rows() == 0 {
        return Err(Fault::at(file.path(), "the dataset is empty: 'observation' has no values"));
    }
    let mut rules = vec![
        "a file is an episode; row 0 is the reset and its action is dropped: step t has observation[t], action[t+1], \
         reward[t+1] and leads to observation[t+1]"
            .to_owned(),
        "an episode is terminated where the last discount is 0, else truncated".to_owned(),
        "rewards are those of the files (ExORL recomputes them for every task from 'physics')".to_owned(),
    ];
    rules.extend(npz::flattened(&observation));
    let unread: Vec<String> = file.keys().filter(|k| !KEYS.contains(k)).map(|k| format!("'{k}'")).collect();
    rules.extend(Origin::not_read(&unread));
    let origin = Origin { path: path.to_owned(), format: "exorl".into(), rules, ..Origin::default() };
    let shape = Shape::unnamed(observation.width(), action.width());
    Ok((Shape { last: true, choices: action.choices(), ..shape }, origin))
}

/// A folder whose episodes are listed; no number of them is read yet.
struct Folder {
    names: Names,
    files: Vec<PathBuf>,
    shape: Shape,
    origin: Origin,
}

impl Separate for Folder {
    const THINGS: &'static str = "files";
    const ODDITIES: &'static [&'static str] = &[
        "have another length than their name says; what is in them is read",
        "have no step and are left out",
        "have a discount of 0 before their last row; only the last one ends an episode",
    ];

    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn places(&self) -> usize {
        self.files.len()
    }

    fn steps(&self, place: usize) -> Result<usize, Fault> {
        Ok(Npz::open(&self.files[place])?.column("observation")?.rows().saturating_sub(1))
    }

    fn load(&self, place: usize, cx: &Ctx) -> Result<Loaded, Fault> {
        cx.check()?;
        let (width, actions) = (self.shape.obs.dim(), self.shape.action.dim());
        let (found, ends_inside) = episode(&Npz::open(&self.files[place])?, width, actions, cx)?;
        let steps = found.rewards.len() as u64;
        let (id, said) = self.names[place].unwrap_or((place as u64, steps));
        let odd = [said != steps, steps == 0, ends_inside];
        Ok(Loaded { found: Found { id, ..found }, odd: (0..odd.len()).filter(|&kind| odd[kind]).collect() })
    }

    fn name(&self, place: usize) -> String {
        folder::name(&self.files[place])
    }

    fn unfit(&self, place: usize, problem: &str) -> Fault {
        Fault::at(&self.files[place], problem)
    }

    fn all_read(&self, mut odd: Vec<String>, _steps: u64) -> Result<Vec<String>, Fault> {
        odd.extend(gaps(&self.names));
        Ok(odd)
    }

    fn bytes(&self) -> Result<Option<u64>, Fault> {
        let steps = self.names.iter().flatten().fold(0u64, |sum, name| sum.saturating_add(name.1));
        Ok(Some(self.shape.width().bytes(self.names.len() as u64, steps)))
    }
}

/// The episode of a file, and whether an end stands before its last row.
fn episode(file: &Npz, width: usize, actions: usize, cx: &Ctx) -> Result<(Found, bool), Fault> {
    let [observation, action, reward, discount] = KEYS.map(|key| file.column(key));
    let (observation, action, reward, discount) = (observation?, action?, reward?, discount?);
    let rows = observation.rows();
    for (column, width) in [(&observation, width), (&action, actions), (&reward, 1), (&discount, 1)] {
        if column.rows() != rows {
            return Err(column.bad(format!(
                "has {} rows and 'observation' {rows}; all arrays of an episode are of one length",
                column.rows()
            )));
        }
        if column.width() != width && rows > 0 {
            return Err(column.bad(format!("has {} values a row, {width} are needed", column.width())));
        }
    }
    let tick = |_: u64| cx.check();
    let discount = discount.f64(&tick)?;
    let mut rewards = reward.f64(&tick)?;
    let mut taken = action.f32(&tick)?;
    rewards.drain(..rows.min(1));
    taken.drain(..actions * rows.min(1));
    let terminated = discount.last() == Some(&0.0);
    let ends_inside = discount.iter().rev().skip(1).any(|&d| d == 0.0);
    let obs = observation.f32(&tick)?;
    let found = Found { obs, actions: taken, rewards, terminated, truncated: !terminated, ..Found::default() };
    Ok((found, ends_inside))
}

#[cfg(test)]
mod tests;
