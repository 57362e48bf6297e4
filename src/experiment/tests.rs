//! Grids end to end: on a bandit, where everything takes milliseconds, and on Pendulum.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::cell::{Cell, cells};
use super::claim::Claims;
use super::crew::{Crew, Duty};
use super::plan::{Plan, Task};
use super::result::CellResult;
use super::results::{self, RESULTS};
use super::site::{Made, Site};
use super::standing::{self, FAILED, State, Watcher};
use crate::env::{self, bandit::bandits};
use crate::ground::fault::Fault;
use crate::ground::task::{Cancel, Ctx};

const BANDIT: &str = r#"
    name = "bandits"
    seeds = [0, 1]
    agents = ["active", "passive", "passive-expert", "tandem", "passive+adaptive", "passive+yoked", "passive+fixed:50", "passive_sameWM"]
    [options]
    steps = 400
    random_steps = 100
    every = 50
    eval_every = 100
    eval_episodes = 3
    model_ratio = 0.05
    first_model_steps = 20
    policy_ratio = 0.2
    hidden = 8
    [schedule]
    threshold = 0.001
    [[task]]
    name = "arms"
    env = "Bandit-v0"
    visits = ["payoff", "sum"]
"#;

fn make(task: &Task, _: &Ctx) -> Result<Made, Fault> {
    let env = match task.acting.env.as_deref() {
        Some("Bandit-v0") => Box::new(bandits(1)),
        Some(other) => env::make(other, 1, &[])?.ok_or_else(|| Fault::bad(format!("no {other} here")))?,
        None => return Err(Fault::bad("no environment")),
    };
    Ok(Made { env, told: Vec::new() })
}

/// A plan with its cells, to be run in a folder.
struct Grid {
    plan: Plan,
    cells: Vec<Cell>,
}

impl Grid {
    fn of(text: &str) -> Self {
        let plan = Plan::parse(text, "try").unwrap();
        let cells = cells(&plan).unwrap();
        Self { plan, cells }
    }

    fn site<'s>(&'s self, folder: &'s Path) -> Site<'s> {
        Site { plan: &self.plan, cells: &self.cells, folder, make: &make }
    }

    fn run(&self, folder: &Path, duty: Duty, cx: &Ctx) -> Result<Vec<State>, Fault> {
        let site = self.site(folder);
        let claims = Claims::new(Duration::from_secs(30));
        let watcher = Watcher::new(&site, &claims);
        Crew::new(&site, &claims, &watcher, duty).run(&|| Ok(()), cx)?;
        results::write(&site)?;
        watcher.states()
    }
}

fn duty(hands: usize) -> Duty {
    Duty { hands, share: None, only: Vec::new() }
}

fn all_finished(states: &[State]) -> bool {
    states.iter().all(|s| matches!(s, State::Finished(_)))
}

/// Everything of the results but how long it took.
fn told(grid: &Grid, folder: &Path) -> Vec<String> {
    let site = grid.site(folder);
    (0..grid.cells.len()).map(|n| told_of(&site, n)).collect()
}

fn told_of(site: &Site<'_>, number: usize) -> String {
    format!("{:?}", CellResult::read(&site.place(number)).unwrap().unwrap())
}

#[test]
fn a_grid_of_bandits_ends_with_every_step_counted() {
    let grid = Grid::of(BANDIT);
    let root = tempfile::tempdir().unwrap();
    let states = grid.run(root.path(), duty(2), &Ctx::quiet()).unwrap();
    assert!(all_finished(&states), "{states:?}");
    let site = grid.site(root.path());
    let all = results::read(&site).unwrap();
    let of = |agent: &str| all.values().find(|r| r.agent == agent && r.seed == 0).unwrap();
    let (active, adaptive) = (of("active"), of("passive+adaptive"));
    assert_eq!(active.rows.last().unwrap().acted, 400);
    assert_eq!(active.total(), 400 + active.rows.last().unwrap().evaluated);
    assert!(active.random.is_some() && active.visits.is_some_and(|v| v > 0.0));
    // A threshold that every ratio is above: the budget of a tenth is spent, and the control adds the same.
    assert_eq!(adaptive.rows.last().unwrap().acted, 40);
    assert_eq!(of("passive+yoked").rows.last().unwrap().acted, 40);
    let chunks = |r: &CellResult| r.chunks().into_iter().sum::<usize>();
    assert_eq!(chunks(of("passive+yoked")), chunks(adaptive));
    assert_eq!(of("passive+fixed:50").rows.last().unwrap().acted, 200);
    assert_eq!(of("passive").rows.last().unwrap().acted, 0);
    // As many evaluations at the same moments for all who follow the active agent.
    let clocks = |r: &CellResult| r.rows.iter().map(|row| row.clock).collect::<Vec<_>>();
    for agent in ["passive", "tandem", "passive+adaptive", "passive_sameWM"] {
        assert_eq!(clocks(of(agent)), clocks(active), "{agent}");
    }
    let expert = of("passive-expert");
    assert_eq!(expert.lineage, ["arms/data:second-half/s0", "arms/active/s0"]);
    assert!(expert.data_steps > 150 && expert.data_steps < 250, "{}", expert.data_steps);
    let half = site.left(grid.cells.iter().position(|c| c.name == "arms/data:second-half/s0").unwrap());
    let metadata = fs::read_to_string(half.join("data/metadata.json")).unwrap();
    assert!(metadata.contains("made of arms/active/s0") && metadata.contains("arms/second-half-s0-v0"), "{metadata}");
    let report = standing::report(&site, &states, None);
    assert!(
        report.notes[0].text.contains(&format!("{0} of {0} cells finished", grid.cells.len())),
        "{:?}",
        report.notes
    );
    assert_eq!(report.tables[0].rows.len(), 9, "eight agents and a dataset");
}

/// However many hands, in whatever order, stopped in between: the same results to the byte.
#[test]
fn results_are_the_same_however_they_came_about() {
    let grid = Grid::of(BANDIT);
    let [one, many] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    assert!(all_finished(&grid.run(one.path(), duty(1), &Ctx::quiet()).unwrap()));
    // Stopped again and again after a little more work each time, with three hands; each time some cell is in the middle.
    for most in [60, 300, 900] {
        let cancel = Cancel::default();
        let done = AtomicUsize::new(0);
        let stopper = cancel.clone();
        let site = grid.site(many.path());
        let claims = Claims::new(Duration::from_secs(30));
        let watcher = Watcher::new(&site, &claims);
        let crew = Crew::new(&site, &claims, &watcher, duty(3));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(most));
                done.fetch_add(1, Ordering::Relaxed);
                stopper.cancel();
            });
            let ended = crew.run(&|| Ok(()), &Ctx::new(cancel.clone(), |_| {}));
            // The first is stopped before an agent can have learned all; a later one may have come to its end.
            assert!(matches!(ended, Err(Fault::Cancelled)) || most > 60 && ended.is_ok(), "{ended:?}");
        });
    }
    assert!(all_finished(&grid.run(many.path(), duty(3), &Ctx::quiet()).unwrap()));
    assert_eq!(told(&grid, one.path()), told(&grid, many.path()));
    let bytes = |root: &Path| fs::read(root.join(RESULTS)).unwrap();
    assert!(bytes(one.path()) == bytes(many.path()), "the Parquet file");
}

/// Several crews on one folder, as processes would be: no cell is worked on twice.
#[test]
fn crews_share_a_folder() {
    let grid = Grid::of(BANDIT);
    let root = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for i in 0..4 {
            let (grid, root) = (&grid, root.path());
            scope.spawn(move || {
                let duty = Duty { hands: 1, share: Some((i, 4)), only: Vec::new() };
                grid.run(root, duty, &Ctx::quiet()).unwrap();
            });
        }
    });
    assert!(all_finished(&grid.run(root.path(), duty(1), &Ctx::quiet()).unwrap()));
    let site = grid.site(root.path());
    for n in 0..grid.cells.len() {
        let run = site.place(n).join("run");
        if let Ok(spec) = fs::read_to_string(run.join("metrics.jsonl")) {
            let lines: BTreeSet<&str> = spec.lines().collect();
            assert_eq!(lines.len(), spec.lines().count(), "{}: a round twice", grid.cells[n].name);
        }
    }
}

#[test]
fn a_cell_that_fails_keeps_no_other_from_its_result() {
    let text = BANDIT.replace(
        "[[task]]",
        "[[task]]\nname = \"none\"\nenv = \"NoSuch-v0\"\nagents = [\"active\", \"passive\"]\n[[task]]",
    );
    let grid = Grid::of(&text.replace("seeds = [0, 1]", "seeds = [0]"));
    let root = tempfile::tempdir().unwrap();
    let states = grid.run(root.path(), duty(2), &Ctx::quiet()).unwrap();
    let of = |name: &str| &states[grid.cells.iter().position(|c| c.name == name).unwrap()];
    assert!(matches!(of("none/active/s0"), State::Failed(why) if why.contains("no NoSuch-v0 here")), "{states:?}");
    assert!(matches!(of("none/passive/s0"), State::Blocked(_)));
    assert!(matches!(of("arms/passive/s0"), State::Finished(Some(_))));
    let report = standing::report(&grid.site(root.path()), &states, None);
    assert!(
        report.notes.iter().any(|n| n.text.contains("none/active/s0 failed: no NoSuch-v0 here")),
        "{:?}",
        report.notes
    );
    // It is tried once more by the next process, which fails as well and ends.
    let before = fs::read(root.path().join("cells/none.active.s0").join(FAILED)).unwrap();
    grid.run(root.path(), duty(1), &Ctx::quiet()).unwrap();
    assert_ne!(before, fs::read(root.path().join("cells/none.active.s0").join(FAILED)).unwrap());
}

#[test]
fn another_plan_in_the_same_folder_is_refused_and_a_larger_one_goes_on() {
    let small = BANDIT.replace("seeds = [0, 1]", "seeds = [0]").replace(", \"passive_sameWM\"", "");
    let root = tempfile::tempdir().unwrap();
    let small = Grid::of(&small);
    assert!(all_finished(&small.run(root.path(), duty(2), &Ctx::quiet()).unwrap()));
    let before = told(&small, root.path());
    let larger = Grid::of(BANDIT);
    assert!(all_finished(&larger.run(root.path(), duty(2), &Ctx::quiet()).unwrap()));
    assert_eq!(told(&small, root.path()), before);
    // Other options of finished cells are another plan: nothing is run, and nothing is said of it.
    for (from, to) in [("policy_ratio = 0.2", "policy_ratio = 0.3"), ("threshold = 0.001", "threshold = 2")] {
        let other = Grid::of(&BANDIT.replace(from, to));
        let refused = other.run(root.path(), duty(1), &Ctx::quiet()).unwrap_err().to_string();
        assert!(refused.contains("other options") && refused.contains("--out"), "{refused}");
    }
    assert_eq!(told(&small, root.path()), before);
}

#[test]
fn a_cell_alone_is_run_with_what_it_needs() {
    let grid = Grid::of(BANDIT);
    let root = tempfile::tempdir().unwrap();
    let number = |name: &str| grid.cells.iter().position(|c| c.name == name).unwrap();
    let only = vec![number("arms/passive-expert/s1")];
    let states = grid.run(root.path(), Duty { hands: 1, share: None, only }, &Ctx::quiet()).unwrap();
    let finished: Vec<&str> = (0..states.len())
        .filter(|n| matches!(states[*n], State::Finished(_)))
        .map(|n| grid.cells[n].name.as_str())
        .collect();
    assert_eq!(finished, ["arms/active/s1", "arms/data:second-half/s1", "arms/passive-expert/s1"]);
}

/// A result that was removed while its claim says that it is there: told, and run again once the folder is gone.
#[test]
fn a_result_that_is_gone_is_told() {
    let grid = Grid::of(&BANDIT.replace("seeds = [0, 1]", "seeds = [0]").replace("\"passive\", ", ""));
    let root = tempfile::tempdir().unwrap();
    let only = || Duty { hands: 1, share: None, only: vec![0] };
    grid.run(root.path(), only(), &Ctx::quiet()).unwrap();
    let site = grid.site(root.path());
    let before = told_of(&site, 0);
    fs::remove_file(site.place(0).join("result.json")).unwrap();
    let claims = Claims::new(Duration::from_millis(60));
    let watcher = Watcher::new(&site, &claims);
    assert!(matches!(watcher.states().unwrap()[0], State::Running(..)), "it may be hidden by a cache");
    std::thread::sleep(Duration::from_millis(80));
    assert!(matches!(&watcher.states().unwrap()[0], State::Failed(why) if why.contains("remove the folder")));
    fs::remove_dir_all(site.place(0)).unwrap();
    grid.run(root.path(), only(), &Ctx::quiet()).unwrap();
    assert_eq!(told_of(&site, 0), before);
}

/// A pause holds the cells that are at work.
#[test]
fn a_pause_holds_what_is_at_work() {
    let grid = Grid::of(&BANDIT.replace("seeds = [0, 1]", "seeds = [0]"));
    let root = tempfile::tempdir().unwrap();
    let cancel = Cancel::default();
    cancel.set_paused(true);
    let cx = Ctx::new(cancel.clone(), |_| {});
    std::thread::scope(|scope| {
        let running = scope.spawn(|| grid.run(root.path(), duty(2), &cx));
        std::thread::sleep(Duration::from_millis(300));
        assert!(results::read(&grid.site(root.path())).unwrap().is_empty());
        cancel.set_paused(false);
        assert!(all_finished(&running.join().unwrap().unwrap()));
    });
}

/// A minute of Pendulum: the active agent learns, and so do those that are given its data.
#[test]
fn a_small_pendulum_grid_is_learned() {
    let grid = Grid::of(
        r#"
        agents = ["active", "passive+adaptive", "tandem"]
        [options]
        steps = 2400
        eval_every = 600
        policy_ratio = 2
        hidden = 64
        [[task]]
        env = "Pendulum-v1"
        "#,
    );
    let root = tempfile::tempdir().unwrap();
    let states = grid.run(root.path(), duty(2), &Ctx::quiet()).unwrap();
    assert!(all_finished(&states), "{states:?}");
    let all = results::read(&grid.site(root.path())).unwrap();
    let random = all.values().find_map(|r| r.random).unwrap();
    for result in all.values() {
        let last = result.rows.last().unwrap();
        assert_eq!(last.clock, 2400, "{}", result.cell);
        assert!(last.value_error.is_finite() && last.errors.len() == 4 && last.errors.iter().all(|e| *e >= 0.0));
        let best = result.rows.iter().map(|row| row.score).fold(f64::NEG_INFINITY, f64::max);
        assert!(best > random + 200.0, "{}: {best}, random actions {random}", result.cell);
    }
}
