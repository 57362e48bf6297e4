#![allow(clippy::float_cmp, reason = "copies")]

use polars_core::prelude::*;
use polars_io::SerWriter as _;
use polars_io::ipc::IpcWriter;
use polars_io::parquet::write::ParquetWriter;

use super::*;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Writes `columns` as Parquet in row groups of two rows.
pub(in super::super) fn write_parquet(path: &Path, columns: Vec<Column>) {
    let mut frame = DataFrame::new_infer_height(columns).expect("columns of one length");
    let file = File::create(path).expect("created");
    ParquetWriter::new(file).with_row_group_size(Some(2)).finish(&mut frame).expect("written");
}

/// Writes `columns` as an Arrow IPC file.
pub(in super::super) fn write_arrow(path: &Path, columns: Vec<Column>) {
    let mut frame = DataFrame::new_infer_height(columns).expect("columns of one length");
    IpcWriter::new(File::create(path).expect("created")).finish(&mut frame).expect("written");
}

/// A column of lists, each as long as `width`, of fixed size or not.
pub(in super::super) fn lists(name: &str, values: &[f64], width: usize, fixed: bool) -> Column {
    let rows: Vec<Series> = values.chunks(width).map(|c| Series::new("".into(), c)).collect();
    let lists = Series::new(name.into(), rows);
    let dtype = DataType::Array(Box::new(DataType::Float64), width);
    if fixed { lists.cast(&dtype).expect("lists of one length").into_column() } else { lists.into_column() }
}

fn read(columns: Vec<Column>) -> Result<Frame, Fault> {
    let names: Vec<String> = columns.iter().map(|c| c.name().to_string()).collect();
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("x.parquet");
    write_parquet(&path, columns);
    assert!(is_parquet(&path));
    Parquet::open(&path)?.read(&names, &Ctx::quiet())
}

/// Found by fuzzing: each once made polars ask for more memory than any machine has, which ends the program.
#[test]
fn sizes_that_cannot_be_are_refused_before_room_is_made_for_them() {
    let file = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/formats_broken").join(name);
    let refused = |result: Result<(), Fault>, word: &str| {
        let e = result.expect_err("refused").to_string();
        assert!(e.contains(word) && e.contains("formats_broken"), "{e}");
    };
    for name in ["footer_with_a_long_list", "footer_of_wrong_types", "parquet_in_name_only"] {
        refused(Parquet::open(&file(&format!("{name}.parquet"))).map(|_| ()), "footer");
    }
    let long = file("list_of_two_billion.parquet");
    let read = || {
        let parquet = Parquet::open(&long)?;
        parquet.read(parquet.names(), &Ctx::quiet()).map(|_| ())
    };
    refused(read(), "values");
    let kinds = file("page_of_two_kinds.parquet");
    let read = || Parquet::open(&kinds).and_then(|p| p.read(p.names(), &Ctx::quiet()).map(|_| ()));
    refused(read(), "sizes do not fit");
    let message = file("message_longer_than_its_block.arrow");
    refused(Frame::arrow(&message, &["observations"]).map(|_| ()), "sizes do not fit");
}

#[test]
fn scalars_lists_and_structs_are_flattened_over_all_row_groups() {
    let columns = [
        Column::new("a".into(), [1i64, 2, 3, 4, 5]),
        lists("b", &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0], 2, true),
        lists("c", &[0.5; 15], 3, false),
    ];
    let inner = StructChunked::from_columns("s".into(), 5, &columns[..2]).expect("a struct").into_column();
    let frame = read(vec![columns[0].clone(), columns[1].clone(), columns[2].clone(), inner]).expect("read");
    let names = ["a", "b", "c", "s"].map(str::to_owned);
    let m = frame.matrix(&names).expect("numbers");
    assert_eq!(m.names, ["a", "b.0", "b.1", "c.0", "c.1", "c.2", "s.a", "s.b.0", "s.b.1"]);
    assert_eq!(m.values[4 * 9..], [5.0, 8.0, 9.0, 0.5, 0.5, 0.5, 5.0, 8.0, 9.0]);
    assert!(frame.is_whole("a") && !frame.is_whole("b"));
}

#[test]
fn nested_lists_are_flattened_row_by_row() {
    let inner: Vec<Series> = (0..3)
        .map(|r| {
            lists("", &[0.0, 1.0, 2.0, 3.0].map(|v| v + 10.0 * f64::from(r)), 2, false).as_materialized_series().clone()
        })
        .collect();
    let frame = read(vec![Series::new("grid".into(), inner).into_column()]).expect("read");
    let m = frame.matrix(&["grid".into()]).expect("numbers");
    assert_eq!((m.width(), &m.values[4..8]), (4, &[10.0, 11.0, 12.0, 13.0][..]));
}

#[test]
fn ragged_and_empty_lists_text_and_wrong_flags_are_named() {
    let ragged = Series::new("obs".into(), [Series::new("".into(), [1.0, 2.0]), Series::new("".into(), [1.0])]);
    let empty = lists("obs", &[1.0, 2.0], 1, false).as_materialized_series().shift(1);
    let cases = [
        (ragged, "'obs' row 1 has 1 numbers where row 0 has 2"),
        (empty, "'obs' row 0 is empty"),
        (Series::new("obs".into(), ["a", "b"]), "'obs' holds str, not numbers"),
    ];
    for (column, wanted) in cases {
        let text =
            read(vec![column.into_column()]).expect("read").matrix(&["obs".into()]).expect_err("refused").to_string();
        assert!(text.contains(wanted), "{text}");
    }
    let frame = read(vec![Column::new("f".into(), [Some(1.0), Some(2.0), None])]).expect("read");
    assert!(frame.read("f", flags).expect_err("two").to_string().contains("'f' row 1 is 2, a flag is 0 or 1"));
    assert!(frame.read("f", whole).expect_err("empty").to_string().contains("'f' row 2 is no whole number"));
    assert!(frame.read("f", numbers).expect("numbers")[2].is_nan());
    assert!(frame.read("g", numbers).expect_err("missing").to_string().contains("'g' is missing; the file has f"));
}

#[test]
fn a_panic_inside_polars_is_a_sentence() {
    let text = guarded::<()>(Path::new("x"), || panic!("inside")).expect_err("caught").to_string();
    assert_eq!(text, format!("x: cannot be read: {DAMAGED}"));
}

type Open<'o> = &'o dyn Fn() -> Result<Matrix, Fault>;

#[test]
fn cut_off_and_flipped_files_never_panic() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let columns = || vec![Column::new("a".into(), [1.0, 2.0, 3.0]), lists("b", &[1.0, 2.0, 3.0], 1, true)];
    let (parquet, arrow, broken) = (dir.path().join("p"), dir.path().join("a"), dir.path().join("broken"));
    write_parquet(&parquet, columns());
    write_arrow(&arrow, columns());
    let open_parquet = || {
        let file = Parquet::open(&broken)?;
        file.read(&["a", "b"], &Ctx::quiet())?.matrix(&["a".into(), "b".into()])
    };
    let open_arrow = || Frame::arrow(&broken, &["a", "b"])?.matrix(&["a".into(), "b".into()]);
    let opens: [(&Path, Open<'_>); 2] = [(&parquet, &open_parquet), (&arrow, &open_arrow)];
    for (path, open) in opens {
        let whole = std::fs::read(path).expect("written");
        std::fs::write(&broken, &whole).expect("copied");
        assert_eq!(open().expect("whole").values, [1.0, 1.0, 2.0, 2.0, 3.0, 3.0]);
        for cut in (0..whole.len()).step_by(whole.len().div_ceil(100)) {
            std::fs::write(&broken, &whole[..cut]).expect("cut");
            assert!(open().is_err(), "{path:?} cut at {cut}");
        }
        for at in (0..whole.len()).step_by(whole.len().div_ceil(300)) {
            for value in [0, 0x7f, 0xff] {
                let mut flipped = whole.clone();
                flipped[at] = value;
                std::fs::write(&broken, &flipped).expect("flipped");
                let _ = open();
            }
        }
    }
}
