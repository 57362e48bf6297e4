use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;
use crate::ground::task::Ctx;

fn reference() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/runlogs")
}

/// Steps with their numbers, NaN as none.
type Points = Vec<(f64, Option<f64>)>;

/// Every curve by name.
fn told(log: &Followed) -> Vec<(String, Points)> {
    let finite = |v: &f64| v.is_finite().then_some(*v);
    let points = |c: &Curve| c.x.iter().zip(&c.y).map(|(x, y)| (*x, finite(y))).collect();
    let mut all: Vec<_> = log.iter().map(|(name, curve)| (name.to_owned(), points(curve))).collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

fn read(place: &Path) -> Followed {
    let mut log = Followed::of(place);
    log.take_in(&Ctx::quiet()).unwrap();
    log
}

fn append(file: &Path, bytes: &[u8]) {
    OpenOptions::new().create(true).append(true).open(file).unwrap().write_all(bytes).unwrap();
}

/// `bytes` appended to a file of that name piece by piece, with a look after each: the pieces end at every byte once, or, of
/// long files, at every `stride`-th. What is read at the end, and whether every look but the last was without trouble.
fn in_pieces(name: &str, bytes: &[u8], stride: usize) -> Followed {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    let mut log = Followed::of(folder.path());
    for piece in bytes.chunks(stride) {
        append(&file, piece);
        log.take_in(&Ctx::quiet()).unwrap();
        assert_eq!(log.troubles().count(), 0, "half a record is no error");
        for (name, curve) in log.iter() {
            assert!(curve.x.windows(2).all(|w| w[0] < w[1]), "{name}");
        }
    }
    assert!(!log.take_in(&Ctx::quiet()).unwrap(), "nothing is new");
    log
}

/// `expected.json` is what TensorBoard 2.21 reads of the two files.
#[test]
fn event_files_are_read_as_tensorboard_reads_them() {
    let log = read(&reference().join("tensorboard"));
    let text = fs::read_to_string(reference().join("expected.json")).unwrap();
    let expected: std::collections::BTreeMap<String, Points> = serde_json::from_str(&text).unwrap();
    let got = told(&log);
    assert_eq!(got.iter().map(|(name, _)| name).collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for ((name, got), want) in got.iter().zip(expected.values()) {
        assert_eq!(got.len(), want.len(), "{name}");
        for (a, b) in got.iter().zip(want) {
            // The text of a number may be read one step beside it.
            let near = a.1.zip(b.1).map_or(a.1 == b.1, |(x, y)| (x - y).abs() <= 1e-15 * y.abs());
            assert!(a.0.to_bits() == b.0.to_bits() && near, "{name}: {a:?} {b:?}");
        }
    }
    assert_eq!((log.kinds().collect::<Vec<_>>(), log.troubles().count()), (vec![Kind::Events], 0));
    // The second session began at step 200.
    assert_eq!(log.points().1, 20);
    assert!(log.started().is_some_and(|t| t > 1.7e9));
}

#[test]
fn an_event_file_that_grows_byte_by_byte_is_read_once_and_whole() {
    let folder = reference().join("tensorboard");
    let [first, second] = [0, 1].map(|i| logs_in(&folder).unwrap()[i].1.clone());
    let bytes = fs::read(second).unwrap();
    let name = "events.out.tfevents.1.machine";
    assert_eq!(told(&in_pieces(name, &bytes, 1)), told(&in_pieces(name, &bytes, bytes.len())));
    let bytes = fs::read(first).unwrap();
    assert_eq!(told(&in_pieces(name, &bytes, 13)), told(&in_pieces(name, &bytes, bytes.len())));
}

#[test]
fn a_later_file_of_the_run_and_a_damaged_record_are_seen() {
    let (from, folder) = (reference().join("tensorboard"), tempfile::tempdir().unwrap());
    let files = logs_in(&from).unwrap();
    let to = |i: usize| folder.path().join(files[i].1.file_name().unwrap());
    fs::copy(&files[0].1, to(0)).unwrap();
    let mut log = read(folder.path());
    let before = log.get("eval/return").unwrap().clone();
    let mut bytes = fs::read(&files[1].1).unwrap();
    bytes[2000] ^= 1;
    fs::write(to(1), &bytes).unwrap();
    assert!(log.take_in(&Ctx::quiet()).unwrap());
    let after = log.get("eval/return").unwrap();
    assert!(after.x.len() > 20 && after.x.len() < 31 && after.x[..20] == before.x[..20]);
    let said: Vec<String> = log.troubles().collect();
    assert!(
        said.len() == 1 && said[0].contains("second: the record at byte ") && said[0].contains("damaged"),
        "{said:?}"
    );
    // A file that is gone takes what it said with it.
    fs::remove_file(to(1)).unwrap();
    assert!(log.take_in(&Ctx::quiet()).unwrap());
    assert_eq!((log.get("eval/return"), log.troubles().count()), (Some(&before), 0));
}

const LINES: &str = r#"{"step": 1000, "episode/score": 12.3, "train": {"loss": {"image": 0.5, "reward": 1e-3}, "note": "ü"}}

{"step": 2000, "episode/score": NaN, "train": {"loss": {"image": 0.25}}, "flags": [1, 2], "on": true, "gone": null}
{"episode/score": 14, "plot": {"_type": "histogram", "bins": 3}, "fps": -Infinity, "said": "NaN \" Infinity"}
{"step": 3000.0, "episode/score": 15.5}
"#;

#[test]
fn json_lines_are_flattened_over_their_step() {
    let want = [
        ("episode/score", vec![(1000.0, Some(12.3)), (2000.0, Some(14.0)), (3000.0, Some(15.5))]),
        ("train/loss/image", vec![(1000.0, Some(0.5)), (2000.0, Some(0.25))]),
        ("train/loss/reward", vec![(1000.0, Some(1e-3))]),
    ];
    let want: Vec<_> = want.into_iter().map(|(name, points)| (name.to_owned(), points)).collect();
    for stride in [1, 7, 1000] {
        assert_eq!(told(&in_pieces("metrics.jsonl", LINES.as_bytes(), stride)), want, "{stride}");
    }
    // The last line without its end.
    assert_eq!(told(&in_pieces("metrics.jsonl", LINES.trim_end().as_bytes(), 1)), want);
    // A second log of the run names its own; a step under another name.
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("metrics.jsonl"), LINES).unwrap();
    fs::write(folder.path().join("scores.jsonl"), "{\"a/global_step\": 5, \"episode/score\": 2}\n").unwrap();
    let log = read(folder.path());
    assert_eq!(log.get("scores/episode/score").unwrap().x, [5.0]);
    assert_eq!((log.get("episode/score").unwrap().x.len(), log.step_name()), (3, Some("step")));
}

#[test]
fn lines_without_a_step_are_counted_and_a_broken_one_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log.jsonl");
    fs::write(&file, "{\"loss\": 1}\n{\"loss\": 2, \"lo{\"loss\": 3}\n\n{\"loss\": 4}\n").unwrap();
    let log = read(folder.path());
    assert_eq!(told(&log), [("loss".to_owned(), vec![(1.0, Some(1.0)), (4.0, Some(4.0))])]);
    let said: Vec<String> = log.troubles().collect();
    assert!(
        said[0].starts_with(&file.display().to_string()) && said[0].contains("line 2 is no JSON object"),
        "{said:?}"
    );
}

/// As Stable-Baselines3, rsl_rl's exports and pandas write it.
const TABLE: &str = "rollout/ep_rew_mean,time/total_timesteps,\"train/loss, \"\"all\"\"\"\r\n\
                     ,2048,0.5\r\n-1200.5,4096,0.25\r\n-900,8192,nan\r\n-800.25,16384,-1e-3";

#[test]
fn csv_is_read_over_its_step_column() {
    let want = [
        ("rollout/ep_rew_mean", vec![(4096.0, Some(-1200.5)), (8192.0, Some(-900.0)), (16384.0, Some(-800.25))]),
        (
            "train/loss, \"all\"",
            vec![(2048.0, Some(0.5)), (4096.0, Some(0.25)), (8192.0, None), (16384.0, Some(-1e-3))],
        ),
    ];
    let mut want: Vec<_> = want.into_iter().map(|(name, points)| (name.to_owned(), points)).collect();
    want.sort_by(|a, b| a.0.cmp(&b.0));
    for stride in [1, 5, 1000] {
        let log = in_pieces("progress.csv", TABLE.as_bytes(), stride);
        assert_eq!((told(&log), log.step_name()), (want.clone(), Some("time/total_timesteps")), "{stride}");
    }
    let log = in_pieces("progress.csv", format!("{TABLE}\r\n").as_bytes(), 1);
    assert_eq!(told(&log), want);
}

/// Stable-Baselines3 writes the whole file anew when a name comes up.
#[test]
fn a_file_that_is_written_anew_is_read_anew() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("progress.csv");
    fs::write(&file, "step,loss\n1,0.5\n2,0.25\n").unwrap();
    let mut log = read(folder.path());
    fs::write(&file, "step,loss,score\n1,0.5,\n2,0.25,\n3,0.1,7\n").unwrap();
    assert!(log.take_in(&Ctx::quiet()).unwrap());
    assert_eq!(log.get("score").unwrap().x, [3.0]);
    assert_eq!(log.get("loss").unwrap().y, [0.5, 0.25, 0.1]);
    fs::write(&file, "step,loss\n1,9\n").unwrap();
    assert!(log.take_in(&Ctx::quiet()).unwrap());
    assert_eq!(told(&log), [("loss".to_owned(), vec![(1.0, Some(9.0))])]);
}

#[test]
fn csv_says_which_line_it_leaves_out() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("monitor.csv");
    fs::write(&file, "#{\"t_start\": 1}\nr,l,t\n1.5,200,3\n2.5,200,4,5\n3.5,200,6\n").unwrap();
    let log = read(folder.path());
    assert_eq!(log.get("monitor/r").unwrap().y, [1.5, 3.5]);
    let said: Vec<String> = log.troubles().collect();
    assert!(said[0].contains("monitor.csv: line 4 has 4 cells, and the header 3"), "{said:?}");
}

#[test]
fn only_logs_are_taken_for_logs_and_the_first_kind_counts() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    put("observations.csv", "1,2\n3,4\n");
    put("names.csv", "name,age\na,3\n");
    put("config.jsonl", "{\"name\": \"a\"}\n");
    put("config.json", "{\"step\": 1}\n");
    put("half.csv", "step,lo");
    assert_eq!(logs_in(folder.path()).unwrap(), []);
    put("any.csv", "Step,score\n1,2\n");
    put("any.jsonl", "{\"_step\": 1, \"score\": 3}\n");
    put("progress.csv", "step,score,more\n1,4,5\n");
    put("metrics.jsonl", "{\"step\": 1, \"score\": 6}\n");
    let log = read(folder.path());
    let names: Vec<&str> = log.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["any/score", "score", "more"], "one of a name, the JSON lines' before the CSV's");
    assert_eq!(log.get("score").unwrap().y, [6.0]);
    assert_eq!(logs_in(&folder.path().join("none")).unwrap(), []);
}

/// 10⁶ numbers: read in chunks, each byte once.
#[test]
fn a_long_event_file_is_read_in_chunks() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.out.tfevents.7.machine");
    let mut bytes = Vec::new();
    for step in 0..200_000u64 {
        // Event: wall time 1, step 2, summary 5 with a value 1 of tag 1 and simple value 2.
        let mut value = vec![10, 4];
        value.extend(b"loss");
        value.push(21);
        value.extend((step as f32).to_le_bytes());
        let mut event = vec![9, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 16];
        let mut rest = step;
        while rest >= 0x80 {
            event.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        event.extend([rest as u8, 42, value.len() as u8 + 2, 10, value.len() as u8]);
        event.extend(value);
        bytes.extend(tfrecord::framed(&event));
    }
    fs::write(&file, &bytes).unwrap();
    let log = read(folder.path());
    let loss = log.get("loss").unwrap();
    assert_eq!((loss.x.len(), loss.y[199_999], log.started()), (200_000, 199_999.0, Some(1.0)));
    let thinned = thin(loss, 2000);
    assert!(thinned.x.len() <= 2000 && thinned.y[0] == 0.0 && thinned.y.last() == Some(&199_999.0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever lies in a file: something is read, or nothing, or a sentence is said.
    #[test]
    fn no_bytes_do_harm(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        text in "[{}\\[\\]\",:0-9a-zNI.;\\n\\r\\t -]{0,200}",
        at in 0usize..4000,
        flip in 1u8..,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
        put("events.out.tfevents.1.any", &bytes);
        put("events.out.tfevents.2.framed", &tfrecord::framed(&bytes));
        let mut real = fs::read(&logs_in(&reference().join("tensorboard")).unwrap()[1].1).unwrap();
        real[at] ^= flip;
        put("events.out.tfevents.3.damaged", &real);
        put("metrics.jsonl", format!("{{\"step\": 1, \"a\": 2}}\n{text}").as_bytes());
        put("progress.csv", format!("step,a\n{text}").as_bytes());
        put("eval.csv", format!("{text}\n").as_bytes());
        let log = read(folder.path());
        prop_assert!(log.get("a").is_some());
        prop_assert!(log.troubles().any(|t| t.contains("damaged")));
    }

    /// Rows, and what is none, in pieces of any size.
    #[test]
    fn what_is_read_in_pieces_is_what_is_read_at_once(
        rows in prop::collection::vec((0u8..30, 0u8..9, "[{}:,\"a0-9.\n -]{0,12}"), 0..12),
        sizes in prop::collection::vec(1usize..9, 1..9),
    ) {
        let object = |(step, value, more): &(u8, u8, String)| format!("{{\"step\": {step}, \"a\": {value}}}\n{more}");
        let cells = |(step, value, more): &(u8, u8, String)| format!("{step},{value},1\n{more}");
        let texts = [
            ("metrics.jsonl", format!("{{\"step\": 1, \"a\": 2}}\n{}", rows.iter().map(object).collect::<String>())),
            ("progress.csv", format!("step,a,b\n{}", rows.iter().map(cells).collect::<String>())),
        ];
        for (name, text) in texts {
            let [whole, pieces] = [0, 1].map(|_| tempfile::tempdir().unwrap());
            fs::write(whole.path().join(name), &text).unwrap();
            let (mut log, mut rest) = (Followed::of(pieces.path()), text.as_bytes());
            for size in sizes.iter().cycle() {
                let (piece, after) = rest.split_at((*size).min(rest.len()));
                append(&pieces.path().join(name), piece);
                log.take_in(&Ctx::quiet()).unwrap();
                rest = after;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(told(&log), told(&read(whole.path())));
        }
    }
}
