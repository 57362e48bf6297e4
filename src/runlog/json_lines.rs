//! One JSON object a line: its numbers by name, the names of nested objects joined by '/'.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::scalars::Scalars;

/// Reads line by line.
#[derive(Debug, Clone)]
pub struct JsonLines {
    /// Names of the key that counts steps, the first first.
    steps: &'static [&'static str],
    /// What is put before every name.
    prefix: String,
    /// Lines so far.
    line: usize,
    /// The step of the last line that told one.
    step: Option<f64>,
    /// Under which name.
    pub step_name: Option<String>,
    /// Curves that the last, unfinished line added a point to: it is taken back when more is read.
    unsure: Vec<usize>,
    /// The first line that is no object, and why.
    pub trouble: Option<String>,
}

/// Numbers by name, in the order of the text.
type Numbers = Vec<(String, f64)>;

impl JsonLines {
    /// A reader that puts `prefix` before every name.
    pub fn new(steps: &'static [&'static str], prefix: String) -> Self {
        Self { steps, prefix, line: 0, step: None, step_name: None, unsure: Vec::new(), trouble: None }
    }

    /// Takes in the whole lines at the beginning of `bytes`; answers how many bytes they have.
    pub fn take(&mut self, bytes: &[u8], out: &mut Scalars) -> usize {
        self.unsure.drain(..).rev().for_each(|at| out.pop(at));
        let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        for line in bytes[..whole].split_inclusive(|b| *b == b'\n') {
            self.line += 1;
            match numbers(line) {
                Ok(numbers) => self.add(&numbers, out),
                Err(why) if self.trouble.is_none() => {
                    self.trouble = Some(format!("line {} is no JSON object and is left out ({why})", self.line));
                }
                Err(_) => {}
            }
        }
        whole
    }

    /// Takes in what stands after the last line's end, where it is an object, for as long as no more is read.
    pub fn end(&mut self, bytes: &[u8], out: &mut Scalars) {
        let numbers = numbers(bytes).unwrap_or_default();
        let counts = step_at(self.steps, &numbers.iter().map(|(name, _)| name.as_str()));
        let step = counts.map(|at| numbers[at].1).or(self.step).unwrap_or((self.line + 1) as f64);
        for (_, (name, value)) in numbers.iter().enumerate().filter(|(i, _)| Some(*i) != counts) {
            let name = format!("{}{name}", self.prefix);
            // What would take points back waits until it is whole.
            if out.last_step(&name).is_none_or(|last| step > last) {
                self.unsure.extend(out.push(&name, step, *value));
            }
        }
    }

    fn add(&mut self, numbers: &Numbers, out: &mut Scalars) {
        if numbers.is_empty() {
            return;
        }
        let counts = step_at(self.steps, &numbers.iter().map(|(name, _)| name.as_str()));
        if let Some(at) = counts {
            self.step = Some(numbers[at].1);
            self.step_name.get_or_insert_with(|| numbers[at].0.clone());
        }
        // A line that tells no step is of the last one that was told.
        let step = self.step.unwrap_or(self.line as f64);
        for (i, (name, value)) in numbers.iter().enumerate() {
            if Some(i) != counts {
                if self.prefix.is_empty() {
                    out.push(name, step, *value);
                } else {
                    out.push(&format!("{}{name}", self.prefix), step, *value);
                }
            }
        }
    }
}

/// Which of `names` counts steps: one of `steps` itself before one with a folder before it.
pub fn step_at<'n>(steps: &[&str], names: &(impl Iterator<Item = &'n str> + Clone)) -> Option<usize> {
    let last = |name: &'n str| name.rsplit('/').next().unwrap_or(name);
    let exact = |step: &&str| names.clone().position(|name| name.eq_ignore_ascii_case(step));
    let below = |step: &&str| names.clone().position(|name| last(name).eq_ignore_ascii_case(step));
    steps.iter().find_map(exact).or_else(|| steps.iter().find_map(below))
}

/// The numbers of the object that `line` is; none of an empty line.
///
/// # Errors
/// Why it is no object.
pub fn numbers(line: &[u8]) -> Result<Numbers, String> {
    let line = line.trim_ascii();
    if line.is_empty() {
        return Ok(Vec::new());
    }
    if line[0] != b'{' {
        return Err("it does not begin with {".into());
    }
    let read = |text: &[u8]| {
        let mut found = Vec::new();
        let mut reader = serde_json::Deserializer::from_slice(text);
        Flat { path: String::new(), found: &mut found }.deserialize(&mut reader)?;
        reader.end().map(|()| found)
    };
    read(line).or_else(|e| without_nan(line).map_or(Err(e), |text| read(&text))).map_err(|e| e.to_string())
}

/// `text` with null for the NaN and the infinities that Python writes; nothing where there are none.
fn without_nan(text: &[u8]) -> Option<Vec<u8>> {
    let (mut out, mut rest, mut found) = (Vec::with_capacity(text.len()), text, false);
    while let Some(&byte) = rest.first() {
        if byte == b'"' {
            let end = string_end(rest);
            out.extend(&rest[..end]);
            rest = &rest[end..];
        } else if let Some(word) = [&b"-Infinity"[..], b"Infinity", b"NaN"].into_iter().find(|w| rest.starts_with(w)) {
            out.extend(b"null");
            rest = &rest[word.len()..];
            found = true;
        } else {
            out.push(byte);
            rest = &rest[1..];
        }
    }
    found.then_some(out)
}

/// Length of the string that `text` begins with.
fn string_end(text: &[u8]) -> usize {
    let mut at = 1;
    while at < text.len() && text[at] != b'"' {
        at += if text[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(text.len())
}

/// Collects the numbers below one value.
struct Flat<'f> {
    path: String,
    found: &'f mut Numbers,
}

impl<'de> DeserializeSeed<'de> for Flat<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Flat<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_f64<E>(self, v: f64) -> Result<(), E> {
        self.found.push((self.path, v));
        Ok(())
    }

    fn visit_i64<E>(self, v: i64) -> Result<(), E> {
        self.found.push((self.path, v as f64));
        Ok(())
    }

    fn visit_u64<E>(self, v: u64) -> Result<(), E> {
        self.found.push((self.path, v as f64));
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<(), A::Error> {
        while all.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut all: A) -> Result<(), A::Error> {
        let before = self.found.len();
        let mut other = false;
        while let Some(key) = all.next_key::<String>()? {
            // A picture, a histogram or a table of W&B's is no group of numbers.
            other |= key == "_type";
            let path = if self.path.is_empty() { key } else { format!("{}/{key}", self.path) };
            all.next_value_seed(Flat { path, found: &mut *self.found })?;
        }
        if other {
            self.found.truncate(before);
        }
        Ok(())
    }
}
