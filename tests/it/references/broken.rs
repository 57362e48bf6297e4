//! `broken/expected.json`: hostile and odd inputs, and what has to become of them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use oodscope::format;
use oodscope::ground::task::Ctx;
use serde_json::Value;

use super::{Finding, Verdict};

/// A reader that believes what these files say would not be back within hours; a busy machine is within seconds.
pub const ENDLESS: Duration = Duration::from_mins(2);

pub fn compare(_root: &Path, path: &Path, json: &Value) -> Vec<Finding> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let list = path.file_name().unwrap_or_default().to_string_lossy();
    json.as_object()
        .into_iter()
        .flatten()
        .map(|(name, entry)| (format!("{list}: {name}"), entry_verdict(&folder.join(name), entry)))
        .collect()
}

fn entry_verdict(file: &Path, entry: &Value) -> Verdict {
    if super::model::is_checkpoint(file) {
        return super::model::broken(file, entry);
    }
    if file.symlink_metadata().is_err() {
        return Verdict::Unsupported("the file is not there".into());
    }
    let start = Instant::now();
    let result = catch_unwind(AssertUnwindSafe(|| format::open(file, None, &Ctx::quiet()))).ok();
    let took = start.elapsed();
    let Some(result) = result else { return Verdict::Differs("opening panicked".into()) };
    if took > ENDLESS {
        return Verdict::Differs(format!("opening took {took:.1?}"));
    }
    let result = result.map(|data| data.origin.warnings.join("; ")).map_err(|e| e.to_string());
    let names: Vec<&str> = entry["names"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    judge(&result, entry["expect"].as_str().unwrap_or_default(), &names)
}

fn judge(result: &Result<String, String>, expect: &str, names: &[&str]) -> Verdict {
    let missing =
        |text: &str| names.iter().find(|n| !text.contains(**n)).map(|n| format!("'{n}' is not named in: {text}"));
    if let Err(text) | Ok(text) = result
        && text.chars().any(char::is_control)
    {
        return Verdict::Differs("a control character reaches the message".into());
    }
    match (expect, result) {
        ("ok", Ok(_)) => Verdict::Agrees(1, "opens".into()),
        ("warn", Ok(warnings)) => {
            missing(warnings).map_or_else(|| Verdict::Agrees(1, format!("warns: {warnings}")), Verdict::Differs)
        }
        ("error", Err(message)) => {
            missing(message).map_or_else(|| Verdict::Agrees(1, format!("refused: {message}")), Verdict::Differs)
        }
        (_, Ok(warnings)) => Verdict::Differs(format!("expected {expect}, opened with warnings '{warnings}'")),
        (_, Err(message)) => Verdict::Differs(format!("expected {expect}, refused: {message}")),
    }
}

#[test]
fn a_verdict_needs_every_name() {
    let refused = Err("x.hdf5: 'actions' has 150 rows".to_owned());
    assert!(matches!(judge(&refused, "error", &["actions", "150"]), Verdict::Agrees(..)));
    assert!(matches!(judge(&refused, "error", &["actions", "200"]), Verdict::Differs(_)));
    assert!(matches!(judge(&refused, "ok", &[]), Verdict::Differs(_)));
    assert!(matches!(judge(&Ok(String::new()), "error", &[]), Verdict::Differs(_)));
}
