//! Several arrays of one row a step, side by side as the columns of an observation.

use super::{Column, Hdf5, MAX_WIDTH, Tick};
use crate::data::space::{Space, SpaceKind};
use crate::ground::fault::Fault;

/// The arrays that an observation is made of, and those that are left out.
#[derive(Debug, Clone, Default)]
pub(in crate::format) struct Parts {
    /// Key and width of each.
    read: Vec<(String, usize)>,
    /// What is not read, for a rule: `top (images of 84 x 84 x 3)`.
    pub skipped: Vec<String>,
}

impl Parts {
    /// Looks at the arrays `keys` as they lie at `place(key)` in one episode; images and what is no number are left
    /// out, be it everything.
    ///
    /// # Errors
    /// If an array of numbers cannot be read, or if they have more values a row than are read.
    pub fn find(file: &Hdf5, keys: Vec<String>, place: impl Fn(&str) -> String) -> Result<Self, Fault> {
        let (mut parts, mut total) = (Self::default(), 0);
        for key in keys {
            let at = place(&key);
            if let Some(what) = file.not_numbers(&at) {
                parts.skipped.push(format!("{key} ({what})"));
                continue;
            }
            let column = file.column(&at)?;
            match column.width() {
                _ if column.is_image() => parts.skipped.push(format!("{key} (images of {})", column.inner_text())),
                0 => parts.skipped.push(format!("{key} (no columns)")),
                _ => {
                    let width = column.named_width()?;
                    total += width;
                    if total > MAX_WIDTH {
                        let problem = format!(
                            "and the parts before it have {total} values a row, more than the {MAX_WIDTH} that are read"
                        );
                        return Err(column.bad(problem));
                    }
                    parts.read.push((key, width));
                }
            }
        }
        Ok(parts)
    }

    /// True where nothing is left to read.
    pub fn is_empty(&self) -> bool {
        self.read.is_empty()
    }

    /// How many are read.
    pub fn len(&self) -> usize {
        self.read.len()
    }

    /// True if `key` is one of those that are read.
    pub fn has(&self, key: &str) -> bool {
        self.read.iter().any(|(own, _)| own == key)
    }

    /// True if `key` is all that is read.
    pub fn is_only(&self, key: &str) -> bool {
        self.read.len() == 1 && self.has(key)
    }

    /// Names of the columns: `key`, or `key.0`, `key.1`, …
    pub fn space(&self) -> Space {
        let name = |key: &String, width: usize| -> Vec<String> {
            if width == 1 { vec![key.clone()] } else { (0..width).map(|d| format!("{key}.{d}")).collect() }
        };
        let names = self.read.iter().flat_map(|(key, width)| name(key, *width)).collect();
        Space { names, kind: SpaceKind::Unknown }
    }

    /// Rules about order and what is left out.
    pub fn rules(&self, order: &str) -> Vec<String> {
        let mut rules = Vec::new();
        if self.read.len() > 1 {
            let keys = self.read.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>().join(", ");
            rules.push(format!("observations are the parts {keys} side by side, {order}"));
        }
        rules.extend(self.skipped.iter().map(|what| format!("observation {what} is not read")));
        rules
    }

    /// All parts of one episode, `[rows, Σ widths]`; `like` names what says how many rows there must be.
    ///
    /// # Errors
    /// If a part is missing, or has other rows or another width.
    pub fn read(
        &self,
        file: &Hdf5,
        place: impl Fn(&str) -> String,
        (rows, like): (usize, &str),
        tick: Tick<'_>,
    ) -> Result<Vec<f32>, Fault> {
        let mut values = Vec::with_capacity(self.read.len());
        for (key, width) in &self.read {
            let column = file.column(&place(key))?;
            if column.rows() != rows {
                return Err(column.bad(format!(
                    "has {} rows, '{like}' has {rows}; every step needs one: write the file again",
                    column.rows()
                )));
            }
            if column.width() != *width {
                return Err(column.bad(format!(
                    "has {} values a row, the first episode has {width}; all must be alike",
                    column.width()
                )));
            }
            values.push((column.f32(tick)?, *width));
        }
        Ok(beside(values, rows))
    }
}

/// Arrays of `rows` rows put side by side, row by row.
pub(in crate::format) fn beside(mut parts: Vec<(Vec<f32>, usize)>, rows: usize) -> Vec<f32> {
    if parts.len() == 1 {
        return parts.swap_remove(0).0;
    }
    let mut out = Vec::with_capacity(parts.iter().map(|p| p.0.len()).sum());
    for row in 0..rows {
        for (values, width) in &parts {
            out.extend_from_slice(&values[row * width..(row + 1) * width]);
        }
    }
    out
}

impl Column<'_> {
    /// The column where it has one number a row.
    ///
    /// # Errors
    /// If it has more or none.
    pub fn scalar(self) -> Result<Self, Fault> {
        match self.width() {
            1 => Ok(self),
            width => Err(self.bad(format!("has {width} values a row, one is needed"))),
        }
    }

    /// The column where it has as many rows as `like`.
    ///
    /// # Errors
    /// If it has not, with both numbers.
    pub fn rows_of(self, rows: usize, like: &str) -> Result<Self, Fault> {
        if self.rows() == rows {
            return Ok(self);
        }
        let problem =
            format!("has {} rows, '{like}' has {rows}; every step needs one: write the file again", self.rows());
        Err(self.bad(problem))
    }
}
