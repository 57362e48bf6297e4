use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Source;
use crate::ground::fault::Fault;
use crate::ground::url;
use crate::topup;
use crate::topup::active::is_active;
use crate::topup::run::{self, RunDir};
use crate::world::fit::{FitOptions, Form, ModelKind, Size, Widths};
use crate::world::net::device::Device;
use crate::world::rssm;

/// How a world model and a policy are trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FitSpec {
    /// Data; a checkpoint here is the starting point.
    pub source: Source,
    /// What is trained.
    pub model: ModelKind,
    /// Ensemble members; of a recurrent model the heads that its disagreement is of, none of fewer than two.
    pub members: usize,
    /// Members kept for prediction: the best on held-out episodes.
    pub elites: usize,
    /// Width of the hidden layers.
    pub hidden: usize,
    /// Number of hidden layers.
    pub layers: usize,
    /// Size of a recurrent model: the widths of all its parts at once, those of the hidden layers included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// What a recurrent model has of `DreamerV3`.
    #[serde(skip_serializing_if = "Form::is_plain")]
    pub form: Form,
    /// At most so many passes over the data.
    pub epochs: usize,
    /// Passes without improvement on held-out episodes before training stops.
    pub patience: usize,
    /// Gradient steps of the policy in imagination; 0 trains no policy.
    pub policy_steps: usize,
    /// Weight of the model's uncertainty, taken off imagined rewards (MOPO's λ).
    pub penalty: f64,
    /// Where the world model is trained.
    #[serde(skip_serializing_if = "Device::is_cpu")]
    pub device: Device,
    /// Folder that the checkpoint is written to.
    pub out: PathBuf,
    /// Seed of weights and batches.
    pub seed: u64,
}

impl Default for FitSpec {
    fn default() -> Self {
        Self {
            source: Source::default(),
            model: ModelKind::Ensemble,
            members: 5,
            elites: 5,
            hidden: 64,
            layers: 3,
            size: None,
            form: Form::default(),
            epochs: 200,
            patience: 10,
            policy_steps: 0,
            penalty: 0.0,
            device: Device::Cpu,
            out: PathBuf::from("checkpoint"),
            seed: 0,
        }
    }
}

impl FitSpec {
    /// Whether what is asked of the model's form can be had.
    ///
    /// # Errors
    /// [`Fault`] where an ensemble is asked for what a recurrent model has, or where widths are no whole blocks.
    pub fn check(&self) -> Result<(), Fault> {
        if self.model == ModelKind::Ensemble && (self.size.is_some() || !self.form.is_plain()) {
            return Err(Fault::bad(
                "--size, --rms-norm, --blocks and --two-hot are of recurrent world models: add --model rssm",
            ));
        }
        let own = self.size.map_or_else(|| Widths::beside(self.hidden), |size| size.widths().2);
        self.form.check(own.units).map_err(Fault::bad)
    }

    /// What the trainer is told: one look at the held-out part a pass over `rows` transitions.
    pub fn options(&self, rows: usize) -> FitOptions {
        let defaults = FitOptions::default();
        let (batch, each, learning_rate) = match self.model {
            ModelKind::Ensemble => (defaults.batch, defaults.batch, defaults.learning_rate),
            // A stretch of steps each.
            ModelKind::Rssm => (rssm::STRETCHES, rssm::STRETCHES * rssm::STEPS, 1e-3),
        };
        let sized = self.size.map(Size::widths);
        let (hidden, layers) = sized.map_or((self.hidden, self.layers), |(hidden, layers, _)| (hidden, layers));
        FitOptions {
            kind: self.model,
            members: self.members,
            elites: self.elites.min(self.members),
            batch,
            learning_rate,
            hidden,
            layers,
            widths: sized.map(|(.., widths)| widths),
            form: self.form,
            check_every: rows.div_ceil(each).max(1),
            checks: self.epochs,
            patience: self.patience,
            device: self.device,
            ..defaults
        }
    }
}

/// How a top-up is run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TopUpSpec {
    /// Data and model.
    pub source: Source,
    /// Schedule, threshold, budget and seed.
    #[serde(flatten)]
    pub options: topup::options::Options,
    /// Run directory of the adaptive run that a yoked one is the control of.
    pub yoked: Option<PathBuf>,
    /// Folder of run directories.
    pub out: PathBuf,
    /// Run directory to go on with: everything else here is what it was begun with.
    #[serde(skip)]
    pub resume: Option<PathBuf>,
}

impl TopUpSpec {
    /// What the run in `folder` was begun with, to be gone on with.
    ///
    /// # Errors
    /// [`Fault`] where it is no run directory.
    pub fn resumed(folder: PathBuf) -> Result<Self, Fault> {
        run::no_cell(&folder)?;
        let spec: Self = RunDir::spec(&folder)?;
        if is_active(&folder) {
            return Err(Fault::at(&folder, "the run learns online: go on with it by oodscope active --resume"));
        }
        Ok(Self { resume: Some(folder), ..spec })
    }

    /// With paths that hold wherever the program is started next.
    pub fn absolute(&self) -> Self {
        let of = |path: &PathBuf| {
            let whole = std::path::absolute(path).ok().filter(|_| is_on_disk(path));
            whole.unwrap_or_else(|| path.clone())
        };
        let own = &self.source;
        let [checkpoint, rollouts, policy, policy_normalize] =
            [&own.checkpoint, &own.rollouts, &own.policy, &own.policy_normalize].map(|path| path.as_ref().map(of));
        let source =
            Source { dataset: of(&own.dataset), checkpoint, rollouts, policy, policy_normalize, ..own.clone() };
        Self { source, yoked: self.yoked.as_ref().map(of), out: of(&self.out), ..self.clone() }
    }
}

/// True for what is looked for in the file system: a dataset may be a URL, a policy a function of Python's.
pub fn is_on_disk(path: &Path) -> bool {
    url::as_url(path).is_none() && !path.to_string_lossy().starts_with("py:")
}

impl Default for TopUpSpec {
    fn default() -> Self {
        Self {
            source: Source::default(),
            options: topup::options::Options::default(),
            yoked: None,
            out: PathBuf::from("runs"),
            resume: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_is_one_look() {
        let spec = FitSpec { epochs: 7, ..FitSpec::default() };
        let o = spec.options(1000);
        assert_eq!((o.check_every, o.checks, o.patience), (4, 7, spec.patience));
        assert_eq!(spec.options(1).check_every, 1);
    }

    #[test]
    fn a_size_sets_every_width_and_forms_are_of_recurrent_models() {
        let spec = FitSpec { model: ModelKind::Rssm, size: Some(Size::S), hidden: 7, ..FitSpec::default() };
        let o = spec.options(1000);
        let widths = Widths { units: 512, groups: 32, classes: 32 };
        assert_eq!((o.hidden, o.layers, o.widths, o.members), (512, 2, Some(widths), spec.members));
        spec.check().unwrap();
        let refused = |spec: &FitSpec| spec.check().unwrap_err().to_string();
        assert!(refused(&FitSpec { model: ModelKind::Ensemble, ..spec.clone() }).contains("--model rssm"));
        let odd = Form { blocks: 7, ..Form::default() };
        assert!(refused(&FitSpec { form: odd, ..spec.clone() }).contains("7 whole blocks"));
        let text = serde_json::to_string(&FitSpec::default()).unwrap();
        assert!(!text.contains("\"form\"") && !text.contains("\"size\""), "specs of before are what they were: {text}");
        let sized = serde_json::to_string(&spec).unwrap();
        assert_eq!(serde_json::from_str::<FitSpec>(&sized).unwrap(), spec);
    }
}
