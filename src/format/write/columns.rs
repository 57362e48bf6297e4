//! Named columns as a file: one row a state, for other programs.

use std::path::Path;

use polars_core::prelude::*;

use crate::data::table;
use crate::ground::fault::Fault;

/// One column.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Whole numbers.
    Count(Vec<u64>),
    /// Numbers; NaN and infinities are kept as such.
    Number(Vec<f64>),
    /// Yes or no.
    Flag(Vec<bool>),
    /// Words.
    Text(Vec<String>),
}

/// Saves columns of one length to `path`: CSV or Parquet by the name's ending. A Parquet file carries `about` as its
/// key-value metadata. Answers the number of rows.
///
/// # Errors
/// [`Fault`] naming an ending that is not known, columns of different lengths, or a file that cannot be written.
pub fn save(path: &Path, columns: Vec<(String, Column)>, about: &[(String, String)]) -> Result<usize, Fault> {
    let bad = |e: PolarsError| Fault::at(path, e.to_string());
    let series = columns.into_iter().map(|(name, column)| {
        let name = PlSmallStr::from(name);
        match column {
            Column::Count(v) => polars_core::prelude::Column::new(name, v),
            Column::Number(v) => polars_core::prelude::Column::new(name, v),
            Column::Flag(v) => polars_core::prelude::Column::new(name, v),
            Column::Text(v) => polars_core::prelude::Column::new(name, v),
        }
    });
    let series: Vec<_> = series.collect();
    let frame = DataFrame::new_infer_height(series).map_err(bad)?;
    match path.extension().and_then(|e| e.to_str()) {
        Some("csv") => table::write_csv(&frame, path)?,
        Some("parquet") => table::write_parquet_about(&frame, about, path)?,
        _ => return Err(unknown(path)),
    }
    Ok(frame.height())
}

/// Refuses a name whose ending [`save`] would not know, before the work is done.
///
/// # Errors
/// A sentence with the endings that are known.
pub fn check_ending(path: &Path) -> Result<(), Fault> {
    match path.extension().and_then(|e| e.to_str()) {
        Some("csv" | "parquet") => Ok(()),
        _ => Err(unknown(path)),
    }
}

fn unknown(path: &Path) -> Fault {
    Fault::at(path, "the name must end in .csv or .parquet")
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars_io::SerReader as _;
    use polars_io::parquet::read::ParquetReader;

    fn columns() -> Vec<(String, Column)> {
        vec![
            ("episode".into(), Column::Count(vec![7, 7, 9])),
            ("novelty".into(), Column::Number(vec![0.5, f64::INFINITY, f64::NAN])),
            ("novelty_alarm".into(), Column::Flag(vec![false, true, true])),
        ]
    }

    #[test]
    fn columns_are_read_back_with_what_they_mean() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let path = dir.path().join("s.parquet");
        let about = [("novelty".to_owned(), "distance".to_owned())];
        assert_eq!(save(&path, columns(), &about).expect("written"), 3);
        let mut reader = ParquetReader::new(std::fs::File::open(&path).expect("file"));
        let metadata = reader.get_metadata().expect("metadata").clone();
        let pairs = metadata.key_value_metadata().as_ref().expect("pairs");
        assert!(pairs.iter().any(|kv| kv.key == "novelty" && kv.value.as_deref() == Some("distance")));
        let back = reader.finish().expect("a frame");
        assert_eq!(back.get_column_names(), ["episode", "novelty", "novelty_alarm"]);
        let numbers: Vec<f64> = back.column("novelty").expect("column").f64().expect("f64").iter().flatten().collect();
        assert!(numbers[1].is_infinite() && numbers[2].is_nan());
        let csv = dir.path().join("s.csv");
        save(&csv, columns(), &[]).expect("written");
        assert!(std::fs::read_to_string(&csv).expect("text").starts_with("episode,novelty,novelty_alarm\n7,0.5,false"));
    }

    #[test]
    fn what_cannot_be_saved_is_said() {
        let dir = tempfile::tempdir().expect("temporary folder");
        assert!(save(&dir.path().join("s.txt"), columns(), &[]).is_err());
        assert!(check_ending(Path::new("s.xlsx")).expect_err("no").to_string().contains(".parquet"));
        assert!(check_ending(Path::new("s.csv")).is_ok());
        let uneven = vec![("a".into(), Column::Count(vec![1])), ("b".into(), Column::Count(vec![1, 2]))];
        assert!(save(&dir.path().join("s.csv"), uneven, &[]).is_err());
    }
}
