#![allow(clippy::float_cmp, reason = "results that are exact in binary")]

use super::errors::nrmse;
use super::*;
use crate::metrics::report::{Role, Series};

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
        step: &[],
        real,
        imagined,
        disagreement: None,
        members: &[],
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
    assert_eq!((series("model_rms").y[11], series("copy_last_rms").y[11]), (3.0, 6.0));
    assert_eq!((&series("useful_horizon").x[..], series("useful_horizon").role), (&[12.0][..], Role::Place));
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
    let at = |key: &str| r.series.iter().find(|s| s.key == key).unwrap().y[0];
    assert!(at("model") > at("copy_last"));
    assert!(at("model_rms") < at("copy_last_rms"));
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

/// Two starts each of `episodes` episodes that move by one a step, imagined with an error of `share` of the way from step
/// `from` on and of `before` until then.
fn drifting(episodes: usize, horizon: usize, from: usize, (before, share): (f32, f32)) -> Report {
    let (mut real, mut imagined, mut owner) = (vec![], vec![], vec![]);
    for s in 0..2 * episodes {
        owner.push(s / 2);
        for h in 0..=horizon {
            let off = if h < from { before } else { share };
            real.extend([h as f32, 7.0]);
            imagined.extend([h as f32 * (1.0 + off), 7.0]);
        }
    }
    let names = names();
    report(&Input { owner: &owner, ..input(&names, &real, &imagined, horizon) }).unwrap()
}

/// 0.14 dB, as the demo's model had at its last horizon, is an error 1.6 % smaller.
#[test]
fn a_gain_that_nobody_notices_is_none() {
    let (text, level) = {
        let r = drifting(6, 10, 5, (0.5, 10f32.powf(-0.14 / 20.0)));
        assert_eq!(r.value("useful_horizon"), Some(4.0));
        let stat = r.stats.iter().find(|s| s.key == "useful_horizon").unwrap();
        assert_eq!(stat.interval, Some((4.0, 4.0)), "all episodes are alike");
        (r.notes[0].text.clone(), r.notes[0].level)
    };
    assert!(text.starts_with("Imagination is useful for 4 (95 % interval 4 to 4) of 10 steps"), "{text}");
    assert_eq!(level, Level::Warn);
    assert_eq!(drifting(6, 10, 5, (0.5, 0.9)).value("useful_horizon"), Some(10.0));
}

#[test]
fn a_model_that_diverges_is_an_alarm_although_it_begins_well() {
    let r = drifting(6, 10, 5, (0.5, 20.0));
    assert_eq!((r.value("useful_horizon"), r.notes[0].level), (Some(4.0), Level::Alarm));
    assert!(r.notes[0].text.contains("diverges"), "{}", r.notes[0].text);
}

/// The interval is that of episodes: five of ten are useful to step 2 alone, and a draw has any mixture of both.
#[test]
fn the_interval_of_the_horizon_spans_what_episodes_say() {
    let (mut real, mut imagined, mut owner) = (vec![], vec![], vec![]);
    for s in 0..10 {
        owner.push(s);
        for h in 0..=8 {
            let off = if h > 2 && s % 2 == 0 { 1.3 } else { 0.1 };
            real.extend([h as f32, 7.0]);
            imagined.extend([h as f32 * (1.0 + off), 7.0]);
        }
    }
    let names = names();
    let r = report(&Input { owner: &owner, ..input(&names, &real, &imagined, 8) }).unwrap();
    let stat = r.stats.iter().find(|s| s.key == "useful_horizon").unwrap();
    // √(5 · 1.3² / 10) = 0.92 of the floor: useful, but six such episodes in a draw give 1.01.
    assert_eq!((stat.value, stat.interval), (8.0, Some((2.0, 8.0))));
    assert_eq!(r.notes[0].level, Level::Warn);
}

/// What is held against something is measured as that is: one statistic and one unit in each plot of errors.
#[test]
fn every_floor_is_of_the_statistic_of_its_model() {
    let r = drifting(6, 10, 5, (0.5, 0.9));
    let word = |s: &Series| s.definition.split(' ').next().unwrap_or_default().to_owned();
    let floors: Vec<&Series> = r.series.iter().filter(|s| s.role == Role::Floor).collect();
    assert_eq!(floors.len(), 3);
    for floor in floors {
        let group = r.series.iter().filter(|s| s.group == floor.group && s.role == Role::Value);
        let all: Vec<&Series> = group.collect();
        assert!(!all.is_empty());
        assert!(all.iter().all(|s| word(s) == word(floor) && s.y_axis == floor.y_axis), "{}", floor.group);
    }
}

#[test]
fn a_rollout_that_explodes_counts_as_infinite_and_is_named() {
    let (real, mut imagined) = rollouts(1.0, 3);
    imagined[4] = f32::NAN;
    let r = report(&input(&names(), &real, &imagined, 3)).unwrap();
    let said = |n: &&crate::metrics::report::Note| n.text.starts_with("1 of 4 rollouts leave the finite");
    assert_eq!(r.notes.iter().find(said).map(|n| n.level), Some(Level::Alarm));
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
    i.disagreement = Some(&disagreement);
    let mut r = report(&i).unwrap();
    against_novelty(&mut r, &i, &[0.1, 0.5, 2.0, 3.0]).unwrap();
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
    i.trace = Some(Trace {
        label: "episode 0",
        real: &real[..6],
        imagined: &imagined[..6],
        members: &members,
        band: "members",
    });
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
    let mut r = report(&i).unwrap();
    assert!(against_novelty(&mut r, &i, &[1.0]).unwrap_err().to_string().contains("novelty has 1 values"));
    i.owner = &[];
    assert!(text(&i).contains("shorter horizon"));
    let mut i = input(&names, &real, &imagined, 2);
    i.std = &[0.0, 0.0];
    assert!(text(&i).contains("constant"));
}

/// Two members' own rollouts, off by h/2 and by 3h/2 in units of 2: 0.25 h and 0.75 h, 0.5 h in the mean.
#[test]
fn members_alone_have_a_curve_with_a_band() {
    let (real, imagined) = rollouts(1.0, 3);
    let names = names();
    let members = [rollouts(1.5, 3).1, rollouts(2.5, 3).1];
    let one = Input { members: &members, ..input(&names, &real, &imagined, 3) };
    let r = report(&one).unwrap();
    let curve = r.series.iter().find(|s| s.key == "members_rms").unwrap();
    assert_eq!((&curve.y[..], curve.group.as_str()), (&[0.5, 1.0, 1.5][..], "error by horizon"));
    assert_eq!(curve.band, Some((vec![0.25, 0.5, 0.75], vec![0.75, 1.5, 2.25])));
    assert!(report(&Input { members: &[vec![0.0; 3]], ..one }).is_err());
    let none = report(&input(&names, &real, &imagined, 3)).unwrap();
    assert!(none.series.iter().all(|s| s.key != "members_rms"));
}

/// Linear dynamics off by h/4 in units of 2 beside a model off by h/2: half its error, at every horizon.
#[test]
fn a_model_that_is_worth_less_than_a_line_is_told() {
    let (real, imagined) = rollouts(1.5, 4);
    let names = names();
    let one = input(&names, &real, &imagined, 4);
    let mut r = report(&one).unwrap();
    against_linear(&mut r, &one, &rollouts(1.25, 4).1);
    let curve = r.series.iter().find(|s| s.key == "linear_rms").unwrap();
    assert_eq!((&curve.y[..], curve.group.as_str()), (&[0.125, 0.25, 0.375, 0.5][..], "error by horizon"));
    assert!(r.notes.iter().any(|n| n.level == Level::Warn && n.text.contains("at 4 of 4 horizons")), "{:?}", r.notes);
    let mut fine = report(&one).unwrap();
    let before = fine.notes.len();
    against_linear(&mut fine, &one, &rollouts(1.75, 4).1);
    assert_eq!(fine.notes.len(), before);
}
