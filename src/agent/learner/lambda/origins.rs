//! States that imagination goes out from. A model that remembers follows the replay's episodes from their beginning, as it does when
//! it acts, and every step of them is a state; any other begins on the rows before a step.

use std::collections::BTreeMap;
use std::ops::Range;

use rand::RngExt;

use crate::agent::learner::imagined::Drawn;
use crate::data::episode::TransitionBatch;
use crate::data::space::Actions;
use crate::ground::seed::Stream;
use crate::ground::task::{Cancelled, Ctx};
use crate::world::world_model::{ImaginedState, WorldModel};

/// Steps of episodes that are followed at most.
const MOST: usize = 50_000;
/// Steps between two looks at the cancel flag.
const LOOK: usize = 8;

/// Rows of a replay with what a model makes of them.
pub struct Origins<'a> {
    model: &'a dyn WorldModel,
    drawn: &'a Drawn<'a>,
    /// What a model that remembers knows at the rows that were drawn.
    followed: Option<PosteriorRows>,
}

/// Observations [N, D] and features [N, F] of N steps.
#[derive(Default)]
struct PosteriorRows {
    obs: Vec<f32>,
    features: Vec<f32>,
    rows: usize,
}

impl<'a> Origins<'a> {
    /// As many different states as `count` draws of rows are.
    ///
    /// # Errors
    /// [`Cancelled`].
    pub fn new(
        model: &'a dyn WorldModel,
        drawn: &'a Drawn<'a>,
        count: usize,
        rng: &mut Stream,
        cx: &Ctx,
    ) -> Result<Self, Cancelled> {
        let followed = model.remembers().then(|| follow(model, drawn, count, rng, cx)).transpose()?;
        Ok(Self { model, drawn, followed })
    }

    /// `count` states; nothing where there is none.
    pub fn draw(&self, count: usize, rng: &mut Stream) -> Option<ImaginedState> {
        let Some(followed) = &self.followed else {
            let rows = self.drawn.draw(count, rng);
            let past = || self.drawn.rows.pasts(&rows, self.model.context());
            return (!rows.is_empty()).then(|| self.model.begin(&past()));
        };
        if followed.rows == 0 {
            return None;
        }
        let (d, f) = (self.drawn.rows.obs_dim, self.model.dims().feature);
        let (mut obs, mut features) = (Vec::with_capacity(count * d), Vec::with_capacity(count * f));
        for _ in 0..count {
            let i = rng.random_range(0..followed.rows);
            obs.extend_from_slice(&followed.obs[i * d..(i + 1) * d]);
            features.extend_from_slice(&followed.features[i * f..(i + 1) * f]);
        }
        self.model.at(obs, features)
    }
}

/// Follows the episodes of `count` drawn rows side by side, and keeps what is known at those rows.
fn follow(
    model: &dyn WorldModel,
    drawn: &Drawn<'_>,
    count: usize,
    rng: &mut Stream,
    cx: &Ctx,
) -> Result<PosteriorRows, Cancelled> {
    let rows = drawn.rows;
    let runs = rows.runs();
    let mut wanted: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut steps = 0;
    for row in drawn.draw(count, rng) {
        let run = runs.partition_point(|run| run.end <= row);
        if !wanted.contains_key(&run) {
            // The first is followed however long it is.
            if steps > 0 && steps + runs[run].len() > MOST {
                continue;
            }
            steps += runs[run].len();
        }
        wanted.entry(run).or_default().push(row);
    }
    let mut episodes: Vec<(Range<usize>, Vec<usize>)> =
        wanted.into_iter().map(|(run, rows)| (runs[run].clone(), rows)).collect();
    for (_, rows) in &mut episodes {
        rows.sort_unstable();
    }
    side_by_side(model, rows, &mut episodes, cx)
}

/// Follows episodes, each a range of `rows` with those that are kept, until the last of those.
fn side_by_side(
    model: &dyn WorldModel,
    rows: &TransitionBatch,
    episodes: &mut [(Range<usize>, Vec<usize>)],
    cx: &Ctx,
) -> Result<PosteriorRows, Cancelled> {
    // The longest first, so that those that go on are always the first ones.
    let reach = |(run, kept): &(Range<usize>, Vec<usize>)| kept.last().map_or(0, |last| last + 1 - run.start);
    episodes.sort_by_key(|episode| (std::cmp::Reverse(reach(episode)), episode.0.start));
    let (d, a, f) = (rows.obs_dim, rows.action_dim, model.dims().feature);
    let longest = episodes.first().map_or(0, reach);
    let mut out = PosteriorRows::default();
    let mut here: Option<ImaginedState> = None;
    for t in 0..longest {
        if t % LOOK == 0 {
            cx.check()?;
        }
        let going = episodes.partition_point(|episode| reach(episode) > t);
        let at = || episodes[..going].iter().map(|(run, _)| run.start + t);
        let obs: Vec<f32> = at().flat_map(|row| rows.obs_at(row)).copied().collect();
        if let Some(state) = &mut here {
            model.keep(state, &(0..going).collect::<Vec<usize>>());
        }
        let taken = at().flat_map(|row| if t > 0 { &rows.action[(row - 1) * a..row * a] } else { &[] });
        let taken = Actions::new(&rows.action_space, taken.copied().collect::<Vec<f32>>());
        let Some(now) = model.observe(here.as_ref().map(|state| (state, &taken)), &obs) else { break };
        let features = model.features(&now);
        for (i, (run, kept)) in episodes[..going].iter().enumerate() {
            let times =
                kept.partition_point(|row| *row <= run.start + t) - kept.partition_point(|row| *row < run.start + t);
            for _ in 0..times {
                out.obs.extend_from_slice(&obs[i * d..(i + 1) * d]);
                out.features.extend_from_slice(&features[i * f..(i + 1) * f]);
                out.rows += 1;
            }
        }
        here = Some(now);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::learner::imagined::Starts;
    use crate::agent::policy::filtered::followed;
    use crate::data::space::Space;
    use crate::ground::seed::stream;
    use crate::world::fit::FitOptions;
    use crate::world::rssm;

    /// Episodes of four, two and three steps.
    fn data() -> TransitionBatch {
        let value = |i: usize| (i as f32 * 1.7).cos();
        TransitionBatch {
            obs: (0..18).map(value).collect(),
            action: (0..9).map(value).collect(),
            reward: vec![0.0; 9],
            next_obs: (2..20).map(value).collect(),
            terminated: vec![false; 9],
            truncated: vec![false; 9],
            episode: vec![0, 0, 0, 0, 1, 1, 2, 2, 2],
            step: vec![0, 1, 2, 3, 0, 1, 0, 1, 2],
            ..TransitionBatch::empty(2, 1)
        }
    }

    /// Every state is what following its episode alone gives there.
    #[test]
    fn states_are_those_of_episodes_that_are_followed_from_their_beginning() {
        let options = FitOptions { hidden: 8, layers: 1, ..FitOptions::default() };
        let (rows, space) = (data(), Space::unnamed("action", 1));
        let model = rssm::fresh(&rows, &options, &mut stream(0, "t", 0));
        let starts = Starts { rows: &rows, old: 9, new_share: 0.0, apart: None }.with_context(1);
        let origins = Origins::new(&model, &starts, 200, &mut stream(1, "t", 0), &Ctx::quiet()).unwrap();
        let state = origins.draw(500, &mut stream(2, "t", 0)).unwrap();
        let f = model.dims().feature;
        let mut found = [0; 9];
        for (obs, features) in state.obs.chunks_exact(2).zip(model.features(&state).chunks_exact(f)) {
            let row = (0..9).find(|row| (rows.obs_at(*row)[0] - obs[0]).abs() < 1e-6).unwrap();
            let first = row - rows.step[row];
            let alone =
                followed(&model, &rows.obs[2 * first..2 * (row + 1)], &Actions::new(&space, &rows.action[first..row]));
            let want = alone.unwrap();
            // Matrices of another height are multiplied in another order: sums of some ten terms of size 1.
            let near = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-5;
            assert!(features.iter().zip(&want[(row - first) * f..]).all(near), "row {row}");
            found[row] += 1;
        }
        assert!(found.iter().all(|n| *n > 0), "{found:?}");
    }
}
