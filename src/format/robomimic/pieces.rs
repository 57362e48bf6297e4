//! A robomimic file read a few demos at a time.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::super::assemble::Assembly;
use super::super::hdf5::Hdf5;
use super::super::pieces::{Pieces, Width, with_steps};
use super::demo::Layout;
use super::read;
use crate::data::dataset::{Dataset, Origin};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// An open file whose demos are known.
pub(super) struct Demos {
    path: PathBuf,
    file: Hdf5,
    layout: Layout,
    ids: Vec<u64>,
    lengths: Vec<usize>,
    origin: Origin,
}

impl Demos {
    /// Finds the demos that have a step; reads none of their numbers.
    pub fn find(path: &Path, cx: &Ctx) -> Result<Self, Fault> {
        let file = Hdf5::open(path)?;
        let all = read::demo_ids(&file)?;
        let layout = Layout::find(&file, &read::name(all[0]))?;
        let mut origin = read::origin(path, &file, &layout);
        let rows = |id: &u64| Ok(file.column(&format!("{}/actions", read::name(*id)))?.rows());
        let (ids, lengths) = with_steps(&all, cx, rows)?;
        let steps = lengths.iter().fold(0u64, |sum, &n| sum.saturating_add(n as u64));
        origin.warnings.extend(read::check_total(&file, &all, steps)?);
        Ok(Self { path: path.to_owned(), file, layout, ids, lengths, origin })
    }

    /// Bytes of all of them in memory.
    pub fn bytes(&self) -> u64 {
        let steps = self.lengths.iter().fold(0u64, |sum, &n| sum.saturating_add(n as u64));
        self.width().bytes(self.ids.len() as u64, steps)
    }
}

impl Pieces for Demos {
    fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    fn width(&self) -> Width {
        let (obs, action, next) = (self.layout.observations.space().dim(), self.layout.action_width, self.layout.next);
        Width { obs, action, extra: usize::from(next), next }
    }

    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn read(&self, range: Range<usize>, cx: &Ctx) -> Result<Dataset, Fault> {
        let mut all = Assembly::new(self.origin.clone(), self.layout.observations.space(), self.layout.actions());
        for &id in &self.ids[range] {
            let demo = self.layout.read(&self.file, id, &|_| cx.check())?;
            all.push(&demo.found).map_err(|e| self.file.bad(&read::name(id), e))?;
        }
        all.finish(&self.path)
    }

    fn settle(&self, data: &mut Dataset) {
        self.layout.settle(data);
    }
}
