//! Whether a world model's own deviations are right, on held-out transitions.

use super::layers::sample;
use super::one_step::change_std;
use crate::engine::opened::Opened;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::metrics::calibration::{Calibration, Input};
use crate::metrics::report::Report;
use crate::world::world_model::{Feedback, WorldModel};

/// Held-out transitions that are looked at.
const STEPS: usize = 5_000;
/// Transitions that the scale of the changes is measured on.
const SCALE: usize = 200_000;
/// Steps that follow one another in a sample.
const STRETCH: usize = 50;
/// Rows that the model is asked for at once.
const CHUNK: usize = 512;

/// Adds likelihood and calibration of the elite members one step ahead; nothing of a model that predicts no variances.
///
/// # Errors
/// Cancelled.
pub fn tell(report: &mut Report, opened: &Opened, model: &dyn WorldModel, cx: &Ctx) -> Result<(), Fault> {
    if !model.predicts_variance() {
        return Ok(());
    }
    let cx = cx.phase("calibration of the model");
    let (data, split, context) = (&opened.data, &opened.split, model.context());
    let batch = sample(data, &split.heldout, STEPS, STRETCH + context);
    let scale = change_std(&sample(data, &split.train, SCALE, STRETCH));
    let rows = batch.with_context(context);
    let (elites, d) = (model.elites(), batch.obs_dim);
    let (mut mean, mut logvar) = (vec![Vec::new(); elites.len()], vec![Vec::new(); elites.len()]);
    for (i, chunk) in rows.chunks(CHUNK).enumerate() {
        cx.step((i * CHUNK) as u64, rows.len() as u64)?;
        let mut state = model.begin(&batch.pasts(chunk, context));
        let p = model.step(&mut state, &batch.actions_at(chunk), Feedback::Mean).prediction;
        let Some(all) = &p.logvar else { return Ok(()) };
        let targets = all.len() / (p.members * p.rows).max(1);
        for (k, &e) in elites.iter().enumerate() {
            mean[k].extend_from_slice(&p.delta[e * p.rows * d..(e + 1) * p.rows * d]);
            let own = &all[e * p.rows * targets..(e + 1) * p.rows * targets];
            // Of the targets, those of the observation come first.
            logvar[k].extend(own.chunks_exact(targets).flat_map(|row| &row[..d]));
        }
    }
    let change = |&i: &usize| batch.next_obs_at(i).iter().zip(batch.obs_at(i)).map(|(next, now)| next - now);
    let real: Vec<f32> = rows.iter().flat_map(change).collect();
    let (mean, logvar) = (mean.concat(), logvar.concat());
    let input = Input { members: elites.len(), mean: &mean, logvar: &logvar, real: &real, scale: &scale };
    if let Some(found) = Calibration::measure(&input) {
        found.tell(report);
    }
    Ok(())
}
