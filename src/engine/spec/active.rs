use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ActingSpec;
use crate::ground::fault::Fault;
use crate::topup::active::ACTIVE;
use crate::topup::active::options::Options;
use crate::topup::run::{self, RunDir};

/// How an agent learns online from random data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ActiveSpec {
    /// The environment.
    pub acting: ActingSpec,
    /// Steps, target and seed.
    #[serde(flatten)]
    pub options: Options,
    /// Folder of run directories.
    pub out: PathBuf,
    /// Run directory to go on with: everything else here is what it was begun with.
    #[serde(skip)]
    pub resume: Option<PathBuf>,
}

impl Default for ActiveSpec {
    fn default() -> Self {
        Self { acting: ActingSpec::default(), options: Options::default(), out: PathBuf::from("runs"), resume: None }
    }
}

impl ActiveSpec {
    /// What the run in `folder` was begun with, to be gone on with.
    ///
    /// # Errors
    /// [`Fault`] where it is no run directory of an online run.
    pub fn resumed(folder: PathBuf) -> Result<Self, Fault> {
        run::no_cell(&folder)?;
        let begun: Begun = RunDir::spec(&folder)?;
        if begun.agent != ACTIVE {
            return Err(Fault::at(&folder, "the run is a top-up: go on with it by oodscope topup --resume"));
        }
        Ok(Self { resume: Some(folder), ..begun.spec })
    }
}

/// What is written down when a run begins.
#[derive(Debug, Serialize, Deserialize)]
pub struct Begun {
    #[serde(default)]
    version: String,
    #[serde(default)]
    agent: String,
    #[serde(flatten)]
    spec: ActiveSpec,
}

impl Begun {
    /// That of `spec`.
    pub fn new(spec: &ActiveSpec) -> Self {
        Self { version: env!("CARGO_PKG_VERSION").into(), agent: ACTIVE.into(), spec: spec.clone() }
    }
}
