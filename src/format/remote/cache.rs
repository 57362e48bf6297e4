//! The folder that keeps the copy of what is at a URL, and what is known of each file in it.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use super::store::Stamp;
use super::trouble::{Trouble, without_query};
use crate::ground::task::Ctx;
use crate::ground::{folders, save};

/// Settings that decide which server a URL means.
const SERVERS: &[&str] = &["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT", "GOOGLE_BASE_URL"];
/// Start of the names of files that are not yet whole.
const PART: &str = ".part-";
/// How often what is known is written down while files come in.
const SAVED_EVERY: Duration = Duration::from_secs(2);

/// The folder of one URL. Nobody else changes it while this is alive.
pub(super) struct Folder {
    root: PathBuf,
    known: Mutex<(Known, Instant)>,
    _lock: Option<File>,
}

/// What is written down.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Known {
    url: String,
    files: BTreeMap<String, Stamp>,
}

/// A name for `url`: of its own, and with its last part for people who look into the folder.
fn named(url: &str, servers: &[String]) -> String {
    let mut hash = Sha256::new();
    for text in std::iter::once(url).chain(servers.iter().map(String::as_str)) {
        hash.update(text.len().to_le_bytes());
        hash.update(text);
    }
    let digest = hash.finalize();
    let first: [u8; 8] = std::array::from_fn(|i| digest[i]);
    let digits = format!("{:016x}", u64::from_be_bytes(first));
    let last = without_query(url).trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let last: String = last.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')).collect();
    format!("{digits}-{}", last.get(..last.len().min(40)).unwrap_or_default())
}

impl Folder {
    /// The folder of `url`, once no other job uses it.
    pub fn of(url: &str, cx: &Ctx) -> Result<Self, Trouble> {
        let home = folders::cache().ok_or_else(|| Trouble::Disk("no home folder is known".into()))?;
        let servers: Vec<String> = SERVERS.iter().map(|name| std::env::var(name).unwrap_or_default()).collect();
        let root = home.join("oodscope").join("objects").join(named(url, &servers));
        Self::at(root, url, cx)
    }

    fn at(root: PathBuf, url: &str, cx: &Ctx) -> Result<Self, Trouble> {
        let disk = |e: io::Error| Trouble::Disk(format!("{}: {e}", root.display()));
        fs::create_dir_all(root.join("files")).map_err(disk)?;
        let lock = lock(&root.join("lock"), cx).map_err(|e| e.unwrap_or_else(disk))?;
        for entry in fs::read_dir(&root).map_err(disk)?.flatten() {
            if entry.file_name().to_string_lossy().starts_with(PART) {
                fs::remove_file(entry.path()).map_err(disk)?;
            }
        }
        let text = fs::read_to_string(root.join("known.json")).unwrap_or_default();
        // What cannot be understood is forgotten: the files are fetched again.
        let known: Known = serde_json::from_str(&text).unwrap_or_default();
        let known = Known { url: without_query(url).to_owned(), ..known };
        Ok(Self { root, known: Mutex::new((known, Instant::now())), _lock: lock })
    }

    /// Where the files are.
    pub fn files(&self) -> PathBuf {
        self.root.join("files")
    }

    /// True if the file called `name` is there as `stamp` says.
    pub fn holds(&self, name: &str, stamp: &Stamp) -> bool {
        let same = self.known().0.files.get(name).is_some_and(|before| before.still(stamp));
        same && fs::symlink_metadata(self.files().join(name)).is_ok_and(|m| m.is_file() && m.len() == stamp.size)
    }

    /// Bytes that are free.
    pub fn free(&self) -> io::Result<u64> {
        fs4::available_space(&self.root)
    }

    /// Removes every file but those called `names`.
    pub fn retain(&self, names: &HashSet<&str>) -> Result<(), Trouble> {
        self.known().0.files.retain(|name, _| names.contains(name.as_str()));
        let kept: HashSet<PathBuf> = names.iter().map(|name| self.files().join(name)).collect();
        sweep(&self.files(), &kept).map_err(|e| self.disk(&e))
    }

    /// A file to be filled, which is not yet among the files.
    pub fn part(&self) -> Result<NamedTempFile, Trouble> {
        tempfile::Builder::new().prefix(PART).tempfile_in(&self.root).map_err(|e| self.disk(&e))
    }

    /// Puts a filled file among the files as `name`.
    pub fn keep(&self, name: &str, part: NamedTempFile, stamp: Stamp) -> Result<(), Trouble> {
        let path = self.files().join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|e| self.disk(&e))?;
        }
        part.persist(&path).map_err(|e| self.disk(&e.error))?;
        let mut known = self.known();
        known.0.files.insert(name.to_owned(), stamp);
        if known.1.elapsed() > SAVED_EVERY {
            known.1 = Instant::now();
            self.write(&known.0)?;
        }
        Ok(())
    }

    /// Writes down what is known of the files.
    pub fn save(&self) -> Result<(), Trouble> {
        self.write(&self.known().0)
    }

    fn write(&self, known: &Known) -> Result<(), Trouble> {
        let text = serde_json::to_vec(known).map_err(|e| Trouble::Disk(e.to_string()))?;
        let fill = |file: &mut File| io::Write::write_all(file, &text).map_err(|e| e.to_string());
        save::file(&self.root.join("known.json"), fill).map_err(|e| Trouble::Disk(e.to_string()))
    }

    fn known(&self) -> std::sync::MutexGuard<'_, (Known, Instant)> {
        // A thread that panicked left a list that is whole: entries are only put in and taken out.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn disk(&self, e: &io::Error) -> Trouble {
        Trouble::Disk(format!("{}: {e}", self.root.display()))
    }
}

/// Waits for the lock; none where the file system has no locks.
fn lock(path: &Path, cx: &Ctx) -> Result<Option<File>, Result<Trouble, io::Error>> {
    let file = File::create(path).map_err(Err)?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) => cx.check().map_err(|e| Ok(e.into()))?,
            Err(TryLockError::Error(_)) => return Ok(None),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Removes what is below `folder` and not `kept`, and folders that are empty then.
fn sweep(folder: &Path, kept: &HashSet<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            sweep(&path, kept)?;
            // One that is not empty stays.
            let _ = fs::remove_dir(&path);
        } else if !kept.contains(&path) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_url_and_server_has_a_folder_of_its_own() {
        let none = [String::new()];
        let name = named("s3://bucket/some/data.parquet", &none);
        assert!(name.ends_with("-data.parquet") && name.len() == 17 + 12, "{name}");
        assert_ne!(named("s3://bucket/x", &none), named("s3://bucket/x", &["http://host".into()]));
        assert_ne!(named("s3://bucket/x", &none), named("s3://bucket/x/", &none));
        let odd = named("https://h/..%2f\u{202e}/ü?sig=secret", &none);
        assert!(odd.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)), "{odd}");
        assert!(named(&format!("s3://b/{}", "x".repeat(500)), &none).len() < 60);
    }

    #[test]
    fn one_job_at_a_time_and_nothing_is_left_of_what_is_gone() {
        let home = tempfile::tempdir().expect("temporary folder");
        let root = home.path().join("x");
        let cx = Ctx::quiet();
        let folder = Folder::at(root.clone(), "s3://b/x", &cx).expect("made");
        for name in ["a/old.parquet", "a/b/new.parquet", "c/gone.json"] {
            let stamp = serde_json::from_str(r#"{"size": 0, "etag": "e", "modified": null}"#).expect("a stamp");
            folder.keep(name, folder.part().expect("a file"), stamp).expect("kept");
        }
        folder.retain(&HashSet::from(["a/b/new.parquet"])).expect("swept");
        assert!(folder.files().join("a/b/new.parquet").is_file() && !folder.files().join("c").exists());
        folder.save().expect("saved");
        let cancel = crate::ground::task::Cancel::default();
        cancel.cancel();
        let other = Folder::at(root.clone(), "s3://b/x", &Ctx::new(cancel, |_| {}));
        assert_eq!(other.err(), Some(Trouble::Cancelled), "waits for the first one");
        let stale = root.join(format!("{PART}1"));
        fs::write(&stale, "half").expect("written");
        drop(folder);
        let again = Folder::at(root, "s3://b/x", &cx).expect("free again");
        assert_eq!(again.known().0.files.keys().collect::<Vec<_>>(), ["a/b/new.parquet"]);
        assert!(!stale.exists());
    }
}
