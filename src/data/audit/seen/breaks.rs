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

/// Of the jumps at least so many must come back: a few do so by chance.
const RETURN: f64 = 0.3;

/// Two jumps, away and back.
type Return = (Jump, Jump);

/// All jumps, and the rows that lie between a jump away and the jump back.
pub fn find(
    data: &Dataset,
    columns: &Columns,
    failed: &[bool],
    usual: &Usual,
    cx: &Ctx,
) -> Result<(Vec<Jump>, Vec<Place>), Cancelled> {
    let of_episode = |i: usize| -> Result<(Vec<Jump>, Vec<Return>), Cancelled> {
        cx.check()?;
        let (e, mut found, mut returns) = (data.episode(i), Vec::<Jump>::new(), Vec::new());
        let mut scratch = Scratch::of(usual, columns, data);
        for t in 0..e.span.obs_rows.saturating_sub(1) {
            if !scratch.load(usual, &e, t, columns, failed) {
                continue;
            }
            let Some(far) = usual.jump(&mut scratch) else { continue };
            let jump = Jump { at: (i as u32, t as u32), far };
            // What comes back to where it left was no end, but a row that is wrong.
            let away = found.last().copied().filter(|j| t - j.at.1 as usize <= ROWS);
            if let Some(away) = away
                && scratch.load_pair(usual, &e, away.at.1 as usize, e.obs_at(t + 1), columns)
                && usual.goes_on(&mut scratch)
            {
                found.pop();
                returns.push((away, jump));
            } else {
                found.push(jump);
            }
        }
        Ok((found, returns))
    };
    let each: Vec<(Vec<Jump>, Vec<Return>)> =
        (0..data.num_episodes()).into_par_iter().map(of_episode).collect::<Result<_, _>>()?;
    let (jumps, returns): (Vec<Vec<Jump>>, Vec<Vec<Return>>) = each.into_iter().unzip();
    let (mut jumps, returns) = (jumps.concat(), returns.concat());
    if (2 * returns.len()) as f64 >= RETURN * (jumps.len() + 2 * returns.len()) as f64 {
        let rows = |(away, back): &Return| (away.at.1 + 1..=back.at.1).map(|t| (away.at.0, t)).collect::<Vec<Place>>();
        return Ok((jumps, returns.iter().flat_map(rows).collect()));
    }
    jumps.extend(returns.iter().flat_map(|r| [r.0, r.1]));
    jumps.sort_by_key(|j| j.at);
    Ok((jumps, Vec::new()))
}
