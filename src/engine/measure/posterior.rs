//! How much of a recurrent model's error is there before it imagines: what it makes of observations that it is told.

use super::windows::Windows;
use crate::data::dataset::Dataset;
use crate::data::space::Actions;
use crate::ground::fault::Fault;
use crate::ground::stats;
use crate::ground::task::Ctx;
use crate::metrics::divergence::errors::Errors;
use crate::metrics::report::{Axis, Report, Role, SPREAD, Series};
use crate::world::world_model::WorldModel;

/// Adds the error of what the model makes of every observation along `windows`, told all of them, in the deviations `std` [D] of the
/// training part; `real` is [K, H + 1, D]. Nothing of a model that remembers nothing.
///
/// # Errors
/// Cancelled.
pub fn tell(
    report: &mut Report,
    model: &dyn WorldModel,
    (data, windows): (&Dataset, &Windows),
    (real, std): (&[f32], &[f64]),
    cx: &Ctx,
) -> Result<(), Fault> {
    let (d, horizon, starts) = (data.obs_dim(), windows.horizon, windows.starts.len());
    if !model.remembers() || starts == 0 {
        return Ok(());
    }
    let cx = cx.phase("following the episodes");
    let (rows, actions) = (horizon + 1, windows.gather(data).1);
    let width = data.action_dim();
    let mut state = model.begin(&windows.pasts(data));
    let mut made = vec![0.0; real.len()];
    for h in 0..rows {
        cx.step(h as u64, rows as u64)?;
        if h > 0 {
            let of = |k: usize| &actions[(k * horizon + h - 1) * width..][..width];
            let taken: Vec<f32> = (0..starts).flat_map(of).copied().collect();
            let seen: Vec<f32> = (0..starts).flat_map(|k| &real[(k * rows + h) * d..][..d]).copied().collect();
            match model.observe(Some((state, &Actions::new(&data.action_space, taken))), &seen) {
                Some(next) => state = next,
                None => return Ok(()),
            }
        }
        let Some(decoded) = model.decoded(&state) else { return Ok(()) };
        for (k, row) in decoded.chunks_exact(d).enumerate() {
            made[(k * rows + h) * d..][..d].copy_from_slice(row);
        }
    }
    let errors = Errors::of_rollouts(std, horizon, real, &made);
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
