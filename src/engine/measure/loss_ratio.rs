//! How a world model's one-step loss on other episodes stands to that on those that it was fitted for.

use super::judged::Judged;
use crate::data::dataset::Dataset;
use crate::engine::opened::Opened;
use crate::engine::spec::Source;
use crate::ground::fault::Fault;
use crate::ground::stats;
use crate::ground::task::Ctx;
use crate::metrics::report::{Report, STANDARD_ERROR};
use crate::topup::loss::{LossScale, Yardstick, episode_losses, ratio};
use crate::world::world_model::WorldModel;

/// Most training episodes that the held-out ones are held against.
const EPISODES: usize = 50;

/// Adds the loss ratio R of the episodes that are judged, where they are not the dataset's own; both as the model sees them.
///
/// # Errors
/// Cancelled.
pub fn of_policy(
    report: &mut Report,
    opened: &Opened,
    (model, judged, data): (&dyn WorldModel, &Judged, &Dataset),
    cx: &Ctx,
) -> Result<(), Fault> {
    if !judged.is_fresh() {
        return Ok(());
    }
    let cx = cx.phase("loss ratio");
    let yardstick = Yardstick::new(&opened.data, &opened.split);
    let yardstick = if model.encoder().is_some() { yardstick.common() } else { yardstick };
    let losses = yardstick.losses(model, data, &cx)?;
    let (r, se) = ratio(&losses, &yardstick.reference(model, &cx)?);
    report
        .stat(
            "loss_ratio_judged",
            "loss ratio R",
            r,
            "",
            "World-model loss on the episodes judged here over that on held-out and calibration episodes, both one-step; ± 1 s.e.",
        )
        .of(losses.len(), "episodes")
        .spans((r - se, r + se), STANDARD_ERROR);
    Ok(())
}

/// The ratio is kept for the source that it is of, whatever is held against it.
#[derive(PartialEq)]
struct HeldOut(Source);

/// Adds how many times the loss on held-out episodes is that on training ones: what can be had without any acting.
///
/// # Errors
/// Cancelled.
pub fn of_heldout(report: &mut Report, opened: &Opened, model: &dyn WorldModel, cx: &Ctx) -> Result<(), Fault> {
    let split = &opened.split;
    if split.is_shared() {
        return Ok(());
    }
    let key = HeldOut(Source { rollouts: None, ..opened.source.clone() });
    let times = opened.measured.cached(key, || {
        let cx = cx.phase("loss on training episodes");
        let training = stats::evenly(split.train.len(), EPISODES).into_iter().map(|i| split.train[i]);
        let scale = LossScale::new(&opened.data, &split.calibration);
        let scale = if model.encoder().is_some() { scale.common() } else { scale };
        let of = |episodes: &[usize]| episode_losses(model, &opened.data, episodes, &scale, &cx);
        let (heldout, training) = (of(&split.heldout)?, of(&training.collect::<Vec<_>>())?);
        Ok::<_, Fault>((stats::mean(&heldout) / stats::mean(&training), heldout.len()))
    })?;
    let (times, heldout) = *times;
    report
        .stat(
            "heldout_over_training",
            "held-out over training loss",
            times,
            "",
            "Mean one-step loss on held-out episodes over that on training ones (at most 50, evenly chosen): above 1 the model knows by heart what it does not know.",
        )
        .of(heldout, "held-out episodes");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::agent::collect::{Collector, Limit};
    use crate::agent::policy::{Acting, Scripted};
    use crate::data::dataset::Dataset;
    use crate::engine::spec::{PolicySpec, Source};
    use crate::ground::seed::stream;
    use crate::world::ensemble;
    use crate::world::fit::FitOptions;
    use crate::world::imagine::one_step;

    fn episodes(script: &str, n: usize, seed: u64) -> Dataset {
        let mut env = crate::env::make("Pendulum-v1", 2, &[]).unwrap().unwrap();
        let (mut c, policy) = (Collector::new(seed, "t", 0), Scripted::named("Pendulum-v1", script).unwrap());
        c.run(&mut *env, &policy, Acting::Sampled, Limit::episodes(n), &Ctx::quiet()).unwrap();
        c.dataset(&*env).unwrap()
    }

    /// The mean over `which` episodes of the mean over their steps of the squared errors, in the spreads of `of` episodes.
    fn by_hand(model: &dyn WorldModel, data: &Dataset, which: &[usize], (scale, of): (&Dataset, &[usize])) -> f64 {
        let batch = scale.transitions(of);
        let spread = |v: Vec<f64>| {
            let mean = v.iter().sum::<f64>() / v.len() as f64;
            (v.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / v.len() as f64).sqrt()
        };
        let change = |d: usize| {
            (0..batch.len()).map(|i| f64::from(batch.next_obs_at(i)[d] - batch.obs_at(i)[d])).collect::<Vec<_>>()
        };
        let sigma: Vec<f64> = (0..3).map(|d| spread(change(d))).collect();
        let of_reward = spread(batch.reward.iter().map(|r| f64::from(*r)).collect());
        let mut means = Vec::new();
        for &episode in which {
            let batch = data.transitions(&[episode]);
            let seen = one_step(model, &batch, &Ctx::quiet()).unwrap();
            let mut sum = 0.0;
            for (j, &i) in seen.rows.iter().enumerate() {
                for (d, sigma) in sigma.iter().enumerate() {
                    let error = f64::from(seen.next_obs[3 * j + d] - batch.next_obs_at(i)[d]) / sigma;
                    sum += error * error / 3.0;
                }
                let error = f64::from(seen.reward.as_ref().unwrap()[j] - batch.reward[i]) / of_reward;
                sum += error * error;
            }
            means.push(sum / seen.rows.len() as f64);
        }
        means.iter().sum::<f64>() / means.len() as f64
    }

    #[test]
    fn both_ratios_are_those_of_losses_by_hand() {
        let data = Arc::new(episodes("narrow", 20, 1));
        let rollouts = Arc::new(episodes("mixed", 5, 2));
        let options = FitOptions { members: 2, elites: 2, hidden: 8, layers: 1, ..FitOptions::default() };
        let all: Vec<usize> = (0..20).collect();
        let model = ensemble::fresh(&data.transitions(&all), &options, &mut stream(0, "t", 0));
        let mut opened = Opened::new(Source::default(), Arc::clone(&data));
        let mut report = Report::default();
        of_heldout(&mut report, &opened, &model, &Ctx::quiet()).unwrap();
        let split = opened.split.clone();
        let scale = (&*data, &split.calibration[..]);
        let loss = |which: &[usize]| by_hand(&model, &data, which, scale);
        let want = loss(&split.heldout) / loss(&split.train);
        assert!((report.value("heldout_over_training").unwrap() / want - 1.0).abs() < 1e-4);
        // The dataset's own episodes are no policy's.
        let judged = Judged::choose(&opened, &PolicySpec { episodes: 0, seed: 0 }, "judged", &Ctx::quiet()).unwrap();
        of_policy(&mut report, &opened, (&model, &judged, judged.data(&opened)), &Ctx::quiet()).unwrap();
        assert_eq!(report.value("loss_ratio_judged"), None);
        opened.rollouts = Some(Arc::clone(&rollouts));
        let judged = Judged::choose(&opened, &PolicySpec::default(), "judged", &Ctx::quiet()).unwrap();
        of_policy(&mut report, &opened, (&model, &judged, judged.data(&opened)), &Ctx::quiet()).unwrap();
        let reference: Vec<usize> = split.heldout.iter().chain(&split.calibration).copied().collect();
        let want = by_hand(&model, &rollouts, &[0, 1, 2, 3, 4], scale) / loss(&reference);
        assert!((report.value("loss_ratio_judged").unwrap() / want - 1.0).abs() < 1e-4, "{want}");
        // Where all parts share their episodes there is nothing to hold against one another.
        let few = Opened::new(Source::default(), Arc::new(episodes("narrow", 2, 3)));
        let mut none = Report::default();
        of_heldout(&mut none, &few, &model, &Ctx::quiet()).unwrap();
        assert!(none.stats.is_empty());
    }
}
