//! What lies between the end of an episode and the beginning of the next one.

use std::collections::HashSet;

use super::Place;
use super::breaks::Jump;
use super::columns::Columns;
use super::usual::{Scratch, Usual};
use crate::data::dataset::Dataset;
use crate::data::episode::Episode;
use crate::ground::task::{Cancelled, Ctx};

/// Of the ends that lead into the next episode, so many are jumps where the environment resets itself.
const JUMPS: f64 = 0.3;
/// The next episode but so many are no neighbours: how often the state "goes on" there is chance.
const CONTROLS: [usize; 4] = [2, 3, 5, 7];
/// The state must go on so many times more often than by chance.
const MORE: f64 = 4.0;
/// Equal but for rounding.
const ROUNDING: f32 = 1e-6;

/// Episodes by what their end leads to.
#[derive(Debug, Clone, Default)]
pub struct Seams {
    /// Their last step leads to the first observation of the next episode, which is far away.
    pub autoreset: Vec<usize>,
    /// The next episode begins where a step leads from their end.
    pub goes_on: Vec<usize>,
}

impl Seams {
    /// Looks at all ends.
    pub fn learn(
        data: &Dataset,
        columns: &Columns,
        usual: Option<&Usual>,
        jumps: &[Jump],
        cx: &Ctx,
    ) -> Result<Self, Cancelled> {
        let n = data.num_episodes();
        // Episodes drawn at random have no next one.
        if n < 2 || data.sample.is_some() || columns.alive.is_empty() {
            return Ok(Self::default());
        }
        cx.check()?;
        let first = |i: usize| data.episode(i).obs_at(0);
        let same = |a: &[f32], b: &[f32]| {
            let equal = |&c: &usize| (a[c] - b[c]).abs() <= ROUNDING * (1.0 + a[c].abs());
            columns.alive.iter().all(equal)
        };
        let into: Vec<usize> =
            (0..n - 1).filter(|&i| last(&data.episode(i)).is_some_and(|row| same(row, first(i + 1)))).collect();
        let jumped: HashSet<Place> = jumps.iter().map(|j| j.at).collect();
        let at_end = |&&i: &&usize| jumped.contains(&(i as u32, data.spans()[i].steps as u32 - 1));
        let resets = into.iter().filter(at_end).count();
        if resets > 0 && resets as f64 >= JUMPS * into.len() as f64 {
            return Ok(Self { autoreset: into, goes_on: Vec::new() });
        }
        let Some(usual) = usual else { return Ok(Self { autoreset: Vec::new(), goes_on: into }) };
        let mut scratch = Scratch::of(usual, columns, data);
        let mut on = |i: usize, j: usize| {
            let e = data.episode(i);
            last(&e).is_none()
                && scratch.load_pair(usual, &e, e.steps() - 1, first(j), columns)
                && usual.goes_on(&mut scratch)
        };
        let open: Vec<usize> = (0..n - 1).filter(|&i| on(i, i + 1)).collect();
        let chance: usize = CONTROLS.iter().map(|k| (0..n.saturating_sub(*k)).filter(|&i| on(i, i + k)).count()).sum();
        let expected = chance as f64 / CONTROLS.len() as f64;
        let mut goes_on = into;
        // One end more than chance gives is no proof.
        if open.len() as f64 > MORE * expected + if expected > 0.0 { 2.0 } else { 0.0 } {
            goes_on.extend(open);
            goes_on.sort_unstable();
        }
        Ok(Self { autoreset: Vec::new(), goes_on })
    }

    /// Whether this step is the last of an episode and leads into the next.
    pub fn is_autoreset(&self, data: &Dataset, at: Place) -> bool {
        let i = at.0 as usize;
        at.1 as usize + 1 == data.spans()[i].steps && self.autoreset.binary_search(&i).is_ok()
    }
}

/// The observation that the last step leads to, where the file has it.
fn last<'a>(e: &Episode<'a>) -> Option<&'a [f32]> {
    match e.next_obs {
        Some(next) => Some(&next[(e.steps() - 1) * e.obs_dim..]).filter(|row| row.iter().any(|v| v.is_finite())),
        None => (e.span.obs_rows > e.steps()).then(|| e.obs_at(e.steps())),
    }
}
