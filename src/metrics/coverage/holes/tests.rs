#![allow(clippy::float_cmp, reason = "results that are exact in binary")]

use rand::RngExt;

use super::*;
use crate::ground::seed::keyed;
use crate::metrics::coverage::Input;
use crate::metrics::features::Choice;

/// Uniform states in [0, 1]³ without those in `avoid`, episodes of 50.
fn states(n: usize, seed: u64, avoid: impl Fn(&[f32]) -> bool) -> (Vec<f32>, Vec<usize>) {
    let mut rng = keyed(seed, 0);
    let mut rows: Vec<f32> = Vec::new();
    while rows.len() < 3 * n {
        let row = [rng.random::<f32>(), rng.random(), rng.random()];
        if !avoid(&row) {
            rows.extend(row);
        }
    }
    (rows, (0..n).map(|i| i / 50).collect())
}

type Set = (Vec<f32>, Vec<usize>);

fn holes(data: &Set, rollouts: Option<&Set>, failing: &[bool]) -> Report {
    visited_by(data, rollouts, failing, false).0
}

fn visited_by(data: &Set, rollouts: Option<&Set>, failing: &[bool], imagined: bool) -> (Report, Vec<HoleBox>) {
    fn view(p: &(Vec<f32>, Vec<usize>)) -> States<'_> {
        States { rows: &p.0, owner: &p.1 }
    }
    let names = ["x", "y", "z"].map(String::from);
    let input = Input {
        names: &names,
        choice: Choice::default(),
        train: view(data),
        calibration: view(data),
        heldout: view(data),
        rollouts: rollouts.map(view).filter(|_| !imagined),
        imagined: rollouts.map(view).filter(|_| imagined),
        shared: true,
    };
    let survey = Survey::new(&input, &[], &Ctx::quiet()).unwrap();
    let mut report = Report::default();
    let whose = if imagined { &IMAGINED } else { &ROLLOUTS };
    let visits = rollouts.map(|r| Visits { states: view(r), failing: failing.to_vec(), whose });
    let boxes = table(&mut report, &survey, visits.as_ref(), &Ctx::quiet()).unwrap();
    (report, boxes)
}

fn ends(text: &Cell) -> Vec<f64> {
    let Cell::Text(text) = text else { panic!("a place is words") };
    let number = |s: &str| s.trim().parse::<f64>().unwrap();
    text.split('[')
        .skip(1)
        .flat_map(|p| p.split(']').next().unwrap().split(',').map(number).collect::<Vec<_>>())
        .collect()
}

fn near(got: &[f64], want: &[f64]) -> bool {
    // A box ends at cells of a 32nd.
    got.len() == want.len() && got.iter().zip(want).all(|(g, w)| (g - w).abs() < 0.05)
}

#[test]
fn a_planted_hole_that_rollouts_visit_is_found_once_with_its_numbers() {
    // Where y > 0.5 the data have no z in [0.2, 0.6]; a third of the rollout states are there.
    let hole = |r: &[f32]| r[1] > 0.5 && (0.2..0.6).contains(&r[2]);
    let data = states(20_000, 1, hole);
    let (mut rows, owner) = states(3000, 2, hole);
    let mut rng = keyed(3, 0);
    for i in (0..3000).filter(|i| i / 50 % 3 == 0) {
        rows[3 * i + 1] = rng.random_range(0.5..1.0);
        rows[3 * i + 2] = rng.random_range(0.2..0.6);
    }
    let failing: Vec<bool> = owner.iter().map(|e| e % 3 < 2).collect();
    let report = holes(&data, Some(&(rows, owner)), &failing);
    let table = &report.tables[0];
    let first = &table.rows[0];
    assert!(near(&ends(&first[0]), &[0.5, 1.0, 0.2, 0.6]), "{first:?}");
    let number = |c: &Cell| match c {
        Cell::Number(v) => *v,
        Cell::Count(n) => *n as f64,
        Cell::Text(t) => panic!("{t} is no number"),
    };
    let n: Vec<f64> = first[1..].iter().map(number).collect();
    assert!(n[0] < 1.0 && (n[1] - 33.3).abs() < 3.0, "{n:?}");
    assert!((n[2] - 50.0).abs() < 15.0, "half of the failing episodes live there, a few others brush it: {n:?}");
    assert!((n[0] - n[3] / 200.0).abs() < 1e-9 && (n[1] - n[4] / 30.0).abs() < 1e-9, "shares are counts: {n:?}");
    assert_eq!(table.rows.len(), 1, "other pairs see the same states: {:?}", table.rows);
    assert!(report.notes[0].level == Level::Alarm && report.notes[0].text.contains("y ∈ ["), "{:?}", report.notes);
}

#[test]
fn an_empty_box_within_the_data_is_named_and_an_unreachable_corner_is_not() {
    // Nothing at x + y > 1.2: a corner outside of the hull. A box in the middle is empty.
    let data = states(30_000, 4, |r| r[0] + r[1] > 1.2 || ((0.2..0.4).contains(&r[0]) && (0.3..0.5).contains(&r[1])));
    let report = holes(&data, None, &[]);
    let rows = &report.tables[0].rows;
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert!(near(&ends(&rows[0][0]), &[0.2, 0.4, 0.3, 0.5]), "{rows:?}");
    assert!(matches!(rows[0][2], Cell::Number(v) if v.is_nan()) && rows[0][4] == Cell::Count(0));
}

#[test]
fn data_that_cover_the_rollouts_have_no_hole() {
    let (data, rollouts) = (states(20_000, 5, |_| false), states(2000, 6, |_| false));
    let report = holes(&data, Some(&rollouts), &[false; 2000]);
    assert!(report.tables[0].rows.is_empty(), "{:?}", report.tables[0].rows);
    assert!(holes(&data, None, &[]).tables[0].rows.is_empty());
}

#[test]
fn imagined_states_rank_holes_too_and_boxes_lie_on_the_maps_of_their_axes() {
    let hole = |r: &[f32]| r[1] > 0.5 && (0.2..0.6).contains(&r[2]);
    let data = states(20_000, 1, hole);
    let imagined = states(2000, 7, |r| !hole(r));
    let (report, boxes) = visited_by(&data, Some(&imagined), &[false; 2000], true);
    let table = &report.tables[0];
    assert_eq!((table.label.as_str(), table.columns[2].as_str()), ("Holes that imagination visits", "imagined (%)"));
    assert!(report.notes[0].text.contains("% of imagined states"), "{:?}", report.notes);
    let mark = boxes[0].on((1, 2)).unwrap();
    let swapped = boxes[0].on((2, 1)).unwrap();
    assert!(near(&[mark.x.0, mark.x.1, mark.y.0, mark.y.1], &[0.5, 1.0, 0.2, 0.6]), "{mark:?}");
    assert_eq!((mark.label.as_str(), mark.x, mark.y), ("1", swapped.y, swapped.x));
    assert!(boxes[0].on((0, 1)).is_none());
}
