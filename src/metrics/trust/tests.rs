#![allow(clippy::float_cmp, reason = "results that are exact in binary")]

use rand::RngExt;

use super::contest::Contest;
use super::truth::{Kind, Signal, Truth};
use super::weighted::{Order, Ranked};
use super::*;
use crate::ground::task::Ctx;
use crate::metrics::report::{Level, Report};
use crate::metrics::score::SCORES;

/// Scores with ties, and what they should predict.
const SCORE: [f64; 24] = [
    0.0, -0.0, 0.5, 0.0, -0.5, 0.5, 1.5, 1.0, -0.5, -1.5, -0.5, 0.0, -2.5, -0.0, -1.0, -0.5, -0.5, -0.5, 0.5, 1.0,
    -0.0, 1.5, -0.5, 0.5,
];
const SEVERITY: [f64; 24] = [
    0.9, 0.1, 0.2, 0.9, 1.0, 0.7, 0.5, 0.8, 0.7, 1.0, 0.3, 0.4, 3.2, 0.1, 0.2, 1.0, 1.8, 1.0, 1.8, 1.8, 0.3, 1.2, 1.0,
    2.5,
];
const TIMES: [usize; 24] = [0, 0, 1, 3, 1, 3, 1, 0, 3, 3, 0, 0, 2, 1, 2, 0, 3, 1, 3, 3, 2, 0, 3, 0];

/// scikit-learn 1.9.1 `average_precision_score(y, s)` and `roc_auc_score(y, s)` with y = SEVERITY > 1, scipy 1.17.1
/// `spearmanr(s, SEVERITY)`; then the same of `numpy.repeat(.., TIMES)`.
const PLAIN: [f64; 3] = [0.414_682_539_682_539_65, 0.638_888_888_888_889, -0.053_498_833_135_281_32];
const REPEATED: [f64; 3] = [0.498_110_979_929_161_76, 0.602_272_727_272_727_3, -0.097_740_224_566_334_1];

#[test]
fn rank_statistics_are_those_of_scikit_learn_and_scipy() {
    let positive: Vec<bool> = SEVERITY.iter().map(|&s| s > 1.0).collect();
    let of = |weight: &[f64]| {
        let mut truth = Ranked::default();
        Order::new(&SEVERITY).rank(weight, &mut truth);
        let m = Order::new(&SCORE).measure(&truth, &positive, weight);
        [m.auprc, m.auroc, m.rho]
    };
    let close = |got: [f64; 3], want: [f64; 3]| got.iter().zip(want).all(|(g, w)| (g - w).abs() < 1e-12);
    assert!(close(of(&[1.0; 24]), PLAIN), "{:?}", of(&[1.0; 24]));
    assert!(close(of(&TIMES.map(|t| t as f64)), REPEATED), "{:?}", of(&TIMES.map(|t| t as f64)));
    let positive_only = average_precision(&[1.0, 2.0], &[false, false]);
    assert!(positive_only.is_nan());
}

fn signal(score: usize, values: Vec<f64>, threshold: f64) -> Signal {
    Signal { score: &SCORES[score], values, running: Vec::new(), threshold: Some(threshold) }
}

/// Episodes whose one step is their score.
fn episodes(values: &[f64], threshold: f64) -> Signal {
    Signal { running: values.iter().map(|&v| vec![v]).collect(), ..signal(0, values.to_vec(), threshold) }
}

/// 40 episodes of 25 steps; the severity follows `strength` of the first score, nothing of the second.
fn steps(strength: f64) -> (Vec<Signal>, Truth) {
    let mut rng = keyed(5, 0);
    let mut noise = || -> Vec<f64> { (0..1000).map(|_| rng.random_range(-1.0..1.0)).collect() };
    let (good, bad, rest) = (noise(), noise(), noise());
    let severity: Vec<f64> = good.iter().zip(&rest).map(|(g, r)| strength * g + r).collect();
    let truth = Truth {
        kind: Kind::ModelError,
        positive: severity.iter().map(|&s| s > 0.5).collect(),
        severity,
        owner: (0..1000).map(|i| i / 25).collect(),
        definition: "error above 0.5".into(),
    };
    (vec![signal(0, bad, 2.0), signal(1, good, 0.8)], truth)
}

#[test]
fn the_score_that_predicts_is_first_and_named() {
    let (columns, truth) = steps(2.0);
    let contest = Contest::hold(&columns, &truth, 1, &Ctx::quiet()).unwrap();
    let best = &contest.entries[0];
    assert_eq!((best.score.name, contest.rows, contest.episodes), ("mahalanobis", 1000, 40));
    let (low, high) = best.rho.interval.unwrap();
    assert!(low < best.rho.value && best.rho.value < high && low > 0.8, "{best:?}");
    assert!(contest.lead.unwrap().0 > 0.5);
    let mut report = Report::new("score", "Scores");
    charts::table(&mut report, &contest, &truth);
    charts::curves(&mut report, &columns, &truth, 1);
    charts::stats(&mut report, &contest, &truth);
    let text = &report.notes[0].text;
    let most = "Trust Mahalanobis distance most, though it misses most that is bad: at its threshold it fires on 26 %";
    assert!(text.starts_with(most), "{text}");
    assert!(report.notes[1].text.starts_with(
        "By rank alone, wherever its threshold is, Mahalanobis distance predicts the model's error best: rho 0."
    ));
    assert_eq!((report.notes[0].level, report.notes[1].level), (Level::Warn, Level::Info));
    assert_eq!(report.tables[0].rows.len(), 3);
    let chance = &report.tables[0].rows[2];
    let share = contest.positive as f64 / 1000.0;
    assert_eq!((&chance[0], &chance[3], &chance[5]), (&"chance".into(), &0.5.into(), &share.into()));
    // At 2 the blind score never fires.
    let blind = contest.entries[1].at.unwrap().0;
    assert_eq!((blind.bad, blind.good, blind.gain), (0.0, 0.0, 0.0));
    assert_eq!(report.value("fires_on_bad_novelty"), Some(0.0));
    assert_eq!(report.stats[0].key, "spearman_mahalanobis");
    let rising = report.series.iter().find(|s| s.key == "reliability_mahalanobis").unwrap();
    assert!(rising.y[9] > rising.y[0] + 1.0);
}

#[test]
fn a_lead_within_chance_and_a_score_no_better_than_chance_are_said() {
    let (mut columns, truth) = steps(2.0);
    columns[0].values = columns[1].values.iter().map(|v| v + 1e-3 * (v * 1e6).sin()).collect();
    let mut report = Report::new("score", "Scores");
    charts::table(&mut report, &Contest::hold(&columns, &truth, 1, &Ctx::quiet()).unwrap(), &truth);
    assert!(report.notes[1].text.contains("within chance"), "{}", report.notes[1].text);
    let (columns, truth) = steps(0.0);
    let mut report = Report::new("score", "Scores");
    charts::table(&mut report, &Contest::hold(&columns, &truth, 1, &Ctx::quiet()).unwrap(), &truth);
    assert!(
        report.notes[0].text.starts_with(
            "Trust none of the alarms: at its threshold none tells bad from good steps better than chance"
        )
    );
    assert!(report.notes[1].text.contains("no alarm predicts the model's error better than chance"));
}

#[test]
fn few_episodes_and_one_class_are_said() {
    let (columns, mut truth) = steps(2.0);
    truth.owner = vec![0; 1000];
    let mut report = Report::new("score", "Scores");
    let contest = Contest::hold(&columns, &truth, 1, &Ctx::quiet()).unwrap();
    charts::table(&mut report, &contest, &truth);
    assert!(contest.entries[0].rho.interval.is_none());
    assert!(report.notes[1].text.contains("too few"), "{}", report.notes[1].text);
    let (columns, mut truth) = steps(2.0);
    truth.positive = vec![false; 1000];
    truth.kind = Kind::LowReturn;
    let columns: Vec<Signal> = columns.iter().map(|s| episodes(&s.values, 2.0)).collect();
    let contest = Contest::hold(&columns, &truth, 1, &Ctx::quiet()).unwrap();
    assert!(contest.entries.iter().all(|e| e.auroc.value.is_nan() && e.auroc.interval.is_none()));
    charts::table(&mut report, &contest, &truth);
    assert!(report.notes.iter().any(|n| n.text.starts_with("Nothing says which alarm")));
    let nothing = Truth { severity: vec![], positive: vec![], owner: vec![], ..truth };
    assert!(Contest::hold(&[signal(0, vec![], 1.0)], &nothing, 1, &Ctx::quiet()).is_err());
}

/// The percentile interval covers the truth about as often as it says: ρ of a bivariate normal of correlation r is
/// (6/π) asin(r/2); here with strongly correlated steps within an episode, which an interval over rows would not survive.
#[test]
fn the_interval_over_episodes_covers_the_truth() {
    use rand_distr::{Distribution, StandardNormal};
    let mut rng = keyed(9, 0);
    let truth_rho = 6.0 / std::f64::consts::PI * f64::asin(0.6 / 2.0);
    let covered = (0..60)
        .filter(|&seed| {
            let (mut score, mut severity, mut owner) = (vec![], vec![], vec![]);
            for e in 0..60 {
                let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
                let (a, b) = (normal(), normal());
                for _ in 0..8 {
                    let x = 0.9f64.sqrt() * a + 0.1f64.sqrt() * normal();
                    let own = 0.9f64.sqrt() * b + 0.1f64.sqrt() * normal();
                    score.push(x);
                    severity.push(0.6 * x + 0.8 * own);
                    owner.push(e);
                }
            }
            let positive = severity.iter().map(|&s| s > 1.0).collect();
            let truth = Truth { kind: Kind::ModelError, severity, positive, owner, definition: String::new() };
            let contest = Contest::hold(&[signal(0, score, 1.0)], &truth, seed, &Ctx::quiet()).unwrap();
            let (low, high) = contest.entries[0].rho.interval.unwrap();
            low <= truth_rho && truth_rho <= high
        })
        .count();
    // 95 % of 60 are 57; 51 or fewer come once in a thousand seeds.
    assert!(covered >= 52, "{covered} of 60");
}

#[test]
fn one_failed_episode_is_no_ground_for_an_interval() {
    let severity: Vec<f64> = (0..20).map(f64::from).collect();
    let truth = |failed: usize| Truth {
        kind: Kind::LowReturn,
        positive: (0..20).map(|i| i >= 20 - failed).collect(),
        severity: severity.clone(),
        owner: (0..20).collect(),
        definition: "low".into(),
    };
    let of = |failed| {
        let contest = Contest::hold(&[episodes(&severity, 12.0)], &truth(failed), 1, &Ctx::quiet()).unwrap();
        contest.entries[0].clone()
    };
    assert_eq!((of(1).auroc.value, of(1).auroc.interval), (1.0, None));
    assert!(of(1).rho.interval.is_some() && of(5).auroc.interval.is_some());
}

#[test]
fn a_score_that_ranks_well_and_never_fires_is_named_and_not_first() {
    let (signals, truth) = steps(2.0);
    let mut idle = signals[1].clone();
    idle.threshold = Some(5.0);
    let mut used = signal(0, signals[1].values.iter().map(|v| v + 0.4 * (v * 1e6).sin()).collect(), 0.5);
    used.score = &SCORES[2];
    let contest = Contest::hold(&[idle, used], &truth, 1, &Ctx::quiet()).unwrap();
    assert_eq!(contest.entries[0].score.name, SCORES[1].name, "it ranks best");
    let mut report = Report::new("score", "Scores");
    charts::table(&mut report, &contest, &truth);
    let text = &report.notes[0].text;
    assert!(text.starts_with(&format!("Trust {} most: at its threshold", SCORES[2].label)), "{text}");
    let idle = "Of no use as an alarm at its threshold is one that ranks well: Mahalanobis distance (AUROC 0.";
    assert!(text.contains(idle) && report.notes[0].level == Level::Good, "{text}");
    assert!(text.contains("fires on 0 % of bad and 0 % of good steps."), "{text}");
}
