//! Needs a Python with Gymnasium (some with `MuJoCo`): `OODSCOPE_TEST_PYTHON=/path/to/python cargo test`. Without it every
//! test here says that it is skipped.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use super::*;
use crate::data::space::SpaceKind;
use crate::ground::task::Cancel;

const FAKES: &str = include_str!("tests/fakes.py");

/// The Python to test with, where one is named.
fn python() -> Option<PathBuf> {
    let named = std::env::var_os("OODSCOPE_TEST_PYTHON").map(PathBuf::from);
    if named.is_none() {
        println!("skipped: OODSCOPE_TEST_PYTHON names no Python with gymnasium");
    }
    named
}

/// A folder with the module that registers the environments of these tests.
fn fakes() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let module = folder.path().join("fakes.py");
    std::fs::write(&module, FAKES).unwrap();
    let module = module.to_str().unwrap().to_owned();
    (folder, module)
}

/// The environment of the tests that does `what` wrong in its third step; with `once` only the first time.
fn wrong(python: &Path, module: &str, what: &str, once: bool) -> Options {
    let mut options = Options { python: Some(python.into()), imports: vec![module.into()], ..Options::new("Fake-v0") };
    options.kwargs.insert("what".into(), what.into());
    if once {
        options.kwargs.insert("mark".into(), format!("{module}.{what}").into());
    }
    options.step_limit = Duration::from_secs(2);
    options
}

fn start(options: Options) -> Result<Gymnasium, Fault> {
    Gymnasium::start(options, &Ctx::quiet())
}

fn refused(options: Options) -> String {
    start(options).err().unwrap().to_string()
}

/// Five steps of one action in every copy.
fn five(env: &mut Gymnasium, action: &[f32]) -> Result<Vec<StepBatch>, Fault> {
    let (copies, space): (Vec<usize>, _) = ((0..env.copies()).collect(), env.spec().action_space.clone());
    env.reset(&copies, &copies.iter().map(|&c| c as u64 + 7).collect::<Vec<_>>())?;
    (0..5).map(|_| env.step(&copies, &Actions::new(&space, action.repeat(copies.len())))).collect()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * (1.0 + b.abs())
}

#[test]
fn what_an_environment_prints_harms_nothing() {
    let Some(python) = python() else { return };
    let (_folder, module) = fakes();
    let steps = |what: &str| five(&mut start(wrong(&python, &module, what, false)).unwrap(), &[1.0]).unwrap();
    assert_eq!(steps("prints"), steps("nothing"));
}

#[test]
fn what_goes_wrong_is_said_in_time_and_does_not_outlast_a_recovery() {
    let Some(python) = python() else { return };
    let (_folder, module) = fakes();
    let cases = [
        ("exits", "ended with status 7 (stepping); its last words: now it ends"),
        ("dies", "killed by signal 9, often because the memory ran out (stepping)"),
        ("hangs", "no answer within 2 s (stepping)"),
        ("nan", "copy 0 answers NaN as obs[1] (stepping)"),
        ("infinite", "copy 0 answers inf as reward (stepping)"),
        ("raises", "RuntimeError in copy 0: the gripper is stuck (at "),
        ("leaves", "SystemExit in copy 0: 3"),
        ("short", "an observation of shape (1,) where its space has (2,)"),
        ("memory", "MemoryError"),
    ];
    // Where an environment can find the socket to write to.
    let linux = [("garbage", "answers garbage (stepping)")];
    for (what, said) in cases.into_iter().chain(linux.into_iter().filter(|_| cfg!(target_os = "linux"))) {
        let mut env = start(wrong(&python, &module, what, true)).unwrap();
        let begun = Instant::now();
        let fault = five(&mut env, &[0.0]).unwrap_err();
        assert!(fault.to_string().contains(said), "{what}: {fault}");
        assert!(fault.to_string().starts_with("Fake-v0: "), "{fault}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{what}");
        env.recover(fault).unwrap();
        assert_eq!(five(&mut env, &[0.0]).unwrap().len(), 5, "{what}");
    }
}

#[test]
fn copies_are_the_same_in_however_many_processes() {
    let Some(python) = python() else { return };
    let of = |processes| {
        let options = Options {
            python: Some(python.clone()),
            copies: 5,
            processes: Some(processes),
            ..Options::new("CartPole-v1")
        };
        let mut env = start(options).unwrap();
        let space = env.spec().action_space.clone();
        let first = env.reset(&[4, 0, 2], &[1, 2, 3]).unwrap();
        let next = env.step(&[2, 4], &Actions::new(&space, vec![1.0, 0.0])).unwrap();
        (first, next)
    };
    assert_eq!(of(1), of(2));
    assert_eq!(of(1), of(5));
}

/// Whatever the worker has begun by itself: every episode begins as its seed says, and goes on from there.
#[test]
fn episodes_that_are_announced_are_those_that_are_asked_for() {
    let Some(python) = python() else { return };
    for processes in [1, 2, 5] {
        let begin = || {
            start(Options {
                python: Some(python.clone()),
                copies: 5,
                processes: Some(processes),
                ..Options::new("CartPole-v1")
            })
            .unwrap()
        };
        let (mut plain, mut announced) = (begin(), begin());
        let space = plain.spec().action_space.clone();
        // Not in the order of their numbers, as those that act may be.
        let copies = [3, 0, 4, 2, 1];
        let mut seeds = 5..;
        let firsts: Vec<u64> = (0..5).collect();
        assert_eq!(plain.reset(&copies, &firsts).unwrap(), announced.reset(&copies, &firsts).unwrap());
        let (mut begun, mut spared) = (0, 0);
        for t in 0..120 {
            let actions = Actions::new(&space, (0..5).map(|c| f32::from((t / 7 + c) % 5 < 3)).collect::<Vec<f32>>());
            announced.announce(&(seeds.start..seeds.start + 5).collect::<Vec<u64>>());
            let steps = plain.step(&copies, &actions).unwrap();
            assert_eq!(steps, announced.step(&copies, &actions).unwrap(), "step {t}");
            let mut over: Vec<usize> = (0..5).filter(|&row| steps.terminated[row] || steps.truncated[row]).collect();
            over.sort_by_key(|&row| copies[row]);
            let over: Vec<usize> = over.into_iter().map(|row| copies[row]).collect();
            if over.is_empty() {
                continue;
            }
            // Every fourth time other seeds than announced.
            seeds.start += u64::from(t % 4 == 0);
            let asked: Vec<u64> = seeds.by_ref().take(over.len()).collect();
            let known = |(copy, seed): (&usize, &u64)| matches!(&announced.begun[*copy], Some((of, _)) if of == seed);
            spared += over.iter().zip(&asked).filter(|pair| known(*pair)).count();
            begun += over.len();
            assert_eq!(plain.reset(&over, &asked).unwrap(), announced.reset(&over, &asked).unwrap(), "step {t}");
        }
        assert!(begun > 10 && spared * 2 > begun, "{processes} processes: {spared} of {begun} were begun at once");
    }
}

#[test]
fn spaces_of_every_kind_are_flattened_as_datasets_have_them() {
    let Some(python) = python() else { return };
    let (_folder, module) = fakes();
    let make =
        |id: &str| start(Options { python: Some(python.clone()), imports: vec![module.clone()], ..Options::new(id) });
    let mut env = make("Nested-v0").unwrap();
    let spec = env.spec().clone();
    let names = "a.0.0 a.1.0 a.1.1 b.0 b.1 b.2 b.3 z.0 z.1";
    assert_eq!(spec.obs_space.names.join(" "), names);
    let SpaceKind::Box { low, high } = &spec.obs_space.kind else { panic!("{:?}", spec.obs_space) };
    assert_eq!((low[0], high[0], low[3], high[3], high[8]), (2.0, 4.0, 0.0, 255.0, 1.0));
    assert_eq!(spec.action_space.names.join(" "), "grip.0 move.0 move.1");
    assert_eq!(env.reset(&[0], &[0]).unwrap(), [3.0, 1.0, -1.0, 1.0, 2.0, 3.0, 4.0, 0.0, 1.0]);
    let step = env.step(&[0], &Actions::new(&spec.action_space, vec![2.0, 0.5, -0.5])).unwrap();
    assert_eq!(step.reward, [2.0], "the environment takes its action apart");
    assert!(!make("Choices-v0").unwrap().seeded(), "its observations are drawn without the seed");
    let kinds = [
        ("Choices-v0", SpaceKind::MultiDiscrete { n: vec![3, 2], start: vec![0, 0] }),
        ("Flags-v0", SpaceKind::MultiBinary),
    ];
    for (id, kind) in kinds {
        let mut env = make(id).unwrap();
        assert_eq!(env.spec().action_space.kind, kind);
        assert_eq!(env.spec().action_space.names, ["action[0]", "action[1]"]);
        assert_eq!(five(&mut env, &[1.0, 0.0]).unwrap()[4].reward, [1.0]);
    }
    let text = make("Text-v0").err().unwrap().to_string();
    assert!(
        text.contains("the part 'said' of its observation space is of kind Text, which has no fixed row"),
        "{text}"
    );
    let graph = make("Graph-v0").err().unwrap().to_string();
    assert!(graph.contains("its action space is of kind Graph"), "{graph}");
    let wide = make("Wide-v0").err().unwrap().to_string();
    assert!(wide.contains("has 120000 numbers a row, more than the 100000"), "{wide}");
}

#[test]
fn what_is_missing_is_named_in_one_sentence() {
    let Some(python) = python() else { return };
    let with = |id: &str| Options { python: Some(python.clone()), ..Options::new(id) };
    let unknown = refused(with("Hoper-v5"));
    assert!(unknown.starts_with("Hoper-v5: ") && unknown.contains("Did you mean: `Hopper`?"), "{unknown}");
    let none = refused(Options { python: Some("/no/python".into()), ..Options::new("CartPole-v1") });
    assert!(none.starts_with("no Python: /no/python, named with --python cannot be started"), "{none}");
    let bare = format!("'{}' -S -u -", python.display());
    let bare = refused(Options { worker_command: Some(bare), ..Options::new("CartPole-v1") });
    assert!(bare.contains("cannot import numpy") && bare.contains("-m pip install numpy"), "{bare}");
    let module = refused(Options { imports: vec!["no_such_module".into()], ..with("CartPole-v1") });
    assert!(module.contains("cannot import 'no_such_module', which should register CartPole-v1"), "{module}");
    let mut kwargs = with("CartPole-v1");
    kwargs.kwargs.insert("wheels".into(), 4.into());
    let kwargs = refused(kwargs);
    assert!(kwargs.contains("unexpected keyword argument 'wheels'"), "{kwargs}");
    let silent = with("CartPole-v1");
    let silent =
        Options { worker_command: Some("sleep 100".into()), start_limit: Duration::from_millis(300), ..silent };
    assert!(refused(silent).contains("no answer within 0.3 s (starting)"));
    let other = Options { worker_command: Some("echo hello".into()), ..Options::new("CartPole-v1") };
    let other = refused(other);
    assert!(other.contains("ended with status 0 (starting)"), "{other}");
}

/// What stands for ssh: its last words are read by one more shell.
#[cfg(unix)]
#[test]
fn a_worker_may_be_somewhere_else() {
    use std::os::unix::fs::PermissionsExt as _;
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let ssh = folder.path().join("ssh");
    std::fs::write(&ssh, "#!/bin/sh\nshift\necho Welcome to oods!\nexec sh -c \"$*\"\n").unwrap();
    std::fs::set_permissions(&ssh, std::fs::Permissions::from_mode(0o755)).unwrap();
    let command = format!("{} host {} -u -", ssh.display(), python.display());
    let mut env = start(Options { worker_command: Some(command), ..Options::new("CartPole-v1") }).unwrap();
    assert_eq!(five(&mut env, &[1.0]).unwrap().len(), 5);
    assert!(env.chosen().ends_with("named with --worker-command"));
}

#[test]
fn a_cancel_ends_the_worker_at_once() {
    let Some(python) = python() else { return };
    let (_folder, module) = fakes();
    let cancel = Cancel::default();
    let options = Options { step_limit: Duration::from_mins(1), ..wrong(&python, &module, "hangs", false) };
    let mut env = Gymnasium::start(options, &Ctx::new(cancel.clone(), |_| {})).unwrap();
    let waker = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(400));
        cancel.cancel();
    });
    let begun = Instant::now();
    assert_eq!(five(&mut env, &[0.0]), Err(Fault::Cancelled));
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    waker.join().unwrap();
}

#[test]
fn limits_and_options_are_passed_on() {
    let Some(python) = python() else { return };
    let with = |id: &str| Options { python: Some(python.clone()), ..Options::new(id) };
    let mut short = start(Options { max_episode_steps: Some(5), ..with("Pendulum-v1") }).unwrap();
    assert_eq!(short.spec().max_episode_steps, Some(5));
    let last = five(&mut short, &[0.0]).unwrap().pop().unwrap();
    assert_eq!((last.terminated, last.truncated), (vec![false], vec![true]));
    let still = vec![("x_init".into(), 0.0), ("y_init".into(), 0.0)];
    let mut still = start(Options { reset: still, ..with("Pendulum-v1") }).unwrap();
    assert_eq!(still.reset(&[0], &[u64::MAX]).unwrap()[..2], [1.0, 0.0]);
    assert!(still.seeded() && short.seeded());
    assert!(still.versions().contains_key("gymnasium") && still.chosen().ends_with("named with --python"));
}

#[test]
fn hopper_goes_on_from_a_state_as_it_went_on() {
    let Some(python) = python() else { return };
    let mut env = match start(Options { python: Some(python), copies: 2, ..Options::new("Hopper-v5") }) {
        Ok(env) => env,
        Err(why) => return println!("skipped: {why}"),
    };
    let space = env.spec().action_space.clone();
    env.reset(&[0], &[3]).unwrap();
    let action = |t: usize| Actions::new(&space, vec![(t as f32).sin(), 0.3, (t as f32).cos()]);
    let mut last = StepBatch::default();
    for t in 0..10 {
        last = env.step(&[0], &action(t)).unwrap();
    }
    let states = env.restorable().unwrap();
    assert_eq!(states.state_dim(), 12);
    let state = states.state(0).unwrap();
    assert_eq!(states.set_state(&[1], &state).unwrap(), last.obs);
    assert_eq!(states.state(1).unwrap(), state);
    for t in 10..30 {
        let (went, goes) = (env.step(&[0], &action(t)).unwrap(), env.step(&[1], &action(t)).unwrap());
        let same = went.obs.iter().zip(&goes.obs).all(|(a, b)| (a - b).abs() < 1e-5);
        assert!(same && (went.reward[0] - goes.reward[0]).abs() < 1e-5, "step {t}: {went:?} {goes:?}");
        if went.terminated[0] {
            break;
        }
    }
}

/// Traces of the original: what the state is set to, then every step.
#[test]
fn states_are_set_and_steps_follow_the_traces() {
    let Some(python) = python() else { return };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/env_traces");
    for id in ["CartPole-v1", "Pendulum-v1", "Acrobot-v1", "MountainCarContinuous-v0"] {
        let Ok(text) = std::fs::read_to_string(folder.join(format!("{id}.json"))) else {
            println!("skipped: no trace of {id}");
            continue;
        };
        let trace: Value = serde_json::from_str(&text).unwrap();
        let mut env = start(Options { python: Some(python.clone()), ..Options::new(id) }).unwrap();
        let space = env.spec().action_space.clone();
        let list = |v: &Value| -> Vec<f64> {
            v.as_array()
                .map_or_else(|| vec![v.as_f64().unwrap()], |all| all.iter().map(|x| x.as_f64().unwrap()).collect())
        };
        for episode in trace["episodes"].as_array().unwrap() {
            env.restorable().unwrap().set_state(&[0], &list(&episode["state0"])).unwrap();
            for (t, action) in episode["actions"].as_array().unwrap().iter().enumerate() {
                let action: Vec<f32> = list(action).iter().map(|&v| v as f32).collect();
                let step = env.step(&[0], &Actions::new(&space, action)).unwrap();
                let seen = list(&episode["obs"][t]);
                let same = step.obs.iter().zip(&seen).all(|(&a, &b)| close(f64::from(a), b));
                assert!(same && close(step.reward[0], episode["rewards"][t].as_f64().unwrap()), "{id}, step {t}");
                assert_eq!(Some(step.terminated[0]), episode["terminated"][t].as_bool(), "{id}, step {t}");
            }
        }
    }
}

#[test]
fn a_function_of_the_users_acts() {
    let Some(python) = python() else { return };
    let (_folder, module) = fakes();
    let (limit, cx) = (Duration::from_secs(30), Ctx::quiet());
    let load = |name: &str| policy::PythonPolicy::load(&format!("{module}:{name}"), Some(&python), limit, &cx);
    let mut twice = load("twice").unwrap();
    assert_eq!(twice.act(&[1.0, 2.0, 3.0, 4.0], 2, 2).unwrap(), [2.0, 4.0, 6.0, 8.0]);
    assert!(twice.act(&[1.0, 2.0], 2, 3).unwrap_err().to_string().contains("answers 2 numbers for each of 1"));
    let none = load("thrice").err().unwrap().to_string();
    assert!(none.contains("cannot be loaded") && none.contains("thrice"), "{none}");
}

#[test]
fn tasks_that_can_be_made_are_told_from_those_that_cannot() {
    let Some(python) = python() else { return };
    let (_folder, module) = fakes();
    let task = |id: &str| tasks::Task {
        name: id.into(),
        kind: "proprio",
        id: Some(id.into()),
        kwargs: Map::new(),
        package: "pip install it",
    };
    let all = ["CartPole-v1", "Nothing-v0", "Fake-v0", "Stuck-v0", "Pendulum-v1"].map(task);
    let limit = Duration::from_secs(10);
    let options = Options { start_limit: limit, python: Some(python), imports: vec![module], ..Options::new("") };
    let mut said = Vec::new();
    tasks::try_each(&all, 50, &options, &Ctx::quiet(), |_, how| said.push(how)).unwrap();
    assert!(said[0].is_ok() && said[2].is_ok() && said[4].is_ok(), "{said:?}");
    assert!(said[1].as_ref().is_err_and(|why| why.contains("Nothing") && why.ends_with("pip install it")), "{said:?}");
    assert!(said[3].as_ref().is_err_and(|why| why.contains("no answer within 10 s")), "{said:?}");
}
