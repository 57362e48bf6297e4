use rand_distr::{Distribution, StandardNormal};

use super::*;
use crate::ground::fault::Fault;
use crate::ground::seed::{Stream, keyed};

/// Episodes of 20 slowly changing states of three dimensions; `shift` moves the second.
fn walks(episodes: usize, shift: f32, rng: &mut Stream) -> (Vec<f32>, Vec<usize>) {
    let mut normal = || -> f32 { StandardNormal.sample(rng) };
    let (mut rows, mut owner) = (Vec::new(), Vec::new());
    for e in 0..episodes {
        let mut x = [normal(), normal(), normal()];
        for _ in 0..20 {
            x = x.map(|v| 0.9 * v + 0.43 * normal());
            rows.extend([x[0], x[1] + shift, x[2]]);
            owner.push(e);
        }
    }
    (rows, owner)
}

fn names() -> Vec<String> {
    ["x", "y", "z"].map(String::from).into()
}

/// A of 30 episodes in three parts against `b`.
fn compared(b: &(Vec<f32>, Vec<usize>), options: &Options) -> Report {
    let a = walks(30, 0.0, &mut keyed(1, 0));
    let part = |from: usize, to: usize| States { rows: &a.0[from * 60..to * 60], owner: &a.1[from * 20..to * 20] };
    let names = names();
    let input = Input {
        novelty: None,
        names: &names,
        choice: Choice::default(),
        train: part(0, 20),
        calibration: part(20, 29),
        heldout: part(29, 30),
        b: States { rows: &b.0, owner: &b.1 },
        shared: false,
    };
    report(&input, options, &Ctx::quiet()).unwrap()
}

/// A's parts share all of its states.
fn shared<'a>(names: &'a [String], states: States<'a>, b: States<'a>) -> Input<'a> {
    let (choice, novelty) = (Choice::default(), None);
    Input { names, choice, novelty, train: states, calibration: states, heldout: states, b, shared: true }
}

#[test]
fn a_shifted_set_is_told_apart_and_its_dimension_named() {
    let b = walks(12, 3.0, &mut keyed(2, 0));
    let options = Options { states: 200, ..Options::default() };
    let r = compared(&b, &options);
    let value = |key: &str| r.value(key).unwrap_or_else(|| panic!("no stat {key}"));
    for key in ["energy_p", "mmd2_p", "sliced_w1_p", "w1_max_p", "auroc_p"] {
        assert!((value(key) - 0.005).abs() < 1e-12, "{key}: {}", value(key));
    }
    assert!((value("w1_max") - 3.0).abs() < 0.5 && value("auroc") > 0.85 && value("accuracy") > 0.75);
    let share = ["precision", "ood_fraction", "mahalanobis_beyond"].map(value);
    assert!(share[0] < 0.9 && share[1] > 0.0 && share[2] > 0.3, "{share:?}");
    assert_eq!(r.tables[0].rows[0][0], "y".into());
    let verdict = &r.notes[0].text;
    assert!(
        verdict.starts_with("B is distinguishable from A (AUROC 0.") && verdict.contains("most by y;"),
        "{verdict}"
    );
    assert!(r.notes.iter().any(|n| n.text.contains("more of B: y > ")), "{:?}", r.notes);
    let shares: f64 = r.series.iter().filter(|s| s.key.starts_with("distribution_")).flat_map(|s| &s.y).sum();
    assert!((shares - 2.0).abs() < 1e-9);
    assert_eq!(r, compared(&b, &options), "the same seed gives the same report");
    assert!(r.stats.iter().all(|s| !s.definition.is_empty() && s.n.is_some()));
}

#[test]
fn another_draw_of_the_same_source_is_not() {
    let b = walks(12, 0.0, &mut keyed(3, 0));
    let r = compared(&b, &Options { states: 200, permutations: 99, ..Options::default() });
    assert!(r.value("energy_p").unwrap() > 0.05 && r.notes[0].text.starts_with("No difference"), "{:?}", r.notes[0]);
    assert!((r.value("auroc").unwrap() - 0.5).abs() < 0.15);
}

#[test]
fn a_set_against_itself_has_no_distance() {
    let a = walks(30, 0.0, &mut keyed(1, 0));
    let r = compared(&a, &Options { states: 600, permutations: 19, ..Options::default() });
    for key in ["energy", "sliced_w1", "sliced_w2", "w1_max"] {
        assert!(r.value(key).unwrap().abs() < 1e-9, "{key}");
    }
    // A state's twin is in the other set: the estimate without the pairs of a state with itself is below zero.
    assert!(r.value("mmd2").unwrap() <= 0.0);
    assert!((r.value("energy_p").unwrap() - 1.0).abs() < 1e-12);
    for key in ["precision", "recall", "coverage"] {
        assert!((r.value(key).unwrap() - 1.0).abs() < 1e-12, "{key}");
    }
    assert!(r.value("auroc").unwrap() < 0.62, "{:?}", r.value("auroc"));
}

#[test]
fn too_few_episodes_and_other_widths_are_said() {
    let b = walks(1, 0.0, &mut keyed(6, 0));
    let r = compared(&b, &Options { states: 50, ..Options::default() });
    assert!(r.notes[0].text.contains("1 of B") && r.value("auroc").is_none(), "{:?}", r.notes[0]);
    let names = names();
    let states = States { rows: &b.0, owner: &b.1 };
    let narrow = States { rows: &b.0[..40], owner: &b.1 };
    let input = shared(&names, states, narrow);
    let refused = report(&input, &Options::default(), &Ctx::quiet()).unwrap_err().to_string();
    assert!(refused.contains("same observation space"), "{refused}");
}

#[test]
fn a_dimension_that_only_b_moves_is_an_alarm() {
    let mut a = walks(10, 0.0, &mut keyed(1, 0));
    let b = a.clone();
    a.0.iter_mut().skip(2).step_by(3).for_each(|v| *v = 9.81);
    let names = names();
    let states = States { rows: &a.0, owner: &a.1 };
    let b = States { rows: &b.0, owner: &b.1 };
    let input = shared(&names, states, b);
    let r = report(&input, &Options { permutations: 19, ..Options::default() }, &Ctx::quiet()).unwrap();
    assert!(r.notes.iter().any(|n| n.text.starts_with("z is constant at 9.81") && n.text.contains("100 %")));
}

#[test]
fn a_cancel_is_seen() {
    let cancel = crate::ground::task::Cancel::default();
    cancel.cancel();
    let a = walks(10, 0.0, &mut keyed(1, 0));
    let (names, states) = (names(), States { rows: &a.0, owner: &a.1 });
    let input = shared(&names, states, states);
    let stopped = report(&input, &Options::default(), &Ctx::new(cancel, |_| {}));
    assert!(matches!(stopped, Err(Fault::Cancelled)));
}

/// The numbers of the pooled sample are those of the plain functions, which the references' battery checks.
#[test]
fn the_pooled_way_gives_the_plain_functions_numbers() {
    let mut rng = keyed(7, 0);
    let (a, b) = (walks(9, 0.0, &mut rng), walks(7, 0.4, &mut rng));
    let features = crate::metrics::features::Features::fit(&a.0, &names()).unwrap();
    let (a, b) = (States { rows: &a.0, owner: &a.1 }, States { rows: &b.0, owner: &b.1 });
    let sample = Sample::new(&features, &[a], b, 110).unwrap();
    let cx = Ctx::quiet();
    let options = Options { permutations: 9, ..Options::default() };
    let got = Measured::of(&sample, &options, &cx).unwrap();
    let (x, y) = (sample.a(), sample.b());
    assert!((got.energy - energy::distance(&x, &y, &cx).unwrap()).abs() < 1e-12);
    let sigma = mmd::median_heuristic(&x, &y, &cx).unwrap();
    assert!((got.sigma - sigma).abs() < 1e-12);
    assert!((got.mmd2 - mmd::with_sigma(&x, &y, sigma, &cx).unwrap().unbiased).abs() < 1e-12);
    assert_eq!(got.prdc, Some(prdc::prdc(&x, &y, 5, &cx).unwrap()));
    for (d, w1) in got.w1.iter().enumerate() {
        assert!((w1 - wasserstein::one_dimension(&x.column(d), &y.column(d)).wasserstein1).abs() < 1e-12, "{d}");
    }
    // The tests of one and the same sample begin with the same numbers.
    let tests = Evidence::gather(&sample, &sample, &options, &cx).unwrap();
    for (tested, measured) in [(tests.energy, got.energy), (tests.mmd2, got.mmd2), (tests.sliced_w1, got.sliced_w1)] {
        assert!((tested.value - measured).abs() < 1e-12, "{tested:?} {measured}");
    }
    for d in &tests.dimensions {
        assert!((d.w1.value - got.w1[d.index]).abs() < 1e-12 && d.p_of_all >= d.w1.p);
    }
    assert!((tests.w1_max.value - tests.dimensions[0].w1.value).abs() < 1e-12);
}
