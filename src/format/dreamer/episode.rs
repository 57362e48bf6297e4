//! NM512's layout: one file an episode.

use std::path::{Path, PathBuf};

use super::layout::Layout;
use super::{bytes, rows_of};
use crate::data::dataset::Origin;
use crate::format::assemble::Found;
use crate::format::npz::{Npz, folder};
use crate::format::reader::{Loaded, Separate, Shape};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

const RULES: [&str; 2] = [
    "a file is an episode; row 0 is the reset and its action is dropped: step t has the observation of row t, action and \
     reward of row t+1, and leads to the observation of row t+1",
    "an episode is terminated where is_terminal (terminal in early files) holds in its last row, or the discount is 0 where \
     there is neither, else truncated",
];

/// A folder whose episodes are listed; no number of them is read yet.
pub(super) struct Folder {
    layout: Layout,
    shape: Shape,
    files: Vec<PathBuf>,
    origin: Origin,
}

impl Folder {
    /// Looks at the columns of the first file.
    pub fn find(path: &Path, first: &Npz, files: Vec<PathBuf>) -> Result<Self, Fault> {
        let layout = Layout::of(first)?;
        Ok(Self { shape: layout.shape(), origin: layout.origin(path, &RULES), layout, files })
    }
}

impl Separate for Folder {
    const THINGS: &'static str = "files";
    const ODDITIES: &'static [&'static str] =
        &["have another length than their name says; what is in them is read", "have no step and are left out"];

    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn places(&self) -> usize {
        self.files.len()
    }

    fn steps(&self, place: usize) -> Result<usize, Fault> {
        Ok(self.layout.columns(&Npz::open(&self.files[place])?)?.rows().saturating_sub(1))
    }

    fn load(&self, place: usize, cx: &Ctx) -> Result<Loaded, Fault> {
        cx.check()?;
        let file = &self.files[place];
        let found = Found { id: place as u64, ..read(&Npz::open(file)?, &self.layout, cx)? };
        // DreamerV2 counts steps in the name, NM512 rows.
        let steps = found.rewards.len();
        let lies = rows_of(file).is_some_and(|said| said != steps + 1 && said != steps);
        let odd = [(lies, 0), (steps == 0, 1)];
        Ok(Loaded { found, odd: odd.into_iter().filter(|(odd, _)| *odd).map(|(_, kind)| kind).collect() })
    }

    fn name(&self, place: usize) -> String {
        folder::name(&self.files[place])
    }

    fn unfit(&self, place: usize, problem: &str) -> Fault {
        Fault::at(&self.files[place], problem)
    }

    fn bytes(&self) -> Result<Option<u64>, Fault> {
        Ok(bytes(self.shape.width(), self.files.iter()))
    }
}

fn read(file: &Npz, layout: &Layout, cx: &Ctx) -> Result<Found, Fault> {
    let mut rows = layout.read(file, cx)?;
    let reset = rows.rewards.len().min(1);
    let marked = match file.optional("is_terminal")? {
        Some(column) => Some(column),
        None => file.optional("terminal")?,
    };
    let terminated = match marked {
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
