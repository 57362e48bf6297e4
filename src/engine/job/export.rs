use std::io::Write as _;

use super::{Emit, Job, Slot};
use crate::engine::event::Outcome;
use crate::engine::spec::ExportSpec;
use crate::engine::workspace::Workspace;
use crate::export::{files, html};
use crate::ground::date;
use crate::ground::fault::Fault;
use crate::ground::save;
use crate::ground::task::Ctx;
use crate::metrics::report::Report;

/// Name of the file that holds all reports.
const PAGE: &str = "oodscope-report.html";

/// Writes a card as figure and data, or all reports as one HTML file.
pub(super) struct Export;

impl Job for Export {
    type Spec = ExportSpec;
    type Input = ();
    const NAME: &'static str = "export";
    const SLOT: Slot = Slot::Export;

    fn open(_: &ExportSpec, _: &Workspace, _: &Ctx, _: Emit<'_>) -> Result<(), Fault> {
        Ok(())
    }

    fn run(spec: &ExportSpec, (): (), _: &Ctx, _: Emit<'_>) -> Result<Outcome, Fault> {
        let written = match (&spec.card, &spec.reports[..]) {
            (_, []) => return Err(Fault::bad("there is nothing to export yet: wait until the panel is filled")),
            (Some(card), [report, ..]) => files::write(&spec.folder, report, card, files::Paper::Light)?,
            (None, reports) => {
                let reports: Vec<&Report> = reports.iter().map(AsRef::as_ref).collect();
                let source = serde_json::to_string_pretty(&spec.source).map_err(|e| Fault::failed(e.to_string()))?;
                let page = html::Page {
                    kind: "dashboard",
                    reports: &reports,
                    ended: &[],
                    version: env!("CARGO_PKG_VERSION"),
                    spec: &source,
                    written: date::now(),
                };
                let text = html::page(&page).map_err(Fault::failed)?;
                std::fs::create_dir_all(&spec.folder).map_err(|e| save::unwritable(&spec.folder, &e))?;
                let path = spec.folder.join(PAGE);
                save::file(&path, |file| file.write_all(text.as_bytes()).map_err(|e| e.to_string()))?;
                vec![path]
            }
        };
        let names: Vec<String> = written.iter().map(|path| path.display().to_string()).collect();
        Ok(Outcome { summary: format!("wrote {}", names.join(", ")), written })
    }
}
