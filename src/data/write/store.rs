//! The one door to the library that writes HDF5, so that it can be replaced alone.

use std::fs::File;

use hdf5_pure::{AttrValue, Datatype, EnumTypeBuilder, FileBuilder, GroupBuilder, MaxExtent, make_i8_type};

use super::Reset;
use crate::data::episode::Episode;

/// A file of episodes in the making.
pub(super) trait EpisodeStore {
    /// Adds one episode as group `episode_<id>`.
    fn add(&mut self, id: u64, episode: &Episode<'_>, choices: bool, reset: &Reset) -> Result<(), String>;

    /// Writes everything that was added.
    fn save(self, file: &mut File) -> Result<(), String>;
}

/// [`EpisodeStore`] by `hdf5-pure`: collected in memory, written from front to back.
pub(super) struct PureStore(FileBuilder);

impl Default for PureStore {
    fn default() -> Self {
        Self(FileBuilder::new())
    }
}

impl EpisodeStore for PureStore {
    fn add(&mut self, id: u64, episode: &Episode<'_>, choices: bool, reset: &Reset) -> Result<(), String> {
        if episode.steps() == 0 {
            return Err("has no steps, which Minari cannot hold".into());
        }
        let flag = bool_type()?;
        let mut group = self.0.create_group(&format!("episode_{id}"));
        attributes(&mut group, id, episode, reset);
        // As h5py lays it out for Minari: one chunk an episode, growing along the first dimension.
        let matrix = |rows: usize, width: usize| {
            let shape = [rows as u64, width as u64];
            (shape, [MaxExtent::Unlimited, MaxExtent::Fixed(shape[1])])
        };
        let (shape, most) = matrix(episode.steps() + 1, episode.obs_dim);
        group
            .create_dataset("observations")
            .with_f32_data(episode.obs)
            .with_shape(&shape)
            .with_maxshape(&most)
            .with_chunks(&shape);
        let steps = [episode.steps() as u64];
        if choices {
            let numbers = whole(episode.actions)?;
            let actions = group.create_dataset("actions").with_i64_data(&numbers);
            actions.with_shape(&steps).with_maxshape(&[MaxExtent::Unlimited]).with_chunks(&steps);
        } else {
            let (shape, most) = matrix(episode.steps(), episode.action_dim);
            let actions = group.create_dataset("actions").with_f32_data(episode.actions);
            actions.with_shape(&shape).with_maxshape(&most).with_chunks(&shape);
        }
        let rewards = group.create_dataset("rewards").with_f64_data(episode.rewards);
        rewards.with_shape(&steps).with_maxshape(&[MaxExtent::Unlimited]).with_chunks(&steps);
        for (name, last) in [("terminations", episode.span.terminated), ("truncations", episode.span.truncated)] {
            let mut flags = vec![0u8; episode.steps()];
            if let Some(end) = flags.last_mut() {
                *end = u8::from(last);
            }
            let set = group.create_dataset(name).with_raw_data(flag.clone(), flags, steps[0]);
            set.with_shape(&steps).with_maxshape(&[MaxExtent::Unlimited]).with_chunks(&steps);
        }
        self.0.add_group(group.finish());
        Ok(())
    }

    fn save(self, file: &mut File) -> Result<(), String> {
        self.0.finish_to(file).map_err(|e| e.to_string())
    }
}

fn attributes(group: &mut GroupBuilder, id: u64, episode: &Episode<'_>, reset: &Reset) {
    group.set_attr("id", AttrValue::I64(id as i64));
    group.set_attr("total_steps", AttrValue::I64(episode.steps() as i64));
    if let Some(seed) = reset.seed {
        group.set_attr("seed", i64::try_from(seed).map_or(AttrValue::U64(seed), AttrValue::I64));
    }
    for (name, value) in &reset.options {
        group.set_attr(&format!("options/{name}"), AttrValue::F64(*value));
    }
}

/// h5py reads an enumeration of FALSE and TRUE over int8 as bool.
pub(super) fn bool_type() -> Result<Datatype, String> {
    let values = EnumTypeBuilder::with_base(make_i8_type()).value("FALSE", 0).value("TRUE", 1);
    values.build().map_err(|e| e.to_string())
}

/// Choices as integers.
fn whole(actions: &[f32]) -> Result<Vec<i64>, String> {
    actions
        .iter()
        .map(|&a| {
            if a.is_finite() && a.fract() == 0.0 {
                Ok(a as i64)
            } else {
                Err(format!("has the action {a}, which is no choice"))
            }
        })
        .collect()
}
