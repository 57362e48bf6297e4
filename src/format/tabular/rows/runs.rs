//! Runs of rows with one number of an episode, and whether a number comes back.

use std::collections::HashMap;

use super::{Rows, follows};

/// Runs of rows with one episode number.
#[derive(Default)]
pub(in super::super) struct Runs {
    /// Step with which the last run of each number ended.
    last: HashMap<i64, Option<f64>>,
    /// Runs of a number that was there before.
    back: usize,
    /// First row of the first of them.
    first: usize,
}

impl Runs {
    /// Takes the next rows, of which the first is row `base`; it was there before as the last one, but for row 0.
    ///
    /// # Errors
    /// A sentence if the rows of an episode are not together.
    pub fn add(&mut self, rows: &Rows, base: usize) -> Result<(), String> {
        let Some(episode) = &rows.episode else { return Ok(()) };
        let step = |row: usize| rows.step.as_ref().map(|s| s[row]);
        for row in (0..episode.len()).filter(|&r| if r == 0 { base == 0 } else { episode[r] != episode[r - 1] }) {
            if row > 0 {
                self.last.insert(episode[row - 1], step(row - 1));
            }
            let Some(&before) = self.last.get(&episode[row]) else { continue };
            let at = base + row;
            if before.is_some_and(|before| step(row).is_some_and(|now| follows(before, now))) {
                let number = episode[row];
                return Err(format!(
                    "episode {number} goes on at row {at} after other episodes; sort the rows by episode and step"
                ));
            }
            self.first = if self.back == 0 { at } else { self.first };
            self.back += 1;
        }
        Ok(())
    }

    /// A sentence about those that come back.
    pub fn told(&self) -> Option<String> {
        let (n, first) = (self.back, self.first);
        (n > 0).then(|| {
            format!(
                "{n} times an episode number comes back after another one (first: row {first}): every run of one \
                 number is an episode of its own"
            )
        })
    }
}
