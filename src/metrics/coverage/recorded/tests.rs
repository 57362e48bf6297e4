use super::*;
use crate::ground::bootstrap::Bootstrap;
use crate::ground::task::Ctx;
use crate::metrics::coverage::whole::tell;
use crate::metrics::report::{Cell, Level, Report};

/// Columns of a dataset with three observation dimensions (the last never moves), one action and episodes of five
/// steps.
struct Columns {
    states: Vec<f32>,
    actions: Vec<f32>,
    rewards: Vec<f64>,
}

fn columns(n: u32, s0: fn(f64) -> f64, s1: fn(u32) -> f64, a: fn(f64) -> f64, reward: fn(u32) -> f64) -> Columns {
    Columns {
        states: (0..n).flat_map(|i| [s0(f64::from(i)) as f32, s1(i) as f32, 3.0]).collect(),
        actions: (0..n).map(|i| a(f64::from(i)).clamp(-1.0, 1.0) as f32).collect(),
        rewards: (0..n).map(reward).collect(),
    }
}

fn ours() -> Columns {
    let seventh = |i| f64::from(i % 7) / 2.0;
    columns(40, f64::sin, seventh, |i| 1.3 * (0.9 * i).cos(), |i| f64::from(1 + i % 3))
}

fn reference() -> Columns {
    let eleventh = |i| f64::from(i % 11) / 3.0;
    columns(60, |i| 1.2 * (1.7 * i).sin(), eleventh, |i| 1.5 * (0.4 * i).sin(), |i| f64::from(2 + i % 2))
}

fn random() -> Columns {
    columns(30, f64::sin, |_| 0.0, f64::cos, |i| f64::from(i % 4) / 4.0)
}

fn recorded(c: &Columns, bounds: Option<(f32, f32)>) -> Recorded<'_> {
    let episode = |e: usize| Episode {
        states: &c.states[15 * e..15 * (e + 1)],
        actions: &c.actions[5 * e..5 * (e + 1)],
        rewards: &c.rewards[5 * e..5 * (e + 1)],
    };
    let names = |prefix: &str, n: usize| (0..n).map(|i| format!("{prefix}{i}")).collect();
    Recorded {
        observation: Dimensions { names: names("s", 3), bounds: vec![None; 3], choices: None },
        action: Dimensions { names: names("a", 1), bounds: vec![bounds], choices: None },
        episodes: (0..c.rewards.len() / 5).map(episode).collect(),
    }
}

fn told(data: &Recorded<'_>, peers: &Peers<'_>) -> Report {
    let mut report = Report::new("coverage", "Coverage");
    tell(&mut report, data, peers, &Bootstrap::default(), &Ctx::quiet()).unwrap();
    report
}

fn number(report: &Report, table: &str, row: usize, column: &str) -> f64 {
    let t = report.tables.iter().find(|t| t.key == table).unwrap();
    match &t.rows[row][t.columns.iter().position(|c| c == column).unwrap()] {
        Cell::Number(v) => *v,
        Cell::Count(n) => *n as f64,
        Cell::Text(text) => panic!("{text} is no number"),
    }
}

/// numpy 2.4 on the same columns as float32: `np.quantile(S[:, c], [0, .01, .5, .99, 1])`, `np.histogram(S[:, c],
/// bins=40, range=(reference min, max))`, `np.histogram(A, bins=40, range=(-1, 1))`, `np.mean(abs(A) >= .98)`; SACo by
/// `np.unique` of rows quantised to ten bins over the shared range: 38 and 55; TQ = (mean - random mean) / (best of
/// reference - random mean). 1e-6: numbers are stored as f32.
#[test]
fn every_number_is_numpys() {
    let (c, r, z) = (ours(), reference(), random());
    let peers = Peers {
        reference: Some(recorded(&r, None)),
        random: Some(recorded(&z, None)),
        ids: vec!["hopper-medium-v2".into()],
    };
    let report = told(&recorded(&c, Some((-1.0, 1.0))), &peers);
    let close = |got: f64, want: f64| assert!((got - want).abs() < 1e-6 * want.abs().max(1.0), "{got} {want}");
    for (head, want) in [
        ("min", -0.999_990_224_838_256_8),
        ("1 %", -0.996_787_788_867_950_4),
        ("median", 0.070_560_000_836_849_21),
        ("99 %", 0.996_283_103_823_661_8),
        ("max", 0.999_911_844_730_377_2),
    ] {
        close(number(&report, "dimensions", 0, head), want);
    }
    close(number(&report, "dimensions", 0, "low"), -1.197_763_919_830_322_3);
    close(number(&report, "dimensions", 0, "range used (%)"), 83.415_608_346_078_33);
    close(number(&report, "dimensions", 0, "bins of 40"), 24.0);
    close(number(&report, "dimensions", 1, "bins of 40"), 7.0);
    close(number(&report, "actions", 0, "bins of 40"), 12.0);
    let value = |key: &str| report.value(key).unwrap_or_else(|| panic!("{key} is a key of the contract"));
    close(value("range_used"), 31.0 / 80.0);
    close(value("action_cells"), 12.0);
    close(value("effective_action_cells"), 9.083_235_085_259_187);
    close(value("action_saturation"), 0.45);
    close(value("return_mean"), 9.875);
    close(value("saco"), 38.0 / 55.0);
    close(value("tq"), 0.721_189_591_078_066_9);
    close(value("eri"), 0.113_924_050_632_911_3);
    for s in &report.stats {
        let whole = ["return_best"].contains(&s.key.as_str());
        let holds = s.interval.is_some_and(|(lo, hi)| lo <= s.value + 1e-9 && s.value <= hi + 1e-9);
        assert!(holds || whole, "{}: {:?} around {}", s.key, s.interval, s.value);
        assert!(s.n.is_some() && !s.definition.is_empty(), "{}", s.key);
    }
    assert!(report.notes.iter().any(|n| n.text.contains("s2")), "the dimension that never moves is named");
}

#[test]
fn published_scores_stand_in_and_what_is_missing_is_said() {
    let c = ours();
    let data = recorded(&c, None);
    let hopper = told(&data, &Peers { ids: vec!["hopper_medium-v2".into()], ..Peers::default() });
    let want = (9.875 + 20.272_305) / (3234.3 + 20.272_305);
    assert!((hopper.value("tq").unwrap() - want).abs() < 1e-12);
    let none = told(&data, &Peers::default());
    assert!(none.value("tq").is_none() && none.value("saco").is_none());
    assert!(none.notes.iter().any(|n| n.text.contains("--random") && n.text.contains("--reference")));
}

#[test]
fn an_improvement_over_a_negative_return_is_undefined() {
    let mut c = ours();
    c.rewards.iter_mut().for_each(|r| *r = -*r);
    let r = told(&recorded(&c, None), &Peers::default());
    assert!(r.value("eri").is_none() && r.notes.iter().any(|n| n.text.contains("ERI") && n.level == Level::Info));
}

#[test]
fn a_reference_of_another_environment_is_refused() {
    let c = ours();
    let mut other = recorded(&c, None);
    other.observation.names.push("more".into());
    let peers = Peers { reference: Some(other), ..Peers::default() };
    let mut report = Report::new("coverage", "Coverage");
    let told = tell(&mut report, &recorded(&c, None), &peers, &Bootstrap::default(), &Ctx::quiet());
    assert!(told.is_err_and(|e| e.to_string().contains("same environment")));
}

#[test]
fn choices_are_counted_by_choice() {
    let mut c = ours();
    c.actions.iter_mut().enumerate().for_each(|(i, a)| *a = [1.0, 1.0, 2.0, 1.0][i % 4]);
    let mut data = recorded(&c, None);
    data.action.choices = Some(Choices { n: 3, first: 0 });
    let r = told(&data, &Peers { reference: Some(data.clone()), ..Peers::default() });
    assert!((r.value("action_cells").unwrap() - 2.0).abs() < 1e-12 && r.value("action_saturation").is_none());
    assert!((number(&r, "actions", 1, "share (%)") - 75.0).abs() < 1e-9);
    assert!((r.value("saco").unwrap() - 1.0).abs() < 1e-12, "a dataset against itself");
}

#[test]
fn nothing_recorded_and_no_intervals_are_no_fault() {
    let empty = told(&Recorded::default(), &Peers::default());
    assert!(empty.stats.is_empty());
    let c = ours();
    let mut report = Report::new("coverage", "Coverage");
    let none = Bootstrap { draws: 0, seed: 0 };
    tell(&mut report, &recorded(&c, None), &Peers::default(), &none, &Ctx::quiet()).unwrap();
    assert!(report.stats.iter().all(|s| s.interval.is_none()));
}
