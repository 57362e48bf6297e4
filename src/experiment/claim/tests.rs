use std::fs::OpenOptions;
use std::time::SystemTime;

use super::*;

mod processes;

const SHORT: Duration = Duration::from_millis(300);

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("temporary folder")
}

/// Claims as another machine has them: nobody here can tell whether its process lives.
fn elsewhere(lease: Duration) -> Claims {
    let mut claims = Claims::new(lease);
    claims.me.process = Process { host: "else\u{1b}where".into(), pid: 7, start: None, realm: None };
    claims
}

fn write(cell: &Path, generation: u64, content: &[u8]) -> PathBuf {
    let path = claim_path(cell, generation);
    fs::write(&path, content).expect("written");
    path
}

fn record(claims: &Claims) -> Vec<u8> {
    serde_json::to_vec(&claims.me).expect("JSON")
}

fn held_elsewhere() -> Standing {
    Standing::Held { host: "else?where".into(), pid: 7 }
}

/// The names of the claims in `cell`, in order.
fn names(cell: &Path) -> Vec<String> {
    let entries = fs::read_dir(cell).expect("folder").map(|entry| entry.expect("entry").file_name());
    let mut names: Vec<_> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Asks until there is an answer, as a worker does that waits for a cell.
fn wait<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begun.elapsed() < Duration::from_mins(2), "no answer in two minutes");
        thread::sleep(Duration::from_millis(2));
    }
}

fn take(claims: &Claims, cell: &Path) -> Option<Claim> {
    claims.take(cell).expect("asked")
}

#[test]
fn many_threads_take_every_cell_once() {
    let root = folder();
    let cells: Vec<PathBuf> = (0..40).map(|i| root.path().join(i.to_string())).collect();
    for cell in &cells {
        fs::create_dir(cell).expect("folder");
    }
    let claims = [Claims::default(), Claims::default()];
    let kept: Vec<Claim> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|i| (&claims[i % 2], &cells))
            .map(|(claims, cells)| {
                scope.spawn(|| cells.iter().filter_map(|cell| take(claims, cell)).collect::<Vec<_>>())
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("thread")).collect()
    });
    assert_eq!(kept.len(), cells.len());
    for cell in &cells {
        let told = claims.each_ref().map(|claims| claims.state(cell).expect("state"));
        let mine = told.iter().filter(|standing| **standing == Standing::Mine).count();
        let held = told.iter().filter(|it| matches!(it, Standing::Held { pid, .. } if *pid == std::process::id()));
        assert_eq!((mine, held.count()), (1, 1), "{told:?}");
        assert_eq!(names(cell), ["claim-0001"]);
    }
    drop(kept);
    assert!(cells.iter().all(|cell| claims[0].state(cell) == Ok(Standing::Free)));
}

#[test]
fn what_is_given_back_is_free_at_once_and_what_is_finished_never_again() {
    let cell = folder();
    let (cell, here, there) = (cell.path(), Claims::default(), elsewhere(LEASE));
    take(&there, cell).expect("free").release();
    let second = take(&here, cell).expect("released");
    assert_eq!(here.state(cell), Ok(Standing::Mine));
    assert!(take(&here, cell).is_none() && take(&there, cell).is_none());
    drop(second);
    assert_eq!(there.state(cell), Ok(Standing::Free), "dropped, as by a panic");
    take(&there, cell).expect("dropped").finish();
    assert_eq!(here.state(cell), Ok(Standing::Finished));
    assert!(take(&here, cell).is_none());
    assert_eq!(names(cell), ["claim-0001", "claim-0002", "claim-0003"]);
}

#[test]
fn a_cell_that_was_finished_behind_our_back_is_not_taken() {
    let cell = folder();
    let (cell, here) = (cell.path(), Claims::default());
    take(&elsewhere(LEASE), cell).expect("free").finish();
    assert!(Claim::begin(cell, 1, &here).expect("asked").is_none(), "as if its process had been found gone");
    assert_eq!(names(cell), ["claim-0001", "claim-0002"]);
    assert_eq!(here.state(cell), Ok(Standing::Finished));
}

#[test]
fn generations_only_grow() {
    let cell = folder();
    let (cell, claims) = (cell.path(), Claims::default());
    for foreign in ["claim-2", "claim-00007", "claim-", "claim-0x10", "claim-99999999999", "claim-0009.json"] {
        fs::write(cell.join(foreign), "").expect("written");
    }
    for generation in [1, 2, 4, 6] {
        // As where a listing ends before the last: 3 and 5 are those of other processes.
        let claim = take(&claims, cell).expect("free");
        assert_eq!(locked(&claim.holder.now).generation, generation);
        claim.release();
        if generation > 1 {
            let released = fs::read(claim_path(cell, generation)).expect("claim");
            write(cell, generation + 1, &released);
        }
    }
    write(cell, 12000, &fs::read(claim_path(cell, 7)).expect("claim"));
    let claim = take(&claims, cell).expect("released");
    assert!(claim.is_mine() && claim.is_mine() && !claim.lost());
    assert_eq!(locked(&claim.holder.now).generation, 12003, "each proof is a file");
    assert!(cell.join("claim-12003").exists());
}

#[test]
#[cfg(target_os = "linux")]
fn a_dead_process_of_this_machine_leaves_its_cell_free_at_once() {
    let cell = folder();
    let mut child = std::process::Command::new("true").spawn().expect("starts");
    child.wait().expect("ended");
    let claims = Claims::new(Duration::from_hours(1));
    let mut dead = Claims::default();
    dead.me.process.pid = child.id();
    write(cell.path(), 1, &record(&dead));
    assert_eq!(claims.state(cell.path()), Ok(Standing::Free));
    // A machine of the same name, or another container, counts its processes in its own way.
    dead.me.process.realm = Some("another boot".into());
    write(cell.path(), 2, &record(&dead));
    assert!(matches!(claims.state(cell.path()), Ok(Standing::Held { .. })));
}

#[test]
fn only_our_own_clock_ends_a_lease() {
    let year = Duration::from_hours(24 * 365);
    let now = SystemTime::now();
    for stamp in [now - 40 * year, now - year, now, now + year] {
        let cell = folder();
        let (cell, claims, begun) = (cell.path(), Claims::new(SHORT), Instant::now());
        let path = write(cell, 1, &record(&elsewhere(SHORT)));
        OpenOptions::new().write(true).open(path).and_then(|file| file.set_modified(stamp)).expect("stamped");
        assert_eq!(claims.state(cell), Ok(held_elsewhere()));
        let claim = wait(|| take(&claims, cell));
        assert!(begun.elapsed() >= SHORT);
        assert_eq!(locked(&claim.holder.now).generation, 2);
    }
}

#[test]
fn a_claim_that_changes_is_held_and_one_that_was_not_watched_too() {
    let cell = folder();
    let (cell, claims, begun) = (cell.path(), Claims::new(SHORT), Instant::now());
    let mut other = elsewhere(SHORT);
    while begun.elapsed() < 3 * SHORT {
        other.me.beat += 1;
        write(cell, 1, &record(&other));
        assert_eq!(claims.state(cell), Ok(held_elsewhere()));
        thread::sleep(SHORT / 10);
    }
    for _ in 1..BEATS {
        thread::sleep(SHORT);
        assert_eq!(claims.state(cell), Ok(held_elsewhere()), "looking away counts a sixth at most");
    }
    thread::sleep(SHORT);
    assert_eq!(claims.state(cell), Ok(Standing::Free));
}

#[test]
fn half_a_claim_is_held_for_a_lease() {
    let whole = record(&elsewhere(SHORT));
    for half in [&b""[..], &whole[..whole.len() / 2], &[0; 512], b"\xff{"] {
        let cell = folder();
        let (cell, claims, begun) = (cell.path(), Claims::new(SHORT), Instant::now());
        write(cell, 1, half);
        assert_eq!(claims.state(cell), Ok(Standing::Held { host: String::new(), pid: 0 }));
        wait(|| take(&claims, cell));
        assert!(begun.elapsed() >= SHORT);
    }
}

#[test]
fn a_holder_that_slept_learns_that_it_has_lost() {
    let cell = folder();
    let (cell, claims, begun) = (cell.path(), Claims::new(SHORT), Instant::now());
    let first = take(&elsewhere(SHORT), cell).expect("free");
    let asleep = locked(&first.holder.now);
    let second = wait(|| take(&claims, cell));
    assert!(begun.elapsed() >= SHORT);
    drop(asleep);
    assert!(first.lost() && !first.is_mine() && first.lost());
    first.finish();
    assert!(second.is_mine() && !second.lost());
    assert_eq!(claims.state(cell), Ok(Standing::Mine));
}

#[test]
fn a_holder_that_slept_keeps_what_nobody_has_taken() {
    let cell = folder();
    let claim = take(&Claims::new(SHORT), cell.path()).expect("free");
    let asleep = locked(&claim.holder.now);
    thread::sleep(SHORT);
    drop(asleep);
    assert!(!claim.lost());
    assert!(names(cell.path()).len() >= 2, "it had to ask");
}

#[test]
fn a_beat_notices_a_newer_generation() {
    let cell = folder();
    let (cell, claims) = (cell.path(), Claims::default());
    let claim = take(&claims, cell).expect("free");
    claim.holder.beat();
    assert!(!claim.lost());
    write(cell, 2, b"");
    assert!(!claim.lost(), "nobody has looked");
    claim.holder.beat();
    assert!(claim.lost() && !claim.is_mine());
    let beats = fs::read(claim_path(cell, 1)).expect("claim");
    assert_eq!((beats.len(), Record::parse(&beats).map(|it| it.beat)), (WIDTH, Some(3)));
    claim.holder.beat();
    drop(claim);
    assert_eq!(fs::read(claim_path(cell, 1)).expect("claim"), beats, "a lost claim is silent");
}

#[test]
fn a_live_holder_keeps_its_cell_for_many_leases() {
    let cell = folder();
    let (cell, begun) = (cell.path(), Instant::now());
    let claim = take(&Claims::new(Duration::from_secs(2)), cell).expect("free");
    // Twice as patient as the lease asks for: what is shown is that beats are seen, not how fast this machine is.
    let other = elsewhere(Duration::from_secs(4));
    while begun.elapsed() < Duration::from_secs(6) {
        assert!(matches!(other.state(cell), Ok(Standing::Held { .. })));
        assert!(!claim.lost());
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_folder_that_vanishes_is_told_once_and_ends_the_claim_in_time() {
    let root = folder();
    let cell = root.path().join("cell");
    let told = Claims::default().take(&cell).expect_err("no folder").to_string();
    assert!(told.contains("cell: cannot be read") && told.contains("check that it is there"), "{told}");
    fs::create_dir(&cell).expect("folder");
    let claim = take(&Claims::new(SHORT), &cell).expect("free");
    let mut asleep = locked(&claim.holder.now);
    asleep.warned = false;
    fs::remove_dir_all(&cell).expect("removed");
    drop(asleep);
    wait(|| claim.lost().then_some(()));
    assert!(locked(&claim.holder.now).warned);
    assert!(!claim.is_mine());
}
