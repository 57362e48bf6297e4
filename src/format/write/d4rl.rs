//! Writing D4RL's flat HDF5 layout: one row a step, gzip chunks, a few episodes at a time.

use std::path::Path;

use rust_hdf5::format::messages::datatype::{DatatypeMessage, EnumMember};
use rust_hdf5::{H5Dataset, H5File, H5Type, Hdf5Error};

use super::store::whole;
use super::{Each, MinariAbout};
use crate::data::dataset::Dataset;
use crate::ground::fault::Fault;
use crate::ground::save;

/// Most rows of a chunk…
const CHUNK: usize = 8192;
/// … and numbers: as many wait in memory for a chunk to be full, and HDF5 wants chunks of at most a few MB.
const NUMBERS: usize = 1 << 18;
/// gzip level, as h5py's default.
const LEVEL: u32 = 4;
/// See [`Columns::next`].
const NEXT: &str = "next_observations";

/// Writes the episodes that `each` hands on to the new file `path`: `observations`, `actions`, `terminals`, `timeouts` and
/// `rewards` (f32 where all are in memory and none changes by that, else f64), and `next_observations` where every step has
/// one.
///
/// An episode that neither flag ended is closed by a timeout, or it would run on into the next.
///
/// # Errors
/// If the file exists or cannot be written, or what `each` fails with.
pub(super) fn write(path: &Path, like: &Dataset, about: &MinariAbout, each: Each<'_>) -> Result<(), Fault> {
    let bad = |problem: String| Fault::at(path, format!("cannot be written ({problem})"));
    let wrong = |e: Hdf5Error| bad(e.to_string());
    save::beside(path, |temporary| {
        // Nobody else knows of the file yet; some network mounts have no locks.
        let file = H5File::options().no_locking().create(temporary.path()).map_err(wrong)?;
        let words = [("env_id", like.origin.env_id.as_deref()), ("description", Some(about.description.as_str()))];
        for (name, text) in words.into_iter().filter_map(|(name, text)| Some((name, text.filter(|t| !t.is_empty())?))) {
            file.set_attr_string(name, text).map_err(wrong)?;
        }
        let mut columns = Columns::new(&file, like).map_err(wrong)?;
        each(&mut |data| {
            let choices = if columns.discrete { whole(&data.actions) } else { Ok(Vec::new()) };
            let choices = choices.map_err(|e| Fault::at(path, format!("an episode {e}")))?;
            columns.append(&file, data, &choices).map_err(wrong)
        })?;
        drop(columns);
        file.close().map_err(wrong)
    })
}

/// Columns with one row a step.
struct Columns {
    obs: H5Dataset,
    actions: H5Dataset,
    rewards: H5Dataset,
    terminals: H5Dataset,
    timeouts: H5Dataset,
    /// There from the first rows on, as long as every step has a next observation.
    next: Option<H5Dataset>,
    discrete: bool,
    /// Rewards are f32.
    narrow: bool,
    empty: bool,
}

impl Columns {
    fn new(file: &H5File, like: &Dataset) -> Result<Self, Hdf5Error> {
        let exact = |&reward: &f64| f64::from(reward as f32).to_bits() == reward.to_bits();
        let narrow = like.sample.is_none() && like.rewards.iter().all(exact);
        let discrete = like.action_space.is_discrete();
        Ok(Self {
            obs: matrix(file, "observations", like.obs_dim())?,
            actions: if discrete {
                column::<i64>(file, "actions")?
            } else {
                matrix(file, "actions", like.action_dim())?
            },
            rewards: if narrow { column::<f32>(file, "rewards")? } else { column::<f64>(file, "rewards")? },
            terminals: flags(file, "terminals")?,
            timeouts: flags(file, "timeouts")?,
            next: None,
            discrete,
            narrow,
            empty: true,
        })
    }

    fn append(&mut self, file: &H5File, data: &Dataset, choices: &[i64]) -> Result<(), Hdf5Error> {
        let steps = data.num_steps();
        let mut obs = Vec::with_capacity(steps * data.obs_dim());
        let (mut terminals, mut timeouts) = (vec![0i8; steps], vec![0i8; steps]);
        for e in (0..data.num_episodes()).map(|i| data.episode(i)) {
            obs.extend_from_slice(&e.obs[..e.steps() * e.obs_dim]);
            let last = e.span.first_step + e.steps() - 1;
            terminals[last] = i8::from(e.span.terminated);
            timeouts[last] = i8::from(e.span.truncated || !e.span.terminated);
        }
        self.obs.append(&obs)?;
        drop(obs);
        let next = super::next_observations(data);
        if self.empty && next.is_some() {
            self.next = Some(matrix(file, NEXT, data.obs_dim())?);
        }
        match (&self.next, next) {
            (Some(column), Some(next)) => column.append(&next)?,
            (Some(_), None) => {
                self.next = None;
                file.delete_dataset(NEXT)?;
            }
            (None, _) => {}
        }
        if self.discrete { self.actions.append(choices) } else { self.actions.append(&data.actions) }?;
        if self.narrow {
            let narrow: Vec<f32> = data.rewards.iter().map(|&r| r as f32).collect();
            self.rewards.append(&narrow)?;
        } else {
            self.rewards.append(&data.rewards)?;
        }
        self.terminals.append(&terminals)?;
        self.timeouts.append(&timeouts)?;
        self.empty = false;
        Ok(())
    }
}

/// A growing [steps, `width`] column of f32.
fn matrix(file: &H5File, name: &str, width: usize) -> Result<H5Dataset, Hdf5Error> {
    let set = file.new_dataset::<f32>().shape([0, width]).max_shape(&[None, Some(width)]);
    let rows = (NUMBERS / width.max(1)).clamp(1, CHUNK);
    set.chunk(&[rows, width]).deflate(LEVEL).create(name)
}

/// A growing [steps] column.
fn column<T: H5Type>(file: &H5File, name: &str) -> Result<H5Dataset, Hdf5Error> {
    file.new_dataset::<T>().shape([0]).max_shape(&[None]).chunk(&[CHUNK]).deflate(LEVEL).create(name)
}

/// A growing [steps] column of h5py's bools: an enumeration of FALSE and TRUE over int8.
fn flags(file: &H5File, name: &str) -> Result<H5Dataset, Hdf5Error> {
    let member = |(value, name): (u8, &str)| EnumMember { name: name.into(), value: vec![value] };
    let bools = [(0, "FALSE"), (1, "TRUE")].map(member).to_vec();
    let set = file.new_dataset::<i8>().datatype(DatatypeMessage::enumeration(DatatypeMessage::i8_type(), bools));
    set.shape([0]).max_shape(&[None]).chunk(&[CHUNK]).deflate(LEVEL).create(name)
}
