//! Rows of arrays, wherever they lie.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::{Source, Wide, file_of};
use crate::format::hdf5::{Hdf5, Tick, beside};
use crate::format::npz::Array;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// The rows of a file that are used, in the order of time: a ring that came round begins in the middle.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::format) struct Pieces(Vec<Range<usize>>);

impl Pieces {
    /// The rows `pieces` of the file, one after another.
    pub fn new(pieces: Vec<Range<usize>>) -> Self {
        Self(pieces.into_iter().filter(|piece| !piece.is_empty()).collect())
    }

    /// How many there are.
    pub fn rows(&self) -> usize {
        self.0.iter().map(ExactSizeIterator::len).sum()
    }

    /// Where some of them lie in the file.
    fn of(&self, rows: &Range<usize>) -> Vec<Range<usize>> {
        let (mut found, mut base) = (Vec::new(), 0);
        for piece in &self.0 {
            let (first, end) = (rows.start.max(base), rows.end.min(base + piece.len()));
            if first < end {
                found.push(piece.start + first - base..piece.start + end - base);
            }
            base += piece.len();
        }
        found
    }
}

/// Arrays of which any rows can be had.
pub(in crate::format) enum Store {
    /// Read when they are asked for.
    Hdf5(Arc<Hdf5>),
    /// In memory, or in their file.
    Npz { wide: HashMap<String, Array<f32>>, reward: Option<Array<f64>> },
}

impl Store {
    /// The arrays of `keys` and of `reward` in `source`, those of a NumPy archive in memory if they are to be `held`; nothing
    /// where their rows cannot be read apart.
    pub fn open<'k>(
        source: &Source,
        keys: impl Iterator<Item = &'k str>,
        reward: Option<&str>,
        held: bool,
        cx: &Ctx,
    ) -> Result<Option<Self>, Fault> {
        let files = match source {
            Source::Hdf5(file) => return Ok(Some(Self::Hdf5(Arc::clone(file)))),
            Source::Npz(files) => files,
        };
        let quiet = |_: u64| cx.check();
        let mut wide = HashMap::new();
        for key in keys {
            let array = file_of(files, key)?.column(key)?.array(held, &quiet, cx)?;
            let Some(array) = array else { return Ok(None) };
            wide.insert(key.to_owned(), array);
        }
        let reward = match reward {
            Some(key) => {
                let array = file_of(files, key)?.column(key)?.array(held, &quiet, cx)?;
                let Some(array) = array else { return Ok(None) };
                Some(array)
            }
            None => None,
        };
        Ok(Some(Self::Npz { wide, reward }))
    }

    /// Some rows of several arrays side by side.
    pub fn f32(&self, arrays: &Wide, pieces: &Pieces, rows: &Range<usize>, tick: Tick<'_>) -> Result<Vec<f32>, Fault> {
        let mut parts = Vec::with_capacity(arrays.0.len());
        for array in &arrays.0 {
            let mut values = Vec::new();
            for piece in pieces.of(rows) {
                match self {
                    Self::Hdf5(file) => values.extend(file.column(&array.key)?.f32_of(piece, tick)?),
                    Self::Npz { wide, .. } => {
                        if let Some(held) = wide.get(&array.key) {
                            values.extend_from_slice(&held.part(piece)?);
                        }
                    }
                }
            }
            parts.push((values, array.width));
        }
        Ok(beside(parts, rows.len()))
    }

    /// Some rewards of the array `key`; 0 where there is none.
    pub fn f64(
        &self,
        key: Option<&str>,
        pieces: &Pieces,
        rows: &Range<usize>,
        tick: Tick<'_>,
    ) -> Result<Vec<f64>, Fault> {
        let Some(key) = key else { return Ok(vec![0.0; rows.len()]) };
        let mut values = Vec::with_capacity(rows.len());
        for piece in pieces.of(rows) {
            match self {
                Self::Hdf5(file) => values.extend(file.column(key)?.f64_of(piece, tick)?),
                Self::Npz { reward, .. } => {
                    if let Some(held) = reward {
                        values.extend_from_slice(&held.part(piece)?);
                    }
                }
            }
        }
        Ok(values)
    }
}

impl Source {
    /// All truth values of `key`, at the rows that are used.
    ///
    /// # Errors
    /// If they cannot be read, or are none.
    pub fn flags(&self, key: &str, pieces: &Pieces, tick: Tick<'_>) -> Result<Vec<bool>, Fault> {
        match self {
            Self::Hdf5(file) => {
                let (column, mut flags) = (file.column(key)?, Vec::new());
                for piece in &pieces.0 {
                    flags.extend(column.flags_of(piece.clone(), tick)?);
                }
                Ok(flags)
            }
            Self::Npz(files) => {
                let all = file_of(files, key)?.column(key)?.flags(tick)?;
                Ok(pieces.0.iter().flat_map(|piece| all[piece.clone()].iter().copied()).collect())
            }
        }
    }

    /// All numbers of `key`, one a row that is used.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn numbers(&self, key: &str, pieces: &Pieces, tick: Tick<'_>) -> Result<Vec<f64>, Fault> {
        match self {
            Self::Hdf5(file) => {
                let (column, mut values) = (file.column(key)?, Vec::new());
                for piece in &pieces.0 {
                    values.extend(column.f64_of(piece.clone(), tick)?);
                }
                Ok(values)
            }
            Self::Npz(files) => {
                let all = file_of(files, key)?.column(key)?.f64(tick)?;
                Ok(pieces.0.iter().flat_map(|piece| all[piece.clone()].iter().copied()).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_ring_lie_where_it_came_round() {
        let ring = Pieces::new(vec![7..10, 0..7, 10..10, 20..22]);
        assert_eq!(ring.rows(), 12);
        assert_eq!(ring.of(&(0..12)), [7..10, 0..7, 20..22]);
        assert_eq!(ring.of(&(2..4)), [9..10, 0..1]);
        assert_eq!(ring.of(&(9..12)), [6..7, 20..22]);
        assert!(ring.of(&(4..4)).is_empty());
    }
}
