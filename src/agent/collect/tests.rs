use super::*;
use crate::agent::policy::Scripted;
use crate::data::space::{Actions, Space};
use crate::env::single::{Environment, Lifted, Step};
use crate::env::spec::EnvSpec;
use crate::ground::seed::Stream;
use crate::ground::task::Cancel;

fn pendulums(copies: usize) -> Box<dyn VectorEnv> {
    crate::env::make("Pendulum-v1", copies, &[]).unwrap().unwrap()
}

fn random() -> Scripted {
    Scripted::named("Pendulum-v1", "random").unwrap()
}

/// Acts with zero.
#[derive(Debug, Clone)]
struct Zero(Space);

impl Policy for Zero {
    fn kind(&self) -> &'static str {
        "zero"
    }
    fn features(&self) -> Option<usize> {
        None
    }
    fn action_space(&self) -> &Space {
        &self.0
    }
    fn act(&self, _: &[f32], states: &mut [PolicyState], _: Acting) -> Actions<'_> {
        Actions::new(&self.0, vec![0.0; states.len()])
    }
    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
    fn same(&self, _: &dyn Policy) -> bool {
        false
    }
    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

/// Ends by itself after as many steps as its start says: two to four.
#[derive(Default)]
struct Few(usize, usize);

impl Environment for Few {
    fn spec(&self) -> EnvSpec {
        EnvSpec::new("Few", 5, Space::unnamed("obs", 1), Space::unnamed("action", 1))
    }
    fn reset(&mut self, rng: &mut Stream) -> Vec<f32> {
        *self = Self(0, rng.random_range(2..5));
        vec![self.1 as f32]
    }
    fn set_state(&mut self, _: &[f64]) -> Vec<f32> {
        vec![0.0]
    }
    fn state(&self) -> Vec<f64> {
        vec![]
    }
    fn step(&mut self, _: &[f32]) -> Step {
        self.0 += 1;
        Step { obs: vec![self.0 as f32], reward: 1.0, terminated: self.0 == self.1 }
    }
}

fn few(copies: usize) -> Lifted {
    Lifted::new(copies, || Box::new(Few::default()), &[]).unwrap()
}

#[test]
fn a_time_limit_truncates_and_never_terminates() {
    let mut env = pendulums(2);
    let mut c = Collector::new(0, "t", 7);
    c.run(&mut *env, &random(), Acting::Greedy, Limit::episodes(3), &Ctx::quiet()).unwrap();
    let data = c.dataset(&*env).unwrap();
    assert_eq!((data.num_episodes(), data.num_steps(), c.steps()), (3, 600, 600));
    let span = data.spans()[1];
    assert_eq!((span.id, span.steps, span.obs_rows), (8, 200, 201));
    assert!(span.truncated && !span.terminated);
    assert!((data.episode(1).ret() - c.returns()[1]).abs() < 1e-12);
    assert_eq!(data.transitions(&[0, 1]).len(), 400, "every step has its next observation");
}

#[test]
fn episodes_are_the_same_however_many_are_acted_in_at_once() {
    let collected = |copies| {
        let (mut env, mut c) = (few(copies), Collector::new(3, "t", 0));
        let policy = random();
        c.run(&mut env, &policy, Acting::Sampled, Limit::episodes(20), &Ctx::quiet()).unwrap();
        c.dataset(&env).unwrap()
    };
    let one = collected(1);
    assert!(one.spans().iter().all(|s| s.terminated && !s.truncated && (2..5).contains(&s.steps)));
    assert_eq!(one, collected(3));
    assert_eq!(one, collected(32));
}

#[test]
fn a_step_limit_is_met_exactly_and_cuts_the_last_episodes() {
    for copies in [1, 3] {
        let mut env = pendulums(copies);
        let mut c = Collector::new(0, "t", 0);
        c.run(&mut *env, &random(), Acting::Greedy, Limit::steps(250), &Ctx::quiet()).unwrap();
        let data = c.dataset(&*env).unwrap();
        assert_eq!((data.num_steps(), data.spans()[1].steps, data.num_episodes()), (250, 50, 2));
        assert!(data.spans()[1].truncated);
        c.run(&mut *env, &random(), Acting::Greedy, Limit::steps(10), &Ctx::quiet()).unwrap();
        assert_eq!(c.steps(), 260);
        // Steps that an early end leaves go to the next episode.
        let (mut env, mut c) = (few(copies), Collector::new(0, "t", 0));
        let zero = Zero(Space::unnamed("action", 1));
        c.run(&mut env, &zero, Acting::Greedy, Limit::steps(101), &Ctx::quiet()).unwrap();
        assert_eq!(c.steps(), 101);
    }
}

#[test]
fn a_cancel_keeps_the_finished_episodes_and_counts_every_step() {
    /// Stops everything at its 230th step.
    struct Stopping(Box<dyn VectorEnv>, usize, Cancel);
    impl VectorEnv for Stopping {
        fn spec(&self) -> &EnvSpec {
            self.0.spec()
        }
        fn copies(&self) -> usize {
            1
        }
        fn reset(&mut self, copies: &[usize], seeds: &[u64]) -> Result<Vec<f32>, Fault> {
            self.0.reset(copies, seeds)
        }
        fn step(&mut self, copies: &[usize], actions: &Actions<'_>) -> Result<StepBatch, Fault> {
            self.1 += 1;
            if self.1 == 230 {
                self.2.cancel();
            }
            self.0.step(copies, actions)
        }
    }
    let cancel = Cancel::default();
    let mut env = Stopping(pendulums(1), 0, cancel.clone());
    let mut c = Collector::new(0, "t", 0);
    let cx = Ctx::new(cancel, |_| {});
    assert_eq!(c.run(&mut env, &random(), Acting::Greedy, Limit::episodes(9), &cx), Err(Fault::Cancelled));
    assert_eq!(c.steps(), 230);
    let data = c.dataset(&env).unwrap();
    assert_eq!((data.num_episodes(), data.num_steps()), (1, 200));
}

/// What is announced is what is asked for next, in its order, and no more than is asked for.
#[test]
fn the_episodes_that_begin_next_are_announced() {
    struct Heard(Box<dyn VectorEnv>, Vec<u64>, usize);
    impl VectorEnv for Heard {
        fn spec(&self) -> &EnvSpec {
            self.0.spec()
        }
        fn copies(&self) -> usize {
            self.0.copies()
        }
        fn reset(&mut self, copies: &[usize], seeds: &[u64]) -> Result<Vec<f32>, Fault> {
            if self.2 > 0 {
                assert_eq!(self.1[..seeds.len()], *seeds);
            }
            self.2 += seeds.len();
            self.0.reset(copies, seeds)
        }
        fn announce(&mut self, seeds: &[u64]) {
            self.1 = seeds.to_vec();
        }
        fn step(&mut self, copies: &[usize], actions: &Actions<'_>) -> Result<StepBatch, Fault> {
            assert!(self.1.len() <= copies.len() && self.1.len() <= 9 - self.2);
            self.0.step(copies, actions)
        }
    }
    let mut env = Heard(pendulums(4), Vec::new(), 0);
    let mut c = Collector::new(0, "t", 0);
    c.run(&mut env, &random(), Acting::Greedy, Limit::episodes(9), &Ctx::quiet()).unwrap();
    assert_eq!((c.episodes(), env.2), (9, 9));
    assert!(env.1.is_empty(), "nothing begins after the last");
}

#[test]
fn nothing_collected_is_no_dataset() {
    assert!(Collector::new(0, "t", 0).dataset(&*pendulums(1)).is_none());
}

/// Environments that fail in some of their calls, and whether they recover.
struct Failing {
    inner: Lifted,
    calls: usize,
    fails: fn(usize) -> bool,
    recovers: bool,
}

impl Failing {
    fn call(&mut self) -> Result<(), Fault> {
        self.calls += 1;
        if (self.fails)(self.calls) { Err(Fault::failed(format!("call {} failed", self.calls))) } else { Ok(()) }
    }
}

impl VectorEnv for Failing {
    fn spec(&self) -> &EnvSpec {
        self.inner.spec()
    }
    fn copies(&self) -> usize {
        self.inner.copies()
    }
    fn reset(&mut self, copies: &[usize], seeds: &[u64]) -> Result<Vec<f32>, Fault> {
        self.call()?;
        self.inner.reset(copies, seeds)
    }
    fn step(&mut self, copies: &[usize], actions: &Actions<'_>) -> Result<StepBatch, Fault> {
        self.call()?;
        self.inner.step(copies, actions)
    }
    fn recover(&mut self, fault: Fault) -> Result<(), Fault> {
        if self.recovers { Ok(()) } else { Err(fault) }
    }
}

#[test]
fn episodes_are_begun_anew_where_the_environment_recovers() {
    let acted = |fails: fn(usize) -> bool, recovers, limit| {
        let (mut env, mut c) = (Failing { inner: few(3), calls: 0, fails, recovers }, Collector::new(3, "t", 0));
        let acted = c.run(&mut env, &random(), Acting::Sampled, limit, &Ctx::quiet());
        (acted.map_err(|fault| fault.to_string()), c.dataset(&env), c.steps())
    };
    let (_, whole, steps) = acted(|_| false, false, Limit::episodes(20));
    // In the first reset, in a step, and in steps far apart.
    for fails in [|call| call == 1, |call| call == 3, |call| call == 8 || call == 30] {
        let (how, data, spent) = acted(fails, true, Limit::episodes(20));
        assert_eq!((how, &data), (Ok(()), &whole));
        assert!(spent >= steps, "steps that were lost stay counted");
        let (how, data, _) = acted(fails, true, Limit::steps(41));
        assert_eq!((how, data.map(|data| data.num_steps())), (Ok(()), Some(41)));
    }
    let (how, data, _) = acted(|call| call >= 12, true, Limit::episodes(20));
    assert!(how.is_err_and(|why| why.starts_with("call 1")) && data.is_some(), "told, with the finished ones kept");
    let (how, ..) = acted(|call| call == 3, false, Limit::episodes(20));
    assert_eq!(how, Err("call 3 failed".into()));
}
