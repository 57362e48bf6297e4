//! What a policy of another library is.

use std::path::Path;

use super::table;
use crate::checkpoint::key_report;
use crate::checkpoint::policies::{self, POLICIES, PolicyGiven, recognised};
use crate::engine::measure::acting::described;
use crate::metrics::report::{Cell, Level, Report};

/// The report of the policy at `path`; nothing where no library's layout takes it.
pub fn report(path: &Path) -> Option<Report> {
    let (format, file) = recognised(path)?;
    let mut r = Report::new("inspect", &format!("Policy: {}", path.display()));
    let layouts = POLICIES.iter().map(|layout| {
        let taken = layout.name() == format.name();
        vec![layout.name().into(), layout.looks_for().into(), if taken { "recognised" } else { "is not there" }.into()]
    });
    r.tables.push(table("layouts", "Layouts", ["layout", "looks for", "found"], layouts.collect()));
    r.note(Level::Info, format!("a policy of {}; give it to --policy", format.name()));
    match policies::open(path, &PolicyGiven::default()) {
        Ok(opened) => {
            let about = &opened.about;
            let policy = opened.policy.as_deref();
            r.note(Level::Info, policy.map(described).unwrap_or_default());
            if let Some(version) = &about.version {
                r.note(Level::Info, format!("written by version {version}"));
            }
            if let Some(policy) = policy {
                let space = policy.action_space();
                let bounds = (0..space.dim()).map(|d| match space.bounds(d) {
                    Some((low, high)) => format!("{low} to {high}"),
                    None => "unbounded".into(),
                });
                if space.choices().is_none() {
                    let bounds = bounds.collect::<Vec<String>>().join(", ");
                    r.note(Level::Info, format!("its actions: {bounds}"));
                }
            }
            about.warnings.iter().for_each(|text| r.note(Level::Warn, text));
            about.notes.iter().for_each(|text| r.note(Level::Info, text));
        }
        Err(e) => r.note(Level::Warn, e.to_string()),
    }
    if let Ok(tensors) = key_report(&file) {
        let shape = |shape: &[usize]| shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(" × ");
        let rows = tensors
            .iter()
            .map(|(name, s, dtype)| vec![name.as_str().into(), dtype.as_str().into(), Cell::from(shape(s).as_str())]);
        r.tables.push(table("tensors", "Tensors", ["name", "dtype", "shape"], rows.collect()));
    }
    Some(r)
}
