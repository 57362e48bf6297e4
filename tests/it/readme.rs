//! The README says what is true: its key table is the program's, and what it names is there.

use std::path::Path;

fn readme() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

#[test]
fn the_table_of_keys_is_the_programs_own() {
    let (readme, table) = (readme(), oodscope::ui::bindings::markdown());
    assert!(readme.contains(&table), "put this table into README.md, section Keys:\n{table}");
}

#[test]
fn every_sub_command_and_format_is_named() {
    let readme = readme();
    for command in [
        "report",
        "audit",
        "inspect",
        "coverage",
        "compare",
        "score",
        "fit",
        "imagine",
        "diagnose",
        "topup",
        "envs",
        "runs",
        "episodes",
        "collect",
        "convert",
        "combine",
        "split",
        "shot",
        "completions",
        "man",
    ] {
        assert!(readme.contains(&format!("`oodscope {command}")), "{command}");
    }
    for format in oodscope::format::FORMATS {
        assert!(readme.contains(&format!("`{}`", format.name())), "{}", format.name());
    }
    for layout in oodscope::checkpoint::CHECKPOINTS {
        assert!(readme.contains(&format!("`{}`", layout.name())), "{}", layout.name());
    }
}

#[test]
fn datasets_that_it_names_ship() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in ["datasets/pendulum/narrow-v0", "datasets/pendulum/mixed-v0"] {
        assert!(readme().contains(name) && root.join(name).is_dir(), "{name}");
    }
}
