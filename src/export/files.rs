//! One card of a report as files: the figure, and its data for other programs.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::card::{self, Card};
use super::{dark, data, pixels};
use crate::format::write::columns;
use crate::ground::fault::Fault;
use crate::ground::save;
use crate::metrics::report::Report;

/// Width of a figure in points: a column and a half of a paper.
const WIDE: f64 = 420.0;
/// Size of its text in points.
const FONT: f64 = 9.0;
/// Pixels of a point: 300 to an inch.
const DOTS: f32 = 300.0 / 72.0;
/// Most letters of a file's name without its ending.
const LETTERS: usize = 80;

/// What a figure is drawn on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Paper {
    /// White, for print.
    #[default]
    Light,
    /// Dark, for slides.
    Dark,
}

/// Writes the card `id` of `report` ("map:KEY", as [`card::cards`] lists them) into `folder`, which is made where it is not
/// there: the figure as SVG and PNG where it has one, its data as CSV and Parquet. Files of the same names are replaced, all or none.
/// Answers their paths.
///
/// # Errors
/// [`Fault`] where the report has no such card, or a file cannot be written.
pub fn write(folder: &Path, report: &Report, id: &str, paper: Paper) -> Result<Vec<PathBuf>, Fault> {
    let cards = card::cards(report);
    let known = || cards.iter().map(|c| c.id.as_str()).collect::<Vec<_>>().join(", ");
    let Some(card) = cards.iter().find(|c| c.id == id) else {
        return Err(Fault::bad(format!("the report {} has no card {id}; it has {}", report.name, known())));
    };
    std::fs::create_dir_all(folder).map_err(|e| save::unwritable(folder, &e))?;
    // Whatever fails, what was there is left as it was.
    let scratch = tempfile::Builder::new().prefix(".export.").tempdir_in(folder);
    let scratch = scratch.map_err(|e| save::unwritable(folder, &e))?;
    let names = fill(scratch.path(), report, card, paper)?;
    let mut written = Vec::new();
    for name in names {
        let path = folder.join(&name);
        std::fs::rename(scratch.path().join(&name), &path).map_err(|e| save::unwritable(&path, &e))?;
        written.push(path);
    }
    Ok(written)
}

/// The files in `folder`; answers their names.
fn fill(folder: &Path, report: &Report, card: &Card, paper: Paper) -> Result<Vec<String>, Fault> {
    let base = name(report, &card.id);
    let mut names = Vec::new();
    let drawn = card::draw(card, WIDE, FONT, Some(&card.title)).map_err(Fault::failed)?;
    if let Some(drawn) = drawn {
        let svg = if paper == Paper::Dark { dark::darken(&drawn.svg) } else { drawn.svg };
        names.push(format!("{base}.svg"));
        let path = folder.join(format!("{base}.svg"));
        save::file(&path, |f| f.write_all(svg.as_bytes()).map_err(|e| e.to_string()))?;
        names.push(format!("{base}.png"));
        let (path, png) = (folder.join(format!("{base}.png")), pixels::png(&svg, DOTS).map_err(Fault::failed)?);
        save::file(&path, |f| f.write_all(&png).map_err(|e| e.to_string()))?;
    }
    let (columns, beside) = data::columns(card);
    let about = [("report".to_string(), report.title.clone()), ("card".to_string(), card.title.clone())];
    let all = std::iter::once((base.clone(), columns));
    let all = all.chain(beside.into_iter().map(|(part, columns)| (format!("{base}-{part}"), columns)));
    for (name, columns) in all {
        for ending in ["csv", "parquet"] {
            names.push(format!("{name}.{ending}"));
            columns::save(&folder.join(format!("{name}.{ending}")), columns.clone(), &about)?;
        }
    }
    Ok(names)
}

/// A name that every file system takes: small letters, digits and hyphens. Where that loses a letter, a number made of the
/// whole name keeps two of them apart.
pub fn name(report: &Report, id: &str) -> String {
    let whole = format!("{}-{id}", report.name);
    let mut lost = false;
    let mut out = String::new();
    for c in whole.chars() {
        match c {
            c if c.is_ascii_alphanumeric() => {
                lost |= c.is_ascii_uppercase();
                out.push(c.to_ascii_lowercase());
            }
            c => {
                lost |= !matches!(c, ' ' | '-' | '_' | ':' | '.');
                if !out.is_empty() && !out.ends_with('-') {
                    out.push('-');
                }
            }
        }
    }
    lost |= out.len() > LETTERS;
    out.truncate(LETTERS);
    let out = out.trim_end_matches('-');
    let number = whole.bytes().fold(0x811c_9dc5_u32, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193));
    match (out.is_empty(), lost) {
        (true, _) => format!("figure-{number:08x}"),
        (_, true) => format!("{out}-{number:08x}"),
        _ => out.to_string(),
    }
}

#[cfg(test)]
mod tests;
