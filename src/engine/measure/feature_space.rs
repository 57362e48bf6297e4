//! Which numbers of a step coverage, novelty and diagnosis look at: the rows of episodes in a feature space
//! ([`FeatureSpace`]).

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::checkpoint::Checkpoint;
use crate::data::dataset::Dataset;
use crate::data::episode::Episode;
use crate::data::space::{Actions, Space};
use crate::engine::opened::Opened;
use crate::engine::spec::{Base, FeatureSpec};
use crate::ground::fault::Fault;
use crate::ground::stats::evenly;
use crate::ground::task::Ctx;
use crate::metrics::States;
use crate::metrics::features::Choice;

/// A [`FeatureSpec`] that was found to fit an opened dataset.
#[derive(Debug, Clone)]
pub struct FeatureSpace {
    base: Base,
    /// Columns of the base that are kept; nothing keeps all.
    columns: Option<Vec<usize>>,
    names: Vec<String>,
    what: String,
    variance: Option<f64>,
    keep_duplicates: bool,
    model: Option<Arc<Checkpoint>>,
}

/// Finite rows of episodes in a feature space.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FeatureRows {
    /// [N, F], row-major.
    pub rows: Vec<f32>,
    /// [N] the episode's index in its dataset.
    pub owner: Vec<usize>,
    /// [N] the step within the episode.
    pub step: Vec<usize>,
}

/// Steps that the world model is asked for at once: a few milliseconds, so that a cancel is seen.
const STEPS: usize = 2048;
/// Names that an error lists.
const LISTED: usize = 40;

impl FeatureSpace {
    /// Finds the dimensions that `spec` names.
    ///
    /// # Errors
    /// [`Fault::bad`]: an unknown dimension (the sentence lists those that there are), a share of variance outside
    /// (0, 1], or a latent where no world model with a hidden layer is loaded.
    pub fn resolve(spec: &FeatureSpec, opened: &Opened) -> Result<Self, Fault> {
        if let Some(share) = spec.pca.filter(|share| !(*share > 0.0 && *share <= 1.0)) {
            return Err(Fault::bad(format!(
                "a share of variance of {share} keeps no axis: choose one above 0 and at most 1, say 0.95"
            )));
        }
        let data = &opened.data;
        let (all, model) = match spec.base {
            Base::Observation => (data.obs_space.names.clone(), None),
            Base::ObservationAction => {
                ([data.obs_space.names.clone(), data.action_space.encoded_names()].concat(), None)
            }
            Base::Latent => latent_names(opened).map(|(names, model)| (names, Some(model)))?,
        };
        let columns = (!spec.dims.is_empty()).then(|| chosen(&spec.dims, &all)).transpose()?;
        let names = columns.as_ref().map_or(all.clone(), |c| c.iter().map(|&c| all[c].clone()).collect());
        let mut what = String::from(match spec.base {
            Base::Observation => "observation dimensions",
            Base::ObservationAction => "observation and action dimensions",
            Base::Latent if encodes(model.as_ref()) => "latents that the world model encodes observations to",
            Base::Latent => "activations of the world model's last hidden layer (first elite member)",
        });
        if columns.is_some() {
            let _ = write!(what, " chosen of {}", all.len());
        }
        let keep_duplicates = spec.keep_duplicates || columns.is_some();
        Ok(Self { base: spec.base, columns, names, what, variance: spec.pca, keep_duplicates, model })
    }

    /// Name of every dimension of a row.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// What the metrics need to know to standardise and to say what they measured.
    pub fn choice(&self) -> Choice<'_> {
        Choice { what: &self.what, variance: self.variance, keep_duplicates: self.keep_duplicates }
    }

    /// Rows of episode `index` of `data`, one for each of its T steps: [T, F]. A row is NaN where its step holds a number
    /// that is not finite.
    ///
    /// # Errors
    /// Cancelled.
    pub fn of_episode(&self, data: &Dataset, index: usize, cx: &Ctx) -> Result<Vec<f32>, Fault> {
        let episode = &data.episode(index);
        let mut out = Vec::with_capacity(episode.steps() * self.names.len());
        let mut row = Vec::new();
        for start in (0..episode.steps()).step_by(STEPS) {
            cx.check()?;
            let steps = start..episode.steps().min(start + STEPS);
            let latent = self.latent(episode, &data.action_space, steps.clone());
            for t in steps {
                row.clear();
                match &latent {
                    Some((values, width)) => {
                        row.extend_from_slice(&values[(t - start) * width..(t - start + 1) * width]);
                    }
                    None => self.raw(episode, t, &data.action_space, &mut row),
                }
                let finite = row.iter().chain(self.inputs(episode, t)).all(|v| v.is_finite());
                let value = |c: usize| if finite { row[c] } else { f32::NAN };
                match &self.columns {
                    Some(columns) => out.extend(columns.iter().map(|&c| value(c))),
                    None => out.extend((0..row.len()).map(value)),
                }
            }
        }
        Ok(out)
    }

    /// The finite rows of the named episodes of `data`, with the episode and the step of each.
    ///
    /// # Errors
    /// Cancelled.
    pub fn rows(&self, data: &Dataset, episodes: &[usize], cx: &Ctx) -> Result<FeatureRows, Fault> {
        let width = self.names.len().max(1);
        let mut out = FeatureRows::default();
        for (i, &e) in episodes.iter().enumerate() {
            cx.step(i as u64, episodes.len() as u64)?;
            let rows = self.of_episode(data, e, cx)?;
            for (t, row) in rows.chunks_exact(width).enumerate() {
                if row.iter().all(|v| v.is_finite()) {
                    out.rows.extend_from_slice(row);
                    out.owner.push(e);
                    out.step.push(t);
                }
            }
        }
        Ok(out)
    }

    /// [`FeatureSpace::rows`] of every episode of `data`.
    ///
    /// # Errors
    /// Cancelled.
    pub fn all_rows(&self, data: &Dataset, cx: &Ctx) -> Result<FeatureRows, Fault> {
        let all: Vec<usize> = (0..data.num_episodes()).collect();
        self.rows(data, &all, cx)
    }

    /// The observation, and the action unless only observations are looked at, before any choice of columns.
    fn raw(&self, episode: &Episode<'_>, t: usize, actions: &Space, row: &mut Vec<f32>) {
        row.extend_from_slice(episode.obs_at(t));
        if self.base == Base::ObservationAction {
            row.extend_from_slice(&actions.encode(episode.action_at(t)));
        }
    }

    /// The numbers of step `t` that the row is made from.
    fn inputs<'e>(&self, episode: &Episode<'e>, t: usize) -> impl Iterator<Item = &'e f32> {
        let action = if self.base == Base::Observation { &[] } else { episode.action_at(t) };
        episode.obs_at(t).iter().chain(action)
    }

    /// [len of `steps`, width] activations and their width, where the space is a latent.
    fn latent(
        &self,
        episode: &Episode<'_>,
        actions: &Space,
        steps: std::ops::Range<usize>,
    ) -> Option<(Vec<f32>, usize)> {
        let model = self.model.as_ref()?.world_model.as_ref()?;
        let (d, a) = (episode.obs_dim, episode.action_dim);
        let actions = Actions::new(actions, &episode.actions[steps.start * a..steps.end * a]);
        let values = model.latent(&episode.obs[steps.start * d..steps.end * d], &actions)?;
        Some((values, model.latent_dim()?))
    }
}

impl FeatureRows {
    /// Leaves evenly chosen rows of at most `numbers` in all; true where it leaves some out.
    pub fn thin(&mut self, numbers: usize) -> bool {
        let (rows, n) = (self.owner.len(), self.rows.len());
        if n <= numbers || rows == 0 {
            return false;
        }
        let (width, kept) = (n / rows, evenly(rows, (numbers / (n / rows)).max(1)));
        self.rows = kept.iter().flat_map(|&i| &self.rows[i * width..(i + 1) * width]).copied().collect();
        self.owner = kept.iter().map(|&i| self.owner[i]).collect();
        if self.step.len() == rows {
            self.step = kept.iter().map(|&i| self.step[i]).collect();
        }
        true
    }

    /// The form that metrics take.
    pub fn states(&self) -> States<'_> {
        States { rows: &self.rows, owner: &self.owner }
    }
}

/// True where the latents are those that the model imagines in.
fn encodes(model: Option<&Arc<Checkpoint>>) -> bool {
    model.and_then(|c| c.world_model.as_ref()).is_some_and(|model| model.encoder().is_some())
}

/// Names of the hidden units, and the checkpoint that has them.
fn latent_names(opened: &Opened) -> Result<(Vec<String>, Arc<Checkpoint>), Fault> {
    let missing = |what: &str| {
        Fault::bad(format!(
            "a latent needs a world model with a hidden layer, and {what}: name one with --checkpoint, or choose the \
             space observation"
        ))
    };
    let checkpoint = opened.checkpoint.as_ref().ok_or_else(|| missing("no checkpoint is named"))?;
    let model = checkpoint.world_model.as_ref().ok_or_else(|| missing("the checkpoint holds none"))?;
    let dim = model.latent_dim().ok_or_else(|| missing("the checkpoint's model is a single linear layer"))?;
    Ok(((0..dim).map(|i| format!("latent[{i}]")).collect(), Arc::clone(checkpoint)))
}

/// Columns of the named dimensions, in the order of the row; a name comes before a number that looks the same.
fn chosen(dims: &[String], names: &[String]) -> Result<Vec<usize>, Fault> {
    let mut columns = BTreeSet::new();
    for dim in dims.iter().map(|d| d.trim()) {
        let by_number = || dim.parse::<usize>().ok().filter(|&i| i < names.len());
        let column = names.iter().position(|n| n == dim).or_else(by_number);
        columns.insert(column.ok_or_else(|| unknown(dim, names))?);
    }
    Ok(columns.into_iter().collect())
}

fn unknown(dim: &str, names: &[String]) -> Fault {
    let listed: Vec<String> = names.iter().take(LISTED).enumerate().map(|(i, n)| format!("{i} {n}")).collect();
    let more = names.len().saturating_sub(LISTED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Fault::bad(format!("there is no dimension '{dim}': choose numbers or names of {}{more}", listed.join(", ")))
}

#[cfg(test)]
mod tests;
