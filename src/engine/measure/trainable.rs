//! Refuses what cannot be trained on or written to, before anything is spent.

use std::path::Path;

use crate::data::dataset::Dataset;
use crate::engine::opened::Opened;
use crate::ground::fault::Fault;
use crate::topup::prepare;
use crate::world::world_model::WorldModel;

/// Refuses data and models that cannot be trained on, before anything is spent.
///
/// # Errors
/// A sentence with the remedy.
pub fn trainable(opened: &Opened, from: Option<&dyn WorldModel>) -> Result<(), Fault> {
    let data = &opened.data;
    let path = data.origin.path.display();
    for (part, episodes) in [("training", &opened.split.train), ("held-out", &opened.split.heldout)] {
        if data.transitions(episodes).is_empty() {
            return Err(Fault::bad(format!(
                "{path}: the {part} part has no usable transition (a next observation and no NaN or Inf); add episodes \
                 or choose another --split-seed"
            )));
        }
    }
    from.map_or(Ok(()), |model| model.trainable().map_err(Fault::bad))
}

/// Refuses actions that no policy learns to choose in imagination.
///
/// # Errors
/// A sentence with the remedy.
pub fn learnable(data: &Dataset) -> Result<(), Fault> {
    let refused = prepare::head(&data.action_space, &|_| (-1.0, 1.0)).err();
    refused.map_or(Ok(()), |why| {
        Err(Fault::bad(format!(
            "{}: {why}; a world model alone is trained by oodscope fit without --policy-steps",
            data.origin.path.display()
        )))
    })
}

/// Refuses an output folder that cannot be written to, before anything is spent.
///
/// # Errors
/// A sentence with the remedy.
pub fn writable(folder: &Path) -> Result<(), Fault> {
    let try_it = || {
        std::fs::create_dir_all(folder)?;
        tempfile::NamedTempFile::new_in(folder).map(drop)
    };
    try_it().map_err(|e: std::io::Error| {
        Fault::bad(format!("{}: cannot be written to ({e}); choose another folder with --out", folder.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::dataset::{Origin, Parts};
    use crate::data::episode::EpisodeSpan;
    use crate::data::space::{Space, SpaceKind};

    #[test]
    fn several_choices_at_once_are_refused_with_the_remedy() {
        let span = EpisodeSpan {
            id: 0,
            first_step: 0,
            steps: 1,
            first_obs: 0,
            obs_rows: 2,
            terminated: true,
            truncated: false,
        };
        let parts =
            Parts { spans: vec![span], obs: vec![0.0; 2], actions: vec![1.0], rewards: vec![1.0], next_obs: None };
        let one = Space { names: vec!["push".into()], kind: SpaceKind::Discrete { n: 2, start: 0 } };
        let several = SpaceKind::MultiDiscrete { n: vec![2], start: vec![0] };
        let several = Space { kind: several, ..one.clone() };
        let make = |space| Dataset::from_parts(Origin::default(), Space::unnamed("obs", 1), space, parts.clone());
        let refused = learnable(&make(several).expect("fits")).expect_err("choices").to_string();
        assert!(refused.contains("--policy-steps"), "{refused}");
        for space in [one, Space::unnamed("action", 1)] {
            assert_eq!(learnable(&make(space).expect("fits")), Ok(()));
        }
    }

    #[test]
    fn a_file_is_no_folder_to_write_to() {
        let root = tempfile::tempdir().expect("a scratch folder");
        let file = root.path().join("file");
        std::fs::write(&file, "").expect("writes");
        let refused = writable(&file.join("out")).expect_err("a file").to_string();
        assert!(refused.contains("--out") && refused.contains("file"), "{refused}");
        assert_eq!(writable(&root.path().join("a/b")), Ok(()));
        let left = std::fs::read_dir(root.path().join("a/b")).expect("was made").count();
        assert_eq!(left, 0);
    }
}
