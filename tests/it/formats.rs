//! Every format, as the real libraries write it (`tests/real_formats.py`): one set of random trajectories, opened from each file
//! and compared number by number. A small set written once is in `tests/reference/formats`; where `OODSCOPE_PYTHON` names
//! a Python with the libraries, a fresh and larger one is written and compared too. The small files are then cut off and
//! changed byte by byte: what is wrong with them must be said, never panicked about.

#![allow(clippy::float_cmp, reason = "files hold the same f32 to the last bit")]

use std::path::{Path, PathBuf};
use std::process::Command;

use chacha20::ChaCha8Rng;
use oodscope::data::dataset::Dataset;
use oodscope::format;
use oodscope::ground::memory::Bytes;
use oodscope::ground::task::Ctx;
use rand::{RngExt, SeedableRng};
use serde_json::Value;

/// Changes of single bytes of each format.
const CHANGES: usize = 2000;
/// Places at which each file is cut.
const CUTS: u64 = 200;

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/formats")
}

fn truth(folder: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder.join("truth.json")).unwrap()).unwrap()
}

fn numbers(v: &Value) -> Vec<f32> {
    match v {
        Value::Array(rows) => rows.iter().flat_map(numbers).collect(),
        other => vec![other.as_f64().unwrap() as f32],
    }
}

/// Holds a dataset against the trajectories that it was written from.
fn compare(name: &str, data: &Dataset, truth: &Value, holds: &Value) {
    let episodes = truth["episodes"].as_array().unwrap();
    // What a file leaves open is told.
    let open = holds["told"] == true;
    let holds = |what: &str| holds[what].as_bool().unwrap();
    assert_eq!(data.num_episodes(), episodes.len(), "{name}");
    for (i, want) in episodes.iter().enumerate() {
        let e = data.episode(i);
        let (obs, rewards) = (numbers(&want["obs"]), numbers(&want["rew"]));
        let rows = rewards.len() + usize::from(holds("last"));
        assert_eq!(e.span.obs_rows, rows, "{name}, episode {i}: observations of {} steps", rewards.len());
        assert_eq!(e.obs, &obs[..rows * 3], "{name}, episode {i}: observations");
        assert_eq!(e.actions, numbers(&want["act"]), "{name}, episode {i}: actions");
        let rewards = if holds("rewards") { rewards } else { vec![0.0; rewards.len()] };
        // CSV writes the shortest decimals of the f32, which are other f64.
        let same = e.rewards.iter().zip(&rewards).all(|(a, b)| (*a as f32) == *b);
        assert!(same && e.rewards.len() == rewards.len(), "{name}, episode {i}: rewards");
        if holds("ends") {
            let ends = ["terminated", "truncated"].map(|key| want[key].as_bool().unwrap());
            assert_eq!([e.span.terminated, e.span.truncated], ends, "{name}, episode {i}: its end");
        }
    }
    assert!(data.episode(0).next_obs.is_none(), "{name}: next observations repeat the following ones");
    assert_eq!(!data.origin.warnings.is_empty(), open, "{name}: {:?}", data.origin.warnings);
    assert!(!data.origin.rules.is_empty(), "{name}: says how it was read");
}

fn compare_all(folder: &Path) -> usize {
    let truth = truth(folder);
    let files = truth["files"].as_object().unwrap();
    for (name, holds) in files {
        let data = format::open(&folder.join(name), None, &Ctx::quiet());
        compare(name, &data.unwrap_or_else(|e| panic!("{name}: {e}")), &truth, holds);
    }
    files.len()
}

#[test]
fn formats_of_the_real_libraries_hold_the_same_episodes() {
    assert!(compare_all(&shipped()) >= 30);
    let Some(python) = std::env::var_os("OODSCOPE_PYTHON") else {
        println!("OODSCOPE_PYTHON is not set: only the small set that ships is compared");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real_formats.py");
    let arguments = ["--episodes", "12", "--seed", "7"];
    let written = Command::new(python).arg(script).arg(folder.path()).args(arguments).output().unwrap();
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    println!("{} datasets written anew are the same", compare_all(folder.path()));
}

/// Every dataset of the small set with the files that it is made of.
fn datasets() -> Vec<(String, Vec<PathBuf>)> {
    fn files(path: &Path, out: &mut Vec<PathBuf>) {
        if path.is_dir() {
            let mut entries: Vec<PathBuf> = std::fs::read_dir(path).unwrap().map(|e| e.unwrap().path()).collect();
            entries.sort();
            for entry in &entries {
                files(entry, out);
            }
        } else {
            out.push(path.to_path_buf());
        }
    }
    let names = truth(&shipped())["files"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let of = |name: String| {
        let mut all = Vec::new();
        files(&shipped().join(&name), &mut all);
        // The map of the columns lies beside its file.
        all.extend(Some(shipped().join(format!("{name}.toml"))).filter(|toml| toml.exists()));
        (name, all)
    };
    names.into_iter().map(of).collect()
}

/// A copy of a dataset; answers the path to open and that of each file.
fn copied(to: &Path, name: &str, files: &[PathBuf]) -> (PathBuf, Vec<PathBuf>) {
    let copies: Vec<PathBuf> = files.iter().map(|f| to.join(f.strip_prefix(shipped()).unwrap())).collect();
    for (from, copy) in files.iter().zip(&copies) {
        std::fs::create_dir_all(copy.parent().unwrap()).unwrap();
        std::fs::copy(from, copy).unwrap();
    }
    (to.join(name), copies)
}

/// Opens it; a sentence that names the file is as good as a dataset.
fn survives(path: &Path, what: &str) {
    let opened = std::panic::catch_unwind(|| format::open(path, None, &Ctx::quiet()).map_err(|e| e.to_string()));
    let Ok(answer) = opened else { panic!("{what}: a panic") };
    if let Err(text) = answer {
        let folder = path.parent().unwrap().display().to_string();
        assert!(text.contains(&folder) && !text.contains('\n') && text.len() > 20, "{what}: {text}");
    }
}

#[test]
fn formats_that_are_cut_off_are_told() {
    for (name, files) in datasets() {
        let folder = tempfile::tempdir().unwrap();
        let (path, copies) = copied(folder.path(), &name, &files);
        for (from, copy) in files.iter().zip(&copies) {
            let bytes = std::fs::read(from).unwrap();
            let step = (bytes.len() as u64).div_ceil(CUTS / files.len().min(CUTS as usize) as u64).max(1);
            for cut in (0..bytes.len() as u64).step_by(step as usize) {
                std::fs::write(copy, &bytes[..cut as usize]).unwrap();
                survives(&path, &format!("{name}: {} cut at {cut}", copy.display()));
            }
            std::fs::write(copy, &bytes).unwrap();
        }
    }
}

#[test]
fn formats_with_a_changed_byte_are_survived() {
    for (name, files) in datasets() {
        let mut rng = ChaCha8Rng::seed_from_u64(11);
        let folder = tempfile::tempdir().unwrap();
        let (path, copies) = copied(folder.path(), &name, &files);
        let contents: Vec<Vec<u8>> = files.iter().map(|f| std::fs::read(f).unwrap()).collect();
        for change in 0..CHANGES {
            let file = rng.random_range(0..files.len());
            let mut bytes = contents[file].clone();
            if bytes.is_empty() {
                continue;
            }
            let at = rng.random_range(0..bytes.len());
            let bits = rng.random_range(1..=255u8);
            bytes[at] ^= bits;
            std::fs::write(&copies[file], &bytes).unwrap();
            survives(&path, &format!("{name}, change {change}: byte {at} of {} by {bits}", copies[file].display()));
            std::fs::write(&copies[file], &contents[file]).unwrap();
        }
    }
}

#[test]
fn a_sample_of_a_format_is_a_part_of_its_whole() {
    let mut sampled = Vec::new();
    for (name, _) in datasets() {
        let (path, cx) = (shipped().join(&name), Ctx::quiet());
        let whole = format::open(&path, None, &cx).unwrap();
        let longest = (0..whole.num_episodes()).map(|i| whole.subset(&[i]).bytes()).max().unwrap();
        let choice = format::Choice::default();
        // Next observations that may have to be kept count too.
        let open = |times: u64| {
            let room = Bytes(longest * times);
            (room, format::open_within(&path, &choice, room, &cx, &|_| {}))
        };
        let tries: Vec<_> = [2, 3, 4].into_iter().map(open).collect();
        let (room, opened) = tries.into_iter().reduce(|a, b| if a.1.is_ok() { a } else { b }).unwrap();
        match opened {
            // So few bytes that the whole fits as soon as a sample does.
            Ok(part) if part.sample.is_none() => assert!(room.0 > 2 * longest, "{name}"),
            Ok(part) => {
                assert!(part.bytes() <= room.0, "{name}: {} of {room}", part.bytes());
                let ids: Vec<usize> = part.spans().iter().map(|s| s.id as usize).collect();
                let places: Vec<usize> =
                    ids.iter().map(|&id| whole.spans().iter().position(|s| s.id as usize == id).unwrap()).collect();
                let wanted = whole.subset(&places);
                assert_eq!(part.states(&(0..ids.len()).collect::<Vec<_>>()).0, {
                    wanted.states(&(0..ids.len()).collect::<Vec<_>>()).0
                });
                assert_eq!((&part.origin.rules, part.spans()), (&wanted.origin.rules, wanted.spans()), "{name}");
                let known = format::scan(&path, &choice, &cx, &|_| {}).unwrap();
                assert_eq!(known.summary.transitions, whole.num_steps(), "{name}");
                sampled.push(name);
            }
            Err(e) => assert!(e.to_string().contains("--memory"), "{name}: {e}"),
        }
    }
    let parts = ["d4rl", "minari", "lerobot", "robomimic", "exorl", "d3rlpy1", "d3rlpy2"]
        .map(|kind| sampled.iter().filter(|n| n.starts_with(kind)).count());
    assert!(parts.iter().all(|n| *n > 0), "{sampled:?}");
    println!("read in parts: {}", sampled.join(", "));
}

#[test]
fn a_format_that_is_deleted_under_its_reader_is_told() {
    for (name, files) in datasets().into_iter().filter(|(_, files)| files.len() > 3) {
        let folder = tempfile::tempdir().unwrap();
        let (path, _) = copied(folder.path(), &name, &files);
        let (start, cx) = (std::time::Instant::now(), Ctx::quiet());
        std::thread::scope(|scope| {
            scope.spawn(|| std::fs::remove_dir_all(&path));
            while path.exists() && start.elapsed() < std::time::Duration::from_secs(10) {
                if let Err(e) = format::open(&path, None, &cx) {
                    assert!(e.to_string().contains(&name), "{e}");
                }
            }
        });
        let gone = format::open(&path, None, &cx).unwrap_err().to_string();
        assert!(gone.contains("no such file or folder"), "{gone}");
    }
}
