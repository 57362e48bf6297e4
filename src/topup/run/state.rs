//! What a run goes on from: one folder for each finished round, complete or not there.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{RunDir, unwritable};
use crate::agent::learner::Blocks;
use crate::checkpoint::{self, Checkpoint, blocks, native};
use crate::ground::fault::Fault;
use crate::ground::save;
use crate::topup::controller::{Decision, StopReason};

const LEARNER: &str = "learner.safetensors";
/// Folder of the networks.
pub const CHECKPOINTS: &str = "checkpoints";
const ROUND: &str = "round.toml";
const OUTCOME: &str = "outcome.toml";

/// Rounds of the longest run that is gone on with.
const MOST: usize = 1_000_000;

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunOutcome {
    /// Why.
    pub reason: StopReason,
    /// Checks made.
    pub checks: usize,
    /// Steps added to the data.
    pub added: usize,
    /// Every environment step.
    pub total: usize,
    /// Mean return of the evaluation episodes before and after.
    pub returns: (f64, f64),
    /// Gain of the mean return, and the standard error of the paired difference.
    pub gain: (f64, f64),
}

/// What is read of a check.
#[derive(Debug, Deserialize)]
struct Decided {
    decision: Decision,
}

/// A finished round as it was written.
pub struct SavedRound {
    /// Networks after it.
    pub checkpoint: Checkpoint,
    /// What the learner goes on from.
    pub learner: Blocks,
}

impl RunDir {
    /// Writes what the run goes on from after `number` finished rounds, of which `round` is the last.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be written, or networks are not finite.
    pub fn save_round(
        &self,
        number: usize,
        checkpoint: &Checkpoint,
        learner: &Blocks,
        round: Option<&impl Serialize>,
    ) -> Result<(), Fault> {
        let place = self.checkpoint(number);
        let text = round.map(toml::to_string).transpose().map_err(|e| Fault::at(&place, e.to_string()))?;
        if place.is_dir() {
            fs::remove_dir_all(&place).map_err(|e| unwritable(&place, "replace", &e))?;
        }
        save::folder(&place, |folder| {
            native::save(folder, checkpoint)?;
            blocks::write(&folder.join(LEARNER), learner)?;
            let Some(text) = &text else { return Ok(()) };
            save::plain(&folder.join(ROUND), |file| file.write_all(text.as_bytes()).map_err(|e| e.to_string()))
        })
    }

    /// Finished rounds that follow one another from the first.
    pub fn finished_rounds(&self) -> usize {
        finished_rounds(&self.path)
    }

    /// The networks after `number` finished rounds.
    ///
    /// # Errors
    /// [`Fault`] where they cannot be read.
    pub fn saved_round(&self, number: usize) -> Result<SavedRound, Fault> {
        let place = self.checkpoint(number);
        Ok(SavedRound { checkpoint: checkpoint::open(&place)?, learner: blocks::read(&place.join(LEARNER))? })
    }

    /// The networks that the run in `folder` began with; nothing where it has not written them.
    ///
    /// # Errors
    /// [`Fault`] where they cannot be read.
    pub fn start_of(folder: &Path) -> Result<Option<Checkpoint>, Fault> {
        let place = checkpoint(folder, 0);
        place.is_dir().then(|| checkpoint::open(&place)).transpose()
    }

    /// The rounds after which networks were saved, `number` of them.
    ///
    /// # Errors
    /// [`Fault`] where one cannot be read.
    pub fn rounds<T: DeserializeOwned>(&self, number: usize) -> Result<Vec<T>, Fault> {
        Self::rounds_of(&self.path, number)
    }

    /// [`RunDir::rounds`] of the run in `folder`.
    ///
    /// # Errors
    /// [`Fault`] where one cannot be read.
    pub fn rounds_of<T: DeserializeOwned>(folder: &Path, number: usize) -> Result<Vec<T>, Fault> {
        let read = |n: usize| {
            let file = checkpoint(folder, n).join(ROUND);
            let text = fs::read_to_string(&file).map_err(|e| Fault::io(&file, "reading", &e))?;
            toml::from_str(&text).map_err(|e| Fault::at(&file, format!("no round of such a run: {}", e.message())))
        };
        (1..=number).map(read).collect()
    }

    /// What was decided at each check of the run in `folder`.
    ///
    /// # Errors
    /// [`Fault`] where that cannot be read.
    pub fn decisions(folder: &Path) -> Result<Vec<Decision>, Fault> {
        let file = folder.join(super::DECISIONS);
        let text = fs::read_to_string(&file).map_err(|e| Fault::io(&file, "reading", &e))?;
        // Only this much of a line: numbers that are none are written as null.
        let read = |line| serde_json::from_str::<Decided>(line).map(|decided| decided.decision);
        let all: Result<Vec<Decision>, _> = text.lines().map(read).collect();
        all.map_err(|e| Fault::at(&file, format!("no decisions of a top-up: {e}")))
    }

    /// Writes how the run ended.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be written.
    pub fn end(&self, outcome: &impl Serialize) -> Result<(), Fault> {
        self.write_toml(OUTCOME, outcome)
    }

    /// Takes back how the run ended: it goes on.
    ///
    /// # Errors
    /// [`Fault`] where that cannot be done.
    pub fn reopen(&self) -> Result<(), Fault> {
        for name in [OUTCOME, super::REPORT] {
            let file = self.path.join(name);
            if file.exists() {
                fs::remove_file(&file).map_err(|e| unwritable(&file, "remove", &e))?;
            }
        }
        Ok(())
    }
}

/// Folder of the networks after `round` rounds of the run in `folder`.
pub fn checkpoint(folder: &Path, round: usize) -> PathBuf {
    folder.join(CHECKPOINTS).join(format!("{round:04}"))
}

/// The cell of an experiment that the run in `folder` is of, where it is one: nobody else goes on with it.
pub fn cell(folder: &Path) -> Option<String> {
    let spec: toml::Table = RunDir::spec(folder).ok()?;
    Some(spec.get("cell")?.as_str()?.to_owned())
}

/// Refuses to go on with the run in `folder` where it is a cell's.
///
/// # Errors
/// [`Fault`] that says how it is gone on with.
pub fn no_cell(folder: &Path) -> Result<(), Fault> {
    match cell(folder) {
        None => Ok(()),
        Some(cell) => Err(Fault::at(
            folder,
            format!("the run is the cell {cell} of an experiment: go on with it by oodscope experiment"),
        )),
    }
}

/// How the top-up in `folder` ended; nothing where it has not, or not as this program writes it.
pub fn outcome(folder: &Path) -> Option<RunOutcome> {
    ended(folder)
}

/// How the run in `folder` ended; nothing where it has not, or it is a run of another kind.
pub fn ended<T: DeserializeOwned>(folder: &Path) -> Option<T> {
    toml::from_str(&fs::read_to_string(folder.join(OUTCOME)).ok()?).ok()
}

/// True if the networks that the run in `folder` begins with were written.
pub fn is_begun(folder: &Path) -> bool {
    folder.join("checkpoints/0000").is_dir()
}

/// Finished rounds of the run in `folder` that follow one another from the first.
pub fn finished_rounds(folder: &Path) -> usize {
    let is_there = |n: &usize| checkpoint(folder, *n).join(ROUND).is_file();
    (1..=MOST).take_while(is_there).count()
}
