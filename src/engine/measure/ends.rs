//! Imagined ends of episodes held against those that came.

use rand::seq::IteratorRandom;

use super::windows::{Start, Windows, usable};
use crate::data::dataset::Dataset;
use crate::data::space::Actions;
use crate::engine::opened::Opened;
use crate::engine::spec::ImagineSpec;
use crate::ground::fault::Fault;
use crate::ground::seed::stream;
use crate::ground::task::Ctx;
use crate::metrics::divergence::ends::Ends;
use crate::metrics::report::{Level, Report};
use crate::world::imagine::propagated;
use crate::world::world_model::WorldModel;

/// Starts for every one that errors are measured from: ends are rare, and these rollouts are looked at for nothing else.
const STARTS: usize = 4;

/// Adds how right the model's chances of an end are along held-out episodes, from starts whose episode may end before `horizon`
/// steps; nothing of a model that says none. `seen` is what was opened as the model sees it.
///
/// # Errors
/// Cancelled.
pub fn tell(
    report: &mut Report,
    seen: &Opened,
    model: &dyn WorldModel,
    (spec, horizon): (&ImagineSpec, usize),
    cx: &Ctx,
) -> Result<(), Fault> {
    if !model.predicts_end() || horizon == 0 {
        return Ok(());
    }
    let (data, split) = (&seen.data, &seen.split);
    let reached = reached(data, &split.heldout, (horizon, model.context()));
    let mut rng = stream(spec.seed, "starts of ends", 0);
    let mut chosen = reached.into_iter().sample(&mut rng, STARTS * spec.starts);
    chosen.sort_unstable();
    let ended: Vec<bool> = chosen.iter().map(|&((e, t), steps)| data.episode(e).terminated_at(t + steps - 1)).collect();
    if !ended.contains(&true) {
        let text = "No error of imagined ends: no held-out episode that was followed is ended by the environment.";
        report.note(Level::Info, text);
        return Ok(());
    }
    let windows =
        Windows { horizon, context: model.context(), starts: chosen.iter().map(|(start, _)| *start).collect() };
    let actions = Actions::new(&data.action_space, padded(data, &chosen, horizon));
    let cx = cx.phase("imagining ends");
    let how = (spec.propagation, spec.seed);
    let imagined = propagated(model, &windows.pasts(data), &actions, horizon, how, &cx)?;
    let Some(said) = imagined.terminated else { return Ok(()) };
    let train = || data.episodes(&split.train);
    let (ends, steps) = (train().filter(|e| e.span.terminated).count(), train().map(|e| e.steps()).sum::<usize>());
    let steps_of: Vec<usize> = chosen.iter().map(|(_, steps)| *steps).collect();
    let share = ends as f64 / steps.max(1) as f64;
    Ends { horizon, said: &said, steps: &steps_of, ended: &ended, share }.tell(report);
    Ok(())
}

/// Every step of the `episodes` that imagination can begin at, and how many steps from there on are known, at most `horizon`. The
/// last of an episode counts, whether the observation after it was kept or not.
fn reached(data: &Dataset, episodes: &[usize], (horizon, context): (usize, usize)) -> Vec<(Start, usize)> {
    let mut out = Vec::new();
    for &e in episodes {
        let Ok(known) = usable(data, e, context) else { continue };
        let episode = data.episode(e);
        let last = episode.steps().saturating_sub(1);
        let finite = |row: &[f32]| row.iter().all(|v| v.is_finite());
        let whole = episode.span.terminated && finite(episode.obs_at(last)) && finite(episode.action_at(last));
        for (t, &n) in known.iter().enumerate() {
            // Up to the last step, which leads nowhere where its next observation is not kept.
            let goes_on = n > 0 || (t == last && context == 1);
            let steps = n + usize::from(goes_on && whole && t + n == last);
            if steps > 0 {
                out.push(((e, t), steps.min(horizon)));
            }
        }
    }
    out
}

/// [S, H] the actions from every start on; after the known ones the last is repeated, and nothing of that is looked at.
fn padded(data: &Dataset, chosen: &[(Start, usize)], horizon: usize) -> Vec<f32> {
    let of = |&((e, t), steps): &(Start, usize)| {
        (0..horizon).flat_map(move |h| data.episode(e).action_at(t + h.min(steps - 1)).to_vec())
    };
    chosen.iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::agent::collect::{Collector, Limit};
    use crate::agent::policy::{Acting, Uniform};
    use crate::data::episode::TransitionBatch;
    use crate::engine::spec::Source;
    use crate::world::ensemble;
    use crate::world::fit::FitOptions;
    use crate::world::world_model::Feedback;

    const HORIZON: usize = 10;

    fn opened() -> Opened {
        let mut env = crate::env::make("CartPole-v1", 2, &[]).unwrap().unwrap();
        let policy = Uniform::new(env.spec().action_space.clone());
        let mut c = Collector::new(3, "t", 0);
        c.run(&mut *env, &policy, Acting::Sampled, Limit::episodes(20), &Ctx::quiet()).unwrap();
        Opened::new(Source::default(), Arc::new(c.dataset(&*env).unwrap()))
    }

    /// Against one rollout after the other, a step at a time, from every step of every held-out episode.
    #[test]
    fn chances_are_held_against_ends_at_every_horizon() {
        let opened = opened();
        let (data, heldout) = (&opened.data, &opened.split.heldout);
        let options = FitOptions { members: 2, elites: 2, hidden: 8, layers: 1, ..FitOptions::default() };
        let train = data.transitions(&opened.split.train);
        let model = ensemble::fresh(&train, &options, &mut stream(0, "t", 0));
        let mut report = Report::default();
        let spec = ImagineSpec { starts: 1000, ..ImagineSpec::default() };
        tell(&mut report, &opened, &model, (&spec, HORIZON), &Ctx::quiet()).unwrap();
        let ends: usize = opened.split.train.iter().filter(|&&e| data.episode(e).span.terminated).count();
        let share = ends as f64 / data.episodes(&opened.split.train).map(|e| e.steps()).sum::<usize>() as f64;
        let (mut sums, mut floors, mut n) = ([0.0; HORIZON], [0.0; HORIZON], [0usize; HORIZON]);
        for e in data.episodes(heldout) {
            for start in 0..e.steps() {
                let windows = Windows { horizon: 1, context: 1, starts: vec![(e.index, start)] };
                let mut state = model.begin(&windows.pasts(data));
                for h in 0..HORIZON.min(e.steps() - start) {
                    let taken = Actions::new(&data.action_space, e.action_at(start + h));
                    let said = f64::from(model.step(&mut state, &taken, Feedback::Mean).terminated.unwrap()[0]);
                    let ended = f64::from(u8::from(e.terminated_at(start + h)));
                    sums[h] += (said - ended).powi(2);
                    floors[h] += (share - ended).powi(2);
                    n[h] += 1;
                }
            }
        }
        let curve = |key: &str| &report.series.iter().find(|s| s.key == key).unwrap().y;
        for h in 0..HORIZON {
            let (got, floor) = (curve("end_brier_last")[h], curve("end_brier_last_floor")[h]);
            // 1e-5: networks in f32 sum in another order where the batch is another.
            assert!((got - sums[h] / n[h] as f64).abs() < 1e-5, "{h}: {got} {}", sums[h] / n[h] as f64);
            assert!((floor - floors[h] / n[h] as f64).abs() < 1e-12, "{h}: {floor}");
        }
        let all = report.stats.iter().find(|s| s.key == "end_brier").unwrap().n.clone();
        assert_eq!(all, Some((n.iter().sum::<usize>() as u64, "imagined steps".into())));
        // Every held-out episode ends, and is seen to end from each of its last steps.
        let seen: usize = data.episodes(heldout).filter(|e| e.span.terminated).map(|e| e.steps().min(HORIZON)).sum();
        let auroc = report.stats.iter().find(|s| s.key == "end_auroc").unwrap();
        assert_eq!(auroc.n, Some((seen as u64, "ends".into())));
    }

    #[test]
    fn where_nothing_ends_that_is_said_and_a_model_without_ends_says_nothing() {
        let mut opened = opened();
        let options = FitOptions { members: 1, elites: 1, hidden: 4, layers: 1, ..FitOptions::default() };
        let train = opened.data.transitions(&opened.split.train);
        let mut model = ensemble::fresh(&train, &options, &mut stream(0, "t", 0));
        let spec = ImagineSpec { starts: 10, ..ImagineSpec::default() };
        opened.split.heldout.clear();
        let mut report = Report::default();
        tell(&mut report, &opened, &model, (&spec, HORIZON), &Ctx::quiet()).unwrap();
        assert!(report.notes[0].text.contains("No error of imagined ends") && report.series.is_empty());
        model = ensemble::fresh(
            &TransitionBatch { terminated: vec![false; train.len()], ..train },
            &options,
            &mut stream(0, "t", 0),
        );
        let mut none = Report::default();
        tell(&mut none, &opened, &model, (&spec, HORIZON), &Ctx::quiet()).unwrap();
        assert!(none.notes.is_empty());
    }
}
