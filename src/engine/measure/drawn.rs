//! One rollout to be drawn: what happened, and what the mean of the elites and every member alone imagine of it.

use std::convert::Infallible;
use std::sync::Arc;

use super::model_space;
use super::windows::{Start, Windows};
use crate::data::dataset::Dataset;
use crate::data::space::Actions;
use crate::data::summary::summary;
use crate::engine::opened::Opened;
use crate::engine::spec::Source;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::metrics::divergence::Trace;
use crate::world::imagine::open_loop;
use crate::world::world_model::WorldModel;

/// One rollout as the mean of the elites and as every member alone imagines it.
pub struct Drawn {
    /// "episode 12 from step 40".
    pub label: String,
    /// [H+1, D] what happened.
    pub real: Vec<f32>,
    /// [H+1, D] what was imagined.
    pub imagined: Vec<f32>,
    /// [M, H+1, D] what each member imagined.
    pub members: Vec<f32>,
}

impl Drawn {
    /// Imagines `horizon` steps of `data` from `start`.
    ///
    /// # Errors
    /// Those of the model; cancelled.
    pub fn imagine(
        model: &dyn WorldModel,
        data: &Dataset,
        start: Start,
        horizon: usize,
        cx: &Ctx,
    ) -> Result<Self, Fault> {
        let cx = cx.phase("drawing one episode");
        let windows = Windows { horizon, context: model.context(), starts: vec![start] };
        let (real, actions) = windows.gather(data);
        let (past, actions) = (windows.pasts(data), Actions::new(&data.action_space, actions));
        let imagined = open_loop(model, &past, &actions, horizon, None, &cx)?.obs;
        let mut members = Vec::new();
        for m in 0..model.dims().members {
            members.extend(open_loop(model, &past, &actions, horizon, Some(m), &cx)?.obs);
        }
        Ok(Self { label: format!("episode {} from step {}", start.0, start.1), real, imagined, members })
    }

    /// As the report of divergence takes it.
    pub fn trace(&self) -> Trace<'_> {
        Trace { label: &self.label, real: &self.real, imagined: &self.imagined, members: &self.members }
    }
}

/// Standard deviations are kept for the source that they are of, whatever is held against it.
#[derive(PartialEq)]
struct Spread(Source);

/// [D] standard deviation of every dimension in the training part that errors are measured in, from the cache if it was measured
/// before.
pub fn training_std(opened: &Opened) -> Arc<Vec<f64>> {
    let key = Spread(Source { rollouts: None, ..opened.source.clone() });
    let measure = || {
        let std: Vec<f64> = summary(&opened.data, &opened.split.train).obs.iter().map(|m| m.std).collect();
        match opened.checkpoint.as_ref().and_then(|c| c.world_model.as_deref()) {
            Some(model) => model_space::scale(model, std),
            None => std,
        }
    };
    let Ok(std) = opened.measured.cached(key, || Ok::<_, Infallible>(measure()));
    std
}
