//! Datasets behind a URL: their files are copied into a folder of this machine, and read from there like any others.
//!
//! The copy stays for the next time, and only what has changed on the server is fetched again. Opening needs the cargo
//! feature `cloud`; without it a URL is still recognised, so that nobody is told that `s3://bucket/x` is no file.

use std::path::Path;

use super::DataError;
use crate::data::dataset::Dataset;
use crate::task::Ctx;

#[cfg(feature = "cloud")]
mod cache;
#[cfg(feature = "cloud")]
mod mirror;
#[cfg(any(feature = "cloud", test))]
mod names;
#[cfg(feature = "cloud")]
mod store;
#[cfg(feature = "cloud")]
mod trouble;
#[cfg(feature = "cloud")]
mod wait;

/// What comes before `://` in the URLs that are opened.
const SCHEMES: &[&str] = &["s3", "s3a", "gs", "gcs", "hf", "http", "https"];

/// The text and the scheme of the URL that `path` is; nothing where it is a path.
pub(in crate::data) fn url(path: &Path) -> Option<(&str, &str)> {
    let text = path.to_str()?;
    let (scheme, _) = text.split_once("://")?;
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let is_scheme =
        scheme.len() > 1 && scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(word);
    is_scheme.then_some((text, scheme))
}

/// Opens the dataset at `url` with `read`, which is given the copy on this machine.
///
/// # Errors
/// As [`copied`].
pub(super) fn open(
    url: (&str, &str),
    cx: &Ctx,
    read: impl FnOnce(&Path) -> Result<Dataset, DataError>,
) -> Result<Dataset, DataError> {
    let (mut data, said) = copied(url, cx, read)?;
    let origin = &mut data.origin;
    for words in origin.rules.iter_mut().chain(&mut origin.warnings) {
        *words = said.of_url(words);
    }
    origin.rules.insert(0, said.rule());
    origin.path = url.0.into();
    Ok(data)
}

/// Copies what is at the URL and reads the copy.
///
/// # Errors
/// A sentence that names the URL and the remedy; or what `read` fails with, said of the URL.
#[cfg(feature = "cloud")]
pub(super) fn copied<T>(
    (text, scheme): (&str, &str),
    cx: &Ctx,
    read: impl FnOnce(&Path) -> Result<T, DataError>,
) -> Result<(T, Said), DataError> {
    let said = Said(mirror::Mirror::of(text, &known(text, scheme)?, cx)?);
    let read = read(&said.0.path()).map_err(|e| match e {
        DataError::Bad { path, problem } => DataError::Bad { path: said.of_url(&path), problem: said.of_url(&problem) },
        cancelled @ DataError::Cancelled(_) => cancelled,
    })?;
    Ok((read, said))
}

/// Says that URLs are not opened.
///
/// # Errors
/// Always.
#[cfg(not(feature = "cloud"))]
pub(super) fn copied<T>(
    (text, scheme): (&str, &str),
    _: &Ctx,
    _: impl FnOnce(&Path) -> Result<T, DataError>,
) -> Result<(T, Said), DataError> {
    known(text, scheme)?;
    Err(DataError::bad(Path::new(text), REMEDY))
}

/// What was read of a copy, said of its URL.
#[cfg(feature = "cloud")]
pub(super) struct Said(mirror::Mirror);
/// Nothing is copied.
#[cfg(not(feature = "cloud"))]
pub(super) enum Said {}

#[cfg(feature = "cloud")]
impl Said {
    fn of_url(&self, words: &str) -> String {
        self.0.said_of_url(words)
    }

    fn rule(&self) -> String {
        self.0.rule()
    }
}

#[cfg(not(feature = "cloud"))]
impl Said {
    fn of_url(&self, _: &str) -> String {
        match *self {}
    }

    fn rule(&self) -> String {
        match *self {}
    }
}

/// The scheme in small letters, if it is one that opens.
fn known(text: &str, scheme: &str) -> Result<String, DataError> {
    let scheme = scheme.to_ascii_lowercase();
    if !SCHEMES.contains(&scheme.as_str()) {
        let known = "URLs that open begin with s3://, gs://, hf://, http:// or https://";
        return Err(DataError::bad(Path::new(text), format!("{known}; copy the dataset here and name the copy")));
    }
    Ok(scheme)
}

/// What to do where URLs are not opened.
#[cfg(not(feature = "cloud"))]
const REMEDY: &str = "opening URLs needs a build with `cargo build --release --features cloud`";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::format;

    #[test]
    fn urls_are_told_from_paths_and_keep_every_character() {
        for text in ["s3://bucket/x", "https://host/a//b?c=d", "hf://datasets/a/b@main/", "S3://b"] {
            let path = Path::new(text);
            assert_eq!(url(path).map(|u| u.0), Some(text));
            assert_eq!(path.display().to_string(), text);
            assert_eq!(path.to_path_buf().into_os_string(), text);
        }
        for text in ["s3:/bucket/x", "data/s3://x", "c://x", "://x", "a b://x", "data.hdf5", "1a://x", ""] {
            assert_eq!(url(Path::new(text)), None, "{text}");
        }
    }

    #[test]
    fn what_does_not_open_is_said_in_a_sentence() {
        let sentence = |text: &str| format::open(Path::new(text), None, &Ctx::quiet()).expect_err(text).to_string();
        let other = sentence("abfs://container/x");
        assert!(other.starts_with("abfs://container/x: URLs that open begin with s3://"), "{other}");
        #[cfg(not(feature = "cloud"))]
        for url in ["s3://bucket/x", "gs://b/x", "hf://datasets/a/b", "HTTPS://host/x.parquet"] {
            let remedy = "opening URLs needs a build with `cargo build --release --features cloud`";
            assert_eq!(sentence(url), format!("{url}: {remedy}"));
        }
    }
}
