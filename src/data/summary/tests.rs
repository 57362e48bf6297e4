#![allow(clippy::float_cmp, reason = "results that are exact in binary")]

use proptest::prelude::*;

use super::*;
use crate::data::dataset::{Origin, Parts};
use crate::data::episode::EpisodeSpan;
use crate::data::space::Space;

/// Two episodes of 3 and 1 steps with two observation dimensions and a final observation each.
fn dataset(change: fn(&mut Parts)) -> Dataset {
    let span = |id, first_step, steps, first_obs, terminated| EpisodeSpan {
        id,
        first_step,
        steps,
        first_obs,
        obs_rows: steps + 1,
        terminated,
        truncated: !terminated,
    };
    let mut parts = Parts {
        spans: vec![span(0, 0, 3, 0, true), span(1, 3, 1, 4, false)],
        obs: vec![1.0, 10.0, 2.0, 10.0, 3.0, 10.0, 99.0, 99.0, 6.0, 10.0, 99.0, 99.0],
        actions: vec![0.0, 1.0, 0.0, 1.0],
        rewards: vec![1.0, 2.0, 3.0, -2.0],
        next_obs: None,
    };
    change(&mut parts);
    let (obs, action) = (Space::unnamed("obs", 2), Space::unnamed("action", 1));
    Dataset::from_parts(Origin::default(), obs, action, parts).expect("parts fit")
}

#[test]
fn the_numbers_of_a_small_dataset_by_hand() {
    let s = summary(&dataset(|_| {}), &[0, 1]);
    assert_eq!((s.episodes, s.transitions, s.usable), (2, 4, 4));
    assert_eq!((s.terminated, s.truncated, s.unfinished), (1, 1, 0));
    assert_eq!(s.returns, Spread { mean: 2.0, std_pop: 4.0, min: -2.0, max: 6.0, median: 2.0 });
    assert_eq!(s.lengths, Spread { mean: 2.0, std_pop: 1.0, min: 1.0, max: 3.0, median: 2.0 });
    // States are 1, 2, 3, 6: the final observations (99) are none.
    assert_eq!((s.obs[0].mean, s.obs[0].std, s.obs[0].min, s.obs[0].max), (3.0, 3.5f64.sqrt(), 1.0, 6.0));
    assert_eq!((s.obs[1].mean, s.obs[1].std), (10.0, 0.0));
    assert_eq!((s.actions[0].mean, s.actions[0].std), (0.5, 0.5));
    assert_eq!(s.obs[0].name, "obs[0]");
}

#[test]
fn some_episodes_and_none() {
    let data = dataset(|_| {});
    let s = summary(&data, &[1]);
    assert_eq!((s.episodes, s.transitions, s.terminated), (1, 1, 0));
    assert_eq!(s.returns.median, -2.0);
    let none = summary(&data, &[]);
    assert_eq!((none.episodes, none.transitions), (0, 0));
    assert!(none.returns.mean.is_nan() && none.obs[0].mean.is_nan());
    assert!(serde_json::to_string(&none).expect("serialises").contains("null"));
}

#[test]
fn nan_and_inf_are_left_out_and_counted() {
    let s = summary(
        &dataset(|p| {
            p.obs[2] = f32::NAN;
            p.rewards[3] = f64::NEG_INFINITY;
            p.actions[0] = f32::INFINITY;
        }),
        &[0, 1],
    );
    assert_eq!((s.obs[0].n, s.obs[0].nonfinite), (3, 1));
    assert!((s.obs[0].mean - 10.0 / 3.0).abs() < 1e-12);
    assert_eq!((s.returns.min, s.rewards.nonfinite), (0.0, 1));
    assert_eq!(s.actions[0].n, 3);
    // Step 0 has a NaN next observation and an infinite action, step 1 a NaN observation, step 3 no finite reward.
    assert_eq!(s.usable, 1);
    for m in s.obs.iter().chain(&s.actions) {
        assert!(m.mean.is_finite() && m.std.is_finite());
    }
}

proptest! {
    #[test]
    fn a_constant_has_no_spread(v in -1e6f32..1e6, n in 1usize..500) {
        let m = one("x", || std::iter::repeat_n(f64::from(v), n));
        prop_assert_eq!((m.mean, m.std, m.min, m.max), (f64::from(v), 0.0, f64::from(v), f64::from(v)));
    }

    #[test]
    fn shifting_moves_the_mean_and_keeps_the_spread(values in prop::collection::vec(-1e3f64..1e3, 1..100), by in -1e3f64..1e3) {
        let (a, b) = (spread(&values), spread(&values.iter().map(|v| v + by).collect::<Vec<_>>()));
        // Sums of up to 100 numbers below 2e3: rounding stays below 1e-9.
        prop_assert!((a.mean + by - b.mean).abs() < 1e-9);
        prop_assert!((a.std_pop - b.std_pop).abs() < 1e-6);
        prop_assert!((a.median + by - b.median).abs() < 1e-9);
        prop_assert!(a.min <= a.median && a.median <= a.max && a.min <= a.mean && a.mean <= a.max);
    }
}
