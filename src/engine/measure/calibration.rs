//! Whether a world model's own deviations are right, on held-out transitions.

use super::sampled::{STRETCH, change_scale, sample};
use crate::engine::opened::Opened;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::metrics::calibration::{Calibration, Input};
use crate::metrics::report::Report;
use crate::world::imagine;
use crate::world::world_model::{Feedback, WorldModel};

/// Held-out transitions that are looked at.
const STEPS: usize = 5_000;

/// Adds likelihood and calibration of the elite members one step ahead; nothing of a model that predicts no variances.
///
/// # Errors
/// Cancelled.
pub fn tell(report: &mut Report, opened: &Opened, model: &dyn WorldModel, cx: &Ctx) -> Result<(), Fault> {
    if !model.predicts_variance() {
        return Ok(());
    }
    let cx = cx.phase("calibration of the model");
    let (cx, context) = (&cx, model.context());
    let batch = sample(&opened.data, &opened.split.heldout, STEPS, STRETCH + context);
    let scale = change_scale(opened, model, cx)?;
    let rows = batch.with_context(context);
    let (elites, d) = (model.elites(), batch.obs_dim);
    let (mut mean, mut logvar) = (vec![Vec::new(); elites.len()], vec![Vec::new(); elites.len()]);
    let each = imagine::chunk(model);
    for (i, chunk) in rows.chunks(each).enumerate() {
        cx.step((i * each) as u64, rows.len() as u64)?;
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::agent::collect::{Collector, Limit};
    use crate::agent::policy::{Acting, Scripted};
    use crate::engine::spec::Source;
    use crate::ground::seed::stream;
    use crate::world::ensemble;
    use crate::world::fit::FitOptions;

    /// Of two members of which one is elite: that one's error and deviation alone, on the held-out part.
    #[test]
    fn the_elites_of_the_held_out_part_count() {
        let mut env = crate::env::make("Pendulum-v1", 2, &[]).unwrap().unwrap();
        let (mut c, policy) = (Collector::new(5, "t", 0), Scripted::named("Pendulum-v1", "mixed").unwrap());
        c.run(&mut *env, &policy, Acting::Sampled, Limit::episodes(12), &Ctx::quiet()).unwrap();
        let opened = Opened::new(Source::default(), Arc::new(c.dataset(&*env).unwrap()));
        let train = opened.data.transitions(&opened.split.train);
        let options = FitOptions { members: 2, elites: 1, hidden: 8, layers: 1, ..FitOptions::default() };
        let mut model = ensemble::fresh(&train, &options, &mut stream(0, "t", 0));
        model.elites = vec![1];
        let mut report = Report::default();
        tell(&mut report, &opened, &model, &Ctx::quiet()).unwrap();
        let batch = opened.data.transitions(&opened.split.heldout);
        let all: Vec<usize> = (0..batch.len()).collect();
        let mut state = model.begin(&batch.pasts(&all, 1));
        let p = model.step(&mut state, &batch.actions(0..batch.len()), Feedback::Mean).prediction;
        let logvar = p.logvar.unwrap();
        let change = |i: usize, c: usize| f64::from(batch.next_obs_at(i)[c]) - f64::from(batch.obs_at(i)[c]);
        let scale = change_scale(&opened, &model, &Ctx::quiet()).unwrap();
        let (mut spread, mut skill) = (0.0, 0.0);
        for i in 0..batch.len() {
            for c in 0..3 {
                let at = batch.len() + i;
                spread += f64::from(logvar[at * 4 + c]).exp() / scale[c].powi(2);
                skill += ((f64::from(p.delta[at * 3 + c]) - change(i, c)) / scale[c]).powi(2);
            }
        }
        let told = report.value("spread_skill").unwrap();
        // Changes are differences of single-precision numbers.
        assert!((told / (spread / skill).sqrt() - 1.0).abs() < 1e-4, "{told} {}", (spread / skill).sqrt());
        assert_eq!(report.stats[0].n, Some((batch.len() as u64, "transitions".into())));
    }
}
