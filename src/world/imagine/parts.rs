//! Rows part by part: many parts at once, or one after another where the order of what is drawn counts.

use std::ops::Range;

use rayon::prelude::*;

use super::chunk;
use crate::ground::task::{Cancelled, Ctx};
use crate::world::world_model::WorldModel;

/// Told how many steps of its rows a part has made; its error ends the part.
pub type Tick<'t> = dyn FnMut(usize) -> Result<(), Cancelled> + 't;

/// Work on `rows` rows of `steps` steps each, in parts of at most `each` rows, with progress and cancel.
pub struct Parts<'c> {
    /// Rows in all.
    pub rows: usize,
    /// Most rows of a part.
    pub each: usize,
    /// Steps of a row.
    pub steps: usize,
    /// Most parts at once.
    pub side_by_side: usize,
    /// Who watches and may stop it.
    pub cx: &'c Ctx,
}

impl<'c> Parts<'c> {
    /// Rows of `model`, as many at once as suit it: a device takes one part at a time.
    pub fn of(model: &dyn WorldModel, rows: usize, steps: usize, cx: &'c Ctx) -> Self {
        let side_by_side = if model.rows_at_once().is_some() { 1 } else { rayon::current_num_threads() };
        Self { rows, each: chunk(model), steps, side_by_side, cx }
    }

    /// Every part in its turn.
    ///
    /// # Errors
    /// [`Cancelled`] once the work was asked to stop.
    pub fn in_turn<T>(
        &self,
        mut part: impl FnMut(Range<usize>, &mut Tick<'_>) -> Result<T, Cancelled>,
        mut take: impl FnMut(T),
    ) -> Result<(), Cancelled> {
        let total = self.total();
        for first in self.firsts() {
            let before = first * self.steps;
            self.cx.step(before as u64, total)?;
            take(part(self.part(first), &mut |steps| self.cx.step((before + steps) as u64, total))?);
        }
        self.cx.step(total, total)
    }

    /// Several parts at once; `take` has them in their order.
    ///
    /// # Errors
    /// [`Cancelled`] once the work was asked to stop.
    pub fn at_once<T: Send>(
        &self,
        part: impl Fn(Range<usize>, &mut Tick<'_>) -> Result<T, Cancelled> + Sync,
        mut take: impl FnMut(T),
    ) -> Result<(), Cancelled> {
        let firsts: Vec<usize> = self.firsts().collect();
        if firsts.len() < 2 || self.side_by_side < 2 {
            return self.in_turn(part, take);
        }
        let total = self.total();
        for wave in firsts.chunks(self.side_by_side) {
            let before = wave[0] * self.steps;
            self.cx.step(before as u64, total)?;
            // While the work is paused no thread of the pool waits for it: others need them. A pause begins with the next wave.
            let made: Vec<Result<T, Cancelled>> = wave
                .par_iter()
                .enumerate()
                .map(|(i, &first)| {
                    part(self.part(first), &mut |steps| {
                        if i == 0 {
                            self.cx.report((before + steps * wave.len()) as u64, total);
                        }
                        if self.cx.is_stopped() { Err(Cancelled) } else { Ok(()) }
                    })
                })
                .collect();
            for part in made {
                take(part?);
            }
        }
        self.cx.step(total, total)
    }

    fn total(&self) -> u64 {
        (self.rows * self.steps) as u64
    }

    fn firsts(&self) -> impl Iterator<Item = usize> {
        (0..self.rows).step_by(self.each)
    }

    fn part(&self, first: usize) -> Range<usize> {
        first..self.rows.min(first + self.each)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::ground::task::{Cancel, Progress};

    #[test]
    fn parts_come_in_order_with_progress_that_never_goes_back() {
        let seen = std::sync::Arc::new(Mutex::new(Vec::new()));
        let sink = seen.clone();
        let cx = Ctx::new(Cancel::default(), move |p: Progress| sink.lock().unwrap().push((p.done, p.total)));
        let parts = Parts { rows: 103, each: 10, steps: 3, side_by_side: 4, cx: &cx };
        let work = |rows: Range<usize>, tick: &mut Tick<'_>| {
            (0..3).try_for_each(|h| tick(h * rows.len()))?;
            Ok(rows)
        };
        let want: Vec<Range<usize>> = (0..11).map(|i| i * 10..103.min(i * 10 + 10)).collect();
        let (mut turn, mut once) = (Vec::new(), Vec::new());
        parts.in_turn(work, |rows| turn.push(rows)).unwrap();
        let first = std::mem::take(&mut *seen.lock().unwrap());
        parts.at_once(work, |rows| once.push(rows)).unwrap();
        assert_eq!((&turn, &once), (&want, &want));
        for told in [first, seen.lock().unwrap().clone()] {
            assert!(told.is_sorted() && told.last() == Some(&(309, 309)), "{told:?}");
        }
    }

    #[test]
    fn all_parts_end_once_the_work_was_asked_to_stop() {
        let cancel = Cancel::default();
        let cx = Ctx::new(cancel.clone(), |_| {});
        let parts = Parts { rows: 64, each: 1, steps: 1, side_by_side: 4, cx: &cx };
        let begun = Mutex::new(0);
        let end = parts.at_once(
            |_, tick| {
                *begun.lock().unwrap() += 1;
                cancel.cancel();
                tick(0)
            },
            |()| {},
        );
        assert_eq!(end, Err(Cancelled));
        assert!(*begun.lock().unwrap() <= 4, "no part of a later wave begins");
    }
}
