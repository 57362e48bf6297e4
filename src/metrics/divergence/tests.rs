#![allow(clippy::float_cmp, reason = "results that are exact in binary")]

use super::errors::nrmse;
use super::*;

/// Four starts of two episodes walking along x; the model's step is too long by a factor.
fn rollouts(factor: f32, horizon: usize) -> (Vec<f32>, Vec<f32>) {
    let (mut real, mut imagined) = (vec![], vec![]);
    for s in 0..4 {
        for h in 0..=horizon {
            let x = s as f32 + h as f32;
            real.extend([x, 7.0]);
            imagined.extend([s as f32 + factor * h as f32, 7.0]);
        }
    }
    (real, imagined)
}

fn names() -> Vec<String> {
    vec!["x".into(), "y".into()]
}

fn input<'a>(names: &'a [String], real: &'a [f32], imagined: &'a [f32], horizon: usize) -> Input<'a> {
    Input {
        names,
        std: &[2.0, 0.0],
        horizon,
        owner: &[0, 0, 1, 1],
        real,
        imagined,
        disagreement: None,
        novelty: None,
        trace: None,
        seed: 0,
    }
}

#[test]
fn errors_floor_and_useful_horizon() {
    let (real, imagined) = rollouts(1.5, 12);
    let r = report(&input(&names(), &real, &imagined, 12)).unwrap();
    // Off by h/2 in units of std 2, the constant dimension is left out; copying is off by h/2 · 2.
    assert_eq!(r.value("one_step_nrmse"), Some(0.25));
    assert_eq!(r.value("nrmse_h10"), Some(2.5));
    assert_eq!(r.value("nrmse_last"), Some(3.0));
    assert_eq!(r.value("useful_horizon"), Some(12.0));
    let series = |key: &str| r.series.iter().find(|s| s.key == key).unwrap();
    assert_eq!(series("copy_last").y[11], 6.0);
    // Half the error everywhere: 20 log10(2) dB.
    assert!((series("skill").y[6] - 6.0206).abs() < 1e-4);
    assert_eq!(series("model").x, (1..=12).map(f64::from).collect::<Vec<_>>());
    assert!(r.notes.iter().any(|n| n.level == Level::Good));
}

/// A constant such as 0.1 has a spread of some 1e-17 in rounded sums; an error divided by that would drown all others.
#[test]
fn a_dimension_that_only_rounds_is_left_out_and_named() {
    let (real, imagined) = rollouts(1.5, 3);
    let names = names();
    let i = Input { std: &[2.0, 1e-15], ..input(&names, &real, &imagined, 3) };
    let r = report(&i).unwrap();
    assert_eq!(r.value("one_step_nrmse"), Some(0.25));
    assert!(r.notes.iter().any(|n| n.text.ends_with("left out of errors: y.")));
    assert_eq!(r.tables[0].rows.len(), 1);
}

/// Most starts stand still and copying is exact there; the model is a little off there and right where things move.
#[test]
fn standing_still_does_not_hide_a_useful_model() {
    let names = names();
    let real = [1.0f32, 7.0, 1.0, 7.0].repeat(3).into_iter().chain([0.0, 7.0, 5.0, 7.0]).collect::<Vec<_>>();
    let imagined = [1.0f32, 7.0, 1.1, 7.0].repeat(3).into_iter().chain([0.0, 7.0, 4.5, 7.0]).collect::<Vec<_>>();
    let r = report(&input(&names, &real, &imagined, 1)).unwrap();
    let median = |key: &str| r.series.iter().find(|s| s.key == key).unwrap().y[0];
    assert!(median("model") > median("copy_last"));
    assert_eq!(r.value("useful_horizon"), Some(1.0));
}

#[test]
fn a_model_worse_than_copying_is_useless_and_that_is_an_alarm() {
    let (real, imagined) = rollouts(3.0, 5);
    let r = report(&input(&names(), &real, &imagined, 5)).unwrap();
    assert_eq!(r.value("useful_horizon"), Some(0.0));
    assert_eq!(r.value("nrmse_h10"), None, "rollouts are shorter than 10");
    assert!(r.notes.iter().any(|n| n.level == Level::Alarm));
}

#[test]
fn a_rollout_that_explodes_counts_as_infinite_and_is_named() {
    let (real, mut imagined) = rollouts(1.0, 3);
    imagined[4] = f32::NAN;
    let r = report(&input(&names(), &real, &imagined, 3)).unwrap();
    assert!(r.notes.iter().any(|n| n.text.starts_with("1 of 4 rollouts leave the finite")));
    assert_eq!(r.value("nrmse_last"), Some(0.0), "the median of the other three");
    assert_eq!(r.value("useful_horizon"), Some(3.0), "the rollout came back after step 1");
    assert_eq!(nrmse(&[f32::INFINITY], &[0.0], &[1.0]), f64::INFINITY);
}

#[test]
fn signals_are_correlated_with_the_error() {
    let (real, imagined) = rollouts(1.0, 4);
    let mut off = imagined.clone();
    for s in 0..4 {
        off[(s * 5 + 4) * 2] += s as f32;
    }
    let disagreement: Vec<f64> = (0..16).map(|i| f64::from(3 - i / 4)).collect();
    let names = names();
    let mut i = input(&names, &real, &off, 4);
    i.novelty = Some(&[0.1, 0.5, 2.0, 3.0]);
    i.disagreement = Some(&disagreement);
    let r = report(&i).unwrap();
    assert_eq!(r.value("spearman_novelty_error"), Some(1.0));
    assert_eq!(r.value("spearman_disagreement_error"), Some(-1.0));
    assert_eq!(r.scatters[0].x.len(), 4);
    assert!(r.series.iter().any(|s| s.key == "disagreement" && s.group == "disagreement by horizon"));
}

#[test]
fn traces_carry_the_spread_of_the_members() {
    let (real, imagined) = rollouts(1.0, 2);
    let members = [0.0, 7.0, 1.0, 7.0, 2.0, 7.0, 0.0, 7.0, 3.0, 7.0, 9.0, 7.0];
    let names = names();
    let mut i = input(&names, &real, &imagined, 2);
    i.trace = Some(Trace { label: "episode 0", real: &real[..6], imagined: &imagined[..6], members: &members });
    let r = report(&i).unwrap();
    let s = r.series.iter().find(|s| s.key == "imagined:x").unwrap();
    assert_eq!(s.band, Some((vec![0.0, 1.0, 2.0], vec![0.0, 3.0, 9.0])));
    assert_eq!(s.group, "trace x");
}

#[test]
fn arrays_that_do_not_fit_are_named() {
    let (real, imagined) = rollouts(1.0, 2);
    let names = names();
    let text = |i: &Input<'_>| report(i).unwrap_err().to_string();
    assert!(text(&input(&names, &real[1..], &imagined, 2)).starts_with("real has 23 values"));
    let mut i = input(&names, &real, &imagined, 2);
    i.novelty = Some(&[1.0]);
    assert!(text(&i).contains("novelty"));
    i.owner = &[];
    assert!(text(&i).contains("shorter horizon"));
    let mut i = input(&names, &real, &imagined, 2);
    i.std = &[0.0, 0.0];
    assert!(text(&i).contains("constant"));
}
