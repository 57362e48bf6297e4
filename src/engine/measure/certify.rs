//! The bound on imagination's error that new episodes stay below, measured on parts that the report is not about.

use super::windows::Windows;
use crate::data::space::Actions;
use crate::engine::opened::Opened;
use crate::engine::spec::ImagineSpec;
use crate::ground::fault::Fault;
use crate::ground::stats;
use crate::ground::task::Ctx;
use crate::metrics::disagreement::in_units;
use crate::metrics::divergence::certified::{self, Certified, Part};
use crate::metrics::divergence::errors::Errors;
use crate::metrics::report::{Level, Report};
use crate::world::imagine::propagated;
use crate::world::propagation::Propagation;
use crate::world::world_model::WorldModel;

/// Most episodes of a part that are imagined: enough that the calibration part's choice matters little.
const EPISODES: usize = 200;
/// Most starts of each.
const STARTS: usize = 8;

/// Adds the trust horizon of `horizon` steps with what it rests on; `std` [D] are the training part's deviations, 0 for a
/// dimension that stands still.
///
/// # Errors
/// A level or tolerance that is none; cancelled.
pub fn certify(
    report: &mut Report,
    opened: &Opened,
    model: &dyn WorldModel,
    (spec, horizon, std): (&ImagineSpec, usize, &[f64]),
    cx: &Ctx,
) -> Result<(), Fault> {
    if let Some(e) = spec.tolerance.filter(|e| !(*e > 0.0 && e.is_finite())) {
        return Err(Fault::bad(format!("the tolerance is {e}: choose an error above 0, in standard deviations")));
    }
    if !(spec.alpha > 0.0 && spec.alpha < 1.0) {
        return Err(Fault::bad(format!("the level is {}: choose one between 0 and 1, such as 0.1", spec.alpha)));
    }
    let split = &opened.split;
    if split.is_shared() {
        report.note(
            Level::Info,
            "No trust horizon: there are too few episodes to set some aside, and a promise needs some that are judged by no one.",
        );
        return Ok(());
    }
    let how = (spec.propagation, spec.seed);
    let part = |episodes: &[usize]| imagined(opened, model, (episodes, horizon, std), how, cx);
    let calibration = part(&split.calibration)?;
    if certified::too_few(report, stats::by_episode(&calibration.owner).len(), spec.alpha, horizon) {
        return Ok(());
    }
    let training = part(&split.train)?;
    if training.owner.is_empty() {
        let text = format!("No trust horizon: no training episode has {horizon} usable steps in a row.");
        report.note(Level::Info, text);
        return Ok(());
    }
    let heldout = part(&split.heldout)?;
    Certified::measure((&training, &calibration, &heldout), (spec.alpha, spec.tolerance))?.tell(report);
    Ok(())
}

fn imagined(
    opened: &Opened,
    model: &dyn WorldModel,
    (episodes, horizon, std): (&[usize], usize, &[f64]),
    how: (Propagation, u64),
    cx: &Ctx,
) -> Result<Part, Fault> {
    let data = &opened.data;
    let windows = Windows::spread(data, episodes, (EPISODES, STARTS), horizon, model.context());
    let (real, actions) = windows.gather(data);
    let actions = Actions::new(&data.action_space, actions);
    let cx = cx.phase("imagining for the bound");
    let imagined = propagated(model, &windows.pasts(data), &actions, horizon, how, &cx)?;
    let several = model.dims().members > 1;
    Ok(Part {
        errors: Errors::of_rollouts(std, horizon, &real, &imagined.obs),
        owner: windows.starts.iter().map(|&(e, _)| e).collect(),
        disagreement: if several { in_units(&imagined.member_std, std) } else { Vec::new() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::collect::{Collector, Limit};
    use crate::agent::policy::{Acting, Scripted};
    use crate::engine::measure::drawn::training_std;
    use crate::engine::spec::Source;
    use crate::ground::seed::stream;
    use crate::metrics::divergence::errors::nrmse;
    use crate::world::ensemble;
    use crate::world::fit::FitOptions;
    use crate::world::imagine::open_loop;
    use std::sync::Arc;

    fn opened(episodes: usize) -> Opened {
        let mut env = crate::env::make("Pendulum-v1", 2, &[]).unwrap().unwrap();
        let (mut c, policy) = (Collector::new(7, "t", 0), Scripted::named("Pendulum-v1", "mixed").unwrap());
        c.run(&mut *env, &policy, Acting::Sampled, Limit::episodes(episodes), &Ctx::quiet()).unwrap();
        Opened::new(Source::default(), Arc::new(c.dataset(&*env).unwrap()))
    }

    /// The factor is that of the calibration episodes in units of the training part's medians, start by start and step by step; the
    /// held-out episodes, which the report is about, change nothing of it.
    #[test]
    fn the_bound_is_of_the_calibration_part_alone() {
        let mut opened = opened(90);
        let data = Arc::clone(&opened.data);
        let options = FitOptions { members: 2, elites: 2, hidden: 8, layers: 1, ..FitOptions::default() };
        let model = ensemble::fresh(&data.transitions(&opened.split.train), &options, &mut stream(0, "t", 0));
        let (std, horizon) = (training_std(&opened), 20);
        let spec = ImagineSpec { alpha: 0.2, ..ImagineSpec::default() };
        let of = |opened: &Opened| {
            let mut report = Report::default();
            certify(&mut report, opened, &model, (&spec, horizon, &std), &Ctx::quiet()).unwrap();
            report
        };
        // Errors of the starts at 0, 20, … 180, of which eight are taken, of every episode.
        let errors = |episode: usize| -> Vec<Vec<f64>> {
            let e = data.episode(episode);
            crate::ground::stats::evenly(10, STARTS)
                .into_iter()
                .map(|tile| {
                    let windows = Windows { horizon, context: 1, starts: vec![(episode, 20 * tile)] };
                    let actions = Actions::new(&data.action_space, windows.gather(&data).1);
                    let rolled =
                        open_loop(&model, &windows.pasts(&data), &actions, horizon, None, &Ctx::quiet()).unwrap();
                    (1..=horizon).map(|h| nrmse(rolled.obs_at(0, h), e.obs_at(20 * tile + h), &std)).collect()
                })
                .collect()
        };
        let all: Vec<Vec<f64>> = opened.split.train.iter().flat_map(|&e| errors(e)).collect();
        let median = |h: usize| stats::quantile(&all.iter().map(|row| row[h]).collect::<Vec<_>>(), 0.5);
        let scale: Vec<f64> = (0..horizon).map(median).collect();
        let worst = |&e: &usize| {
            let ratios = errors(e).into_iter().flat_map(|row| row.into_iter().zip(scale.clone()).map(|(e, s)| e / s));
            ratios.fold(0.0, f64::max)
        };
        let mut maxima: Vec<f64> = opened.split.calibration.iter().map(worst).collect();
        maxima.sort_by(f64::total_cmp);
        let rank = (0.8 * (maxima.len() + 1) as f64).ceil() as usize;
        let report = of(&opened);
        let factor = report.value("trust_factor").unwrap();
        // 1e-5: networks in f32 sum in another order where the batch is another, here a single rollout.
        assert!((factor / maxima[rank - 1] - 1.0).abs() < 1e-5, "{factor} {maxima:?}");
        let above = opened.split.heldout.iter().filter(|e| worst(e) > factor).count();
        let share = above as f64 / opened.split.heldout.len() as f64;
        assert!((report.value("trust_broken").unwrap() - share).abs() < 1e-12);
        let calibration = opened.split.calibration.clone();
        opened.split.heldout = calibration[..2].to_vec();
        assert_eq!(of(&opened).value("trust_factor"), Some(factor));
        // Of too few calibration episodes nothing is said but that.
        opened.split.calibration.truncate(3);
        let few = of(&opened);
        assert!(few.value("trust_horizon").unwrap().is_nan() && few.value("trust_factor").is_none());
        assert!(few.notes[0].text.contains("3 episodes") && few.notes[0].text.contains("1 more"), "{:?}", few.notes);
    }

    #[test]
    fn levels_and_tolerances_that_are_none_are_refused() {
        let opened = opened(10);
        let options = FitOptions { members: 1, elites: 1, hidden: 4, layers: 1, ..FitOptions::default() };
        let batch = opened.data.transitions(&opened.split.train);
        let model = ensemble::fresh(&batch, &options, &mut stream(0, "t", 0));
        let refused = |alpha: f64, tolerance: Option<f64>| {
            let spec = ImagineSpec { alpha, tolerance, ..ImagineSpec::default() };
            certify(&mut Report::default(), &opened, &model, (&spec, 5, &[1.0; 3]), &Ctx::quiet())
                .unwrap_err()
                .to_string()
        };
        assert!(refused(1.5, None).contains("level is 1.5") && refused(f64::NAN, None).contains("level"));
        assert!(
            refused(0.1, Some(-1.0)).contains("tolerance is -1") && refused(0.1, Some(f64::NAN)).contains("tolerance")
        );
    }
}
