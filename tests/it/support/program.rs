//! Running the built program, and small datasets and checkpoints for it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use oodscope::checkpoint::{Checkpoint, native};
use oodscope::data::dataset::{Dataset, Origin, Parts};
use oodscope::data::episode::EpisodeSpan;
use oodscope::data::space::Space;
use oodscope::format::write::{MinariAbout, write_minari};
use oodscope::ground::seed::stream;
use oodscope::world::ensemble::fresh;
use oodscope::world::fit::FitOptions;
use tempfile::TempDir;

/// The program with a log of its own and no demo around it.
pub fn oodscope(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oodscope"));
    command
        .args(args)
        .env("OODSCOPE_LOG", scratch().join("log"))
        .env("OODSCOPE_STATE", scratch().join("state"))
        .env_remove("OODSCOPE_PANIC_IN");
    command.stdin(Stdio::null()).current_dir(scratch());
    command
}

/// Runs it to its end.
pub fn run(args: &[&str]) -> Said {
    oodscope(args).output().map(Said::from).expect("the program starts")
}

/// The program in a new folder `name` of its own, far from the demo in the repository.
pub fn lonely(name: &str) -> PathBuf {
    std::fs::create_dir_all(at(name)).unwrap();
    let program = at(name).join("oodscope");
    if std::fs::hard_link(env!("CARGO_BIN_EXE_oodscope"), &program).is_err() {
        std::fs::copy(env!("CARGO_BIN_EXE_oodscope"), &program).unwrap();
    }
    program
}

/// What a run said and how it ended.
#[derive(Debug)]
pub struct Said {
    pub status: Option<i32>,
    pub out: String,
    pub err: String,
}

impl From<Output> for Said {
    fn from(o: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Self { status: o.status.code(), out: text(o.stdout), err: text(o.stderr) }
    }
}

impl Said {
    /// Bad input: status 2, one sentence with all of `words`, no panic, nothing on standard output.
    pub fn refuses(&self, words: &[&str]) {
        assert_eq!(self.status, Some(2), "{self:?}");
        assert_eq!(self.err.lines().count(), 1, "{self:?}");
        assert!(self.err.starts_with("oodscope: ") && !self.err.contains("panicked"), "{self:?}");
        for word in words {
            assert!(self.err.contains(word), "'{word}' is missing: {}", self.err);
        }
    }

    /// It went well and nobody complained.
    pub fn good(&self) -> &str {
        assert_eq!((self.status, self.err.as_str()), (Some(0), ""), "{}", self.out);
        &self.out
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(self.good()).expect("one JSON object")
    }
}

/// A folder that lives as long as the tests.
pub fn scratch() -> &'static Path {
    static SCRATCH: OnceLock<TempDir> = OnceLock::new();
    SCRATCH.get_or_init(|| tempfile::tempdir().expect("a scratch folder")).path()
}

/// A path in the scratch folder.
pub fn at(name: &str) -> PathBuf {
    scratch().join(name)
}

/// A path as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// A small narrow Pendulum dataset, made by the documented command.
pub fn pendulum() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        let out = at("pendulum/narrow-v0");
        let said = run(&["collect", "--policy", "narrow", "--episodes", "15", "--seed", "4", "--out", text(&out)]);
        assert!(said.good().contains("15 episodes, 3000 steps"));
        out
    })
}

/// A small trained checkpoint for [`pendulum`], made by the command.
pub fn checkpoint() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        let out = at("checkpoint");
        let size = ["--members", "2", "--hidden", "16", "--layers", "2", "--epochs", "5", "--policy-steps", "20"];
        let said = run(&[&["fit", text(pendulum()), "--out", text(&out)], &size[..]].concat());
        assert!(said.good().contains("wrote"));
        out
    })
}

/// Episodes of two dimensions with the given numbers of steps; `edit` sees the columns before they are checked.
pub fn dataset(lengths: &[usize], edit: impl FnOnce(&mut Parts)) -> Dataset {
    let mut parts = Parts::default();
    for (i, &steps) in lengths.iter().enumerate() {
        parts.spans.push(EpisodeSpan {
            id: i as u64,
            first_step: parts.rewards.len(),
            steps,
            first_obs: parts.obs.len() / 2,
            obs_rows: steps + 1,
            terminated: false,
            truncated: true,
        });
        parts.obs.extend((0..=steps).flat_map(|t| {
            let x = (i * 31 + t * 7) as f32;
            [x.sin(), (0.3 * x).cos()]
        }));
        parts.actions.extend((0..steps).map(|t| (t as f32).sin()));
        parts.rewards.extend((0..steps).map(|_| 1.0));
    }
    edit(&mut parts);
    let spaces = (Space::unnamed("obs", 2), Space::unnamed("action", 1));
    Dataset::from_parts(Origin::default(), spaces.0, spaces.1, parts).expect("consistent")
}

/// Writes a dataset into the scratch folder.
pub fn written(name: &str, data: &Dataset) -> PathBuf {
    let folder = at(name);
    let about = MinariAbout { dataset_id: "test/small-v0".into(), ..MinariAbout::default() };
    write_minari(&folder, data, &about).expect("writable");
    folder
}

/// An untrained world model for `data`, saved.
pub fn untrained(name: &str, data: &Dataset) -> PathBuf {
    let all: Vec<usize> = (0..data.num_episodes()).collect();
    let options = FitOptions { members: 2, elites: 2, hidden: 8, layers: 1, ..FitOptions::default() };
    let model = fresh(&data.transitions(&all), &options, &mut stream(0, "t", 0));
    let folder = at(name);
    native::save(&folder, &Checkpoint { world_model: Some(Box::new(model)), ..Checkpoint::default() })
        .expect("writable");
    folder
}
