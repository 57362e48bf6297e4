//! The episode table: one row an episode, as a frame that can be sorted, filtered and saved.

use std::path::Path;

use polars::prelude::*;

use super::dataset::Dataset;
use super::format::DataError;
use super::save;
use super::split::Split;

/// Columns `index, id, steps, return, terminated, truncated, part`; part is "train", "held-out" or "calibration", or
/// "all" where too few episodes keep the parts from being apart.
///
/// # Errors
/// Whatever polars fails with; none is known.
pub fn episode_table(data: &Dataset, split: &Split) -> PolarsResult<DataFrame> {
    let mut part = vec!["train"; data.num_episodes()];
    if split.is_shared() {
        part.fill("all");
    } else {
        for (name, indices) in [("held-out", &split.heldout), ("calibration", &split.calibration)] {
            for &i in indices {
                if let Some(slot) = part.get_mut(i) {
                    *slot = name;
                }
            }
        }
    }
    let spans = data.spans();
    df!(
        "index" => (0..data.num_episodes() as u64).collect::<Vec<_>>(),
        "id" => spans.iter().map(|s| s.id).collect::<Vec<_>>(),
        "steps" => spans.iter().map(|s| s.steps as u64).collect::<Vec<_>>(),
        "return" => (0..data.num_episodes()).map(|i| data.episode(i).ret()).collect::<Vec<_>>(),
        "terminated" => spans.iter().map(|s| s.terminated).collect::<Vec<_>>(),
        "truncated" => spans.iter().map(|s| s.truncated).collect::<Vec<_>>(),
        "part" => part,
    )
}

/// The table in the order of `column`; rows that are equal in it keep their order.
///
/// # Errors
/// If there is no such column.
pub fn sorted(table: &DataFrame, column: &str, descending: bool) -> PolarsResult<DataFrame> {
    let options = SortMultipleOptions::default().with_order_descending(descending).with_maintain_order(true);
    table.sort([column], options)
}

/// The rows whose number (or truth, as 0 and 1) in `column` lies within `low..=high`.
///
/// # Errors
/// If there is no such column, or if it holds text.
pub fn between(table: &DataFrame, column: &str, low: f64, high: f64) -> PolarsResult<DataFrame> {
    let values = table.column(column)?.strict_cast(&DataType::Float64)?;
    let mask: BooleanChunked = values.f64()?.iter().map(|v| v.is_some_and(|v| low <= v && v <= high)).collect();
    table.filter(&mask)
}

/// The rows of one part of the split.
///
/// # Errors
/// If the table has no column `part`.
pub fn of_part(table: &DataFrame, part: &str) -> PolarsResult<DataFrame> {
    let mask: BooleanChunked = table.column("part")?.str()?.iter().map(|v| v == Some(part)).collect();
    table.filter(&mask)
}

/// Saves the table of all episodes to `path`, in the order of `by` (a column, and whether the largest comes first): CSV
/// or Parquet by the name's ending. Answers the number of rows.
///
/// # Errors
/// [`DataError`] naming the column or the ending that is not known, or a file that cannot be written.
pub fn save_episodes(data: &Dataset, split: &Split, by: Option<(&str, bool)>, path: &Path) -> Result<usize, DataError> {
    let bad = |e: PolarsError| DataError::bad(path, e.to_string());
    let mut table = episode_table(data, split).map_err(bad)?;
    if let Some((column, descending)) = by {
        if table.column(column).is_err() {
            let names: Vec<String> = table.get_column_names().iter().map(ToString::to_string).collect();
            return Err(DataError::bad(
                path,
                format!("no column is called '{column}'; there are {}", names.join(", ")),
            ));
        }
        table = sorted(&table, column, descending).map_err(bad)?;
    }
    match path.extension().and_then(|e| e.to_str()) {
        Some("csv") => write_csv(&table, path)?,
        Some("parquet") => write_parquet(&table, path)?,
        _ => return Err(DataError::bad(path, "the name must end in .csv or .parquet")),
    }
    Ok(table.height())
}

/// Saves a table as CSV with a header line.
///
/// # Errors
/// If `path` cannot be written.
pub fn write_csv(table: &DataFrame, path: &Path) -> Result<(), DataError> {
    save::file(path, |file| CsvWriter::new(file).finish(&mut table.clone()).map_err(|e| e.to_string()))
}

/// Saves a table as Parquet.
///
/// # Errors
/// If `path` cannot be written.
pub fn write_parquet(table: &DataFrame, path: &Path) -> Result<(), DataError> {
    write_parquet_about(table, &[], path)
}

/// [`write_parquet`] with pairs of words in the file's metadata (key-value, beside the schema).
///
/// # Errors
/// If `path` cannot be written.
pub fn write_parquet_about(table: &DataFrame, about: &[(String, String)], path: &Path) -> Result<(), DataError> {
    let words = (!about.is_empty()).then(|| KeyValueMetadata::from_static(about.to_vec()));
    save::file(path, |file| {
        let writer = ParquetWriter::new(file).with_key_value_metadata(words);
        writer.finish(&mut table.clone()).map(|_| ()).map_err(|e| e.to_string())
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "results that are exact in binary")]

    use super::*;
    use crate::data::dataset::{EpisodeSpan, Origin, Parts};
    use crate::data::space::Space;
    use crate::data::split::SplitSpec;

    fn table(episodes: usize) -> DataFrame {
        let spans = (0..episodes)
            .map(|i| EpisodeSpan {
                id: 10 + i as u64,
                first_step: i,
                steps: 1,
                first_obs: i,
                obs_rows: 1,
                terminated: i % 2 == 0,
                truncated: false,
            })
            .collect();
        let rewards = (0..episodes).map(|i| [3.0, -1.0, 2.0, 0.5][i % 4]).collect();
        let parts = Parts { spans, obs: vec![0.0; episodes], actions: vec![0.0; episodes], rewards, next_obs: None };
        let (obs, action) = (Space::unnamed("obs", 1), Space::unnamed("action", 1));
        let data = Dataset::from_parts(Origin::default(), obs, action, parts).expect("parts fit");
        episode_table(&data, &Split::new(&data, SplitSpec::default())).expect("a table")
    }

    fn returns(table: &DataFrame) -> Vec<f64> {
        table.column("return").expect("column").f64().expect("numbers").iter().flatten().collect()
    }

    #[test]
    fn rows_are_sorted_and_filtered_by_any_column() {
        let t = table(4);
        assert_eq!(t.get_column_names(), ["index", "id", "steps", "return", "terminated", "truncated", "part"]);
        assert_eq!(returns(&sorted(&t, "return", false).expect("sorted")), [-1.0, 0.5, 2.0, 3.0]);
        assert_eq!(returns(&sorted(&t, "terminated", true).expect("sorted")), [3.0, 2.0, -1.0, 0.5], "ties keep order");
        assert_eq!(returns(&between(&t, "return", 0.0, 2.0).expect("filtered")), [2.0, 0.5]);
        assert_eq!(returns(&between(&t, "terminated", 1.0, 1.0).expect("filtered")), [3.0, 2.0]);
        assert!(sorted(&t, "nothing", false).is_err());
        assert!(between(&t, "part", 0.0, 1.0).is_err(), "text is no number");
    }

    #[test]
    fn every_part_of_the_split_is_named() {
        let t = table(10);
        let count = |part: &str| of_part(&t, part).expect("filtered").height();
        assert_eq!((count("train"), count("held-out"), count("calibration")), (8, 1, 1));
        assert_eq!(of_part(&table(2), "all").expect("filtered").height(), 2);
    }

    #[test]
    fn saved_tables_are_read_back() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let t = table(5);
        let (csv, parquet) = (dir.path().join("t.csv"), dir.path().join("t.parquet"));
        write_csv(&t, &csv).expect("written");
        let text = std::fs::read_to_string(&csv).expect("text");
        assert_eq!(text.lines().next(), Some("index,id,steps,return,terminated,truncated,part"));
        assert_eq!(text.lines().count(), 6);
        write_parquet(&t, &parquet).expect("written");
        let back = ParquetReader::new(std::fs::File::open(&parquet).expect("file")).finish().expect("a frame");
        assert!(back.equals(&t));
        assert!(write_csv(&t, &dir.path().join("no/t.csv")).is_err());
    }
}
