use super::*;
use crate::data::dataset::{Origin, Parts};
use crate::data::episode::EpisodeSpan;
use crate::data::space::Space;
use crate::ground::fault::Fault;

/// Episodes of one dimension that count up; `obs_rows` may lack the last observation.
fn dataset(lengths: &[(usize, bool)], holes: &[usize]) -> Dataset {
    let mut parts = Parts::default();
    for (i, &(steps, last)) in lengths.iter().enumerate() {
        let obs_rows = steps + usize::from(last);
        parts.spans.push(EpisodeSpan {
            id: i as u64,
            first_step: parts.rewards.len(),
            steps,
            first_obs: parts.obs.len(),
            obs_rows,
            terminated: false,
            truncated: true,
        });
        parts.obs.extend((0..obs_rows).map(|t| t as f32));
        parts.actions.extend((0..steps).map(|t| t as f32));
        parts.rewards.extend((0..steps).map(|_| 0.0));
    }
    for &row in holes {
        parts.obs[row] = f32::NAN;
    }
    let origin = Origin::default();
    Dataset::from_parts(origin, Space::unnamed("obs", 1), Space::unnamed("action", 1), parts).expect("consistent")
}

fn spec(horizon: usize, starts: usize) -> ImagineSpec {
    ImagineSpec { horizon, starts, ..ImagineSpec::default() }
}

#[test]
fn usable_stretches_end_at_the_last_observation_and_at_holes() {
    let data = dataset(&[(4, true), (4, false), (5, true)], &[11]);
    assert_eq!(follows(&data, 0), [4, 3, 2, 1]);
    assert_eq!(follows(&data, 1), [3, 2, 1, 0]);
    // Row 11 is observation 2 of the third episode.
    assert_eq!(follows(&data, 2), [1, 0, 0, 2, 1]);
}

#[test]
fn windows_lie_within_episodes_and_are_drawn_once() {
    let data = dataset(&[(30, true), (8, true), (30, false)], &[]);
    let windows = Windows::choose(&data, &[0, 1, 2], &spec(10, 1000), 1);
    assert_eq!(windows.starts.len(), 21 + 20, "the short episode has none");
    let mut once = windows.starts.clone();
    once.dedup();
    assert_eq!(once, windows.starts);
    let (real, actions) = windows.gather(&data);
    assert_eq!((real.len(), actions.len()), (41 * 11, 41 * 10));
    for (s, &(_, t)) in windows.starts.iter().enumerate() {
        assert_eq!(real[s * 11].to_bits(), (t as f32).to_bits());
        assert_eq!(real[s * 11 + 10].to_bits(), ((t + 10) as f32).to_bits());
    }
    let few = |seed| Windows::choose(&data, &[0, 2], &ImagineSpec { seed, ..spec(10, 5) }, 1).starts;
    assert_eq!(few(1), few(1));
    assert_ne!(few(1), few(2));
}

#[test]
fn a_horizon_longer_than_every_episode_is_cut_and_said() {
    let data = dataset(&[(8, true), (3, true)], &[]);
    let windows = Windows::choose(&data, &[0, 1], &spec(50, 10), 1);
    assert_eq!((windows.horizon, windows.starts.as_slice()), (8, &[(0, 0)][..]));
    let mut report = Report::new("imagination", "");
    windows.note(&mut report, &spec(50, 10));
    assert!(report.notes[0].text.contains("50") && report.notes[0].text.contains('8'));
    let nothing = Windows::choose(&dataset(&[(1, false)], &[]), &[0], &spec(50, 10), 1);
    assert_eq!((nothing.horizon, nothing.starts.len()), (0, 0));
}

#[test]
fn an_episode_or_a_step_that_is_not_there_is_bad_input() {
    // Row 20 is observation 11 of the second episode.
    let data = dataset(&[(8, true), (20, true)], &[20]);
    let windows = Windows::choose(&data, &[0, 1], &spec(4, 10), 1);
    let asked = |episode, step| windows.named(&data, &ImagineSpec { episode, step, ..spec(4, 10) });
    assert_eq!(asked(None, None), Ok(None));
    assert_eq!(asked(Some(0), None), Ok(Some((0, 0))));
    assert_eq!(asked(Some(0), Some(3)), Ok(Some((0, 3))));
    let refused = |episode, step| match asked(episode, step) {
        Err(Fault::Bad(text)) => text,
        other => panic!("{other:?}"),
    };
    assert!(refused(Some(7), None).contains("no episode 7"));
    assert!(refused(None, Some(3)).contains("--episode"));
    assert!(refused(Some(0), Some(5)).ends_with("from step 5 over 4 steps: it can be from steps 0 to 4"));
    assert!(
        refused(Some(1), Some(9)).ends_with("it can be from steps 0 to 6 and 12 to 16"),
        "{}",
        refused(Some(1), Some(9))
    );
    assert!(refused(Some(0), Some(900)).contains("0 to 4"));
    let all = usable(&data, 1, 3).expect("there is such an episode");
    assert_eq!((&all[..3], all[12], all[14]), (&[0, 0, 8][..], 0, 6), "a model that sees three observations");
    assert!(from_where(&[0, 0], |n| n > 0).starts_with("no step"));
}

#[test]
fn the_worst_start_is_that_with_the_largest_last_error() {
    let windows = Windows { horizon: 1, context: 1, starts: vec![(0, 0), (0, 4), (2, 1)] };
    let (real, imagined) = ([0.0, 1.0, 0.0, 1.0, 0.0, 1.0], [0.0, 1.5, 0.0, -2.0, 0.0, 3.0]);
    assert_eq!(windows.worst(1, &real, &imagined, &[1.0]), Some((0, 4)));
    assert_eq!(Windows { starts: vec![], ..windows }.worst(1, &[], &[], &[1.0]), None);
}

#[test]
fn a_spread_has_few_starts_of_few_episodes_one_horizon_apart() {
    let data = dataset(&[(100, true), (9, true), (55, true), (30, true), (100, true)], &[]);
    let all = [0, 1, 2, 3, 4];
    let whole = Windows::spread(&data, &all, (10, 100), 10, 1);
    let of = |w: &Windows, e: usize| w.starts.iter().filter(|s| s.0 == e).map(|s| s.1).collect::<Vec<_>>();
    assert_eq!(of(&whole, 2), [0, 10, 20, 30, 40]);
    assert_eq!([0, 1, 3].map(|e| of(&whole, e).len()), [10, 0, 3], "the short one has none");
    let few = Windows::spread(&data, &all, (10, 4), 10, 1);
    let first = of(&few, 0);
    assert!(first.len() == 4 && first.iter().all(|t| t % 10 == 0) && first[3] > 50, "{first:?}");
    // Episodes that have none do not count among the most that are taken; which are taken is drawn, and the same each time.
    let two = Windows::spread(&data, &all, (2, 4), 10, 1);
    let mut owners: Vec<usize> = two.starts.iter().map(|s| s.0).collect();
    owners.dedup();
    assert_eq!((owners.len(), owners.contains(&1)), (2, false));
    assert_eq!(Windows::spread(&data, &all, (2, 4), 10, 1).starts, two.starts);
    // A model that looks back begins later.
    assert_eq!(of(&Windows::spread(&data, &[2], (1, 100), 10, 4), 2)[0], 3);
}
