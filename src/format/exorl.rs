//! ExORL's folders of `episode_<number>_<length>.npz` with `observation`, `action`, `reward`, `discount`, `physics`, each of
//! length + 1 rows. Layout read in `exorl/replay_buffer.py`; URLB and DrQ-v2 write the same.
//!
//! Row 0 is the reset with an action that nobody took: step t is (o[t], a[t+1], r[t+1], o[t+1]).

use std::path::{Path, PathBuf};

use super::assemble::{Assembly, Found};
use super::npz::folder::{self, Odd};
use super::npz::{self, Npz};
use super::pieces::{Pieces, Width};
use super::{Format, choices};
use crate::data::dataset::{Dataset, Origin};
use crate::data::space::Space;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

mod pieces;

/// The format.
pub struct ExOrl;

/// What is read; with most of them it is such a file, so that a missing one can be named.
const KEYS: [&str; 4] = ["observation", "action", "reward", "discount"];

impl Format for ExOrl {
    fn name(&self) -> &'static str {
        "exorl"
    }

    fn probe(&self, path: &Path) -> bool {
        folder::probe(
            path,
            |stem| numbers(stem).is_some(),
            |file| KEYS.iter().filter(|k| file.contains(k)).count() >= 3 && !file.contains("is_first"),
        )
    }

    fn open(&self, path: &Path, cx: &Ctx) -> Result<Dataset, Fault> {
        let (names, files) = files(path)?;
        let first = Npz::open(&files[0])?;
        let mut assembly = layout(&first, path)?.within(cx);
        let (width, actions) = (first.column("observation")?.width(), first.column("action")?.width());
        let [mut lies, mut empty, mut inside] = [(); 3].map(|()| Odd::default());
        let cx = cx.phase("reading the dataset");
        folder::each(
            &files,
            &cx,
            |file| episode(file, width, actions, &cx),
            |index, mut read: Read| {
                let (id, said) = names[index].unwrap_or((index as u64, read.found.rewards.len() as u64));
                let file = &files[index];
                lies.count(said != read.found.rewards.len() as u64, file);
                empty.count(read.found.rewards.is_empty(), file);
                inside.count(read.ends_inside, file);
                read.found.id = id;
                assembly.push(&read.found).map_err(|problem| Fault::at(&files[index], problem))
            },
        )?;
        let oddities = [
            lies.told("have another length than their name says; what is in them is read"),
            empty.told("have no step and are left out"),
            inside.told("have a discount of 0 before their last row; only the last one ends an episode"),
            gaps(&names),
        ];
        assembly.origin().warnings.extend(oddities.into_iter().flatten());
        let mut data = assembly.finish(path)?;
        choices::settle(&mut data, first.column("action")?.choices().as_ref());
        Ok(data)
    }

    fn bytes(&self, path: &Path) -> Result<Option<u64>, Fault> {
        let (names, files) = files(path)?;
        let first = Npz::open(&files[0])?;
        let (obs, action) = (first.column("observation")?.width(), first.column("action")?.width());
        let steps: u64 = names.iter().flatten().fold(0, |sum, name| sum.saturating_add(name.1));
        Ok(Some(Width { obs, action, extra: 1, next: false }.bytes(names.len() as u64, steps)))
    }

    fn pieces(&self, path: &Path, cx: &Ctx) -> Result<Option<Box<dyn Pieces>>, Fault> {
        Ok(Some(Box::new(pieces::InFiles::open(path, cx)?)))
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

/// Spaces and rules, as the first file has them.
fn layout(file: &Npz, path: &Path) -> Result<Assembly, Fault> {
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
    if !unread.is_empty() {
        rules.push(format!("not read: {}", unread.join(", ")));
    }
    let origin = Origin { path: path.to_owned(), format: "exorl".into(), rules, ..Origin::default() };
    Ok(Assembly::new(origin, Space::unnamed("obs", observation.width()), Space::unnamed("action", action.width())))
}

struct Read {
    found: Found,
    ends_inside: bool,
}

fn episode(file: &Npz, width: usize, actions: usize, cx: &Ctx) -> Result<Read, Fault> {
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
    Ok(Read { found, ends_inside })
}

#[cfg(test)]
mod tests;
