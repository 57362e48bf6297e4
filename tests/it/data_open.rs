//! Opening the reference datasets where they are present: Minari against the list of what was collected, exports
//! against the folders that they were made from, damaged files against panics.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use oodscope::data::dataset::Dataset;
use oodscope::data::summary;
use oodscope::format;
use oodscope::ground::task::{Cancel, Ctx};

use crate::references::roots;

fn open(path: &Path) -> Dataset {
    format::open(path, None, &Ctx::quiet()).unwrap_or_else(|e| panic!("{e}"))
}

fn all(data: &Dataset) -> Vec<usize> {
    (0..data.num_episodes()).collect()
}

fn folders() -> impl Iterator<Item = PathBuf> {
    roots().into_iter().map(|(_, root)| root)
}

/// The big reference folder, where it is present.
fn reference() -> Option<PathBuf> {
    let found = folders().find(|r| r.join("data/datasets.json").is_file());
    if found.is_none() {
        println!("no reference data: nothing is compared");
    }
    found
}

#[test]
fn minari_folders_hold_what_was_collected() {
    let Some(root) = reference() else { return };
    let text = std::fs::read_to_string(root.join("data/datasets.json")).unwrap();
    let list: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut compared = 0;
    for (id, want) in list.as_object().unwrap() {
        let folder = root.join("data/minari").join(id);
        if want["format"] != "hdf5" || !folder.join("data/main_data.hdf5").is_file() {
            continue;
        }
        let data = open(&folder);
        assert_eq!(data.origin.warnings, Vec::<String>::new(), "{id}");
        assert_eq!(data.origin.dataset_id.as_deref(), Some(id.as_str()));
        assert_eq!(data.origin.env_id.as_deref(), want["env"].as_str(), "{id}");
        let s = summary::summary(&data, &all(&data));
        let exact = [
            ("episodes", s.episodes),
            ("transitions", s.transitions),
            ("terminated_episodes", s.terminated),
            ("truncated_episodes", s.truncated),
        ];
        for (key, got) in exact {
            assert_eq!(want[key], got, "{id}: {key}");
        }
        assert_eq!(s.usable, s.transitions, "{id}: every step has its next observation");
        let close = [
            ("return_mean", s.returns.mean),
            ("return_std_pop", s.returns.std_pop),
            ("return_min", s.returns.min),
            ("return_max", s.returns.max),
            ("return_median", s.returns.median),
            ("length_mean", s.lengths.mean),
            ("length_std_pop", s.lengths.std_pop),
        ];
        for (key, got) in close {
            let want = want[key].as_f64().unwrap();
            // The same float64 rewards summed in another order.
            assert!((got - want).abs() <= 1e-9 * want.abs().max(1.0), "{id}: {key} is {got}, not {want}");
        }
        compared += 1;
    }
    println!("{compared} Minari folders agree with datasets.json");
    assert!(compared >= 5);
}

/// Compares mean, std, min and max of every dimension; how many numbers they were.
fn compare_moments(what: &str, moments: &[summary::Moments], want: &serde_json::Value, tolerance: f64) -> usize {
    let list = |key: &str| -> Vec<f64> { want[key].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect() };
    let (mean, std, min, max) = (list("mean"), list("std"), list("min"), list("max"));
    assert_eq!(moments.len(), mean.len(), "{what}");
    for (d, m) in moments.iter().enumerate() {
        for (got, want) in [(m.mean, mean[d]), (m.std, std[d]), (m.min, min[d]), (m.max, max[d])] {
            let gap = (got - want).abs();
            assert!(gap <= tolerance * want.abs().max(m.std), "{what}: {} has {got}, not {want}", m.name);
        }
    }
    4 * moments.len()
}

#[test]
fn statistics_equal_the_oracles() {
    let Some(root) = reference() else { return };
    let (mut sets, mut numbers) = (0, 0);
    for entry in std::fs::read_dir(root.join("oracles")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "json") {
            continue;
        }
        let json: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        for (id, want) in json["datasets"].as_object().into_iter().flatten() {
            let folder = root.join("data/minari").join(id);
            if !folder.join("data/main_data.hdf5").is_file() {
                continue;
            }
            let data = open(&folder);
            let s = summary::summary(&data, &all(&data));
            // Pendulum: the same float32 values summed in another order. The others are stored as float64 and read as
            // float32, which rounds each value by up to 6e-8 of itself.
            let tolerance = if id.starts_with("pendulum") { 1e-9 } else { 2e-7 };
            numbers += compare_moments(&format!("{id} observations"), &s.obs, &want["dim"], tolerance);
            numbers += compare_moments(&format!("{id} actions"), &s.actions, &want["actions"], tolerance);
            sets += 1;
        }
    }
    println!("{numbers} moments of {sets} datasets agree with the oracles");
    assert!(sets >= 5);
}

#[test]
fn dictionaries_are_flattened_in_alphabetical_order_with_names() {
    let Some(root) = reference() else { return };
    let data = open(&root.join("data/minari/pointmaze/expert-v0"));
    // achieved_goal, desired_goal, observation, by the names of the environment.
    let names = ["achieved goal x", "achieved goal y", "desired goal x", "desired goal y", "x", "y"];
    assert_eq!(data.obs_space.names[..6], names);
    assert_eq!((data.obs_dim(), data.action_dim()), (8, 2));
    // achieved_goal is the position that observation starts with.
    for t in 0..20 {
        let row = data.episode(3).obs_at(t);
        assert_eq!(row[..2], row[4..6]);
    }
    assert_eq!(data.action_space.bounds(1), Some((-1.0, 1.0)));
}

/// Rollouts that the imitation library itself published; what is in them was read with numpy.
#[test]
fn rollouts_of_the_imitation_library_hold_what_numpy_finds_in_them() {
    let Some(root) = reference() else { return };
    let text = std::fs::read_to_string(root.join("imitation/expected.json")).unwrap();
    let want: serde_json::Value = serde_json::from_str(&text).unwrap();
    let data = open(&root.join("imitation/pendulum_0-rollouts.npz"));
    assert_eq!((data.obs_dim(), data.action_dim(), data.num_steps()), (3, 1, 11_200));
    for (i, (length, ret)) in
        want["lengths"].as_array().unwrap().iter().zip(want["returns"].as_array().unwrap()).enumerate()
    {
        let e = data.episode(i);
        assert_eq!((e.steps() as u64, e.span.obs_rows), (length.as_u64().unwrap(), e.steps() + 1));
        // The rewards are f32 in the file, and summed in f64 by both.
        assert!((e.ret() - ret.as_f64().unwrap()).abs() < 1e-3, "episode {i}");
        assert_eq!(e.span.terminated, want["terminal"][i].as_bool().unwrap());
    }
    assert!(data.origin.rules.iter().any(|r| r.contains("infos (holds Python objects")), "{:?}", data.origin.rules);
}

#[test]
fn the_arrow_storage_holds_what_its_metadata_say() {
    let Some(root) = reference() else { return };
    let folder = root.join("data/minari/pendulum/mixed-v0");
    let meta = std::fs::read_to_string(folder.join("data/metadata.json")).unwrap();
    let meta: serde_json::Value = serde_json::from_str(&meta).unwrap();
    assert_eq!(meta["data_format"], "arrow");
    let data = open(&folder);
    assert_eq!(data.num_episodes() as u64, meta["total_episodes"].as_u64().unwrap());
    assert_eq!(data.num_steps() as u64, meta["total_steps"].as_u64().unwrap());
}

#[test]
fn the_export_of_a_minari_dataset_holds_the_same_numbers() {
    let Some(root) = reference() else { return };
    let pairs = [("pendulum/expert-v0", "pendulum-expert-v0"), ("cartpole/random-v0", "cartpole-random-v0")];
    for (id, export) in pairs {
        let minari = open(&root.join("data/minari").join(id));
        let d4rl = open(&root.join("data/exports").join(format!("{export}.d4rl.hdf5")));
        assert_eq!(d4rl.origin.env_id, None, "{export}: the file does not name its environment");
        let (a, b) = (minari.transitions(&all(&minari)), d4rl.transitions(&all(&d4rl)));
        assert_eq!((a.len(), &a.obs, &a.action), (b.len(), &b.obs, &b.action), "{id}");
        assert_eq!((&a.next_obs, &a.terminated, &a.truncated), (&b.next_obs, &b.terminated, &b.truncated), "{id}");
        assert_eq!((&a.reward, &a.episode, &a.step), (&b.reward, &b.episode, &b.step), "{id}");
    }
}

#[test]
fn odd_types_and_filters_give_the_numbers_of_the_plain_file() {
    let folders: Vec<PathBuf> = folders().map(|r| r.join("broken")).collect();
    let file = |name: &str| folders.iter().map(|f| f.join(name)).find(|f| f.is_file());
    let plain = open(&file("ok_small.hdf5").unwrap());
    let mut compared = 0;
    // Largest difference of an observation: float16 keeps 11 bits of values up to 2.
    let others = [
        ("d4rl_bigendian.hdf5", 0.0),
        ("d4rl_float64.hdf5", 1e-7),
        ("d4rl_filters_fletcher.hdf5", 0.0),
        ("d4rl_filters_lzf_shuffle.hdf5", 0.0),
        ("d4rl_rewards_2d.hdf5", 0.0),
        ("d4rl_float_terminals.hdf5", 0.0),
        ("d4rl_float16.hdf5", 5e-3),
    ];
    for (name, tolerance) in others {
        let Some(path) = file(name) else { continue };
        let data = open(&path);
        assert_eq!(data.spans(), plain.spans(), "{name}");
        for i in 0..data.num_episodes() {
            let (a, b) = (data.episode(i).obs, plain.episode(i).obs);
            let gap = a.iter().zip(b).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
            assert!(gap <= tolerance, "{name}: {gap}");
        }
        compared += 1;
    }
    assert!(compared >= 3, "only {compared} files");
}

/// A small generator, so that a failing round can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }

    /// A few bytes changed, most of them near the start where headers lie; sometimes the end cut off.
    fn mutate(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut mutated = bytes.to_vec();
        let near = if self.below(3) == 0 { bytes.len() } else { bytes.len().min(4096) };
        for _ in 0..=self.below(8) {
            let at = self.below(near);
            mutated[at] = [0, 0xff, 0x7f, self.below(256) as u8][self.below(4)];
        }
        if self.below(10) == 0 {
            mutated.truncate(self.below(bytes.len()));
        }
        mutated
    }
}

/// `OODSCOPE_MUTATIONS` sets the rounds a file, for a long run by hand.
#[test]
fn mutated_files_never_panic_hang_or_lie() {
    let rounds = std::env::var("OODSCOPE_MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(100);
    let folder = folders().map(|r| r.join("broken")).find(|f| f.is_dir()).unwrap();
    let names = [
        "ok_small.hdf5",
        "d4rl_float16.hdf5",
        "d4rl_filters_lzf_shuffle.hdf5",
        "minari_total_lies/data/main_data.hdf5",
    ];
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("main_data.hdf5");
    std::fs::write(dir.path().join("metadata.json"), r#"{"total_episodes": 2, "total_steps": 20}"#).unwrap();
    for (seed, name) in names.into_iter().enumerate() {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let mut random = Random(seed as u64);
        let (mut opened, mut slowest) = (0, Duration::ZERO);
        for round in 0..rounds {
            std::fs::write(&path, random.mutate(&bytes)).unwrap();
            let start = Instant::now();
            let result = catch_unwind(AssertUnwindSafe(|| format::open(&path, None, &Ctx::quiet())));
            slowest = slowest.max(start.elapsed());
            match result.unwrap_or_else(|_| panic!("{name}: round {round} panicked")) {
                Ok(data) => {
                    assert!(data.num_steps() > 0);
                    opened += 1;
                }
                Err(e) => assert!(e.to_string().contains("main_data.hdf5") && !e.to_string().contains('\n'), "{e}"),
            }
            assert!(slowest < Duration::from_secs(5), "{name}: round {round} took {slowest:?}");
        }
        println!("{name}: {opened} of {rounds} mutated files opened, the slowest took {slowest:.1?}");
    }
}

#[test]
fn a_cancelled_opening_stops() {
    let source = folders().map(|r| r.join("broken/ok_small.hdf5")).find(|f| f.is_file()).unwrap();
    let cancel = Cancel::default();
    cancel.cancel();
    let error = format::open(&source, None, &Ctx::new(cancel, |_| {})).unwrap_err();
    assert_eq!(error.to_string(), "cancelled");
}

#[test]
fn an_unknown_format_name_lists_the_known_ones() {
    let source = folders().map(|r| r.join("broken/ok_small.hdf5")).find(|f| f.is_file()).unwrap();
    let text = format::open(&source, Some("tfrecord"), &Ctx::quiet()).unwrap_err().to_string();
    let known = format::FORMATS.iter().map(|f| f.name()).collect::<Vec<_>>().join(", ");
    assert!(text.contains("no format is called 'tfrecord'") && text.contains(&known), "{text}");
    assert!(format::open(&source, Some("d4rl"), &Ctx::quiet()).is_ok());
    let text = format::open(&source, Some("minari"), &Ctx::quiet()).unwrap_err().to_string();
    assert!(text.contains("no Minari dataset"), "{text}");
    let text = format::open(Path::new("no/such\u{1b}[31m"), None, &Ctx::quiet()).unwrap_err().to_string();
    assert!(text.contains("no such file") && !text.contains('\u{1b}'), "{text}");
}
