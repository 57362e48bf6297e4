#![allow(clippy::float_cmp, reason = "results that are exact in binary")]

use proptest::prelude::*;

use super::*;

#[test]
fn spaces_that_minari_writes_are_flattened() {
    let text = r#"{"type": "Tuple", "subspaces": [
        {"type": "MultiDiscrete", "dtype": "int64", "nvec": [3, 4], "start": [0, 1]},
        {"type": "Dict", "subspaces": {"z": {"type": "MultiBinary", "n": 2},
          "k": {"type": "Box", "dtype": "float32", "shape": [1, 2], "low": [[-1.5, -Infinity]], "high": [[1.5, 2]]}}}]}"#;
    let leaves = leaves(text).expect("a space").read;
    let paths: Vec<_> = leaves.iter().map(|l| (l.path.as_str(), l.width)).collect();
    assert_eq!(paths, [("_index_0", 2), ("_index_1/k", 2), ("_index_1/z", 2)]);
    let space = flat("obs", &leaves);
    assert_eq!(space.names, ["0.0", "0.1", "1.k.0", "1.k.1", "1.z.0", "1.z.1"]);
    assert_eq!((space.bounds(1), space.bounds(2), space.bounds(3)), (Some((1.0, 4.0)), Some((-1.5, 1.5)), None));
}

#[test]
fn a_lone_array_is_named_by_its_place_and_choices_are_kept() {
    let space =
        flat("action", &leaves(r#"{"type": "Discrete", "dtype": "int64", "start": 2, "n": 5}"#).expect("ok").read);
    assert_eq!((space.kind, space.names), (SpaceKind::Discrete { n: 5, start: 2 }, vec!["action[0]".to_owned()]));
}

#[test]
fn text_and_images_are_left_out_by_name_and_small_grids_are_numbers() {
    let image =
        |shape: &str| format!(r#"{{"type": "Box", "dtype": "uint8", "shape": {shape}, "low": [], "high": []}}"#);
    let grid = format!(
        r#"{{"type": "Box", "dtype": "uint8", "shape": [7, 7, 3], "low": {:?}, "high": {:?}}}"#,
        [0; 147], [255; 147]
    );
    let text = format!(
        r#"{{"type": "Dict", "subspaces": {{"z": {grid}, "top": {}, "mission": {{"type": "Text", "max_length": 9}}}}}}"#,
        image("[84, 84, 3]")
    );
    let leaves = leaves(&text).expect("a space");
    assert_eq!(leaves.skipped, ["mission (text)", "top (images of 84 x 84 x 3)"]);
    assert_eq!(leaves.read.iter().map(|l| (l.name.as_str(), l.width)).collect::<Vec<_>>(), [("z", 147)]);
    let alone = super::leaves(&image("[32, 32]")).expect_err("images alone");
    assert!(alone.contains("only images of 32 x 32; encode"), "{alone}");
}

#[test]
fn spaces_without_numbers_or_sense_are_refused() {
    for (text, words) in [
        ("{", "is no JSON"),
        (r#"{"type": "Text", "max_length": 5}"#, "only text"),
        (r#"{"type": "Graph"}"#, "'Graph'"),
        (r#"{"type": "Dict", "subspaces": {}}"#, "no numbers"),
        (r#"{"type": "Box", "shape": [3], "low": [0], "high": [1, 1, 1]}"#, "3 values with 1 lower and 3 upper"),
        (r#"{"type": "Box", "shape": [4294967296, 4294967296], "low": [], "high": []}"#, "endless"),
        (r#"{"type": "MultiBinary", "n": 99999999999}"#, "endless"),
        (r#"{"type": "Discrete", "n": 0}"#, "without n"),
        ("[]", "type ''"),
    ] {
        let error = leaves(text).expect_err(text);
        assert!(error.contains(words), "{text}: {error}");
    }
    // Deep nesting ends in the parser's own limit, not in the stack's.
    let deep = r#"{"type": "Tuple", "subspaces": ["#.repeat(10_000);
    assert!(leaves(&deep).is_err());
}

#[test]
fn words_of_python_are_quoted_outside_of_strings_only() {
    assert_eq!(
        plain_json(r#"[NaN, -Infinity, "NaN \" Infinity", Infinity]"#),
        r#"["NaN", "-Infinity", "NaN \" Infinity", "Infinity"]"#
    );
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(bounds in prop::collection::vec((any::<f32>(), any::<f32>()), 1..6)) {
        let clean = |v: f32| if v.is_nan() { f32::INFINITY } else { v };
        let (low, high): (Vec<f32>, Vec<f32>) = bounds.iter().map(|&(l, h)| (clean(l), clean(h))).unzip();
        let space = Space { kind: SpaceKind::Box { low, high }, ..Space::unnamed("obs", bounds.len()) };
        prop_assert_eq!(flat("obs", &leaves(&to_json(&space)).expect("ours").read), space);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,80}") {
        let _ = leaves(&text);
    }
}

#[test]
fn spaces_of_more_columns_than_are_read_are_refused_before_they_are_allocated() {
    let binary = |n: u64| format!(r#"{{"type": "MultiBinary", "n": {n}}}"#);
    assert!(leaves(&binary(16_000_000)).unwrap_err().contains("endless"));
    // Each is within bounds: a short text could ask for a thousand of them.
    let text = format!(r#"{{"type": "Tuple", "subspaces": [{0}, {0}, {0}]}}"#, binary(500_000));
    assert!(leaves(&text).unwrap_err().contains("has 1500000 values a row"));
}
