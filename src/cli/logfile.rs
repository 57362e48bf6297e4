//! The log: a file that exists only once there is something to say.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs};

use chrono::DateTime;
use log::{LevelFilter, Log, Metadata, Record};

use crate::ground::folders;

/// Sends warnings and faults to `$OODSCOPE_LOG`, else to `oodscope/oodscope.log` in the user's state folder. Without
/// either, or where the file cannot be written, nothing is logged. `RUST_LOG` chooses what is logged.
pub fn to_file() {
    let Some(path) = path() else { return };
    let wanted = Wanted::parse(&env::var("RUST_LOG").unwrap_or_default());
    let most = wanted.most();
    let log = LogFile { path, wanted, file: Mutex::default() };
    // Fails only if one is set already, by a program that uses this library.
    if log::set_boxed_logger(Box::new(log)).is_ok() {
        log::set_max_level(most);
    }
}

fn path() -> Option<PathBuf> {
    if let Some(named) = env::var_os("OODSCOPE_LOG") {
        return Some(PathBuf::from(named));
    }
    folders::state().map(|state| state.join("oodscope/oodscope.log"))
}

/// Least level by beginning of the module's path, as in `RUST_LOG=oodscope::engine=debug,warn`; of several beginnings
/// the longest counts.
#[derive(Debug, PartialEq, Eq)]
struct Wanted(Vec<(String, LevelFilter)>);

impl Wanted {
    /// What is not understood is passed over; without a level for everything, warnings are wanted.
    fn parse(text: &str) -> Self {
        let mut wanted = vec![(String::new(), LevelFilter::Warn)];
        for part in text.split(',').map(str::trim) {
            match (part.split_once('='), part.parse()) {
                (Some((target, level)), _) => wanted.extend(level.parse().map(|level| (target.to_owned(), level))),
                (None, Ok(level)) => wanted[0].1 = level,
                (None, Err(_)) => {}
            }
        }
        Self(wanted)
    }

    fn most(&self) -> LevelFilter {
        self.0.iter().map(|(_, level)| *level).max().unwrap_or(LevelFilter::Off)
    }

    fn level(&self, target: &str) -> LevelFilter {
        let fits = self.0.iter().filter(|(start, _)| target.starts_with(start));
        fits.max_by_key(|(start, _)| start.len()).map_or(LevelFilter::Off, |(_, level)| *level)
    }
}

/// A file opened at the first line.
#[derive(Debug)]
struct LogFile {
    path: PathBuf,
    wanted: Wanted,
    file: Mutex<Option<File>>,
}

impl LogFile {
    fn open(&self) -> io::Result<File> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        OpenOptions::new().create(true).append(true).open(&self.path)
    }

    fn write(&self, line: &str) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if file.is_none() {
            *file = Some(self.open()?);
        }
        file.as_mut().map_or(Ok(()), |f| f.write_all(line.as_bytes()))
    }
}

impl Log for LogFile {
    fn enabled(&self, about: &Metadata<'_>) -> bool {
        about.level() <= self.wanted.level(about.target())
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
        let now = DateTime::from_timestamp(now as i64, 0).unwrap_or_default().format("%Y-%m-%dT%H:%M:%SZ");
        // There is nobody to tell where the log itself cannot be written.
        let _ = self.write(&format!("{now} {:>5} {}: {}\n", record.level(), record.target(), record.args()));
    }

    fn flush(&self) {}
}

#[cfg(test)]
mod tests {
    use log::Level;

    use super::*;

    #[test]
    fn the_file_appears_with_the_first_line_that_is_wanted() {
        let root = tempfile::tempdir().expect("a scratch folder");
        let path = root.path().join("deep/oodscope.log");
        let log = LogFile { path: path.clone(), wanted: Wanted::parse(""), file: Mutex::default() };
        let say = |level, text: &str| {
            log.log(&Record::builder().level(level).target("oodscope::engine").args(format_args!("{text}")).build());
        };
        say(Level::Info, "nothing");
        assert!(!path.exists());
        say(Level::Warn, "one");
        say(Level::Error, "two");
        let text = fs::read_to_string(path).expect("is there");
        let ends: Vec<&str> = text.lines().filter_map(|line| line.split_once("Z ").map(|(_, end)| end)).collect();
        assert_eq!(ends, [" WARN oodscope::engine: one", "ERROR oodscope::engine: two"]);
    }

    #[test]
    fn the_longest_beginning_chooses_the_level() {
        let wanted = Wanted::parse("error, oodscope=info,oodscope::engine=debug,nonsense,other=loud");
        assert_eq!(wanted.most(), LevelFilter::Debug);
        let level = |target| wanted.level(target);
        assert_eq!(level("polars_core"), LevelFilter::Error);
        assert_eq!(level("oodscope::ui"), LevelFilter::Info);
        assert_eq!(level("oodscope::engine::worker"), LevelFilter::Debug);
        assert_eq!(Wanted::parse("debug").level("other"), LevelFilter::Debug);
    }
}
