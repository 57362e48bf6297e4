//! Logs of training runs, whoever wrote them: files -> scalars by name over steps.
//!
//! [`Followed`] reads the logs of one run and remembers how far: asked again, it takes in what is new. It knows `TensorBoard`'s
//! event files, JSON lines, and CSV with a header. What is half written is left for the next time; what is damaged is said in a
//! sentence with its file and place, and all that was read before stays.

mod csv;
mod event;
mod followed;
mod json_lines;
mod kind;
mod place;
mod protobuf;
mod scalars;
mod tail;
pub mod tfrecord;
mod thin;

pub use followed::Followed;
pub use kind::Kind;
pub use place::{kind, logs_in};
pub use scalars::{Curve, Scalars};
pub use thin::{binned, thin};

#[cfg(test)]
mod tests;

/// Names of the column or key that counts steps, the first first; with a folder before them (`time/total_timesteps`) they count too.
pub const STEPS: &[&str] = &[
    "step",
    "global_step",
    "_step",
    "env_steps",
    "total_steps",
    "timesteps",
    "total_timesteps",
    "num_timesteps",
    "env_step",
    "steps",
    "epoch",
    "iteration",
    "iter",
];
