//! Rows that hold one and the same observation: a recorder that wrote zeros, a sensor that answered what it had answered
//! before.

use std::collections::{BTreeMap, HashMap, HashSet};

use rayon::prelude::*;

use super::Place;
use super::columns::Columns;
use super::usual::{Scratch, Usual};
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

/// Of the runs of at least three rows so many must go on elsewhere than the next row can be.
const LEFT: f64 = 0.15;

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

impl Visit {
    /// Its rows, without so many of the first.
    fn places(&self, without: u32) -> impl Iterator<Item = Place> {
        let (episode, end) = (self.episode, self.first + self.rows);
        (self.first + without..end).map(move |t| (episode, t))
    }
}

/// Equal numbers have equal hashes; zero has two signs and is one number.
fn hash(row: &[f32], alive: &[usize]) -> u64 {
    let mix = |h: u64, &c: &usize| {
        (h.rotate_left(5) ^ u64::from((row[c] + 0.0).to_bits())).wrapping_mul(0x517c_c1b7_2722_0a95)
    };
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

/// Rows that hold one observation, before it is known whether the system could stay there.
pub struct Suspects {
    /// Visits of observations that are there again and again, one list for each.
    again: Vec<Vec<Visit>>,
    /// Runs of equal rows, of which each observation is there once or twice.
    runs: Vec<Visit>,
    alive: Vec<usize>,
}

impl Suspects {
    /// Looks at `data`.
    pub fn learn(data: &Dataset, columns: &Columns, cx: &Ctx) -> Result<Self, Cancelled> {
        let moves = |c: &usize| columns.all[*c].range.0 < columns.all[*c].range.1;
        let alive: Vec<usize> = columns.alive.iter().copied().filter(moves).collect();
        let mut all = Self { again: Vec::new(), runs: Vec::new(), alive };
        let whole = data.obs.chunks_exact(data.obs_dim().max(1)).take(1000).flatten().all(|v| v.fract() == 0.0);
        // One dimension may well be twice the same.
        if all.alive.len() < 2 || whole {
            return Ok(all);
        }
        let Some(common) = common(data, &all.alive) else { return Ok(all) };
        let mut by_value: BTreeMap<u64, Vec<Visit>> = BTreeMap::new();
        for visit in visits(data, &all.alive, &common, cx)? {
            by_value.entry(visit.hash).or_default().push(visit);
        }
        for (hash, visits) in by_value {
            match common.contains(&hash) && visits.iter().map(|v| v.rows as usize).sum::<usize>() >= REPEATED {
                true => all.again.push(visits),
                false => all.runs.extend(visits.into_iter().filter(|v| v.rows > 1)),
            }
        }
        Ok(all)
    }

    /// All rows but the first of a run.
    pub fn rows(&self) -> impl Iterator<Item = Place> {
        let again = self.again.iter().flatten().flat_map(|v| v.places(0));
        again.chain(self.runs.iter().flat_map(|v| v.places(1)))
    }

    /// Which of them cannot be right: the system jumps there, or from there. Without `usual` no step is a jump.
    pub fn judge(self, data: &Dataset, columns: &Columns, usual: Option<&Usual>) -> Stuck {
        let mut stuck = Stuck::default();
        let mut leap = Leap { data, columns, scratch: usual.map(|u| (u, Scratch::of(u, columns, data))) };
        let mut runs = self.runs;
        for visits in self.again {
            // What is there once, and is come to as to any row, is a sensor that stood.
            if visits.len() == 1 && !leap.enters(&visits[0]) {
                runs.extend(visits);
                continue;
            }
            let jumped = visits.iter().filter(|v| leap.enters(v) || leap.leaves(v)).count();
            if jumped * 2 >= visits.len() {
                let e = data.episode(visits[0].episode as usize);
                let rows = visits.iter().map(|v| v.rows as usize).sum();
                stuck.held.push((says(e.obs_at(visits[0].first as usize), &self.alive), rows));
                stuck.failed.extend(visits.iter().flat_map(|v| v.places(0)));
            } else {
                runs.extend(visits.into_iter().filter(|v| v.rows > 1));
            }
        }
        stuck.held.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        // The first row of a sensor that stood is right; where the action stays the same, the system may rest.
        let moved: Vec<&Visit> = runs.iter().filter(|v| acts(data, v)).collect();
        let long = moved.iter().filter(|v| v.rows as usize >= REPEATED).count();
        let left = moved.iter().filter(|v| v.rows as usize >= REPEATED && leap.leaves(v)).count();
        let failed = left > 0 && left as f64 >= LEFT * long as f64;
        let places: Vec<Place> = moved.iter().flat_map(|v| v.places(1)).collect();
        if failed {
            stuck.held.push(("the observation of the row before".into(), places.len()));
            stuck.failed.extend(places);
        } else {
            stuck.still.extend(places);
        }
        stuck.failed.sort_unstable();
        stuck.still.sort_unstable();
        stuck
    }
}

/// Whether the action changes within a visit.
fn acts(data: &Dataset, v: &Visit) -> bool {
    let e = data.episode(v.episode as usize);
    let steps = (v.first as usize..(v.first + v.rows) as usize).take_while(|&t| t < e.steps());
    let actions: Vec<&[f32]> = steps.map(|t| e.action_at(t)).collect();
    actions.windows(2).any(|w| w[0] != w[1])
}

/// Tells steps that the system does not make.
struct Leap<'a> {
    data: &'a Dataset,
    columns: &'a Columns,
    scratch: Option<(&'a Usual, Scratch)>,
}

impl Leap<'_> {
    fn is_one(&mut self, i: u32, from: u32, to: u32) -> bool {
        let e = self.data.episode(i as usize);
        if to as usize >= e.span.obs_rows {
            return false;
        }
        let (a, b) = (e.obs_at(from as usize), e.obs_at(to as usize));
        let alive = self.columns.alive.iter();
        let far = alive.map(|&c| (&self.columns.all[c], c)).any(|(k, c)| k.step(a[c], b[c]).abs() > k.rough);
        let jumps = self.scratch.as_mut().is_some_and(|(usual, scratch)| {
            scratch.load_pair(usual, &e, from as usize, b, self.columns) && usual.jump(scratch).is_some()
        });
        far || jumps
    }

    fn enters(&mut self, v: &Visit) -> bool {
        v.first > 0 && self.is_one(v.episode, v.first - 1, v.first)
    }

    fn leaves(&mut self, v: &Visit) -> bool {
        let last = v.first + v.rows - 1;
        self.is_one(v.episode, last, last + 1)
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
