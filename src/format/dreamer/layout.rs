//! Which arrays of a file are observations, and reading them side by side.

use std::path::Path;

use crate::data::dataset::Origin;
use crate::data::space::{Space, SpaceKind};
use crate::format::npz::{Column, Npz, names_of};
use crate::format::reader::Shape;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Arrays that are no observations.
const CONTROL: [&str; 12] = [
    "action",
    "reward",
    "is_first",
    "is_last",
    "is_terminal",
    "terminal",
    "discount",
    "logprob",
    "stepid",
    "id",
    "reset",
    "consec",
];
/// Beginnings of names that the agent itself writes: logs, and latent states of the model that collected the data.
const OWN: [&str; 5] = ["log/", "log_", "enc/", "dyn/", "dec/"];

/// The arrays of the first file, which all others must have too.
pub(super) struct Layout {
    /// Names and widths of the observations, in alphabetical order.
    observations: Vec<(String, usize)>,
    actions: usize,
    /// See [`Column::choices`].
    choices: Option<String>,
    skipped: Vec<String>,
}

impl Layout {
    /// Looks at every array's header.
    pub fn of(file: &Npz) -> Result<Self, Fault> {
        let mut keys: Vec<&str> = file.keys().filter(|k| !CONTROL.contains(k)).collect();
        keys.sort_unstable();
        let (mut observations, mut skipped) = (Vec::new(), Vec::new());
        for key in keys {
            if OWN.iter().any(|own| key.starts_with(own)) {
                skipped.push(format!("'{key}' (the agent's own)"));
                continue;
            }
            let array = file.array(key)?;
            match array.unusable() {
                _ if array.is_image() => skipped.push(format!("'{key}' (images, {})", array.shape())),
                Some(why) => skipped.push(format!("'{key}' ({why})")),
                None if array.width() == 0 => skipped.push(format!("'{key}' (empty)")),
                None => observations.push((key.to_owned(), array.width())),
            }
        }
        if observations.is_empty() {
            let left = if skipped.is_empty() { "nothing else".to_owned() } else { skipped.join(", ") };
            return Err(Fault::at(
                file.path(),
                format!("no array holds observations as numbers; beside action and reward there is {left}"),
            ));
        }
        let action = file.column("action")?;
        Ok(Self { observations, actions: action.width(), choices: action.choices(), skipped })
    }

    /// Where the numbers come from and how they are read.
    pub fn origin(&self, path: &Path, rules: &[&str]) -> Origin {
        let mut rules: Vec<String> = rules.iter().map(|&r| r.to_owned()).collect();
        if self.observations.len() > 1 {
            let keys: Vec<&str> = self.observations.iter().map(|(key, _)| key.as_str()).collect();
            rules.push(format!("observations are the arrays {} side by side, in alphabetical order", keys.join(", ")));
        }
        rules.extend(Origin::not_read(&self.skipped));
        Origin { path: path.to_owned(), format: "dreamer".into(), rules, ..Origin::default() }
    }

    /// The columns.
    pub fn shape(&self) -> Shape {
        let names = self.observations.iter().flat_map(|(key, width)| names_of(key, *width)).collect();
        Shape {
            obs: Space { names, kind: SpaceKind::Unknown },
            action: Space::unnamed("action", self.actions),
            last: true,
            next: false,
            choices: self.choices.clone(),
        }
    }

    pub fn obs_dim(&self) -> usize {
        self.observations.iter().map(|(_, width)| width).sum()
    }

    pub fn action_dim(&self) -> usize {
        self.actions
    }

    /// The columns of a file, checked against each other and the first file; nothing of them is read.
    pub fn columns<'f>(&self, file: &'f Npz) -> Result<Columns<'f>, Fault> {
        let (action, reward) = (file.column("action")?, file.column("reward")?);
        let rows = reward.rows();
        fits(&reward, rows, 1)?;
        fits(&action, rows, self.actions)?;
        let mut observations = Vec::new();
        for (key, width) in &self.observations {
            let column = file.column(key)?;
            fits(&column, rows, *width)?;
            observations.push(column);
        }
        Ok(Columns { observations, action, reward })
    }

    /// Reads a file's observations, actions and rewards.
    pub fn read(&self, file: &Npz, cx: &Ctx) -> Result<Rows, Fault> {
        let tick = |_: u64| cx.check();
        let Columns { observations, action, reward } = self.columns(file)?;
        let dim = self.obs_dim();
        let mut obs = vec![0.0; reward.rows() * dim];
        let mut offset = 0;
        for column in observations {
            let width = column.width();
            let values = column.f32(&tick)?;
            for (row, values) in obs.chunks_exact_mut(dim).zip(values.chunks_exact(width.max(1))) {
                row[offset..offset + width].copy_from_slice(values);
            }
            offset += width;
        }
        Ok(Rows { obs, actions: action.f32(&tick)?, rewards: reward.f64(&tick)? })
    }

    /// Reads truth values, one a row.
    pub fn flags(column: &Column<'_>, rows: usize, cx: &Ctx) -> Result<Vec<bool>, Fault> {
        fits(column, rows, 1)?;
        column.flags(&|_| cx.check())
    }
}

fn fits(column: &Column<'_>, rows: usize, width: usize) -> Result<(), Fault> {
    if column.rows() != rows {
        return Err(column
            .bad(format!("has {} rows and 'reward' {rows}; all arrays of a file are of one length", column.rows())));
    }
    if rows > 0 && column.width() != width {
        return Err(column.bad(format!("has {} values a row, {width} are needed as in the first file", column.width())));
    }
    Ok(())
}

/// The arrays of a file that are read.
pub(super) struct Columns<'f> {
    observations: Vec<Column<'f>>,
    action: Column<'f>,
    reward: Column<'f>,
}

impl Columns<'_> {
    /// Rows of every array.
    pub fn rows(&self) -> usize {
        self.reward.rows()
    }
}

/// The rows of a file.
pub(super) struct Rows {
    pub obs: Vec<f32>,
    pub actions: Vec<f32>,
    pub rewards: Vec<f64>,
}
