//! Even samples of transitions, and the scale of a step's change that errors one step ahead are measured in.

use std::sync::Arc;

use super::model_space;
use super::one_step::change_std;
use crate::data::dataset::Dataset;
use crate::data::episode::TransitionBatch;
use crate::engine::opened::Opened;
use crate::engine::spec::Source;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::world::world_model::WorldModel;

/// Steps that follow one another in a sample.
pub const STRETCH: usize = 50;
/// Training transitions that the scale is measured on, and those of them that are encoded where a model wants that.
const SCALE: (usize, usize) = (200_000, 10_000);

/// The scale is kept for the source that it is of, whatever is held against it.
#[derive(PartialEq)]
struct Scale(Source);

/// [D] standard deviation of the change of an observation in one step, as `model` sees it, on an even sample of the training part
/// of what was `opened`; 0 for a dimension that never changes. From the cache if it was measured before.
///
/// # Errors
/// Cancelled.
pub fn change_scale(opened: &Opened, model: &dyn WorldModel, cx: &Ctx) -> Result<Arc<Vec<f64>>, Fault> {
    let key = Scale(Source { rollouts: None, ..opened.source.clone() });
    opened.measured.cached(key, || {
        let most = if model.encoder().is_some() { SCALE.1 } else { SCALE.0 };
        let train = sample(&opened.data, &opened.split.train, most, STRETCH);
        Ok(model_space::scale(model, change_std(&model_space::batch(model, train, cx)?)))
    })
}

/// About `most` usable transitions of the named episodes: all where there are no more, else stretches of `stretch` steps at even
/// distances.
pub fn sample(data: &Dataset, episodes: &[usize], most: usize, stretch: usize) -> TransitionBatch {
    let total: usize = data.episodes(episodes).map(|e| e.steps()).sum();
    if total <= most {
        return data.transitions(episodes);
    }
    let mut batch = TransitionBatch::within(data.obs_dim(), Arc::new(data.action_space.clone()));
    let apart = (stretch * total).div_ceil(most.max(1));
    // Counted over all episodes, so that short ones are not all taken or all left.
    let mut next = 0;
    for e in data.episodes(episodes) {
        while next < e.steps() {
            batch.push_steps(&e, next..(next + stretch).min(e.steps()));
            next += apart;
        }
        next -= e.steps();
    }
    batch
}

#[cfg(test)]
mod tests;
