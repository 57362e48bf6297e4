//! A whole top-up in small: counts, files, determinism, stopping.

use std::path::Path;
use std::sync::Mutex;

use oodscope::agent::collect::{Collector, Limit};
use oodscope::agent::learner::LearnerOptions;
use oodscope::agent::policy::{Acting, Scripted};
use oodscope::checkpoint::{self, Checkpoint};
use oodscope::data::dataset::Dataset;
use oodscope::data::split::{Split, SplitSpec};
use oodscope::env::vector::VectorEnv;
use oodscope::format;
use oodscope::ground::fault::Fault;
use oodscope::ground::task::{Cancel, Ctx, Wish};
use oodscope::metrics::report::Report;
use oodscope::topup::controller::trigger::Trigger;
use oodscope::topup::controller::{Schedule, StopReason};
use oodscope::topup::history::HELD;
use oodscope::topup::prepare::{self, Plan};
use oodscope::topup::round::{Finished, Options, TopUp};
use oodscope::topup::run::episodes::EpisodeLog;
use oodscope::world::fit::FitOptions;

fn pendulums() -> Box<dyn VectorEnv> {
    oodscope::env::make("Pendulum-v1", 3, &[]).unwrap().unwrap()
}

/// Twenty swing-ups and a world model that has hardly looked at them.
fn start() -> (Dataset, Split, Checkpoint) {
    let (mut env, mut c) = (pendulums(), Collector::new(3, "data", 0));
    let policy = Scripted::named("Pendulum-v1", "narrow").unwrap();
    c.run(&mut *env, &policy, Acting::Sampled, Limit::episodes(20), &Ctx::quiet()).unwrap();
    let data = c.dataset(&*env).unwrap();
    let split = Split::new(&data, SplitSpec { heldout: 0.2, calibration: 0.2, seed: 0 });
    let plan = Plan {
        fit: FitOptions { members: 2, hidden: 16, layers: 2, check_every: 30, checks: 3, ..FitOptions::default() },
        learner: LearnerOptions { hidden: 16, batch: 32, ..LearnerOptions::default() },
        policy_steps: 20,
        seed: 0,
    };
    let checkpoint = prepare::fit(&data, &split, &plan, None, &|_| {}, &Ctx::quiet()).unwrap();
    (data, split, checkpoint)
}

fn options(schedule: Schedule) -> Options {
    Options {
        schedule,
        trigger: Trigger::PerRun,
        threshold: None,
        budget: 0.2,
        probes: 2,
        rounds: 3,
        model_steps: 50,
        policy_steps: 20,
        eval_episodes: 3,
        alpha: 0.05,
        seed: 4,
        ..Options::default()
    }
}

fn top_up(root: &Path, options: Options, cx: &Ctx, emit: &dyn Fn(Report)) -> Result<Finished, Fault> {
    let (data, split, checkpoint) = start();
    let spec = std::collections::BTreeMap::from([("job", "topup")]);
    TopUp::new((&data, &split), checkpoint, pendulums(), options, (root, &spec), emit)?.run(cx)
}

#[test]
fn every_step_is_counted_the_budget_holds_and_the_files_open() {
    let root = tempfile::tempdir().unwrap();
    let finished = top_up(root.path(), options(Schedule::Fixed), &Ctx::quiet(), &|_| {}).unwrap();
    let value = |key: &str| finished.report.value(key).unwrap_or(f64::NAN);
    assert_eq!(finished.reason, StopReason::ChecksUsed);
    assert!((value("added") - value("budget")).abs() < 1e-9 && (value("budget") - 800.0).abs() < 1e-9);
    // Two evaluations of 3, the first of which is the first check, and three checks of 2 probe episodes of 200 steps; what was
    // added beyond the probes on top.
    let least = f64::from((2 * 3 + 3 * 2) * 200);
    assert!(value("total_real") >= least && value("total_real") <= least + 800.0, "{}", value("total_real"));
    let run = &finished.written[0];
    for file in ["spec.toml", "metrics.jsonl", "decisions.jsonl", "report.json"] {
        assert!(run.join(file).is_file(), "{file}");
    }
    let saved = checkpoint::open(&finished.written[1]).unwrap();
    assert_eq!(saved.world_model, finished.checkpoint.world_model);
    assert_eq!(saved.policy, finished.checkpoint.policy);
    let episodes = format::open(&finished.written[2], None, &Ctx::quiet()).unwrap();
    assert_eq!(episodes.num_steps(), 800);
    assert_eq!(episodes.origin.env_id.as_deref(), Some("Pendulum-v1"));
    assert_eq!(finished.report.tables.iter().filter(|t| t.key == "before_after").count(), 1);
    let forgotten = finished.report.series.iter().find(|s| s.key == "forgotten").unwrap();
    assert!((forgotten.y[0] - 1.0).abs() < 1e-12 && forgotten.y.len() == 4, "{:?}", forgotten.y);
    assert!(finished.report.notes.iter().any(|n| n.text.starts_with("Held-out loss: at most ")));
}

#[test]
fn a_warm_up_is_acted_before_the_first_update_and_counts_within_the_budget() {
    let root = tempfile::tempdir().unwrap();
    let run = |warm_up, budget| {
        let asked = Options { rounds: 1, warm_up, budget, ..options(Schedule::None) };
        top_up(root.path(), asked, &Ctx::quiet(), &|_| {}).unwrap()
    };
    let (without, with) = (run(0, 0.2), run(250, 0.2));
    let value = |f: &Finished, key: &str| f.report.value(key).unwrap();
    assert_eq!(without.report.value("added"), Some(0.0));
    assert_eq!(with.report.value("added"), Some(250.0));
    assert!((value(&with, "total_real") - value(&without, "total_real") - 250.0).abs() < 0.5);
    let spent = with.report.series.iter().find(|s| s.key == "added").unwrap();
    assert_eq!(spent.y, [250.0, 250.0], "before the first check, and nothing later");
    assert!((value(&with, "return_before") - value(&without, "return_before")).abs() < 1e-9);
    let log = EpisodeLog::open(&with.written[0]).unwrap().1;
    let warm: usize = log.iter().filter(|e| e.purpose == "warm-up").map(|e| e.rewards.len()).sum();
    assert_eq!(warm, 250);
    let ids: Vec<u64> =
        format::open(&with.written[2], None, &Ctx::quiet()).unwrap().spans().iter().map(|s| s.id).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    // Five hundredths of 4,000 steps are all that may be added.
    assert_eq!(run(250, 0.05).report.value("added"), Some(200.0));
    // The narrow data's swing-ups are far better than a policy that hardly learned: it is said before anything else.
    let first = &with.report.notes[0].text;
    assert!(first.starts_with("Before: the policy's mean return is -") && first.contains("(20 episodes)"), "{first}");
    assert!(first.contains("(--mix half)"), "{first}");
    assert!(value(&with, "return_data") > value(&with, "return_before"));
}

#[test]
fn the_same_spec_gives_the_same_numbers() {
    let run = || {
        let root = tempfile::tempdir().unwrap();
        let adaptive = Options { rounds: 1, ..options(Schedule::Adaptive) };
        let mut report = top_up(root.path(), adaptive, &Ctx::quiet(), &|_| {}).unwrap().report;
        // One note names the run's folder, which is another one each time.
        report.notes.retain(|n| !n.text.contains("--checkpoint"));
        format!("{report:?}")
    };
    assert_eq!(run(), run());
}

/// Everything in `from` as it is now.
fn copied(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let (path, into) = (entry.path(), to.join(entry.file_name()));
        // What is being written under a temporary name may be gone before it is copied.
        if path.is_dir() { copied(&path, &into) } else { drop(std::fs::copy(&path, &into)) }
    }
}

fn resumed(folder: &Path, options: Options) -> Result<Finished, Fault> {
    let (data, split, _) = start();
    TopUp::resume((&data, &split), None, pendulums(), options, folder, &|_| {})?.run(&Ctx::quiet())
}

#[test]
fn a_run_that_was_killed_at_any_moment_is_gone_on_with_and_ends_the_same() {
    let root = tempfile::tempdir().unwrap();
    let asked = || Options { rounds: 2, warm_up: 250, ..options(Schedule::Fixed) };
    let seen = Mutex::new(0);
    let (runs, killed) = (root.path().join("runs"), root.path().join("killed"));
    // Every report is a moment: before the warm-up and the first check, after each decision, after each collection, at the end.
    let emit = |_: Report| {
        let mut seen = seen.lock().unwrap();
        let run = std::fs::read_dir(&runs).unwrap().flatten().next().unwrap().path();
        copied(&run, &killed.join(format!("{seen}")));
        *seen += 1;
    };
    let whole = top_up(&runs, asked(), &Ctx::quiet(), &emit).unwrap();
    let lines = |folder: &Path| std::fs::read_to_string(folder.join("metrics.jsonl")).unwrap();
    let told = |f: &Finished| {
        let mut report = f.report.clone();
        report.notes.retain(|n| !n.text.contains("--checkpoint"));
        format!("{report:?}")
    };
    for moment in 0..*seen.lock().unwrap() {
        let folder = killed.join(format!("{moment}"));
        // Half an episode and half a line are what a kill leaves.
        let mut log = std::fs::OpenOptions::new().append(true).open(folder.join("episodes.log")).unwrap();
        std::io::Write::write_all(&mut log, b"{\"seed\":1,\"steps\":9").unwrap();
        let again = resumed(&folder, asked()).unwrap();
        assert_eq!(told(&again), told(&whole), "killed at moment {moment}");
        assert_eq!(lines(&folder), lines(&whole.written[0]));
        assert_eq!(again.checkpoint.policy, whole.checkpoint.policy);
    }
    let refused = resumed(&whole.written[0], asked()).unwrap_err().to_string();
    assert!(refused.contains("has ended"), "{refused}");
    assert!(resumed(root.path(), asked()).unwrap_err().to_string().contains("not a run directory"));
}

#[test]
fn a_stop_keeps_the_last_whole_round_and_still_compares() {
    let root = tempfile::tempdir().unwrap();
    let cancel = Cancel::default();
    let (stop, seen) = (cancel.clone(), Mutex::new(0));
    // The third report is the one of the first check's collection: fine-tuning is next.
    let emit = move |_: Report| {
        let mut seen = seen.lock().unwrap();
        *seen += 1;
        if *seen == 3 {
            stop.cancel();
        }
    };
    let finished = top_up(root.path(), options(Schedule::Fixed), &Ctx::new(cancel, |_| {}), &emit).unwrap();
    assert_eq!(finished.reason, StopReason::User);
    assert_eq!(finished.checkpoint.policy, start().2.policy, "no round was whole: the policy is the one it began with");
    assert!(finished.report.value("return_after").is_some_and(f64::is_finite));
    assert!(finished.written.iter().all(|p| p.exists()));
}

/// Every step of the log of the run in `folder`.
fn logged(folder: &Path) -> f64 {
    let (_, known) = EpisodeLog::open(folder).unwrap();
    known.iter().map(|episode| episode.rewards.len()).sum::<usize>() as f64
}

#[test]
fn every_step_of_the_log_is_counted_by_a_run_that_was_stopped_and_gone_on_with_too() {
    let root = tempfile::tempdir().unwrap();
    let asked = || Options { rounds: 2, ..options(Schedule::Fixed) };
    let cancel = Cancel::default();
    let (stop, seen) = (cancel.clone(), Mutex::new(0));
    // After the first round was finished: the evaluation of the stop is interaction that the run goes on beyond.
    let emit = move |report: Report| {
        let mut seen = seen.lock().unwrap();
        *seen = report.tables.iter().find(|t| t.key == "checks").map_or(0, |t| t.rows.len()).max(*seen);
        if *seen == 2 {
            stop.cancel();
        }
    };
    let stopped = top_up(root.path(), asked(), &Ctx::new(cancel, |_| {}), &emit).unwrap();
    assert_eq!(stopped.reason, StopReason::User);
    let (folder, total) = (&stopped.written[0], |f: &Finished| f.report.value("total_real").unwrap());
    assert!((total(&stopped) - logged(folder)).abs() < 0.5, "{} {}", total(&stopped), logged(folder));
    let ended = resumed(folder, asked()).unwrap();
    assert!((total(&ended) - logged(folder)).abs() < 0.5, "{} {}", total(&ended), logged(folder));
    assert!(total(&ended) > total(&stopped));
}

#[test]
fn a_run_does_what_the_user_wants_of_it_at_the_next_check_and_holds_where_it_was_asked_to() {
    let root = tempfile::tempdir().unwrap();
    let (cancel, held) = (Cancel::default(), Mutex::new(0));
    let asked = Options { rounds: 1, ..options(Schedule::None) };
    cancel.wish(Wish::Collect);
    cancel.wish(Wish::Less);
    cancel.wish(Wish::Once);
    let (go_on, held_too) = (cancel.clone(), &held);
    let emit = move |report: Report| {
        if report.notes.first().is_some_and(|note| note.text == HELD) {
            *held_too.lock().unwrap() += 1;
            let go_on = go_on.clone();
            std::thread::spawn(move || {
                while !go_on.is_paused() {
                    std::thread::yield_now();
                }
                go_on.set_paused(false);
            });
        }
    };
    let report = top_up(root.path(), asked, &Ctx::new(cancel, |_| {}), &emit).unwrap().report;
    assert_eq!((report.value("added"), *held.lock().unwrap()), (Some(200.0), 1), "a chunk, and one hold");
    assert_eq!(report.value("budget"), Some(600.0), "one top-up less than a fifth of 4,000");
}

#[test]
fn a_checkpoint_without_a_world_model_is_refused_with_the_remedy() {
    let root = tempfile::tempdir().unwrap();
    let (data, split, _) = start();
    let spec = std::collections::BTreeMap::from([("job", "topup")]);
    let made = TopUp::new(
        (&data, &split),
        Checkpoint::default(),
        pendulums(),
        options(Schedule::None),
        (root.path(), &spec),
        &|_| {},
    );
    assert!(made.err().is_some_and(|e| e.to_string().contains("oodscope fit")));
    assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0, "nothing is left behind");
}

/// Eight reference episodes and checks of two: no permutation of them reaches 5 % over four checks, and the report says so. A
/// model that has hardly looked at its data is far off on its own trajectories, which one check suffices to see.
#[test]
fn too_few_episodes_for_the_promise_are_said_and_one_check_can_be_made_to_suffice() {
    let root = tempfile::tempdir().unwrap();
    let run = |trigger| {
        let threshold = Some(1.01);
        let options = Options { trigger, threshold, eval_episodes: 2, ..options(Schedule::Adaptive) };
        top_up(root.path(), options, &Ctx::quiet(), &|_| {}).unwrap().report
    };
    let report = run(Trigger::PerRun);
    assert_eq!(report.value("added"), Some(0.0));
    let said = |text: &str| report.notes.iter().any(|n| n.text.contains(text));
    assert!(said("8 held-out and calibration episodes are fewer than the 20") && said("cannot reach that level"));
    assert!(report.value("check_p").is_some_and(|p| p >= 1.0 / 45.0 - 0.01));
    assert!((report.value("check_level").unwrap() - 0.05 / 4.0).abs() < 1e-12);
    let report = run(Trigger::PerCheck);
    assert!(report.value("check_p").is_none() && report.value("evidence").is_none());
    assert!(report.notes.iter().any(|n| n.text.contains("at one check")));
}
