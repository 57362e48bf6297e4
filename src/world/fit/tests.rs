use super::*;
use crate::ground::seed::stream;
use crate::ground::task::Cancel;
use crate::world::ensemble::{Ensemble, fresh, member_errors};
use crate::world::net::init;

/// obs' = obs + 0.1 action + 0.05 (1, -1), reward = obs·(1, 2) − action: linear, so a small network learns it.
fn linear(n: usize, purpose: &str) -> TransitionBatch {
    let z = init::normal(n * 3, &mut stream(5, purpose, 0));
    let mut batch = TransitionBatch::empty(2, 1);
    for (i, row) in z.chunks_exact(3).enumerate() {
        batch.obs.extend_from_slice(&row[..2]);
        batch.action.push(row[2]);
        batch.next_obs.extend([row[0] + 0.1 * row[2] + 0.05, row[1] + 0.1 * row[2] - 0.05]);
        batch.reward.push(row[0] + 2.0 * row[1] - row[2]);
        batch.terminated.push(row[0] > 1.5);
        batch.truncated.push(false);
        batch.episode.push(i / 50);
        batch.step.push(i % 50);
    }
    batch
}

fn small() -> FitOptions {
    FitOptions {
        members: 3,
        elites: 2,
        hidden: 24,
        layers: 2,
        batch: 64,
        check_every: 60,
        checks: 8,
        ..FitOptions::default()
    }
}

#[test]
fn training_learns_a_linear_world_and_keeps_the_best_members() {
    let (train_part, heldout) = (linear(2000, "train"), linear(400, "heldout"));
    let options = small();
    let ensemble = fresh(&train_part, &options, &mut stream(0, "weights", 0));
    let mut model: Box<dyn WorldModel> = Box::new(ensemble.clone());
    assert!(ensemble.learned_termination, "some transitions terminate");
    let mut rng = stream(0, "batches", 0);
    let mut looks = 0;
    let looked = std::cell::Cell::new(0);
    let live = |c: &FitCurve| looked.set(c.step.len());
    let mut draw = uniform_rows(train_part.len(), &mut rng);
    let curve = train(&mut model, (&train_part, &heldout), &options, &mut draw, &live, &Ctx::quiet()).expect("runs");
    looks += looked.get();
    assert_eq!(looks, curve.step.len());
    assert!(curve.heldout[curve.best] < 0.05 * curve.heldout[0], "{:?}", curve.heldout);
    let model = Ensemble::known(&*model).expect("it stays what it is");
    assert_eq!(model.elites.len(), 2);
    let errors = member_errors(model, &heldout, &Ctx::quiet()).expect("nobody cancels");
    let left_out: Vec<usize> = (0..3).filter(|m| !model.elites.contains(m)).collect();
    assert!(model.elites.iter().all(|&m| errors[m] <= errors[left_out[0]]), "{errors:?} {:?}", model.elites);
}

#[test]
fn a_cancel_leaves_the_starting_weights() {
    let data = linear(200, "train");
    let mut model: Box<dyn WorldModel> = Box::new(fresh(&data, &small(), &mut stream(3, "weights", 0)));
    let start = model.clone();
    let cancel = Cancel::default();
    let stop = cancel.clone();
    let mut rng = stream(0, "batches", 0);
    let mut rows = uniform_rows(200, &mut rng);
    let mut n = 0;
    let mut draw = |k: usize| {
        n += 1;
        if n == 100 {
            stop.cancel();
        }
        rows(k)
    };
    let cx = Ctx::new(cancel, |_| {});
    assert_eq!(train(&mut model, (&data, &data), &small(), &mut draw, &|_| {}, &cx), Err(Fault::Cancelled));
    assert!(*model == *start);
}
