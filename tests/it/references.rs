//! One harness for all references: `cargo test references` walks what it finds under the folder named by
//! `OODSCOPE_REFERENCE` (default `../shared/reference`) and under `tests/reference`, by content and not by name, and
//! says per file whether oodscope *agrees*, *differs by …* or does *not support it yet*. A file that is supported and
//! differs fails the test; what is not supported yet is listed and counted.

mod broken;
mod data;
mod envs;
mod formats;
mod model;

use std::path::{Path, PathBuf};

/// What became of one reference file or one entry of it.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// Every compared number is within its tolerance; says what was compared.
    Agrees(String),
    /// A number is off; says which and by how much.
    Differs(String),
    /// Nothing in oodscope reads or computes this yet; says what is missing.
    Unsupported(String),
}

/// A verdict and what it is about ("data-pendulum-expert.json: compare/pendulum/random-v0").
pub type Finding = (String, Verdict);

/// Folders to walk: the one asked for, and the small subset that ships.
pub fn roots() -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let asked = std::env::var_os("OODSCOPE_REFERENCE").map_or_else(|| here.join("../shared/reference"), PathBuf::from);
    let mut roots = vec![here.join("tests/reference")];
    if asked.is_dir() {
        roots.push(asked);
    } else {
        println!("references: no folder {}, only what ships is compared", asked.display());
    }
    roots
}

/// JSON files directly inside `root/sub`.
fn json_files(root: &Path, sub: &str) -> Vec<(PathBuf, serde_json::Value)> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(root.join(sub))
        .into_iter()
        .flatten()
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(|p| p.extension().is_some_and(|e| e == "json"))
        .collect();
    files.sort();
    files
        .into_iter()
        .filter_map(|p| {
            let text = std::fs::read_to_string(&p).ok()?;
            Some((p, serde_json::from_str(&text).ok()?))
        })
        .collect()
}

/// Asks the comparer that the content of the file calls for.
fn compare(root: &Path, path: &Path, json: &serde_json::Value) -> Option<Vec<Finding>> {
    let has = |key: &str| json.get(key).is_some();
    if has("reference") && has("compare") && has("datasets") {
        Some(data::compare(root, path, json))
    } else if has("model") && has("sets") {
        Some(model::compare(root, path, json))
    } else if has("env") && has("episodes") {
        Some(envs::compare(root, path, json))
    } else if json.as_object()?.values().all(|v| v.get("transitions").is_some() && v.get("obs_mean").is_some()) {
        Some(formats::compare(root, path, json))
    } else if json.as_object()?.values().all(|v| v.get("expect").is_some()) {
        Some(broken::compare(root, path, json))
    } else {
        None
    }
}

#[test]
fn references() {
    let mut findings = Vec::new();
    for root in roots() {
        for sub in ["oracles", "env_traces", "broken"] {
            for (path, json) in json_files(&root, sub) {
                match compare(&root, &path, &json) {
                    Some(more) => findings.extend(more),
                    None => findings.push((
                        path.display().to_string(),
                        Verdict::Unsupported("the content is of no kind that the harness knows".into()),
                    )),
                }
            }
        }
    }
    let mut counts = [0usize; 3];
    for (what, verdict) in &findings {
        match verdict {
            Verdict::Agrees(how) => {
                counts[0] += 1;
                println!("agrees             {what}: {how}");
            }
            Verdict::Differs(how) => {
                counts[1] += 1;
                println!("DIFFERS            {what}: {how}");
            }
            Verdict::Unsupported(what_is_missing) => {
                counts[2] += 1;
                println!("not supported yet  {what}: {what_is_missing}");
            }
        }
    }
    println!("references: {} agree, {} differ, {} not supported yet", counts[0], counts[1], counts[2]);
    assert_eq!(counts[1], 0, "a supported reference differs: see the lines above");
}
