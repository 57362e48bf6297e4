//! Acting in an environment: episodes out. A time limit truncates, it never terminates, and every step is counted.

use rand::Rng;

use crate::data::dataset::{Dataset, EpisodeSpan, Origin, Parts};
use crate::env::Environment;
use crate::ground::task::{Cancelled, Ctx};

/// What acts. A policy that keeps something between steps forgets it in [`Behaviour::begin`].
pub trait Behaviour {
    /// A new episode begins.
    fn begin(&mut self, _rng: &mut dyn Rng) {}
    /// The action after `obs`, in the environment's units.
    fn act(&mut self, obs: &[f32], rng: &mut dyn Rng) -> Vec<f32>;
}

impl<F: FnMut(&[f32], &mut dyn Rng) -> Vec<f32>> Behaviour for F {
    fn act(&mut self, obs: &[f32], rng: &mut dyn Rng) -> Vec<f32> {
        self(obs, rng)
    }
}

/// How much is collected: whichever comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Whole episodes.
    pub episodes: usize,
    /// Environment steps; the last episode is cut off (truncated) where they end.
    pub steps: usize,
}

impl Limit {
    /// So many whole episodes.
    pub fn episodes(episodes: usize) -> Self {
        Self { episodes, steps: usize::MAX }
    }

    /// So many steps.
    pub fn steps(steps: usize) -> Self {
        Self { episodes: usize::MAX, steps }
    }
}

/// Episodes in the making. What was finished survives a cancel.
#[derive(Debug, Clone, Default)]
pub struct Collector {
    parts: Parts,
    next_id: u64,
    steps: usize,
}

impl Collector {
    /// A collector whose first episode gets the number `first_id`.
    pub fn new(first_id: u64) -> Self {
        Self { next_id: first_id, ..Self::default() }
    }

    /// Environment steps taken so far, those of an unfinished episode included.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Finished episodes.
    pub fn episodes(&self) -> usize {
        self.parts.spans.len()
    }

    /// Undiscounted return of each finished episode.
    pub fn returns(&self) -> Vec<f64> {
        let rewards = &self.parts.rewards;
        self.parts.spans.iter().map(|s| rewards[s.first_step..s.first_step + s.steps].iter().sum()).collect()
    }

    /// Acts until `limit` is reached; may be called again to go on.
    ///
    /// # Errors
    /// [`Cancelled`]; the finished episodes are kept, the unfinished one is dropped (its steps stay counted).
    pub fn run(
        &mut self,
        env: &mut dyn Environment,
        behaviour: &mut dyn Behaviour,
        limit: Limit,
        rng: &mut dyn Rng,
        cx: &Ctx,
    ) -> Result<(), Cancelled> {
        let (episodes, steps) = (self.episodes(), self.steps);
        let done = |c: &Self| (c.episodes() - episodes, c.steps - steps);
        let total = if limit.steps < usize::MAX { limit.steps } else { limit.episodes.saturating_mul(env.max_steps()) };
        loop {
            let (made, taken) = done(self);
            if made >= limit.episodes || taken >= limit.steps {
                return Ok(());
            }
            cx.step(taken as u64, total as u64)?;
            let before = (self.parts.obs.len(), self.parts.actions.len(), self.parts.rewards.len());
            if let Err(cancelled) = self.episode(env, behaviour, limit.steps - taken, rng, cx) {
                self.parts.obs.truncate(before.0);
                self.parts.actions.truncate(before.1);
                self.parts.rewards.truncate(before.2);
                return Err(cancelled);
            }
        }
    }

    fn episode(
        &mut self,
        env: &mut dyn Environment,
        behaviour: &mut dyn Behaviour,
        most: usize,
        rng: &mut dyn Rng,
        cx: &Ctx,
    ) -> Result<(), Cancelled> {
        let first_step = self.parts.rewards.len();
        let dim = env.obs_space().dim().max(1);
        let first_obs = self.parts.obs.len() / dim;
        let limit = env.max_steps().min(most);
        behaviour.begin(rng);
        let mut obs = env.reset(rng);
        self.parts.obs.extend_from_slice(&obs);
        let (mut steps, mut terminated) = (0, false);
        while steps < limit && !terminated {
            cx.check()?;
            let action = behaviour.act(&obs, rng);
            let step = env.step(&action);
            self.steps += 1;
            steps += 1;
            terminated = step.terminated;
            self.parts.actions.extend_from_slice(&action);
            self.parts.rewards.push(step.reward);
            self.parts.obs.extend_from_slice(&step.obs);
            obs = step.obs;
        }
        self.parts.spans.push(EpisodeSpan {
            id: self.next_id,
            first_step,
            steps,
            first_obs,
            obs_rows: steps + 1,
            terminated,
            truncated: !terminated,
        });
        self.next_id += 1;
        Ok(())
    }

    /// The finished episodes as a dataset; nothing if there are none.
    pub fn dataset(&self, env: &dyn Environment) -> Option<Dataset> {
        let origin = Origin {
            format: "collected".into(),
            env_id: Some(env.id().into()),
            rules: vec![format!("an episode ends after {} steps at the latest: truncated", env.max_steps())],
            ..Origin::default()
        };
        Dataset::from_parts(origin, env.obs_space(), env.action_space(), self.parts.clone()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::space::Space;
    use crate::env::{Step, pendulum::Pendulum};
    use crate::ground::seed::stream;
    use crate::ground::task::Cancel;

    fn zero(_: &[f32], _: &mut dyn Rng) -> Vec<f32> {
        vec![0.0]
    }

    /// Ends by itself after three steps.
    struct Three(usize);

    impl Environment for Three {
        fn id(&self) -> &'static str {
            "Three"
        }
        fn obs_space(&self) -> Space {
            Space::unnamed("obs", 1)
        }
        fn action_space(&self) -> Space {
            Space::unnamed("action", 1)
        }
        fn max_steps(&self) -> usize {
            5
        }
        fn reset(&mut self, _: &mut dyn Rng) -> Vec<f32> {
            self.0 = 0;
            vec![0.0]
        }
        fn set_state(&mut self, _: &[f64]) -> Vec<f32> {
            vec![0.0]
        }
        fn state(&self) -> Vec<f64> {
            vec![]
        }
        fn step(&mut self, _: &[f32]) -> Step {
            self.0 += 1;
            Step { obs: vec![self.0 as f32], reward: 1.0, terminated: self.0 == 3 }
        }
    }

    #[test]
    fn a_time_limit_truncates_and_never_terminates() {
        let mut env = Pendulum::default();
        let mut c = Collector::new(7);
        c.run(&mut env, &mut zero, Limit::episodes(2), &mut stream(0, "t", 0), &Ctx::quiet()).expect("nobody cancels");
        let data = c.dataset(&env).expect("two episodes");
        assert_eq!((data.num_episodes(), data.num_steps(), c.steps()), (2, 400, 400));
        let span = data.spans()[1];
        assert_eq!((span.id, span.steps, span.obs_rows), (8, 200, 201));
        assert!(span.truncated && !span.terminated);
        assert!((data.episode(1).ret() - c.returns()[1]).abs() < 1e-12);
        assert_eq!(data.transitions(&[0, 1]).len(), 400, "every step has its next observation");
    }

    #[test]
    fn an_end_of_the_environment_terminates() {
        let mut c = Collector::new(0);
        c.run(&mut Three(0), &mut zero, Limit::episodes(2), &mut stream(0, "t", 0), &Ctx::quiet()).expect("runs");
        let data = c.dataset(&Three(0)).expect("episodes");
        assert!(data.spans().iter().all(|s| s.terminated && !s.truncated && s.steps == 3));
    }

    #[test]
    fn a_step_limit_is_met_exactly_and_cuts_the_last_episode() {
        let mut env = Pendulum::default();
        let mut c = Collector::new(0);
        c.run(&mut env, &mut zero, Limit::steps(250), &mut stream(0, "t", 0), &Ctx::quiet()).expect("runs");
        let data = c.dataset(&env).expect("episodes");
        assert_eq!(data.num_steps(), 250);
        assert!(data.spans()[1].truncated && data.spans()[1].steps == 50);
        c.run(&mut env, &mut zero, Limit::steps(10), &mut stream(0, "t", 0), &Ctx::quiet()).expect("goes on");
        assert_eq!(c.steps(), 260);
    }

    #[test]
    fn a_cancel_keeps_the_finished_episodes_and_counts_every_step() {
        let cancel = Cancel::default();
        let mut env = Pendulum::default();
        let mut c = Collector::new(0);
        let mut n = 0;
        let stop = cancel.clone();
        let mut act = move |_: &[f32], _: &mut dyn Rng| {
            n += 1;
            if n == 230 {
                stop.cancel();
            }
            vec![0.0]
        };
        let cx = Ctx::new(cancel, |_| {});
        assert_eq!(c.run(&mut env, &mut act, Limit::episodes(9), &mut stream(0, "t", 0), &cx), Err(Cancelled));
        assert_eq!(c.steps(), 230);
        let data = c.dataset(&env).expect("one whole episode");
        assert_eq!((data.num_episodes(), data.num_steps()), (1, 200));
    }

    #[test]
    fn nothing_collected_is_no_dataset() {
        assert!(Collector::new(0).dataset(&Pendulum::default()).is_none());
    }
}
