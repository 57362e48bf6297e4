//! Pairs of held-out transitions from nearly the same state under different actions, and what the world model says of them.

use rand::seq::SliceRandom;

use super::model_space;
use super::sampled::{STRETCH, change_scale, sample};
use crate::data::episode::TransitionBatch;
use crate::data::space::Actions;
use crate::engine::opened::Opened;
use crate::ground::fault::Fault;
use crate::ground::seed::stream;
use crate::ground::stats;
use crate::ground::task::Ctx;
use crate::metrics::fidelity::{self, Input};
use crate::metrics::neighbors::{self, Exclude};
use crate::metrics::novelty::Novelty;
use crate::metrics::report::{Level, Report};
use crate::world::imagine;
use crate::world::world_model::{Feedback, WorldModel};

/// Held-out transitions among which pairs are sought, and so many where all of them have to be encoded.
const AMONG: (usize, usize) = (50_000, 10_000);
/// Most pairs.
const PAIRS: usize = 2_000;
/// Nearest states of other episodes, of which the one with the most different action is taken.
const NEAR: usize = 10;
/// Actions nearer than this, in standard deviations, are the same.
const SAME: f64 = 0.1;

/// Adds action fidelity with its curves and table: pairs are sought in what was `opened`, and compared as the model sees it.
///
/// # Errors
/// Cancelled.
pub fn tell(
    report: &mut Report,
    (opened, seen): (&Opened, &Opened),
    model: &dyn WorldModel,
    (novelty, seed): (&Novelty, u64),
    cx: &Ctx,
) -> Result<(), Fault> {
    let cx = &cx.phase("action fidelity");
    let data = &opened.data;
    let context = model.context();
    let among = if model.encoder().is_some() { AMONG.1 } else { AMONG.0 };
    let batch = sample(data, &opened.split.heldout, among, STRETCH + context);
    let scale = change_scale(opened, model, cx)?;
    let several = opened.split.heldout.len() > 1;
    let pairs = if several { pairs(&batch, context, novelty, cx)? } else { Vec::new() };
    if pairs.is_empty() {
        let text = "No action fidelity: no two held-out transitions of different episodes begin near one another with different actions.";
        report.note(Level::Info, text);
        return Ok(());
    }
    let first: Vec<f32> = pairs.iter().flat_map(|p| batch.obs_at(p.rows.0)).copied().collect();
    let batch = model_space::batch(model, batch, cx)?;
    let rows: Vec<usize> = pairs.iter().flat_map(|p| [p.rows.0, p.rows.1]).collect();
    let mut others = rows.clone();
    others.shuffle(&mut stream(seed, "shuffled actions", 0));
    let (model_says, shuffled) =
        (changes(model, &batch, (&rows, &rows), cx)?, changes(model, &batch, (&rows, &others), cx)?);
    let d = batch.obs_dim;
    let real: Vec<f32> = rows
        .iter()
        .flat_map(|&r| batch.next_obs_at(r).iter().zip(batch.obs_at(r)).map(|(next, now)| next - now))
        .collect();
    let apart = |of: &[f32]| -> Vec<f32> {
        of.chunks_exact(2 * d).flat_map(|two| (0..d).map(|c| two[c] - two[d + c])).collect()
    };
    let input = Input {
        names: &seen.data.obs_space.names,
        scale: &scale,
        real: &apart(&real),
        model: &apart(&model_says),
        shuffled: &apart(&shuffled),
        apart: &pairs.iter().map(|p| p.apart).collect::<Vec<_>>(),
        novelty: &novelty.ratios(&first, cx)?,
        owner: &pairs.iter().map(|p| batch.episode[p.rows.0]).collect::<Vec<_>>(),
        seed,
    };
    fidelity::tell(report, &input, cx)?;
    if model.encoder().is_some() {
        model_space::list_the_worst(report, "action_signs");
    }
    Ok(())
}

/// Two rows of a batch and how far their actions are apart.
struct Pair {
    rows: (usize, usize),
    apart: f64,
}

/// Of evenly many rows the neighbour with the most different action.
fn pairs(batch: &TransitionBatch, context: usize, novelty: &Novelty, cx: &Ctx) -> Result<Vec<Pair>, Fault> {
    let rows = batch.with_context(context);
    let owner: Vec<usize> = rows.iter().map(|&i| batch.episode[i]).collect();
    let obs: Vec<f32> = rows.iter().flat_map(|&i| batch.obs_at(i)).copied().collect();
    let most = stats::by_episode(&owner).iter().map(|(_, own)| own.len()).max().unwrap_or(0);
    let near = NEAR.min(rows.len() - most);
    if near == 0 {
        return Ok(Vec::new());
    }
    let features = &novelty.features;
    let index = neighbors::index(features.points(&obs, &owner)?, cx)?;
    let asked = stats::evenly(rows.len(), PAIRS);
    let d = batch.obs_dim;
    let queries: Vec<f32> = asked.iter().flat_map(|&j| &obs[j * d..(j + 1) * d]).copied().collect();
    let of: Vec<usize> = asked.iter().map(|&j| owner[j]).collect();
    let found = index.knn(&features.points(&queries, &of)?, near, Exclude::SameEpisode, cx)?;
    let all = batch.actions(0..batch.len());
    let width = all.space().encoded_dim();
    let columns = all.columns(width);
    let std = stats::column_mean_std(&columns, width).1;
    let apart = |a: usize, b: usize| {
        let (a, b) = (&columns[a * width..(a + 1) * width], &columns[b * width..(b + 1) * width]);
        let square = |((a, b), s): ((&f32, &f32), &f64)| if *s > 0.0 { (f64::from(a - b) / s).powi(2) } else { 0.0 };
        (a.iter().zip(b).zip(&std).map(square).sum::<f64>() / width as f64).sqrt()
    };
    let pair = |(q, &j): (usize, &usize)| {
        let near = found.rows[q * near..(q + 1) * near].iter().filter(|&&r| r != u32::MAX);
        let far = near.map(|&r| (apart(rows[j], rows[r as usize]), rows[r as usize]));
        let (apart, other) = far.max_by(|a, b| a.0.total_cmp(&b.0))?;
        (apart > SAME).then_some(Pair { rows: (rows[j], other), apart })
    };
    Ok(asked.iter().enumerate().filter_map(pair).collect())
}

/// [N, D] predicted changes of the states of `rows` under the actions of the rows `acting`.
fn changes(
    model: &dyn WorldModel,
    batch: &TransitionBatch,
    (rows, acting): (&[usize], &[usize]),
    cx: &Ctx,
) -> Result<Vec<f32>, Fault> {
    let (each, n) = (imagine::chunk(model), rows.len() as u64);
    let mut out = Vec::with_capacity(rows.len() * batch.obs_dim);
    for (i, (rows, acting)) in rows.chunks(each).zip(acting.chunks(each)).enumerate() {
        cx.step((i * each) as u64, n)?;
        let mut state = model.begin(&batch.pasts(rows, model.context()));
        let stored = batch.actions_at(acting).stored().to_vec();
        model.step(&mut state, &Actions::new(&batch.action_space, stored), Feedback::Mean);
        let before = rows.iter().flat_map(|&r| batch.obs_at(r));
        out.extend(state.obs.iter().zip(before).map(|(next, now)| next - now));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::agent::collect::{Collector, Limit};
    use crate::agent::policy::{Acting, Scripted};
    use crate::engine::measure::coverage;
    use crate::engine::spec::Source;
    use crate::world::ensemble;
    use crate::world::fit::FitOptions;

    /// Pendulum's swing-up under noisy actions: a model that was never trained knows nothing of them, one that was fitted does.
    #[test]
    fn a_fitted_model_follows_the_actions_and_an_untrained_one_does_not() {
        let mut env = crate::env::make("Pendulum-v1", 2, &[]).unwrap().unwrap();
        let (mut c, policy) = (Collector::new(5, "t", 0), Scripted::named("Pendulum-v1", "mixed").unwrap());
        c.run(&mut *env, &policy, Acting::Sampled, Limit::episodes(20), &Ctx::quiet()).unwrap();
        let opened = Opened::new(Source::default(), Arc::new(c.dataset(&*env).unwrap()));
        let reference = coverage::novelty(&opened, &Ctx::quiet()).unwrap();
        let train = opened.data.transitions(&opened.split.train);
        let options = FitOptions { members: 1, elites: 1, hidden: 32, layers: 2, ..FitOptions::default() };
        let untrained = ensemble::fresh(&train, &options, &mut stream(0, "t", 0));
        let of = |model: &dyn WorldModel| {
            let mut report = Report::default();
            tell(&mut report, (&opened, &opened), model, (reference.novelty(), 0), &Ctx::quiet()).unwrap();
            report
        };
        let (without, device) = (of(&untrained), crate::world::net::device::Device::default());
        assert!(without.value("action_fidelity").unwrap() < 0.5, "{:?}", without.value("action_fidelity"));
        let validation = opened.data.transitions(&opened.split.calibration);
        let mut fit = untrained.fit(&train, &validation, device).unwrap();
        let mut rng = stream(0, "rows", 0);
        for _ in 0..600 {
            let drawn: Vec<usize> = (0..256).map(|_| rand::RngExt::random_range(&mut rng, 0..train.len())).collect();
            fit.step(&drawn, 3e-3);
        }
        let fitted = of(&*fit.model());
        let value = |key: &str| fitted.value(key).unwrap();
        assert!(value("action_fidelity") > 0.9, "{:?}", fitted.notes);
        assert!(value("action_fidelity_gain") > 0.2, "{:?}", fitted.notes);
        assert_eq!(fitted.tables[0].rows.len(), 3);
    }
}
