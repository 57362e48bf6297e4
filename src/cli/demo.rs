//! The demo that ships: a narrow Pendulum dataset and the checkpoint that was trained on it. The program carries it along,
//! so that it is there however the program was installed.

use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::ground::fault::Fault;
use crate::ground::{folders, save};

/// Paths of the demo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demo {
    /// Near-upright episodes of a good policy.
    pub dataset: PathBuf,
    /// World model and policy trained on them.
    pub checkpoint: PathBuf,
}

const DATASET: &str = "datasets/pendulum/narrow-v0";
const CHECKPOINT: &str = "assets/pendulum-narrow";

/// A file of the demo by its path in the repository.
macro_rules! file {
    ($path:literal) => {
        ($path, include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $path)).as_slice())
    };
}

const FILES: [(&str, &[u8]); 4] = [
    file!("datasets/pendulum/narrow-v0/data/main_data.hdf5"),
    file!("datasets/pendulum/narrow-v0/data/metadata.json"),
    file!("assets/pendulum-narrow/checkpoint.json"),
    file!("assets/pendulum-narrow/weights.safetensors"),
];

/// Looks for the demo in `$OODSCOPE_DEMO`, the current directory, and the folders that hold the program; else writes the
/// program's own into the user's cache.
///
/// # Errors
/// A sentence where it cannot be written there.
pub fn find() -> Result<Demo, Fault> {
    let named = env::var_os("OODSCOPE_DEMO").map(PathBuf::from);
    let program = env::current_exe().ok();
    let around = program.iter().flat_map(|p| p.ancestors().skip(1).take(4).map(Path::to_path_buf));
    // `.` rather than its full path: messages and reports then name what the user would type.
    let places: Vec<PathBuf> = named.into_iter().chain([PathBuf::new()]).chain(around).collect();
    within(&places).map_or_else(|| unpack(&folders::cache().unwrap_or_else(env::temp_dir)), Ok)
}

/// The folder that the demo lies in, where that is a place on this machine and not the current directory.
pub fn place(demo: &Demo) -> Option<PathBuf> {
    let above = Path::new(DATASET).components().count();
    demo.dataset.ancestors().nth(above).filter(|p| p.is_absolute()).map(Path::to_path_buf)
}

fn at(place: &Path) -> Demo {
    Demo { dataset: place.join(DATASET), checkpoint: place.join(CHECKPOINT) }
}

fn within(places: &[PathBuf]) -> Option<Demo> {
    places.iter().map(|place| at(place)).find(|demo| demo.dataset.exists() && demo.checkpoint.exists())
}

/// Writes the files that are not below `cache` yet, or are not what they should be.
fn unpack(cache: &Path) -> Result<Demo, Fault> {
    let place = cache.join("oodscope/demo");
    let told = |e: &dyn std::fmt::Display| {
        let (dataset, place) = (DATASET, place.display());
        Fault::bad(format!(
            "no dataset is named and the demo ({dataset}) cannot be put into {place} ({e}); name a dataset, or the folder \
             that holds the demo in OODSCOPE_DEMO"
        ))
    };
    for (name, bytes) in FILES {
        let path = place.join(name);
        if fs::read(&path).is_ok_and(|there| there == bytes) {
            continue;
        }
        fs::create_dir_all(path.parent().unwrap_or(&place)).map_err(|e| told(&e))?;
        save::file(&path, |file| std::io::Write::write_all(file, bytes).map_err(|e| e.to_string()))
            .map_err(|e| told(&e))?;
    }
    Ok(at(&place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_place_that_has_both_is_taken() {
        let root = tempfile::tempdir().expect("a scratch folder");
        let place = |name: &str| root.path().join(name);
        std::fs::create_dir_all(place("half").join(DATASET)).expect("writable");
        for name in ["a", "b"] {
            std::fs::create_dir_all(place(name).join(DATASET)).expect("writable");
            std::fs::create_dir_all(place(name).join(CHECKPOINT)).expect("writable");
        }
        let found = within(&[place("none"), place("half"), place("a"), place("b")]).expect("a has both");
        assert_eq!(found.dataset, place("a").join(DATASET));
        assert_eq!(within(&[place("half")]), None);
    }

    #[test]
    fn what_is_damaged_in_the_cache_is_written_anew() {
        let root = tempfile::tempdir().expect("a scratch folder");
        let demo = unpack(root.path()).expect("writable");
        let weights = demo.checkpoint.join("weights.safetensors");
        let whole = fs::read(&weights).expect("is there");
        fs::write(&weights, &whole[..100]).expect("writable");
        assert_eq!(unpack(root.path()).expect("writable"), demo);
        assert_eq!(fs::read(&weights).expect("is there"), whole);
    }

    #[test]
    fn a_cache_that_is_a_file_is_one_sentence() {
        let file = tempfile::NamedTempFile::new().expect("a scratch file");
        let said = unpack(file.path()).expect_err("a file is no folder").to_string();
        assert!(said.contains("OODSCOPE_DEMO") && said.contains(DATASET) && said.lines().count() == 1, "{said}");
    }
}
