//! Names of objects: which are fetched, and which are safe as names of files below a folder.

use std::collections::BTreeMap;

/// Endings of the files that readers use.
const USED: &[&str] = &["parquet", "json", "jsonl", "arrow", "csv", "tsv", "toml", "hdf5", "h5", "npz", "npy"];
/// Endings of what is never fetched, in words.
const VIDEOS: &[&str] = &["mp4", "mkv", "avi", "mov", "webm", "m4v"];
const IMAGES: &[&str] = &["png", "jpg", "jpeg", "webp", "bmp", "gif", "tif", "tiff"];
/// Longest name of a file, and of all folders above it with it, in bytes: what file systems allow.
const LONGEST_PART: usize = 255;
const LONGEST: usize = 2000;

/// What an object is by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Used,
    Video,
    Image,
    Other,
}

impl Kind {
    pub fn of(name: &str) -> Self {
        let file = name.rsplit('/').next().map(str::to_ascii_lowercase).unwrap_or_default();
        // Packed text is read too.
        let bare = file.strip_suffix(".gz").filter(|bare| bare.ends_with(".csv") || bare.ends_with(".tsv"));
        let ending = bare.unwrap_or(&file).rsplit_once('.').map(|(_, ending)| ending.to_owned());
        let among = |list: &[&str]| ending.as_deref().is_some_and(|e| list.contains(&e));
        if among(USED) {
            Self::Used
        } else if among(VIDEOS) {
            Self::Video
        } else if among(IMAGES) {
            Self::Image
        } else {
            Self::Other
        }
    }

    fn words(self, n: usize) -> &'static str {
        match (self, n) {
            (Self::Used, 1) => "file",
            (Self::Used, _) => "files",
            (Self::Video, 1) => "video",
            (Self::Video, _) => "videos",
            (Self::Image, 1) => "image",
            (Self::Image, _) => "images",
            (Self::Other, 1) => "other file",
            (Self::Other, _) => "other files",
        }
    }
}

/// How many of each kind: "2 videos, 1 other file".
pub(super) fn counted(kinds: &BTreeMap<Kind, usize>) -> String {
    kinds.iter().map(|(kind, &n)| format!("{n} {}", kind.words(n))).collect::<Vec<_>>().join(", ")
}

/// Whether a file of this name stays below the folder that it is put into, on any system.
pub(super) fn is_safe(name: &str) -> bool {
    let harmless = |c: char| !c.is_control() && !matches!(c, '\\' | ':');
    let inside = |part: &str| !part.is_empty() && part != "." && part != ".." && part.len() <= LONGEST_PART;
    name.len() <= LONGEST && name.chars().all(harmless) && name.split('/').all(inside)
}

/// Files that say how `name` is to be read, where they lie beside it.
pub(super) fn beside(name: &str) -> Vec<String> {
    let mut names = vec![format!("{name}.toml"), "oodscope.toml".to_owned()];
    if name == "main_data.hdf5" {
        names.push("metadata.json".to_owned());
    }
    names
}

/// A number of bytes for people.
pub(super) fn bytes(n: u64) -> String {
    let units = [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")];
    match units.into_iter().find(|(unit, _)| n >= *unit) {
        Some((unit, name)) => format!("{:.1} {name}", n as f64 / unit as f64),
        None => format!("{n} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_out_of_the_folder_are_refused() {
        for name in ["a.parquet", "data/chunk-000/file-000.parquet", "ünï code/x y.json", "..a/b..", "a=1/b"] {
            assert!(is_safe(name), "{name}");
        }
        let long = "a".repeat(256);
        let outside =
            ["", "..", "../a", "a/../b", "/a", "a//b", "a/", ".", "a/./b", "a\\b", "c:a", "a\nb", "a\0", "\u{85}"];
        for name in outside.into_iter().chain([long.as_str()]) {
            assert!(!is_safe(name), "{name:?}");
        }
        assert!(!is_safe(&"a/".repeat(1500)));
    }

    #[test]
    fn only_what_readers_use_is_fetched() {
        for used in ["a.parquet", "meta/info.json", "meta/episodes.JSONL", "x.tar.hdf5", "named.csv.toml", "x.CSV.gz"] {
            assert_eq!(Kind::of(used), Kind::Used, "{used}");
        }
        assert_eq!(Kind::of("videos/front/file-000.mp4"), Kind::Video);
        assert_eq!(Kind::of("images/0.PNG"), Kind::Image);
        for other in ["README.md", "LICENSE", "a.parquet/_SUCCESS", "folder.json/x", "model.pkl", "x.tar.gz"] {
            assert_eq!(Kind::of(other), Kind::Other, "{other}");
        }
        assert_eq!(beside("named.csv"), ["named.csv.toml", "oodscope.toml"]);
        assert!(beside("main_data.hdf5").contains(&"metadata.json".to_owned()));
        let kinds = BTreeMap::from([(Kind::Other, 1), (Kind::Video, 2)]);
        assert_eq!(counted(&kinds), "2 videos, 1 other file");
    }

    #[test]
    fn sizes_are_words() {
        assert_eq!([bytes(0), bytes(999), bytes(41_500)].join(" "), "0 bytes 999 bytes 41.5 kB");
        assert_eq!([bytes(2_000_000), bytes(3_210_000_000)].join(" "), "2.0 MB 3.2 GB");
    }
}
