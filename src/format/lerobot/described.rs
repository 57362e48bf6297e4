//! Where the episodes are, as the description has it.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use super::episodes::Recorded;
use super::{Layout, files};
use crate::data::dataset::Origin;
use crate::format::reader::Index;
use crate::ground::fault::Fault;

/// The places of all episodes.
pub(super) struct Places {
    /// Those that have a frame.
    episodes: Vec<Place>,
    /// Rows of each file that the description tells of.
    rows: Vec<usize>,
    pub index: Index,
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

/// Rows of a file that are read together.
pub(super) struct Stretch {
    /// Which of the data files.
    pub file: usize,
    /// All where none are named.
    pub rows: Option<Range<usize>>,
    /// The episodes that have to be there, where any have to.
    pub said: Range<usize>,
}

impl Places {
    /// Nothing where the description does not say how long every episode is, or knows of none in a file.
    pub fn find(layout: &Layout, origin: &Origin) -> Option<Self> {
        let Layout { root, info, described, files, .. } = layout;
        let number: HashMap<&Path, usize> = files.iter().enumerate().map(|(i, file)| (file.as_path(), i)).collect();
        let mut rows = vec![0; files.len()];
        let (mut episodes, mut lengths) = (Vec::new(), Vec::new());
        for d in described {
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
        let known = !rows.contains(&0);
        known.then(|| Self { episodes, rows, index: Index { lengths, origin: origin.clone() } })
    }

    /// What is read for the episodes `range`.
    pub fn stretches(&self, range: Range<usize>) -> Vec<Stretch> {
        let mut start = range.start;
        let stretch = |run: &[Place]| {
            let said = start..start + run.len();
            start = said.end;
            let end = self.index.lengths[said.clone()].iter().fold(run[0].first, |row, &n| row.saturating_add(n));
            Stretch { file: run[0].file, rows: Some(run[0].first..end), said }
        };
        self.episodes[range].chunk_by(|a, b| a.file == b.file).map(stretch).collect()
    }

    /// Fails where other episodes are in the file than the description tells of.
    pub fn agree(&self, stretch: &Stretch, path: &Path, read: Option<&Recorded>) -> Result<(), Fault> {
        let (there, said) = (read.map_or(0, |r| r.in_file), self.rows[stretch.file]);
        if there > said {
            return Err(Fault::at(
                path,
                format!(
                    "meta/episodes tells of {said} frames there, it has {there}; download the dataset again, or allow \
                     --memory for all of it"
                ),
            ));
        }
        let found: Vec<(u64, usize)> = read.iter().flat_map(|r| &r.episodes).map(|e| (e.id, e.rows.len())).collect();
        let said = || stretch.said.clone().map(|i| (self.episodes[i].id, self.index.lengths[i]));
        if found.iter().copied().eq(said()) {
            return Ok(());
        }
        let (id, length) = said().zip(&found).find(|(said, found)| said != *found).map_or((0, 0), |(said, _)| said);
        Err(Fault::at(
            path,
            format!(
                "meta/episodes says that episode {id} has {length} frames there, which it has not; download the \
                 dataset again, or allow --memory for all of it"
            ),
        ))
    }
}
