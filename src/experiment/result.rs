//! What a finished cell leaves for the report: `result.json` in its folder, written last and whole.

use std::io::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::data::dataset::Dataset;
use crate::ground::fault::Fault;
use crate::ground::save;
use crate::ground::stats;
use crate::topup::active::Evaluation;
use crate::topup::loss::LossScale;
use crate::topup::offline::history::Round;

/// Name of the file.
pub const RESULT: &str = "result.json";
/// How long the cell took, apart: two runs differ in nothing else.
pub const SECONDS: &str = "seconds.toml";

/// One evaluation of an agent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Environment steps that the active agent had acted.
    pub clock: usize,
    /// Mean return over the evaluation's episodes.
    pub score: f64,
    /// Its standard error over them.
    pub score_se: f64,
    /// V(s₀) less the discounted return that followed.
    pub value_error: f64,
    /// [D + 1] squared one-step errors of the world model on the evaluation's episodes, in raw units squared; the reward's is last.
    pub errors: Vec<f64>,
    /// The same on held-out episodes of its data, where there are some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heldout: Vec<f64>,
    /// Environment steps that it acted to learn from, by then: all of an active agent's, those added of another's.
    pub acted: usize,
    /// Those of probe episodes that were not added.
    pub probed: usize,
    /// Those of evaluations.
    pub evaluated: usize,
    /// Loss ratio R of the check after it, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
    /// Environment steps that the check after it added.
    #[serde(default)]
    pub collected: usize,
}

/// What a cell found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CellResult {
    /// Version of the program that ran it.
    pub version: String,
    /// The cell's name.
    pub cell: String,
    /// Its task.
    pub task: String,
    /// Its agent, or "data:…".
    pub agent: String,
    /// Its seed.
    pub seed: u64,
    /// Id of the environment.
    pub env: String,
    /// Steps, in the environment's units, of the data that it was given or made.
    pub data_steps: usize,
    /// Its evaluations.
    #[serde(default)]
    pub rows: Vec<Row>,
    /// Scale of the data: what losses are measured in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<LossScale>,
    /// Median over the steps of the last evaluation of how often the data was where the step is, where visits are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visits: Option<f64>,
    /// Mean return of the data's episodes.
    pub data_return: f64,
    /// Mean return of random actions, where the cell acted some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub random: Option<f64>,
    /// Where its data came from, cell by cell.
    #[serde(default)]
    pub lineage: Vec<String>,
    /// Words for the user.
    #[serde(default)]
    pub told: Vec<String>,
}

impl CellResult {
    /// The result in `folder`; nothing where the cell is not finished.
    ///
    /// # Errors
    /// [`Fault`] where the file is there and is none.
    pub fn read(folder: &Path) -> Result<Option<Self>, Fault> {
        let file = folder.join(RESULT);
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(Fault::io(&file, "reading", &e)),
        };
        let wrong = |e: serde_json::Error| {
            Fault::at(&file, format!("no result of a cell ({e}); remove the cell's folder, and it is run again"))
        };
        serde_json::from_str(&text).map(Some).map_err(wrong)
    }

    /// Writes it to `folder`, whole or not at all.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), Fault> {
        let file = folder.join(RESULT);
        let bytes = serde_json::to_vec_pretty(self).map_err(|e| Fault::at(&file, e.to_string()))?;
        save::file(&file, |f| f.write_all(&bytes).map_err(|e| e.to_string()))
    }

    /// The evaluations of the last fifth of a course of `steps` steps; at least the last one.
    pub fn last_fifth(&self, steps: usize) -> impl Iterator<Item = &Row> {
        let last = self.rows.last().map_or(0, |row| row.clock);
        let from = (0.8 * steps as f64).min(last as f64);
        self.rows.iter().filter(move |row| row.clock as f64 >= from)
    }

    /// The score of an agent: the mean over the evaluations of the last fifth of its course of `steps` steps.
    pub fn score(&self, steps: usize) -> f64 {
        stats::mean(&self.last_fifth(steps).map(|row| row.score).collect::<Vec<_>>())
    }

    /// With what `data` is, whose steps are `times` of the environment's.
    #[must_use]
    pub fn of_data(self, data: &Dataset, times: usize) -> Self {
        let all: Vec<usize> = (0..data.num_episodes()).collect();
        let returns: Vec<f64> = data.episodes(&all).map(|e| e.rewards.iter().sum()).collect();
        Self {
            data_steps: times * data.num_steps(),
            data_return: stats::mean(&returns),
            scale: Some(LossScale::new(data, &all)),
            ..self
        }
    }

    /// Steps of each chunk that it collected after a check.
    pub fn chunks(&self) -> Vec<usize> {
        self.rows.iter().map(|row| row.collected).filter(|steps| *steps > 0).collect()
    }

    /// Every real environment step that it took.
    pub fn total(&self) -> usize {
        self.rows.last().map_or(0, |row| row.acted + row.probed + row.evaluated)
    }
}

impl From<&Evaluation> for Row {
    fn from(e: &Evaluation) -> Self {
        Self {
            clock: e.acted,
            score: e.score,
            score_se: e.score_se,
            value_error: e.measured.value_error,
            errors: e.measured.errors.clone(),
            acted: e.acted,
            evaluated: e.evaluated,
            ..Self::default()
        }
    }
}

impl Row {
    /// That of `round` of an agent whose steps are `times` of the environment's.
    pub fn of(round: &Round, times: usize) -> Self {
        let checked = round.checked.as_ref();
        Self {
            clock: round.clock,
            score: round.score,
            score_se: round.score_se,
            value_error: round.measured.value_error,
            errors: round.measured.errors.clone(),
            heldout: round.heldout.clone(),
            acted: round.added,
            probed: round.probed,
            evaluated: round.evaluated,
            ratio: checked.and_then(|c| c.ratio),
            collected: times * checked.map_or(0, |c| c.collected),
        }
    }
}

/// How long the cell in `folder` took; nothing where it is not finished.
pub fn seconds(folder: &Path) -> Option<f64> {
    let text = std::fs::read_to_string(folder.join(SECONDS)).ok()?;
    toml::from_str::<toml::Table>(&text).ok()?.get("seconds")?.as_float()
}

/// Writes down how long the cell in `folder` took.
///
/// # Errors
/// [`Fault`] where it cannot be written.
pub fn took(folder: &Path, seconds: f64) -> Result<(), Fault> {
    let text = format!("seconds = {seconds:?}\n");
    save::file(&folder.join(SECONDS), |f| f.write_all(text.as_bytes()).map_err(|e| e.to_string()))
}
