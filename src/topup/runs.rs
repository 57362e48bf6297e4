//! The runs in a folder: what became of each, as a report named "runs".

use std::fs;
use std::path::{Path, PathBuf};

use super::active::{Ended, is_active};
use super::controller::Schedule;
use super::options::Options;
use super::run::{self, RunDir};
use crate::ground::fault::Fault;
use crate::ground::number::counted;
use crate::metrics::report::{Cell, Level, Report, Table};

/// Columns of the table.
const COLUMNS: [&str; 9] =
    ["run", "schedule", "outcome", "checks", "added", "total real", "return before", "return after", "gain ± s.e."];

/// The runs in `root`, the newest first.
///
/// # Errors
/// [`Fault`] where the folder cannot be read.
pub fn list(root: &Path) -> Result<Report, Fault> {
    let entries = fs::read_dir(root)
        .map_err(|e| Fault::at(root, format!("no folder of runs ({e}); name the one that --out named")))?;
    let is_run = |path: &PathBuf| path.join("spec.toml").is_file();
    let mut runs: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).filter(is_run).collect();
    // Names begin with the time, so their order is that of the runs.
    runs.sort();
    runs.reverse();
    let mut report = Report::new("runs", "Runs");
    let left: Vec<&PathBuf> = runs.iter().filter(|run| state(run) == State::Left).collect();
    let command = |run: &Path| if is_active(run) { "active" } else { "topup" };
    match left.first() {
        Some(run) => report.note(
            Level::Warn,
            format!(
                "{} ended before its end. Go on with the newest by: oodscope {} --resume {}",
                counted(left.len(), "runs"),
                command(run),
                run.display()
            ),
        ),
        None => report.note(Level::Info, format!("{} in {}", counted(runs.len(), "runs"), root.display())),
    }
    report.tables.push(Table {
        key: "runs".into(),
        label: "Runs".into(),
        columns: COLUMNS.map(String::from).to_vec(),
        rows: runs.iter().map(|run| row(run)).collect(),
    });
    Ok(report)
}

/// What became of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A process writes to it.
    Running,
    /// It ended and says how.
    Ended,
    /// Its process is gone.
    Left,
}

fn state(folder: &Path) -> State {
    if RunDir::is_running(folder) {
        State::Running
    } else if folder.join("outcome.toml").is_file() || folder.join("report.json").is_file() {
        State::Ended
    } else {
        State::Left
    }
}

fn row(folder: &Path) -> Vec<Cell> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let schedule = RunDir::spec::<Options>(folder).map_or("?", |options| match options.schedule {
        Schedule::None => "none",
        Schedule::Fixed => "fixed",
        Schedule::Adaptive => "adaptive",
        Schedule::Yoked => "yoked",
    });
    if is_active(folder) {
        return active(folder, name);
    }
    let known = run::outcome(folder);
    let rounds = run::finished_rounds(folder);
    let outcome = match (state(folder), &known) {
        (State::Running, _) => format!("running, {} finished", counted(rounds, "rounds")),
        (State::Ended, Some(outcome)) => outcome.reason.to_string(),
        (State::Ended, None) => "ended".into(),
        (State::Left, _) => format!("left after {}; can be gone on with", counted(rounds, "rounds")),
    };
    let number = |of: fn(&run::RunOutcome) -> f64| Cell::from(known.as_ref().map_or(f64::NAN, of));
    let gain = known.as_ref().map_or_else(|| "-".into(), |o| format!("{:.0} ± {:.0}", o.gain.0, o.gain.1));
    vec![
        name.into(),
        schedule.into(),
        outcome.into(),
        known.as_ref().map_or(rounds, |o| o.checks).into(),
        number(|o| o.added as f64),
        number(|o| o.total as f64),
        number(|o| o.returns.0),
        number(|o| o.returns.1),
        gain.into(),
    ]
}

fn active(folder: &Path, name: String) -> Vec<Cell> {
    let known: Option<Ended> = run::ended(folder);
    let rounds = run::finished_rounds(folder);
    let outcome = match (state(folder), &known) {
        (State::Running, _) => format!("running, {} finished", counted(rounds, "evaluations")),
        (_, Some(ended)) if ended.reached => "target reached".into(),
        (_, Some(ended)) if ended.stopped => "stopped; can be gone on with".into(),
        (_, Some(_)) => "steps used".into(),
        (_, None) => format!("left after {}; can be gone on with", counted(rounds, "evaluations")),
    };
    let number = |of: fn(&Ended) -> f64| Cell::from(known.as_ref().map_or(f64::NAN, of));
    let gained = known.as_ref().map(|e| e.score - e.random).filter(|gain| gain.is_finite());
    vec![
        name.into(),
        "active".into(),
        outcome.into(),
        rounds.into(),
        number(|e| e.acted as f64),
        number(|e| e.total as f64),
        number(|e| e.random),
        number(|e| e.score),
        gained.map_or_else(|| "-".into(), |gain| format!("{gain:.0}")).into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topup::controller::StopReason;
    use crate::topup::run::RunOutcome;

    #[test]
    fn what_became_of_each_run_is_told() {
        let root = tempfile::tempdir().unwrap();
        let begun = |label: &str| RunDir::create(root.path(), label, &Options::default()).unwrap();
        let (running, ended) = (begun("a"), begun("b"));
        drop(begun("c"));
        let outcome = RunOutcome {
            reason: StopReason::Converged,
            checks: 4,
            added: 200,
            total: 3000,
            returns: (-1000.0, -150.0),
            gain: (850.0, 30.0),
        };
        ended.end(&outcome).unwrap();
        assert_eq!(run::outcome(ended.path()), Some(outcome));
        drop(ended);
        let report = list(root.path()).unwrap();
        let text = format!("{:?}", report.tables[0].rows);
        assert_eq!(report.tables[0].rows.len(), 3);
        for word in ["running, 0 rounds", "the score holds", "left after 0 rounds", "850 ± 30"] {
            assert!(text.contains(word), "{word}: {text}");
        }
        assert!(report.notes[0].text.contains("1 run ended before its end"), "{:?}", report.notes);
        let online =
            RunDir::create(root.path(), "d", &std::collections::BTreeMap::from([("agent", "active")])).unwrap();
        let ended = Ended { stopped: true, reached: false, acted: 700, total: 700, score: f64::NAN, random: 22.0 };
        online.end(&ended).unwrap();
        drop(online);
        let text = format!("{:?}", list(root.path()).unwrap().tables[0].rows);
        assert!(text.contains("stopped; can be gone on with") && !text.contains("\"NaN\""), "{text}");
        drop(running);
        assert!(list(&root.path().join("none")).unwrap_err().to_string().contains("no folder of runs"));
    }
}
