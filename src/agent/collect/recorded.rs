//! Collecting in an environment that is recorded and played back.

use std::sync::{Arc, Mutex};

use super::{Collector, Limit};
use crate::agent::policy::{Acting, Scripted};
use crate::data::dataset::Dataset;
use crate::data::space::Actions;
use crate::env;
use crate::env::recorded::{Recorded, Recording};
use crate::env::vector::VectorEnv;
use crate::ground::task::Ctx;

type Kept = Arc<Mutex<Vec<Recording>>>;

/// Pendulums that know `known`, and what they hand on.
fn recorded(known: Vec<Recording>) -> (Recorded, Kept) {
    let kept = Kept::default();
    let inner = env::make("Pendulum-v1", 3, &[]).unwrap().unwrap();
    let into = Arc::clone(&kept);
    let sink = Box::new(move |episode: &Recording| {
        into.lock().unwrap().push(episode.clone());
        Ok(())
    });
    (Recorded::new(inner, known, sink), kept)
}

/// Two and a half episodes of a swing-up.
fn act(env: &mut Recorded, limit: Limit) -> (Dataset, usize) {
    let (policy, mut c) = (Scripted::named("Pendulum-v1", "narrow").unwrap(), Collector::new(1, "data", 0));
    c.run(env, &policy, Acting::Sampled, limit, &Ctx::quiet()).unwrap();
    (c.dataset(env).unwrap(), c.steps())
}

#[test]
fn what_was_recorded_is_played_back_and_only_the_rest_is_acted() {
    let (mut env, kept) = recorded(Vec::new());
    let (data, steps) = act(&mut env, Limit::steps(500));
    let all = kept.lock().unwrap().clone();
    assert_eq!((all.len(), steps), (3, 500));
    assert!(all.iter().any(|e| !e.terminated && !e.truncated && e.rewards.len() == 100), "cut off, and taken down");
    for known in [all[..1].to_vec(), all[..2].to_vec(), all.clone()] {
        let fresh = all.len() - known.len();
        let (mut env, kept) = recorded(known);
        assert_eq!(act(&mut env, Limit::steps(500)), (data.clone(), 500));
        assert_eq!(kept.lock().unwrap().len(), fresh);
    }
}

#[test]
fn an_episode_that_was_cut_off_can_be_gone_on_with() {
    let (mut env, kept) = recorded(Vec::new());
    act(&mut env, Limit::steps(100));
    let (mut whole, _) = recorded(Vec::new());
    let (mut resumed, again) = recorded(kept.lock().unwrap().clone());
    let one = Limit::episodes(1);
    assert_eq!(act(&mut resumed, one), act(&mut whole, one));
    let again = again.lock().unwrap();
    assert!(again.len() == 1 && again[0].rewards.len() == 200 && again[0].truncated);
}

#[test]
fn a_policy_that_acts_otherwise_is_told() {
    let (mut env, kept) = recorded(Vec::new());
    act(&mut env, Limit::episodes(1));
    let (mut other, _) = recorded(kept.lock().unwrap().clone());
    let space = other.spec().action_space.clone();
    let seed = kept.lock().unwrap()[0].seed;
    other.act_for("something else");
    other.reset(&[2], &[seed]).unwrap();
    assert!(other.step(&[2], &Actions::new(&space, vec![-1.9])).is_ok());
    other.act_for("");
    other.reset(&[2], &[seed]).unwrap();
    let told = other.step(&[2], &Actions::new(&space, vec![-1.9])).unwrap_err().to_string();
    assert!(told.contains("step 0") && told.contains("begin a new run"), "{told}");
}

#[test]
fn a_collector_takes_over_what_is_known() {
    let (mut env, kept) = recorded(Vec::new());
    let (data, steps) = act(&mut env, Limit::episodes(3));
    let (known, _) = recorded(kept.lock().unwrap().clone());
    let mut recalled = Collector::new(1, "data", 0);
    recalled.recall(&known);
    assert_eq!((recalled.dataset(&known).unwrap(), recalled.steps()), (data, steps));
}
