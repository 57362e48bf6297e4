//! Broken and odd checkpoint files.

use std::path::Path;
use std::time::Instant;

use oodscope::checkpoint::tensors::Tensors;
use oodscope::checkpoint::{self, mbrl_lib, state_dict};
use oodscope::world::ensemble::Ensemble;
use serde_json::Value;

use crate::references::broken::ENDLESS;
use crate::references::{Verdict, json_files, roots};

/// True for the entries that [`broken`] judges.
pub fn is_checkpoint(path: &Path) -> bool {
    path.extension().is_some_and(|e| ["pt", "pth", "pickle", "safetensors"].iter().any(|x| e == *x))
}

/// Opens `path` as a user would and holds the answer against `expect` = {expect: ok | warn | error, names: […]}.
pub fn broken(path: &Path, expect: &Value) -> Verdict {
    let start = Instant::now();
    let answer = if path.extension().is_some_and(|e| e == "pickle") {
        mbrl_lib::read_stats(path).map(|_| Vec::new())
    } else {
        checkpoint::open(path).map(|c| [c.about.notes, c.about.warnings].concat())
    };
    if start.elapsed() > ENDLESS {
        return Verdict::Differs(format!("took {:?}", start.elapsed()));
    }
    let message = match &answer {
        Ok(notes) => notes.join("; "),
        Err(fault) => fault.to_string(),
    };
    if message.chars().any(char::is_control) {
        return Verdict::Differs(format!("control characters in the message {message:?}"));
    }
    let names = expect["names"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let missing: Vec<&str> = names.filter(|n| !message.contains(n)).collect();
    match (expect["expect"].as_str().unwrap_or_default(), &answer) {
        ("ok", Ok(_)) => Verdict::Agrees(1, "is read".into()),
        // Tensors may be sound and still be no world model.
        ("ok", Err(e)) if state_dict::read_tensors(path).and_then(Tensors::finite).is_ok() => {
            Verdict::Agrees(1, format!("its tensors are read; as a world model: {e}"))
        }
        // An error is more than a warning, as long as it names the same things.
        ("warn" | "error", Err(_)) | ("warn", Ok(_)) if missing.is_empty() => Verdict::Agrees(1, message),
        ("warn" | "error", Err(_)) => Verdict::Differs(format!("the message lacks {missing:?}: {message}")),
        (wanted, Ok(_)) => Verdict::Differs(format!("is read, '{wanted}' is expected naming {missing:?}: {message}")),
        (wanted, Err(_)) => Verdict::Differs(format!("'{wanted}' is expected: {message}")),
    }
}

/// What the reference says of this file: 0.weight[i][j] = 8 j + i, shape 8 x 4, a transposed view of 0.bias's storage.
#[test]
fn strided_views_are_read_in_their_order() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/broken/strided_views.pt");
    let tensors = state_dict::read_tensors(&path).expect("a good file");
    let weight = tensors.get("0.weight").expect("0.weight");
    let want: Vec<f32> = (0..32).map(|n| (8 * (n % 4) + n / 4) as f32).collect();
    assert_eq!((&weight.shape, &weight.values), (&vec![8, 4], &want));
    // The bias begins at number 8 of the same storage.
    assert_eq!(tensors.get("0.bias").expect("0.bias").values, (8u8..16).map(f32::from).collect::<Vec<_>>());
    let report = checkpoint::key_report(&path).expect("a good file");
    assert!(report.contains(&("0.weight".into(), vec![8, 4], "float32".into())), "{report:?}");
}

/// The same network in four precisions and three containers.
#[test]
fn precisions_and_containers_agree() {
    let read = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/broken").join(name);
        let model = checkpoint::open(&path).expect("a good file").world_model.expect("a world model");
        let model = Ensemble::known(&*model).expect("an ensemble");
        (model.net.inputs(), model.net.outputs(), model.predict(&[0.3, -0.2], &[0.1, 0.5]).next_obs)
    };
    let (inputs, outputs, values) = read("ok_state_dict.pt");
    assert_eq!((inputs, outputs, values.len()), (4, 3, 2));
    assert_eq!(read("legacy_format.pt").2.len(), 2);
    assert_eq!(read("half.pt").2.len(), 2);
    assert_eq!(read("bfloat16.pt").2.len(), 2);
    assert_eq!(read("ok.safetensors").2.len(), 2);
}

#[test]
fn broken_models() {
    let mut seen = 0;
    let mut wrong = Vec::new();
    for (_, root) in roots() {
        for (file, json) in json_files(&root, "broken") {
            for (name, expect) in json.as_object().into_iter().flatten() {
                let path = file.with_file_name(name);
                if !is_checkpoint(&path) {
                    continue;
                }
                seen += 1;
                match broken(&path, expect) {
                    Verdict::Differs(how) => wrong.push(format!("{name}: {how}")),
                    verdict => println!("{name}: {verdict:?}"),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 0, "the files that ship are there");
    let marker = std::env::temp_dir().join("h6_pickle_marker");
    assert!(!marker.exists(), "pickled code has run");
}
