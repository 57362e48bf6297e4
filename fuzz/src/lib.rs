//! Fuzz targets of the dataset readers. A target copies the small datasets of `tests/reference/formats` that its reader
//! opens, puts the input in the place of one of their files and opens that dataset, as a whole and in parts. A dataset and
//! an error are both fine; a panic, a hang, too much memory, spans that do not fit the columns, and parts that are not the
//! whole are not.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, OnceLock};

use oodscope::data::dataset::Dataset;
use oodscope::format::{self, Choice};
use oodscope::ground::fault::Fault;
use oodscope::ground::task::Ctx;

mod budget;
mod config;
mod pickle;
mod room;
mod runlog;

pub use config::config;
pub use pickle::pickle;
pub use runlog::runlog;

use room::Room;

/// A reader and the datasets that it is tried on. `seed.sh` has the same list.
pub struct Target {
    format: &'static str,
    datasets: &'static [&'static str],
}

const fn target(format: &'static str, datasets: &'static [&'static str]) -> Target {
    Target { format, datasets }
}

/// Minari, kept in HDF5.
pub const MINARI: Target = target("minari", &["minari/hdf5-v0"]);
/// Minari, kept in Arrow.
pub const MINARI_ARROW: Target = target("minari", &["minari/arrow-v0"]);
/// Minari, kept in Parquet.
pub const MINARI_PARQUET: Target = target("minari", &["minari/parquet-v0"]);
/// `LeRobot` folders of v2 and v3.
pub const LEROBOT: Target = target("lerobot", &["lerobot2", "lerobot3"]);
/// robomimic.
pub const ROBOMIMIC: Target = target("robomimic", &["robomimic.hdf5"]);
/// d3rlpy of v1 and v2.
pub const D3RLPY: Target = target("d3rlpy", &["d3rlpy1.h5", "d3rlpy2.h5"]);
/// D4RL, with and without next observations.
pub const D4RL: Target = target("d4rl", &["d4rl-next.hdf5", "d4rl.hdf5"]);
/// `ExORL` folders.
pub const EXORL: Target = target("exorl", &["exorl"]);
/// Dreamer folders of episodes and of chained streams.
pub const DREAMER: Target = target("dreamer", &["dreamer-episodes", "dreamer-stream"]);
/// Replay buffers of mbrl-lib.
pub const MBRL_REPLAY: Target = target("mbrl_replay", &["replay_buffer.npz"]);
/// `OGBench`.
pub const OGBENCH: Target = target("ogbench", &["ogbench.npz"]);
/// Plain arrays: archives, and a folder of arrays.
pub const PLAIN: Target = target("plain", &["plain.npz", "qlearning.npz", "columns"]);
/// Tianshou's buffers.
pub const TIANSHOU: Target = target("tianshou", &["tianshou.hdf5"]);
/// `ManiSkill`'s trajectories.
pub const MANISKILL: Target = target("maniskill", &["maniskill.h5"]);
/// Groups of episodes, as `RoboHive` writes them.
pub const GROUPS: Target = target("groups", &["robohive.h5"]);
/// Rollouts of imitation.
pub const IMITATION: Target = target("imitation", &["imitation.npz"]);
/// stable-worldmodel's files.
pub const STABLE_WORLDMODEL: Target = target("stable_worldmodel", &["stable_worldmodel.h5"]);
/// Text tables, with and without a map of their columns.
pub const CSV: Target = target("table", &["named.csv", "table.csv"]);
/// Parquet tables of numbers and of lists.
pub const PARQUET: Target = target("table", &["flat.parquet", "lists.parquet"]);

/// What was read; a message is one line.
fn sound<T>(result: Result<T, Fault>) -> Option<T> {
    result.inspect_err(|e| assert!(!e.to_string().contains(char::is_control), "control characters in a message")).ok()
}

/// What the last panic said. Readers catch those of polars, so a panic is a finding only where it comes out of them.
static SAID: Mutex<String> = Mutex::new(String::new());

impl Target {
    /// Opens a dataset with one file made of `input`: its first byte says which, where there are several.
    pub fn run(&self, input: &[u8]) {
        static ROOM: OnceLock<Room> = OnceLock::new();
        let room = ROOM.get_or_init(|| {
            // The hook of libfuzzer-sys ends the process at a panic that a reader would have caught.
            std::panic::set_hook(Box::new(|info| {
                let trace = std::backtrace::Backtrace::capture();
                *SAID.lock().unwrap_or_else(|e| e.into_inner()) = format!("{info}\n{trace}");
            }));
            Room::new(self.datasets)
        });
        let result = catch_unwind(AssertUnwindSafe(|| {
            room.with(input, |path| {
                let whole = sound(format::open(path, Some(self.format), &Ctx::quiet()));
                let choice = Choice { format: Some(self.format.into()), ..Choice::default() };
                let mut seen = (0, 0);
                let parts = format::each(path, &choice, None, &Ctx::quiet(), |part| {
                    check(&part);
                    seen = (seen.0 + part.num_episodes(), seen.1 + part.num_steps());
                    Ok(())
                });
                if let (Some(whole), Some(())) = (whole.inspect(check), sound(parts)) {
                    assert_eq!(seen, (whole.num_episodes(), whole.num_steps()), "parts are not the whole");
                }
            });
        }));
        if result.is_err() {
            eprintln!("{}", SAID.lock().unwrap_or_else(|e| e.into_inner()));
            std::process::abort();
        }
    }
}

/// Walks the whole dataset.
fn check(data: &Dataset) {
    let (mut steps, mut rows) = (0, 0);
    for (index, span) in data.spans().iter().enumerate() {
        assert_eq!((span.first_step, span.first_obs), (steps, rows), "episode {index} follows the one before");
        assert!(span.obs_rows == span.steps || span.obs_rows == span.steps + 1, "observations of episode {index}");
        (steps, rows) = (steps + span.steps, rows + span.obs_rows);
        let e = data.episode(index);
        assert_eq!(e.obs.len(), span.obs_rows * data.obs_dim(), "observations of episode {index}");
        assert_eq!(e.actions.len(), span.steps * data.action_dim(), "actions of episode {index}");
        assert_eq!(e.rewards.len(), span.steps, "rewards of episode {index}");
        assert!(!e.ret().is_nan(), "return of episode {index}");
    }
    assert_eq!(steps, data.num_steps(), "steps of all episodes");
    assert_eq!(data.obs_space.names.len(), data.obs_dim(), "names of the observation");
    assert_eq!(data.action_space.names.len(), data.action_dim(), "names of the action");
    let all: Vec<usize> = (0..data.num_episodes()).collect();
    assert!(data.states(&all).1.len() <= steps && data.transitions(&all).len() <= steps, "more states than steps");
}
