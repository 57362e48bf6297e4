//! One rollout to be drawn: what happened, what is imagined of it, and the band that members or draws span around that.

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
use crate::world::imagine::{open_loop, propagated};
use crate::world::propagation::Propagation;
use crate::world::world_model::WorldModel;

/// Draws of a rollout that span its band: as many particles as PETS plans with (Chua et al. 2018).
const DRAWS: usize = 20;

/// One rollout as it is imagined, and as every member alone, or every draw, imagines it.
pub struct Drawn {
    /// "episode 12 from step 40".
    pub label: String,
    /// [H+1, D] what happened.
    pub real: Vec<f32>,
    /// [H+1, D] what was imagined.
    pub imagined: Vec<f32>,
    /// [M, H+1, D] what each member, or each draw, imagined.
    pub members: Vec<f32>,
    /// What those are: "members", "draws".
    pub band: &'static str,
}

impl Drawn {
    /// Imagines `horizon` steps of `data` from `start`, each going on from what the mode says. Where it draws, the band is of
    /// [`DRAWS`] rollouts and the first of them is the one that is drawn; else of every member's own.
    ///
    /// # Errors
    /// Those of the model; cancelled.
    pub fn imagine(
        model: &dyn WorldModel,
        data: &Dataset,
        (start, horizon): (Start, usize),
        (mode, seed): (Propagation, u64),
        cx: &Ctx,
    ) -> Result<Self, Fault> {
        let cx = cx.phase("drawing one episode");
        let rows = if mode.is_drawn() { DRAWS } else { 1 };
        let windows = Windows { horizon, context: model.context(), starts: vec![start; rows] };
        let (real, actions) = windows.gather(data);
        let (past, actions) = (windows.pasts(data), Actions::new(&data.action_space, actions));
        let (label, one) = (format!("episode {} from step {}", start.0, start.1), real.len() / rows);
        let mut imagined = propagated(model, &past, &actions, horizon, (mode, seed), &cx)?;
        if mode.is_drawn() {
            let (members, imagined) = (imagined.obs.clone(), imagined.obs[..one].to_vec());
            return Ok(Self { label, real: real[..one].to_vec(), imagined, members, band: "draws" });
        }
        let mut members = std::mem::take(&mut imagined.members).concat();
        if members.is_empty() {
            for m in 0..model.dims().members {
                members.extend(open_loop(model, &past, &actions, horizon, Some(m), &cx)?.obs);
            }
        }
        Ok(Self { label, real, imagined: imagined.obs, members, band: "members" })
    }

    /// As the report of divergence takes it.
    pub fn trace(&self) -> Trace<'_> {
        let Self { label, real, imagined, members, band } = self;
        Trace { label, real, imagined, members, band }
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
