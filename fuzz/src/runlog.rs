//! Fuzz target of the logs of training runs: event files, JSON lines, CSV.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use oodscope::ground::task::Ctx;
use oodscope::runlog::{Followed, tfrecord};

/// Reads `input` as a log of the kind that its first byte says, at once and in two pieces that meet where its second says. What
/// is read must be the same; a panic, a hang and control characters in a message are not fine, a sentence is.
pub fn runlog(input: &[u8]) {
    let [which, cut, rest @ ..] = input else { return };
    let (name, bytes) = match which % 4 {
        0 => ("events.out.tfevents.1.raw", rest.to_vec()),
        // Damage behind a sound frame.
        1 => ("events.out.tfevents.1.framed", tfrecord::framed(rest)),
        2 => ("metrics.jsonl", rest.to_vec()),
        _ => ("progress.csv", rest.to_vec()),
    };
    let memory = Path::new("/dev/shm");
    let parent = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
    let room = || tempfile::Builder::new().prefix("oodscope-fuzz-").tempdir_in(&parent).expect("a temporary folder");
    let (whole, pieces) = (room(), room());
    fs::write(whole.path().join(name), &bytes).expect("writable");
    let mut at_once = Followed::of(whole.path());
    at_once.take_in(&Ctx::quiet()).expect("readable");
    let mut read_on = Followed::of(pieces.path());
    let (first, second) = bytes.split_at(usize::from(*cut).min(bytes.len()));
    for piece in [first, second] {
        let file = OpenOptions::new().create(true).append(true).open(pieces.path().join(name));
        file.and_then(|mut file| file.write_all(piece)).expect("writable");
        read_on.take_in(&Ctx::quiet()).expect("readable");
    }
    let told = |log: &Followed| log.iter().map(|(name, curve)| format!("{name} {curve:?}")).collect::<Vec<_>>();
    assert_eq!(told(&at_once), told(&read_on), "read in pieces, it is another log");
    assert!(at_once.troubles().all(|said| !said.contains(char::is_control)), "control characters in a message");
}
