//! How much of a recurrent model's error is there before it imagines: what it makes of observations that it is told.

use crate::data::sequence::SequenceBatch;
use crate::ground::fault::Fault;
use crate::ground::stats;
use crate::ground::task::Ctx;
use crate::metrics::divergence::errors::Errors;
use crate::metrics::report::{Axis, Report, Role, SPREAD, Series};
use crate::world::world_model::WorldModel;

/// Adds the error of what the model makes of every observation `along` stretches, told all of them and the `past` before, in the
/// deviations `std` [D] of the training part. Nothing of a model that remembers nothing.
///
/// # Errors
/// Cancelled.
pub fn tell(
    report: &mut Report,
    model: &dyn WorldModel,
    (past, along): (&SequenceBatch<'_>, &SequenceBatch<'_>),
    std: &[f64],
    cx: &Ctx,
) -> Result<(), Fault> {
    let (d, horizon) = (along.obs_dim, along.steps);
    if !model.remembers() || along.rows == 0 {
        return Ok(());
    }
    let cx = cx.phase("following the episodes");
    let mut here = Some(model.begin(past));
    let mut made = vec![0.0; along.obs.len()];
    for h in 0..=horizon {
        cx.step(h as u64, horizon as u64 + 1)?;
        if let Some(before) = h.checked_sub(1) {
            let taken = along.actions_at(before);
            here = here.and_then(|here| model.observe(Some((&here, &taken)), &along.obs_at(h)));
        }
        let Some(decoded) = here.as_ref().and_then(|here| model.decoded(here)) else { return Ok(()) };
        for (k, row) in decoded.chunks_exact(d).enumerate() {
            made[(k * (horizon + 1) + h) * d..][..d].copy_from_slice(row);
        }
    }
    let errors = Errors::of_rollouts(std, horizon, &along.obs, &made);
    let text = "Median error, over starts and steps, of what the model makes of observations that it was told: what its latents lose \
                before anything is imagined.";
    let all = errors.of_model();
    report
        .stat("posterior_nrmse", "median error when told", stats::quantile(all, 0.5), "std", text)
        .spans((stats::quantile(all, 0.1), stats::quantile(all, 0.9)), SPREAD)
        .of(all.len(), "states");
    report.series.push(Series {
        key: "posterior_rms".into(),
        label: "told every observation".into(),
        group: "error by horizon".into(),
        role: Role::Past,
        x_axis: Axis::new("horizon", "steps"),
        y_axis: Axis { label: "error".into(), unit: "std".into(), log: true },
        x: (1..=horizon).map(|h| h as f64).collect(),
        y: (1..=horizon).map(|h| errors.rms(h).0).map(|v| if v.is_finite() { v } else { f64::NAN }).collect(),
        definition: "Root mean square error over starts of what the model makes of the observation there, when it is told all of them: \
                     the posterior's, beside which the prior's is what imagination adds."
            .into(),
        ..Series::default()
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::episode::TransitionBatch;
    use crate::data::space::{Actions, Space};
    use crate::ground::seed::stream;
    use crate::metrics::divergence::errors::nrmse;
    use crate::world::fit::FitOptions;
    use crate::world::{ensemble, rssm};

    /// By following one stretch alone, step by step.
    #[test]
    fn it_is_told_every_observation_and_decodes_each() {
        let value = |i: usize| (i as f32 * 1.3).sin() * 2.0;
        let batch = TransitionBatch { obs: (0..20).map(value).collect(), ..TransitionBatch::empty(2, 1) };
        let options = FitOptions { hidden: 8, layers: 1, ..FitOptions::default() };
        let model = rssm::fresh(&batch, &options, &mut stream(0, "t", 0));
        let (space, rows, horizon, context) = (Space::unnamed("action", 1), 3, 4, model.context());
        let stretch = |steps: usize, from: usize| SequenceBatch {
            rows,
            steps,
            obs_dim: 2,
            obs: (0..rows * (steps + 1) * 2).map(|i| value(i + from)).collect::<Vec<f32>>().into(),
            actions: Actions::new(&space, (0..rows * steps).map(|i| value(i + from + 9)).collect::<Vec<f32>>()),
        };
        let (past, along) = (stretch(context - 1, 0), stretch(horizon, 100));
        let mut report = Report::default();
        tell(&mut report, &model, (&past, &along), &[1.0, 0.5], &Ctx::quiet()).unwrap();
        let curve = &report.series[0];
        assert_eq!((curve.x.len(), curve.group.as_str()), (horizon, "error by horizon"));
        for h in 1..=horizon {
            let square = |k: usize| {
                let (past, along) = (past.part(k..k + 1), along.part(k..k + 1));
                let mut here = model.begin(&past);
                for t in 0..h {
                    let taken = Actions::new(&space, along.actions.stored()[t..=t].to_vec());
                    here = model.observe(Some((&here, &taken)), &along.obs[2 * t + 2..2 * t + 4]).unwrap();
                }
                nrmse(&model.decoded(&here).unwrap(), &along.obs[2 * h..2 * h + 2], &[1.0, 0.5]).powi(2)
            };
            let want = ((0..rows).map(square).sum::<f64>() / rows as f64).sqrt();
            // Matrices of another height are multiplied in another order.
            assert!((curve.y[h - 1] / want - 1.0).abs() < 1e-4, "{h}: {} {want}", curve.y[h - 1]);
        }
        let mut none = Report::default();
        let plain = ensemble::fresh(&batch, &options, &mut stream(0, "t", 0));
        tell(&mut none, &plain, (&past, &along), &[1.0, 0.5], &Ctx::quiet()).unwrap();
        assert!(none.series.is_empty() && none.stats.is_empty());
    }
}
