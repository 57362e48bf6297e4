#![allow(clippy::float_cmp, reason = "results that are exact in binary")]

use proptest::prelude::*;

use super::*;
use crate::data::space::Space;

/// Episodes of the given lengths; observation and action are the step's number in the file. `last`: T+1 observations.
fn dataset(lengths: &[usize], last: bool, change: impl FnOnce(&mut Parts)) -> Result<Dataset, String> {
    let mut parts = Parts::default();
    for (id, &steps) in lengths.iter().enumerate() {
        let (first_step, first_obs) = (parts.rewards.len(), parts.obs.len());
        let obs_rows = steps + usize::from(last);
        let span =
            EpisodeSpan { id: id as u64, first_step, steps, first_obs, obs_rows, terminated: true, truncated: false };
        parts.spans.push(span);
        parts.obs.extend((0..obs_rows).map(|t| (first_step + t) as f32));
        parts.actions.extend((0..steps).map(|t| (first_step + t) as f32));
        parts.rewards.extend((0..steps).map(|_| 1.0));
    }
    change(&mut parts);
    Dataset::from_parts(Origin::default(), Space::unnamed("obs", 1), Space::unnamed("action", 1), parts)
}

#[test]
fn columns_that_do_not_fit_are_named() {
    let message = |change: fn(&mut Parts)| dataset(&[2, 1], true, change).expect_err("refused");
    assert_eq!(message(|p| p.obs.push(0.0)), "observations has 6 values, the episodes need 5");
    assert_eq!(message(|p| p.actions.truncate(1)), "actions has 1 values, the episodes need 3");
    assert_eq!(message(|p| p.rewards.clear()), "rewards has 0 values, the episodes need 3");
    assert_eq!(message(|p| p.next_obs = Some(vec![0.0])), "next_observations has 1 values, the episodes need 3");
    assert!(dataset(&[], true, |_| {}).expect_err("refused").contains("empty"));
}

#[test]
fn the_next_observation_never_comes_from_the_next_episode() {
    let without = dataset(&[3, 2], false, |_| {}).expect("fits");
    let batch = without.transitions(&[0, 1]);
    assert_eq!((batch.obs, batch.next_obs), (vec![0.0, 1.0, 3.0], vec![1.0, 2.0, 4.0]));
    assert!(!batch.terminated.iter().any(|&t| t), "the terminal steps have no next observation here");
    let with = dataset(&[3, 2], true, |_| {}).expect("fits").transitions(&[1]);
    assert_eq!((with.next_obs, with.terminated), (vec![4.0, 5.0], vec![false, true]));
    assert_eq!((with.episode, with.step), (vec![1, 1], vec![0, 1]));
}

#[test]
fn steps_with_numbers_that_are_not_finite_are_left_out() {
    let data = dataset(&[4], true, |p| {
        p.obs[1] = f32::NAN;
        p.rewards[3] = f64::INFINITY;
    })
    .expect("fits");
    assert_eq!(data.transitions(&[0]).step, [2], "0 leads to NaN, 1 starts there, 3 has no finite reward");
    assert_eq!(data.states(&[0]), (vec![0.0, 2.0, 3.0], vec![0, 0, 0]));
    assert_eq!(data.episode(0).ret(), 3.0);
}

#[test]
fn a_dimension_is_dead_where_it_would_cost_most_rows() {
    let spoiled = |n: usize| {
        let data = dataset(&[6, 4], false, |p| p.obs[..n].fill(f32::NAN)).expect("fits");
        data.dead_dimensions()
    };
    assert_eq!((spoiled(5), spoiled(6)), (vec![], vec![(0, 6)]));
}

#[test]
fn joining_checks_dimensions_and_fills_next_observations() {
    let plain = dataset(&[2], false, |_| {}).expect("fits");
    let own = dataset(&[2], false, |p| p.next_obs = Some(vec![7.0, 8.0])).expect("fits");
    let all = plain.join(&own).expect("same dimensions");
    assert_eq!(all.transitions(&[0, 1]).next_obs, [1.0, 7.0, 8.0], "episode 0 still has no last next observation");
    let other = Dataset { action_space: Space::unnamed("action", 2), ..plain.clone() };
    assert!(plain.join(&other).expect_err("refused").contains("1 dimensions here, 1 and 2 there"));
}

proptest! {
    #[test]
    fn joined_episodes_are_those_of_both(a in prop::collection::vec(1usize..6, 1..5), b in prop::collection::vec(1usize..6, 1..5), last in any::<bool>()) {
        let (x, y) = (dataset(&a, last, |_| {}).expect("fits"), dataset(&b, !last, |_| {}).expect("fits"));
        let all = x.join(&y).expect("same dimensions");
        prop_assert_eq!(all.num_steps(), x.num_steps() + y.num_steps());
        for i in 0..all.num_episodes() {
            let one = if i < a.len() { x.episode(i) } else { y.episode(i - a.len()) };
            let joined = all.episode(i);
            prop_assert_eq!((joined.obs, joined.actions, joined.rewards), (one.obs, one.actions, one.rewards));
        }
    }
}
