use super::*;
use crate::agent::learner::LearnerKind;
use crate::env;
use crate::ground::task::Cancel;
use crate::world::fit::ModelKind;
use std::fs;

/// Few gradient steps: nothing here needs them to have taught anything.
fn options() -> Options {
    Options {
        first_model_steps: 100,
        model_ratio: 0.2,
        policy_ratio: 0.5,
        steps: 900,
        random_steps: 300,
        every: 100,
        eval_every: 300,
        eval_episodes: 2,
        hidden: 16,
        ..Options::default()
    }
}

fn begin<'a>(root: &Path, id: &str, options: Options, emit: &'a dyn Fn(Report)) -> Active<'a> {
    let env = env::make(id, 1, &[]).unwrap().unwrap();
    Active::new(env, options, (root, &std::collections::BTreeMap::from([("agent", "active")])), emit).unwrap()
}

#[test]
fn a_run_counts_its_steps_and_leaves_data_and_networks() {
    let root = tempfile::tempdir().unwrap();
    let finished = begin(root.path(), "CartPole-v1", options(), &|_| {}).run(&Ctx::quiet()).unwrap();
    let value = |key: &str| finished.report.value(key).unwrap() as usize;
    assert_eq!(value("acted"), 900);
    assert_eq!(value("total"), value("acted") + value("evaluated"));
    let run = &finished.written[0];
    assert_eq!(fs::read_to_string(run.join("metrics.jsonl")).unwrap().lines().count(), 3);
    let data = crate::format::open(&run.join("episodes"), None, &Ctx::quiet());
    assert_eq!(data.map(|d| d.num_steps()).unwrap(), 900);
    let saved = crate::checkpoint::open(&run.join("checkpoints/0003")).unwrap();
    assert_eq!(saved.policy.unwrap().kind(), "categorical");
    assert!(saved.world_model.unwrap().predicts_end() && saved.critic.is_some());
    assert!(finished.summary.contains("CartPole-v1: mean return"), "{}", finished.summary);
}

/// Recurrent world models are trained on stretches: few steps do for a test.
fn recurrent() -> Options {
    Options {
        model: ModelKind::Rssm,
        steps: 450,
        random_steps: 150,
        eval_every: 150,
        eval_episodes: 1,
        first_model_steps: 5,
        model_ratio: 0.02,
        policy_ratio: 0.06,
        ..options()
    }
}

#[test]
fn an_agent_learns_in_the_imagination_of_a_recurrent_model_and_its_policy_acts_on_what_that_makes_of_an_episode() {
    let root = tempfile::tempdir().unwrap();
    let finished = begin(root.path(), "CartPole-v1", recurrent(), &|_| {}).run(&Ctx::quiet()).unwrap();
    let saved = crate::checkpoint::open(&finished.written[0].join("checkpoints/0003")).unwrap();
    let (model, policy) = (saved.world_model.unwrap(), saved.policy.unwrap());
    assert_eq!((model.kind(), policy.kind(), policy.features()), ("rssm", "filtered", Some(4)));
    let own = crate::agent::policy::Filtered::actor_of(&*policy);
    assert_eq!((own.kind(), own.features()), ("categorical", Some(model.dims().feature)));
    assert!(finished.report.value("acted").unwrap() > 0.0);
}

/// Stopped at an evaluation, gone on with: the numbers of a run that nobody disturbed.
#[test]
fn a_run_that_goes_on_is_the_run_that_nobody_disturbed() {
    goes_on(&options());
}

#[test]
fn a_run_with_a_recurrent_model_goes_on_as_well() {
    for learner in [LearnerKind::Sac, LearnerKind::Lambda] {
        goes_on(&Options { learner: Some(learner), ..recurrent() });
    }
}

fn goes_on(options: &Options) {
    let options = || options.clone();
    let roots = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let whole = begin(roots[0].path(), "Pendulum-v1", options(), &|_| {}).run(&Ctx::quiet()).unwrap();
    let cancel = Cancel::default();
    let stop = |report: Report| {
        if report.series.iter().any(|s| s.key == "score" && s.x.len() == 2) {
            cancel.cancel();
        }
    };
    let cx = Ctx::new(cancel.clone(), |_| {});
    let left = begin(roots[1].path(), "Pendulum-v1", options(), &stop).run(&cx).unwrap();
    let folder = &left.written[0];
    assert!(left.report.value("acted").unwrap() < 900.0);
    assert!(left.summary.contains("oodscope active --resume"), "{}", left.summary);
    let env = env::make("Pendulum-v1", 1, &[]).unwrap().unwrap();
    let again = Active::resume(env, options(), folder, &|_| {}).unwrap().run(&Ctx::quiet()).unwrap();
    // As text, in which NaN is NaN.
    assert_eq!(format!("{:?}", again.report.series), format!("{:?}", whole.report.series));
    assert_eq!(again.report.value("total"), whole.report.value("total"));
    let of = |run: &Path, name: &str| fs::read(run.join(name)).unwrap();
    for name in ["metrics.jsonl", "checkpoints/0003/weights.safetensors", "checkpoints/0003/learner.safetensors"] {
        assert_eq!(of(folder, name), of(&whole.written[0], name), "{name}");
    }
    let env = env::make("Pendulum-v1", 1, &[]).unwrap().unwrap();
    let refused = Active::resume(env, options(), folder, &|_| {}).err().unwrap().to_string();
    assert!(refused.contains("has ended"), "{refused}");
}

/// Killed after the last evaluation and before the end was written: only the end is left to do.
#[test]
fn a_run_that_died_at_its_end_is_only_ended() {
    let root = tempfile::tempdir().unwrap();
    let whole = begin(root.path(), "Pendulum-v1", options(), &|_| {}).run(&Ctx::quiet()).unwrap();
    let folder = &whole.written[0];
    let metrics = || fs::read(folder.join("metrics.jsonl")).unwrap();
    let before = metrics();
    for name in ["outcome.toml", "report.json"] {
        fs::remove_file(folder.join(name)).unwrap();
    }
    let env = env::make("Pendulum-v1", 1, &[]).unwrap().unwrap();
    let again = Active::resume(env, options(), folder, &|_| {}).unwrap().run(&Ctx::quiet()).unwrap();
    assert_eq!(metrics(), before);
    assert_eq!(again.report.value("total"), whole.report.value("total"));
    assert!(!folder.join("checkpoints/0004").exists() && folder.join("outcome.toml").is_file());
}

#[test]
fn a_target_that_is_reached_ends_the_run() {
    let root = tempfile::tempdir().unwrap();
    let options = Options { target: Some(-1e9), ..options() };
    let finished = begin(root.path(), "Pendulum-v1", options, &|_| {}).run(&Ctx::quiet()).unwrap();
    assert!(finished.report.value("acted").unwrap() < 900.0);
    assert!(finished.summary.contains("is reached on 20 other starts"), "{}", finished.summary);
    let ended: Ended = run::ended(&finished.written[0]).unwrap();
    assert!(ended.reached && !ended.stopped);
}
