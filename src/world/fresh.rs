//! Untrained world models, by kind.

use rand::Rng;

use super::fit::{FitOptions, ModelKind};
use super::world_model::WorldModel;
use super::{ensemble, rssm};
use crate::data::episode::TransitionBatch;

/// An untrained world model for data like `train`.
pub fn fresh(train: &TransitionBatch, options: &FitOptions, rng: &mut impl Rng) -> Box<dyn WorldModel> {
    match options.kind {
        ModelKind::Ensemble => Box::new(ensemble::fresh(train, options, rng)),
        ModelKind::Rssm => Box::new(rssm::fresh(train, options, rng)),
    }
}
