//! Which process wrote something, and whether it still runs.

use std::fs;
use std::io::ErrorKind;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use crate::ground::fault::printable;

/// A process of some machine, as it describes itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Process {
    /// The machine's name.
    pub(super) host: String,
    /// Its number on that machine.
    pub(super) pid: u32,
    /// Clock ticks from the machine's start to the process's; none where the system does not say.
    #[serde(default)]
    pub(super) start: Option<u64>,
    /// Among which processes `pid` and `start` mean this one alone; none where the system does not say.
    #[serde(default)]
    pub(super) realm: Option<String>,
}

impl Process {
    /// The process that runs this.
    pub(super) fn this() -> Self {
        let pid = std::process::id();
        let start = vital("self").filter(|own| own.pid == pid).map(|own| own.start);
        // A /proc of another container numbers processes in another way, so nothing is to be found there.
        let realm = start.and_then(|_| realm());
        Self { host: host(), pid, start, realm }
    }

    /// True if this process is known to have ended, as `me` sees it. False wherever that cannot be told for sure.
    pub(super) fn is_gone(&self, me: &Self) -> bool {
        let (Some(start), Some(realm)) = (self.start, &self.realm) else { return false };
        if me.realm.as_ref() != Some(realm) || me.host != self.host {
            return false;
        }
        match fs::read_to_string(format!("/proc/{}/stat", self.pid)) {
            // A killed process stays as a zombie until its parent looks; it is over once no thread of it is left.
            Ok(text) => parse(&text).is_some_and(|it| it.start != start || (it.zombie && it.threads <= 1)),
            Err(e) => e.kind() == ErrorKind::NotFound,
        }
    }
}

/// The name of this machine, of bounded length.
fn host() -> String {
    let told = fs::read_to_string("/proc/sys/kernel/hostname").ok().or_else(|| {
        let output = Command::new("hostname").stdin(Stdio::null()).output().ok()?;
        String::from_utf8(output.stdout).ok()
    });
    let name: String = printable(told.as_deref().unwrap_or_default().trim()).chars().take(64).collect();
    if name.is_empty() { "unknown".into() } else { name }
}

/// The processes that see each other under the same numbers and start times: those of one boot of one machine, of one
/// PID and one time namespace (containers), and of one user, because `/proc` may hide what others run. A machine's name
/// alone would not do: many are called `localhost`.
#[cfg(target_os = "linux")]
fn realm() -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let space = |name| fs::read_link(format!("/proc/self/ns/{name}")).ok().map(|link| link.display().to_string());
    let user = fs::metadata("/proc/self").ok()?.uid();
    Some(format!("{} {} {} user:{user}", boot.trim(), space("pid")?, space("time").unwrap_or_default()))
}

#[cfg(not(target_os = "linux"))]
fn realm() -> Option<String> {
    None
}

/// What Linux says of a process in `/proc/PID/stat`.
#[derive(Debug, PartialEq)]
struct Vital {
    pid: u32,
    zombie: bool,
    threads: u64,
    start: u64,
}

fn vital(pid: &str) -> Option<Vital> {
    parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn parse(text: &str) -> Option<Vital> {
    // The second field is the program's name in parentheses, with whatever it likes in it; the third one is the state.
    let (head, tail) = text.rsplit_once(')')?;
    let pid = head.split_once(' ')?.0.parse().ok()?;
    let fields: Vec<&str> = tail.split_whitespace().collect();
    let number = |field: usize| fields.get(field - 3)?.parse().ok();
    Some(Vital { pid, zombie: matches!(*fields.first()?, "Z" | "X"), threads: number(20)?, start: number(22)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_program_does_not_shift_the_fields() {
        let text = "42 (a) Z 1 (b) Z 1 42 42 0 -1 4194304 96 0 0 0 0 0 0 0 20 0 3 0 6904000 3133440 360";
        let told = Vital { pid: 42, zombie: true, threads: 3, start: 6_904_000 };
        assert_eq!(parse(text), Some(told));
        assert_eq!(parse("42 (a) R 1"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn only_a_process_of_the_same_realm_is_known_to_be_gone() {
        let me = Process::this();
        assert!(me.realm.is_some() && !me.is_gone(&me), "{me:?}");
        let mut child = Command::new("sleep").arg("600").spawn().expect("sleep starts");
        let start = vital(&child.id().to_string()).expect("child").start;
        let other = Process { pid: child.id(), start: Some(start), ..me.clone() };
        assert!(!other.is_gone(&me));
        assert!(Process { start: Some(start + 1), ..other.clone() }.is_gone(&me), "its number has a new owner");
        child.kill().expect("killed");
        let begun = std::time::Instant::now();
        while !other.is_gone(&me) {
            assert!(begun.elapsed().as_secs() < 120, "a zombie is no process");
            std::thread::yield_now();
        }
        assert_eq!(vital(&child.id().to_string()).map(|it| it.zombie), Some(true), "nobody has waited for it");
        child.wait().expect("ended");
        assert!(other.is_gone(&me));
        for realm in [None, Some("another container".to_string())] {
            assert!(!Process { realm, ..other.clone() }.is_gone(&me));
        }
        assert!(!Process { host: "elsewhere".into(), ..other.clone() }.is_gone(&me));
        assert!(!Process { start: None, ..other.clone() }.is_gone(&me));
    }
}
