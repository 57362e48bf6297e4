//! [`Dataset`]: columns of numbers and the episodes that they belong to.
//!
//! An episode of T steps has T actions, rewards and flags, and T or T+1 observations: where the file has the last
//! observation it is kept, and where it has not, the last transition has no next observation and is left out of
//! dynamics learning. Nothing is ever shifted across an episode's end.

use std::path::PathBuf;
use std::sync::Arc;

use super::episode::{Episode, EpisodeSpan, TransitionBatch};
use super::space::Space;

/// Where a dataset came from and which rules were applied to read it.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct Origin {
    /// File, folder or URL, as given.
    pub path: PathBuf,
    /// Name of the [`Format`](crate::format::Format) that read it.
    pub format: String,
    /// Environment id (`Pendulum-v1`), where the file names one.
    pub env_id: Option<String>,
    /// What the environment is made with, as JSON: Minari's `env_spec`, where the file has one.
    pub env_spec: Option<String>,
    /// The dataset's own name (`pendulum/expert-v0`), where it has one.
    pub dataset_id: Option<String>,
    /// Returns of a random and an expert policy that the file states: scores count from the one to the other.
    pub reference: Option<(f64, f64)>,
    /// Rules of reading that the user should know ("episodes end at terminals | timeouts").
    pub rules: Vec<String>,
    /// What was odd and survived ("3 rows with NaN in observations are skipped").
    pub warnings: Vec<String>,
}

/// The rule of a reader that finds no rewards.
pub const NO_REWARDS: &str = "the file has no rewards: every reward is 0";

impl Origin {
    /// The rule about `names`, which lie in the file and are in no step; nothing where all is read.
    pub fn not_read(names: &[String]) -> Option<String> {
        const SHOWN: usize = 24;
        let more = names.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
        (!names.is_empty()).then(|| format!("{NOT_READ}{shown}{more}"))
    }

    /// What lies in the file and is in no step, as the rules say it.
    pub fn left_out(&self) -> impl Iterator<Item = &str> {
        let rules = self.rules.iter().filter(|rule| rule.contains("not read"));
        rules.map(|rule| rule.strip_prefix(NOT_READ).unwrap_or(rule))
    }

    /// True where the reader said that there are no rewards.
    pub fn has_no_rewards(&self) -> bool {
        self.rules.iter().any(|rule| rule == NO_REWARDS)
    }
}

/// How a rule about what is not read begins.
const NOT_READ: &str = "not read: ";

/// Offline data in memory: flat row-major columns and episode spans.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// Provenance, rules applied and warnings.
    pub origin: Origin,
    /// Names and bounds of the observation columns.
    pub obs_space: Space,
    /// Names and bounds of the action columns.
    pub action_space: Space,
    pub(crate) spans: Vec<EpisodeSpan>,
    pub(crate) obs: Vec<f32>,
    pub(crate) actions: Vec<f32>,
    pub(crate) rewards: Vec<f64>,
    /// The file's own next observations, kept only where they differ from the following row of the same episode.
    pub(crate) next_obs: Option<Vec<f32>>,
    /// What this is a random sample of, where the whole does not fit into memory.
    pub sample: Option<Sample>,
}

/// The whole of which some episodes, drawn at random, are in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Sample {
    /// Its episodes.
    pub episodes: usize,
    /// Its steps.
    pub steps: usize,
    /// Bytes that it would take in memory.
    pub bytes: u64,
}

/// What a [`Dataset`] is put together from; [`Dataset::from_parts`] checks it.
#[derive(Debug, Clone, Default)]
pub struct Parts {
    /// Episode spans, in the order of the columns.
    pub spans: Vec<EpisodeSpan>,
    /// `[Σ obs_rows, obs_dim]`, row-major.
    pub obs: Vec<f32>,
    /// `[Σ steps, action_dim]`, row-major.
    pub actions: Vec<f32>,
    /// [Σ steps]; f64 because Minari writes it and returns are sums of it.
    pub rewards: Vec<f64>,
    /// `[Σ steps, obs_dim]` or nothing.
    pub next_obs: Option<Vec<f32>>,
}

impl Dataset {
    /// Puts a dataset together and checks that columns and spans agree.
    ///
    /// # Errors
    /// A sentence naming the column whose length does not fit.
    pub fn from_parts(origin: Origin, obs_space: Space, action_space: Space, parts: Parts) -> Result<Self, String> {
        let Parts { spans, obs, actions, rewards, next_obs } = parts;
        let steps: usize = spans.iter().map(|s| s.steps).sum();
        let rows: usize = spans.iter().map(|s| s.obs_rows).sum();
        if steps == 0 {
            return Err("the dataset is empty: no episode has a step".into());
        }
        let lengths = [
            ("observations", obs.len(), rows * obs_space.dim()),
            ("actions", actions.len(), steps * action_space.dim()),
            ("rewards", rewards.len(), steps),
            ("next_observations", next_obs.as_ref().map_or(steps * obs_space.dim(), Vec::len), steps * obs_space.dim()),
        ];
        for (name, got, want) in lengths {
            if got != want {
                return Err(format!("{name} has {got} values, the episodes need {want}"));
            }
        }
        Ok(Self { origin, obs_space, action_space, spans, obs, actions, rewards, next_obs, sample: None })
    }

    /// Columns of an observation.
    pub fn obs_dim(&self) -> usize {
        self.obs_space.dim()
    }

    /// Columns of an action (1 for a discrete one).
    pub fn action_dim(&self) -> usize {
        self.action_space.dim()
    }

    /// Number of episodes.
    pub fn num_episodes(&self) -> usize {
        self.spans.len()
    }

    /// Number of steps over all episodes.
    pub fn num_steps(&self) -> usize {
        self.rewards.len()
    }

    /// All episode spans, in file order.
    pub fn spans(&self) -> &[EpisodeSpan] {
        &self.spans
    }

    /// Borrowed view of episode `index` (an index into [`Dataset::spans`], not the file's id).
    ///
    /// # Panics
    /// If `index` is not below [`Dataset::num_episodes`].
    pub fn episode(&self, index: usize) -> Episode<'_> {
        let span = self.spans[index];
        let (d, a) = (self.obs_dim(), self.action_dim());
        let steps = span.first_step..span.first_step + span.steps;
        Episode {
            index,
            span,
            obs_dim: d,
            action_dim: a,
            obs: &self.obs[span.first_obs * d..(span.first_obs + span.obs_rows) * d],
            actions: &self.actions[steps.start * a..steps.end * a],
            rewards: &self.rewards[steps.clone()],
            next_obs: self.next_obs.as_ref().map(|n| &n[steps.start * d..steps.end * d]),
        }
    }

    /// Bytes of the columns in memory.
    pub fn bytes(&self) -> u64 {
        let floats = self.obs.len() + self.actions.len() + self.next_obs.as_ref().map_or(0, Vec::len);
        (4 * floats + 8 * self.rewards.len()) as u64
    }

    /// Views of the named episodes.
    pub fn episodes<'a>(&'a self, indices: &'a [usize]) -> impl Iterator<Item = Episode<'a>> + 'a {
        indices.iter().map(|&i| self.episode(i))
    }

    /// All finite states `s_t`, t < T (one a step, without the final observation) of the named episodes: row-major
    /// values and, for each row, the episode it came from.
    pub fn states(&self, indices: &[usize]) -> (Vec<f32>, Vec<usize>) {
        let mut rows = Vec::new();
        let mut owner = Vec::new();
        for e in self.episodes(indices) {
            for t in 0..e.span.steps {
                let row = e.obs_at(t);
                if row.iter().all(|v| v.is_finite()) {
                    rows.extend_from_slice(row);
                    owner.push(e.index);
                }
            }
        }
        (rows, owner)
    }

    /// All usable transitions of the named episodes: a next observation is there and every number is finite.
    pub fn transitions(&self, indices: &[usize]) -> TransitionBatch {
        let mut batch = TransitionBatch::within(self.obs_dim(), Arc::new(self.action_space.clone()));
        for e in self.episodes(indices) {
            batch.push_episode(&e);
        }
        batch
    }

    /// A dataset of the named episodes alone, in the given order.
    pub fn subset(&self, indices: &[usize]) -> Self {
        let mut part = Self {
            origin: self.origin.clone(),
            obs_space: self.obs_space.clone(),
            action_space: self.action_space.clone(),
            spans: Vec::with_capacity(indices.len()),
            obs: Vec::new(),
            actions: Vec::new(),
            rewards: Vec::new(),
            next_obs: self.next_obs.as_ref().map(|_| Vec::new()),
            sample: self.sample,
        };
        for e in self.episodes(indices) {
            let (first_step, first_obs) = (part.rewards.len(), part.obs.len() / self.obs_dim().max(1));
            part.spans.push(EpisodeSpan { first_step, first_obs, ..e.span });
            part.obs.extend_from_slice(e.obs);
            part.actions.extend_from_slice(e.actions);
            part.rewards.extend_from_slice(e.rewards);
            if let (Some(all), Some(own)) = (&mut part.next_obs, e.next_obs) {
                all.extend_from_slice(own);
            }
        }
        part
    }

    /// The dataset with only the observation dimensions `at`, in that order; `parts` is what they were chosen by.
    ///
    /// # Panics
    /// If one of them is not below [`Dataset::obs_dim`].
    pub fn with_dimensions(self, at: &[usize], parts: &[String]) -> Self {
        let d = self.obs_dim();
        let narrow =
            |rows: &[f32]| rows.chunks_exact(d).flat_map(|row| at.iter().map(|&c| row[c])).collect::<Vec<f32>>();
        let mut data = Self {
            obs: narrow(&self.obs),
            next_obs: self.next_obs.as_deref().map(narrow),
            obs_space: self.obs_space.of(at),
            ..self
        };
        data.origin.rules.push(format!(
            "the state is {} of {d} observation dimensions: {}",
            at.len(),
            parts.join(", ")
        ));
        data
    }

    /// Observation dimensions that are NaN or infinite in more than half of the rows, with the number of those: rows are left
    /// out for one number that is not finite, and for these that would be most of them.
    pub fn dead_dimensions(&self) -> Vec<(usize, usize)> {
        const LOOKED_AT: usize = 4096;
        let (d, rows) = (self.obs_dim(), self.obs.len().checked_div(self.obs_dim()).unwrap_or(0));
        let bad =
            |c: usize, every: usize| self.obs.iter().skip(c).step_by(d * every).filter(|v| !v.is_finite()).count();
        let every = rows.div_ceil(LOOKED_AT).max(1);
        // A look at some rows spares the look at all of them where nothing is wrong.
        let suspect = |c: &usize| bad(*c, every) > 0;
        (0..d).filter(suspect).map(|c| (c, bad(c, 1))).filter(|(_, n)| is_dead(*n, rows)).collect()
    }

    /// Numbers the episodes from 0 in their order.
    pub fn number_anew(&mut self) {
        (0..).zip(&mut self.spans).for_each(|(id, span)| span.id = id);
    }

    /// The dataset with T+1 observations in every episode: where the last step leads to no observation it is left out (an
    /// episode of one such step altogether), and such an episode counts as truncated. Answers how many were cut.
    pub fn completed(&self) -> (Self, usize) {
        let cut = self.spans.iter().filter(|s| s.obs_rows == s.steps).count();
        if cut == 0 {
            return (self.clone(), 0);
        }
        let (d, a) = (self.obs_dim(), self.action_dim());
        let mut whole = Self {
            spans: Vec::with_capacity(self.spans.len()),
            actions: Vec::with_capacity(self.actions.len()),
            rewards: Vec::with_capacity(self.rewards.len()),
            obs: Vec::with_capacity(self.obs.len()),
            next_obs: self.next_obs.as_ref().map(|n| Vec::with_capacity(n.len())),
            origin: self.origin.clone(),
            obs_space: self.obs_space.clone(),
            action_space: self.action_space.clone(),
            sample: self.sample,
        };
        for e in (0..self.num_episodes()).map(|i| self.episode(i)) {
            let open = e.span.obs_rows == e.steps();
            let steps = e.steps() - usize::from(open);
            if steps == 0 {
                continue;
            }
            let (first_step, first_obs) = (whole.rewards.len(), whole.obs.len() / d.max(1));
            let (terminated, truncated) = if open { (false, true) } else { (e.span.terminated, e.span.truncated) };
            whole.spans.push(EpisodeSpan {
                steps,
                first_step,
                first_obs,
                obs_rows: steps + 1,
                terminated,
                truncated,
                ..e.span
            });
            whole.obs.extend_from_slice(e.obs);
            whole.actions.extend_from_slice(&e.actions[..steps * a]);
            whole.rewards.extend_from_slice(&e.rewards[..steps]);
            if let (Some(all), Some(own)) = (&mut whole.next_obs, e.next_obs) {
                all.extend_from_slice(&own[..steps * d]);
            }
        }
        (whole, cut)
    }

    /// A dataset of both, the episodes of `other` after ours.
    ///
    /// # Errors
    /// A sentence naming the dimensions that do not fit.
    pub fn join(&self, other: &Self) -> Result<Self, String> {
        self.joins(other)?;
        let mut all = self.clone();
        all.obs_space = self.obs_space.around(&other.obs_space);
        all.action_space = self.action_space.around(&other.action_space);
        let (steps, rows) = (self.num_steps(), self.obs.len() / self.obs_dim());
        all.spans.extend(other.spans.iter().map(|s| EpisodeSpan {
            first_step: s.first_step + steps,
            first_obs: s.first_obs + rows,
            ..*s
        }));
        if self.next_obs.is_some() || other.next_obs.is_some() {
            let mut next = self.filled_next_obs();
            next.extend(other.filled_next_obs());
            all.next_obs = Some(next);
        }
        all.obs.extend_from_slice(&other.obs);
        all.actions.extend_from_slice(&other.actions);
        all.rewards.extend_from_slice(&other.rewards);
        Ok(all)
    }

    /// Whether [`Dataset::join`] is possible.
    ///
    /// # Errors
    /// A sentence saying why not.
    pub fn joins(&self, other: &Self) -> Result<(), String> {
        if self.obs_dim() != other.obs_dim() || self.action_dim() != other.action_dim() {
            return Err(format!(
                "observations and actions have {} and {} dimensions here, {} and {} there",
                self.obs_dim(),
                self.action_dim(),
                other.obs_dim(),
                other.action_dim()
            ));
        }
        match (self.action_space.is_discrete(), other.action_space.is_discrete()) {
            (true, false) => Err("actions are choices here and numbers there".into()),
            (false, true) => Err("actions are numbers here and choices there".into()),
            _ => Ok(()),
        }
    }

    /// The next observation of every step, NaN where there is none: the form that [`Dataset::join`] can put end to end.
    fn filled_next_obs(&self) -> Vec<f32> {
        let mut out = Vec::with_capacity(self.num_steps() * self.obs_dim());
        for index in 0..self.num_episodes() {
            let e = self.episode(index);
            for t in 0..e.span.steps {
                match e.next_obs_at(t) {
                    Some(row) => out.extend_from_slice(row),
                    None => out.extend(std::iter::repeat_n(f32::NAN, self.obs_dim())),
                }
            }
        }
        out
    }
}

/// Whether a dimension that is not finite in `bad` of `rows` rows is one to leave out: most rows would be lost for it.
pub fn is_dead(bad: usize, rows: usize) -> bool {
    2 * bad > rows
}

#[cfg(test)]
mod tests;
