//! Datasets behind a URL: their files are copied into a folder of this machine, and read from there like any others.
//!
//! The copy stays for the next time, and only what has changed on the server is fetched again. Opening needs the cargo
//! feature `cloud`; without it a URL is still recognised, so that nobody is told that `s3://bucket/x` is no file.

use std::path::Path;

use crate::data::dataset::Dataset;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

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

/// Opens the dataset at `url` with `read`, which is given the copy on this machine.
///
/// # Errors
/// As [`copied`].
pub(super) fn open(
    url: (&str, &str),
    cx: &Ctx,
    read: impl FnOnce(&Path) -> Result<Dataset, Fault>,
) -> Result<Dataset, Fault> {
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
    read: impl FnOnce(&Path) -> Result<T, Fault>,
) -> Result<(T, Said), Fault> {
    let said = Said(mirror::Mirror::of(text, &known(text, scheme)?, cx)?);
    let read = read(&said.0.path()).map_err(|e| match e {
        Fault::Bad(problem) => Fault::Bad(said.of_url(&problem)),
        other => other,
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
    _: impl FnOnce(&Path) -> Result<T, Fault>,
) -> Result<(T, Said), Fault> {
    known(text, scheme)?;
    Err(Fault::at(Path::new(text), REMEDY))
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
fn known(text: &str, scheme: &str) -> Result<String, Fault> {
    let scheme = scheme.to_ascii_lowercase();
    if !SCHEMES.contains(&scheme.as_str()) {
        let known = "URLs that open begin with s3://, gs://, hf://, http:// or https://";
        return Err(Fault::at(Path::new(text), format!("{known}; copy the dataset here and name the copy")));
    }
    Ok(scheme)
}

/// What to do where URLs are not opened.
#[cfg(not(feature = "cloud"))]
const REMEDY: &str = "opening URLs needs a build with `cargo build --release --features cloud`";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format;

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
