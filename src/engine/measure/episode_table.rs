//! The table of episodes: what is known of each, and the rows that are asked for.

use crate::data::summary::EpisodeRow;
use crate::data::table::{self, Frame, Known, SCORES};
use crate::engine::opened::Opened;
use crate::engine::spec::Filter;
use crate::ground::fault::Fault;
use crate::metrics::coverage::published;

/// True if the rows cannot be chosen or ordered without scores.
///
/// # Errors
/// A sentence where the world model is missing that one of them is about.
pub fn asks_for_scores(filter: &Filter, opened: &Opened) -> Result<bool, Fault> {
    let names = |name: &str| [&filter.condition, &filter.sort].into_iter().flatten().any(|text| text.contains(name));
    let (model_error, _) = SCORES[2];
    if names(model_error) && opened.checkpoint.is_none() {
        let text = format!("{model_error} is known where a world model is: name one with --checkpoint");
        return Err(Fault::bad(text));
    }
    Ok(SCORES.iter().any(|(name, _)| names(name)))
}

/// What is known of the episodes; `flags` is what the audit says of each.
pub fn known(opened: &Opened, flags: Vec<String>) -> Known {
    let origin = &opened.data.origin;
    let stem = origin.path.file_stem().map(|name| name.to_string_lossy().into_owned());
    let mut ids = [origin.dataset_id.clone(), origin.env_id.clone(), stem].into_iter().flatten();
    let reference = origin.reference.or_else(|| ids.find_map(|id| published::d4rl(&id)));
    Known { reference, flags, scores: Vec::new() }
}

/// The rows of the table that are asked for.
///
/// # Errors
/// A sentence where a condition or a column is not understood.
pub fn selected(opened: &Opened, known: &Known, filter: &Filter) -> Result<Frame, Fault> {
    chosen(table_of(opened, known)?, filter)
}

/// The table of every episode.
///
/// # Errors
/// Whatever polars fails with; none is known.
pub fn table_of(opened: &Opened, known: &Known) -> Result<Frame, Fault> {
    table::episode_table(&opened.data, &opened.split, known).map_err(|e| Fault::bad(e.to_string()))
}

/// The table of every episode of a dataset of which a sample is in memory; `rows` are all of them.
///
/// # Errors
/// Whatever polars fails with; none is known.
pub fn of_all(opened: &Opened, rows: &[EpisodeRow], known: &Known) -> Result<Frame, Fault> {
    table::whole_table(&table_of(opened, known)?, rows, known).map_err(|e| Fault::bad(e.to_string()))
}

/// The rows of a table that are asked for.
///
/// # Errors
/// A sentence where a condition or a column is not understood.
pub fn chosen(mut frame: Frame, filter: &Filter) -> Result<Frame, Fault> {
    if let Some(condition) = &filter.condition {
        frame = table::meeting(&frame, condition).map_err(Fault::Bad)?;
    }
    if let Some(column) = &filter.sort {
        if frame.column(column).is_err() {
            let names: Vec<String> = frame.get_column_names().iter().map(ToString::to_string).collect();
            let there = names.join(", ");
            return Err(Fault::bad(format!("no column is called '{column}' to sort by; there are {there}")));
        }
        frame = table::sorted(&frame, column, filter.descending).map_err(|e| Fault::bad(e.to_string()))?;
    }
    Ok(frame)
}
