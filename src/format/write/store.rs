//! A file with a group an episode: the one door to the library that writes it, so that it can be replaced alone.

use std::path::Path;

use hdf5_pure::{
    AttrValue, Datatype, EnumTypeBuilder, File, FileAccessProperties, FileBuilder, FileLocking, MaxExtent,
    MemoryStrategy, StagedGroup, SyncPolicy, make_i8_type,
};

use super::Reset;
use crate::data::episode::Episode;

/// Bytes that wait in memory before they are written. Each time the file's list of groups is written anew.
const WAITING: usize = 16 << 20;

/// A file of episodes in the making.
pub(super) struct EpisodeFile {
    file: File,
    flag: Datatype,
    /// Bytes that were added and are not in the file yet.
    waiting: usize,
}

impl EpisodeFile {
    /// Makes the file.
    pub fn create(path: &Path) -> Result<Self, String> {
        let open = || {
            FileBuilder::new().write(path)?;
            // Nobody else knows of the file until it is closed and synced; some network mounts have no locks.
            let how = FileAccessProperties::new()
                .with_locking(FileLocking::Disabled)
                .with_sync_policy(SyncPolicy::OnClose)
                .with_memory_strategy(MemoryStrategy::Bounded);
            File::open_rw_with_options(path, how)
        };
        // As h5py has bools: an enumeration of FALSE and TRUE over int8.
        let flag = EnumTypeBuilder::with_base(make_i8_type()).value("FALSE", 0).value("TRUE", 1).build();
        let flag = flag.map_err(|e| e.to_string())?;
        open().map(|file| Self { file, flag, waiting: 0 }).map_err(|e| format!("cannot be written ({e})"))
    }

    /// Adds one episode as group `episode_<id>`.
    pub fn add(&mut self, id: u64, episode: &Episode<'_>, choices: bool, reset: &Reset) -> Result<(), String> {
        if episode.steps() == 0 {
            return Err("has no steps, which Minari cannot hold".into());
        }
        let numbers = if choices { whole(episode.actions)? } else { Vec::new() };
        let flag = &self.flag;
        let describe = |group: &mut StagedGroup<'_>| {
            attributes(group, id, episode, reset);
            // As h5py lays it out for Minari: one chunk an episode, growing along the first dimension.
            let matrix = |rows: usize, width: usize| {
                let shape = [rows as u64, width as u64];
                (shape, [MaxExtent::Unlimited, MaxExtent::Fixed(shape[1])])
            };
            let (shape, most) = matrix(episode.steps() + 1, episode.obs_dim);
            group.create_dataset("observations", |set| {
                set.with_f32_data(episode.obs).with_shape(&shape).with_maxshape(&most).with_chunks(&shape);
            });
            let steps = [episode.steps() as u64];
            let most = [MaxExtent::Unlimited];
            if choices {
                group.create_dataset("actions", |set| {
                    set.with_i64_data(&numbers).with_shape(&steps).with_maxshape(&most).with_chunks(&steps);
                });
            } else {
                let (shape, most) = matrix(episode.steps(), episode.action_dim);
                group.create_dataset("actions", |set| {
                    set.with_f32_data(episode.actions).with_shape(&shape).with_maxshape(&most).with_chunks(&shape);
                });
            }
            group.create_dataset("rewards", |set| {
                set.with_f64_data(episode.rewards).with_shape(&steps).with_maxshape(&most).with_chunks(&steps);
            });
            for (name, last) in [("terminations", episode.span.terminated), ("truncations", episode.span.truncated)] {
                let mut flags = vec![0u8; episode.steps()];
                if let Some(end) = flags.last_mut() {
                    *end = u8::from(last);
                }
                group.create_dataset(name, |set| {
                    let set = set.with_raw_data(flag.clone(), flags, steps[0]);
                    set.with_shape(&steps).with_maxshape(&most).with_chunks(&steps);
                });
            }
        };
        let staged = self.file.root().create_group_with(&format!("episode_{id}"), describe);
        staged.map_err(|e| format!("cannot be written ({e})"))?;
        self.waiting += 4 * (episode.obs.len() + episode.actions.len()) + 10 * episode.steps();
        Ok(())
    }

    /// Writes what waits, if it is much.
    pub fn settle(&mut self) -> Result<(), String> {
        if self.waiting < WAITING {
            return Ok(());
        }
        self.waiting = 0;
        self.file.commit().map_err(|e| format!("cannot be written ({e})"))
    }

    /// Writes everything that was added.
    pub fn close(self) -> Result<(), String> {
        self.file.close().map_err(|e| format!("cannot be written ({e})"))
    }
}

fn attributes(group: &mut StagedGroup<'_>, id: u64, episode: &Episode<'_>, reset: &Reset) {
    group.set_attr("id", AttrValue::I64(id as i64));
    group.set_attr("total_steps", AttrValue::I64(episode.steps() as i64));
    if let Some(seed) = reset.seed {
        group.set_attr("seed", i64::try_from(seed).map_or(AttrValue::U64(seed), AttrValue::I64));
    }
    for (name, value) in &reset.options {
        group.set_attr(&format!("options/{name}"), AttrValue::F64(*value));
    }
}

/// Choices as integers.
pub(super) fn whole(actions: &[f32]) -> Result<Vec<i64>, String> {
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
