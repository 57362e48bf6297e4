use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::env;
use crate::ground::task::Cancel;
use crate::topup::active::{self, Active, Evaluation};
use crate::topup::offline::options::When;

fn learn() -> active::options::Options {
    active::options::Options {
        steps: 1200,
        random_steps: 400,
        every: 200,
        eval_every: 400,
        eval_episodes: 2,
        model_ratio: 0.2,
        policy_ratio: 0.3,
        first_model_steps: 100,
        hidden: 16,
        apart: true,
        seed: 3,
        ..active::options::Options::default()
    }
}

/// What an active agent left: its data, its course, and its folder.
struct Left {
    root: tempfile::TempDir,
    data: Dataset,
    course: Vec<(usize, Vec<Lesson>)>,
}

impl Left {
    fn run(&self) -> PathBuf {
        self.root.path().join("active")
    }
}

fn spec() -> BTreeMap<&'static str, &'static str> {
    BTreeMap::from([("agent", "test")])
}

fn active() -> Left {
    let root = tempfile::tempdir().unwrap();
    let run = root.path().join("active");
    let env = env::make("Pendulum-v1", 1, &[]).unwrap().unwrap();
    Active::at(env, learn(), (&run, &spec()), &|_| {}).unwrap().run(&Ctx::quiet()).unwrap();
    let data = crate::format::open(&run.join("episodes"), None, &Ctx::quiet()).unwrap();
    let rounds: Vec<Evaluation> = RunDir::rounds_of(&run, crate::topup::run::finished_rounds(&run)).unwrap();
    let course = rounds.into_iter().map(|round| (round.acted, round.lessons)).collect();
    Left { root, data, course }
}

fn given(left: &Left, seeds: Seeds) -> Given<'_> {
    Given { data: &left.data, heldout: Vec::new(), course: left.course.clone(), in_order: false, model: None, seeds }
}

fn agent<'a>(given: Given<'a>, schedule: When, place: &Path) -> Offline<'a> {
    let env = env::make("Pendulum-v1", 1, &[]).unwrap().unwrap();
    let options = Options { learn: learn(), schedule, ..Options::default() };
    Offline::at(given, env, options, (place, &spec())).unwrap()
}

fn same_files(a: &Path, b: &Path, names: &[&str]) {
    for name in names {
        assert_eq!(fs::read(a.join(name)).unwrap(), fs::read(b.join(name)).unwrap(), "{name}");
    }
}

/// A tandem that shares every seed with the active agent is the active agent: it was given the same rows in the same order.
#[test]
fn a_tandem_of_the_same_seeds_is_the_active_agent_to_the_bit() {
    let left = active();
    let place = left.root.path().join("tandem");
    let tandem = Given { in_order: true, ..given(&left, Seeds::all(3)) };
    let rounds = agent(tandem, When::Never, &place).run(&Ctx::quiet()).unwrap();
    assert_eq!(rounds.len(), 3);
    same_files(&left.run(), &place, &["checkpoints/0003/weights.safetensors", "checkpoints/0003/learner.safetensors"]);
    assert_eq!(rounds.iter().map(Round::total).collect::<Vec<_>>(), [400, 800, 1200], "evaluations alone");
    // With other weights it is another agent.
    let place = left.root.path().join("other");
    let other = Given { in_order: true, ..given(&left, Seeds { model: 9, policy: 9, rows: 3 }) };
    agent(other, When::Never, &place).run(&Ctx::quiet()).unwrap();
    let of = |run: &Path| fs::read(run.join("checkpoints/0003/weights.safetensors")).unwrap();
    assert_ne!(of(&left.run()), of(&place));
}

/// A tandem with the active agent's world model has it at every step; a frozen one never changes.
#[test]
fn the_world_model_can_be_the_active_agents() {
    let left = active();
    let model = |run: &Path, n: usize| {
        let saved = crate::checkpoint::open(&run.join(format!("checkpoints/000{n}"))).unwrap();
        saved.world_model.unwrap()
    };
    let place = left.root.path().join("same");
    let same = Given { in_order: true, ..given(&left, Seeds { model: 3, policy: 9, rows: 3 }) };
    agent(same, When::Never, &place).run(&Ctx::quiet()).unwrap();
    for n in 1..=3 {
        assert!(*model(&left.run(), n) == *model(&place, n), "round {n}");
    }
    let place = left.root.path().join("frozen");
    let last = model(&left.run(), 3);
    let frozen = Given { model: Some(last.clone()), ..given(&left, Seeds::all(9)) };
    agent(frozen, When::Never, &place).run(&Ctx::quiet()).unwrap();
    assert!(*model(&place, 1) == *last && *model(&place, 3) == *last);
}

#[test]
fn what_is_added_is_what_the_schedule_says_and_every_step_is_counted() {
    let left = active();
    let heldout = || vec![0, 2];
    let run = |name: &str, schedule| {
        let place = left.root.path().join(name);
        let given = Given { heldout: heldout(), ..given(&left, Seeds::all(9)) };
        (agent(given, schedule, &place).run(&Ctx::quiet()).unwrap(), place)
    };
    // Half of 1200 steps over two checks, in whole chunks of 200 but for the rest at the end.
    let (fixed, place) = run("fixed", When::Fixed { share: 0.5 });
    assert_eq!(fixed.iter().map(|r| r.added).collect::<Vec<_>>(), [200, 600, 600]);
    let added = crate::format::open(&place.join("episodes"), None, &Ctx::quiet()).unwrap();
    assert_eq!(added.num_steps(), 600);
    assert!(fixed.iter().all(|r| r.probed == 0 && !r.heldout.is_empty()));
    // Its threshold is never reached by a ratio above nothing, so every check adds until a fifth is.
    let place = left.root.path().join("adaptive");
    let env = env::make("Pendulum-v1", 1, &[]).unwrap().unwrap();
    let schedule = When::Adaptive { budget: 0.2 };
    let options = Options { learn: learn(), schedule, threshold: 1e-9, ..Options::default() };
    let given_here = Given { heldout: heldout(), ..given(&left, Seeds::all(9)) };
    let adaptive = Offline::at(given_here, env, options, (&place, &spec())).unwrap();
    let adaptive = adaptive.run(&Ctx::quiet()).unwrap();
    assert_eq!(adaptive.iter().map(|r| r.added).collect::<Vec<_>>(), [200, 240, 240]);
    // Two probes of 200 steps at two checks. The first is added whole; of the second nothing fits into 40 steps.
    assert_eq!(adaptive.iter().map(|r| r.probed).collect::<Vec<_>>(), [200, 600, 600]);
    assert!(adaptive[0].checked.as_ref().unwrap().ratio.is_some_and(f64::is_finite));
    let (yoked, _) = run("yoked", When::Yoked { chunks: vec![70, 30] });
    assert_eq!(yoked.last().unwrap().added, 100);
    let (none, _) = run("none", When::Never);
    assert!(none.iter().all(|r| r.added == 0 && r.checked.is_none()));
}

/// Stopped at every evaluation and in between, gone on with: the numbers of a run that nobody disturbed.
#[test]
fn an_agent_that_goes_on_is_the_one_that_nobody_disturbed() {
    let left = active();
    let given = || Given { heldout: vec![0, 2], ..given(&left, Seeds::all(9)) };
    let schedule = || When::Adaptive { budget: 0.2 };
    let whole = left.root.path().join("whole");
    // A context that stops after so many steps, and counts them.
    let stopping = |most: usize| {
        let (cancel, steps) = (Cancel::default(), Arc::new(AtomicUsize::new(0)));
        let (stopper, counter) = (cancel.clone(), Arc::clone(&steps));
        let cx = Ctx::new(cancel, move |_| {
            if counter.fetch_add(1, Ordering::Relaxed) + 1 == most {
                stopper.cancel();
            }
        });
        (cx, steps)
    };
    let (cx, steps) = stopping(usize::MAX);
    let undisturbed = agent(given(), schedule(), &whole).run(&cx).unwrap();
    let all = steps.load(Ordering::Relaxed);
    let place = left.root.path().join("disturbed");
    // In the first round, in later ones, and once before anything new is done.
    for most in [all / 5, all / 2, all / 3, 1, all / 10] {
        let ended = agent(given(), schedule(), &place).run(&stopping(most).0);
        assert!(matches!(ended, Err(Fault::Cancelled)), "step {most} of {all}: {ended:?}");
    }
    assert!(crate::topup::run::finished_rounds(&place) >= 1, "some of it was gone on from");
    let again = agent(given(), schedule(), &place).run(&Ctx::quiet()).unwrap();
    assert_eq!(format!("{again:?}"), format!("{undisturbed:?}"));
    let last = "checkpoints/0003/weights.safetensors";
    same_files(&whole, &place, &["metrics.jsonl", last, "trajectories/data/metadata.json"]);
}

#[test]
fn a_course_without_an_active_agent_has_its_gradient_steps() {
    let options = learn();
    let course = course(&options);
    assert_eq!(course.iter().map(|(clock, _)| *clock).collect::<Vec<_>>(), [400, 800, 1200]);
    let seen: usize = course.iter().flat_map(|(_, lessons)| lessons).map(|lesson| lesson.seen).sum();
    assert_eq!(seen, options.steps);
    assert_eq!(course[0].1.len(), 1, "what came at random is learned from at once");
}
