//! Stretches of held-out episodes that imagination is held against.

use rand::seq::{IteratorRandom, SliceRandom};

use crate::data::dataset::Dataset;
use crate::data::sequence::SequenceBatch;
use crate::data::space::Actions;
use crate::engine::spec::ImagineSpec;
use crate::ground::fault::Fault;
use crate::ground::number::counted;
use crate::ground::seed::stream;
use crate::ground::stats;
use crate::metrics::divergence::errors::nrmse;
use crate::metrics::divergence::rewards::Rewards;
use crate::metrics::report::{Level, Report};

/// An episode's index and a step of it.
pub type Start = (usize, usize);

/// Stretches of held-out episodes, all of `horizon` steps.
pub struct Windows {
    /// Steps H of each.
    pub horizon: usize,
    /// Observations that the model sees at each start, the present one included.
    pub context: usize,
    /// [S] where they begin.
    pub starts: Vec<Start>,
}

impl Windows {
    /// Draws starts without replacement among all steps that are followed by `horizon` finite ones. Where no episode is
    /// that long, the horizon is that of the longest.
    pub fn choose(data: &Dataset, heldout: &[usize], spec: &ImagineSpec, context: usize) -> Self {
        let stretches = stretches(data, heldout, context);
        let longest = stretches.iter().flat_map(|(_, n)| n.iter().copied()).max().unwrap_or(0);
        let horizon = spec.horizon.min(longest);
        if horizon == 0 {
            return Self { horizon, context, starts: Vec::new() };
        }
        let usable = |(e, n): &(usize, Vec<usize>)| {
            let e = *e;
            n.iter().enumerate().filter(|(_, n)| **n >= horizon).map(move |(t, _)| (e, t)).collect::<Vec<_>>()
        };
        let mut rng = stream(spec.seed, "starts", 0);
        let mut starts = stretches.iter().flat_map(usable).sample(&mut rng, spec.starts);
        starts.sort_unstable();
        Self { horizon, context, starts }
    }

    /// Starts one horizon after the other along every episode. Where no episode is that long, the horizon is that of the
    /// longest.
    pub fn tile(data: &Dataset, heldout: &[usize], horizon: usize, context: usize) -> Self {
        let stretches = stretches(data, heldout, context);
        let longest = stretches.iter().flat_map(|(_, n)| n.iter().copied()).max().unwrap_or(0);
        let horizon = horizon.min(longest);
        let of = |(e, follows): &(usize, Vec<usize>)| {
            tiles(follows, horizon).into_iter().map(|t| (*e, t)).collect::<Vec<_>>()
        };
        Self { horizon, context, starts: stretches.iter().flat_map(of).collect() }
    }

    /// At most `each` starts an episode, evenly spread over those that are one horizon apart, of at most `most` of `episodes`,
    /// drawn at random; episodes that are too short have none.
    pub fn spread(
        data: &Dataset,
        episodes: &[usize],
        (most, each): (usize, usize),
        horizon: usize,
        context: usize,
    ) -> Self {
        let (mut starts, mut left) = (Vec::new(), most);
        // In an order of their own: of the first of a file, or of every tenth, nobody knows whether they are like the others.
        let mut shuffled = episodes.to_vec();
        shuffled.shuffle(&mut stream(0, "episodes of the bound", 0));
        for &e in &shuffled {
            if left == 0 {
                break;
            }
            let tiles = tiles(&known(data, e, context), horizon);
            starts.extend(stats::evenly(tiles.len(), each).into_iter().map(|i| (e, tiles[i])));
            left -= usize::from(!tiles.is_empty());
        }
        starts.sort_unstable();
        Self { horizon, context, starts }
    }

    /// [S, D] observations that they begin with.
    pub fn start_rows(&self, data: &Dataset) -> Vec<f32> {
        self.starts.iter().flat_map(|&(e, t)| data.episode(e).obs_at(t)).copied().collect()
    }

    /// What the model sees at every start.
    pub fn pasts<'d>(&self, data: &'d Dataset) -> SequenceBatch<'d> {
        let back = self.context.saturating_sub(1);
        let (mut obs, mut actions) = (Vec::new(), Vec::new());
        for &(e, t) in &self.starts {
            let e = data.episode(e);
            (t - back..=t).for_each(|t| obs.extend_from_slice(e.obs_at(t)));
            (t - back..t).for_each(|t| actions.extend_from_slice(e.action_at(t)));
        }
        SequenceBatch {
            rows: self.starts.len(),
            steps: back,
            obs_dim: data.obs_dim(),
            obs: obs.into(),
            actions: Actions::new(&data.action_space, actions),
        }
    }

    /// [S, H+1, D] what happened and [S, H, A] what was done.
    pub fn gather(&self, data: &Dataset) -> (Vec<f32>, Vec<f32>) {
        let (mut real, mut actions) = (Vec::new(), Vec::new());
        for &(e, t) in &self.starts {
            let e = data.episode(e);
            (t..=t + self.horizon).for_each(|t| real.extend_from_slice(e.obs_at(t)));
            (t..t + self.horizon).for_each(|t| actions.extend_from_slice(e.action_at(t)));
        }
        (real, actions)
    }

    /// The rewards of every window, and their mean and deviation in the episodes `train`; nothing where the data or the model have
    /// none.
    pub fn rewards<'i>(&self, data: &Dataset, train: &[usize], imagined: Option<&'i [f32]>) -> Option<Along<'i>> {
        let imagined = imagined.filter(|_| !data.origin.has_no_rewards())?;
        let of = |&(e, t): &Start| data.episode(e).rewards[t..t + self.horizon].to_vec();
        let all: Vec<f64> = data.episodes(train).flat_map(|e| e.rewards.to_vec()).filter(|r| r.is_finite()).collect();
        let (real, horizon) = (self.starts.iter().flat_map(of).collect(), self.horizon);
        Some(Along { horizon, real, imagined, scale: stats::mean_std(&all) })
    }

    /// The start that was named to be drawn: of the episode the step that is asked for, or the first that is possible.
    ///
    /// # Errors
    /// A sentence where the episode is not there, or cannot be imagined from that step.
    pub fn named(&self, data: &Dataset, spec: &ImagineSpec) -> Result<Option<Start>, Fault> {
        let Some(e) = spec.episode else {
            let refuse = || Fault::bad("a step is one of an episode: name the episode as well, with --episode");
            return spec.step.map_or(Ok(None), |_| Err(refuse()));
        };
        let known = usable(data, e, self.context)?;
        let possible = |n: usize| n > 0 && n >= self.horizon;
        match spec.step {
            None => Ok(known.iter().position(|&n| possible(n)).map(|t| (e, t))),
            Some(t) if known.get(t).is_some_and(|&n| possible(n)) => Ok(Some((e, t))),
            Some(t) => Err(Fault::bad(format!(
                "episode {e} cannot be imagined from step {t} over {}: {}",
                counted(self.horizon, "steps"),
                from_where(&known, possible)
            ))),
        }
    }

    /// The start whose error at the end is largest.
    pub fn worst(&self, d: usize, real: &[f32], imagined: &[f32], std: &[f64]) -> Option<Start> {
        let rows = self.horizon + 1;
        let error = |s: usize| {
            let last = (s * rows + self.horizon) * d..(s + 1) * rows * d;
            nrmse(&imagined[last.clone()], &real[last], std)
        };
        let worst = (0..self.starts.len()).max_by(|&a, &b| error(a).total_cmp(&error(b)));
        worst.map(|s| self.starts[s])
    }

    /// Says where fewer or shorter ones were found than asked for.
    pub fn note(&self, report: &mut Report, spec: &ImagineSpec) {
        if self.horizon < spec.horizon {
            report.note(
                Level::Warn,
                format!(
                    "no held-out episode has {} usable steps in a row: the horizon is {}, that of the longest",
                    spec.horizon, self.horizon
                ),
            );
        }
        if self.starts.len() < spec.starts {
            let n = self.starts.len();
            report.note(Level::Info, format!("{n} starts are all that the held-out episodes have"));
        }
    }
}

/// Rewards along all windows, beside what was imagined of them.
pub struct Along<'i> {
    horizon: usize,
    real: Vec<f64>,
    imagined: &'i [f32],
    scale: (f64, f64),
}

impl Along<'_> {
    /// As the report takes them, returns with this discount.
    pub fn view(&self, discount: f64) -> Rewards<'_> {
        Rewards { horizon: self.horizon, real: &self.real, imagined: self.imagined, scale: self.scale, discount }
    }
}

/// Steps from each step of an episode on that a model which must see `context` observations can imagine and that are known;
/// 0 where it cannot begin.
///
/// # Errors
/// A sentence where there is no such episode.
pub fn usable(data: &Dataset, episode: usize, context: usize) -> Result<Vec<usize>, Fault> {
    let n = data.num_episodes();
    if episode >= n {
        return Err(Fault::bad(format!("there is no episode {episode}: the dataset has {n}, counted from 0")));
    }
    Ok(known(data, episode, context))
}

/// "it can be from steps 0 to 20 and 40 to 90": where `possible` holds of what [`usable`] answers.
pub fn from_where(usable: &[usize], possible: impl Fn(usize) -> bool) -> String {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for t in (0..usable.len()).filter(|&t| possible(usable[t])) {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == t => *last = t,
            _ => runs.push((t, t)),
        }
    }
    let words = |&(from, to): &(usize, usize)| if from == to { from.to_string() } else { format!("{from} to {to}") };
    let first: Vec<String> = runs.iter().take(NAMED).map(words).collect();
    match runs.len() {
        0 => "no step of it has so many usable ones after it".into(),
        n if n > NAMED => format!("it can be from steps {}, and others", first.join(", ")),
        _ => format!("it can be from steps {}", first.join(" and ")),
    }
}

/// Most stretches of an episode that are named.
const NAMED: usize = 3;

/// Steps to begin at, one `horizon` after the other, of an episode from whose steps so many can be imagined.
fn tiles(follows: &[usize], horizon: usize) -> Vec<usize> {
    let (mut starts, mut t) = (Vec::new(), 0);
    while horizon > 0 && t < follows.len() {
        let usable = follows[t] >= horizon;
        if usable {
            starts.push(t);
        }
        t += if usable { horizon } else { 1 };
    }
    starts
}

/// [`known`] of every episode.
fn stretches(data: &Dataset, episodes: &[usize], context: usize) -> Vec<(usize, Vec<usize>)> {
    episodes.iter().map(|&e| (e, known(data, e, context))).collect()
}

/// [`follows`], and 0 where fewer than `context` observations lie behind in a row.
fn known(data: &Dataset, episode: usize, context: usize) -> Vec<usize> {
    let follows = follows(data, episode);
    let back = context.saturating_sub(1);
    let enough = |t: usize| t >= back && (t - back..t).all(|t| follows[t] > 0);
    (0..follows.len()).map(|t| if enough(t) { follows[t] } else { 0 }).collect()
}

/// For every step of an episode: how many steps from there on are usable (finite, and each leading to the next).
fn follows(data: &Dataset, episode: usize) -> Vec<usize> {
    let e = data.episode(episode);
    let finite = |row: &[f32]| row.iter().all(|v| v.is_finite());
    let mut n = vec![0; e.steps()];
    for t in (0..e.steps()).rev() {
        let leads = t + 1 < e.span.obs_rows && e.next_obs_at(t).is_some_and(|next| next == e.obs_at(t + 1));
        if leads && finite(e.obs_at(t)) && finite(e.action_at(t)) {
            n[t] = 1 + n.get(t + 1).copied().unwrap_or(0);
        }
    }
    n
}

#[cfg(test)]
mod tests;
