//! Saving so that nobody ever sees half a file: written beside the target under a temporary name, synced, renamed.

use std::fmt::Display;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::url;
use crate::ground::fault::Fault;

/// Writes file `path` with `fill`, replacing one that is there.
///
/// # Errors
/// If the folder cannot be written, or what `fill` fails with.
pub fn file(path: &Path, fill: impl FnOnce(&mut File) -> Result<(), String>) -> Result<(), Fault> {
    beside(path, |temporary| fill(temporary.as_file_mut()).map_err(|e| unwritable(path, &e)))
}

/// As [`file`], for what writes to a path or reads what it writes down: `fill` has the empty temporary file.
///
/// # Errors
/// As [`file`].
pub fn beside(path: &Path, fill: impl FnOnce(&mut tempfile::NamedTempFile) -> Result<(), Fault>) -> Result<(), Fault> {
    here(path)?;
    let parent = parent_of(path);
    let prefix = hidden(path);
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix);
    #[cfg(unix)]
    // As any other file of the user's: the process's mask takes off what has to go.
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut temporary = builder.tempfile_in(&parent).map_err(|e| unwritable(path, &e))?;
    fill(&mut temporary)?;
    temporary.as_file().sync_all().map_err(|e| unwritable(path, &e))?;
    temporary.persist(path).map_err(|e| unwritable(path, &e.error))?;
    sync_folder(&parent);
    Ok(())
}

/// Says before long work whether [`file`] could write `path`; leaves nothing behind.
///
/// # Errors
/// As [`file`].
pub fn check(path: &Path) -> Result<(), Fault> {
    here(path)?;
    if path.is_dir() {
        return Err(Fault::at(path, "is a folder; name a file"));
    }
    tempfile::tempfile_in(parent_of(path)).map(drop).map_err(|e| unwritable(path, &e))
}

/// Makes folder `path`, which must not exist yet, and has `fill` put its files into it.
///
/// # Errors
/// If something is at `path` already, if its parent cannot be written, or what `fill` fails with.
pub fn folder(path: &Path, fill: impl FnOnce(&Path) -> Result<(), Fault>) -> Result<(), Fault> {
    here(path)?;
    let taken = || Fault::at(path, "exists already and is not overwritten; give another name or remove it first");
    if path.symlink_metadata().is_ok() {
        return Err(taken());
    }
    let parent = parent_of(path);
    fs::create_dir_all(&parent).map_err(|e| unwritable(path, &e))?;
    let temporary =
        tempfile::Builder::new().prefix(&hidden(path)).tempdir_in(&parent).map_err(|e| unwritable(path, &e))?;
    // The temporary folder is private; the one inside has the permissions that the user's folders have.
    let inner = temporary.path().join("dataset");
    fs::create_dir(&inner).map_err(|e| unwritable(path, &e))?;
    fill(&inner).map_err(|why| named(why, &inner, path))?;
    sync_folder(&inner);
    fs::rename(&inner, path).map_err(|e| if path.exists() { taken() } else { unwritable(path, &e) })?;
    sync_folder(&parent);
    Ok(())
}

/// Creates `path` with `fill` and syncs it: for files inside [`folder`].
///
/// # Errors
/// As [`file`].
pub fn plain(path: &Path, fill: impl FnOnce(&mut File) -> Result<(), String>) -> Result<(), Fault> {
    let mut file = File::create_new(path).map_err(|e| unwritable(path, &e))?;
    fill(&mut file).map_err(|e| unwritable(path, &e))?;
    file.sync_all().map_err(|e| unwritable(path, &e))?;
    sync_folder(&parent_of(path));
    Ok(())
}

/// Syncs a file that something else has written: for files inside [`folder`].
///
/// # Errors
/// If the file cannot be read or synced.
pub fn synced(path: &Path) -> Result<(), Fault> {
    File::open(path).and_then(|file| file.sync_all()).map_err(|e| unwritable(path, &e))?;
    sync_folder(&parent_of(path));
    Ok(())
}

/// Refuses a URL: it would become folders called `s3:`.
fn here(path: &Path) -> Result<(), Fault> {
    match url::as_url(path) {
        Some(_) => Err(Fault::at(path, "URLs are read and not written; write to this machine and upload it")),
        None => Ok(()),
    }
}

/// Why `path` cannot be written, and what to look after.
pub fn unwritable(path: &Path, e: &impl Display) -> Fault {
    Fault::at(path, format!("cannot be written ({e}); check that the folder exists, is yours and has room"))
}

/// `why` with the name that the folder was to have: the temporary one is gone.
fn named(why: Fault, temporary: &Path, path: &Path) -> Fault {
    let own = |text: String| text.replace(&temporary.display().to_string(), &path.display().to_string());
    match why {
        Fault::Bad(text) => Fault::Bad(own(text)),
        Fault::Failed(text) => Fault::Failed(own(text)),
        Fault::Cancelled => Fault::Cancelled,
    }
}

fn parent_of(path: &Path) -> PathBuf {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

/// Start of a temporary name beside `path`; cut so that long names stay within the file system's limit.
fn hidden(path: &Path) -> String {
    let name: String = path.file_name().unwrap_or_default().to_string_lossy().chars().take(40).collect();
    format!(".{name}.")
}

/// A rename survives a crash once its folder is synced; file systems that cannot do it lose nothing else.
fn sync_folder(path: &Path) {
    if let Ok(folder) = File::open(path) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .expect("folder")
            .map(|e| e.expect("entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_whole_or_not_at_all() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let path = dir.path().join("x.csv");
        file(&path, |f| f.write_all(b"one").map_err(|e| e.to_string())).expect("written");
        let failed = file(&path, |f| {
            f.write_all(b"half").map_err(|e| e.to_string())?;
            Err("the disk is full".into())
        });
        assert!(failed.expect_err("fails").to_string().contains("the disk is full"));
        assert_eq!(fs::read_to_string(&path).expect("text"), "one");
        assert_eq!(names(dir.path()), ["x.csv"], "nothing temporary is left");
    }

    #[test]
    fn a_url_is_not_written() {
        let url = Path::new("s3://bucket/x");
        let told = [file(url, |_| Ok(())), folder(url, |_| Ok(()))].map(|r| r.expect_err("refused").to_string());
        let sentence = "s3://bucket/x: URLs are read and not written; write to this machine and upload it";
        assert_eq!(told, [sentence; 2]);
        assert!(!Path::new("s3:").exists());
    }

    #[test]
    fn a_folder_appears_whole_and_is_never_overwritten() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let path = dir.path().join("deep/er/set");
        let fill = |inner: &Path| plain(&inner.join("a"), |f| f.write_all(b"1").map_err(|e| e.to_string()));
        folder(&path, fill).expect("written");
        assert_eq!(names(&path), ["a"]);
        let again = folder(&path, fill).expect_err("exists").to_string();
        assert!(again.contains("exists already") && again.contains("set"), "{again}");
        let full = folder(&dir.path().join("full"), |inner| Err(unwritable(&inner.join("a"), &"no room left")));
        let (said, own) = (full.expect_err("fails").to_string(), dir.path().join("full/a").display().to_string());
        assert!(said.starts_with(&own) && said.contains("no room left"), "{said}");
        let failed = dir.path().join("deep/er/other");
        folder(&failed, |_| Err(Fault::at(&failed, "no"))).expect_err("fails");
        assert_eq!(names(&dir.path().join("deep/er")), ["set"], "nothing half is left");
    }

    #[test]
    fn an_unwritable_place_is_one_sentence() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let blocker = dir.path().join("file");
        fs::write(&blocker, b"").expect("written");
        let text = folder(&blocker.join("set"), |_| Ok(())).expect_err("a file is no folder").to_string();
        assert!(text.contains("cannot be written") && text.contains("set"), "{text}");
        let text = file(&dir.path().join("no/such/x.csv"), |_| Ok(())).expect_err("no folder").to_string();
        assert!(text.contains("check that the folder exists"), "{text}");
    }
}
