//! What the rules look at together: learned once, and so that it holds where nearly half of the data are wrong.

use crate::data::dataset::Dataset;
use crate::data::episode::Episode;
use crate::ground::task::{Cancelled, Ctx};
use breaks::Jump;
use columns::Columns;
use readings::Readings;
use seams::Seams;
use still::{Stuck, Suspects};
use units::Units;
use usual::Usual;

pub mod breaks;
pub mod columns;
pub mod readings;
mod robust;
mod seams;
pub mod still;
pub mod units;
mod usual;

/// A row: episode, and row within it.
pub type Place = (u32, u32);

/// All episodes.
fn episodes(data: &Dataset) -> impl Iterator<Item = Episode<'_>> {
    (0..data.num_episodes()).map(|i| data.episode(i))
}

/// A dataset and what was learned of it.
pub struct Seen<'a> {
    /// The data as they were read.
    pub data: &'a Dataset,
    /// Every dimension of the observations.
    pub columns: Columns,
    /// What failed.
    pub readings: Readings,
    /// Episodes of other units.
    pub units: Vec<Units>,
    /// Rows that hold one observation.
    pub stuck: Stuck,
    /// Steps that the system cannot make, between rows that did not fail.
    pub jumps: Vec<Jump>,
    /// Rows between a jump away and the jump back.
    pub between: Vec<Place>,
    /// What ends lead to.
    pub seams: Seams,
}

impl<'a> Seen<'a> {
    /// Looks at `data`.
    ///
    /// # Errors
    /// When cancelled.
    pub fn learn(data: &'a Dataset, cx: &Ctx) -> Result<Self, Cancelled> {
        let columns = Columns::learn(data, cx)?;
        let mut readings = Readings::learn(data, &columns, cx)?;
        let units = units::find(data, &columns, &readings.failed, cx)?;
        // What a unit makes of the numbers is not how the system moves.
        for span in units.iter().flat_map(|u| &u.episodes).map(|&i| data.spans()[i]) {
            readings.failed[span.first_obs..span.first_obs + span.obs_rows].fill(true);
        }
        let suspects = Suspects::learn(data, &columns, cx)?;
        let mut doubtful = readings.failed.clone();
        suspects.rows().for_each(|(e, t)| doubtful[data.spans()[e as usize].first_obs + t as usize] = true);
        let usual = Usual::learn(data, &columns, &doubtful, cx)?;
        let stuck = suspects.judge(data, &columns, usual.as_ref());
        readings.tell_once(&stuck.failed);
        stuck.failed.iter().for_each(|&place| readings.fail(data, place));
        let (jumps, between) = match &usual {
            Some(usual) => breaks::find(data, &columns, &readings.failed, usual, cx)?,
            None => (Vec::new(), Vec::new()),
        };
        between.iter().for_each(|&place| readings.fail(data, place));
        let seams = Seams::learn(data, &columns, usual.as_ref(), &jumps, cx)?;
        Ok(Self { data, columns, readings, units, stuck, jumps, between, seams })
    }

    /// Whether row `t` of episode `i` failed.
    pub fn failed(&self, i: usize, t: usize) -> bool {
        self.readings.failed[self.data.spans()[i].first_obs + t]
    }

    /// Whether step `t` of episode `i` is a jump. Jumps are in the order of the file.
    pub fn is_jump(&self, i: usize, t: usize) -> bool {
        self.jumps.binary_search_by_key(&(i as u32, t as u32), |j| j.at).is_ok()
    }
}
