//! Every evaluation of every finished cell as one Parquet file: a row each, in the order of the plan, with nothing in it that
//! another run of the same plan would have otherwise.

use std::collections::BTreeMap;

use super::result::{CellResult, RESULT, Row};
use super::site::Site;
use crate::format::write::columns::{self, Column};
use crate::ground::fault::Fault;
use crate::topup::loss::LossScale;

/// Name of the file.
pub const RESULTS: &str = "results.parquet";

/// The finished cells with their numbers.
///
/// # Errors
/// [`Fault`] where a result cannot be read.
pub fn read(site: &Site<'_>) -> Result<BTreeMap<usize, CellResult>, Fault> {
    let mut all = BTreeMap::new();
    for number in 0..site.cells.len() {
        if let Some(result) = CellResult::read(&site.place(number))? {
            all.insert(number, result);
        }
    }
    Ok(all)
}

/// The scale that losses of a task and seed are told in: that of the active agent's data, so that all agents' are in the same
/// units; else of the cell's own.
pub fn scale<'r>(results: &'r BTreeMap<usize, CellResult>, of: &'r CellResult) -> Option<&'r LossScale> {
    let active = results.values().find(|r| r.agent == "active" && r.task == of.task && r.seed == of.seed);
    active.and_then(|r| r.scale.as_ref()).or(of.scale.as_ref())
}

/// Writes the file anew from what is finished, and again where more has finished meanwhile: whoever of two processes writes last
/// has seen both of their results.
///
/// # Errors
/// [`Fault`] where it cannot be written.
pub fn write(site: &Site<'_>) -> Result<(), Fault> {
    let there = || (0..site.cells.len()).filter(|n| site.place(*n).join(RESULT).is_file()).count();
    loop {
        let results = read(site)?;
        write_all(site, &results)?;
        if there() <= results.len() {
            return Ok(());
        }
    }
}

fn write_all(site: &Site<'_>, results: &BTreeMap<usize, CellResult>) -> Result<(), Fault> {
    let rows: Vec<(&CellResult, &Row)> =
        results.values().flat_map(|r| r.rows.iter().map(move |row| (r, row))).collect();
    let text = |of: fn(&CellResult) -> &str| Column::Text(rows.iter().map(|(r, _)| of(r).to_string()).collect());
    let count =
        |of: fn(&CellResult, &Row) -> usize| Column::Count(rows.iter().map(|(r, row)| of(r, row) as u64).collect());
    let real = |of: &dyn Fn(&CellResult, &Row) -> f64| Column::Number(rows.iter().map(|(r, row)| of(r, row)).collect());
    let loss =
        |errors: &[f64], result: &CellResult| scale(results, result).map_or(f64::NAN, |scale| scale.loss(errors));
    let columns = vec![
        ("cell", text(|r| &r.cell)),
        ("task", text(|r| &r.task)),
        ("env", text(|r| &r.env)),
        ("agent", text(|r| &r.agent)),
        ("seed", count(|r, _| r.seed as usize)),
        ("clock", count(|_, row| row.clock)),
        ("score", real(&|_, row| row.score)),
        ("score_se", real(&|_, row| row.score_se)),
        ("loss", real(&|r, row| loss(&row.errors, r))),
        ("loss_heldout", real(&|r, row| if row.heldout.is_empty() { f64::NAN } else { loss(&row.heldout, r) })),
        ("ratio", real(&|_, row| row.ratio.unwrap_or(f64::NAN))),
        ("collected", count(|_, row| row.collected)),
        ("acted", count(|_, row| row.acted)),
        ("probed", count(|_, row| row.probed)),
        ("evaluated", count(|_, row| row.evaluated)),
        ("data_steps", count(|r, _| r.data_steps)),
        ("data_return", real(&|r, _| r.data_return)),
        ("value_error", real(&|_, row| row.value_error)),
        ("visits", real(&|r, _| r.visits.unwrap_or(f64::NAN))),
    ];
    let named = columns.into_iter().map(|(name, column)| (name.to_string(), column)).collect();
    columns::save(&site.folder.join(RESULTS), named, &[("experiment".into(), site.plan.name.clone())])?;
    Ok(())
}
