//! The runs in a folder: a table of them, their curves, and what differs in more than the seed compared over seeds.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;

use crate::engine::spec::RunsSpec;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::metrics::report::Report;

mod choice;
mod compared;
mod found;
mod named;
mod read;
mod run;
mod seeds;
mod tables;
mod words;

use read::Held;
use run::Run;

/// What is known of the runs of a folder: asked again, only what is new is read.
#[derive(Debug, Default)]
pub struct Known(Mutex<BTreeMap<PathBuf, Held>>);

/// Points of live runs that are kept to be gone on with; beyond, they are read again.
const KEPT: usize = 20_000_000;

/// The report named "runs" of what `spec` asks for.
///
/// # Errors
/// [`Fault`] where there is no such folder, or cancelled.
pub fn report(spec: &RunsSpec, known: &Known, cx: &Ctx) -> Result<Report, Fault> {
    let found = found::find(&spec.folder, cx)?;
    let (runs, more) = all(spec, found, known, cx)?;
    let mut report = Report::listed("runs", "Runs");
    let runs = named::named(runs);
    words::say(&mut report, &runs, &spec.folder, more);
    let (chosen, groups) = (choice::chosen(&runs, spec), seeds::groups(&runs));
    tables::runs(&mut report, &runs, &groups);
    compared::tables(&mut report, &runs, &groups, &chosen, spec.seed, cx)?;
    tables::metrics(&mut report, &runs, &chosen);
    if spec.curves {
        tables::curves(&mut report, &runs, &chosen);
        seeds::curves(&mut report, &runs, &groups, &chosen);
    }
    Ok(report)
}

/// The runs at the places that were found, the newest first, and how many are left out.
fn all(spec: &RunsSpec, found: Vec<found::Place>, known: &Known, cx: &Ctx) -> Result<(Vec<Run>, usize), Fault> {
    let mut held = std::mem::take(&mut *lock(known));
    let before: Vec<(found::Place, Option<Held>)> =
        found.into_iter().map(|place| (place.clone(), held.remove(&place.folder))).collect();
    let (done, total) = (AtomicU64::new(0), before.len() as u64);
    let cx = cx.phase("reading runs");
    // A run that cannot be read is no reason to show none.
    let read = |(place, held): (found::Place, Option<Held>)| {
        cx.step(done.fetch_add(1, Ordering::Relaxed), total)?;
        read::read(&spec.folder, place, held, &spec.metrics, &cx.untold())
    };
    let mut all: Vec<Held> = before.into_par_iter().map(read).collect::<Result<_, Fault>>()?;
    // Those whose beginning is not known come last.
    let since = |held: &Held| (held.run.started.starts_with(|c: char| c.is_ascii_digit()), held.run.started.clone());
    all.sort_by_cached_key(|held| Reverse((since(held), held.run.name.clone())));
    let runs = all.iter().take(spec.most).map(|held| held.run.clone()).collect();
    let more = all.len().saturating_sub(spec.most);
    let mut room = KEPT;
    let kept = all.into_iter().map(|held| held.within(&mut room)).map(|held| (held.place.clone(), held));
    *lock(known) = kept.collect();
    Ok((runs, more))
}

fn lock(known: &Known) -> MutexGuard<'_, BTreeMap<PathBuf, Held>> {
    // What a job that panicked left behind is read again.
    known.0.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `path` as seen from `root`, with '/'.
fn below(root: &Path, path: &Path) -> String {
    let parts = path.strip_prefix(root).unwrap_or(path).components();
    parts.map(|part| part.as_os_str().to_string_lossy().into_owned()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests;
