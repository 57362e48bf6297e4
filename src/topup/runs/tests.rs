use std::collections::BTreeMap;

use super::*;
use crate::ground::task::Ctx;
use crate::runlog::Followed;
use crate::topup::options::Options;
use crate::topup::run::RunOutcome;

fn outcome(reason: StopReason) -> RunOutcome {
    RunOutcome { reason, checks: 4, added: 200, total: 3000, returns: (-1000.0, -150.0), gain: (850.0, 30.0) }
}

#[test]
fn what_became_of_a_run_is_told_with_how_it_is_known() {
    let root = tempfile::tempdir().unwrap();
    let begun = |label: &str| RunDir::create(root.path(), label, &Options::default()).unwrap();
    let (running, ended, stopped, killed) = (begun("a"), begun("b"), begun("c"), begun("d"));
    ended.end(&outcome(StopReason::Converged)).unwrap();
    stopped.end(&outcome(StopReason::User)).unwrap();
    let places = [&running, &ended, &stopped, &killed].map(|run| run.path().to_owned());
    drop((ended, stopped, killed));
    let all = places.map(|place| about(&place).unwrap());
    assert_eq!(all.each_ref().map(|a| a.state.0), [State::Running, State::Ended, State::Stopped, State::Killed]);
    for (about, how) in
        all.iter().zip(["a process holds its lock", "the score holds", "by the user", "left after 0 rounds"])
    {
        assert!(about.state.1.contains(how), "{about:?}");
    }
    assert_eq!((all[1].score, all[1].gain, all[1].added), (Some(-150.0), Some((850.0, 30.0)), Some(200.0)));
    assert_eq!((all[0].score, all[0].result.clone(), all[0].seed), (None, None, Some(0)));
    // Who looks at the lock is no process that writes.
    let twice = [RunDir::is_running(running.path()), RunDir::is_running(running.path())];
    assert_eq!(twice, [true; 2]);
    let online = RunDir::create(root.path(), "e", &BTreeMap::from([("agent", "active")])).unwrap();
    let place = online.path().to_owned();
    let cut = Ended { stopped: true, reached: false, acted: 700, total: 710, score: 9.0, random: 22.0 };
    online.end(&cut).unwrap();
    drop(online);
    let told = about(&place).unwrap();
    assert_eq!((told.kind, told.state.0, told.total), (RunKind::Online, State::Stopped, Some(710.0)));
}

#[test]
fn what_was_asked_is_told_without_seed_and_places() {
    let root = tempfile::tempdir().unwrap();
    let with = |label: &str, seed, budget| {
        let options = Options { budget, seed, ..Options::default() };
        about(RunDir::create(root.path(), label, &options).unwrap().path()).unwrap()
    };
    let (a, b, c) = (with("Pendulum-v1 adaptive", 3, 0.1), with("x", 4, 0.1), with("y", 3, 0.2));
    assert_eq!((a.seed, b.seed, a.agent.as_str(), a.env.as_str()), (Some(3), Some(4), "adaptive", "pendulum-v1"));
    assert!(a.asked == b.asked && a.asked != c.asked && c.asked["budget"] == "0.2");
    assert_eq!(a.started.len(), "2026-11-22 17:03".len());
    assert!(a.started.starts_with("20") && a.started.contains(':'));
}

/// The keys are those that the program writes.
#[test]
fn numbers_are_found_in_the_lines() {
    let lines = [
        (
            RunKind::TopUp,
            r#"{"check":{"ratio":2.5,"score":-9.0,"spent":200},"fresh_loss":0.1,"heldout_loss":0.2,"outside":0.5,"forgotten":1.0,"total":1200}"#,
        ),
        (
            RunKind::Online,
            r#"{"acted":310,"total":407,"score":48.5,"loss":0.07,"measured":{"errors":[1e-7],"value_error":-29.5}}"#,
        ),
        (
            RunKind::Given,
            r#"{"clock":400,"score":-1031.1,"added":0,"measured":{"value_error":447.4},"checked":{"ratio":0.58}}"#,
        ),
    ];
    for (kind, line) in lines {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(METRICS);
        fs::write(&file, format!("{line}\n")).unwrap();
        let (steps, wanted) = numbers(kind);
        let mut log = Followed::lines(&file, steps);
        log.take_in(&Ctx::quiet()).unwrap();
        for number in wanted {
            let curve = log.get(number.key).unwrap_or_else(|| panic!("{number:?}"));
            assert!(curve.x[0] >= 310.0, "{number:?}: {curve:?}");
        }
    }
}

/// A cell's run names its agent in the cell's name alone.
#[test]
fn the_run_of_a_cell_is_of_its_task_and_agent() {
    let root = tempfile::tempdir().unwrap();
    let told = |cell: &str| {
        let spec = format!("cell = \"{cell}\"\n[acting]\nenv = \"Pendulum-v1\"\n[options.learn]\nseed = 2\n");
        fs::write(root.path().join("spec.toml"), spec).unwrap();
        about(root.path()).unwrap()
    };
    let (online, given) = (told("maze/active+explore:0.5/s2"), told("maze/passive@narrow/s2"));
    assert_eq!((online.kind, given.kind), (RunKind::Online, RunKind::Given));
    assert_eq!((given.env.as_str(), given.agent.as_str(), given.seed), ("maze", "passive@narrow", Some(2)));
    assert_eq!(online.asked, given.asked, "it is the agent that differs");
}
