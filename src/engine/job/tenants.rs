//! Two tiny tenants that keep the seams honest: an environment of choices, and a world model that looks back. They go through
//! collection, fitting, imagination, scores, diagnosis and top-up.

mod repeat_last;

use std::sync::{Arc, Mutex};

use super::diagnose::Diagnose;
use super::imagine::Imagine;
use super::score::Score;
use super::{DiagnoseSpec, ImagineSpec, Job, ScoreSpec, Source};
use crate::agent::collect::{Collector, Limit};
use crate::agent::learner::LearnerOptions;
use crate::agent::policy::{Acting, Categorical};
use crate::checkpoint::Checkpoint;
use crate::data::dataset::Dataset;
use crate::engine::opened::Opened;
use crate::env::bandit::{PAYS, bandits};
use crate::env::vector::VectorEnv;
use crate::ground::seed::stream;
use crate::ground::task::Ctx;
use crate::metrics::report::Report;
use crate::topup::controller::Schedule;
use crate::topup::controller::trigger::Trigger;
use crate::topup::prepare::{self, Plan};
use crate::topup::round::{Options, TopUp};
use crate::world::ensemble::Ensemble;
use crate::world::fit::FitOptions;
use crate::world::net::init;
use crate::world::net::mlp::Activation;
use crate::world::net::normalizer::Normalizer;
use crate::world::world_model::WorldModel;
use repeat_last::RepeatLast;

/// Pulls arms at random.
fn policy() -> Categorical {
    let net = init::mlp(1, &[2, 3], Activation::Relu, 0.0, &mut stream(0, "policy", 0));
    Categorical::new(net, Normalizer::identity(2), bandits(1).spec().action_space.clone()).unwrap()
}

fn pulled(episodes: usize, seed: u64) -> Dataset {
    let (mut env, mut collector) = (bandits(4), Collector::new(seed, "arms", 0));
    collector.run(&mut env, &policy(), Acting::Sampled, Limit::episodes(episodes), &Ctx::quiet()).unwrap();
    collector.dataset(&env).unwrap()
}

fn opened(data: Dataset, model: Box<dyn WorldModel>) -> Opened {
    let checkpoint = Checkpoint { world_model: Some(model), policy: Some(Box::new(policy())), ..Checkpoint::default() };
    assert_eq!(checkpoint.fits(&data.obs_space, &data.action_space), Ok(()));
    assert_eq!(checkpoint.action_note(&data.action_space), None, "an arm is a column");
    let mut opened = Opened::new(Source::default(), Arc::new(data));
    opened.checkpoint = Some(Arc::new(checkpoint));
    opened.rollouts = Some(Arc::new(pulled(6, 9)));
    opened
}

fn reported<J: Job<Input = Opened>>(spec: &J::Spec, opened: Opened) -> Report {
    let last = Mutex::new(None);
    J::run(spec, opened, &Ctx::quiet(), &|report| *last.lock().unwrap() = Some(report)).unwrap();
    last.into_inner().unwrap().expect("a report")
}

/// Imagination, scores and diagnosis of `model` give their reports; answers the error of the reward-free imagination.
fn judged(data: &Dataset, model: &dyn WorldModel) -> Report {
    let of = || opened(data.clone(), model.boxed());
    let imagine = ImagineSpec { horizon: 5, starts: 40, ..ImagineSpec::default() };
    let imagined = reported::<Imagine>(&imagine, of());
    assert!(reported::<Score>(&ScoreSpec::default(), of()).tables.iter().any(|t| !t.rows.is_empty()));
    let diagnosis = reported::<Diagnose>(&DiagnoseSpec::default(), of());
    assert!(diagnosis.tables.iter().any(|t| t.rows.len() == 6), "{:?}", diagnosis.tables);
    imagined
}

/// A top-up of one round; answers its report.
fn topped_up(data: &Dataset, model: &dyn WorldModel) -> Report {
    let opened = opened(data.clone(), model.boxed());
    let root = tempfile::tempdir().unwrap();
    let options = Options {
        schedule: Schedule::Fixed,
        threshold: None,
        budget: 0.2,
        probes: 2,
        rounds: 1,
        model_steps: 50,
        policy_steps: 10,
        eval_episodes: 3,
        alpha: 0.05,
        trigger: Trigger::PerCheck,
        seed: 4,
        ..Options::default()
    };
    let start = Checkpoint::clone(opened.checkpoint.as_deref().unwrap());
    let spec = std::collections::BTreeMap::from([("job", "topup")]);
    let parts = (&*opened.data, &opened.split);
    let topup = TopUp::new(parts, start, Box::new(bandits(2)), options, (root.path(), &spec), &|_| {}).unwrap();
    let finished = topup.run(&Ctx::quiet()).unwrap();
    assert!(finished.report.value("added").is_some_and(|n| n > 0.0));
    assert!(finished.written.iter().any(|path| path.ends_with("episodes")));
    finished.report
}

#[test]
fn a_bandit_goes_through_the_house() {
    let data = pulled(60, 1);
    assert!(data.spans().iter().any(|s| s.terminated) && data.spans().iter().any(|s| s.truncated));
    let split = Opened::new(Source::default(), Arc::new(data.clone())).split;
    let plan = Plan {
        fit: FitOptions { members: 3, elites: 2, hidden: 24, layers: 2, checks: 12, ..FitOptions::default() },
        learner: LearnerOptions::default(),
        policy_steps: 0,
        seed: 0,
    };
    let fitted = prepare::fit(&data, &split, &plan, None, &|_| {}, &Ctx::quiet()).unwrap();
    let model = fitted.world_model.unwrap();
    let ensemble = Ensemble::known(&*model).unwrap();
    assert_eq!((ensemble.action_dim, ensemble.learned_termination), (3, true), "a column for each arm");
    // The second arm pays least although it stands between the others.
    for (arm, pay) in PAYS.iter().enumerate() {
        let mut columns = vec![0.0; 3];
        columns[arm] = 1.0;
        let said = ensemble.predict(&[0.0, 0.0], &columns).mean_reward(&ensemble.elites).unwrap()[0];
        // The noise of a payoff is 0.1; what a short fit leaves is of that size.
        assert!((said - pay).abs() < 0.4, "arm {arm}: {said} against {pay}");
    }
    let imagined = judged(&data, &*model);
    let value = |key: &str| imagined.value(key).unwrap_or(f64::NAN);
    assert!(value("one_step_nrmse") < value("nrmse_last"), "{} {}", value("one_step_nrmse"), value("nrmse_last"));
    let report = topped_up(&data, &*model);
    assert!(report.notes.iter().all(|n| !n.text.contains("cannot be saved")), "{:?}", report.notes);
}

#[test]
fn a_model_that_looks_back_goes_through_the_house() {
    let data = pulled(40, 2);
    let model = RepeatLast::new(2, 3);
    judged(&data, &model);
    let report = topped_up(&data, &model);
    let said = report.notes.iter().any(|n| n.text.contains("world models of the kind 'repeat-last' cannot be saved"));
    assert!(said, "{:?}", report.notes);
}
