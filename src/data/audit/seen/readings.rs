//! Readings that failed: codes that stand for a missing value, and readings that leave and come back. A row that failed says nothing of how the system moves, so no other rule looks at it.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use super::Place;
use super::columns::Columns;
use super::robust::is_clear;
use crate::data::dataset::Dataset;
use crate::ground::stats;
use crate::ground::task::{Cancelled, Ctx};

/// A spike comes back within so many rows.
pub const ROWS: usize = 3;
/// And so close to where it left, as a share of how far it went.
const BACK: f64 = 0.25;
/// Of the large steps of a dimension at least so many must come back: else that is how it moves.
const RETURN: f64 = 0.7;
/// A code is there at least so often.
const REPEATED: usize = 3;
/// And so many times the range of all other numbers away from them.
const AWAY: f64 = 2.0;
/// At most one in so many of the numbers around it may be far, too.
const AROUND: usize = 4;
/// Other numbers: those between these quantiles.
const OTHERS: (f64, f64) = (0.001, 0.999);

/// A number that stands for a missing one.
#[derive(Debug, Clone)]
pub struct Code {
    /// Dimension.
    pub dim: usize,
    /// The number.
    pub value: f32,
    /// Where it is.
    pub rows: Vec<Place>,
}

/// Everything that failed.
#[derive(Debug, Clone, Default)]
pub struct Readings {
    /// By dimension.
    pub codes: Vec<Code>,
    /// Rows in which a dimension leaves and comes back.
    pub spikes: Vec<(usize, Vec<Place>)>,
    /// [rows of observations] whether nothing is to be learned from the row: it is one of the above, or holds what another
    /// rule found.
    pub failed: Vec<bool>,
}

impl Readings {
    /// Looks at `data`.
    pub fn learn(data: &Dataset, columns: &Columns, cx: &Ctx) -> Result<Self, Cancelled> {
        let found = scan(data, columns, cx)?;
        let mut all = Self { failed: vec![false; columns.rows], ..Self::default() };
        for &c in &columns.alive {
            cx.check()?;
            let mut spikes = all.split(data, columns, c, &found.far[c], found.beside[c]);
            let enough = found.back[c].len() as f64 >= RETURN * found.left[c] as f64;
            if enough && is_clear(found.beside_step[c], found.left[c]) {
                spikes.extend(found.back[c].iter().flat_map(|&(e, t, n)| (t..t + n).map(move |t| (e, t))));
            }
            // A code that comes and goes is a code.
            let code: Vec<Place> = all.codes.iter().filter(|k| k.dim == c).flat_map(|k| k.rows.clone()).collect();
            spikes.sort_unstable();
            spikes.dedup();
            spikes.retain(|place| code.binary_search(place).is_err());
            if !spikes.is_empty() {
                all.spikes.push((c, spikes));
            }
        }
        let places = all.codes.iter().flat_map(|k| &k.rows).chain(all.spikes.iter().flat_map(|s| &s.1)).copied();
        places.collect::<Vec<Place>>().iter().for_each(|place| all.fail(data, *place));
        Ok(all)
    }

    /// From now on nothing is learned from this row.
    pub fn fail(&mut self, data: &Dataset, (e, t): Place) {
        self.failed[data.spans()[e as usize].first_obs + t as usize] = true;
    }

    /// Leaves to `rows`, which hold one observation, what else was said of them.
    pub fn tell_once(&mut self, rows: &[Place]) {
        let told: HashSet<Place> = rows.iter().copied().collect();
        self.spikes.iter_mut().for_each(|s| s.1.retain(|place| !told.contains(place)));
        self.spikes.retain(|s| !s.1.is_empty());
        self.codes.retain(|k| k.rows.iter().any(|place| !told.contains(place)));
    }

    /// Of the `far` numbers of dimension `c` those that are there again and again become codes; answers the others, if they
    /// come one by one.
    fn split(
        &mut self,
        data: &Dataset,
        columns: &Columns,
        c: usize,
        far: &[(u32, u32, f32)],
        beside: usize,
    ) -> Vec<Place> {
        if far.is_empty() || !is_clear(beside, far.len()) {
            return Vec::new();
        }
        let mut by_value: HashMap<u32, Vec<Place>> = HashMap::new();
        for &(e, t, v) in far {
            by_value.entry(v.to_bits()).or_default().push((e, t));
        }
        let mut often: Vec<(f32, Vec<Place>)> =
            by_value.into_iter().filter(|v| v.1.len() >= REPEATED).map(|(v, at)| (f32::from_bits(v), at)).collect();
        often.sort_by_key(|v| v.1.first().copied());
        let others = others(data, columns, c);
        often.retain(|&(v, _)| (others.0 - f64::from(v)).max(f64::from(v) - others.1) >= AWAY * (others.1 - others.0));
        // Where the numbers around are far too, it is the episode that is.
        let places: HashMap<Place, u32> = far.iter().map(|f| ((f.0, f.1), f.2.to_bits())).collect();
        often.retain(|(v, at)| {
            let around = at.iter().flat_map(|&(e, t)| [(e, t.wrapping_sub(1)), (e, t + 1)]);
            around.filter(|place| places.get(place).is_some_and(|b| *b != v.to_bits())).count() * AROUND <= 2 * at.len()
        });
        let coded: Vec<u32> = often.iter().map(|v| v.0.to_bits()).collect();
        self.codes.extend(often.into_iter().map(|(value, rows)| Code { dim: c, value, rows }));
        let rest: Vec<Place> = far.iter().filter(|f| !coded.contains(&f.2.to_bits())).map(|f| (f.0, f.1)).collect();
        let runs = runs(&rest);
        let middle = stats::median(runs.iter().map(|&n| n as f64).collect());
        if middle <= ROWS as f64 { rest } else { Vec::new() }
    }
}

/// Lengths of the runs of consecutive rows among ascending places.
fn runs(places: &[Place]) -> Vec<usize> {
    let mut runs: Vec<usize> = Vec::new();
    for (i, &(e, t)) in places.iter().enumerate() {
        match runs.last_mut() {
            Some(n) if i > 0 && places[i - 1] == (e, t.wrapping_sub(1)) => *n += 1,
            _ => runs.push(1),
        }
    }
    runs
}

/// Between which numbers those of dimension `c` lie that are not far.
fn others(data: &Dataset, columns: &Columns, c: usize) -> (f64, f64) {
    let column = &columns.all[c];
    let rows = stats::evenly(columns.rows, 20_000);
    let values = rows.into_iter().map(|r| f64::from(data.obs[r * data.obs_dim() + c]));
    let near: Vec<f64> = values.filter(|v| (v - column.middle).abs() <= column.far).collect();
    let sorted = stats::sorted(&near);
    (stats::quantile_sorted(&sorted, OTHERS.0), stats::quantile_sorted(&sorted, OTHERS.1))
}

/// What a pass over all rows finds, by dimension.
struct Found {
    far: Vec<Vec<(u32, u32, f32)>>,
    beside: Vec<usize>,
    /// Episode, first row and rows of what left and came back.
    back: Vec<Vec<(u32, u32, u32)>>,
    left: Vec<usize>,
    beside_step: Vec<usize>,
}

impl Found {
    fn none(d: usize) -> Self {
        Self {
            far: vec![Vec::new(); d],
            beside: vec![0; d],
            back: vec![Vec::new(); d],
            left: vec![0; d],
            beside_step: vec![0; d],
        }
    }

    fn join(mut self, other: Self) -> Self {
        self.far.iter_mut().zip(other.far).for_each(|(a, b)| a.extend(b));
        self.back.iter_mut().zip(other.back).for_each(|(a, b)| a.extend(b));
        let counts = [
            (&mut self.beside, other.beside),
            (&mut self.left, other.left),
            (&mut self.beside_step, other.beside_step),
        ];
        counts.into_iter().for_each(|(a, b)| a.iter_mut().zip(b).for_each(|(a, b)| *a += b));
        self
    }
}

fn scan(data: &Dataset, columns: &Columns, cx: &Ctx) -> Result<Found, Cancelled> {
    let d = data.obs_dim();
    let add = |found: Result<Found, Cancelled>, i: usize| {
        let mut found = found?;
        cx.check()?;
        let e = data.episode(i);
        for &c in &columns.alive {
            let value = |t: usize| e.obs[t * d + c];
            far_of(columns, c, (i, e.span.obs_rows), value, &mut found);
            steps_of(columns, c, (i, e.span.obs_rows), value, &mut found);
        }
        Ok(found)
    };
    let none = || Ok(Found::none(d));
    let join = |a: Result<Found, Cancelled>, b: Result<Found, Cancelled>| Ok(a?.join(b?));
    (0..data.num_episodes()).into_par_iter().fold(none, add).reduce(none, join)
}

fn far_of(columns: &Columns, c: usize, (i, rows): (usize, usize), value: impl Fn(usize) -> f32, found: &mut Found) {
    let column = &columns.all[c];
    let widest = (column.range.0 - column.middle).abs().max((column.range.1 - column.middle).abs());
    if column.far.is_infinite() || widest <= column.far {
        return;
    }
    for t in 0..rows {
        let v = value(t);
        let away = (f64::from(v) - column.middle).abs();
        if away > column.far {
            found.far[c].push((i as u32, t as u32, v));
        } else if away > column.far / 2.0 {
            found.beside[c] += 1;
        }
    }
}

fn steps_of(columns: &Columns, c: usize, (i, rows): (usize, usize), value: impl Fn(usize) -> f32, found: &mut Found) {
    let column = &columns.all[c];
    if column.step.is_infinite() || column.flips {
        return;
    }
    let mut t = 1;
    while t < rows {
        let before = value(t - 1);
        let away = column.step(before, value(t)).abs();
        // What is far away does not come back to where it was wrong.
        if (f64::from(before) - column.middle).abs() > column.far {
            t += 1;
            continue;
        }
        if away > column.step {
            let last = (t + ROWS).min(rows - 1);
            let back = (t + 1..=last).find(|&s| column.step(before, value(s)).abs() <= BACK * away);
            found.left[c] += 1;
            if let Some(s) = back {
                found.back[c].push((i as u32, t as u32, (s - t) as u32));
                t = s;
            }
        } else if away > column.step / 2.0 {
            found.beside_step[c] += 1;
        }
        t += 1;
    }
}
