#![allow(clippy::float_cmp, reason = "copies")]

use polars_core::prelude::Column;
use tempfile::TempDir;

use super::super::frame::tests::{lists, write_parquet};
use super::*;
use crate::data::dataset::Dataset;
use crate::data::space::SpaceKind;
use crate::format::place::Place;
use crate::format::reader::tests::opened;
use crate::ground::fault::Fault;

mod nested;

/// Opens `text` as a file called `name`, with a mapping if there is one.
fn open(name: &str, text: &[u8], mapping: &str) -> Result<Dataset, Fault> {
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join(name);
    std::fs::write(&path, text).expect("written");
    if !mapping.is_empty() {
        std::fs::write(dir.path().join(format!("{name}.toml")), mapping).expect("written");
    }
    opened(&Tabular, &path, &Ctx::quiet())
}

fn table(path: &Path) -> Table {
    let opened = Opened::of(&Place::new(path), &Ctx::quiet()).expect("opens");
    Table::open(opened).expect("opens")
}

fn csv(text: &str) -> Result<Dataset, Fault> {
    open("x.csv", text.as_bytes(), "")
}

fn failure(result: Result<Dataset, Fault>) -> String {
    result.expect_err("refused").to_string()
}

const TABLE: &str = "episode,step,obs_1,obs_0,action,reward,terminated,truncated\n\
    7,0,1,2,0,0.5,0,0\n7,1,3,4,1,0.5,1,0\n9,0,5,6,2,1e-3,0,0\n9,1,7,8,0,-1,False,True\n";

#[test]
fn numbers_of_columns_begin_at_0_or_1_and_none_is_left_out() {
    let of = |columns: &str| failure(csv(&format!("episode,{columns},action\n0,1,1,0\n")));
    assert!(of("obs_2,obs_3").contains("number 0 is not"));
    assert!(of("obs_0,obs_2").contains("number 1 is not"));
    assert!(of("obs_1,obs_3").contains("number 2 is not"));
    assert!(of("obs_1,obs_18446744073709551615").contains("number 2 is not"));
    assert!(of("obs_18446744073709551614,obs_18446744073709551615").contains("number 0 is not"));
}

#[test]
fn episodes_are_runs_of_their_number_and_columns_are_in_the_order_of_theirs() {
    let data = csv(TABLE).expect("opens");
    assert_eq!(data.obs_space.names, ["obs_0", "obs_1"]);
    assert_eq!(data.action_space.kind, SpaceKind::Discrete { n: 3, start: 0 });
    let spans: Vec<_> = data.spans().iter().map(|s| (s.id, s.steps, s.obs_rows, s.terminated, s.truncated)).collect();
    assert_eq!(spans, [(7, 2, 2, true, false), (9, 2, 2, false, true)]);
    assert_eq!((data.episode(1).obs_at(0), data.episode(1).rewards), (&[6.0, 5.0][..], &[0.001, -1.0][..]));
    assert!(data.origin.rules.iter().any(|r| r.contains("no next observations")), "{:?}", data.origin.rules);
    assert_eq!(data.origin.warnings, Vec::<String>::new());
}

#[test]
fn marks_of_other_systems_and_quotes_are_read_as_the_same() {
    let other = format!("\u{feff}{}", TABLE.replace('\n', "\r\n").replace(",0.5,", ",\"0.5\","));
    let (same, plain) = (csv(&other).expect("opens"), csv(TABLE).expect("opens"));
    assert_eq!((&same.obs, &same.rewards, same.spans()), (&plain.obs, &plain.rewards, plain.spans()));
    let semicolons = csv(&TABLE.replace(',', ";")).expect("opens");
    assert_eq!(semicolons.obs, plain.obs);
}

#[test]
fn words_for_no_number_are_counted_by_column() {
    let data = csv("obs_0,obs_1,action,done\n1,nan,0,0\n-inf,,0,0\n1,2,0.5,1\n").expect("opens");
    let warnings = data.origin.warnings.join("; ");
    assert!(warnings.contains("obs_0 (1, first: row 1), obs_1 (2, first: row 0)"), "{warnings}");
    assert!(warnings.contains("'done' does not say why"), "{warnings}");
    assert!(data.origin.rules.iter().any(|r| r.contains("every reward is 0")), "{:?}", data.origin.rules);
    assert!(data.spans()[0].terminated);
}

#[test]
fn faults_of_text_are_named_with_their_line() {
    let text = failure(csv(&TABLE.replace("9,0,5,6,2", "9,0,abc,6,2")));
    assert!(text.contains("x.csv") && text.contains("'obs_1' line 4 is 'abc', not a number"), "{text}");
    let text = failure(csv(&TABLE.replace("7,1,3,4,1,0.5", "7,1,3")));
    assert!(text.contains("line 3 has 5 fields of 8"), "{text}");
    assert!(failure(csv(&TABLE[..=TABLE.find('\n').unwrap()])).contains("is empty"));
    assert!(failure(open("x.csv", &[1, 2, b'\n', 0xff], "")).contains("is binary, not text"));
    assert!(failure(csv("obs,obs,action\n1,2,3\n")).contains("two columns 'obs'"));
    assert!(failure(csv(&TABLE.replace("7,1,3", "7.5,1,3"))).contains("'episode' row 1 is no whole number"));
    assert!(failure(csv(&TABLE.replace("obs_1", "obs_3"))).contains("'obs' number 1 is not"));
    let text = failure(csv("a,b\n1,2\n"));
    assert!(
        text.contains("no column is an observation (the columns are a, b)") && text.contains("x.csv.toml"),
        "{text}"
    );
}

#[test]
fn numbers_of_episodes_and_steps_that_do_not_fit_are_told() {
    let back = "episode,step,obs,action\n0,0,1,1\n1,0,1,1\n0,0,2,1\n";
    let data = csv(back).expect("opens");
    assert!(data.origin.warnings[0].contains("1 times an episode number comes back"), "{:?}", data.origin.warnings);
    assert_eq!(data.spans().iter().map(|s| s.id).collect::<Vec<_>>(), [0, 1, 2]);
    let text = failure(csv("episode,step,obs,action\n0,0,1,1\n1,0,1,1\n0,1,2,1\n"));
    assert!(text.contains("episode 0 goes on at row 2"), "{text}");
    let data = csv("episode,step,obs,action,terminal\n0,0,1,1,0\n0,2,1,1,1\n0,3,2,1,0\n").expect("opens");
    assert!(data.origin.warnings[0].contains("1 rows are flagged"), "{:?}", data.origin.warnings);
    assert!(data.origin.warnings[1].contains("first: row 0"), "{:?}", data.origin.warnings);
    assert_eq!(data.spans().iter().map(|s| (s.steps, s.terminated)).collect::<Vec<_>>(), [(2, true), (1, false)]);
    let data = csv("t,obs,action\n0,1,1\n1,1,1\n0,2,1\n").expect("opens");
    assert!(data.origin.warnings[0].contains("where 'step' begins anew"), "{:?}", data.origin.warnings);
    assert_eq!(data.num_episodes(), 2);
}

#[test]
fn a_mapping_gives_names_and_wrong_ones_are_named() {
    let text = b"pos,vel,force_1,force_0,r\n1,2,3,4,5\n1,2,3,4,5\n";
    let mapping = "observation = [\"vel\", \"pos\"]\naction = \"force_*\"\nreward = \"r\"\n";
    let data = open("x.csv", text, mapping).expect("opens");
    assert_eq!(
        (data.obs_space.names, data.action_space.names),
        (vec!["vel".to_owned(), "pos".into()], vec!["force_0".to_owned(), "force_1".into()])
    );
    assert_eq!(data.rewards, [5.0, 5.0]);
    for (wrong, wanted) in [
        (
            mapping.replace("vel", "speed"),
            "'observation' names column 'speed', which is not there; the columns are pos",
        ),
        (mapping.replace("\"r\"", "\"pos\""), "column 'pos' is given two roles"),
        (mapping.replace("reward", "rewrad"), "'rewrad' is no role"),
        (mapping.replace("\"r\"", "\"force_*\""), "'reward' names 2 columns"),
        ("observation = ".into(), "is no mapping of columns"),
    ] {
        let text = failure(open("x.csv", text, &wrong));
        assert!(text.contains("x.csv.toml") && text.contains(wanted), "{text}");
    }
}

/// Files of two rows each, with next observations.
fn folder(names: &[&str], columns: impl Fn(usize) -> Vec<Column>) -> TempDir {
    let dir = tempfile::tempdir().expect("temporary folder");
    for (i, name) in names.iter().enumerate() {
        write_parquet(&dir.path().join(name), columns(i));
    }
    dir
}

fn part(i: usize) -> Vec<Column> {
    let base = 4.0 * i as f64;
    vec![
        lists("observations", &[base, base + 1.0, base + 2.0, base + 3.0], 2, true),
        Column::new("actions".into(), [0.5f32, 1.5]),
        Column::new("rewards".into(), [1.0, 2.0]),
        lists("next_observations", &[base + 2.0, base + 3.0, 9.0, 9.0], 2, false),
        Column::new("terminals".into(), [false, i == 1]),
        Column::new("note".into(), ["not", "read"]),
    ]
}

#[test]
fn a_folder_of_parquet_files_is_one_table_in_the_order_of_names() {
    // Files are written as 2, 10: the number counts.
    let dir = folder(&["part-10.parquet", "part-2.parquet"], |i| part(1 - i));
    assert!(Tabular.probe(&Place::new(dir.path())));
    let data = opened(&Tabular, dir.path(), &Ctx::quiet()).expect("opens");
    assert_eq!(data.obs_space.names, ["obs[0]", "obs[1]"]);
    assert_eq!(
        data.spans().iter().map(|s| (s.steps, s.obs_rows, s.terminated)).collect::<Vec<_>>(),
        [(2, 3, false), (2, 3, true)]
    );
    assert_eq!(data.obs[..6], [0.0, 1.0, 2.0, 3.0, 9.0, 9.0]);
    assert!(data.origin.rules.iter().any(|r| r == "not read: note"), "{:?}", data.origin.rules);

    let narrow = folder(&["a.parquet", "b.parquet"], |i| if i == 0 { part(0) } else { part(1)[1..].to_vec() });
    let text = failure(opened(&Tabular, narrow.path(), &Ctx::quiet()));
    assert!(text.contains("b.parquet: 'observations' is missing"), "{text}");
}

#[test]
fn only_tables_are_recognised() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let probe = |name: &str, text: &[u8]| {
        std::fs::write(dir.path().join(name), text).expect("written");
        Tabular.probe(&Place::new(&dir.path().join(name)))
    };
    assert!(probe("no_name", TABLE.as_bytes()) && probe("any.csv", b"a,b\n1,2\n"));
    assert!(!probe("README.md", b"# A title, with a comma\n") && !probe("x.csv", &[0, 1, b'\n']));
    assert!(!Tabular.probe(&Place::new(dir.path())), "a folder with no Parquet file");
}

#[test]
fn every_prefix_of_a_table_ends_well() {
    for cut in 0..TABLE.len() {
        let _ = csv(&TABLE[..cut]);
    }
}

/// Rows of eleven episodes in two files, marked in `how` way; `next` adds next observations.
fn marked(dir: &Path, how: &str, next: bool) {
    let lengths = [1usize, 3, 2, 5, 1, 1, 4, 2, 3, 6, 1];
    let rows: Vec<(usize, usize)> =
        lengths.iter().enumerate().flat_map(|(e, &n)| (0..n).map(move |t| (e, t))).collect();
    let ends = |&(e, t): &(usize, usize)| t + 1 == lengths[e];
    for (name, part) in [("a.parquet", &rows[..12]), ("b.parquet", &rows[12..])] {
        let number = |(e, t): &(usize, usize)| (100 * e + t) as f64;
        let column = |name: &str, of: &dyn Fn(&(usize, usize)) -> f64| {
            Column::new(name.into(), part.iter().map(of).collect::<Vec<_>>())
        };
        let whole = |name: &str, of: &dyn Fn(&(usize, usize)) -> i64| {
            Column::new(name.into(), part.iter().map(of).collect::<Vec<_>>())
        };
        let mut columns = vec![
            column("obs_0", &number),
            column("obs_1", &|r| -number(r)),
            whole("action", &|r| (r.0 % 3) as i64),
            column("reward", &|r| 0.5 * number(r)),
        ];
        if how.contains("episode") {
            columns.push(whole("episode", &|r| 40 - r.0 as i64));
        }
        if how.contains("step") {
            columns.push(whole("step", &|r| r.1 as i64));
        }
        if how.contains("flags") {
            columns.push(Column::new(
                "terminated".into(),
                part.iter().map(|r| ends(r) && r.0 % 2 == 0).collect::<Vec<_>>(),
            ));
            columns.push(Column::new(
                "truncated".into(),
                part.iter().map(|r| ends(r) && r.0 % 2 == 1).collect::<Vec<_>>(),
            ));
        }
        if next {
            columns.push(column("next_obs_0", &|r| number(r) + 1.0));
            columns.push(column("next_obs_1", &|r| -number(r) - 1.0));
        }
        write_parquet(&dir.join(name), columns);
    }
}

#[test]
fn parts_of_a_table_are_what_the_whole_has_there() {
    for how in ["episode", "step", "flags", "episode, step, flags", "nothing"] {
        for next in [false, true] {
            let dir = tempfile::tempdir().expect("temporary folder");
            marked(dir.path(), how, next);
            let whole = opened(&Tabular, dir.path(), &Ctx::quiet()).expect("opens");
            assert_eq!(whole.num_episodes(), if how == "nothing" { 2 } else { 11 }, "{how}");
            for window in [1, 2, 5, 100] {
                let table = table(dir.path()).with_window(window);
                let index = table.index(&Ctx::quiet()).expect("reads").expect("has rows");
                let lengths: Vec<usize> = whole.spans().iter().map(|s| s.steps).collect();
                assert_eq!(index.lengths, lengths, "{how} {window}");
                for range in [0..lengths.len(), 1..2, lengths.len() - 1..lengths.len()] {
                    let mut part = table.read(Some(range.clone()), &Ctx::quiet()).expect("reads");
                    table.settle(&mut part);
                    let wanted = whole.subset(&range.collect::<Vec<_>>());
                    assert_eq!(
                        (&part.obs, &part.actions, &part.rewards),
                        (&wanted.obs, &wanted.actions, &wanted.rewards)
                    );
                    assert_eq!((part.spans(), &part.obs_space), (wanted.spans(), &wanted.obs_space), "{how} {window}");
                    assert_eq!(part.origin.rules, wanted.origin.rules, "{how}");
                }
            }
        }
    }
}

#[test]
fn rows_of_an_episode_that_are_not_together_are_refused_in_parts_too() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("x.parquet");
    let columns = [
        ("obs", vec![0i64; 5]),
        ("action", vec![0; 5]),
        ("episode", vec![3, 4, 3, 5, 4]),
        ("step", vec![0, 0, 1, 0, 7]),
    ];
    write_parquet(&path, columns.into_iter().map(|(name, v)| Column::new(name.into(), v)).collect());
    let whole = failure(opened(&Tabular, &path, &Ctx::quiet()));
    assert!(whole.contains("episode 3 goes on at row 2"), "{whole}");
    for window in [1, 2, 3, 5] {
        let table = table(&path).with_window(window);
        assert_eq!(table.index(&Ctx::quiet()).expect_err("refused").to_string(), whole);
    }
}

#[test]
fn parts_of_a_text_are_what_the_whole_has_there() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("x.csv");
    // More than one piece; the actions are whole until the last episode.
    let line = |row: usize| {
        let (end, odd) = (row % 100 == 99, if row > 59_950 { ".5" } else { "" });
        format!("{},{}.25,-{row},{}{odd},{row},{}\n", row / 100, row % 100, row % 3, u8::from(end))
    };
    let text = (0..60_000)
        .map(line)
        .fold("episode,obs_0,obs_1,action,reward,terminated\n".to_owned(), |all, line| all + &line);
    std::fs::write(&path, &text).expect("written");
    let (whole, cx) = (opened(&Tabular, &path, &Ctx::quiet()).expect("opens"), Ctx::quiet());
    let parts = Tabular.open(&Place::new(&path), &cx).expect("opens");
    let index = parts.index(&cx).expect("reads").expect("has rows");
    assert_eq!((index.lengths.len(), whole.num_episodes()), (600, 600));
    assert!(!whole.action_space.is_discrete());
    for range in [0..3, 250..400, 599..600] {
        let mut part = parts.read(Some(range.clone()), &cx).expect("reads");
        parts.settle(&mut part);
        let wanted = whole.subset(&range.collect::<Vec<_>>());
        assert_eq!((&part.obs, &part.actions, &part.rewards), (&wanted.obs, &wanted.actions, &wanted.rewards));
        assert_eq!((part.spans(), &part.action_space), (wanted.spans(), &wanted.action_space));
        assert_eq!(part.origin.rules, wanted.origin.rules);
    }
    let (guess, kept) = (parts.bytes().expect("looks").expect("says"), whole.bytes());
    assert!((0.8..1.25).contains(&(guess as f64 / kept as f64)), "{guess} for {kept}");
}

#[test]
fn next_observations_of_another_width_are_refused_in_parts_too() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("x.csv");
    std::fs::write(&path, "obs_0,obs_1,action,next_obs\n1,2,3,4\n").expect("written");
    let cx = Ctx::quiet();
    let whole = failure(opened(&Tabular, &path, &cx));
    assert!(whole.contains("next observations have 1 columns, observations 2"), "{whole}");
    let parts = Tabular.open(&Place::new(&path), &cx).expect("opens");
    assert_eq!(failure(parts.read(Some(0..1), &cx)), whole);
}
