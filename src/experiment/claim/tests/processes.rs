//! Real processes: this test program starts itself again.

use std::collections::{HashMap, HashSet};
use std::io::Write as _;
use std::process::{Child, Command, Stdio};

use super::*;

/// Set for processes that a test starts: what they do, and where.
const CHILD: &str = "OODSCOPE_CLAIM_CHILD";
/// Long enough that a busy machine does not matter, short enough to wait for: a kill may leave half a claim.
const UNHURRIED: Duration = Duration::from_secs(20);

/// Processes of this test program; none outlives its test.
struct Children(Vec<Child>);

impl Children {
    fn start(count: usize, job: &str, root: &Path) -> Self {
        let path = format!("{}::child", module_path!().split_once("::").expect("inside a crate").1);
        let start = |_| {
            Command::new(std::env::current_exe().expect("own path"))
                .args([&path, "--exact"])
                .env(CHILD, format!("{job} {}", root.display()))
                .stdout(Stdio::null())
                .spawn()
                .expect("starts")
        };
        Self((0..count).map(start).collect())
    }

    fn ended_well(&mut self) {
        for child in &mut self.0 {
            let status = wait(|| child.try_wait().expect("child"));
            assert!(status.success(), "{status}");
        }
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Not a test but what the processes do that tests start.
#[test]
fn child() {
    let Ok(job) = std::env::var(CHILD) else { return };
    match job.split_once(' ').expect("job and folder") {
        ("work", root) => work(Path::new(root)),
        (_, root) => {
            let claim = take(&Claims::new(SHORT), Path::new(root)).expect("free");
            wait(|| claim.lost().then_some(()));
            assert!(!claim.is_mine());
        }
    }
}

fn tell(root: &Path, what: &str, pid: u32, cell: &str) {
    let mut log = OpenOptions::new().create(true).append(true).open(root.join("log")).expect("log");
    log.write_all(format!("{what} {pid} {cell}\n").as_bytes()).expect("told");
}

fn work(root: &Path) {
    let (claims, pid) = (Claims::new(UNHURRIED), std::process::id());
    let work_is_left = |cell: &str| {
        let folder = root.join("cells").join(cell);
        let done = || folder.join("result").exists();
        // All wake at once and want the same.
        if !done() {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
            thread::sleep(Duration::from_nanos(4_000_000 - u64::from(now.subsec_nanos()) % 4_000_000));
        }
        let Some(claim) = (!done()).then(|| take(&claims, &folder)).flatten() else { return !done() };
        if !done() {
            // The system gives this lock back when the process dies: it may never be found taken.
            let guard = File::create(folder.join("guard")).expect("guard");
            tell(root, if guard.try_lock().is_ok() { "start" } else { "clash" }, pid, cell);
            thread::sleep(Duration::from_millis(3));
            if !claim.is_mine() {
                return true;
            }
            tell(root, "end", pid, cell);
            fs::write(folder.join("result"), "").expect("written");
        }
        claim.finish();
        false
    };
    wait(|| (0..40).filter(|cell| work_is_left(&cell.to_string())).count().eq(&0).then_some(()));
}

/// Six processes work on forty cells, and one is killed whenever so many works have begun; gives the log.
fn contend(kills: &[usize]) -> Vec<(String, u32, String)> {
    let root = folder();
    let root = root.path();
    for i in 0..40 {
        fs::create_dir_all(root.join(format!("cells/{i}"))).expect("folder");
    }
    let read = || fs::read_to_string(root.join("log")).unwrap_or_default();
    let mut children = Children::start(6, "work", root);
    for &after in kills {
        wait(|| (read().matches("start").count() >= after).then_some(()));
        let mut child = children.0.pop().expect("child");
        tell(root, "kill", child.id(), "-");
        child.kill().expect("killed");
        child.wait().expect("ended");
    }
    children.ended_well();
    assert!((0..40).all(|i| root.join(format!("cells/{i}/result")).exists()), "{}", read());
    let parse = |line: &str| {
        let words: Vec<_> = line.split(' ').map(str::to_string).collect();
        (words[0].clone(), words[1].parse().expect("pid"), words[2].clone())
    };
    read().lines().map(parse).collect()
}

/// Fails if somebody began before the last holder had ended or was to be killed.
fn assert_alone(log: &[(String, u32, String)]) {
    let (mut killed, mut holders) = (HashSet::new(), HashMap::new());
    for (what, pid, cell) in log {
        match what.as_str() {
            "kill" => drop(killed.insert(*pid)),
            "start" => {
                let before = holders.insert(cell, *pid);
                assert!(before.is_none_or(|pid| killed.contains(&pid)), "cell {cell} of {before:?} and {pid}: {log:?}");
            }
            "end" => assert_eq!(holders.remove(cell), Some(*pid), "cell {cell}: {log:?}"),
            _ => panic!("cell {cell}: {what}"),
        }
    }
}

#[test]
fn processes_do_every_cell_once() {
    let log = contend(&[]);
    assert_alone(&log);
    assert_eq!(log.len(), 80, "{log:?}");
}

#[test]
#[cfg(target_os = "linux")]
fn processes_finish_what_killed_ones_leave() {
    let log = contend(&[3, 9, 18, 30]);
    assert_alone(&log);
    let works = log.iter().filter(|(what, ..)| what == "start").count();
    assert!((40..=44).contains(&works), "a kill costs one work at most: {log:?}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_stopped_process_wakes_up_to_a_lost_cell() {
    let cell = folder();
    let (cell, claims) = (cell.path(), Claims::new(SHORT));
    let mut children = Children::start(1, "hold", cell);
    let pid = children.0[0].id();
    wait(|| matches!(claims.state(cell), Ok(Standing::Held { pid: told, .. }) if told == pid).then_some(()));
    let signal = |name: &str| Command::new("kill").args([name, &pid.to_string()]).status().expect("kill").success();
    assert!(signal("-STOP"));
    let claim = wait(|| take(&claims, cell));
    assert!(signal("-CONT"));
    children.ended_well();
    assert!(claim.is_mine());
}
