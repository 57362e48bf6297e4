//! How long datasets take to load, beside the libraries that users load them with: `cargo bench --bench load -- [FILE…]`.
//!
//! `OODSCOPE_PYTHON` names a Python with numpy, h5py, pyarrow, polars and minari; its script writes the files (into
//! `OODSCOPE_BENCH_FOLDER`, or a temporary folder) and reads them. Prints medians and ratios, the peak of memory over the
//! arrays kept, and how cost grows with the number of transitions. Asserts nothing about times.

mod python;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use oodscope::data::dataset::Dataset;
use oodscope::format;
use oodscope::ground::task::Ctx;
use python::Python;

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SCRIPT: &str = include_str!("load/peers.py");
const REPEATS: usize = 5;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    if let [flag, file] = &args[..]
        && flag == "--peak"
    {
        return peak(Path::new(file));
    }
    let temporary = tempfile::tempdir().ok();
    let folder = std::env::var_os("OODSCOPE_BENCH_FOLDER").map(PathBuf::from);
    let Some(folder) = folder.or_else(|| temporary.as_ref().map(|t| t.path().to_path_buf())) else {
        return println!("no folder to write into");
    };
    let folder_text = folder.display().to_string();
    let chosen: Vec<&str> = args.iter().map(String::as_str).collect();
    let mut names: Vec<String> = Vec::new();
    let made = script(&[&["make", &folder_text], &chosen[..]].concat(), |line| {
        names.extend(line["name"].as_str().map(String::from));
    });
    if let Err(why) = made {
        return println!("load: nothing to read ({why})");
    }
    println!("medians of {REPEATS}, files in the page cache");
    for name in &names {
        one(&folder, name);
    }
}

/// Runs the script and hands over its lines.
fn script(args: &[&str], take: impl FnMut(&serde_json::Value)) -> Result<(), String> {
    let args: Vec<String> = args.iter().map(ToString::to_string).collect();
    Python::start(SCRIPT, &args, |_| Ok(Vec::new()))?.each(take)
}

fn open(path: &Path) -> Option<Dataset> {
    format::open(path, None, &Ctx::quiet()).inspect_err(|e| println!("{e}")).ok()
}

/// Bytes of the arrays that a dataset keeps.
fn kept(data: &Dataset) -> usize {
    let all: Vec<usize> = (0..data.num_episodes()).collect();
    let one = |e: oodscope::data::episode::Episode<'_>| {
        (e.obs.len() + e.actions.len() + e.next_obs.map_or(0, <[f32]>::len)) * 4 + e.rewards.len() * 8
    };
    data.episodes(&all).map(one).sum()
}

fn one(folder: &Path, name: &str) {
    let path = folder.join(name);
    let Some(data) = open(&path) else { return };
    let mut times: Vec<f64> = (0..REPEATS)
        .map(|_| {
            let start = Instant::now();
            let data = open(&path);
            let time = start.elapsed().as_secs_f64();
            drop(data);
            time
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let ours = times[REPEATS / 2];
    let steps = data.num_steps();
    println!(
        "{name}: {steps} steps in {} episodes as {}: {ours:.3} s, {:.0} ns a step, {:.0} MB kept",
        data.num_episodes(),
        data.origin.format,
        ours * 1e9 / steps as f64,
        kept(&data) as f64 / 1e6
    );
    drop(data);
    let folder = folder.display().to_string();
    let peer = script(&["read", &folder, name], |line| {
        let times =
            line["times"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_f64).collect::<Vec<_>>();
        if let Some(theirs) = times.get(times.len() / 2) {
            println!("    {}: {theirs:.3} s = {:.2} x ours", line["peer"].as_str().unwrap_or("peer"), theirs / ours);
        } else if let Some(missing) = line["missing"].as_str() {
            println!("    not measured ({missing})");
        }
    });
    if let Err(why) = peer {
        println!("    peer not measured: {why}");
    }
    // A process of its own.
    let me = std::env::current_exe().ok();
    if let Some(out) = me.and_then(|me| Command::new(me).args(["--peak"]).arg(&path).output().ok()) {
        print!("{}", String::from_utf8_lossy(&out.stdout));
    }
}

/// Largest resident set so far in bytes (Linux).
fn resident() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kb| kb * 1024.0)
}

/// What `path` needed at most over what the program takes once it has opened a dataset of a few steps.
fn peak(path: &Path) {
    let small = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/formats/d4rl.hdf5");
    if open(&small).is_none() {
        return;
    }
    let Some(before) = resident() else { return };
    let Some(data) = open(path) else { return };
    let Some(after) = resident() else { return };
    let kept = kept(&data) as f64;
    println!("    peak of memory {:.2} x the arrays kept", (after - before) / kept);
}
