#![expect(clippy::float_cmp, reason = "small whole numbers are exact")]

use super::*;

fn batch() -> TransitionBatch {
    TransitionBatch {
        obs: vec![0.0, 7.0, 1.0, 7.0],
        next_obs: vec![1.0, 7.0, 4.0, 7.0],
        action: vec![0.0; 2],
        reward: vec![0.0; 2],
        terminated: vec![false; 2],
        truncated: vec![false; 2],
        episode: vec![0, 0],
        step: vec![0, 1],
        ..TransitionBatch::empty(2, 1)
    }
}

#[test]
fn errors_by_hand() {
    let batch = batch();
    // Changes 1 and 3: mean 2, deviation 1; the second dimension never changes.
    let scale = change_std(&batch);
    assert_eq!(scale, [1.0, 0.0]);
    let squares = squares(&batch, (1, 1), &[0.0, 0.0, 2.0, 9.0], &scale);
    assert_eq!(squares, [4.0, 0.0]);
    assert!((total(&squares, &scale) - 2.0).abs() < 1e-12);
    assert_eq!(total(&[f64::NAN, 0.0], &scale), f64::INFINITY);
    assert_eq!(total(&[0.0, 0.0], &[0.0, 0.0]), 0.0);
}

/// The dimension without a scale is left out of the mean, as the score does.
#[test]
fn the_spread_is_that_of_the_score() {
    use crate::metrics::score::{Members, of_members};
    let scale = [2.0, 0.0];
    let change = [1.0f32, 5.0, 3.0, 9.0];
    let members = Members { count: 2, change: &change, std: None, targets: 2, scale: &scale };
    let columns = of_members(&members);
    let score = columns.iter().find(|c| c.score.name == "disagreement").unwrap();
    assert_eq!(in_units(&[1.0, 2.0], &scale), [0.5]);
    assert!((score.values[0] - 0.5).abs() < 1e-6);
}
