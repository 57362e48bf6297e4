//! `oodscope fit`: train a world model, and a policy in its imagination.

use std::path::PathBuf;

use clap::Args;

use super::args::{DeviceArgs, OutputArgs, SourceArgs, count, weight};
use super::headless::{self, Status};
use crate::engine::job::{FitSpec, Form, JobSpec, ModelKind, Size, Source};

/// Options of `oodscope fit`.
#[derive(Debug, Args)]
pub struct FitArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Folder that the checkpoint is written to
    #[arg(long, value_name = "FOLDER", default_value_os_t = FitSpec::default().out)]
    out: PathBuf,
    /// Kind of world model: ensemble (of perceptrons) or rssm (recurrent, with categorical latents), where no checkpoint is gone
    /// on with
    #[arg(long, value_name = "KIND", default_value_t)]
    model: ModelKind,
    /// Ensemble members; with --model rssm the heads whose spread is its disagreement, 1 for none
    #[arg(long, value_name = "N", default_value_t = FitSpec::default().members, value_parser = count)]
    members: usize,
    /// Members of an ensemble that are kept for prediction; all if none is named
    #[arg(long, value_name = "N", value_parser = count)]
    elites: Option<usize>,
    /// Width of the hidden layers
    #[arg(long, value_name = "N", default_value_t = FitSpec::default().hidden, value_parser = count)]
    hidden: usize,
    /// Number of hidden layers
    #[arg(long, value_name = "N", default_value_t = FitSpec::default().layers, value_parser = count)]
    layers: usize,
    /// Size of a recurrent model, the widths of its hidden layers included: 0.2m, 0.6m, 2m, s (Dreamer's S) or 18m, by
    /// their millions of parameters
    #[arg(long, value_name = "SIZE", conflicts_with_all = ["hidden", "layers"])]
    size: Option<Size>,
    /// RMS norms in the networks of a recurrent model, as Dreamer has them
    #[arg(long)]
    rms_norm: bool,
    /// Blocks of a recurrent model's cell, each with gates of its own, as Dreamer has 8; one cell over all units if no number is
    /// named
    #[arg(long, value_name = "N", value_parser = count)]
    blocks: Option<usize>,
    /// Rewards of a recurrent model by 255 bins, as Dreamer has them
    #[arg(long)]
    two_hot: bool,
    /// At most so many passes over the data
    #[arg(long, value_name = "N", default_value_t = FitSpec::default().epochs, value_parser = count)]
    epochs: usize,
    /// Passes without improvement before training stops
    #[arg(long, value_name = "N", default_value_t = FitSpec::default().patience, value_parser = count)]
    patience: usize,
    /// Gradient steps of the policy in imagination; 0 trains no policy
    #[arg(long, value_name = "N", default_value_t = FitSpec::default().policy_steps)]
    policy_steps: usize,
    /// Weight of the model's uncertainty, taken off imagined rewards (MOPO's lambda)
    #[arg(long, value_name = "X", default_value_t = FitSpec::default().penalty, value_parser = weight)]
    penalty: f64,
    #[command(flatten)]
    device: DeviceArgs,
    #[command(flatten)]
    output: OutputArgs,
}

impl FitArgs {
    /// Does it.
    pub fn run(&self) -> Status {
        match self.source.source() {
            Ok(source) => headless::run(&[self.job(source)], &self.output),
            Err(ended) => headless::complain(&ended),
        }
    }

    /// The job that is meant.
    pub fn job(&self, mut source: Source) -> JobSpec {
        // The demo's checkpoint is no starting point unless it is asked for.
        source.checkpoint.clone_from(&self.source.checkpoint);
        JobSpec::Fit(FitSpec {
            source,
            model: self.model,
            members: self.members,
            elites: self.elites.unwrap_or(self.members).min(self.members),
            hidden: self.hidden,
            layers: self.layers,
            size: self.size,
            form: Form { rms_norm: self.rms_norm, blocks: self.blocks.unwrap_or(0), two_hot: self.two_hot },
            epochs: self.epochs,
            patience: self.patience,
            policy_steps: self.policy_steps,
            penalty: self.penalty,
            out: self.out.clone(),
            device: self.device.device,
            seed: self.output.seed,
        })
    }
}
