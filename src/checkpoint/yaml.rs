//! YAML as JSON values, for the configurations that Hydra writes. Aliases, which can make a small file endless, are refused.

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Number, Value};

/// Deepest nesting that is read.
const MAX_DEPTH: usize = 64;

/// What is being filled.
enum Open {
    List(Vec<Value>),
    /// With the key that waits for its value.
    Table(Map<String, Value>, Option<String>),
}

/// The first document of `text`; of a key that comes twice the last value counts, as in Python.
///
/// # Errors
/// A sentence with the line.
pub fn parse(text: &str) -> Result<Value, String> {
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|e| format!("no YAML: {e}"))?;
        let value = match event {
            Event::Scalar(text, style, _, tag) => {
                if tag.is_some_and(|tag| tag.handle.starts_with('!') && tag.suffix.starts_with("python")) {
                    return Err(format!("line {}: a Python object, which is not read", span.start.line()));
                }
                if style == ScalarStyle::Plain { plain(&text) } else { Value::String(text.into_owned()) }
            }
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                if open.len() > MAX_DEPTH {
                    return Err(format!("nested deeper than {MAX_DEPTH}"));
                }
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Open::Table(Map::new(), None));
                if open.len() > MAX_DEPTH {
                    return Err(format!("nested deeper than {MAX_DEPTH}"));
                }
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open::List(list)) => Value::Array(list),
                Some(Open::Table(table, _)) => Value::Object(table),
                None => return Err("no YAML: an end without a beginning".into()),
            },
            Event::Alias(_) => return Err(format!("line {}: an alias, which is not read", span.start.line())),
            Event::DocumentEnd | Event::StreamEnd => return Ok(Value::Null),
            _ => continue,
        };
        match open.last_mut() {
            None => return Ok(value),
            Some(Open::List(list)) => list.push(value),
            Some(Open::Table(table, waiting)) => match waiting.take() {
                Some(key) => {
                    table.insert(key, value);
                }
                None => *waiting = Some(key_of(value)),
            },
        }
    }
    Ok(Value::Null)
}

/// A key as text: YAML allows numbers and truth values.
fn key_of(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// A scalar without quotes, as YAML 1.1 (which Python writes and reads) types it.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => return Value::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => return Value::Bool(false),
        _ => {}
    }
    let digits = text.replace('_', "");
    if let Ok(n) = digits.parse::<i64>() {
        return Value::from(n);
    }
    let numeric = digits.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'));
    let number = numeric.then(|| digits.parse::<f64>().ok().and_then(Number::from_f64)).flatten();
    number.map_or_else(|| Value::String(text.to_owned()), Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn what_hydra_writes() {
        let text = "# made by Hydra\nalgorithm:\n  normalize: true # yes\n  list: [ 2, 3 ]\n  agent:\n    _target_: a.B\n\
                    overrides:\n  env: gym___Pendulum-v1\n  rate: 1.0e-3\n  name: 'true'\n  none: null\n  empty:\n  x: ${a.b}\n";
        assert_eq!(
            parse(text).unwrap(),
            json!({
                "algorithm": {"normalize": true, "list": [2, 3], "agent": {"_target_": "a.B"}},
                "overrides": {"env": "gym___Pendulum-v1", "rate": 1.0e-3, "name": "true", "none": null, "empty": null, "x": "${a.b}"},
            })
        );
        assert_eq!(parse("").unwrap(), Value::Null);
        assert_eq!(parse("a:\n- 1\n- b: {c: -0.5}\n").unwrap(), json!({"a": [1, {"b": {"c": -0.5}}]}));
    }

    #[test]
    fn bombs_and_broken_text_are_sentences() {
        let bomb = "a: &a [1,1]\nb: &b [*a,*a]\nc: [*b,*b]\n";
        assert!(parse(bomb).unwrap_err().contains("an alias"));
        assert!(parse(&"[".repeat(100)).is_err());
        assert!(parse(&"- ".repeat(1000)).is_err());
        assert!(parse("a: [1\nb: }").is_err());
        assert!(parse("a: !!python/object/apply:os.system ['ls']").is_ok(), "a tag runs nothing");
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "[ -~\n]{0,80}", more in ".{0,40}") {
            let _ = parse(&text);
            let _ = parse(&more);
            let _ = parse(&format!("a:\n  {text}"));
        }
    }
}
