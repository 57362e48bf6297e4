//! Collected episodes in a folder, so that they are acted once: a Minari dataset, and beside it what they are of.

use std::io::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::agent::policy::{Acting, Policy};
use crate::data::dataset::Dataset;
use crate::engine::opened::Opened;
use crate::engine::spec::{ActingSpec, PolicySpec};
use crate::format;
use crate::format::write::{MinariAbout, write_minari};
use crate::ground::fault::Fault;
use crate::ground::save;
use crate::ground::seed::stream;
use crate::ground::task::Ctx;

/// Name of the file that says what they are of.
const KEPT: &str = "oodscope.json";
/// Observations that a policy is known by.
const ROWS: usize = 8;

/// What decides which episodes they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// The dataset's environment.
    env: Option<String>,
    /// What it is made with.
    env_spec: Option<String>,
    acting: ActingSpec,
    policy: PolicySpec,
    /// What the policy answers to the first observations of the dataset: it is known by that, whatever its file is called.
    answers: Vec<f32>,
}

/// What is written down.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    kept: Kept,
    /// What was said of the environment.
    rules: Vec<String>,
    warnings: Vec<String>,
}

impl Kept {
    /// Episodes of `policy` in the environment of `opened`.
    pub fn of(opened: &Opened, policy: &dyn Policy, spec: &PolicySpec) -> Self {
        let origin = &opened.data.origin;
        let first = opened.data.episodes(&[0]).next().map(|episode| episode.obs);
        let columns = opened.data.obs_dim().max(1);
        let rows = first.map_or(&[][..], |obs| &obs[..obs.len().min(ROWS * columns)]);
        let mut states: Vec<_> =
            (0..rows.len() / columns).map(|i| policy.begin(stream(0, "known by", i as u64))).collect();
        Self {
            env: origin.env_id.clone(),
            env_spec: origin.env_spec.clone(),
            acting: ActingSpec { keep: None, workers: None, ..opened.source.acting.clone() },
            policy: spec.clone(),
            answers: policy.act(rows, &mut states, Acting::Greedy).stored().to_vec(),
        }
    }

    /// Writes `data`, acted in the environment of Minari's `env_spec`, into the new folder `folder`.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be written.
    pub fn keep(self, folder: &Path, data: &Dataset, env_spec: String) -> Result<(), Fault> {
        let about = MinariAbout {
            dataset_id: "collected/rollouts-v0".into(),
            env_spec: Some(env_spec),
            description: format!("Episodes that a policy was judged by; seed {}", self.policy.seed),
            ..MinariAbout::default()
        };
        write_minari(folder, data, &about)?;
        let (rules, warnings) = (data.origin.rules.clone(), data.origin.warnings.clone());
        let text = serde_json::to_vec_pretty(&Record { kept: self, rules, warnings });
        let text = text.map_err(|e| Fault::at(folder, e.to_string()))?;
        save::file(&folder.join(KEPT), |file| file.write_all(&text).map_err(|e| e.to_string()))
    }

    /// The episodes that were kept in `folder`, with what was said of them.
    ///
    /// # Errors
    /// [`Fault`] where they are others, or cannot be read.
    pub fn open(&self, folder: &Path, opened: &Opened, cx: &Ctx) -> Result<Dataset, Fault> {
        let text = std::fs::read(folder.join(KEPT)).unwrap_or_default();
        let record = serde_json::from_slice::<Record>(&text).ok().filter(|record| record.kept == *self);
        let record = record.ok_or_else(|| {
            Fault::at(
                folder,
                "holds other episodes than those asked for (another policy, environment, number or seed); name a new folder \
                 with --keep, or give it to --rollouts",
            )
        })?;
        let mut data = format::open(folder, None, &cx.phase("opening the episodes that were kept"))?;
        opened.fits(&data, folder, "the kept episodes have", "a new folder with --keep")?;
        data.origin.rules.extend(record.rules);
        data.origin.warnings.extend(record.warnings);
        Ok(data)
    }
}
