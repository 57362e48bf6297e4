//! NM512's layout: one file an episode.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::layout::Layout;
use super::rows_of;
use crate::data::dataset::{Dataset, Origin};
use crate::format::assemble::Found;
use crate::format::npz::Npz;
use crate::format::npz::folder::{self, Odd};
use crate::format::pieces::{Pieces, Width, with_steps};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

const RULES: [&str; 2] = [
    "a file is an episode; row 0 is the reset and its action is dropped: step t has the observation of row t, action and \
     reward of row t+1, and leads to the observation of row t+1",
    "an episode is terminated where is_terminal holds in its last row (the discount is 0 where there is no is_terminal), \
     else truncated",
];

/// Reads every episode.
pub(super) fn dataset(path: &Path, first: &Npz, files: &[PathBuf], cx: &Ctx) -> Result<Dataset, Fault> {
    let layout = Layout::of(first)?;
    let mut assembly = layout.assembly(path, &RULES).within(cx);
    let [mut lies, mut empty] = [(); 2].map(|()| Odd::default());
    let cx = cx.phase("reading the dataset");
    folder::each(
        files,
        &cx,
        |file| read(file, &layout, &cx),
        |index, mut found| {
            let file = &files[index];
            // DreamerV2 counts steps in the name, NM512 rows.
            let steps = found.rewards.len();
            lies.count(rows_of(file).is_some_and(|said| said != steps + 1 && said != steps), file);
            empty.count(steps == 0, file);
            found.id = index as u64;
            assembly.push(&found).map_err(|problem| Fault::at(file, problem))
        },
    )?;
    let oddities = [
        lies.told("have another length than their name says; what is in them is read"),
        empty.told("have no step and are left out"),
    ];
    assembly.origin().warnings.extend(oddities.into_iter().flatten());
    let mut data = assembly.finish(path)?;
    layout.settle(&mut data);
    Ok(data)
}

/// Episodes in files of their own, read a few at a time.
pub(super) struct InFiles {
    path: PathBuf,
    layout: Layout,
    /// Number and file of every episode that has a step.
    files: Vec<(u64, PathBuf)>,
    lengths: Vec<usize>,
    origin: Origin,
}

impl InFiles {
    /// Finds the episodes; reads none of their numbers.
    pub fn find(path: &Path, first: &Npz, files: &[PathBuf], cx: &Ctx) -> Result<Self, Fault> {
        let layout = Layout::of(first)?;
        let origin = layout.assembly(path, &RULES).origin().clone();
        let all: Vec<(u64, PathBuf)> = (0..).zip(files.iter().cloned()).collect();
        let steps = |(_, file): &(u64, PathBuf)| Ok(layout.columns(&Npz::open(file)?)?.rows().saturating_sub(1));
        let (files, lengths) = with_steps(&all, cx, steps)?;
        Ok(Self { path: path.to_owned(), layout, files, lengths, origin })
    }
}

impl Pieces for InFiles {
    fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    fn width(&self) -> Width {
        self.layout.width()
    }

    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn read(&self, episodes: Range<usize>, cx: &Ctx) -> Result<Dataset, Fault> {
        let mut assembly = self.layout.assembly(&self.path, &[]);
        assembly.origin().clone_from(&self.origin);
        for (id, file) in &self.files[episodes] {
            cx.check()?;
            let found = Found { id: *id, ..read(&Npz::open(file)?, &self.layout, cx)? };
            assembly.push(&found).map_err(|problem| Fault::at(file, problem))?;
        }
        assembly.finish(&self.path)
    }

    fn settle(&self, data: &mut Dataset) {
        self.layout.settle(data);
    }
}

fn read(file: &Npz, layout: &Layout, cx: &Ctx) -> Result<Found, Fault> {
    let mut rows = layout.read(file, cx)?;
    let reset = rows.rewards.len().min(1);
    let terminated = match file.optional("is_terminal")? {
        Some(column) => Layout::flags(&column, rows.rewards.len(), cx)?.last() == Some(&true),
        None => Layout::flags(&file.column("discount")?, rows.rewards.len(), cx)?.last() == Some(&false),
    };
    rows.actions.drain(..reset * layout.action_dim());
    rows.rewards.drain(..reset);
    Ok(Found {
        obs: rows.obs,
        actions: rows.actions,
        rewards: rows.rewards,
        terminated,
        truncated: !terminated,
        ..Found::default()
    })
}
