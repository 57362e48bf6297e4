//! Where the cells of an experiment work: the plan, the folder, and what makes environments.

use std::path::{Path, PathBuf};

use super::cell::Cell;
use super::plan::{Plan, Task};
use crate::data::dataset::Dataset;
use crate::env::repeated::Repeated;
use crate::env::vector::VectorEnv;
use crate::format;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// An environment that was made, and what people should know of it.
pub struct Made {
    /// One copy of it.
    pub env: Box<dyn VectorEnv>,
    /// Where it runs, how it differs.
    pub told: Vec<String>,
}

/// What makes environments.
pub type Make<'m> = &'m (dyn Fn(&Task, &Ctx) -> Result<Made, Fault> + Sync);

/// Where a cell works, and what it needs.
pub struct Site<'s> {
    /// The plan.
    pub plan: &'s Plan,
    /// All of its cells.
    pub cells: &'s [Cell],
    /// Folder of the experiment.
    pub folder: &'s Path,
    /// What makes environments.
    pub make: Make<'s>,
}

/// The plan as it was asked for, in the folder of an experiment.
pub const PLAN: &str = "plan.toml";
/// Folder of all cells in that of an experiment.
pub const CELLS: &str = "cells";
/// Run directory in a cell's folder, and the dataset that a cell makes.
pub(super) const RUN: &str = "run";
pub(super) const DATASET: &str = "dataset";

impl Site<'_> {
    /// Folder of cell `number`.
    pub fn place(&self, number: usize) -> PathBuf {
        self.folder.join(CELLS).join(self.cells[number].folder())
    }

    /// The task of cell `number`.
    pub fn task(&self, number: usize) -> &Task {
        &self.plan.tasks[self.cells[number].task]
    }

    /// One copy of the environment of cell `number` as its agents see it: with held actions.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be made.
    pub fn env(&self, number: usize, cx: &Ctx) -> Result<Made, Fault> {
        let task = self.task(number);
        let made = (self.make)(task, cx)?;
        let repeat = task.options.action_repeat;
        Ok(if repeat > 1 { Made { env: Box::new(Repeated::new(made.env, repeat)), ..made } } else { made })
    }

    /// The folder of the last evaluation's episodes of cell `number`, which is an agent's.
    pub fn trajectories(&self, number: usize) -> PathBuf {
        self.place(number).join(RUN).join("trajectories")
    }

    /// The folder of the data that cell `number` left.
    pub fn left(&self, number: usize) -> PathBuf {
        let place = self.place(number);
        if self.cells[number].agent().is_some() { place.join(RUN).join("episodes") } else { place.join(DATASET) }
    }
}

/// The dataset in `folder`.
///
/// # Errors
/// [`Fault`] where it cannot be read.
pub fn open(folder: &Path, cx: &Ctx) -> Result<Dataset, Fault> {
    format::open(folder, None, &cx.untold())
}
