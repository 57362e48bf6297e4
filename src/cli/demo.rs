//! The demo that ships: a narrow Pendulum dataset and the checkpoint that was trained on it.

use crate::ground::fault::Fault;
use std::env;
use std::path::{Path, PathBuf};

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

/// Looks for the demo in `$OODSCOPE_DEMO`, the current directory, and the folders that hold the program.
///
/// # Errors
/// A sentence saying where it was looked for.
pub fn find() -> Result<Demo, Fault> {
    let named = env::var_os("OODSCOPE_DEMO").map(PathBuf::from);
    let program = env::current_exe().ok();
    let around = program.iter().flat_map(|p| p.ancestors().skip(1).take(4).map(Path::to_path_buf));
    // `.` rather than its full path: messages and reports then name what the user would type.
    let places: Vec<PathBuf> = named.into_iter().chain([PathBuf::new()]).chain(around).collect();
    within(&places).ok_or_else(|| {
        Fault::bad(format!(
            "no dataset is named and the demo ({DATASET}, {CHECKPOINT}) is neither in the current directory nor beside \
             the program; name a dataset, or the folder that holds the demo in OODSCOPE_DEMO"
        ))
    })
}

fn within(places: &[PathBuf]) -> Option<Demo> {
    places
        .iter()
        .map(|place| Demo { dataset: place.join(DATASET), checkpoint: place.join(CHECKPOINT) })
        .find(|demo| demo.dataset.exists() && demo.checkpoint.exists())
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
}
