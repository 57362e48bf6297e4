//! How long datasets take to open: `cargo bench --bench open -- FILE…`. Prints times, asserts nothing about them.

use std::path::Path;
use std::time::Instant;

use oodscope::data::{fingerprint, summary};
use oodscope::format;
use oodscope::ground::task::Ctx;

fn main() {
    let files: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    if files.is_empty() {
        println!("open: no file given; name datasets after `--`");
    }
    for file in files {
        let start = Instant::now();
        let data = match format::open(Path::new(&file), None, &Ctx::quiet()) {
            Ok(data) => data,
            Err(e) => {
                println!("{e}");
                continue;
            }
        };
        let opened = start.elapsed();
        let all: Vec<usize> = (0..data.num_episodes()).collect();
        let start = Instant::now();
        let summary = summary::summary(&data, &all);
        let counted = start.elapsed();
        let start = Instant::now();
        let print = fingerprint::fingerprint(&data);
        let hashed = start.elapsed();
        let megabytes = (data.num_steps() * (2 * data.obs_dim() + data.action_dim() + 1) * 4) as f64 / 1e6;
        println!(
            "{file}: {} steps in {} episodes; open {opened:.2?} ({:.0} MB/s of columns), statistics {counted:.2?}, \
             fingerprint {hashed:.2?} ({}…); {} warnings",
            summary.transitions,
            summary.episodes,
            megabytes / opened.as_secs_f64(),
            &print[..8],
            data.origin.warnings.len()
        );
    }
}
