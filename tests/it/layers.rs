//! The house rules, read from the source: an arrow never turns back and files stand in no ring, one heavy dependency per
//! room, small files. The arrows are the list in `src/lib.rs`.

use std::fs;
use std::path::{Path, PathBuf};

mod graph;

use graph::{Crate, parent_and_child, rings};

/// The rooms as `src/lib.rs` lists them: name, and the rooms that it may know beside itself.
fn rooms() -> Vec<(String, Vec<String>)> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let list = text.lines().filter_map(|l| l.strip_prefix("//! ")).filter(|l| l.split(" | ").count() == 3);
    list.map(|line| {
        let mut columns = line.split('|').map(str::trim);
        let name = columns.next().unwrap_or_default().to_owned();
        (name, columns.next().unwrap_or_default().split_whitespace().map(String::from).collect())
    })
    .collect()
}

/// The only ring that may be: what a pickle may name and the machine that it is named to.
const ALLOWED_RING: [&str; 2] = ["src/checkpoint/pickle/globals.rs", "src/checkpoint/pickle/machine.rs"];

/// Heavy dependencies and the only places that may name them.
const HEAVY: &[(&[&str], &[&str])] = &[
    (&["hdf5_reader"], &["src/format/"]),
    (&["hdf5_pure", "rust_hdf5"], &["src/format/"]),
    (&["polars_core", "polars_io"], &["src/format/", "src/data/table"]),
    (&["fs4", "object_store", "polars_utils"], &["src/format/remote/"]),
    (&["burn", "burn_optim"], &["src/world/", "src/agent/learner"]),
    (&["chacha20"], &["src/ground/"]),
    (&["gemm"], &["src/world/net/matmul.rs"]),
    (&["plotters"], &["src/export/"]),
    (&["pulp"], &["src/metrics/neighbors", "src/world/net"]),
    (&["ratatui", "crossterm"], &["src/ui"]),
    (&["clap", "ctrlc"], &["src/cli"]),
    (&["kdtree"], &["src/metrics/"]),
    (&["nalgebra"], &["src/metrics/", "src/data/audit/"]),
    (&["rten"], &["src/checkpoint/onnx"]),
    (&["safetensors"], &["src/checkpoint"]),
    (&["saphyr_parser"], &["src/checkpoint/yaml.rs"]),
    (&["sqlparser"], &["src/data/condition"]),
    (&["ttf_parser"], &["src/picture/font.rs"]),
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
fn the_map_is_of_this_house() {
    let rooms = rooms();
    let mut seen: Vec<&str> = Vec::new();
    for (name, knows) in &rooms {
        for other in knows {
            assert!(
                seen.contains(&other.as_str()),
                "src/lib.rs: {name} knows {other}, which is not above it in the list"
            );
        }
        seen.push(name);
    }
    let sources = sources();
    let mut found: Vec<&str> = sources.iter().filter_map(|(file, _)| room(file)).collect();
    found.dedup();
    seen.sort_unstable();
    assert_eq!(seen, found, "the rooms that src/lib.rs lists, and those that there are");
}

#[test]
fn an_arrow_never_turns_back() {
    let (rooms, mut wrong) = (rooms(), Vec::new());
    for (file, text) in sources() {
        let Some(room) = room(&file) else { continue };
        let Some((_, allowed)) = rooms.iter().find(|(name, _)| name == room) else {
            panic!("{file}: the room '{room}' has no place among the layers; give it one in src/lib.rs");
        };
        for (n, line) in code(&text) {
            for other in named(line) {
                let is_room = rooms.iter().any(|(name, _)| name == other);
                if is_room && other != room && !allowed.iter().any(|a| a == other) {
                    wrong.push(format!("{file}:{n}: {room} must not know {other}: {}", line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_stand_in_no_ring() {
    let sources = sources();
    let mut arrows = Crate::new(&sources).arrows();
    for (file, to) in &mut arrows {
        to.retain(|other| !parent_and_child(file, other));
    }
    let mut wrong = Vec::new();
    for ring in rings(&arrows).iter().filter(|ring| **ring != ALLOWED_RING) {
        let inner = |f: &str| arrows[f].iter().filter(|o| ring.contains(o)).copied().collect::<Vec<_>>().join(", ");
        wrong.extend(ring.iter().map(|f| format!("{f} names {}", inner(f))));
        wrong.push(String::from("is a ring"));
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
    assert_eq!(named("use crate::{engine::{self, job}, ground::task};"), ["engine", "ground"]);
    assert_eq!(room("src/cli/text/chart.rs"), Some("cli"));
    assert_eq!(room("src/data.rs"), Some("data"));
    assert_eq!(room("src/lib.rs"), None);
    assert_eq!(code("a // crate::ui\n/// crate::ui").map(|(_, l)| l).collect::<String>(), "a ");
}

#[test]
fn paths_are_resolved_to_files() {
    let given = [
        ("src/lib.rs", "pub mod a;\npub mod b;"),
        ("src/a.rs", "mod x; mod y;\npub use y::Name;\nmod tests { use super::x; }"),
        ("src/a/x.rs", "use super::{Name, y as other};\nfn f() -> crate::b::Thing { \"crate::a::y\" }"),
        ("src/a/y.rs", "// super::x\n/// [`super::x`]\nuse std::{fs, io::{self, Read}};\npub struct Name;"),
        ("src/b.rs", "pub use crate::a::Name as Thing;\nmod tests { use super::*; use crate::a::x; }"),
    ];
    let sources: Vec<(String, String)> = given.map(|(file, text)| (file.to_owned(), text.to_owned())).to_vec();
    let arrows = Crate::new(&sources).arrows();
    let to = |file: &str| arrows[file].iter().copied().collect::<Vec<_>>();
    // A name that is passed on comes from where it is declared.
    assert_eq!(to("src/a/x.rs"), ["src/a/y.rs"]);
    assert_eq!(to("src/a/y.rs"), Vec::<&str>::new());
    assert_eq!(to("src/a.rs"), ["src/a/x.rs", "src/a/y.rs"]);
    assert_eq!(to("src/b.rs"), ["src/a/x.rs", "src/a/y.rs"]);
    assert_eq!(rings(&arrows), Vec::<Vec<&str>>::new());
    assert_eq!(graph::flat("a::{b::{self, c as d}, e}").into_iter().map(|p| p.1).collect::<Vec<_>>(), ["b", "d", "e"]);
    assert_eq!(graph::bare("a('\"', 'x', '\\'', \"b // c\", r#\"d\"#) // e"), "a(, , , \"\", ) ");
}

#[test]
fn a_ring_is_seen() {
    let given = [
        ("src/lib.rs", "mod a;"),
        ("src/a.rs", "mod x; mod y; mod z;"),
        ("src/a/x.rs", "use super::y::Y;"),
        ("src/a/y.rs", "fn f() { super::z::g() }"),
        ("src/a/z.rs", "use crate::a::x::{X};"),
    ];
    let sources: Vec<(String, String)> = given.map(|(file, text)| (file.to_owned(), text.to_owned())).to_vec();
    assert_eq!(rings(&Crate::new(&sources).arrows()), [["src/a/x.rs", "src/a/y.rs", "src/a/z.rs"]]);
}
