//! A LeRobot dataset read a few episodes at a time.

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::super::assemble::Assembly;
use super::super::pieces::{Pieces, Width};
use super::episodes::{self, Columns};
use super::{Layout, action_space, files, named, origin};
use crate::data::dataset::{Dataset, Origin};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// A dataset whose description says where every episode is.
pub(super) struct InFiles {
    path: PathBuf,
    columns: Columns,
    files: Vec<PathBuf>,
    episodes: Vec<Place>,
    lengths: Vec<usize>,
    /// Rows of each file that the description tells of.
    rows: Vec<usize>,
    origin: Origin,
}

/// Where an episode begins.
#[derive(Debug, Clone, Copy)]
struct Place {
    id: u64,
    /// Which of the data files.
    file: usize,
    /// First row in it.
    first: usize,
}

impl InFiles {
    /// Nothing where the description does not say how long every episode is, or knows of none in a file.
    pub fn new(path: &Path, layout: Layout) -> Option<Self> {
        let Layout { root, info, described, files, columns } = layout;
        let number: HashMap<&Path, usize> = files.iter().enumerate().map(|(i, file)| (file.as_path(), i)).collect();
        let mut rows = vec![0; files.len()];
        let (mut episodes, mut lengths) = (Vec::new(), Vec::new());
        for d in &described {
            let filled = files::fill(&info.data_path, d.place.0, d.place.1);
            let file = filled.ok().and_then(|f| number.get(root.join(f).as_path()).copied());
            let (Some(length), Some(file)) = (d.length.and_then(|n| usize::try_from(n).ok()), file) else {
                return None;
            };
            if length > 0 {
                episodes.push(Place { id: d.episode, file, first: rows[file] });
                lengths.push(length);
                rows[file] = rows[file].saturating_add(length);
            }
        }
        let origin = origin(path, &info, &columns, Vec::new());
        drop(number);
        let known = !rows.contains(&0);
        known.then(|| Self { path: path.to_owned(), columns, files, episodes, lengths, rows, origin })
    }

    /// Reads the episodes `range`, all of one file, and puts them behind the others.
    fn put(&self, range: Range<usize>, all: &mut Assembly, cx: &Ctx) -> Result<(), Fault> {
        let Place { file: number, first, .. } = self.episodes[range.start];
        let file = &self.files[number];
        let end = self.lengths[range.clone()].iter().fold(first, |row, &n| row.saturating_add(n));
        let read = episodes::read(file, &self.columns, Some(first..end), cx)?;
        let (there, said) = (read.as_ref().map_or(0, |r| r.in_file), self.rows[number]);
        if there > said {
            return Err(Fault::at(
                file,
                format!(
                    "meta/episodes tells of {said} frames there, it has {there}; download the dataset again, or allow \
                     --memory for all of it"
                ),
            ));
        }
        let found: Vec<(u64, usize)> = read.iter().flat_map(|r| &r.episodes).map(|e| (e.id, e.rows.len())).collect();
        let said = || range.clone().map(|i| (self.episodes[i].id, self.lengths[i]));
        if !found.iter().copied().eq(said()) {
            let (id, length) = said().zip(&found).find(|(said, found)| said != *found).map_or((0, 0), |(said, _)| said);
            return Err(Fault::at(
                file,
                format!(
                    "meta/episodes says that episode {id} has {length} frames there, which it has not; download the \
                     dataset again, or allow --memory for all of it"
                ),
            ));
        }
        if let Some(recorded) = &read {
            for episode in &recorded.episodes {
                cx.check()?;
                all.put(recorded.found(episode)).map_err(|e| Fault::at(file, e))?;
            }
        }
        Ok(())
    }
}

impl Pieces for InFiles {
    fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    fn width(&self) -> Width {
        let obs = self.columns.observations.iter().map(|f| f.width).sum();
        Width { obs, action: self.columns.action.width, extra: 0, next: false }
    }

    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn read(&self, range: Range<usize>, cx: &Ctx) -> Result<Dataset, Fault> {
        let action = named(std::slice::from_ref(&self.columns.action));
        let mut all = Assembly::new(self.origin.clone(), named(&self.columns.observations), action);
        let mut start = range.start;
        for run in self.episodes[range].chunk_by(|a, b| a.file == b.file) {
            self.put(start..start + run.len(), &mut all, cx)?;
            start += run.len();
        }
        all.finish(&self.path)
    }

    fn settle(&self, data: &mut Dataset) {
        data.action_space = action_space(&self.columns, data.actions.iter().copied());
    }
}
