//! Steps that the system cannot make.

use rayon::prelude::*;

use super::Place;
use super::columns::Columns;
use super::readings::ROWS;
use super::usual::{Scratch, Usual};
use crate::data::dataset::Dataset;
use crate::ground::task::{Cancelled, Ctx};

/// A step that no step of the data resembles.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Jump {
    /// Episode and step.
    pub at: Place,
    /// How far off it is.
    pub far: f64,
}

/// All jumps, and the rows that lie between a jump away and the jump back.
pub fn find(
    data: &Dataset,
    columns: &Columns,
    failed: &[bool],
    usual: &Usual,
    cx: &Ctx,
) -> Result<(Vec<Jump>, Vec<Place>), Cancelled> {
    let of_episode = |i: usize| -> Result<(Vec<Jump>, Vec<Place>), Cancelled> {
        cx.check()?;
        let (e, mut found, mut between) = (data.episode(i), Vec::<Jump>::new(), Vec::new());
        let mut scratch = Scratch::of(usual, columns, data);
        for t in 0..e.span.obs_rows.saturating_sub(1) {
            if !scratch.load(usual, &e, t, columns, failed) {
                continue;
            }
            let Some(far) = usual.jump(&mut scratch) else { continue };
            // What comes back to where it left was no end, but a row that is wrong.
            let away = found.last().map(|j| j.at.1 as usize).filter(|&s| t - s <= ROWS);
            if let Some(s) = away
                && scratch.load_pair(usual, &e, s, e.obs_at(t + 1), columns)
                && usual.goes_on(&mut scratch)
            {
                found.pop();
                between.extend((s + 1..=t).map(|r| (i as u32, r as u32)));
                continue;
            }
            found.push(Jump { at: (i as u32, t as u32), far });
        }
        Ok((found, between))
    };
    let each: Vec<(Vec<Jump>, Vec<Place>)> =
        (0..data.num_episodes()).into_par_iter().map(of_episode).collect::<Result<_, _>>()?;
    let (jumps, between): (Vec<Vec<Jump>>, Vec<Vec<Place>>) = each.into_iter().unzip();
    Ok((jumps.concat(), between.concat()))
}
