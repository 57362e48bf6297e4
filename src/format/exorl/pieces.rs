//! An ExORL folder read a few episodes at a time.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::super::assemble::Assembly;
use super::super::choices;
use super::super::npz::Npz;
use super::super::pieces::{Pieces, Width, with_steps};
use super::{Names, episode, files, layout};
use crate::data::dataset::{Dataset, Origin};
use crate::data::space::Space;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// A folder read a few episodes at a time.
pub(super) struct InFiles {
    path: PathBuf,
    names: Names,
    files: Vec<PathBuf>,
    lengths: Vec<usize>,
    width: Width,
    /// The stored type of actions that may be choices.
    choices: Option<String>,
    origin: Origin,
}

impl InFiles {
    /// Finds the episodes that have a step; reads none of their numbers.
    pub fn open(path: &Path, cx: &Ctx) -> Result<Self, Fault> {
        let (names, files) = files(path)?;
        let first = Npz::open(&files[0])?;
        let origin = layout(&first, path)?.origin().clone();
        let action = first.column("action")?;
        let choices = action.choices();
        let width = Width { obs: first.column("observation")?.width(), action: action.width(), extra: 1, next: false };
        let all: Vec<_> = names.into_iter().zip(files).collect();
        let rows = |(_, file): &(_, PathBuf)| Ok(Npz::open(file)?.column("observation")?.rows().saturating_sub(1));
        let (kept, lengths) = with_steps(&all, cx, rows)?;
        let (names, files) = kept.into_iter().unzip();
        Ok(Self { path: path.to_owned(), names, files, lengths, width, choices, origin })
    }
}

impl Pieces for InFiles {
    fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    fn width(&self) -> Width {
        self.width
    }

    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn read(&self, range: Range<usize>, cx: &Ctx) -> Result<Dataset, Fault> {
        let (obs, actions) = (self.width.obs, self.width.action);
        let (obs_space, action_space) = (Space::unnamed("obs", obs), Space::unnamed("action", actions));
        let mut all = Assembly::new(self.origin.clone(), obs_space, action_space);
        for i in range {
            cx.check()?;
            let file = &self.files[i];
            let mut read = episode(&Npz::open(file)?, obs, actions, cx)?;
            read.found.id = self.names[i].map_or(i as u64, |name| name.0);
            all.push(&read.found).map_err(|problem| Fault::at(file, problem))?;
        }
        all.finish(&self.path)
    }

    fn settle(&self, data: &mut Dataset) {
        choices::settle(data, self.choices.as_ref());
    }
}
