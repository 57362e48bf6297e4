//! What was printed as one HTML file.

use std::io::Write as _;
use std::path::Path;

use super::demo;
use crate::engine::job::{JobSpec, Outcome};
use crate::export::html::{self, Page, escape};
use crate::ground::date;
use crate::ground::fault::Fault;
use crate::ground::save;
use crate::metrics::report::Report;

/// Writes the reports of `specs` with how they ended to `path`, whole or not at all.
///
/// # Errors
/// [`Fault`] where the file cannot be written or a figure not be drawn.
pub fn write(
    path: &Path,
    specs: &[JobSpec],
    (reports, outcomes): (&[&Report], &[Outcome]),
    problem: Option<&str>,
) -> Result<(), Fault> {
    let spec = serde_json::to_string_pretty(specs).map_err(|e| Fault::failed(e.to_string()))?;
    let mut ended: Vec<String> = outcomes.iter().map(|o| o.summary.clone()).filter(|s| !s.is_empty()).collect();
    ended.extend(outcomes.iter().flat_map(|o| &o.written).map(|p| format!("wrote {}", p.display())));
    ended.extend(problem.map(String::from));
    let kind = match specs {
        [only] => only.name(),
        _ => "report",
    };
    let (version, written) = (env!("CARGO_PKG_VERSION"), date::now());
    let page = Page { kind, reports, ended: &ended, version, spec: &spec, written };
    let text = own(&html::page(&page).map_err(Fault::failed)?);
    save::file(path, |file| file.write_all(text.as_bytes()).map_err(|e| e.to_string()))
}

/// The page without places on this machine that nobody named: where the program keeps its demo, and the user's own folder.
fn own(text: &str) -> String {
    let demo = demo::find().ok().and_then(|d| demo::place(&d));
    let without = |text: String, place: &Path, by: &str| {
        let place = place.display().to_string();
        if place.len() < 2 { text } else { text.replace(&format!("{}/", escape(&place)), by) }
    };
    let text = demo.into_iter().fold(text.to_string(), |text, place| without(text, &place, ""));
    std::env::home_dir().into_iter().fold(text, |text, home| without(text, &home, "~/"))
}
