//! Minari's JSON description of Gymnasium spaces, read into flat columns and written from them.
//!
//! Layout as in `minari/serialization.py` 0.5.4. A `Dict` is flattened with its keys in alphabetical order, Gymnasium's
//! own order, a `Tuple` in its order (stored under `_index_0`, `_index_1`, …). Text and images are left out.

use serde_json::Value;

use super::super::hdf5::MAX_WIDTH;
use crate::data::space::{Space, SpaceKind};

/// One stored array of a space and where it is found below `observations` or `actions` ("" for the array itself).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Leaf {
    /// Path below the group: `achieved_goal`, `a/_index_0`.
    pub path: String,
    /// Name for people: `achieved_goal`, `a.0`.
    pub name: String,
    /// Columns.
    pub width: usize,
    low: Vec<f32>,
    high: Vec<f32>,
    choices: Option<SpaceKind>,
}

/// The arrays of a space.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Leaves {
    /// Those that are read.
    pub read: Vec<Leaf>,
    /// What is left out, for a rule: `top (images of 84 x 84 x 3)`, `(text)` where it is all there is.
    pub skipped: Vec<String>,
}

impl Leaf {
    /// An array of which only the width is known.
    pub(super) fn plain(width: usize) -> Self {
        let (low, high) = (vec![f32::NEG_INFINITY; width], vec![f32::INFINITY; width]);
        Self { path: String::new(), name: String::new(), width, low, high, choices: None }
    }
}

/// Reads the text of a space.
///
/// # Errors
/// A sentence naming the part that is not understood, or what there is instead of numbers.
pub(super) fn leaves(text: &str) -> Result<Leaves, String> {
    let json: Value = serde_json::from_str(&plain_json(text)).map_err(|e| format!("is no JSON ({e})"))?;
    let mut leaves = Leaves::default();
    collect(&json, "", "", &mut leaves, &mut 0)?;
    if leaves.read.iter().map(|l| l.width).sum::<usize>() > 0 {
        return Ok(leaves);
    }
    Err(match leaves.skipped.as_slice() {
        [] => "has no numbers in it".into(),
        skipped => format!(
            "has no numbers to read, only {}; encode them into numbers and write the dataset again",
            skipped.join(", ")
        ),
    })
}

/// The flat space of these leaves; `prefix` names the dimensions of a single one.
pub(super) fn flat(prefix: &str, leaves: &[Leaf]) -> Space {
    if let [Leaf { path, width, choices: Some(kind), .. }] = leaves
        && path.is_empty()
    {
        return Space { kind: kind.clone(), ..Space::unnamed(prefix, *width) };
    }
    let names = leaves
        .iter()
        .flat_map(|leaf| {
            (0..leaf.width).map(move |d| {
                if leaf.path.is_empty() { format!("{prefix}[{d}]") } else { format!("{}.{d}", leaf.name) }
            })
        })
        .collect();
    let low = leaves.iter().flat_map(|l| l.low.iter().copied()).collect();
    let high = leaves.iter().flat_map(|l| l.high.iter().copied()).collect();
    Space { names, kind: SpaceKind::Box { low, high } }
}

/// Adds the arrays of `json` to `out` and their columns to `total`.
fn collect(json: &Value, path: &str, name: &str, out: &mut Leaves, total: &mut usize) -> Result<(), String> {
    let below = |child: &str, shown: &str| {
        let join = |parent: &str, sep: &str, child: &str| {
            if parent.is_empty() { child.to_owned() } else { format!("{parent}{sep}{child}") }
        };
        (join(path, "/", child), join(name, ".", shown))
    };
    match json["type"].as_str().unwrap_or_default() {
        "Dict" => {
            let spaces = json["subspaces"].as_object().ok_or("is a Dict without subspaces")?;
            let mut keys: Vec<&String> = spaces.keys().collect();
            keys.sort();
            for key in keys {
                let (path, name) = below(key, key);
                collect(&spaces[key.as_str()], &path, &name, out, total)?;
            }
            Ok(())
        }
        "Tuple" => {
            for (i, space) in json["subspaces"].as_array().ok_or("is a Tuple without subspaces")?.iter().enumerate() {
                let (path, name) = below(&format!("_index_{i}"), &i.to_string());
                collect(space, &path, &name, out, total)?;
            }
            Ok(())
        }
        other => {
            match not_numbers(json, other) {
                Some(what) if name.is_empty() => out.skipped.push(what),
                Some(what) => out.skipped.push(format!("{name} ({what})")),
                None => {
                    let leaf = leaf(json, other, path, name)?;
                    *total = total.saturating_add(leaf.width);
                    if *total > MAX_WIDTH {
                        return Err(format!("has {total} values a row, more than the {MAX_WIDTH} that are read"));
                    }
                    out.read.push(leaf);
                }
            }
            Ok(())
        }
    }
}

/// What a space holds that is not read: text, or images, stored as JPEG (as `minari/dataset/minari_storage.py` decides
/// by the sizes) or as they are. Small grids of bytes (`MiniGrid`'s 7 x 7 x 3) are numbers.
fn not_numbers(json: &Value, kind: &str) -> Option<String> {
    if kind == "Text" {
        return Some("text".into());
    }
    let shape = shape(json)?;
    let image = kind == "Box"
        && json["dtype"] == "uint8"
        && (shape.len() == 2 || shape.len() == 3)
        && shape.iter().take(2).all(|&n| n >= 32);
    let text = || shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ");
    image.then(|| format!("images of {}", text()))
}

fn shape(json: &Value) -> Option<Vec<usize>> {
    Some(json["shape"].as_array()?.iter().map(|n| n.as_u64().unwrap_or(0) as usize).collect())
}

fn leaf(json: &Value, kind: &str, path: &str, name: &str) -> Result<Leaf, String> {
    let mut leaf = Leaf { path: path.into(), name: name.into(), ..Leaf::plain(1) };
    match kind {
        "Box" => {
            (leaf.low, leaf.high) = (numbers(&json["low"]), numbers(&json["high"]));
            let shape = shape(json).ok_or("is a Box without shape")?;
            leaf.width = shape.iter().try_fold(1usize, |all, &n| all.checked_mul(n)).ok_or("has an endless shape")?;
            if leaf.low.len() != leaf.width || leaf.high.len() != leaf.width {
                return Err(format!(
                    "is a Box of {} values with {} lower and {} upper bounds",
                    leaf.width,
                    leaf.low.len(),
                    leaf.high.len()
                ));
            }
        }
        "Discrete" => {
            let n = json["n"].as_u64().filter(|&n| n > 0).ok_or("is Discrete without n")?;
            let start = json["start"].as_i64().unwrap_or(0);
            leaf.choices = Some(SpaceKind::Discrete { n: n as usize, start });
            (leaf.low, leaf.high) = (vec![start as f32], vec![(start as f64 + n as f64 - 1.0) as f32]);
        }
        "MultiDiscrete" => {
            let counts = numbers(&json["nvec"]);
            let mut start = numbers(&json["start"]);
            start.resize(counts.len(), 0.0);
            leaf.width = counts.len();
            leaf.high = start.iter().zip(&counts).map(|(s, n)| s + n - 1.0).collect();
            leaf.choices = Some(SpaceKind::MultiDiscrete {
                n: counts.iter().map(|&n| n as usize).collect(),
                start: start.iter().map(|&s| s as i64).collect(),
            });
            leaf.low = start;
        }
        "MultiBinary" => {
            leaf.width = numbers(&json["n"]).iter().product::<f32>() as usize;
            if leaf.width > MAX_WIDTH {
                return Err("has an endless shape".into());
            }
            leaf.choices = Some(SpaceKind::MultiBinary);
            (leaf.low, leaf.high) = (vec![0.0; leaf.width], vec![1.0; leaf.width]);
        }
        other => {
            return Err(format!(
                "has a part of type '{other}', which is not read; flatten it with Gymnasium's FlattenObservation and write the dataset again"
            ));
        }
    }
    Ok(leaf)
}

/// Numbers of a (nested) list, in order; Python's Infinity and NaN arrive as text (see [`plain_json`]).
fn numbers(json: &Value) -> Vec<f32> {
    match json {
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        Value::Number(n) => vec![n.as_f64().unwrap_or(f64::NAN) as f32],
        Value::String(s) => vec![match s.as_str() {
            "Infinity" => f32::INFINITY,
            "-Infinity" => f32::NEG_INFINITY,
            _ => f32::NAN,
        }],
        Value::Bool(b) => vec![f32::from(u8::from(*b))],
        _ => Vec::new(),
    }
}

/// Python writes `Infinity`, `-Infinity` and `NaN` as bare words, which JSON does not know: put into quotes.
pub(super) fn plain_json(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    let (mut in_string, mut escaped) = (false, false);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if !in_string && let Some(word) = ["-Infinity", "Infinity", "NaN"].into_iter().find(|w| rest.starts_with(w)) {
            out.push('"');
            out.push_str(word);
            out.push('"');
            rest = &rest[word.len()..];
            continue;
        }
        match c {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            _ => {}
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

/// `space` as Minari writes it: a flat `Box` of float32, or `Discrete`.
pub(in crate::format) fn to_json(space: &Space) -> String {
    let unbounded = |limit: f32| vec![limit; space.dim()];
    let (low, high) = match &space.kind {
        SpaceKind::Discrete { n, start } => {
            return format!(r#"{{"type": "Discrete", "dtype": "int64", "start": {start}, "n": {n}}}"#);
        }
        SpaceKind::MultiDiscrete { n, start } => {
            return format!(r#"{{"type": "MultiDiscrete", "dtype": "int64", "nvec": {n:?}, "start": {start:?}}}"#);
        }
        SpaceKind::MultiBinary => return format!(r#"{{"type": "MultiBinary", "n": {}}}"#, space.dim()),
        SpaceKind::Box { low, high } => (low.clone(), high.clone()),
        SpaceKind::Unknown => (unbounded(f32::NEG_INFINITY), unbounded(f32::INFINITY)),
    };
    let list = |values: &[f32]| values.iter().map(|&v| python_number(v)).collect::<Vec<_>>().join(", ");
    format!(
        r#"{{"type": "Box", "dtype": "float32", "shape": [{}], "low": [{}], "high": [{}]}}"#,
        space.dim(),
        list(&low),
        list(&high)
    )
}

/// A number as Python's json prints a float32: widened to double, shortest digits that give it back.
fn python_number(v: f32) -> String {
    match v {
        v if v.is_nan() => "NaN".into(),
        f32::INFINITY => "Infinity".into(),
        f32::NEG_INFINITY => "-Infinity".into(),
        v => serde_json::Number::from_f64(f64::from(v)).map_or_else(|| "NaN".into(), |n| n.to_string()),
    }
}

#[cfg(test)]
mod tests;
