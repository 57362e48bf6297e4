//! Tables as people have them: with faults of public reports, and what is said of each.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use oodscope::data::dataset::Dataset;
use oodscope::format;
use oodscope::ground::task::Ctx;
use tempfile::TempDir;

/// Steps of the three episodes of every table here.
const STEPS: [usize; 3] = [4, 3, 5];

/// A table called `name` of one header and one line a step; `line` gets episode, step and whether it is the last.
fn table(name: &str, header: &str, line: impl Fn(usize, usize, bool) -> String) -> (TempDir, PathBuf) {
    let mut text = header.to_owned();
    for (e, &steps) in STEPS.iter().enumerate() {
        for t in 0..steps {
            text += &line(e, t, t + 1 == steps);
            text.push('\n');
        }
    }
    written(name, text.as_bytes())
}

fn written(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (dir, path)
}

fn open(path: &Path) -> Result<Dataset, String> {
    format::open(path, None, &Ctx::quiet()).map_err(|e| e.to_string())
}

/// The dataset, which has the three episodes and two columns each.
fn good(path: &Path) -> Dataset {
    let data = open(path).unwrap();
    assert_eq!(data.spans().iter().map(|s| s.steps).collect::<Vec<_>>(), STEPS);
    assert_eq!((data.obs_dim(), data.action_dim()), (2, 1));
    assert_eq!((data.episode(1).obs_at(2), data.episode(1).rewards[2]), (&[1.5, 2.25][..], 12.5));
    data
}

fn refused(path: &Path, words: &[&str]) {
    let text = open(path).expect_err("refused");
    assert!(words.iter().all(|w| text.contains(w)), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
}

fn obs(e: usize, t: usize) -> (f64, f64) {
    (e as f64 + 0.5, t as f64 + 0.25)
}

/// `1.5,2.25,0.75,12.5` for step 2 of episode 1.
fn row(e: usize, t: usize) -> String {
    let (a, b) = obs(e, t);
    format!("{a},{b},0.75,{}", 10.0 * e as f64 + t as f64 + 0.5)
}

#[test]
fn text_is_read_however_its_fields_are_parted() {
    let names = "episode,obs_0,obs_1,action,reward";
    let line = |e, t| format!("{e},{}", row(e, t));
    for separator in [",", ";", "\t", "|", " ", "   "] {
        let header = format!("{}\n", names.replace(',', separator));
        let (_dir, path) = table("x.csv", &header, |e, t, _| line(e, t).replace(',', separator));
        good(&path);
        // Behind '#', as NumPy writes it, with other words above.
        for start in ["# ", "#", "# made by hand, in 2 hours\n\n# "] {
            let (_dir, path) =
                table("x.txt", &format!("{start}{header}"), |e, t, _| line(e, t).replace(',', separator));
            let data = good(&path);
            assert!(data.origin.rules.iter().any(|r| r.contains("behind '#'")), "{:?}", data.origin.rules);
        }
    }
    // A note beside the numbers.
    let header = format!("# {},note\n", names);
    let (_dir, path) = table("x.csv", &header, |e, t, _| format!("{},ok", line(e, t)));
    good(&path);
    // NumPy's own separator below a header with commas.
    let (_dir, path) = table("x.csv", &format!("# {names}\n"), |e, t, _| line(e, t).replace(',', " "));
    good(&path);
    // Quotes around everything.
    let (_dir, path) =
        table("x.csv", &format!("{names}\n"), |e, t, _| format!("\"{}\"", line(e, t).replace(',', "\",\"")));
    good(&path);
}

#[test]
fn decimal_commas_are_read_where_no_number_has_a_point() {
    let names = "episode;obs_0;obs_1;action;reward\n";
    let line = |e, t| format!("{e};{}", row(e, t).replace(',', ";").replace('.', ","));
    let (_dir, path) = table("x.csv", names, |e, t, _| line(e, t));
    let data = good(&path);
    assert!(data.origin.rules.iter().any(|r| r.contains("decimals come after a comma")), "{:?}", data.origin.rules);
    let (_dir, path) =
        table("x.csv", &names.replace(';', ","), |e, t, _| format!("\"{}\"", line(e, t).replace(';', "\",\"")));
    good(&path);
    // Of both ways one is wrong.
    let (_dir, path) = table("x.csv", names, |e, t, last| if last { line(e, t).replace(',', ".") } else { line(e, t) });
    refused(&path, &["'obs_0' line 2", "decimal point, not a comma"]);
}

#[test]
fn packed_text_is_read_by_what_is_in_it() {
    let mut text = "episode,obs_0,obs_1,action,reward\n".to_owned();
    for (e, &steps) in STEPS.iter().enumerate() {
        (0..steps).for_each(|t| text += &format!("{e},{}\n", row(e, t)));
    }
    let pack = |text: &[u8]| {
        let mut out = GzEncoder::new(Vec::new(), Compression::default());
        out.write_all(text).unwrap();
        out.finish().unwrap()
    };
    let packed = pack(text.as_bytes());
    for name in ["x.csv.gz", "x.csv", "x"] {
        let (_dir, path) = written(name, &packed);
        let data = good(&path);
        assert!(data.origin.rules.iter().any(|r| r.contains("gzip")), "{:?}", data.origin.rules);
    }
    // Two packed pieces after each other are one text.
    let cut = text.find("\n1,").unwrap() + 1;
    let (_dir, path) = written("x.tsv.gz", &[pack(&text.as_bytes()[..cut]), pack(&text.as_bytes()[cut..])].concat());
    good(&path);
    let (_dir, path) = written("x.csv.gz", &packed[..packed.len() - 9]);
    refused(&path, &["x.csv.gz", "cut off"]);
    let (_dir, path) = written("x.csv.gz", &pack("1,2,3,4,5\n".repeat(50).as_bytes()));
    refused(&path, &["no header", "zcat 'x.csv.gz'"]);
}

#[test]
fn packed_text_that_is_too_much_is_refused() {
    // Much of nothing takes little room.
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(b"obs_0,action\n0,0\n").unwrap();
    let zeros = vec![b'\n'; 1 << 24];
    (0..17).for_each(|_| out.write_all(&zeros).unwrap());
    let (_dir, path) = written("bomb.csv.gz", &out.finish().unwrap());
    refused(&path, &["unpacks to more than", "gunzip"]);
}

#[test]
fn a_table_without_names_is_told_how_to_get_some() {
    for line in ["0.5,1.5,2,0.25", "1.5;2,5;3;4", "[0.1 0.2],1,0.5,True", "1 2 3 4"] {
        let (_dir, path) = table("x.csv", "", |_, _, _| line.into());
        refused(
            &path,
            &["line 1 holds numbers", "no header", "4 columns", "(echo obs_0,obs_1,action_0,reward; cat 'x.csv')"],
        );
    }
    let (_dir, path) = table("x.csv", "", |_, _, _| "0.5,1.5,left,0.25".into());
    refused(&path, &["no header"]);
    // Numbers may be names: then they can be mapped.
    let (dir, path) = table("x.csv", "0,1,2,3,4\n", |e, t, _| format!("{e},{}", row(e, t)));
    refused(&path, &["no column is an observation", "x.csv.toml"]);
    let map = "observation = [\"1\", \"2\"]\naction = \"3\"\nreward = \"4\"\nepisode = \"0\"\n";
    std::fs::write(dir.path().join("x.csv.toml"), map).unwrap();
    good(&path);
}

#[test]
fn cells_that_are_lists_are_columns() {
    let header = "episode,observation,action,reward\n";
    let line = |list: &str, e: usize, t: usize| {
        let (a, b) = obs(e, t);
        format!("{e},{},0.75,{}", list.replace('a', &a.to_string()).replace('b', &b.to_string()), 10 * e + t) + ".5"
    };
    for list in ["[a b]", "\"[a, b]\"", "\"(a, b)\"", "\"[ a\n b]\"", "\"[[a], [b]]\""] {
        let (_dir, path) = table("x.csv", header, |e, t, _| line(list, e, t));
        let data = good(&path);
        assert_eq!(data.obs_space.names, ["obs[0]", "obs[1]"]);
        assert!(
            data.origin.rules.iter().any(|r| r.contains("lists: observation (2 numbers)")),
            "{:?}",
            data.origin.rules
        );
    }
    let (_dir, path) = table("x.csv", header, |e, t, last| line(if last { "[a b 1]" } else { "[a b]" }, e, t));
    refused(&path, &["'observation' line 5 is a list of 3 numbers, the first is one of 2"]);
    let (_dir, path) = table("x.csv", header, |e, t, last| line(if last { "[a ... b]" } else { "[a b]" }, e, t));
    refused(&path, &["'observation' line 5 has '...' in its list", "cut short"]);
    let (_dir, path) = table("x.csv", header, |e, t, last| line(if last { "7" } else { "[a b]" }, e, t));
    refused(&path, &["'observation' line 5 is '7', the first is a list"]);
}

#[test]
fn a_row_with_nothing_but_an_observation_is_the_last_one() {
    let header = "episode,obs_0,obs_1,action,reward,done\n";
    let step = |e: usize, t: usize, done: bool| format!("{e},{},{done}\n", row(e, t));
    let last = |e: usize, t: usize, done: &str| {
        let (a, b) = obs(e, t + 1);
        format!("{e},{a},{b},,,{done}")
    };
    for (with, done) in [(false, "True"), (true, "True"), (true, "")] {
        // The flag may be in the last row, in the one of the last step, or in both.
        let (_dir, path) = table("x.csv", header, |e, t, ends| {
            step(e, t, ends && with) + &if ends { last(e, t, done) } else { String::new() }
        });
        let data = good(&path);
        assert!(data.spans().iter().all(|s| s.obs_rows == s.steps + 1 && s.terminated));
        assert_eq!(data.episode(2).obs_at(5), [2.5, 5.25]);
        let told = |list: &[String], word: &str| list.iter().any(|r| r.contains(word));
        assert!(told(&data.origin.rules, "neither action nor reward"), "{:?}", data.origin.rules);
        assert!(!told(&data.origin.warnings, "NaN"), "{:?}", data.origin.warnings);
    }
    // Without numbers of episodes the flag before it counts.
    let (_dir, path) = table("x.csv", &header.replace("episode,", "note,"), |e, t, ends| {
        step(e, t, ends) + &if ends { last(e, t, "") } else { String::new() }
    });
    assert!(good(&path).spans().iter().all(|s| s.obs_rows == s.steps + 1));
    // Where one episode has none, the others' are left out and it is said.
    let (_dir, path) = table("x.csv", header, |e, t, ends| {
        step(e, t, ends) + &if ends && e != 1 { last(e, t, "") } else { String::new() }
    });
    let data = good(&path);
    assert!(data.spans().iter().all(|s| s.obs_rows == s.steps));
    assert!(data.origin.warnings.iter().any(|w| w.contains("2 of 3 episodes")), "{:?}", data.origin.warnings);
    // A hole inside of an episode stays one.
    let (_dir, path) = table("x.csv", header, |e, t, ends| {
        if t == 1 { format!("{e},{},{},,,{ends}", obs(e, t).0, obs(e, t).1) } else { step(e, t, ends).trim().into() }
    });
    let data = open(&path).unwrap();
    assert_eq!(data.spans().iter().map(|s| s.steps).collect::<Vec<_>>(), STEPS);
    assert!(data.origin.warnings.iter().any(|w| w.contains("action (3, first: row 1)")), "{:?}", data.origin.warnings);
}

#[test]
fn columns_that_number_episodes_are_rivals_only_where_they_part_other_rows() {
    let header = "episode,traj_id,obs_0,obs_1,action,reward\n";
    let (_dir, path) = table("x.csv", header, |e, t, _| format!("{e},run-{e},{}", row(e, t)));
    let data = good(&path);
    assert!(data.origin.rules.iter().any(|r| r.contains("as traj_id does")), "{:?}", data.origin.rules);
    let (_dir, path) = table("x.csv", header, |e, t, _| format!("{e},{},{}", e / 2, row(e, t)));
    refused(
        &path,
        &["more than one could be the episode", r#"episode = "episode" or episode = "traj_id""#, "x.csv.toml"],
    );
    // Words are numbers enough.
    let (_dir, path) = table("x.csv", &header.replace("episode", "note"), |e, t, _| format!("0,run-{e},{}", row(e, t)));
    good(&path);
}

#[test]
fn what_is_done_and_not_terminated_is_truncated() {
    let header = "obs_0,obs_1,action,reward,terminated,done\n";
    let (_dir, path) = table("x.csv", header, |e, t, last| format!("{},{},{last}", row(e, t), last && e == 1));
    let data = good(&path);
    let ends: Vec<_> = data.spans().iter().map(|s| (s.terminated, s.truncated)).collect();
    assert_eq!(ends, [(false, true), (true, false), (false, true)]);
}
