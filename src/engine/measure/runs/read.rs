//! Reading one run: what it is, and its numbers as far as they were written.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::below;
use super::choice::{Class, by_worth, class};
use super::found::Place;
use super::named::{seed_in, settings};
use super::run::{Line, Run};
use crate::experiment::seen;
use crate::ground::date;
use crate::ground::fault::{Fault, printable};
use crate::ground::task::Ctx;
use crate::runlog::{Curve, Followed, kind, logs_in};
use crate::topup::run::METRICS;
use crate::topup::runs::{self, About, State};

/// Most numbers of a run whose curves are kept beside those that are asked for.
const LINES: usize = 16;
/// A log that was written so lately is being written.
const LIVE: Duration = Duration::from_mins(1);
/// Of a run that was written so lately it is remembered how far it was read.
const FOLLOWED: Duration = Duration::from_mins(10);

/// Files of a log with their lengths and times of the last change.
type Stamp = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// What is known of a run.
#[derive(Debug)]
pub struct Held {
    /// Its folder.
    pub place: PathBuf,
    /// The run.
    pub run: Run,
    /// How its files were then.
    stamp: Stamp,
    /// Numbers that were asked for.
    asked: Vec<String>,
    /// How far they were read, as long as more may come.
    followed: Option<Followed>,
}

impl Held {
    /// Without its points, where they do not fit into `room`, which is less by them otherwise.
    pub fn within(mut self, room: &mut usize) -> Self {
        let points = self.followed.as_ref().map_or(0, |followed| followed.points().0);
        if points > *room {
            self.followed = None;
        } else {
            *room -= points;
        }
        self
    }
}

/// Reads the run at `place`, of which `held` is known, for a list of `root`; `asked` are the numbers whose curves are wanted
/// whatever they are. What cannot be read of it is told in the run.
///
/// # Errors
/// Cancelled.
pub fn read(root: &Path, place: Place, held: Option<Held>, asked: &[String], cx: &Ctx) -> Result<Held, Fault> {
    let about = if place.own { runs::about(&place.folder) } else { Err(Fault::bad("")) };
    let file = if place.own { place.folder.join(METRICS) } else { place.folder.clone() };
    let now = stamp(&file);
    let known = |held: &Held| asked.iter().all(|name| held.asked.contains(name));
    let mut held = held.filter(known);
    if let Some(mut held) = held.take_if(|held| held.stamp == now) {
        // Only what became of it may be new.
        match &about {
            Ok(about) => say(&mut held.run, about, &place.folder),
            Err(_) if !place.own => held.run.state = of_log(newest(&now)),
            Err(_) => {}
        }
        held.followed = held.followed.filter(|_| is_recent(&now));
        return Ok(held);
    }
    let mut log = held.and_then(|held| held.followed).unwrap_or_else(|| match &about {
        Ok(about) => Followed::lines(&file, runs::numbers(about.kind).0),
        Err(_) => Followed::of(&file),
    });
    let failed = match log.take_in(cx) {
        Err(Fault::Cancelled) => return Err(Fault::Cancelled),
        Err(why) => Some(why.to_string()),
        Ok(_) => None,
    };
    let mut run = blank(root, &place);
    run.troubles = failed.into_iter().chain(log.troubles()).collect();
    run.taken_back = log.points().1;
    match &about {
        Ok(about) => {
            own(&mut run, about, &log);
            say(&mut run, about, &place.folder);
        }
        Err(why) => {
            run.troubles.extend(Some(why.to_string()).filter(|why| !why.is_empty()));
            foreign(&mut run, &place, &log, asked);
        }
    }
    let followed = Some(log).filter(|_| is_recent(&now));
    Ok(Held { place: place.folder, run, stamp: now, asked: asked.to_vec(), followed })
}

fn stamp(place: &Path) -> Stamp {
    let files = match kind(place) {
        None if place.is_dir() => logs_in(place).unwrap_or_default().into_iter().map(|(_, path)| path).collect(),
        Some(_) | None => vec![place.to_owned()],
    };
    let of = |path: PathBuf| {
        let meta = fs::metadata(&path).ok();
        let (length, changed) = (meta.as_ref().map_or(0, fs::Metadata::len), meta.and_then(|m| m.modified().ok()));
        (path, length, changed)
    };
    files.into_iter().map(of).collect()
}

fn newest(stamp: &Stamp) -> Option<SystemTime> {
    stamp.iter().filter_map(|(.., changed)| *changed).max()
}

/// True where more may come.
fn is_recent(stamp: &Stamp) -> bool {
    newest(stamp).and_then(|at| at.elapsed().ok()).is_none_or(|age| age < FOLLOWED)
}

/// A run of which nothing is known but its place.
fn blank(root: &Path, place: &Place) -> Run {
    let name = below(root, &place.folder);
    let name = name.strip_suffix("/run").map(String::from).unwrap_or(name);
    let last = || root.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let name = printable(&if name.is_empty() || name == "run" { last() } else { name });
    Run {
        label: name.clone(),
        name,
        kind: String::new(),
        task: String::new(),
        agent: String::new(),
        seed: None,
        state: (State::Quiet, String::new()),
        started: "–".into(),
        steps: None,
        score: None,
        ratio: None,
        gain: None,
        added: None,
        total: None,
        result: None,
        place: place.folder.clone(),
        resume: None,
        asked: None,
        axis: "step".into(),
        lines: Arc::default(),
        names: Arc::default(),
        troubles: Vec::new(),
        taken_back: 0,
    }
}

/// What a run directory of this program says of itself.
fn say(run: &mut Run, about: &About, folder: &Path) {
    let state = about.state.clone();
    let of_cell = about.cell.as_ref().filter(|_| state.0 != State::Running).and_then(|_| seen::state(folder));
    run.state = of_cell.unwrap_or(state);
    run.kind = about.kind.word().into();
    (run.task, run.agent) = (printable(&about.env), printable(&about.agent));
    (run.seed, run.gain) = (about.seed, about.gain);
    run.started.clone_from(&about.started);
    run.result.clone_from(&about.result);
    run.asked = Some(Arc::new(about.asked.clone()));
    run.resume = (about.cell.is_none() && run.state.0 == State::Killed).then_some(match about.kind {
        runs::RunKind::TopUp => "topup",
        runs::RunKind::Online | runs::RunKind::Given => "active",
    });
    let lines = Arc::clone(&run.lines);
    let last = |name: &str| lines.iter().find(|line| line.name == name).and_then(|line| line.curve.last());
    (run.score, run.ratio) = (about.score.filter(|v| v.is_finite()).or_else(|| last("score")), last("R"));
    (run.added, run.total) = match about.kind {
        runs::RunKind::TopUp => (about.added.or_else(|| last("steps added")), about.total.or(run.steps)),
        runs::RunKind::Online => (about.added.or(run.steps), about.total.or_else(|| last("steps in all"))),
        runs::RunKind::Given => (last("steps added"), run.total),
    };
}

/// Its numbers.
fn own(run: &mut Run, about: &About, log: &Followed) {
    let (_, numbers) = runs::numbers(about.kind);
    let line = |number: &runs::Number| {
        let curve = log.get(number.key)?;
        Some(Line::new(number.name, number.unit, number.definition, curve))
    };
    run.axis = "environment step".into();
    run.lines = Arc::new(numbers.iter().filter_map(line).collect());
    run.names = Arc::new(run.lines.iter().map(|line| line.name.clone()).collect());
    run.steps = last_step(log);
    if about.kind == runs::RunKind::Given {
        let spent = ["added", "probed", "evaluated"].map(|key| log.get(key).and_then(Curve::last));
        run.total = Some(spent.into_iter().flatten().sum()).filter(|_| spent[0].is_some());
    }
}

fn last_step(log: &Followed) -> Option<f64> {
    log.iter().filter_map(|(_, curve)| curve.x.last().copied()).reduce(f64::max)
}

/// What another tool's log says.
fn foreign(run: &mut Run, place: &Place, log: &Followed, asked: &[String]) {
    let kinds: Vec<&str> = log.kinds().map(crate::runlog::Kind::word).collect();
    run.kind = kinds.join(", ");
    let told = settings(&place.folder);
    let token = seed_in(&run.name);
    run.seed = token.as_ref().map(|(seed, _)| *seed).or(told.seed);
    run.asked = token.map(|(_, twin)| Arc::new([("run".to_owned(), twin)].into()));
    (run.task, run.agent) = (printable(&told.task), printable(&told.agent));
    if let Some(name) = log.step_name() {
        run.axis = printable(name.rsplit('/').next().unwrap_or(name));
    }
    run.steps = last_step(log);
    let mut names: Vec<String> = log.iter().map(|(name, _)| name.to_owned()).collect();
    by_worth(&mut names);
    let wanted = |(i, name): &(usize, &String)| *i < LINES || asked.contains(name);
    let curve = |name: &str| log.get(name).cloned().unwrap_or_default();
    let line = |name: &String| Line::new(&printable(name), "", &format!("{name} as the log has it"), &curve(name));
    run.lines = Arc::new(names.iter().enumerate().filter(wanted).map(|(_, name)| line(name)).collect());
    run.score =
        names.iter().find(|name| class(name).0 == Class::Score).and_then(|name| log.get(name).and_then(Curve::last));
    run.names = Arc::new(names.iter().map(|name| printable(name)).collect());
    run.started = log.started().map_or_else(|| "–".into(), date::utc);
    run.state = of_log(log.changed());
}

/// What is known of a log that was changed last at a moment.
fn of_log(changed: Option<SystemTime>) -> (State, String) {
    let Some(at) = changed else { return (State::Quiet, "nothing of it could be read".into()) };
    if at.elapsed().is_ok_and(|age| age < LIVE) {
        return (State::Running, "written within the last minute".into());
    }
    (
        State::Quiet,
        format!("written last at {} UTC; the log does not say whether it ended", date::utc(date::seconds(at))),
    )
}
