//! One harness for all references: `cargo test references` walks what it finds under the folder named by
//! `OODSCOPE_REFERENCE` (default `../shared/reference`) and under `tests/reference`, by content and not by name, and
//! says per file whether oodscope *agrees*, *differs by …* or does *not support it yet*. A file that is supported and
//! differs fails the test; what is not supported yet is listed and counted. So does a harness that finds or compares too
//! little: [`minimum`] says how much there is of each kind.

mod broken;
mod data;
mod envs;
mod formats;
mod minimum;
mod model;
mod policies;

use std::path::{Path, PathBuf};

/// What became of one reference file or one entry of it.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// Every compared number is within its tolerance; says how many there are and what was compared.
    Agrees(usize, String),
    /// A number is off; says which and by how much.
    Differs(String),
    /// Nothing in oodscope reads or computes this yet; says what is missing.
    Unsupported(String),
}

/// A verdict and what it is about ("data-pendulum-expert.json: compare/pendulum/random-v0").
pub type Finding = (String, Verdict);

/// What a file of references is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Numbers of datasets.
    Data,
    /// Outputs of world models.
    Model,
    /// The same data in other formats.
    Formats,
    /// Files that are not what they should be.
    Broken,
    /// Steps of environments.
    Environments,
    /// Actions of policies.
    Policies,
}

/// Where references lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The small subset that ships.
    Shipped,
    /// The reference data beside the project.
    Beside,
    /// A folder of the user's own.
    Own,
}

/// Folders to walk: the small subset that ships, and the one asked for.
///
/// # Panics
/// If `OODSCOPE_REFERENCE` names a folder that is not there.
pub fn roots() -> Vec<(Place, PathBuf)> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let beside = here.join("../shared/reference");
    let mut roots = vec![(Place::Shipped, here.join("tests/reference"))];
    if let Some(asked) = std::env::var_os("OODSCOPE_REFERENCE").map(PathBuf::from) {
        assert!(asked.is_dir(), "OODSCOPE_REFERENCE names {}, which is no folder", asked.display());
        let same = asked.join("make/requirements.txt").is_file();
        roots.push((if same { Place::Beside } else { Place::Own }, asked));
    } else if beside.is_dir() {
        roots.push((Place::Beside, beside));
    } else {
        println!("references: no folder {}, only what ships is compared", beside.display());
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
fn compare(root: &Path, path: &Path, json: &serde_json::Value) -> Option<(Kind, Vec<Finding>)> {
    let has = |key: &str| json.get(key).is_some();
    if has("reference") && has("compare") && has("datasets") {
        Some((Kind::Data, data::compare(root, path, json)))
    } else if has("model") && has("sets") {
        Some((Kind::Model, model::compare(root, path, json)))
    } else if has("policies") {
        Some((Kind::Policies, policies::compare(path, json)))
    } else if has("env") && has("episodes") {
        Some((Kind::Environments, envs::compare(root, path, json)))
    } else if json.as_object()?.values().all(|v| v.get("transitions").is_some() && v.get("obs_mean").is_some()) {
        Some((Kind::Formats, formats::compare(root, path, json)))
    } else if json.as_object()?.values().all(|v| v.get("expect").is_some()) {
        Some((Kind::Broken, broken::compare(root, path, json)))
    } else {
        None
    }
}

#[test]
fn references() {
    let mut findings = Vec::new();
    let mut tally = minimum::Tally::default();
    for (place, root) in roots() {
        tally.begin(place);
        for sub in ["oracles", "env_traces", "broken", "sb3_zoo", "policies"] {
            for (path, json) in json_files(&root, sub) {
                if let Some((kind, more)) = compare(&root, &path, &json) {
                    tally.count(place, kind, &more);
                    findings.extend(more);
                } else {
                    let why = "the content is of no kind that the harness knows";
                    findings.push((path.display().to_string(), Verdict::Unsupported(why.into())));
                }
            }
        }
    }
    let mut counts = [0usize; 3];
    for (what, verdict) in &findings {
        match verdict {
            Verdict::Agrees(_, how) => {
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
    println!("{tally}");
    assert_eq!(counts[1], 0, "a supported reference differs: see the lines above");
    let missing = tally.missing();
    assert!(missing.is_empty(), "the harness found or compared too little:\n{}", missing.join("\n"));
}
