//! Rows that hold one and the same observation: a recorder that wrote zeros, a sensor that answered what it had answered
//! before.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use super::Place;
use super::columns::Columns;
use crate::data::dataset::Dataset;
use crate::data::episode::Episode;
use crate::ground::stats;
use crate::ground::task::{Cancelled, Ctx};

/// One observation in so many rows is worth a word.
pub const REPEATED: usize = 3;
/// Rows that are looked at for an observation that is there again and again.
const SAMPLE: usize = 20_000;
/// Where fewer of the rows than this differ, the system has few states.
const DIFFER: f64 = 0.4;

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Stuck {
    /// Rows that cannot be right, ascending.
    pub failed: Vec<Place>,
    /// Observations that these rows hold, the commonest first: what it is, in words, and in how many rows.
    pub held: Vec<(String, usize)>,
    /// Rows that repeat the one before although the action changed, and that may be right.
    pub still: Vec<Place>,
}

/// A visit: episode, first row, rows, what is held there.
struct Visit {
    episode: u32,
    first: u32,
    rows: u32,
    hash: u64,
}

/// Equal numbers have equal hashes; zero has two signs and is one number.
fn hash(row: &[f32], alive: &[usize]) -> u64 {
    let mix = |h: u64, &c: &usize| (h.rotate_left(5) ^ u64::from((row[c] + 0.0).to_bits())).wrapping_mul(0x517c_c1b7_2722_0a95);
    alive.iter().fold(0x9e37_79b9_7f4a_7c15, mix)
}

/// Observations that many rows of a sample hold; nothing where the system has few states altogether.
fn common(data: &Dataset, alive: &[usize]) -> Option<HashSet<u64>> {
    let d = data.obs_dim();
    let starts: HashSet<usize> = data.spans().iter().map(|s| s.first_obs).collect();
    let rows: Vec<usize> =
        stats::evenly(data.obs.len() / d, SAMPLE).into_iter().filter(|r| !starts.contains(r)).collect();
    let mut counts: HashMap<u64, usize> = HashMap::new();
    rows.iter().for_each(|&r| *counts.entry(hash(&data.obs[r * d..(r + 1) * d], alive)).or_default() += 1);
    let most = counts.values().copied().max().unwrap_or(0);
    if (counts.len() as f64) < DIFFER * (rows.len() - most) as f64 {
        return None;
    }
    let mut common: HashSet<u64> = counts.into_iter().filter(|c| c.1 >= REPEATED).map(|c| c.0).collect();
    common.insert(hash(&vec![0.0; d], alive));
    Some(common)
}

/// Runs of equal rows, and single rows that hold something common.
fn visits(data: &Dataset, alive: &[usize], common: &HashSet<u64>, cx: &Ctx) -> Result<Vec<Visit>, Cancelled> {
    let of_episode = |i: usize| {
        cx.check()?;
        let (e, mut found): (Episode<'_>, Vec<Visit>) = (data.episode(i), Vec::new());
        let mut run = Visit { episode: i as u32, first: 0, rows: 0, hash: 0 };
        for t in 0..=e.span.obs_rows {
            let here = (t < e.span.obs_rows).then(|| hash(e.obs_at(t), alive));
            if here == Some(run.hash) && run.rows > 0 {
                run.rows += 1;
                continue;
            }
            let next = Visit { episode: i as u32, first: t as u32, rows: 1, hash: here.unwrap_or_default() };
            let done = std::mem::replace(&mut run, next);
            if done.rows > 1 || (done.rows == 1 && common.contains(&done.hash)) {
                found.push(done);
            }
        }
        Ok(found)
    };
    let each: Vec<Vec<Visit>> = (0..data.num_episodes()).into_par_iter().map(of_episode).collect::<Result<_, _>>()?;
    Ok(each.into_iter().flatten().collect())
}

/// Whether some dimension goes further from row `t - 1` to row `t` than it usually does.
fn is_far(e: &Episode<'_>, t: usize, columns: &Columns) -> bool {
    let Some(before) = t.checked_sub(1).filter(|_| t < e.span.obs_rows) else { return false };
    let (a, b) = (e.obs_at(before), e.obs_at(t));
    columns.alive.iter().any(|&c| columns.all[c].step(a[c], b[c]).abs() > columns.all[c].rough)
}

/// Rows that hold one observation.
pub fn find(data: &Dataset, columns: &Columns, cx: &Ctx) -> Result<Stuck, Cancelled> {
    let alive: Vec<usize> = columns.alive.iter().copied().filter(|&c| columns.all[c].range.0 < columns.all[c].range.1).collect();
    let mut stuck = Stuck::default();
    let whole = data.obs.chunks_exact(data.obs_dim().max(1)).take(1000).flatten().all(|v| v.fract() == 0.0);
    // One dimension may well be twice the same.
    if alive.len() < 2 || whole {
        return Ok(stuck);
    }
    let Some(common) = common(data, &alive) else { return Ok(stuck) };
    let mut by_value: HashMap<u64, Vec<Visit>> = HashMap::new();
    for visit in visits(data, &alive, &common, cx)? {
        by_value.entry(visit.hash).or_default().push(visit);
    }
    let mut frozen: Vec<Visit> = Vec::new();
    for (_, visits) in by_value {
        let entered = |v: &&Visit| {
            let e = data.episode(v.episode as usize);
            is_far(&e, v.first as usize, columns) || (v.first == 0 && is_far(&e, v.rows as usize, columns))
        };
        let rows: usize = visits.iter().map(|v| v.rows as usize).sum();
        if rows >= REPEATED && visits.iter().filter(entered).count() * 2 >= visits.len() {
            let v = &visits[0];
            let row = data.episode(v.episode as usize).obs_at(v.first as usize);
            stuck.held.push((says(row, &alive), rows));
            let places = visits.iter().flat_map(|v| (v.first..v.first + v.rows).map(|t| (v.episode, t)));
            stuck.failed.extend(places);
        } else {
            frozen.extend(visits.into_iter().filter(|v| v.rows > 1));
        }
    }
    stuck.held.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    sort_frozen(data, columns, &frozen, &mut stuck);
    stuck.failed.sort_unstable();
    stuck.still.sort_unstable();
    Ok(stuck)
}

/// A run that goes on somewhere else than its next row can be was a sensor that stood; the first row of it is right.
fn sort_frozen(data: &Dataset, columns: &Columns, frozen: &[Visit], stuck: &mut Stuck) {
    let acts = |v: &&Visit| {
        let e = data.episode(v.episode as usize);
        let steps = (v.first as usize..(v.first + v.rows) as usize).take_while(|&t| t < e.steps());
        let actions: Vec<&[f32]> = steps.map(|t| e.action_at(t)).collect();
        actions.windows(2).any(|w| w[0] != w[1])
    };
    let moved: Vec<&Visit> = frozen.iter().filter(acts).collect();
    let left = |v: &&&Visit| is_far(&data.episode(v.episode as usize), (v.first + v.rows) as usize, columns);
    let long: Vec<&&Visit> = moved.iter().filter(|v| v.rows as usize >= REPEATED).collect();
    let failed = !long.is_empty() && long.iter().filter(|v| left(v)).count() * 2 >= long.len();
    let places = moved.iter().flat_map(|v| (v.first + 1..v.first + v.rows).map(|t| (v.episode, t)));
    if failed {
        let before = stuck.failed.len();
        stuck.failed.extend(places);
        stuck.held.push(("the observation of the row before".into(), stuck.failed.len() - before));
    } else {
        stuck.still.extend(places);
    }
}

/// The observation in words.
fn says(row: &[f32], alive: &[usize]) -> String {
    if alive.iter().all(|&c| row[c] == 0.0) {
        return "nothing but 0".into();
    }
    let numbers: Vec<String> = alive.iter().take(4).map(|&c| format!("{:.4}", row[c])).collect();
    format!("({}{})", numbers.join(", "), if alive.len() > 4 { ", …" } else { "" })
}

