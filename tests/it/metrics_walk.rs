//! Coverage and diagnosis of the shipped pair of datasets: a narrow one and one that leaves it.

use std::path::Path;

use oodscope::data::dataset::Dataset;
use oodscope::format;
use oodscope::ground::stats;
use oodscope::ground::task::Ctx;
use oodscope::metrics::States;
use oodscope::metrics::coverage::{self, Coverage, Options};
use oodscope::metrics::diagnosis::{self, EpisodeScores};
use oodscope::metrics::features::Choice;
use oodscope::metrics::report::{Cell, Level};

fn open(name: &str) -> Dataset {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/data/minari/tiny").join(name);
    format::open(&path, None, &Ctx::quiet()).unwrap()
}

fn names() -> Vec<String> {
    ["cos θ", "sin θ", "θ̇"].map(String::from).to_vec()
}

/// Three episodes to train on, two to calibrate, one held out; the others are what a policy did.
fn cover(expert: &Dataset, rollouts: &Dataset) -> Coverage {
    let [train, calibration, heldout] = [[0, 2, 4].as_slice(), &[1, 3], &[5]].map(|part| expert.states(part));
    let other = rollouts.states(&[0, 1, 2, 3]);
    let states = |p: &'_ (Vec<f32>, Vec<usize>)| -> States<'static> {
        States { rows: p.0.clone().leak(), owner: p.1.clone().leak() }
    };
    let names = names();
    let input = coverage::Input {
        names: &names,
        choice: Choice::default(),
        train: states(&train),
        calibration: states(&calibration),
        heldout: states(&heldout),
        imagined: None,
        rollouts: Some(states(&other)),
        shared: false,
    };
    coverage::report(&input, &Options { axes: Some((0, 2)), bins: 20, ..Options::default() }, &Ctx::quiet()).unwrap()
}

#[test]
fn random_episodes_leave_expert_data_and_the_report_says_so() {
    let c = cover(&open("expert-v0"), &open("random-v0"));
    let value = |key: &str| c.report.value(key).unwrap();
    assert!(value("ood_fraction_rollouts") >= value("ood_fraction_heldout"));
    assert!(!c.novelty.threshold.is_calibrated(), "two calibration episodes are too few for 10 %");
    let loud: Vec<&str> = c.report.notes.iter().filter(|n| n.level >= Level::Warn).map(|n| n.text.as_str()).collect();
    assert!(loud.iter().any(|t| t.contains("needs 7 more calibration episodes")), "{loud:#?}");
    for note in &c.report.notes {
        println!("{:?}: {}", note.level, note.text);
    }
    for row in &c.report.tables.iter().find(|t| t.key == "holes").unwrap().rows {
        println!("{row:?}");
    }
    let json = serde_json::to_value(&c.report).unwrap();
    assert_eq!(json["maps"][0]["overlays"].as_array().unwrap().len(), 4);
}

#[test]
fn the_diagnosis_of_a_reset_elsewhere_names_coverage_or_asks_for_a_model() {
    let (expert, random) = (open("expert-v0"), open("random-v0"));
    let c = cover(&expert, &random);
    let scored: Vec<_> = (0..random.num_episodes())
        .map(|i| {
            let e = random.episode(i);
            let rows = random.states(&[i]).0;
            let novelty = c.novelty.ratios(&rows, &Ctx::quiet()).unwrap();
            (rows, novelty, e.rewards, e.ret())
        })
        .collect();
    let episodes: Vec<EpisodeScores<'_>> = scored
        .iter()
        .enumerate()
        .map(|(i, (features, novelty, reward, ret))| EpisodeScores {
            label: i.to_string(),
            index: i,
            of_data: false,
            features,
            novelty,
            model_error: &[],
            error_by_dim: &[],
            disagreement: &[],
            reward,
            ret: *ret,
        })
        .collect();
    let returns: Vec<f64> = (0..expert.num_episodes()).map(|i| expert.episode(i).ret()).collect();
    let names = names();
    let input = diagnosis::Input {
        names: &names,
        episodes: &episodes,
        novelty: &c.novelty,
        map: Some(&c.map),
        low_return: Some(stats::quantile(&returns, 0.25)),
    };
    let d = diagnosis::report(&input, &Ctx::quiet()).unwrap();
    for note in &d.report.notes {
        println!("{:?}: {}", note.level, note.text);
    }
    assert_eq!(d.ranking.len(), 4);
    assert!(d.ranking.windows(2).all(|w| w[0].score >= w[1].score));
    let Cell::Text(verdict) = &d.report.tables[0].rows[0][7] else { panic!("a verdict is a word") };
    assert_eq!(verdict, d.ranking[0].evidence.name());
    assert_eq!(d.report.maps[0].overlays[0].x.len(), 40);
}
