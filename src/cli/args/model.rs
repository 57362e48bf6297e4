//! How a world model is read.

use clap::Args;

use crate::engine::job::{Activation, Asked, InputOrder, RewardColumn, Target};

/// How the checkpoint's world model is read, where its file does not say it; `oodscope inspect` shows what is assumed.
#[derive(Debug, Clone, Copy, Default, Args)]
#[expect(clippy::struct_field_names, reason = "the options are called so")]
pub struct ModelArgs {
    /// Non-linearity of a world model whose file does not say it: silu, relu, tanh, leakyrelu(0.01), gelu, elu, identity
    #[arg(long, value_name = "NAME", value_parser = activation)]
    model_activation: Option<Activation>,
    /// What a world model's outputs are: delta (the change of the observation) or absolute (the next observation)
    #[arg(long, value_name = "WHAT")]
    model_target: Option<Target>,
    /// Where the reward is among a world model's outputs: first, last or none
    #[arg(long, value_name = "WHERE")]
    model_reward: Option<RewardColumn>,
    /// Order of a world model's inputs: obs-action or action-obs
    #[arg(long, value_name = "ORDER")]
    model_input: Option<InputOrder>,
}

impl ModelArgs {
    /// What is asked for.
    pub fn asked(&self) -> Asked {
        Asked {
            activation: self.model_activation,
            target: self.model_target,
            reward: self.model_reward,
            input: self.model_input,
        }
    }
}

/// Reads the name of a non-linearity.
fn activation(text: &str) -> Result<Activation, String> {
    Activation::try_from(text.to_owned())
}
