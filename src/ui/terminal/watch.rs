//! Files that another program writes: when they change, the dashboard hears of it.
//!
//! Changes are found by looking (names, sizes, times of change), twice a second: what notifies programs of changes does not
//! reach them over network file systems, which is where runs are written.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::engine::newest;
use crate::ui::app::Watched;
use crate::ui::msg::Changed;

/// Time between two looks.
pub const LOOK: Duration = Duration::from_millis(500);
/// What changes without a pause is shown so often.
const MOST: Duration = Duration::from_millis(1500);
/// Files that are looked at below one folder, and folders below one another.
const FILES: usize = 20_000;
const DEPTH: usize = 6;

/// What is known of the watched files.
pub struct Watcher {
    of: Vec<(Kind, PathBuf, Seen)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Dataset,
    Checkpoint,
    Rollouts,
    Runs,
}

/// How a file or folder looked.
struct Seen {
    /// When it was last told of.
    told: u64,
    /// At the last look.
    last: u64,
    /// Since when it has looked otherwise than what was told.
    since: Option<Instant>,
}

impl Watcher {
    /// Everything as it is now.
    pub fn new(watched: &Watched) -> Self {
        let all = [
            (Kind::Dataset, &watched.dataset),
            (Kind::Checkpoint, &watched.checkpoint),
            (Kind::Rollouts, &watched.rollouts),
            (Kind::Runs, &watched.runs),
        ];
        let seen = |kind: Kind, path: &Path| {
            // Many runs are a long walk, which nobody waits for. The first look tells of those that are there: whoever has read them
            // by then may have come before the last line.
            let told = stamp(kind, if kind == Kind::Runs { Path::new("") } else { path });
            Seen { told, last: told, since: None }
        };
        let of = all.into_iter().filter_map(|(kind, path)| Some((kind, path.clone()?))).map(|(kind, path)| {
            let seen = seen(kind, &path);
            (kind, path, seen)
        });
        Self { of: of.collect() }
    }

    /// Looks once more: what has changed and rests now, or has changed for long enough.
    pub fn look(&mut self, now: Instant) -> Vec<Changed> {
        let mut out = Vec::new();
        for (kind, path, seen) in &mut self.of {
            let stamp = stamp(*kind, path);
            let rests = std::mem::replace(&mut seen.last, stamp) == stamp;
            if seen.told == stamp {
                seen.since = None;
                continue;
            }
            let since = *seen.since.get_or_insert(now);
            // Of a log what is whole is read at once; all else would be read whole while it is half written.
            if rests || *kind == Kind::Runs || now.duration_since(since) >= MOST {
                (seen.told, seen.since) = (stamp, None);
                out.push(match kind {
                    Kind::Dataset => Changed::Dataset,
                    Kind::Rollouts => Changed::Rollouts,
                    Kind::Runs => Changed::Runs,
                    Kind::Checkpoint => Changed::Checkpoint(newest(path)),
                });
            }
        }
        out
    }
}

/// A number that changes with the names, sizes and times of everything below `path`; of runs without the networks, which no log is.
fn stamp(kind: Kind, path: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    let mut left = FILES;
    let skip = (kind == Kind::Runs).then_some("checkpoints");
    add(path, (skip, DEPTH), &mut left, &mut hasher);
    hasher.finish()
}

fn add(path: &Path, (skip, depth): (Option<&str>, usize), left: &mut usize, hasher: &mut DefaultHasher) {
    let Ok(about) = fs::metadata(path) else { return 0u8.hash(hasher) };
    if *left == 0 {
        return;
    }
    *left -= 1;
    path.hash(hasher);
    if about.is_dir() {
        let mut inside: Vec<PathBuf> = match fs::read_dir(path) {
            Ok(entries) if depth > 0 => entries.flatten().map(|entry| entry.path()).collect(),
            _ => Vec::new(),
        };
        inside.retain(|path| skip.is_none_or(|skip| !path.ends_with(skip)));
        inside.sort_unstable();
        for path in &inside {
            add(path, (skip, depth - 1), left, hasher);
        }
    } else {
        (about.len(), about.modified().ok()).hash(hasher);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rests_after_a_change_is_told_once_and_what_never_rests_is_told_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("data.hdf5");
        fs::write(&file, "a").expect("written");
        let watched = Watched { dataset: Some(folder.path().to_path_buf()), ..Watched::default() };
        let mut watcher = Watcher::new(&watched);
        let start = Instant::now();
        let after = |ms: u64| start + Duration::from_millis(ms);
        assert!(watcher.look(after(0)).is_empty());
        fs::write(&file, "ab").expect("written");
        assert!(watcher.look(after(500)).is_empty(), "it may still be being written");
        assert_eq!(watcher.look(after(1000)), [Changed::Dataset]);
        assert!(watcher.look(after(1500)).is_empty(), "told once");
        for (i, ms) in [2000, 2500, 3000].into_iter().enumerate() {
            fs::write(&file, "x".repeat(10 + i)).expect("written");
            assert!(watcher.look(after(ms)).is_empty());
        }
        fs::write(&file, "x".repeat(99)).expect("written");
        assert_eq!(watcher.look(after(3500)), [Changed::Dataset], "it never rests");
    }

    #[test]
    fn a_log_that_grows_is_told_at_every_look_and_a_folder_that_appears_is_seen() {
        let folder = tempfile::tempdir().expect("a folder");
        let runs = folder.path().join("runs");
        let mut watcher = Watcher::new(&Watched { runs: Some(runs.clone()), ..Watched::default() });
        let now = Instant::now();
        assert!(watcher.look(now).is_empty());
        for i in 1..4 {
            fs::create_dir_all(runs.join("a")).expect("made");
            fs::write(runs.join("a/metrics.jsonl"), "x".repeat(i)).expect("written");
            assert_eq!(watcher.look(now + LOOK * i as u32), [Changed::Runs]);
        }
        assert!(watcher.look(now + LOOK * 4).is_empty());
    }

    #[test]
    fn runs_that_were_there_are_told_at_the_first_look() {
        let runs = tempfile::tempdir().expect("a folder");
        fs::write(runs.path().join("metrics.jsonl"), "x").expect("written");
        let mut watcher = Watcher::new(&Watched { runs: Some(runs.path().to_path_buf()), ..Watched::default() });
        let now = Instant::now();
        assert_eq!(watcher.look(now), [Changed::Runs], "they may have grown since they were read");
        assert!(watcher.look(now + LOOK).is_empty());
    }

    #[test]
    fn a_new_checkpoint_of_a_run_is_told_by_its_name() {
        let run = tempfile::tempdir().expect("a folder");
        let at = |name: &str| run.path().join("checkpoints").join(name);
        fs::create_dir_all(at("0000")).expect("made");
        let mut watcher = Watcher::new(&Watched { checkpoint: Some(run.path().to_path_buf()), ..Watched::default() });
        fs::create_dir_all(at("0001")).expect("made");
        let now = Instant::now();
        assert!(watcher.look(now).is_empty());
        assert_eq!(watcher.look(now + LOOK), [Changed::Checkpoint(at("0001"))]);
    }
}
