//! Episodes as readers find them, put together as a [`Dataset`].

use std::path::Path;

use super::finite;
use super::reader::Shape;
use crate::data::dataset::{Dataset, Origin, Parts};
use crate::data::episode::EpisodeSpan;
use crate::data::space::Space;
use crate::ground::fault::Fault;
use crate::ground::memory::Bytes;
use crate::ground::task::Ctx;

/// One episode.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Its number in the file.
    pub id: u64,
    /// `[T, D]`, or `[T+1, D]` where the file has the last observation.
    pub obs: Vec<f32>,
    /// `[T, A]`.
    pub actions: Vec<f32>,
    /// [T]; says how long the episode is.
    pub rewards: Vec<f64>,
    /// `[T, D]` where the file has a next observation for every step; `obs` then has T rows.
    pub next_obs: Option<Vec<f32>>,
    /// Ended by the environment.
    pub terminated: bool,
    /// Ended by a limit outside the environment.
    pub truncated: bool,
}

/// [`Found`] in numbers that belong to others.
#[derive(Debug, Clone, Copy)]
pub struct FoundIn<'a> {
    /// As in [`Found`].
    pub id: u64,
    /// As in [`Found`].
    pub obs: &'a [f32],
    /// As in [`Found`].
    pub actions: &'a [f32],
    /// As in [`Found`].
    pub rewards: &'a [f64],
    /// As in [`Found`].
    pub next_obs: Option<&'a [f32]>,
    /// As in [`Found`].
    pub terminated: bool,
    /// As in [`Found`].
    pub truncated: bool,
}

impl Found {
    fn view(&self) -> FoundIn<'_> {
        FoundIn {
            id: self.id,
            obs: &self.obs,
            actions: &self.actions,
            rewards: &self.rewards,
            next_obs: self.next_obs.as_deref(),
            terminated: self.terminated,
            truncated: self.truncated,
        }
    }
}

/// What a dataset is told that does not fit and is not read in parts.
pub fn too_large(memory: u64) -> String {
    format!(
        "its numbers take more than the {} that are left of --memory, and this layout is read only as a whole; allow \
         more, or store it as d4rl or minari, which are read in parts",
        Bytes(memory)
    )
}

/// A dataset in the making: episodes are added in the order of the file.
pub struct Assembly {
    origin: Origin,
    obs_space: Space,
    action_space: Space,
    parts: Parts,
    /// `[steps, D]`, NaN where an episode has none; kept only where it says more than the observations do.
    next: Vec<f32>,
    /// Steps whose own next observation is not the following observation, and the first of them.
    differ: usize,
    first: usize,
    /// Every episode has an observation beyond its steps.
    last: bool,
    /// An episode of no steps is one all the same.
    with_empty: bool,
    /// Bytes that it may take.
    memory: u64,
}

impl Assembly {
    /// No episode yet of these columns.
    pub fn new(origin: Origin, shape: &Shape) -> Self {
        let Shape { obs, action, last, .. } = shape;
        Self {
            origin,
            obs_space: obs.clone(),
            action_space: action.clone(),
            parts: Parts::default(),
            next: Vec::new(),
            differ: 0,
            first: 0,
            last: *last,
            with_empty: false,
            memory: u64::MAX,
        }
    }

    /// Takes no more than the work may keep.
    pub fn within(self, cx: &Ctx) -> Self {
        Self { memory: cx.memory(), ..self }
    }

    /// Keeps episodes of no steps, if so.
    pub fn with_empty(self, with_empty: bool) -> Self {
        Self { with_empty, ..self }
    }

    /// Steps so far.
    pub fn steps(&self) -> u64 {
        self.parts.rewards.len() as u64
    }

    /// Rules and warnings, to add to.
    pub fn origin(&mut self) -> &mut Origin {
        &mut self.origin
    }

    /// Adds an episode. One of no steps is left out, unless [`Assembly::with_empty`].
    ///
    /// # Errors
    /// A sentence about the array whose length does not fit the rewards.
    pub fn push(&mut self, episode: &Found) -> Result<(), String> {
        self.put(episode.view())
    }

    /// Makes room for so many steps in so many episodes, if there is memory for them.
    pub fn reserve(&mut self, steps: usize, episodes: usize) {
        let (d, a, parts) = (self.obs_space.dim(), self.action_space.dim(), &mut self.parts);
        let values = |rows: usize, width: usize| rows.saturating_mul(width);
        // Without it the columns grow as they are filled.
        let rows = steps.saturating_add(if self.last { episodes } else { 0 });
        let _ = parts.obs.try_reserve_exact(values(rows, d));
        let _ = parts.actions.try_reserve_exact(values(steps, a));
        let _ = parts.rewards.try_reserve_exact(steps);
        let _ = parts.spans.try_reserve_exact(episodes);
    }

    /// [`Assembly::push`] of numbers that belong to others.
    ///
    /// # Errors
    /// As [`Assembly::push`].
    pub fn put(&mut self, episode: FoundIn<'_>) -> Result<(), String> {
        let (d, a, steps) = (self.obs_space.dim(), self.action_space.dim(), episode.rewards.len());
        if steps == 0 && !self.with_empty {
            return Ok(());
        }
        let held = self.parts.obs.len() + self.parts.actions.len() + self.next.len();
        let floats = held + episode.obs.len() + episode.actions.len();
        if (4 * floats + 8 * (self.parts.rewards.len() + steps)) as u64 > self.memory {
            return Err(too_large(self.memory));
        }
        // Rows without columns cannot be counted.
        let rows = episode.obs.len().checked_div(d).unwrap_or(steps + usize::from(self.last));
        let fits = |len: usize, rows: usize, width: usize| len == rows * width;
        if !(fits(episode.obs.len(), rows, d) && (rows == steps || rows == steps + 1)) {
            let values = episode.obs.len();
            return Err(format!("observations have {values} values, {steps} steps of {d} need {}", steps * d));
        }
        if !fits(episode.actions.len(), steps, a) {
            let values = episode.actions.len();
            return Err(format!("actions have {values} values, {steps} steps of {a} need {}", steps * a));
        }
        let first_step = self.parts.rewards.len();
        let first_obs = self.parts.spans.last().map_or(0, |s| s.first_obs + s.obs_rows);
        self.parts.obs.extend_from_slice(episode.obs);
        let mut obs_rows = rows;
        if let Some(next) = episode.next_obs {
            if !fits(next.len(), steps, d) || rows != steps {
                return Err(format!(
                    "next observations have {} values, {steps} steps of {d} need {}",
                    next.len(),
                    steps * d
                ));
            }
            self.parts.obs.extend_from_slice(&next[(steps - 1) * d..]);
            obs_rows += 1;
            self.settle(episode.obs, next, first_step);
        }
        self.parts.actions.extend_from_slice(episode.actions);
        self.parts.rewards.extend_from_slice(episode.rewards);
        self.parts.spans.push(EpisodeSpan {
            id: episode.id,
            first_step,
            steps,
            first_obs,
            obs_rows,
            terminated: episode.terminated,
            truncated: episode.truncated,
        });
        Ok(())
    }

    /// Keeps the next observations of an episode, and counts those that are not the following observation.
    #[allow(clippy::float_cmp, reason = "a copy is equal to the last bit")]
    fn settle(&mut self, obs: &[f32], next: &[f32], first_step: usize) {
        let d = self.obs_space.dim();
        let same = |a: f32, b: f32| a == b || (a.is_nan() && b.is_nan());
        for (t, (next, following)) in next.chunks_exact(d).zip(obs.chunks_exact(d).skip(1)).enumerate() {
            if !next.iter().zip(following).all(|(&a, &b)| same(a, b)) {
                self.first = if self.differ == 0 { first_step + t } else { self.first };
                self.differ += 1;
            }
        }
        self.next.resize(first_step * d, f32::NAN);
        self.next.extend_from_slice(next);
    }

    /// The dataset. Rows that are not finite, and next observations that are not the following ones, become warnings.
    ///
    /// # Errors
    /// If there is no step.
    pub fn finish(mut self, path: &Path) -> Result<Dataset, Fault> {
        let (d, a) = (self.obs_space.dim(), self.action_space.dim());
        if self.differ > 0 {
            let (count, first) = (self.differ, self.first);
            self.origin.warnings.push(format!(
                "next observations: {count} differ from the following observation of the same episode (first: step \
                 {first}); the file's own next observations are used"
            ));
            self.next.resize(self.parts.rewards.len() * d, f32::NAN);
            self.parts.next_obs = Some(std::mem::take(&mut self.next));
        }
        let warnings = [
            finite::warning("observations", &self.parts.obs, d),
            finite::warning("actions", &self.parts.actions, a),
            finite::warning("rewards", &self.parts.rewards, 1),
        ];
        self.origin.warnings.extend(warnings.into_iter().flatten());
        Dataset::from_parts(self.origin, self.obs_space, self.action_space, self.parts).map_err(|e| Fault::at(path, e))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "copies")]

    use super::*;

    fn assembly() -> Assembly {
        Assembly::new(Origin::default(), &Shape::unnamed(2, 1))
    }

    #[test]
    fn next_observations_complete_an_episode_and_stay_only_where_they_differ() {
        let episode = |obs: &[f32], next: &[f32]| Found {
            obs: obs.to_vec(),
            next_obs: Some(next.to_vec()),
            actions: vec![0.0; 2],
            rewards: vec![1.0; 2],
            ..Found::default()
        };
        let mut same = assembly();
        same.push(&episode(&[0.0, 0.0, 1.0, 1.0], &[1.0, 1.0, 2.0, 2.0])).unwrap();
        let data = same.finish(Path::new("x")).unwrap();
        assert_eq!((data.spans()[0].obs_rows, data.episode(0).obs_at(2)), (3, &[2.0, 2.0][..]));
        assert!(data.next_obs.is_none() && data.origin.warnings.is_empty());

        let mut differ = assembly();
        differ.push(&Found { rewards: vec![0.0], actions: vec![0.0], obs: vec![5.0; 4], ..Found::default() }).unwrap();
        differ.push(&episode(&[0.0, 0.0, 1.0, 1.0], &[9.0, 1.0, 2.0, 2.0])).unwrap();
        let data = differ.finish(Path::new("x")).unwrap();
        assert!(data.origin.warnings[0].contains("1 differ") && data.origin.warnings[0].contains("step 1"));
        assert_eq!(data.episode(1).next_obs_at(0), Some(&[9.0, 1.0][..]));
    }

    #[test]
    fn arrays_that_do_not_fit_are_named_and_an_episode_without_steps_is_left_out() {
        let mut a = assembly();
        a.push(&Found::default()).unwrap();
        let short = Found { rewards: vec![0.0; 3], obs: vec![0.0; 4], actions: vec![0.0; 3], ..Found::default() };
        assert!(a.push(&short).unwrap_err().starts_with("observations have 4 values"));
        let actions = Found { rewards: vec![0.0; 2], obs: vec![0.0; 4], actions: vec![0.0; 3], ..Found::default() };
        assert!(a.push(&actions).unwrap_err().starts_with("actions have 3 values"));
        assert!(a.finish(Path::new("x")).unwrap_err().to_string().contains("no episode has a step"));
    }
}
