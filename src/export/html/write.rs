//! Text, names and numbers as a page takes them.

use std::fmt::Write as _;

/// Text that a dataset or a user named, harmless between tags and within quotes: nothing of it is markup, no control
/// character is left but the line's end, and no mark that turns the direction of what follows.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            '\n' => out.push('\n'),
            '\u{fffe}' | '\u{ffff}' => {}
            '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => out.push('\u{fffd}'),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Text as a string of JSON within a script's tags: nothing of it ends the script.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out += "\\\"",
            '\\' => out += "\\\\",
            '<' | '>' | '&' | '\u{fffe}' | '\u{ffff}' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out + "\""
}

/// A number of JSON in six digits: null for what is not a number; infinities are numbers too large for any.
pub fn figure(v: f64) -> String {
    if v.is_nan() {
        "null".into()
    } else if v.is_infinite() {
        if v > 0.0 { "1e999" } else { "-1e999" }.into()
    } else if v.fract() == 0.0 && v.abs() < 1e15 {
        format!("{:.0}", v + 0.0)
    } else {
        let short: f64 = format!("{v:.5e}").parse().unwrap_or(v);
        if (1e-4..1e9).contains(&short.abs()) { format!("{short}") } else { format!("{short:e}") }
    }
}

/// A list of JSON.
pub fn list(values: impl Iterator<Item = f64>) -> String {
    let mut out = String::from("[");
    for (i, v) in values.enumerate() {
        if i > 0 {
            out.push(',');
        }
        out += &figure(v);
    }
    out + "]"
}

/// Names of places within a page, each once.
pub struct Ids(Vec<String>);

impl Ids {
    /// None given yet but these.
    pub fn taken(names: &[&str]) -> Self {
        Self(names.iter().map(|n| (*n).to_string()).collect())
    }

    /// A name made of `text` that no other place has.
    pub fn unique(&mut self, text: &str) -> String {
        let letters = text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
        let whole: String = letters.collect();
        let words: Vec<&str> = whole.split('-').filter(|w| !w.is_empty()).collect();
        let base = if words.is_empty() { "part".to_string() } else { words.join("-") };
        let free = |name: &String| !self.0.contains(name);
        let mut name = base.clone();
        let mut n = 2;
        while !free(&name) {
            name = format!("{base}-{n}");
            n += 1;
        }
        self.0.push(name.clone());
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_name_is_markup() {
        assert_eq!(
            escape("</script><b a=\"1\" b='2'>&\u{1}🙂\u{202e}"),
            "&lt;/script&gt;&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp; 🙂\u{fffd}"
        );
        let json = quoted("</script>\\\"\n&\u{2028}🙂");
        assert!(!json.contains('<') && !json.contains('&') && !json.contains('\n'));
        let back: String = serde_json::from_str(&json).unwrap();
        assert_eq!(back, "</script>\\\" &\u{2028}🙂");
    }

    #[test]
    fn numbers_of_json_keep_six_digits() {
        let all = [1.0, -0.0, 0.1, 1.0 / 3.0, 1e-7, 123_456_789.5, 1e300, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
        assert_eq!(list(all.into_iter()), "[1,0,0.1,0.333333,1e-7,123457000,1e300,null,1e999,-1e999]");
    }

    #[test]
    fn names_are_unique_and_plain() {
        let mut ids = Ids::taken(&["made"]);
        let all: Vec<String> = ["made", "θ", "a b", "a-b", "<x>"].iter().map(|n| ids.unique(n)).collect();
        assert_eq!(all, ["made-2", "part", "a-b", "a-b-2", "x"]);
    }
}
