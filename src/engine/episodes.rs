//! The episode table as a file.

use super::job::{EpisodesSpec, Outcome};
use super::{Ended, Workspace};
use crate::data::table;
use crate::task::Ctx;

/// Writes the table.
pub fn run(spec: &EpisodesSpec, workspace: &Workspace, cx: &Ctx) -> Result<Outcome, Ended> {
    let opened = workspace.open(&spec.source, cx)?;
    let by = spec.sort.as_deref().map(|column| (column, spec.descending));
    let rows = table::save_episodes(&opened.data, &opened.split, by, &spec.out)?;
    Ok(Outcome { summary: format!("{rows} episodes"), written: vec![spec.out.clone()] })
}
