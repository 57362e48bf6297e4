//! The rollout that follows a cursor holds the numbers of the imagination, and of the data.

use std::sync::{Arc, Mutex};

use oodscope::engine::job::{DiagnoseSpec, ImagineSpec, JobSpec, Source, TraceSpec};
use oodscope::engine::measure::drawn::training_std;
use oodscope::engine::{self, Workspace};
use oodscope::ground::fault::Fault;
use oodscope::ground::task::Ctx;
use oodscope::metrics::report::{Report, Series};

use crate::support::program::{checkpoint, pendulum, run, text};

fn source() -> Source {
    Source { dataset: pendulum().to_path_buf(), checkpoint: Some(checkpoint().to_path_buf()), ..Source::default() }
}

fn reported(workspace: &Workspace, spec: &JobSpec) -> Result<Report, Fault> {
    let last = Mutex::new(None);
    engine::run(spec, workspace, &Ctx::quiet(), &|report| *last.lock().unwrap() = Some(report))?;
    Ok(last.into_inner().unwrap().expect("a report"))
}

fn find<'a>(report: &'a Report, key: &str) -> &'a Series {
    report.series.iter().find(|s| s.key == key).unwrap_or_else(|| panic!("{key} in {:?}", report.title))
}

#[test]
fn a_trace_is_what_the_imagination_draws_of_the_same_start() {
    let workspace = Workspace::default();
    let opened = workspace.open(&source(), &Ctx::quiet()).unwrap();
    let episode = opened.split.heldout[0];
    let imagine = ImagineSpec {
        source: source(),
        horizon: 20,
        starts: 30,
        episode: Some(episode),
        step: Some(40),
        seed: 1,
        ..ImagineSpec::default()
    };
    let drawn = reported(&workspace, &JobSpec::Imagine(imagine)).unwrap();
    let spec = TraceSpec { source: source(), of_data: true, episode, step: 40, horizon: 20, ..TraceSpec::default() };
    let trace = reported(&workspace, &JobSpec::Trace(spec.clone())).unwrap();
    let (data, id) = (&opened.data, opened.data.episode(episode).span.id);
    assert!(
        drawn.notes.iter().any(|n| n.text.contains(&format!("episode {episode} from step 40"))),
        "{:?}",
        drawn.notes
    );
    for (d, name) in data.obs_space.names.iter().enumerate() {
        let (whole, part) = (find(&trace, &format!("{id}/imagined:{name}")), find(&drawn, &format!("imagined:{name}")));
        assert_eq!((&whole.y, &whole.band), (&part.y, &part.band), "{name}");
        assert_eq!(whole.x, (40..=60).map(f64::from).collect::<Vec<_>>());
        assert_eq!((part.x_axis.label.as_str(), part.x[20]), ("horizon", 20.0), "it shares the horizon's cursor");
        let real = find(&trace, &format!("{id}/real:{name}"));
        let happened: Vec<f64> = (0..=200).map(|t| f64::from(data.episode(episode).obs_at(t)[d])).collect();
        assert_eq!(real.y, happened, "{name}");
        assert_eq!(find(&drawn, &format!("real:{name}")).y, happened[40..=60], "{name}");
    }
    // Near the end what is left is imagined; at the end nothing is.
    let last = reported(&workspace, &JobSpec::Trace(TraceSpec { step: 195, ..spec.clone() })).unwrap();
    assert_eq!(last.value("horizon"), Some(5.0));
    let refused = reported(&workspace, &JobSpec::Trace(TraceSpec { step: 200, ..spec.clone() }));
    assert!(matches!(&refused, Err(Fault::Bad(text)) if text.contains("from steps 0 to 199")), "{refused:?}");
    // A cursor waits for it: what takes long is not measured again.
    assert!(Arc::ptr_eq(&training_std(&opened), &training_std(&opened)));
}

#[test]
fn rollouts_and_the_policys_episodes_are_followed_as_well() {
    let workspace = Workspace::default();
    let rollouts = Source { rollouts: Some(pendulum().to_path_buf()), ..source() };
    let of =
        |source: Source| TraceSpec { source, of_data: false, episode: 2, step: 10, horizon: 5, ..TraceSpec::default() };
    let one = reported(&workspace, &JobSpec::Trace(of(rollouts))).unwrap();
    let same = TraceSpec { of_data: true, ..of(source()) };
    assert_eq!(
        one.series,
        reported(&workspace, &JobSpec::Trace(same)).unwrap().series,
        "the same file under two names"
    );
    // A cursor acts in no environment: the diagnosis has to have been there.
    let early = reported(&workspace, &JobSpec::Trace(of(source())));
    assert!(matches!(&early, Err(Fault::Bad(text)) if text.contains("wait for the diagnosis")), "{early:?}");
    let diagnosis = DiagnoseSpec { source: source(), ..DiagnoseSpec::default() };
    reported(&workspace, &JobSpec::Diagnose(diagnosis)).unwrap();
    let fresh = reported(&workspace, &JobSpec::Trace(of(source()))).unwrap();
    assert_ne!(fresh.series, one.series);
    let none = Source { checkpoint: None, ..source() };
    let refused = reported(&workspace, &JobSpec::Trace(of(none)));
    assert!(matches!(&refused, Err(Fault::Bad(text)) if text.contains("--checkpoint")), "{refused:?}");
    let far = TraceSpec { episode: 99, ..of(source()) };
    assert!(
        matches!(reported(&workspace, &JobSpec::Trace(far)), Err(Fault::Bad(text)) if text.contains("no episode 99"))
    );
}

#[test]
fn a_step_that_cannot_be_imagined_from_is_told_those_that_can() {
    let imagine = ["imagine", text(pendulum()), "--checkpoint", text(checkpoint()), "--starts", "20"];
    let refuses = |more: &[&str], words: &[&str]| run(&[&imagine[..], more].concat()).refuses(words);
    refuses(&["--episode", "3", "--step", "180"], &["episode 3", "from step 180 over 50 steps", "from steps 0 to 150"]);
    refuses(&["--episode", "99", "--step", "0"], &["no episode 99"]);
    assert_eq!(run(&[&imagine[..], &["--step", "3"]].concat()).status, Some(2), "of which episode?");
}
