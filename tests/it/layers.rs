//! The house rules, read from the source: an arrow never turns back, one heavy dependency per room, small files.

use std::fs;
use std::path::{Path, PathBuf};

/// What each room may look into, beside itself.
const ROOMS: &[(&str, &[&str])] = &[
    ("ground", &[]),
    ("data", &["ground"]),
    ("format", &["ground", "data"]),
    ("env", &["ground", "data"]),
    ("metrics", &["ground"]),
    ("world", &["ground", "data"]),
    ("agent", &["ground", "data", "env", "world"]),
    ("checkpoint", &["ground", "data", "world", "agent"]),
    ("topup", &["ground", "data", "format", "env", "metrics", "world", "agent", "checkpoint"]),
    ("engine", &["ground", "data", "format", "env", "metrics", "world", "agent", "checkpoint", "topup"]),
    ("ui", &["ground", "data", "metrics", "engine"]),
    ("export", &["ground", "data", "metrics", "engine"]),
    ("cli", &["ground", "data", "format", "env", "metrics", "agent", "topup", "engine", "ui", "export"]),
];

/// Heavy dependencies and the only places that may name them.
const HEAVY: &[(&[&str], &[&str])] = &[
    (&["hdf5_reader"], &["src/format/"]),
    (&["hdf5_pure", "rust_hdf5"], &["src/format/"]),
    (&["polars_core", "polars_io", "polars_lazy", "polars_sql"], &["src/format/", "src/data/table"]),
    (&["fs4", "object_store", "polars_utils"], &["src/format/remote/"]),
    (&["burn", "burn_optim"], &["src/world/", "src/agent/learner"]),
    (&["gemm"], &["src/world/net/matmul.rs"]),
    (&["pulp"], &["src/metrics/neighbors"]),
    (&["ratatui", "crossterm"], &["src/ui"]),
    (&["clap", "ctrlc"], &["src/cli"]),
    (&["kdtree"], &["src/metrics/"]),
    (&["nalgebra"], &["src/metrics/", "src/data/audit/"]),
    (&["safetensors"], &["src/checkpoint"]),
    (&["zip"], &["src/checkpoint", "src/format/npz"]),
];

/// Longest file of the house.
const LINES: usize = 400;

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("src")];
    let mut files: Vec<PathBuf> = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    let name = |p: &Path| p.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
    files.iter().map(|p| (name(p), fs::read_to_string(p).unwrap())).collect()
}

/// Lines of code with their numbers: no comments, no docs.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(n, l)| (n + 1, l.split("//").next().unwrap_or_default()))
}

/// The room of `src/room.rs` or `src/room/…`; nothing for `src/lib.rs` and `src/main.rs`.
fn room(file: &str) -> Option<&str> {
    let inner = file.strip_prefix("src/")?;
    let name = inner.split('/').next()?.trim_end_matches(".rs");
    (name != "lib" && name != "main").then_some(name)
}

/// Rooms named by `crate::…` in a line, also in `use crate::{a, b::c}`.
fn named(line: &str) -> Vec<&str> {
    let word = |s: &str| s.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(s.len());
    let mut out = Vec::new();
    for rest in line.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            None => out.push(&rest[..word(rest)]),
            Some(list) => {
                let mut depth = 0;
                for (i, c) in list.char_indices() {
                    let begins = i == 0 || list[..i].trim_end().ends_with(',');
                    if depth == 0 && begins && c.is_alphabetic() {
                        out.push(&list[i..i + word(&list[i..])]);
                    }
                    depth += i32::from(c == '{') - i32::from(c == '}');
                }
            }
        }
    }
    out
}

#[test]
fn an_arrow_never_turns_back() {
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        let Some(room) = room(&file) else { continue };
        let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
            panic!("{file}: the room '{room}' has no place among the layers; give it one in tests/it/layers.rs");
        };
        for (n, line) in code(&text) {
            for other in named(line) {
                let is_room = ROOMS.iter().any(|(name, _)| *name == other);
                if is_room && other != room && !allowed.contains(&other) {
                    wrong.push(format!("{file}:{n}: {room} must not know {other}: {}", line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn heavy_dependencies_stay_in_their_rooms() {
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        for (names, places) in HEAVY {
            if places.iter().any(|place| file.starts_with(place)) {
                continue;
            }
            for (n, line) in code(&text) {
                let line = line.trim();
                let uses = |name: &&&str| {
                    let path = format!("{name}::");
                    line.match_indices(&path)
                        .any(|(i, _)| !line[..i].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'))
                        || line.starts_with(&format!("use {name}"))
                };
                if let Some(name) = names.iter().find(uses) {
                    wrong.push(format!("{file}:{n}: {name} belongs to {}: {line}", places.join(", ")));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_are_small_and_no_drawer_is_for_odds_and_ends() {
    for (file, text) in sources() {
        let lines = text.lines().count();
        assert!(lines <= LINES, "{file} has {lines} lines; split it into jobs ({LINES} at most)");
        let name = file.rsplit('/').next().unwrap().trim_end_matches(".rs");
        assert!(
            !["util", "utils", "helper", "helpers", "common", "misc", "mod"].contains(&name),
            "{file}: name the job"
        );
    }
}

#[test]
fn the_test_itself_sees_what_it_should() {
    assert_eq!(named("use crate::data::split::Split;"), ["data"]);
    assert_eq!(named("pub(crate) fn a(x: crate::ui::App, y: &crate::env::Step)"), ["ui", "env"]);
    assert_eq!(
        named(
            "use crate::engine::{self, job};
use crate::ground::task;"
        ),
        ["engine", "task"]
    );
    assert_eq!(room("src/cli/text/chart.rs"), Some("cli"));
    assert_eq!(room("src/data.rs"), Some("data"));
    assert_eq!(room("src/lib.rs"), None);
    assert_eq!(code("a // crate::ui\n/// crate::ui").map(|(_, l)| l).collect::<String>(), "a ");
}
