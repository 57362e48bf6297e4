//! What a file or folder is: the report of `oodscope inspect`.

use crate::checkpoint::inspect::{Inspected, beside_policy, inspect, is_checkpoint};
use crate::checkpoint::reading::Basis;
use crate::checkpoint::{Checkpoint, Given};
use crate::engine::measure::acting::described;
use crate::engine::spec::InspectSpec;
use crate::format::contents::{contents, outline, recognised};
use crate::format::d4rl::behaviour;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::metrics::report::{Cell, Level, Report, Table};

mod policy;

/// What lies at the path of `spec`.
///
/// # Errors
/// A sentence if nothing is there, or a dataset's file is damaged; or cancelled.
pub fn report(spec: &InspectSpec, cx: &Ctx) -> Result<Report, Fault> {
    let given = Given { asked: spec.model, data: None };
    if let Some(mut found) = policy::report(&spec.path) {
        match beside_policy(&spec.path, &given) {
            Some(Ok(checkpoint)) if checkpoint.world_model.is_some() => {
                found.title = format!("Policy and world model: {}", spec.path.display());
                of_model(&mut found, &checkpoint);
            }
            Some(Err(e)) => found.note(Level::Warn, format!("its world model cannot be read: {e}")),
            _ => {}
        }
        return Ok(found);
    }
    if is_checkpoint(&spec.path) {
        return Ok(of_checkpoint(spec, &inspect(&spec.path, &given)));
    }
    of_dataset(spec, cx)
}

fn of_checkpoint(spec: &InspectSpec, found: &Inspected) -> Report {
    let mut r = Report::new("inspect", &format!("Checkpoint: {}", spec.path.display()));
    r.stat("tensors", "tensors", found.tensors.len() as f64, "", "arrays in the file");
    let numbers: usize = found.tensors.iter().map(|(_, shape, _)| shape.iter().product::<usize>()).sum();
    r.stat("numbers", "numbers", numbers as f64, "", "numbers in all of them");
    let layouts =
        found.layouts.iter().map(|(name, looks_for, how)| [*name, *looks_for, how.as_str()].map(Cell::from).to_vec());
    r.tables.push(table("layouts", "Layouts", ["layout", "looks for", "found"], layouts.collect()));
    match &found.read {
        Ok(checkpoint) => of_model(&mut r, checkpoint),
        Err(e) => r.note(Level::Warn, e.to_string()),
    }
    let shape = |shape: &[usize]| shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(" × ");
    let rows = found
        .tensors
        .iter()
        .map(|(name, s, dtype)| vec![name.as_str().into(), dtype.as_str().into(), Cell::from(shape(s).as_str())]);
    r.tables.push(table("tensors", "Tensors", ["name", "dtype", "shape"], rows.collect()));
    if let (Some(why), Ok(_)) = (&found.unlisted, &found.read) {
        r.note(Level::Info, why.clone());
    }
    r
}

fn of_model(r: &mut Report, checkpoint: &Checkpoint) {
    let about = &checkpoint.about;
    if let Some(model) = &checkpoint.world_model {
        let d = model.dims();
        r.note(
            Level::Info,
            format!(
                "a world model of {} observation and {} action dimensions, {} members ({} elites), read as {}",
                model.observes(),
                d.action,
                d.members,
                model.elites().len(),
                about.format
            ),
        );
        if model.draws() < d.members {
            r.note(
                Level::Info,
                "its members are one-step heads beside it: their mean is its own prediction, their spread its disagreement, and \
                 imagination goes on along its own latents",
            );
        }
    }
    if let Some(policy) = checkpoint.policy.as_deref() {
        r.note(Level::Info, format!("a policy ({})", described(policy)));
    }
    if let Some(reading) = &about.reading {
        let rows = reading.lines().into_iter().map(|(key, value, basis)| {
            let why = match basis {
                Basis::Stated => "stated",
                Basis::Asked => "asked for",
                Basis::Implied => "what the layout or the shapes mean",
                Basis::Assumed => "assumed",
            };
            vec![key.into(), value.as_str().into(), why.into()]
        });
        r.tables.push(table("reading", "Reading", ["key", "value", "why"], rows.collect()));
        let file = about.file.as_deref().unwrap_or(std::path::Path::new("the file"));
        reading.sentence(file).into_iter().for_each(|text| r.note(Level::Warn, text));
    }
    about.warnings.iter().for_each(|text| r.note(Level::Warn, text));
    about.notes.iter().for_each(|text| r.note(Level::Info, text));
}

fn of_dataset(spec: &InspectSpec, cx: &Ctx) -> Result<Report, Fault> {
    let path = &spec.path;
    let found = contents(path)?;
    let formats = recognised(path)?;
    let mut r = Report::new("inspect", &format!("Dataset: {}", path.display()));
    let answer = |seen: &bool| Cell::from(if *seen { "recognised" } else { "is not there" });
    let rows = formats.iter().map(|(name, seen)| vec![Cell::from(*name), answer(seen)]);
    r.tables.push(table("formats", "Formats", ["format", "found"], rows.collect()));
    match outline(path, cx) {
        Ok(found) => {
            let mut stat = |key, label, n: f64, definition| {
                r.stat(key, label, n, "", definition);
            };
            stat("episodes", "episodes", found.episodes as f64, "episodes in the dataset");
            stat("steps", "steps", found.steps as f64, "environment steps over all episodes");
            let (obs, action) = found.columns;
            stat("obs_dim", "observation dimensions", obs as f64, "columns of a flattened observation");
            stat("action_dim", "action dimensions", action as f64, "columns of an action");
            r.note(Level::Info, format!("read as {}", found.origin.format));
            found.origin.rules.iter().for_each(|rule| r.note(Level::Info, rule));
            found.origin.warnings.iter().for_each(|warning| r.note(Level::Warn, warning));
        }
        Err(Fault::Cancelled) => return Err(Fault::Cancelled),
        Err(e) => r.note(Level::Warn, e.to_string()),
    }
    if matches!(behaviour(path), Ok(Some(_))) {
        r.note(
            Level::Info,
            "holds the policy that it was collected with (metadata/policy); give the file to --policy to act with it",
        );
    }
    let rows = found.entries.iter().map(|e| vec![Cell::from(e.name.as_str()), Cell::from(e.what.as_str())]);
    r.tables.push(table("contents", "Contents", ["name", "what"], rows.collect()));
    if found.more > 0 {
        r.note(Level::Info, format!("{} more entries are not listed", found.more));
    }
    Ok(r)
}

fn table<const N: usize>(key: &str, label: &str, columns: [&str; N], rows: Vec<Vec<Cell>>) -> Table {
    Table { key: key.into(), label: label.into(), columns: columns.map(String::from).to_vec(), rows }
}
