//! Jobs on threads: events in order, replacing, pausing, stopping, and faults that the program survives.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use oodscope::engine::job::{
    Base, Body, CompareSpec, Control, CoverSpec, Event, FeatureSpec, FitSpec, JobId, JobSpec, MapSpec, Slot, Source,
};
use oodscope::engine::measure::coverage::{covered, known};
use oodscope::engine::{self, Engine, Workspace};
use oodscope::ground::fault::Fault;
use oodscope::ground::task::Ctx;
use oodscope::metrics::compare::Options;
use oodscope::metrics::report::Along;

use crate::support::program::{at, dataset, pendulum, written};

const PATIENCE: Duration = Duration::from_mins(1);

fn source() -> Source {
    Source { dataset: pendulum().to_path_buf(), ..Source::default() }
}

/// A training job that would run for hours.
fn endless(out: &str) -> JobSpec {
    JobSpec::Fit(FitSpec { source: source(), epochs: 100_000, patience: 100_000, out: at(out), ..FitSpec::default() })
}

/// Events up to the end of `job`, the end included.
fn until_end(events: &Receiver<Event>, job: JobId) -> Vec<Event> {
    let mut seen = Vec::new();
    loop {
        let event = events.recv_timeout(PATIENCE).expect("the job ends");
        let ends = event.job == job && matches!(event.body, Body::Done(_) | Body::Failed(_) | Body::Cancelled);
        seen.push(event);
        if ends {
            return seen;
        }
    }
}

fn wait_for_progress(events: &Receiver<Event>, job: JobId) {
    loop {
        let event = events.recv_timeout(PATIENCE).expect("the job works");
        if event.job == job && matches!(event.body, Body::Progress(_)) {
            return;
        }
    }
}

#[test]
fn a_job_begins_reports_and_ends() {
    let (sender, events) = sync_channel(64);
    let mut engine = Engine::new(sender);
    let id = engine.start(JobSpec::Load(source()));
    let seen = until_end(&events, id);
    assert!(matches!(seen.first().unwrap().body, Body::Started));
    let Body::Done(outcome) = &seen.last().unwrap().body else { panic!("{:?}", seen.last()) };
    assert!(outcome.summary.contains("15 episodes"));
    assert!(seen.iter().any(|e| matches!(&e.body, Body::Report(r) if r.name == "data")));
    let id = engine.start(JobSpec::Cover(CoverSpec { source: source(), ..CoverSpec::default() }));
    let seen = until_end(&events, id);
    let told = seen.iter().filter_map(|e| match &e.body {
        Body::Report(r) if r.name == "coverage" => Some(r),
        _ => None,
    });
    let told: Vec<_> = told.collect();
    assert_eq!(told.len(), 2, "first what needs no neighbour, then everything");
    let has = |i: usize, key: &str| told[i].value(key).is_some();
    assert!(has(0, "occupied_cells") && has(0, "return_mean") && !has(0, "threshold"));
    assert!(has(1, "occupied_cells") && has(1, "return_mean") && has(1, "threshold"));
}

#[test]
fn bad_input_is_a_failure_with_a_sentence() {
    let (sender, events) = sync_channel(64);
    let mut engine = Engine::new(sender);
    let id = engine.start(JobSpec::Load(Source { dataset: at("nowhere"), ..Source::default() }));
    let Body::Failed(failure) = until_end(&events, id).pop().unwrap().body else { panic!("it cannot go well") };
    assert!(failure.message.contains("no such file") && !failure.panicked);
}

#[test]
fn a_stop_is_heard_at_once_even_while_paused() {
    let (sender, events) = sync_channel(64);
    let mut engine = Engine::new(sender);
    let id = engine.start(endless("stopped"));
    wait_for_progress(&events, id);
    engine.control(id, Control::Pause);
    // What was on its way arrives; then it is quiet.
    let end = Instant::now() + PATIENCE;
    while events.recv_timeout(Duration::from_millis(500)).is_ok() {
        assert!(Instant::now() < end, "a paused job goes on telling");
    }
    engine.control(id, Control::Resume);
    wait_for_progress(&events, id);
    engine.control(id, Control::Pause);
    engine.control(id, Control::Stop);
    assert!(matches!(until_end(&events, id).pop().unwrap().body, Body::Cancelled));
    assert!(!at("stopped").join("checkpoint.json").exists());
}

#[test]
fn a_new_job_of_a_slot_replaces_the_old() {
    let (sender, events) = sync_channel(64);
    let mut engine = Engine::new(sender);
    let old = engine.start(endless("replaced"));
    wait_for_progress(&events, old);
    let new = engine.start(endless("replacing"));
    assert_ne!(old, new);
    let seen = until_end(&events, old);
    assert!(matches!(seen.last().unwrap().body, Body::Cancelled));
    engine.control(old, Control::Stop);
    wait_for_progress(&events, new);
    engine.control(new, Control::Stop);
    assert!(matches!(until_end(&events, new).pop().unwrap().body, Body::Cancelled));
}

/// The pace itself is tested where the clock is an argument.
#[test]
fn progress_comes_at_a_pace_and_not_at_every_step() {
    let (sender, events) = sync_channel(1024);
    let mut engine = Engine::new(sender);
    let id = engine.start(endless("progress"));
    wait_for_progress(&events, id);
    let began = Instant::now();
    for _ in 0..20 {
        wait_for_progress(&events, id);
    }
    // Twenty in a second; half of that is left for events that were on their way.
    assert!(began.elapsed() > Duration::from_millis(500), "{:?}", began.elapsed());
}

#[test]
fn dropping_the_engine_ends_its_jobs_though_nobody_listens() {
    // Room for one event, and nobody takes it.
    let (sender, events) = sync_channel(1);
    let mut engine = Engine::new(sender);
    engine.start(endless("dropped"));
    engine.start(JobSpec::Load(source()));
    std::thread::sleep(Duration::from_millis(300));
    let (dropped, ended) = sync_channel(1);
    std::thread::spawn(move || {
        drop(engine);
        dropped.send(())
    });
    ended.recv_timeout(PATIENCE).expect("the engine does not wait for a listener");
    drop(events);
}

#[test]
fn files_are_read_anew_by_a_load_and_shared_by_the_others() {
    let (sender, events) = sync_channel(64);
    let mut engine = Engine::new(sender);
    let folder = written("changing", &dataset(&[10; 12], |_| {}));
    let source = Source { dataset: folder.clone(), ..Source::default() };
    let steps = |spec: JobSpec, engine: &mut Engine| {
        let id = engine.start(spec);
        let seen = until_end(&events, id);
        let report = seen.iter().find_map(|e| match &e.body {
            Body::Report(r) => Some(r.clone()),
            _ => None,
        });
        report.and_then(|r| r.value("steps")).unwrap_or(f64::NAN)
    };
    assert_eq!(steps(JobSpec::Load(source.clone()), &mut engine), 120.0);
    std::fs::remove_dir_all(&folder).unwrap();
    let cover = JobSpec::Cover(CoverSpec { source: source.clone(), ..CoverSpec::default() });
    let id = engine.start(cover);
    assert!(matches!(until_end(&events, id).pop().unwrap().body, Body::Done(_)), "the opened data serves");
    written("changing", &dataset(&[20; 12], |_| {}));
    assert_eq!(steps(JobSpec::Load(source), &mut engine), 240.0);
}

#[test]
fn a_comparison_is_the_same_whether_or_not_coverage_has_fitted_the_novelty() {
    let (sender, events) = sync_channel(64);
    let mut engine = Engine::new(sender);
    let rollouts = Some(written("compared-with", &dataset(&[10; 12], |_| {})));
    let source = Source { dataset: written("compared", &dataset(&[10; 20], |_| {})), rollouts, ..Source::default() };
    let mut last = |spec: JobSpec| {
        let id = engine.start(spec);
        let seen = until_end(&events, id);
        let report = |e: Event| if let Body::Report(r) = e.body { Some(r) } else { None };
        seen.into_iter().filter_map(report).next_back().unwrap()
    };
    let compare = JobSpec::Compare(CompareSpec {
        source: source.clone(),
        options: Options { permutations: 9, ..Options::default() },
        ..CompareSpec::default()
    });
    let alone = last(compare.clone());
    let coverage =
        last(JobSpec::Cover(CoverSpec { source: Source { rollouts: None, ..source.clone() }, ..CoverSpec::default() }));
    assert_eq!(coverage.value("threshold"), alone.value("threshold"));
    assert_eq!(last(compare), alone);
    // It is the coverage's own, whatever was held against the data, and only with the same neighbours.
    let (workspace, spec) = (Workspace::default(), CoverSpec { source: source.clone(), ..CoverSpec::default() });
    let opened = |source: &Source| workspace.open(source, &Ctx::quiet()).unwrap();
    let usual = spec.options;
    let fitted = |source: &Source, k| known(&opened(source), &spec.space, k, (usual.threshold, usual.alpha));
    assert!(fitted(&source, usual.k).is_none());
    let coverage = covered(&opened(&source), &spec, &Ctx::quiet(), &|_| {}).unwrap();
    let alone = Source { rollouts: None, ..source.clone() };
    assert!(
        Arc::ptr_eq(&coverage, &fitted(&alone, spec.options.k).unwrap())
            && fitted(&alone, spec.options.k + 1).is_none()
    );
}

#[test]
fn the_map_of_other_axes_and_the_feature_space_reach_the_reports() {
    let (sender, events) = sync_channel(64);
    let mut engine = Engine::new(sender);
    let space = FeatureSpec { base: Base::ObservationAction, pca: Some(0.9), ..FeatureSpec::default() };
    let cover = CoverSpec { source: source(), space, ..CoverSpec::default() };
    let mut reports = |spec: JobSpec| {
        let id = engine.start(spec);
        let seen = until_end(&events, id);
        let report = |e: Event| if let Body::Report(r) = e.body { Some(r) } else { None };
        seen.into_iter().filter_map(report).next_back().unwrap()
    };
    let coverage = reports(JobSpec::Cover(cover.clone()));
    let said = |words: &str| coverage.notes.iter().any(|n| n.text.contains(words));
    assert!(said("observation and action dimensions") && said("principal axes"), "{:#?}", coverage.notes);
    let pairs = coverage.pairs.as_ref().unwrap();
    assert_eq!((pairs.names.len(), pairs.pairs.len()), (4, 6));
    let map =
        reports(JobSpec::Map(MapSpec { cover, axes: Some((Along::Dimension(1), Along::Dimension(3))), episode: None }));
    assert_eq!((map.name.as_str(), map.maps.len()), ("map", 1));
    let (drawn, whole) = (&map.maps[0], &coverage.maps[0]);
    assert_eq!((&drawn.x_axis.label, &drawn.y_axis.label), (&pairs.names[1], &pairs.names[3]));
    assert_eq!(drawn.values.iter().sum::<f64>(), whole.values.iter().sum::<f64>(), "the same states");
    assert!(drawn.fine.is_some());
    let bad = FeatureSpec { dims: vec!["nowhere".into()], ..FeatureSpec::default() };
    let id = engine.start(JobSpec::Cover(CoverSpec { source: source(), space: bad, ..CoverSpec::default() }));
    let Body::Failed(failure) = until_end(&events, id).pop().unwrap().body else { panic!("no such dimension") };
    assert!(failure.message.contains("no dimension 'nowhere'"), "{failure}");
}

#[test]
fn every_job_of_the_table_has_a_name_reads_back_and_refuses_what_is_not_there() {
    let specs = JobSpec::defaults();
    let mut names: Vec<&str> = specs.iter().map(JobSpec::name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), specs.len(), "a name means one job: {names:?}");
    for spec in specs {
        let json = serde_json::to_string(&spec).unwrap();
        assert_eq!(serde_json::from_str::<JobSpec>(&json).unwrap(), spec, "{json}");
        let tag = serde_json::from_str::<serde_json::Value>(&json).unwrap()["job"].clone();
        let least = serde_json::json!({ "job": tag });
        assert_eq!(serde_json::from_value::<JobSpec>(least).unwrap(), spec, "defaults are written once");
        if spec.slot() == Slot::Train || matches!(spec, JobSpec::Envs(_)) {
            // Those make their folder first, in the current one where none is named; environments need nothing to be there.
            continue;
        }
        let refused = engine::run(&spec, &Workspace::default(), &Ctx::quiet(), &|_| {});
        assert!(matches!(refused, Err(Fault::Bad(_))), "{}: {refused:?}", spec.name());
    }
}
