//! Who acts better before anything is trained, the policy or the data, and what that advises (FIELD 6.10, regime): a policy that is
//! clearly better is to be protected, data that is clearly better is to be replayed.

use super::options::Options;
use crate::agent::replay::Mix;
use crate::data::dataset::Dataset;
use crate::ground::number::counted;
use crate::ground::stats;
use crate::metrics::report::{Report, STANDARD_ERROR};

/// Standard errors of the difference beyond which one is clearly better.
const CLEARLY: f64 = 2.0;
/// Share of the dataset's episodes that must be whole for their returns to be held against others.
const WHOLE: f64 = 0.95;

/// Which of the two has the higher return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Regime {
    /// The policy, clearly.
    PolicyBetter,
    /// The data, clearly.
    DataBetter,
    /// Neither.
    Equal,
}

/// The policy's return held against that of the data.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Mean return of the policy and its standard error.
    pub policy: (f64, f64),
    /// Mean return of the data and its standard error.
    pub data: (f64, f64),
    /// Episodes of the policy, and whole ones of the data.
    pub episodes: (usize, usize),
}

impl Standing {
    /// Holds `returns` of whole episodes of the policy against the data's, an episode of either taking at most `limit` steps.
    /// Nothing where returns cannot be compared: the data's episodes were cut off elsewhere or its rewards are all the same.
    pub fn new(data: &Dataset, returns: &[f64], limit: Option<usize>) -> Option<Self> {
        let longest = limit.unwrap_or(usize::MAX);
        let all: Vec<usize> = (0..data.num_episodes()).collect();
        let whole = data.episodes(&all).filter(|e| e.steps() == longest || (e.span.terminated && e.steps() < longest));
        let of_data: Vec<f64> = whole.map(|e| e.ret()).collect();
        let first = data.rewards.first()?;
        let constant = data.rewards.iter().all(|r| (r - first).abs() < f64::EPSILON);
        if constant || (of_data.len() as f64) < WHOLE * all.len() as f64 {
            return None;
        }
        let (policy, data) = (stats::mean_se(returns), stats::mean_se(&of_data));
        let known = [policy.0, policy.1, data.0, data.1].iter().all(|v| v.is_finite());
        known.then_some(Self { policy, data, episodes: (returns.len(), of_data.len()) })
    }

    /// Which has the higher return, by more than [`CLEARLY`] standard errors of the difference.
    pub fn regime(&self) -> Regime {
        let (difference, se) = self.difference();
        if difference > CLEARLY * se {
            Regime::PolicyBetter
        } else if -difference > CLEARLY * se {
            Regime::DataBetter
        } else {
            Regime::Equal
        }
    }

    fn difference(&self) -> (f64, f64) {
        (self.policy.0 - self.data.0, self.policy.1.hypot(self.data.1))
    }

    /// The numbers, and the option that follows from them; a top-up adds `chunk` steps.
    pub fn advice(&self, options: &Options, chunk: usize) -> String {
        let ((policy, policy_se), (data, data_se)) = (self.policy, self.data);
        let (difference, se) = self.difference();
        let what = match self.regime() {
            Regime::PolicyBetter if options.warm_up > 0 => {
                format!("protect it, as --warm-up {} does", options.warm_up)
            }
            Regime::PolicyBetter => {
                format!("protect it: --warm-up {chunk} lets it act as it is and adds that before the first update")
            }
            Regime::DataBetter if options.mix == Mix::Half => {
                "replay the data half and half, as --mix half does; networks that oodscope fit makes anew may do better still".into()
            }
            Regime::DataBetter => {
                "replay the data half and half (--mix half); networks that oodscope fit makes anew may do better still".into()
            }
            Regime::Equal => "no clear difference, for which the default is made (--mix floor)".into(),
        };
        format!(
            "Before: the policy's mean return is {policy:.0} ± {policy_se:.0} s.e. ({}), the dataset's {data:.0} ± {data_se:.0} \
             ({}), a difference of {difference:.0} ± {se:.0}: {what}.",
            counted(self.episodes.0, "episodes"),
            counted(self.episodes.1, "episodes"),
        )
    }

    /// Adds the data's return to the numbers of `report`.
    pub fn stat(&self, report: &mut Report) {
        let (mean, se) = self.data;
        let definition = "mean undiscounted return of the dataset's whole episodes, ± 1 s.e.";
        report
            .stat("return_data", "return of the data", mean, "return", definition)
            .of(self.episodes.1, "episodes")
            .spans((mean - se, mean + se), STANDARD_ERROR);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::collect::{Collector, Limit};
    use crate::agent::policy::{Acting, Scripted};
    use crate::ground::task::Ctx;

    /// Pendulums whose episodes end after 200 steps, and their returns.
    fn swings(limit: Limit) -> (Dataset, Vec<f64>) {
        let mut env = crate::env::make("Pendulum-v1", 4, &[]).unwrap().unwrap();
        let policy = Scripted::named("Pendulum-v1", "narrow").unwrap();
        let mut c = Collector::new(1, "data", 0);
        c.run(&mut *env, &policy, Acting::Sampled, limit, &Ctx::quiet()).unwrap();
        (c.dataset(&*env).unwrap(), c.returns())
    }

    #[test]
    fn who_is_clearly_better_is_told_with_the_option_that_follows() {
        let (data, own) = swings(Limit::episodes(20));
        let (mean, se) = stats::mean_se(&own);
        let held = |returns: &[f64]| Standing::new(&data, returns, Some(200)).unwrap();
        let equal = held(&own[..6]);
        assert_eq!((equal.data, equal.episodes), ((mean, se), (6, 20)));
        assert_eq!(equal.regime(), Regime::Equal);
        let options = Options::default();
        assert!(
            equal.advice(&options, 200).contains("no clear difference")
                && equal.advice(&options, 200).contains("--mix floor")
        );
        let of = |shift: f64| held(&[mean + shift - 1.0, mean + shift, mean + shift + 1.0]);
        // Beyond two standard errors of the difference, and not before.
        let two = 2.0 * se.hypot((2.0f64 / 3.0).sqrt() / 2.0f64.sqrt());
        for (shift, regime) in [(1.01, Regime::PolicyBetter), (0.99, Regime::Equal), (-1.01, Regime::DataBetter)] {
            assert_eq!(of(shift * two).regime(), regime, "{shift}");
        }
        let (better, worse) = (of(9.0 * se), of(-9.0 * se));
        assert!(better.advice(&options, 200).contains("--warm-up 200 lets it act"));
        assert!(better.advice(&Options { warm_up: 50, ..options.clone() }, 200).contains("as --warm-up 50 does"));
        assert!(worse.advice(&options, 200).contains("(--mix half)"));
        assert!(worse.advice(&Options { mix: Mix::Half, ..options }, 200).contains("as --mix half does"));
    }

    #[test]
    fn returns_of_other_lengths_and_of_no_rewards_are_held_against_nothing() {
        let (data, own) = swings(Limit::episodes(20));
        assert_eq!(Standing::new(&data, &own, Some(500)), None, "cut off at 200 of 500 steps");
        assert_eq!(Standing::new(&data, &own, None), None, "nothing ends them");
        assert_eq!(Standing::new(&data, &own[..1], Some(200)), None, "one episode has no spread");
        // One short episode of twenty-one is left out; a third of them are too many.
        let (cut, _) = swings(Limit::steps(90));
        let joined = data.join(&cut.subset(&[0])).unwrap();
        assert_eq!(Standing::new(&joined, &own, Some(200)).unwrap().episodes, (20, 20));
        let many = (0..9).fold(data.clone(), |all, _| all.join(&cut.subset(&[0])).unwrap());
        assert_eq!(Standing::new(&many, &own, Some(200)), None);
        let mut same = data;
        same.rewards.fill(1.0);
        assert_eq!(Standing::new(&same, &own, Some(200)), None);
    }
}
