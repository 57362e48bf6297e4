#![allow(clippy::float_cmp, reason = "results that are exact in binary")]

use rand::RngExt;

use super::*;
use crate::ground::fault::Fault;
use crate::ground::seed::keyed;
use crate::metrics::report::Cell;

fn names() -> Vec<String> {
    ["cos θ", "speed", "mass"].map(String::from).to_vec()
}

/// Episodes of 20 steps uniform in a box; the third dimension is constant.
fn states(episodes: usize, lo: f32, hi: f32, seed: u64) -> (Vec<f32>, Vec<usize>) {
    let mut rng = keyed(seed, 0);
    let (mut rows, mut owner) = (vec![], vec![]);
    for e in 0..episodes {
        for _ in 0..20 {
            rows.extend([rng.random_range(lo..hi), rng.random_range(-1.0f32..1.0), 4.0]);
            owner.push(e);
        }
    }
    (rows, owner)
}

struct World {
    train: (Vec<f32>, Vec<usize>),
    calibration: (Vec<f32>, Vec<usize>),
    heldout: (Vec<f32>, Vec<usize>),
    rollouts: (Vec<f32>, Vec<usize>),
}

fn world() -> World {
    World {
        train: states(60, 0.0, 1.0, 1),
        calibration: states(19, 0.0, 1.0, 2),
        heldout: states(20, 0.0, 1.0, 3),
        rollouts: states(8, 0.5, 2.5, 4),
    }
}

fn ask(w: &World, names: &[String], with_rollouts: bool, options: Options) -> Result<Coverage, Fault> {
    let s = |p: &'_ (Vec<f32>, Vec<usize>)| -> States<'static> {
        States { rows: p.0.clone().leak(), owner: p.1.clone().leak() }
    };
    let input = Input {
        names,
        choice: Choice::default(),
        train: s(&w.train),
        calibration: s(&w.calibration),
        heldout: s(&w.heldout),
        imagined: None,
        rollouts: with_rollouts.then(|| s(&w.rollouts)),
        shared: false,
    };
    report(&input, &options, &Ctx::quiet())
}

#[test]
fn a_policy_that_leaves_the_data_is_found_with_its_hole() {
    let w = world();
    let c = ask(&w, &names(), true, Options { axes: Some((0, 1)), bins: 20, ..Options::default() }).unwrap();
    let r = &c.report;
    let v = |key: &str| r.value(key).unwrap_or_else(|| panic!("{key} is a key of the contract"));
    assert!(v("ood_fraction_rollouts") > 0.4 && v("ood_fraction_heldout") < 0.02);
    assert!(v("false_alarm_heldout") <= 0.3, "at most alpha but for chance");
    assert!(v("usual_novelty") <= v("threshold"));
    assert!((v("unusual_fraction_heldout") - 0.05).abs() < 0.05 && v("unusual_fraction_rollouts") > 0.5);
    assert_eq!((v("calibration_episodes"), v("cells")), (19.0, 400.0));
    // The data end within the 14th of 20 columns.
    assert!(v("occupied_cells") <= 280.0 && v("effective_cells") <= v("occupied_cells"));
    assert_eq!(r.value("variance_share"), None, "two standardised dimensions of d always carry 2/d");
    assert_eq!(r.maps[0].variance_share, None);
    assert!(v("missing_mass") < 0.1 && v("entropy_kl").is_finite());
    for key in [
        "occupied_cells",
        "occupied_fraction",
        "effective_cells",
        "missing_mass",
        "missing_mass_episodes",
        "estimated_cells",
        "state_cells",
        "effective_state_cells",
        "state_missing_mass_episodes",
        "estimated_state_cells",
        "effective_rank",
        "participation_ratio",
        "axes_90",
        "entropy_kl",
        "vendi_score",
    ] {
        let s = r.stats.iter().find(|s| s.key == key).unwrap_or_else(|| panic!("{key} is a key of the contract"));
        assert!(
            s.interval.is_some_and(|(lo, hi)| lo <= s.value + 1e-9 && s.value <= hi + 1e-9),
            "{key}: {:?} around {}",
            s.interval,
            s.value
        );
    }
    assert!((v("effective_rank") - 2.0).abs() < 0.01, "two dimensions move, and not together");
    assert_eq!(r.stats[0].key, "ood_fraction_rollouts", "the most telling number is first");
    let spectrum: Vec<&str> = r.series.iter().filter(|s| s.group == "spectrum").map(|s| s.key.as_str()).collect();
    assert_eq!(spectrum, ["spectrum", "spectrum_cumulative"]);
    let table = |key: &str| r.tables.iter().find(|t| t.key == key).unwrap();
    assert_eq!(table("dimensions_dropped").rows[0][0], Cell::Text("mass".into()));
    let hole = &table("holes").rows[0];
    let (Cell::Text(place), Cell::Number(data), Cell::Number(rollouts)) = (&hole[0], &hole[1], &hole[2]) else {
        panic!("place, share, share")
    };
    assert!(place.starts_with("1  cos θ ∈ [") && place.contains("speed ∈ ["), "{place}");
    assert!(*data < 0.5 && *rollouts > 10.0, "{data} {rollouts}");
    assert!(r.notes.iter().any(|n| n.level == Level::Alarm));
    let map = &r.maps[0];
    assert_eq!((map.key.as_str(), map.overlays.len(), map.values.len()), ("density", 8, 400));
    assert!(map.overlays[0].heat.as_ref().unwrap().iter().any(|h| *h > 1.0));
    assert_eq!(map.values.iter().sum::<f64>(), 1200.0);
    let bars: f64 = r.histograms.iter().find(|h| h.key == "novelty").unwrap().counts.iter().sum();
    assert_eq!(bars, 400.0);
}

#[test]
fn without_rollouts_there_are_principal_axes_and_empty_boxes() {
    let mut w = world();
    // More states, and none in the middle.
    w.train = states(300, 0.0, 1.0, 1);
    let middle = |v: f32, lo: f32, hi: f32| (lo..hi).contains(&v);
    for row in w.train.0.chunks_exact_mut(3).filter(|r| middle(r[0], 0.4, 0.6) && middle(r[1], -0.3, 0.3)) {
        row[1] += 0.65;
    }
    let c = ask(&w, &names(), false, Options { bins: 50, ..Options::default() }).unwrap();
    let r = &c.report;
    assert!(r.value("ood_fraction_rollouts").is_none());
    assert!(r.maps[0].overlays.is_empty() && r.maps[0].x_axis.label.starts_with("PC"));
    assert!(!r.tables.iter().find(|t| t.key == "holes").unwrap().rows.is_empty());
}

#[test]
fn the_same_input_gives_the_same_report() {
    let (a, b) = (ask(&world(), &names(), true, Options::default()), ask(&world(), &names(), true, Options::default()));
    let json = |c: Result<Coverage, Fault>| serde_json::to_string(&c.unwrap().report).unwrap();
    assert_eq!(json(a), json(b));
}

#[test]
fn the_first_report_has_the_name_of_the_whole_and_none_of_the_search() {
    let w = world();
    let names = names();
    let s = |p: &'_ (Vec<f32>, Vec<usize>)| -> States<'static> {
        States { rows: p.0.clone().leak(), owner: p.1.clone().leak() }
    };
    let (train, calibration, heldout) = (s(&w.train), s(&w.calibration), s(&w.heldout));
    let choice = Choice::default();
    let input =
        Input { names: &names, choice, train, calibration, heldout, rollouts: None, imagined: None, shared: false };
    let options = Options { bootstrap: Bootstrap { draws: 0, seed: 0 }, ..Options::default() };
    let begun = begin(&input, &options, &Ctx::quiet()).unwrap();
    assert_eq!((begun.report.name.as_str(), begun.report.maps.len()), ("coverage", 1));
    assert!(begun.report.value("occupied_cells").is_some() && begun.report.value("threshold").is_none());
    let whole = begun.finish(&Ctx::quiet()).unwrap().report;
    assert!(whole.value("threshold").is_some());
    // What is known of counts of episodes needs no draws.
    let counted = |key: &str| key.starts_with("false_alarm");
    let bounded = whole.stats.iter().filter(|s| s.interval.is_some());
    assert!(bounded.map(|s| s.key.as_str()).all(counted), "no draws, no intervals");
    assert!(whole.notes.iter().any(|n| n.text.starts_with("Novelty has an alarm in ")));
    let cancel = crate::ground::task::Cancel::default();
    cancel.cancel();
    assert!(begin(&input, &options, &Ctx::new(cancel, |_| {})).is_err());
}

#[test]
fn odd_input_gets_a_sentence() {
    let mut w = world();
    let text = |w: &World, o: Options| ask(w, &names(), true, o).err().map(|e| e.to_string()).unwrap_or_default();
    assert!(text(&w, Options { axes: Some((0, 3)), ..Options::default() }).contains("axes 0 and 3"));
    assert!(text(&w, Options { k: 0, ..Options::default() }).contains("k = 0"));
    assert!(text(&w, Options { alpha: 1.5, ..Options::default() }).contains("between 0 and 1"));
    w.calibration = (vec![], vec![]);
    assert!(text(&w, Options::default()).contains("calibration"));
    w.train = (vec![], vec![]);
    assert!(text(&w, Options::default()).contains("at least"));
}

#[test]
fn rollouts_that_are_not_finite_are_out_and_do_not_break_the_map() {
    let mut w = world();
    w.rollouts.0[0] = f32::NAN;
    w.rollouts.0[4] = f32::INFINITY;
    let c = ask(&w, &names(), true, Options { axes: Some((0, 1)), ..Options::default() }).unwrap();
    assert!(c.report.maps[0].x_range.1 < 1.6, "the map grows by half of the data's span at most");
    assert!(c.report.value("ood_fraction_rollouts").unwrap() > 0.4);
}
