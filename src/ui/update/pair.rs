//! Turning the panels from the networks before a top-up to those after it, and back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Effect, map};
use crate::engine::job::{Asked, JobSpec, Source};
use crate::ui::app::{App, Ended};
use crate::ui::pair::Pair;
use crate::ui::panel::{PANELS, start_next};

/// The other networks of the pair become the open ones. What was measured of them is shown again; what was not is asked for.
pub fn flip(app: &mut App) -> Vec<Effect> {
    let Some(pair) = &app.pair else {
        let text = "Nothing to turn to: before and after are those of a top-up, which t starts on its panel.";
        app.message = Some(text.into());
        return Vec::new();
    };
    let after = !pair.shows_after(&app.open.source);
    open(app, after)
}

/// The networks before become the open ones for good.
pub fn roll_back(app: &mut App) -> Vec<Effect> {
    let Some(pair) = &app.pair else { return Vec::new() };
    let before = pair.before.display();
    app.message = Some(format!("The networks before the top-up are open again; elsewhere: --checkpoint {before}"));
    open(app, false)
}

/// Opens the networks at `result` in place of those that are open; `before` are those that their run began with, where it tells.
pub fn open_result(app: &mut App, result: &Path, before: Option<PathBuf>) -> Vec<Effect> {
    if app.open.source.checkpoint.as_deref() == Some(result) {
        app.message = Some(format!("{} is open already.", result.display()));
        return Vec::new();
    }
    let was = app.open.source.checkpoint.clone();
    let known = app.pair.take().filter(|pair| pair.after == result);
    let mut pair = known.unwrap_or_else(|| Pair {
        before: before.clone().unwrap_or_default(),
        after: result.to_path_buf(),
        shelf: BTreeMap::new(),
    });
    name(&mut app.open.source, result);
    app.open.refused = None;
    let effects = turn(app, &mut pair);
    if was != Some(pair.before.clone()) {
        // What was shown is not of the networks before.
        pair.shelf.clear();
    }
    app.pair = before.map(|_| pair);
    let back = was.map_or_else(String::new, |path| format!(" Those before: --checkpoint {}", path.display()));
    app.message = Some(format!("{} is open; the panels are computed anew.{back}", result.display()));
    effects
}

/// Opens the networks after or those before.
fn open(app: &mut App, after: bool) -> Vec<Effect> {
    let Some(mut pair) = app.pair.take() else { return Vec::new() };
    let turns = pair.shows_after(&app.open.source) != after;
    name(&mut app.open.source, if after { &pair.after } else { &pair.before });
    let effects = if turns { turn(app, &mut pair) } else { Vec::new() };
    app.pair = Some(pair);
    effects
}

/// A checkpoint that a run wrote holds its policy and says how it is read.
fn name(source: &mut Source, checkpoint: &Path) {
    source.checkpoint = Some(checkpoint.to_path_buf());
    (source.policy, source.policy_normalize, source.model) = (None, None, Asked::default());
}

/// Jobs whose reports are of the open networks, as they would be started now, with the names of their reports.
fn judging(app: &App) -> Vec<(&'static str, JobSpec)> {
    let filled = PANELS[1..].iter().filter(|panel| panel.by_hand.is_none());
    let own = filled.filter_map(|panel| Some((panel.id.0, (panel.spec)(&app.open)?)));
    let beside = PANELS.iter().filter_map(|panel| (panel.beside)(&app.open)).map(|spec| ("compare", spec));
    own.chain(beside).collect()
}

/// Puts the reports of one side on the shelf and takes those of the other from it. A report that a job had not finished is lost
/// with the job.
fn turn(app: &mut App, pair: &mut Pair) -> Vec<Effect> {
    let jobs = judging(app);
    let is_one = |name: &str| jobs.iter().any(|(_, spec)| spec.name() == name);
    let mut effects = app.jobs.take_back(is_one);
    let mut other = std::mem::take(&mut pair.shelf);
    for (report, spec) in jobs {
        let whole = matches!(app.jobs.ended.get(spec.name()), Some(Ended::Done(_)));
        if let Some(shown) = app.reports.remove(report).filter(|_| whole) {
            pair.shelf.insert(report.into(), shown);
        }
        map::forget(app, report);
        if let Some(known) = other.remove(report) {
            app.reports.insert(report.into(), known);
            app.jobs.ended.insert(spec.name(), Ended::Done(String::new()));
        } else {
            app.jobs.ended.remove(spec.name());
            app.jobs.queue.push_back(spec);
        }
    }
    effects.extend(start_next(app));
    effects
}
