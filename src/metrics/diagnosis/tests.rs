#![allow(clippy::float_cmp, reason = "results that are exact in binary")]

use super::*;
use crate::metrics::States;
use crate::metrics::coverage::{self, Options};
use crate::metrics::features::Choice;
use crate::metrics::report::Cell;

struct Fixture {
    names: Vec<String>,
    coverage: coverage::Coverage,
}

/// Training episodes on a grid in the unit square.
fn fixture() -> Fixture {
    let names: Vec<String> = ["x", "speed"].map(String::from).to_vec();
    let rows: Vec<f32> = (0..400).flat_map(|i| [(i % 20) as f32 / 20.0, (i / 20) as f32 / 20.0]).collect();
    let owner: Vec<usize> = (0..400).map(|i| i / 20).collect();
    let states = States { rows: &rows, owner: &owner };
    let input = coverage::Input {
        choice: Choice::default(),
        names: &names,
        train: states,
        calibration: states,
        heldout: states,
        rollouts: None,
        imagined: None,
        shared: false,
    };
    let options = Options { axes: Some((0, 1)), bins: 10, ..Options::default() };
    let coverage = coverage::report(&input, &options, &Ctx::quiet()).unwrap();
    Fixture { names, coverage }
}

fn episode<'a>(
    label: &str,
    obs: &'a [f32],
    novelty: &'a [f64],
    error: &'a [f64],
    reward: &'a [f64],
) -> EpisodeScores<'a> {
    EpisodeScores {
        label: label.into(),
        index: 0,
        of_data: false,
        features: obs,
        novelty,
        model_error: error,
        error_by_dim: &[],
        disagreement: &[],
        reward,
        ret: reward.iter().sum(),
    }
}

#[test]
fn the_worst_episode_is_first_with_its_reason() {
    let f = fixture();
    let obs = [0.5f32, 0.5, 0.5, 0.7, 0.5, 3.0, 0.5, 6.0, 0.5, 9.0];
    let novelty = f.coverage.novelty.ratios(&obs, &Ctx::quiet()).unwrap();
    let (calm, error, wrong) = ([0.5; 5], [0.1, 0.2, 3.0, 4.0, f64::NAN], [2.0, 2.0, 2.0, 0.0, 0.0]);
    let (fine, none) = ([0.4; 5], []);
    let inside = [0.5f32; 10];
    let mut noisy = episode("2", &inside, &calm, &wrong, &[1.0; 5]);
    let by_dim = [9.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    noisy.error_by_dim = &by_dim;
    let episodes = [
        episode("0", &inside, &calm, &fine, &[1.0; 5]),
        episode("1", &obs, &novelty, &error, &[0.0; 5]),
        noisy,
        episode("3", &inside, &calm, &none, &[-9.0; 5]),
    ];
    let input = Input {
        names: &f.names,
        episodes: &episodes,
        novelty: &f.coverage.novelty,
        map: Some(&f.coverage.map),
        low_return: Some(-10.0),
    };
    let d = report(&input, &Ctx::quiet()).unwrap();
    let verdicts: Vec<(usize, Verdict)> = d.ranking.iter().map(|r| (r.index, r.evidence.verdict())).collect();
    assert_eq!(
        verdicts,
        [
            (1, Verdict::Coverage),
            (2, Verdict::AleatoricOrUnderfit),
            (3, Verdict::PolicyOrReward),
            (0, Verdict::WithinCompetence)
        ]
    );
    let row = &d.report.tables[0].rows[0];
    assert_eq!(row[0], Cell::Text("1".into()));
    assert_eq!(row[3], Cell::Count(2), "first OOD step");
    assert_eq!(row[6], Cell::Text("speed 100 %".into()));
    assert_eq!(d.report.tables[0].rows[1][6], Cell::Text("x 90 %, speed 10 %".into()));
    assert_eq!(d.report.notes[0].level, Level::Alarm);
    assert!(d.report.notes[0].text.contains("leaves the data at step 2, by speed"), "{}", d.report.notes[0].text);
    let keys: Vec<&str> = d.report.series.iter().filter(|s| s.group == "1").map(|s| s.key.as_str()).collect();
    assert_eq!(keys, ["1/novelty", "1/model_error", "1/reward"]);
    assert_eq!(d.report.maps[0].key, "path");
    assert_eq!(d.report.maps[0].overlays[0].heat.as_ref().unwrap().len(), 5);
    assert_eq!(d.report.value("novel_episodes"), Some(0.25));
    assert_eq!(d.report.value("wrong_episodes"), Some(0.5));
}

#[test]
fn no_episode_and_arrays_that_do_not_fit_are_refused() {
    let f = fixture();
    let ask = |episodes: &[EpisodeScores<'_>]| {
        let input = Input { names: &f.names, episodes, novelty: &f.coverage.novelty, map: None, low_return: None };
        report(&input, &Ctx::quiet()).err().map(|e| e.to_string()).unwrap_or_default()
    };
    assert!(ask(&[]).contains("no episode"));
    assert!(ask(&[episode("7", &[0.0; 4], &[0.0; 2], &[0.0; 3], &[0.0; 2])]).contains("episode 7: the model errors"));
    assert!(ask(&[episode("7", &[0.0; 3], &[0.0; 2], &[], &[0.0; 2])]).contains("states"));
    assert!(ask(&[episode("7", &[], &[], &[], &[])]).contains("states"));
    assert_eq!(ask(&[episode("7", &[0.0; 2], &[0.0], &[], &[0.0])]), "", "an episode of one step is an episode");
}

#[test]
fn a_state_that_is_not_finite_is_named_as_outside() {
    let f = fixture();
    let obs = [f32::NAN, 0.0];
    let episodes = [episode("0", &obs, &[f64::NAN], &[], &[0.0])];
    let input =
        Input { names: &f.names, episodes: &episodes, novelty: &f.coverage.novelty, map: None, low_return: None };
    let d = report(&input, &Ctx::quiet()).unwrap();
    assert_eq!(d.ranking[0].evidence.verdict(), Verdict::OutsideUnknown);
}
