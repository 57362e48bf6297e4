//! The log: a file that exists only once there is something to say.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::{env, fs};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Sends warnings and faults to `$OODSCOPE_LOG`, else to `oodscope/oodscope.log` in the user's state folder. Without
/// either, or where the file cannot be written, nothing is logged. `RUST_LOG` chooses what is logged.
pub fn to_file() {
    let Some(path) = path() else { return };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(Lazy { path, file: Arc::default() })
        .finish();
    // Fails only if one is set already, by a program that uses this library.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

fn path() -> Option<PathBuf> {
    if let Some(named) = env::var_os("OODSCOPE_LOG") {
        return Some(PathBuf::from(named));
    }
    let state = env::var_os("XDG_STATE_HOME").map(PathBuf::from);
    let state = state.or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state")))?;
    Some(state.join("oodscope/oodscope.log"))
}

/// A file opened at the first write.
#[derive(Debug, Clone)]
struct Lazy {
    path: PathBuf,
    file: Arc<Mutex<Option<File>>>,
}

impl Lazy {
    fn open(&self) -> io::Result<File> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        OpenOptions::new().create(true).append(true).open(&self.path)
    }
}

impl Write for Lazy {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if file.is_none() {
            *file = Some(self.open()?);
        }
        file.as_mut().map_or(Ok(bytes.len()), |f| f.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lazy {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_appears_with_the_first_line() {
        let root = tempfile::tempdir().expect("a scratch folder");
        let path = root.path().join("deep/oodscope.log");
        let log = Lazy { path: path.clone(), file: Arc::default() };
        assert!(!path.exists());
        log.make_writer().write_all(b"one\n").expect("writes");
        log.make_writer().write_all(b"two\n").expect("writes");
        assert_eq!(fs::read_to_string(path).expect("is there"), "one\ntwo\n");
    }
}
