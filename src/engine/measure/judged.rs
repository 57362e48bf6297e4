//! Which real episodes are judged: named rollouts, fresh ones of the policy, or the dataset's own held-out ones.

use std::sync::Arc;

use super::trajectories;
use crate::data::dataset::Dataset;
use crate::engine::opened::Opened;
use crate::engine::spec::PolicySpec;
use crate::ground::fault::Fault;
use crate::ground::number::counted;
use crate::ground::task::Ctx;
use crate::metrics::report::{Level, Report};

/// The episodes that are judged; those of the dataset itself where `fresh` is nothing.
pub struct Judged {
    fresh: Option<Arc<Dataset>>,
    /// Indices in [`Judged::data`].
    pub episodes: Vec<usize>,
    /// Which they are and why ("diagnosed 10 fresh episodes ...").
    pub sentence: String,
    collected: usize,
}

impl Judged {
    /// Named rollouts, else fresh episodes of the checkpoint's policy unless none are asked for, else the held-out episodes
    /// of the dataset. `did` is what happens to them ("diagnosed").
    ///
    /// # Errors
    /// A sentence where the environment does not fit the dataset; or cancelled.
    pub fn choose(opened: &Opened, policy: &PolicySpec, did: &str, cx: &Ctx) -> Result<Self, Fault> {
        let all = |data: &Dataset| (0..data.num_episodes()).collect();
        if let Some(rollouts) = &opened.rollouts {
            let sentence =
                format!("{did} {} of {}", counted(rollouts.num_episodes(), "episodes"), rollouts.origin.path.display());
            let episodes = all(rollouts);
            return Ok(Self { fresh: Some(Arc::clone(rollouts)), episodes, sentence, collected: 0 });
        }
        let collected = match policy.episodes {
            0 => Err("no episode of the policy is asked for".into()),
            _ => trajectories::collected(opened, policy, cx)?,
        };
        let why = match collected {
            Ok(fresh) => {
                let (n, steps) = (fresh.num_episodes(), fresh.num_steps());
                let id = fresh.origin.env_id.clone().unwrap_or_default();
                let whose = trajectories::whose(opened);
                let sentence = format!("{did} {} of {whose} in {id}", counted(n, "fresh episodes"));
                return Ok(Self { episodes: all(&fresh), fresh: Some(fresh), sentence, collected: steps });
            }
            Err(why) => why,
        };
        let sentence = format!(
            "{did} the dataset's held-out episodes: no rollouts are named and {why} (name some with --rollouts)"
        );
        Ok(Self { fresh: None, episodes: opened.split.heldout.clone(), sentence, collected: 0 })
    }

    /// What the episodes are of.
    pub fn data<'a>(&'a self, opened: &'a Opened) -> &'a Dataset {
        self.fresh.as_ref().unwrap_or(&opened.data)
    }

    /// True for episodes that are not of the dataset.
    pub fn is_fresh(&self) -> bool {
        self.fresh.is_some()
    }

    /// Says which episodes they are, where they were acted, and what they cost.
    pub fn note(&self, report: &mut Report) {
        report.note(Level::Info, &self.sentence);
        if self.collected > 0 {
            self.fresh.iter().for_each(|fresh| acted(report, fresh));
            report
                .stat(
                    "interaction",
                    "environment steps taken",
                    self.collected as f64,
                    "steps",
                    "Steps that were taken in the environment to judge the policy.",
                )
                .of(self.episodes.len(), "episodes");
        }
    }
}

/// Says where collected episodes were acted.
pub fn acted(report: &mut Report, fresh: &Dataset) {
    fresh.origin.warnings.iter().for_each(|warning| report.note(Level::Warn, warning));
    fresh
        .origin
        .rules
        .iter()
        .filter(|rule| rule.starts_with("acting in"))
        .for_each(|rule| report.note(Level::Info, rule));
}
