//! The audit on data that are known to be sound: what it says there must be true.

use std::path::{Path, PathBuf};

use oodscope::data::audit::{Severity, audit};
use oodscope::format;
use oodscope::ground::task::Ctx;

/// What is true of the reference data: policies that push to the limit, formats that cannot tell a time limit, maze
/// observations that hold the position twice, and a reward of 1 for every step of a pole that stands.
const TRUE: [&str; 4] = ["saturated", "timeouts-as-terminals", "duplicate-dimensions", "constant-rewards"];

/// Datasets directly inside `folder`, and one folder further down.
fn datasets(folder: &Path, depth: usize) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().filter_map(|e| Some(e.ok()?.path())).collect();
    found.sort();
    match depth {
        0 => found,
        _ => found.iter().filter(|f| f.is_dir()).flat_map(|f| datasets(f, depth - 1)).collect(),
    }
}

#[test]
fn sound_data_raise_no_false_alarm() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let beside = here.join("../shared/reference/data");
    let mut all = datasets(&here.join("datasets"), 1);
    assert!(!all.is_empty());
    if beside.is_dir() {
        all.extend(datasets(&beside.join("minari"), 1));
        all.extend(datasets(&beside.join("exports"), 0));
    } else {
        println!("audit: no folder {}, only what ships is audited", beside.display());
    }
    let (mut wrong, mut n) = (Vec::new(), 0);
    for path in all.iter().filter(|p| !p.ends_with("namespace_metadata.json")) {
        let data = format::open(path, None, &Ctx::quiet()).unwrap();
        let found = audit(&data, &Ctx::quiet()).unwrap();
        n += 1;
        for f in found.findings.iter().filter(|f| !TRUE.contains(&f.rule)) {
            wrong.push(format!("{}: {}: {}", path.display(), f.rule, f.what));
        }
        let errors = found.findings.iter().filter(|f| f.severity == Severity::Error).count();
        assert_eq!(errors, 0, "{}", path.display());
    }
    println!("audit: {n} sound datasets");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
