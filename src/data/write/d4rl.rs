//! Writing D4RL's flat HDF5 layout: one row a step, gzip chunks.

use std::path::Path;

use hdf5_pure::{AttrValue, FileBuilder};

use super::MinariAbout;
use super::store::bool_type;
use crate::data::dataset::Dataset;
use crate::data::format::DataError;
use crate::data::save;

/// Rows of a chunk.
const CHUNK: usize = 8192;
/// gzip level, as h5py's default.
const LEVEL: u32 = 4;

/// Writes `data` to the new file `path`: `observations`, `actions`, `terminals`, `timeouts` and `rewards` (f64 where f32
/// would change them), and `next_observations` where every step has one.
///
/// An episode that neither flag ended is closed by a timeout, or it would run on into the next.
///
/// # Errors
/// If the file exists or cannot be written, or an episode ends by both flags at once with nothing to tell them by.
pub(super) fn write(path: &Path, data: &Dataset, about: &MinariAbout) -> Result<(), DataError> {
    let columns = Columns::of(data);
    let (n, d, a) = (data.num_steps() as u64, data.obs_dim() as u64, data.action_dim() as u64);
    let bad = |problem: String| DataError::bad(path, problem);
    let flag = bool_type().map_err(bad)?;
    let mut file = FileBuilder::new();
    if let Some(env) = &data.origin.env_id {
        file.set_attr("env_id", AttrValue::String(env.clone()));
    }
    if !about.description.is_empty() {
        file.set_attr("description", AttrValue::String(about.description.clone()));
    }
    let chunk = |width: u64| [n.min(CHUNK as u64), width];
    file.create_dataset("observations")
        .with_f32_data(&columns.obs)
        .with_shape(&[n, d])
        .with_chunks(&chunk(d))
        .with_deflate(LEVEL);
    if let Some(next) = &columns.next {
        file.create_dataset("next_observations")
            .with_f32_data(next)
            .with_shape(&[n, d])
            .with_chunks(&chunk(d))
            .with_deflate(LEVEL);
    }
    if data.action_space.is_discrete() {
        let choices: Vec<i64> = data.actions.iter().map(|&v| v as i64).collect();
        file.create_dataset("actions").with_i64_data(&choices).with_shape(&[n]);
    } else {
        file.create_dataset("actions")
            .with_f32_data(&data.actions)
            .with_shape(&[n, a])
            .with_chunks(&chunk(a))
            .with_deflate(LEVEL);
    }
    let narrow: Vec<f32> = data.rewards.iter().map(|&r| r as f32).collect();
    if narrow.iter().zip(&data.rewards).all(|(&f, &r)| f64::from(f).to_bits() == r.to_bits()) {
        file.create_dataset("rewards").with_f32_data(&narrow).with_shape(&[n]);
    } else {
        file.create_dataset("rewards").with_f64_data(&data.rewards).with_shape(&[n]);
    }
    for (name, flags) in [("terminals", columns.terminals), ("timeouts", columns.timeouts)] {
        file.create_dataset(name).with_raw_data(flag.clone(), flags, n).with_shape(&[n]);
    }
    save::file(path, |out| file.finish_to(out).map_err(|e| e.to_string()))
}

/// Columns with one row a step.
struct Columns {
    obs: Vec<f32>,
    next: Option<Vec<f32>>,
    terminals: Vec<u8>,
    timeouts: Vec<u8>,
}

impl Columns {
    fn of(data: &Dataset) -> Self {
        let steps = data.num_steps();
        let mut obs = Vec::with_capacity(steps * data.obs_dim());
        let (mut terminals, mut timeouts) = (vec![0; steps], vec![0; steps]);
        for e in (0..data.num_episodes()).map(|i| data.episode(i)) {
            obs.extend_from_slice(&e.obs[..e.steps() * e.obs_dim]);
            let last = e.span.first_step + e.steps() - 1;
            terminals[last] = u8::from(e.span.terminated);
            timeouts[last] = u8::from(e.span.truncated || !e.span.terminated);
        }
        let next = super::next_observations(data);
        Self { obs, next, terminals, timeouts }
    }
}
