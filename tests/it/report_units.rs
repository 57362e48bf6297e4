//! What is held against a threshold or a floor is measured in its unit.

use std::sync::{Mutex, PoisonError};

use oodscope::engine::job::{CoverSpec, DiagnoseSpec, ImagineSpec, JobSpec, PolicySpec, ScoreSpec, Source};
use oodscope::engine::{self, Workspace};
use oodscope::ground::task::Ctx;
use oodscope::metrics::report::{IN_THRESHOLDS, Report, Role, Series};

use crate::support::program::{checkpoint, pendulum};

/// The last report of each name that the jobs of the evaluating panels give on held-out episodes.
fn reports() -> Vec<Report> {
    let source = Source { dataset: pendulum().into(), checkpoint: Some(checkpoint().into()), ..Source::default() };
    let policy = PolicySpec { episodes: 0, ..PolicySpec::default() };
    let specs = [
        JobSpec::Cover(CoverSpec { source: source.clone(), policy: policy.clone(), ..CoverSpec::default() }),
        JobSpec::Imagine(ImagineSpec { source: source.clone(), ..ImagineSpec::default() }),
        JobSpec::Diagnose(DiagnoseSpec { source: source.clone(), policy: policy.clone(), ..DiagnoseSpec::default() }),
        JobSpec::Score(ScoreSpec { source, policy, ..ScoreSpec::default() }),
    ];
    let workspace = Workspace::default();
    let all = Mutex::new(Vec::<Report>::new());
    for spec in &specs {
        let emit = |report: Report| {
            let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
            all.retain(|old| old.name != report.name);
            all.push(report);
        };
        engine::run(spec, &workspace, &Ctx::quiet(), &emit).unwrap();
    }
    all.into_inner().unwrap()
}

fn groups<'a>(report: &'a Report, of: &Series) -> Vec<&'a Series> {
    report.series.iter().filter(|s| s.group == of.group && s.role == Role::Value).collect()
}

#[test]
fn every_series_with_a_threshold_or_a_floor_is_in_its_unit() {
    let reports = reports();
    let (mut lanes, mut floors) = (0, 0);
    for report in &reports {
        let kept = report.details.iter().flat_map(|d| &d.series);
        for lane in report.series.iter().chain(kept).filter(|s| s.role == Role::Lane) {
            assert_eq!(lane.y_axis.unit, IN_THRESHOLDS, "{} {}", report.name, lane.key);
            assert!(lane.has_threshold());
            lanes += 1;
        }
        for held in report.series.iter().filter(|s| matches!(s.role, Role::Floor | Role::Threshold)) {
            let others = groups(report, held);
            assert!(!others.is_empty(), "{} {} is held against nothing", report.name, held.key);
            assert!(others.iter().all(|s| s.y_axis.unit == held.y_axis.unit), "{} {}", report.name, held.group);
            floors += 1;
        }
        let marked = report.scatters.iter().filter(|s| s.x_mark.as_ref().is_some_and(|m| m.1 == 1.0));
        assert!(marked.into_iter().all(|s| s.x_axis.unit == IN_THRESHOLDS));
    }
    assert!(lanes >= 9 && floors >= 3, "{lanes} lanes, {floors} floors");
}

/// The strip of disagreement says what `score` says: the same spread over the same threshold.
#[test]
fn the_strip_of_disagreement_is_the_score_of_that_name() {
    let reports = reports();
    let find = |name: &str| reports.iter().find(|r| r.name == name).unwrap();
    let (diagnosis, score) = (find("diagnosis"), find("score"));
    let mut compared = 0;
    for scored in score.series.iter().filter(|s| s.label == "ensemble disagreement") {
        let key = format!("{}/disagreement", scored.group);
        let Some(lane) = diagnosis.details.iter().flat_map(|d| &d.series).find(|s| s.key == key) else { continue };
        for (a, b) in lane.y.iter().zip(&scored.y).filter(|(a, b)| a.is_finite() && b.is_finite()) {
            assert!((a / b - 1.0).abs() < 1e-3, "{key}: {a} in the strip, {b} in the score");
            compared += 1;
        }
    }
    assert!(compared >= 200, "{compared} steps");
}
