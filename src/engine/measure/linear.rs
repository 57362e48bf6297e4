//! The linear floor of imagination: what linear dynamics, fitted to the training part, imagine of the same stretches.

use super::model_space;
use super::sampled::{STRETCH, sample};
use crate::data::space::Actions;
use crate::engine::opened::Opened;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::metrics::linear_floor::LinearDynamics;
use crate::world::world_model::WorldModel;

/// Training transitions that the line is fitted to, and those of them that are encoded where a model wants that.
const STEPS: (usize, usize) = (50_000, 10_000);

/// [K, H+1, D] what linear dynamics imagine from `starts` [K, D] under `actions` [K, H], in the space that `model` imagines in;
/// nothing where the training part is too small for a line or an observation too wide.
///
/// # Errors
/// Cancelled.
pub fn imagined(
    opened: &Opened,
    model: &dyn WorldModel,
    (starts, actions, horizon): (&[f32], &Actions<'_>, usize),
    cx: &Ctx,
) -> Result<Option<Vec<f32>>, Fault> {
    let cx = cx.phase("linear dynamics");
    cx.check()?;
    let most = if model.encoder().is_some() { STEPS.1 } else { STEPS.0 };
    let train = sample(&opened.data, &opened.split.train, most, STRETCH);
    let train = model_space::batch(model, train, &cx)?;
    let width = opened.data.action_space.encoded_dim();
    let taken = train.actions(0..train.len());
    let line = LinearDynamics::fit(&train.obs, &taken.columns(width), &train.next_obs, train.len());
    cx.check()?;
    Ok(line.map(|line| line.roll(starts, &actions.columns(width), horizon)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::agent::collect::{Collector, Limit};
    use crate::agent::policy::{Acting, Scripted};
    use crate::engine::measure::windows::Windows;
    use crate::engine::spec::Source;
    use crate::ground::seed::stream;
    use crate::world::ensemble;
    use crate::world::fit::FitOptions;

    /// Of the training part alone, and along the recorded actions one step after the other.
    #[test]
    fn the_line_is_of_the_training_part_and_follows_the_windows() {
        let mut env = crate::env::make("Pendulum-v1", 2, &[]).unwrap().unwrap();
        let (mut c, policy) = (Collector::new(5, "t", 0), Scripted::named("Pendulum-v1", "mixed").unwrap());
        c.run(&mut *env, &policy, Acting::Sampled, Limit::episodes(12), &Ctx::quiet()).unwrap();
        let opened = Opened::new(Source::default(), Arc::new(c.dataset(&*env).unwrap()));
        let (data, train) = (&opened.data, opened.data.transitions(&opened.split.train));
        let fit = FitOptions { members: 1, elites: 1, hidden: 4, layers: 1, ..FitOptions::default() };
        let model = ensemble::fresh(&train, &fit, &mut stream(0, "t", 0));
        let e = opened.split.heldout[0];
        let windows = Windows { horizon: 3, context: 1, starts: vec![(e, 0), (e, 40)] };
        let actions = Actions::new(&data.action_space, windows.gather(data).1);
        let got = imagined(&opened, &model, (&windows.start_rows(data), &actions, 3), &Ctx::quiet()).unwrap().unwrap();
        let line = LinearDynamics::fit(&train.obs, &train.action, &train.next_obs, train.len()).unwrap();
        for (k, &(e, t)) in windows.starts.iter().enumerate() {
            let mut here = data.episode(e).obs_at(t).to_vec();
            for h in 0..3 {
                here = line.predict(&here, data.episode(e).action_at(t + h), 1);
                assert_eq!(here, &got[(k * 4 + h + 1) * 3..][..3], "rollout {k}, step {}", h + 1);
            }
        }
    }
}
