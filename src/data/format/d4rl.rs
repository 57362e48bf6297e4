//! D4RL's flat HDF5 files: `observations`, `actions`, `rewards`, `terminals`, and where they are there `timeouts` and
//! `next_observations`, one row a step. Layout read in `d4rl/offline_env.py`.
//!
//! Episodes end at `terminals | timeouts`. Without `next_observations` the last step of an episode has no next
//! observation; with them the last one completes the episode's T+1 observations.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use super::hdf5::{Column, Hdf5, is_hdf5};
use super::{DataError, Format, finite};
use crate::data::dataset::{Dataset, Origin};
use crate::data::space::{Space, SpaceKind};
use crate::task::Ctx;

mod episodes;

use episodes::Rows;

/// The format.
pub struct D4rl;

/// Keys that a file of this layout has; any of them makes it one, so that the missing ones can be named.
const KEYS: [&str; 5] = ["observations", "actions", "rewards", "terminals", "timeouts"];
/// A column of integers with more different values than this is not a set of choices.
const MAX_CHOICES: f32 = 4096.0;

impl Format for D4rl {
    fn name(&self) -> &'static str {
        "d4rl"
    }

    fn probe(&self, path: &Path) -> bool {
        is_hdf5(path)
            && Hdf5::open(path).is_ok_and(|file| {
                KEYS.iter().any(|key| file.contains(key)) && !file.groups("").iter().any(|g| g == "data")
            })
    }

    fn open(&self, path: &Path, cx: &Ctx) -> Result<Dataset, DataError> {
        let file = Hdf5::open(path)?;
        let columns = Columns::find(&file)?;
        let (rows, action_space) = columns.read(cx)?;
        let mut origin = Origin {
            path: path.to_owned(),
            format: self.name().into(),
            env_id: env_id(&file),
            dataset_id: None,
            rules: columns.rules(),
            warnings: columns.warnings(&rows),
        };
        if action_space.is_discrete() {
            origin
                .rules
                .push(format!("actions are whole numbers ({}): choices, in one column", columns.actions.dtype()));
        }
        let obs_space = Space::unnamed("obs", rows.obs_dim);
        let parts = rows.into_parts(&mut origin, cx)?;
        Dataset::from_parts(origin, obs_space, action_space, parts).map_err(|e| DataError::bad(path, e))
    }
}

/// The columns of a file, found and checked against each other; nothing read yet.
struct Columns<'f> {
    observations: Column<'f>,
    actions: Column<'f>,
    rewards: Column<'f>,
    terminals: Column<'f>,
    timeouts: Option<Column<'f>>,
    next: Option<Column<'f>>,
}

impl<'f> Columns<'f> {
    fn find(file: &'f Hdf5) -> Result<Self, DataError> {
        let optional = |key: &str| if file.contains(key) { file.column(key).map(Some) } else { Ok(None) };
        let found = Self {
            observations: file.column("observations")?,
            actions: file.column("actions")?,
            rewards: file.column("rewards")?,
            terminals: file.column("terminals")?,
            timeouts: optional("timeouts")?,
            next: optional("next_observations")?,
        };
        found.check(file)?;
        Ok(found)
    }

    /// Every column that is there.
    fn all(&self) -> impl Iterator<Item = &Column<'f>> {
        [&self.observations, &self.actions, &self.rewards, &self.terminals]
            .into_iter()
            .chain(&self.timeouts)
            .chain(&self.next)
    }

    /// Lengths and widths must agree; an empty file is none.
    fn check(&self, file: &Hdf5) -> Result<(), DataError> {
        let rows = self.observations.rows();
        if let Some(other) = self.all().find(|c| c.rows() != rows) {
            return Err(other.bad(format!(
                "has {} rows and 'observations' {rows}; the columns of a D4RL file have one row a step",
                other.rows()
            )));
        }
        if rows == 0 {
            return Err(DataError::bad(file.path(), "the dataset is empty: 'observations' has 0 rows"));
        }
        for scalar in [Some(&self.rewards), Some(&self.terminals), self.timeouts.as_ref()].into_iter().flatten() {
            if scalar.width() != 1 {
                return Err(scalar.bad(format!("has {} values a row, one is needed", scalar.width())));
            }
        }
        for wide in [&self.observations, &self.actions] {
            if wide.width() == 0 {
                return Err(wide.bad("has no columns"));
            }
        }
        match &self.next {
            Some(next) if next.width() != self.observations.width() => Err(next.bad(format!(
                "has {} values a row and 'observations' {}",
                next.width(),
                self.observations.width()
            ))),
            _ => Ok(()),
        }
    }

    /// Reads all columns at once, one thread each where there are threads.
    fn read(&self, cx: &Ctx) -> Result<(Rows, Space), DataError> {
        let cx = cx.phase("reading the dataset");
        let done = AtomicU64::new(0);
        let total = self.all().map(|c| c.rows() as u64).sum();
        let tick = |rows: u64| cx.step(done.fetch_add(rows, Ordering::Relaxed) + rows, total);
        let ((obs, next), (actions, (rewards, (terminals, timeouts)))) = rayon::join(
            || rayon::join(|| self.observations.f32(&tick), || self.next.as_ref().map(|c| c.f32(&tick)).transpose()),
            || {
                (
                    self.actions.f32(&tick),
                    (
                        self.rewards.f64(&tick),
                        (self.terminals.flags(&tick), self.timeouts.as_ref().map(|c| c.flags(&tick)).transpose()),
                    ),
                )
            },
        );
        let actions = actions?;
        let action_space = self.action_space(&actions);
        let rows = Rows {
            obs_dim: self.observations.width(),
            obs: obs?,
            next: next?,
            actions,
            rewards: rewards?,
            terminals: terminals?,
            timeouts: timeouts?,
        };
        Ok((rows, action_space))
    }

    /// One column of non-negative integers is a set of choices, as many as the largest says; all else is unknown.
    fn action_space(&self, values: &[f32]) -> Space {
        let mut space = Space::unnamed("action", self.actions.width());
        let largest = values.iter().copied().fold(0.0, f32::max);
        let choices = values.iter().all(|&v| v >= 0.0) && largest < MAX_CHOICES;
        if self.actions.is_whole() && space.dim() == 1 && choices {
            space.kind = SpaceKind::Discrete { n: largest as usize + 1, start: 0 };
        }
        space
    }

    fn rules(&self) -> Vec<String> {
        let ends =
            if self.timeouts.is_some() { "episodes end at terminals | timeouts" } else { "episodes end at terminals" };
        let last = if self.next.is_some() {
            "the last row of next_observations completes each episode"
        } else {
            "no next_observations: the next observation is the following row, and the last step of an episode has none"
        };
        let mut rules = vec![ends.to_owned(), last.to_owned()];
        let inner = self.observations.inner_shape();
        if inner.len() > 1 {
            let shape = inner.iter().map(u64::to_string).collect::<Vec<_>>().join(" x ");
            let width = self.observations.width();
            rules.push(format!("observations of {shape} are flattened to {width} columns, row by row"));
        }
        rules
    }

    fn warnings(&self, rows: &Rows) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.timeouts.is_none() {
            warnings.push(
                "no 'timeouts' in the file: time limits cannot be seen, so episodes that hit one run on into the next"
                    .to_owned(),
            );
        }
        warnings.extend(finite::warning("observations", &rows.obs, rows.obs_dim));
        warnings.extend(finite::warning("actions", &rows.actions, self.actions.width()));
        warnings.extend(finite::warning("rewards", &rows.rewards, 1));
        if let Some(next) = &rows.next {
            warnings.extend(finite::warning("next_observations", next, rows.obs_dim));
        }
        warnings
    }
}

/// The environment, only where the file itself says it: names of files lie.
fn env_id(file: &Hdf5) -> Option<String> {
    ["env_id", "env_name", "env"].iter().find_map(|name| {
        file.text_attribute("", name)
            .or_else(|| file.text_attribute("metadata", name))
            .or_else(|| file.text(&format!("metadata/{name}")))
    })
}

#[cfg(test)]
mod tests;
