//! What the world model of a checkpoint imagines along held-out episodes.

use super::feature_space::FeatureRows;
use super::windows::Windows;
use crate::data::space::Actions;
use crate::engine::opened::Opened;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::world::imagine::open_loop;
use crate::world::world_model::WorldModel;

/// The world model of the checkpoint.
///
/// # Errors
/// A sentence where there is none.
pub fn world_model(opened: &Opened) -> Result<&dyn WorldModel, Fault> {
    // A policy alone is no checkpoint.
    let Some(checkpoint) = opened.checkpoint.as_ref().filter(|c| c.world_model.is_some() || c.acting.is_none()) else {
        return Err(Fault::bad(
            "imagination needs a world model: name one with --checkpoint, or train one with oodscope fit",
        ));
    };
    checkpoint.world_model.as_deref().ok_or_else(|| {
        let path = opened.source.checkpoint.as_deref().unwrap_or(std::path::Path::new("")).display();
        Fault::bad(format!("{path}: holds no world model; name one with --checkpoint, or train one with oodscope fit"))
    })
}

/// Imagined states alone.
pub struct Imagined {
    /// [K·H, D] states after the start of each rollout; the episode of the start owns them.
    pub states: FeatureRows,
    /// Rollouts K.
    pub starts: usize,
    /// Steps H of each.
    pub horizon: usize,
    /// Held-out episodes that they start in.
    pub episodes: usize,
}

/// Open-loop rollouts that follow each other along every held-out episode, so that a perfect model would imagine the
/// episode itself and an episode has about as many imagined states as real ones.
///
/// # Errors
/// A sentence where there is no world model or no held-out stretch to start from; or cancelled.
pub fn imagined(opened: &Opened, horizon: usize, cx: &Ctx) -> Result<Imagined, Fault> {
    let model = world_model(opened)?;
    // Imagined latents are held against latents alone.
    if model.dims().obs != opened.data.obs_dim() {
        return Err(Fault::bad("the world model imagines in a latent space, and has no decoder"));
    }
    let data = &opened.data;
    let windows = Windows::tile(data, &opened.split.heldout, horizon, model.context());
    if windows.starts.is_empty() {
        let path = opened.source.dataset.display();
        return Err(Fault::bad(format!(
            "{path}: no held-out episode has two finite steps in a row to imagine from; name a dataset with longer episodes"
        )));
    }
    let (_, actions) = windows.gather(data);
    let (d, horizon) = (data.obs_dim(), windows.horizon);
    let actions = Actions::new(&data.action_space, actions);
    let obs = open_loop(model, &windows.pasts(data), &actions, horizon, None, cx)?.obs;
    let rows = obs.chunks_exact((horizon + 1) * d).flat_map(|rollout| rollout[d..].to_vec()).collect();
    let owner: Vec<usize> = windows.starts.iter().flat_map(|&(e, _)| std::iter::repeat_n(e, horizon)).collect();
    let mut episodes: Vec<usize> = owner.clone();
    episodes.dedup();
    let states = FeatureRows { rows, owner, step: Vec::new() };
    Ok(Imagined { states, starts: windows.starts.len(), horizon, episodes: episodes.len() })
}
