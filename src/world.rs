//! World models: what can be imagined with ([`world_model::WorldModel`]), how it is trained, and what it imagines.

pub mod dreamer;
pub mod ensemble;
pub mod fit;
pub mod fresh;
pub mod graph;
pub mod imagine;
pub(crate) mod latent;
pub mod net;
pub mod propagation;
pub mod recurrent_net;
pub mod rssm;
pub mod tdmpc;
pub mod world_model;
