use super::*;
use crate::data::dataset::{Origin, Parts};
use crate::data::episode::EpisodeSpan;
use crate::data::space::{Space, SpaceKind};

/// Episodes of these lengths whose observation is the step.
fn data(lengths: &[usize]) -> Dataset {
    let mut at = 0;
    let span = |(i, &steps): (usize, &usize)| {
        let first = at;
        at += steps;
        EpisodeSpan {
            id: i as u64,
            first_step: first,
            steps,
            first_obs: first + i,
            obs_rows: steps + 1,
            terminated: false,
            truncated: true,
        }
    };
    let spans: Vec<EpisodeSpan> = lengths.iter().enumerate().map(span).collect();
    let total: usize = lengths.iter().sum();
    let parts = Parts {
        spans,
        obs: lengths.iter().flat_map(|n| (0..=*n).map(|t| t as f32)).collect(),
        actions: vec![0.0; total],
        rewards: vec![0.0; total],
        next_obs: None,
    };
    let space = |name: &str| Space { names: vec![name.into()], kind: SpaceKind::Unknown };
    Dataset::from_parts(Origin::default(), space("x"), space("a"), parts).unwrap()
}

#[test]
fn a_sample_is_everything_where_that_is_little() {
    let data = data(&[3, 7, 1]);
    assert_eq!(sample(&data, &[0, 1, 2], 100, 4), data.transitions(&[0, 1, 2]));
}

#[test]
fn a_sample_is_spread_over_all_episodes_in_stretches() {
    let data = data(&[1000; 20]);
    let all: Vec<usize> = (0..20).collect();
    let batch = sample(&data, &all, 2000, 50);
    assert!((1900..=2100).contains(&batch.len()), "{}", batch.len());
    let of = |e: usize| batch.episode.iter().filter(|owner| **owner == e).count();
    assert!(all.iter().all(|&e| (50..=150).contains(&of(e))), "{:?}", all.iter().map(|&e| of(e)).collect::<Vec<_>>());
    let follows = (1..batch.len()).filter(|&i| batch.step[i] == batch.step[i - 1] + 1).count();
    assert!(follows as f64 > 0.95 * batch.len() as f64);
    // Episodes that are shorter than the distance between two stretches are not all left out.
    let short = self::data(&[10; 1000]);
    let all: Vec<usize> = (0..1000).collect();
    let n = sample(&short, &all, 1000, 50).len();
    assert!((100..=1100).contains(&n), "{n}");
}
