#![allow(clippy::float_cmp, reason = "results that are exact in binary")]

use hdf5_pure::{AttrValue, FileBuilder};
use tempfile::TempDir;

use super::*;
use crate::ground::fault::Fault;

/// A file in a folder of its own.
fn file(build: impl FnOnce(&mut FileBuilder)) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("x.hdf5");
    let mut builder = FileBuilder::new();
    build(&mut builder);
    builder.write(&path).expect("written");
    (dir, path)
}

fn message<T>(result: Result<T, Fault>) -> String {
    result.err().expect("an error").to_string()
}

fn quiet(rows: u64) -> Result<(), crate::ground::task::Cancelled> {
    crate::ground::task::Ctx::quiet().step(rows, 0)
}

#[test]
fn columns_know_their_shape_and_give_any_width_of_float() {
    let (_dir, path) = file(|b| {
        b.create_dataset("m").with_f32_data(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).with_shape(&[3, 2]);
        b.create_dataset("i").with_i32_data(&[-1, 0, 7]);
    });
    let file = Hdf5::open(&path).expect("opens");
    let m = file.column("m").expect("there");
    assert_eq!(
        (m.rows(), m.width(), m.inner_shape(), m.is_whole(), m.dtype()),
        (3, 2, vec![2], false, "float32".into())
    );
    assert_eq!(m.f32(&quiet).expect("read"), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(m.f64(&quiet).expect("read")[5], 6.0);
    let i = file.column("i").expect("there");
    assert!(i.is_whole());
    assert_eq!(i.f32(&quiet).expect("read"), [-1.0, 0.0, 7.0]);
    assert_eq!(i.flags(&quiet).expect("read"), [true, false, true]);
}

#[test]
fn chunked_columns_are_read_in_blocks_of_whole_chunks_and_ticks_add_up() {
    let values: Vec<f32> = (0..3_000_000).map(|i| (i % 1009) as f32).collect();
    let (_dir, path) = file(|b| {
        b.create_dataset("x")
            .with_f32_data(&values)
            .with_shape(&[1_500_000, 2])
            .with_chunks(&[70_001, 2])
            .with_shuffle()
            .with_deflate(1);
    });
    let file = Hdf5::open(&path).expect("opens");
    let (calls, rows) = (std::sync::atomic::AtomicU64::new(0), std::sync::atomic::AtomicU64::new(0));
    let tick = |n| {
        calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        rows.fetch_add(n, std::sync::atomic::Ordering::Relaxed);
        Ok(())
    };
    assert_eq!(file.column("x").expect("there").f32(&tick).expect("read"), values);
    assert_eq!(rows.into_inner(), 1_500_000);
    assert!(calls.into_inner() > 1, "12 MB are more than one block");
    let stop = |_| Err(crate::ground::task::Cancelled);
    assert_eq!(message(file.column("x").expect("there").f32(&stop)), "cancelled");
}

#[test]
fn every_error_names_file_and_key() {
    let (_dir, path) = file(|b| {
        b.create_dataset("words").with_ascii_strings(&["a", "b"]).expect("strings");
        b.create_dataset("one").with_f32_data(&[1.0]).with_shape(&[]);
        b.create_dataset("flags").with_f32_data(&[0.0, f32::NAN]);
        let group = b.create_group("infos");
        b.add_group(group.finish());
    });
    let file = Hdf5::open(&path).expect("opens");
    for (key, words) in [
        ("words", "holds strings, numbers are needed"),
        ("one", "is a single value"),
        ("infos", "is a group"),
        ("rewards", "is missing"),
        ("infos/goal", "is missing"),
        ("words/deeper", "is missing"),
    ] {
        let text = message(file.column(key));
        assert!(text.contains("x.hdf5") && text.contains(&format!("'{key}'")) && text.contains(words), "{text}");
    }
    let text = message(file.column("flags").expect("there").flags(&quiet));
    assert!(text.contains("'flags' has NaN in row 1"), "{text}");
    assert!(file.contains("infos") && file.contains("words") && !file.contains("rewards"));
}

#[test]
fn sizes_that_the_file_cannot_hold_are_refused_with_the_limit() {
    // A shape and no data: chunked storage without a single chunk.
    let (_dir, path) = file(|b| {
        b.create_dataset("x").with_f32_data(&[0.0; 64]).with_shape(&[8, 8]);
    });
    // The two sizes in the dataspace message become 2^40: 8 as u64, twice, then "x" claims 2^80 values.
    let mut bytes = std::fs::read(&path).expect("bytes");
    let eight = [8u8, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0];
    let at = bytes.windows(16).position(|w| w == eight).expect("the shape");
    (bytes[at], bytes[at + 5], bytes[at + 8], bytes[at + 13]) = (0, 1, 0, 1);
    std::fs::write(&path, bytes).expect("written");
    let file = Hdf5::open(&path).expect("opens");
    let text = message(file.column("x"));
    // The header's checksum may catch the change first; either way nothing is allocated and the key is named.
    assert!(text.contains("'x'") && (text.contains("cannot hold") || text.contains("damaged")), "{text}");
}

#[test]
fn rows_of_more_values_than_get_a_name_are_refused() {
    let (_dir, path) = file(|b| {
        let mut wide = |name: &str, width: usize| {
            let (zeros, width) = (vec![0; width], width as u64);
            b.create_dataset(name)
                .with_u8_data(&zeros)
                .with_shape(&[1, width])
                .with_chunks(&[1, width])
                .with_deflate(9);
        };
        wide("wide", (1 << 20) + 1);
        wide("half", 600_000);
    });
    let file = Hdf5::open(&path).expect("opens");
    let text = message(file.column("wide").expect("there").named_width());
    assert!(text.contains("'wide' has 1048577 values a row"), "{text}");
    assert_eq!(file.column("half").expect("there").named_width().expect("narrow"), 600_000);
    let text = message(Parts::find(&file, vec!["a".into(), "b".into()], |_| "half".into()));
    assert!(text.contains("'half' and the parts before it have 1200000 values a row"), "{text}");
}

#[test]
fn attributes_are_read_within_bounds() {
    let (_dir, path) = file(|b| {
        b.set_attr("env_id", AttrValue::String("Pendulum-v1".into()));
        b.set_attr("long", AttrValue::String("x".repeat(5000)));
        b.set_attr("n", AttrValue::I64(7));
    });
    let file = Hdf5::open(&path).expect("opens");
    assert_eq!(file.text_attribute("", "env_id").as_deref(), Some("Pendulum-v1"));
    assert_eq!(file.text_attribute("", "long"), None, "a text of 5000 characters is no name");
    assert_eq!((file.count_attribute("", "n"), file.count_attribute("", "none")), (Some(7), None));
}

#[test]
fn single_numbers_kinds_and_json_are_told_apart() {
    let (_dir, path) = file(|b| {
        b.create_dataset("one").with_u8_data(&[1]).with_shape(&[]);
        b.create_dataset("two").with_f32_data(&[1.0, 2.0]);
        b.create_dataset("words").with_ascii_strings(&["a", "b"]).expect("strings");
        b.create_dataset("pictures").with_u8_data(&[0; 12]).with_shape(&[1, 2, 2, 3]);
        b.create_dataset("grey").with_u8_data(&vec![0; 1024]).with_shape(&[1, 32, 32]);
        let mut group = b.create_group("data");
        group.set_attr("args", AttrValue::String("{\n \"a\": 1}".into()));
        group.set_attr("text", AttrValue::String("{".into()));
        b.add_group(group.finish());
    });
    let file = Hdf5::open(&path).expect("opens");
    assert_eq!(file.number("one").expect("one"), 1.0);
    for (key, words) in [("two", "is not one number"), ("words", "is not one number"), ("none", "is missing")] {
        assert!(message(file.number(key)).contains(words), "{key}");
    }
    assert_eq!((file.not_numbers("words"), file.not_numbers("data")), (Some("strings".into()), Some("a group".into())));
    assert_eq!((file.not_numbers("two"), file.not_numbers("none")), (None, None));
    assert_eq!((file.length("words"), file.length("data")), (Some(2), None));
    assert_eq!(file.json_attribute("data", "args").expect("JSON")["a"], 1);
    assert!(file.json_attribute("data", "text").is_none() && file.json_attribute("none", "args").is_none());
    let is_image = |key: &str| file.column(key).expect("there").is_image();
    assert!(is_image("pictures") && is_image("grey") && !is_image("two"));
}

#[test]
fn what_is_no_hdf5_is_said() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("x.hdf5");
    std::fs::write(&path, b"\x89HDF\r\n\x1a").expect("written");
    assert!(!is_hdf5(&path) && !is_hdf5(dir.path()));
    assert!(message(Hdf5::open(&path)).contains("not an HDF5 file"));
    std::fs::write(&path, b"\x89HDF\r\n\x1a\nrest").expect("written");
    assert!(is_hdf5(&path));
    assert!(message(Hdf5::open(&path)).contains("damaged or truncated"));
    assert!(message(Hdf5::open(&dir.path().join("none"))).contains("cannot be opened"));
}

#[test]
fn lists_in_messages_are_cut() {
    let names: Vec<String> = (0..20).map(|i| format!("demo_{i}")).collect();
    assert!(listed(&names).ends_with("'demo_7' and 12 more"), "{}", listed(&names));
}

#[test]
fn streams_give_the_values_whatever_the_chunks_are() {
    let values: Vec<f32> = (0..50_000).map(|i| i as f32).collect();
    let (_dir, path) = file(|b| {
        for (name, chunk) in [("narrow", [300, 1]), ("odd", [1_001, 2]), ("whole", [4_000, 5])] {
            b.create_dataset(name).with_f32_data(&values).with_shape(&[10_000, 5]).with_chunks(&chunk).with_deflate(1);
        }
        b.create_dataset("plain").with_f32_data(&values).with_shape(&[10_000, 5]);
        let f64s: Vec<f64> = values.iter().map(|v| f64::from(*v)).collect();
        b.create_dataset("f64").with_f64_data(&f64s).with_shape(&[10_000, 5]).with_chunks(&[300, 1]);
    });
    let file = Hdf5::open(&path).expect("opens");
    for name in ["narrow", "odd", "whole", "plain", "f64"] {
        let column = file.column(name).expect("there");
        for sizes in [&[10_000][..], &[1, 299, 700, 9_000], &[3_000, 3_000, 4_000]] {
            let mut stream = column.stream(0);
            let parts: Vec<f32> = sizes.iter().flat_map(|n| stream.take(*n, &|_| Ok(())).expect("reads")).collect();
            assert_eq!(parts, values, "{name} {sizes:?}");
        }
        assert!(column.rows_of_blocks(20_000) >= 300, "{name}");
    }
}

#[test]
fn groups_found_by_address_say_what_paths_say() {
    let (_dir, path) = file(|b| {
        for i in 0..300 {
            let mut group = b.create_group(&format!("episode_{i}"));
            group.set_attr("total_steps", AttrValue::I64(i));
            group.create_dataset("rewards").with_f64_data(&[i as f64, -1.5, 3.0]);
            group
                .create_dataset("chunked")
                .with_f32_data(&[1.0, 2.0, 3.0, i as f32])
                .with_shape(&[2, 2])
                .with_chunks(&[2, 2]);
            group
                .create_dataset("packed")
                .with_f32_data(&[i as f32; 8])
                .with_shape(&[4, 2])
                .with_chunks(&[3, 2])
                .with_deflate(1);
            b.add_group(group.finish());
        }
    });
    let file = Hdf5::open(&path).expect("opens");
    assert_eq!(file.names().len(), 300);
    for i in [0, 7, 299] {
        let name = format!("episode_{i}");
        let group = file.group(&name);
        assert_eq!(group.count_attribute("total_steps"), Some(i));
        assert_eq!(group.count_attribute("total_steps"), file.count_attribute(&name, "total_steps"));
        for key in ["rewards", "chunked", "packed"] {
            let (found, known) = (group.column(key).expect(key), file.column(&format!("{name}/{key}")).expect(key));
            assert_eq!(group.about(key).is_some(), key != "packed", "{key} needs the reader only where it is packed");
            assert_eq!(found.plain, known.plain, "{key}");
            assert_eq!(
                (found.rows(), found.inner_shape(), found.key()),
                (known.rows(), known.inner_shape(), known.key())
            );
            assert_eq!(found.f64(&quiet).expect(key), known.f64(&quiet).expect(key), "{name}/{key}");
            assert_eq!(found.f64_of(1..2, &quiet).expect(key), known.f64_of(1..2, &quiet).expect(key), "{name}/{key}");
        }
    }
    for (name, key) in [("episode_300", "rewards"), ("episode_1", "obs"), ("episode_1", "rewards/x")] {
        let said = message(file.group(name).column(key));
        assert_eq!(said, message(file.column(&format!("{name}/{key}"))));
        assert!(said.contains(&format!("'{name}/{key}' is missing")), "{said}");
    }
}

#[test]
fn files_of_h5py_need_no_reader_for_what_is_not_packed() {
    // Groups with tables of symbols and columns of one chunk, as Minari writes them.
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/formats/minari/hdf5-v0/data/main_data.hdf5");
    let file = Hdf5::open(&path).expect("opens");
    let mut names = file.names();
    names.sort();
    assert_eq!(Some(names.len()), file.root().map(node::Members::len), "no link leads elsewhere");
    assert_eq!(names, {
        let mut all = file.members("");
        all.sort();
        all
    });
    for name in names {
        let group = file.group(&name);
        for key in ["rewards", "terminations", "truncations", "actions"] {
            let (found, known) = (group.column(key).expect(key), file.column(&format!("{name}/{key}")).expect(key));
            assert!(group.about(key).is_some() && found.plain.is_some(), "{name}/{key}");
            assert_eq!((found.plain, &found.shape, &found.dtype), (known.plain, &known.shape, &known.dtype));
            // What the reader of slices says of the same column.
            let mut slow = file.column(&format!("{name}/{key}")).expect(key);
            slow.plain = None;
            assert_eq!(found.f64(&quiet).expect(key), slow.f64(&quiet).expect(key), "{name}/{key}");
        }
        assert_eq!(group.count_attribute("total_steps"), file.count_attribute(&name, "total_steps"));
        assert!(group.count_attribute("total_steps").is_some());
    }
}
