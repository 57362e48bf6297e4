//! The episode table: one row an episode, as a frame that can be sorted, filtered and saved.

use std::collections::HashMap;
use std::path::Path;

use polars_core::prelude::*;
use polars_io::SerWriter as _;
use polars_io::csv::write::CsvWriter;
use polars_io::parquet::write::{KeyValueMetadata, ParquetWriter};

/// A table of columns; polars' own.
pub use polars_core::frame::DataFrame as Frame;

use super::condition::{self, Refused};
use super::dataset::Dataset;
use super::entry::Entry;
use super::split::Split;
use crate::data::summary::EpisodeRow;
use crate::ground::fault::Fault;
use crate::ground::save as atomic;

/// Columns that are always there.
pub const COLUMNS: [&str; 10] =
    ["index", "id", "source", "steps", "return", "score", "terminated", "truncated", "part", "flags"];
/// Columns that are there only when they were measured, and what they mean.
pub const SCORES: [(&str, &str); 3] = [
    ("ood_fraction", "share of the states beyond the novelty threshold"),
    ("novelty", "largest novelty of a state, in units of its threshold"),
    ("model_error", "largest one-step error of the world model, in units of its threshold"),
];

/// What is known of episodes beside their numbers.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Returns of a random and an expert policy, that scores are counted from and to.
    pub reference: Option<(f64, f64)>,
    /// For every episode the rules of the audit that name it; nothing if it was not audited.
    pub flags: Vec<String>,
    /// Those of [`SCORES`] that were measured: one number an episode.
    pub scores: Vec<(&'static str, Vec<f64>)>,
}

impl Known {
    /// A return on the scale from random (0) to expert (100) policy, where that is known.
    fn score(&self, ret: f64) -> Option<f64> {
        self.reference.map(|(random, expert)| 100.0 * (ret - random) / (expert - random))
    }
}

/// The part that each of `n` episodes is in, by the word that conditions know it by.
pub fn part_names(split: &Split, n: usize) -> Vec<&'static str> {
    if split.is_shared() {
        return vec!["all"; n];
    }
    let mut part = vec!["train"; n];
    for (name, indices) in [("held-out", &split.heldout), ("calibration", &split.calibration)] {
        for &i in indices {
            if let Some(slot) = part.get_mut(i) {
                *slot = name;
            }
        }
    }
    part
}

/// [`COLUMNS`], and the measured ones of [`SCORES`]. `score` is the return on the
/// scale from random (0) to expert (100) policy, null where that is not known; part is "train", "held-out" or
/// "calibration", or "all" where too few episodes keep the parts from being apart.
///
/// # Errors
/// Whatever polars fails with; none is known.
pub fn episode_table(data: &Dataset, split: &Split, known: &Known) -> PolarsResult<Frame> {
    let n = data.num_episodes();
    let part = part_names(split, n);
    let spans = data.spans();
    let returns: Vec<f64> = (0..n).map(|i| data.episode(i).ret()).collect();
    let scores: Vec<Option<f64>> = returns.iter().map(|&r| known.score(r)).collect();
    let mut flags = known.flags.clone();
    flags.resize(n, String::new());
    let mut frame = df!(
        "index" => (0..n as u64).collect::<Vec<_>>(),
        "id" => spans.iter().map(|s| s.id).collect::<Vec<_>>(),
        "source" => vec![data.origin.path.display().to_string(); n],
        "steps" => spans.iter().map(|s| s.steps as u64).collect::<Vec<_>>(),
        "return" => returns,
        "score" => scores,
        "terminated" => spans.iter().map(|s| s.terminated).collect::<Vec<_>>(),
        "truncated" => spans.iter().map(|s| s.truncated).collect::<Vec<_>>(),
        "part" => part,
        "flags" => flags,
    )?;
    for (name, numbers) in &known.scores {
        frame.with_column(Column::new((*name).into(), numbers))?;
    }
    Ok(frame)
}

/// The table of every episode of a dataset of which `sample`, an [`episode_table`], has some, in the order of their numbers.
/// What is known of those in memory alone (`index`, `part`, `flags`, scores) is null for the others.
///
/// # Errors
/// As [`episode_table`].
pub fn whole_table(sample: &Frame, rows: &[EpisodeRow], known: &Known) -> PolarsResult<Frame> {
    let mut rows = rows.to_vec();
    rows.sort_by_key(|row| row.id);
    let places: HashMap<u64, IdxSize> = sample.column("id")?.u64()?.iter().flatten().zip(0..).collect();
    let at: IdxCa = rows.iter().map(|row| places.get(&row.id).copied()).collect();
    let source = sample.column("source")?.str()?.get(0).unwrap_or_default();
    let mut columns = Vec::with_capacity(sample.width());
    for column in sample.columns() {
        let name = column.name().clone();
        columns.push(match name.as_str() {
            "id" => Column::new(name, rows.iter().map(|r| r.id).collect::<Vec<_>>()),
            "source" => Column::new(name, vec![source; rows.len()]),
            "steps" => Column::new(name, rows.iter().map(|r| r.steps as u64).collect::<Vec<_>>()),
            "return" => Column::new(name, rows.iter().map(|r| r.ret).collect::<Vec<_>>()),
            "score" => Column::new(name, rows.iter().map(|r| known.score(r.ret)).collect::<Vec<_>>()),
            "terminated" => Column::new(name, rows.iter().map(|r| r.terminated).collect::<Vec<_>>()),
            "truncated" => Column::new(name, rows.iter().map(|r| r.truncated).collect::<Vec<_>>()),
            _ => column.take(&at)?,
        });
    }
    Frame::new(rows.len(), columns)
}

/// Positions among `rows` of the episodes of a [`whole_table`].
///
/// # Errors
/// If the table has no column `id`.
pub fn places(table: &Frame, rows: &[EpisodeRow]) -> PolarsResult<Vec<usize>> {
    let places: HashMap<u64, usize> = rows.iter().map(|row| row.id).zip(0..).collect();
    Ok(table.column("id")?.u64()?.iter().filter_map(|id| places.get(&id?).copied()).collect())
}

/// The rows that meet an SQL condition on the columns, in their order: `steps < 200 AND part = 'train'`. What conditions may
/// say is in [`condition`].
///
/// # Errors
/// A sentence where the condition cannot be understood or names a column that is not there.
pub fn meeting(table: &Frame, condition: &str) -> Result<Frame, String> {
    let text = condition.to_lowercase();
    let named = table.columns().iter().filter(|column| text.contains(&column.name().to_lowercase()));
    let columns: Vec<_> = named.map(|c| condition::Column::new(c.name().as_str(), entries(c))).collect();
    let met = condition::rows_meeting(&columns, table.height(), condition);
    let met = met.map_err(|why| refused(table, &format!("the condition '{condition}'"), &why))?;
    table.filter(&BooleanChunked::new("met".into(), met)).map_err(|e| e.to_string())
}

/// One row a group, in the order of what its rows have in common: how many episodes and steps, and the mean, smallest and
/// largest return.
///
/// # Errors
/// A sentence where there is no such column.
pub fn grouped(table: &Frame, column: &str) -> Result<Frame, String> {
    if table.column(column).is_err() {
        return Err(refused(table, &format!("grouping by '{column}'"), &Refused::Column(column.into())));
    }
    groups(table, column).map_err(|e| e.to_string())
}

fn groups(table: &Frame, column: &str) -> PolarsResult<Frame> {
    let ordered = sorted(table, column, false)?;
    let (mut first, mut episodes, mut steps) = (Vec::new(), Vec::new(), Vec::new());
    let (mut mean, mut least, mut most) = (Vec::new(), Vec::new(), Vec::new());
    let mut at: IdxSize = 0;
    for rows in ordered.partition_by_stable([column], true)? {
        let returns = rows.column("return")?.f64()?;
        first.push(at);
        episodes.push(rows.height() as u64);
        steps.push(rows.column("steps")?.u64()?.sum());
        mean.push(returns.mean());
        least.push(returns.min());
        most.push(returns.max());
        at += rows.height() as IdxSize;
    }
    let mut frame = df!(
        "episodes" => episodes, "steps" => steps, "return_mean" => mean, "return_min" => least, "return_max" => most,
    )?;
    frame.insert_column(0, ordered.column(column)?.take(&IdxCa::from_vec("rows".into(), first))?)?;
    Ok(frame)
}

/// Says what a condition or a grouping does wrong, and what columns there are.
fn refused(table: &Frame, what: &str, why: &Refused) -> String {
    let names: Vec<&str> = table.get_column_names().iter().map(|name| name.as_str()).collect();
    let measured: Vec<&str> = SCORES.iter().map(|(name, _)| *name).filter(|name| !names.contains(name)).collect();
    let more = if measured.is_empty() {
        String::new()
    } else {
        format!(", and {} are measured where they are named", measured.join(", "))
    };
    format!("{what} {why}; the columns are {}{more}", names.join(", "))
}

/// Positions among the dataset's episodes of the rows of a table.
///
/// # Errors
/// If the table has no column `index`.
pub fn indices(table: &Frame) -> PolarsResult<Vec<usize>> {
    Ok(table.column("index")?.u64()?.iter().flatten().map(|i| i as usize).collect())
}

/// The table in the order of `column`; rows that are equal in it keep their order.
///
/// # Errors
/// If there is no such column.
pub fn sorted(table: &Frame, column: &str, descending: bool) -> PolarsResult<Frame> {
    let options = SortMultipleOptions::default().with_order_descending(descending).with_maintain_order(true);
    table.sort([column], options)
}

/// The rows whose number (or truth, as 0 and 1) in `column` lies within `low..=high`.
///
/// # Errors
/// If there is no such column, or if it holds text.
pub fn between(table: &Frame, column: &str, low: f64, high: f64) -> PolarsResult<Frame> {
    let values = table.column(column)?.strict_cast(&DataType::Float64)?;
    let mask: BooleanChunked = values.f64()?.iter().map(|v| v.is_some_and(|v| low <= v && v <= high)).collect();
    table.filter(&mask)
}

/// The rows of a table, each with its entries in the order of the columns.
pub fn rows(table: &Frame) -> Vec<Vec<Entry>> {
    let row = |i: usize| table.columns().iter().map(|column| entry_at(column, i)).collect();
    (0..table.height()).map(row).collect()
}

fn entries(column: &Column) -> Vec<Entry> {
    (0..column.len()).map(|row| entry_at(column, row)).collect()
}

fn entry_at(column: &Column, row: usize) -> Entry {
    match column.get(row) {
        Err(_) | Ok(AnyValue::Null) => Entry::Missing,
        Ok(AnyValue::Boolean(yes)) => Entry::Truth(yes),
        Ok(AnyValue::String(text)) => Entry::Text(text.into()),
        Ok(AnyValue::Float64(v)) => Entry::Number(v),
        Ok(AnyValue::Float32(v)) => Entry::Number(v.into()),
        Ok(other) => other.try_extract().map_or_else(|_| Entry::Text(other.to_string()), Entry::Whole),
    }
}

/// Saves a table as CSV or Parquet, by the ending of the name.
///
/// # Errors
/// [`Fault`] naming the ending that is not known, or a file that cannot be written.
pub fn save(table: &Frame, path: &Path) -> Result<(), Fault> {
    match path.extension().and_then(|e| e.to_str()) {
        Some("csv") => write_csv(table, path),
        Some("parquet") => write_parquet(table, path),
        _ => Err(Fault::at(path, "the name must end in .csv or .parquet")),
    }
}

/// Saves a table as CSV with a header line.
///
/// # Errors
/// If `path` cannot be written.
pub fn write_csv(table: &Frame, path: &Path) -> Result<(), Fault> {
    atomic::file(path, |file| CsvWriter::new(file).finish(&mut table.clone()).map_err(|e| e.to_string()))
}

/// Saves a table as Parquet.
///
/// # Errors
/// If `path` cannot be written.
pub fn write_parquet(table: &Frame, path: &Path) -> Result<(), Fault> {
    write_parquet_about(table, &[], path)
}

/// [`write_parquet`] with pairs of words in the file's metadata (key-value, beside the schema).
///
/// # Errors
/// If `path` cannot be written.
pub fn write_parquet_about(table: &Frame, about: &[(String, String)], path: &Path) -> Result<(), Fault> {
    let words = (!about.is_empty()).then(|| KeyValueMetadata::from_static(about.to_vec()));
    atomic::file(path, |file| {
        let writer = ParquetWriter::new(file).with_key_value_metadata(words);
        writer.finish(&mut table.clone()).map(|_| ()).map_err(|e| e.to_string())
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "results that are exact in binary")]

    use super::*;
    use crate::data::dataset::{Origin, Parts};
    use crate::data::episode::EpisodeSpan;
    use crate::data::space::Space;
    use crate::data::split::SplitSpec;
    use polars_io::SerReader as _;
    use polars_io::parquet::read::ParquetReader;

    fn table(episodes: usize) -> Frame {
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
        let known = Known { reference: Some((0.0, 2.0)), ..Known::default() };
        episode_table(&data, &Split::new(&data, SplitSpec::default()), &known).expect("a table")
    }

    fn returns(table: &Frame) -> Vec<f64> {
        table.column("return").expect("column").f64().expect("numbers").iter().flatten().collect()
    }

    #[test]
    fn rows_are_sorted_and_filtered_by_any_column() {
        let t = table(4);
        assert_eq!(t.get_column_names(), COLUMNS);
        assert_eq!(returns(&sorted(&t, "return", false).expect("sorted")), [-1.0, 0.5, 2.0, 3.0]);
        assert_eq!(returns(&sorted(&t, "terminated", true).expect("sorted")), [3.0, 2.0, -1.0, 0.5], "ties keep order");
        assert_eq!(returns(&between(&t, "return", 0.0, 2.0).expect("filtered")), [2.0, 0.5]);
        assert_eq!(returns(&between(&t, "terminated", 1.0, 1.0).expect("filtered")), [3.0, 2.0]);
        assert!(sorted(&t, "nothing", false).is_err());
        assert!(between(&t, "part", 0.0, 1.0).is_err(), "text is no number");
    }

    #[test]
    fn conditions_are_sql_on_the_columns() {
        let t = table(8);
        let met = meeting(&t, "return > 0 AND NOT terminated").expect("understood");
        assert_eq!(indices(&met).expect("indices"), [3, 7]);
        assert_eq!(
            indices(&meeting(&t, "score = 150 OR id IN (11)").expect("understood")).expect("indices"),
            [0, 1, 4]
        );
        for (condition, word) in [("retrun > 0", "retrun"), ("steps >", "ends too early"), ("1", "not understood")] {
            let e = meeting(&t, condition).expect_err("refused");
            assert!(e.contains(word) && e.contains("the columns are index"), "{e}");
        }
    }

    #[test]
    fn rows_that_have_something_in_common_are_counted_together() {
        let t = table(8);
        let by = grouped(&t, "terminated").expect("grouped");
        let names = ["terminated", "episodes", "steps", "return_mean", "return_min", "return_max"];
        assert_eq!(by.get_column_names(), names);
        let (no, yes) = (Entry::Truth(false), Entry::Truth(true));
        let (four, number) = (Entry::Whole(4), Entry::Number);
        assert_eq!(
            rows(&by),
            [
                [no, four.clone(), four.clone(), number(-0.25), number(-1.0), number(0.5)],
                [yes, four.clone(), four, number(2.5), number(2.0), number(3.0)],
            ]
        );
        // What is not known comes first.
        let mut t = table(3);
        t.with_column(Column::new("novelty".into(), [Some(2.0), None, Some(1.0)])).expect("a column");
        let by = grouped(&t, "novelty").expect("grouped");
        let keys: Vec<Entry> = rows(&by).into_iter().map(|row| row[0].clone()).collect();
        assert_eq!(keys, [Entry::Missing, number(1.0), number(2.0)]);
        assert!(grouped(&t, "nothing").is_err());
    }

    #[test]
    fn every_part_of_the_split_is_named() {
        let t = table(10);
        let count = |t: &Frame, part: &str| {
            let parts = t.column("part").and_then(|column| column.str().cloned()).expect("there is a part");
            parts.iter().filter(|v| *v == Some(part)).count()
        };
        assert_eq!((count(&t, "train"), count(&t, "held-out"), count(&t, "calibration")), (8, 1, 1));
        assert_eq!(count(&table(2), "all"), 2);
    }

    #[test]
    fn saved_tables_are_read_back() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let t = table(5);
        let (csv, parquet) = (dir.path().join("t.csv"), dir.path().join("t.parquet"));
        write_csv(&t, &csv).expect("written");
        let text = std::fs::read_to_string(&csv).expect("text");
        assert_eq!(text.lines().next(), Some("index,id,source,steps,return,score,terminated,truncated,part,flags"));
        assert_eq!(text.lines().count(), 6);
        write_parquet(&t, &parquet).expect("written");
        let back = ParquetReader::new(std::fs::File::open(&parquet).expect("file")).finish().expect("a frame");
        assert!(back.equals(&t));
        assert!(write_csv(&t, &dir.path().join("no/t.csv")).is_err());
    }
}
