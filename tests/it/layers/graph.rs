//! Which file names which: paths that begin with `crate`, `super`, `self` or a child module, resolved to files.
//!
//! A name that a module passes on from elsewhere (`pub use child::Name`) counts as the file that it comes from, so a ring
//! cannot hide behind its parent.

use std::collections::{BTreeMap, BTreeSet};

/// A module path without `crate`: `["engine", "job"]`; empty for `src/lib.rs`.
type Module = Vec<String>;

/// The sources of a crate.
pub struct Crate<'s> {
    /// Modules that are files, and their code without comments and texts.
    modules: BTreeMap<Module, (&'s str, String)>,
    /// Names that a module has by `use`, and the path that they stand for.
    names: BTreeMap<Module, BTreeMap<String, Vec<String>>>,
}

/// The module of a file under `src/`.
fn module(file: &str) -> Module {
    let inner = file.trim_start_matches("src/").trim_end_matches(".rs");
    if inner == "lib" { Vec::new() } else { inner.split('/').map(String::from).collect() }
}

/// `text` without comments and with the inside of quotes taken out.
pub fn bare(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(c) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if rest.starts_with("r\"") || rest.starts_with("r#\"") {
            let end = if rest.starts_with("r\"") { "\"" } else { "\"#" };
            let begin = end.len() + 1;
            rest = rest[begin..].find(end).map_or("", |at| &rest[begin + at + end.len()..]);
        } else if c == '"' {
            let mut escaped = false;
            let end = rest[1..].find(|c| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            rest = end.map_or("", |at| &rest[at + 2..]);
            out.push_str("\"\"");
        } else if c == '\'' && rest[1..].chars().nth(1) == Some('\'') && !rest.starts_with("'\\") {
            rest = &rest[2 + rest[1..].chars().next().map_or(0, char::len_utf8)..];
        } else if rest.starts_with("'\\") {
            rest = rest.get(3..).and_then(|r| r.find('\'')).map_or("", |at| &rest[at + 4..]);
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

/// The flat paths of a `use` tree, each with the name that it gets: `a::{b, c as d}` is `a::b` as b and `a::c` as d.
pub fn flat(tree: &str) -> Vec<(Vec<String>, String)> {
    let tree = tree.trim();
    if let Some(open) = tree.find('{') {
        let prefix: Vec<String> = segments(&tree[..open]);
        let inner = &tree[open + 1..tree.rfind('}').unwrap_or(tree.len())];
        let (mut depth, mut start, mut out) = (0, 0, Vec::new());
        for (i, c) in inner.char_indices().chain([(inner.len(), ',')]) {
            depth += i32::from(c == '{') - i32::from(c == '}');
            if c == ',' && depth == 0 {
                for (path, name) in flat(&inner[start..i]) {
                    let own = path.last().is_some_and(|l| l == "self");
                    let name = if own { prefix.last().cloned().unwrap_or_default() } else { name };
                    let inner = path.into_iter().filter(|s| s != "self");
                    out.push((prefix.iter().cloned().chain(inner).collect::<Vec<_>>(), name));
                }
                start = i + 1;
            }
        }
        return out.into_iter().filter(|(path, _)| !path.is_empty()).collect();
    }
    let (path, name) = tree.split_once(" as ").map_or((tree, None), |(path, name)| (path, Some(name.trim())));
    let path = segments(path);
    let name = name.map(String::from).or_else(|| path.last().cloned()).unwrap_or_default();
    if path.is_empty() { Vec::new() } else { vec![(path, name)] }
}

fn segments(path: &str) -> Vec<String> {
    path.split("::").map(str::trim).filter(|s| !s.is_empty()).map(String::from).collect()
}

/// A piece of code and the inline modules around it: `super` in `mod tests { … }` is the file itself.
fn pieces(code: &str) -> Vec<(usize, &str)> {
    let (mut out, mut start, mut depth, mut inline) = (Vec::new(), 0, 0, Vec::new());
    for (i, c) in code.char_indices() {
        match c {
            '{' => {
                let before = code[start..i].rsplit([';', '}', '{']).next().unwrap_or_default();
                let words: Vec<&str> = before.split_whitespace().collect();
                if words.len() >= 2 && words[words.len() - 2] == "mod" {
                    out.push((inline.len(), &code[start..i]));
                    inline.push(depth);
                    start = i + 1;
                }
                depth += 1;
            }
            '}' => {
                depth -= 1;
                if inline.last() == Some(&depth) {
                    out.push((inline.len(), &code[start..i]));
                    inline.pop();
                    start = i + 1;
                }
            }
            _ => {}
        }
    }
    out.push((inline.len(), &code[start..]));
    out
}

/// Paths that a file names: the number of inline modules around each, the path, and the name that a `use` gives it.
fn paths(code: &str) -> Vec<(usize, Vec<String>, Option<String>)> {
    let mut out = Vec::new();
    for (depth, piece) in pieces(code) {
        let mut other = String::new();
        // Who may see a thing is no arrow.
        let piece = piece
            .split("pub(in ")
            .enumerate()
            .map(|(n, part)| if n == 0 { part } else { part.split_once(')').map_or(part, |(_, rest)| rest) });
        let piece: String = piece.collect();
        let mut rest = piece.as_str();
        while let Some(at) = rest.find("use ") {
            let begins = rest[..at].chars().next_back().is_none_or(|c| c.is_whitespace() || c == ';' || c == '}');
            let end = rest[at..].find(';').map_or(rest.len(), |e| at + e);
            if begins {
                other.push_str(&rest[..at]);
                out.extend(flat(&rest[at + 4..end]).into_iter().map(|(path, name)| (depth, path, Some(name))));
                rest = &rest[end..];
            } else {
                other.push_str(&rest[..at + 4]);
                rest = &rest[at + 4..];
            }
        }
        other.push_str(rest);
        let word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
        let mut words = other.split(|c: char| !word(c)).filter(|w| w.contains("::"));
        out.extend(words.by_ref().map(|w| (depth, segments(w), None)));
    }
    out
}

impl<'s> Crate<'s> {
    /// Reads the sources: file names from `src/` on, and texts.
    pub fn new(sources: &'s [(String, String)]) -> Self {
        let files = sources.iter().filter(|(file, _)| file != "src/main.rs");
        let modules: BTreeMap<_, _> = files.map(|(file, text)| (module(file), (file.as_str(), bare(text)))).collect();
        let mut names = BTreeMap::new();
        for (home, (_, code)) in &modules {
            let given = paths(code).into_iter().filter(|(depth, ..)| *depth == 0);
            names.insert(home.clone(), given.filter_map(|(_, path, name)| Some((name?, path))).collect());
        }
        Self { modules, names }
    }

    /// The file in which `path`, said in `home` inside `depth` inline modules, ends.
    fn resolve(&self, home: &Module, depth: usize, path: &[String], hops: usize) -> Option<Module> {
        let (mut at, mut depth) = (home.clone(), depth);
        let mut rest = path;
        match rest.first()?.as_str() {
            "crate" => {
                at = Vec::new();
                rest = &rest[1..];
            }
            "self" => rest = &rest[1..],
            "super" => {}
            first => {
                let child: Module = home.iter().cloned().chain([first.to_owned()]).collect();
                // A crate's name, or a type's.
                if !self.modules.contains_key(&child) {
                    return None;
                }
            }
        }
        for (i, segment) in rest.iter().enumerate() {
            if segment == "super" {
                if depth > 0 {
                    depth -= 1;
                } else {
                    at.pop()?;
                }
                continue;
            }
            let child: Module = at.iter().cloned().chain([segment.clone()]).collect();
            if self.modules.contains_key(&child) {
                at = child;
                continue;
            }
            let passed_on =
                self.names.get(&at).and_then(|names| names.get(segment)).filter(|_| &at != home && hops < 8);
            return match passed_on.map(|to| to.iter().cloned().chain(rest[i + 1..].iter().cloned()).collect::<Vec<_>>())
            {
                Some(path) => self.resolve(&at.clone(), 0, &path, hops + 1).or(Some(at)),
                None => Some(at),
            };
        }
        Some(at)
    }

    /// Which files each file names, itself apart.
    pub fn arrows(&self) -> BTreeMap<&'s str, BTreeSet<&'s str>> {
        let mut out: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (home, (file, code)) in &self.modules {
            let named = paths(code).into_iter().filter_map(|(depth, path, _)| self.resolve(home, depth, &path, 0));
            let files = named.filter_map(|m| self.modules.get(&m)).map(|(other, _)| *other);
            out.insert(file, files.filter(|other| other != file).collect());
        }
        out
    }
}

/// Groups of files that reach one another, each sorted.
pub fn rings<'s>(arrows: &BTreeMap<&'s str, BTreeSet<&'s str>>) -> Vec<Vec<&'s str>> {
    let reached = |from: &'s str| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(file) = open.pop() {
            let next = arrows.get(file).into_iter().flatten();
            open.extend(next.filter(|n| seen.insert(**n)));
        }
        seen
    };
    let reach: BTreeMap<&str, BTreeSet<&str>> = arrows.keys().map(|f| (*f, reached(f))).collect();
    let mut out: Vec<Vec<&str>> = Vec::new();
    for (file, to) in &reach {
        let ring: Vec<&str> = to.iter().copied().filter(|other| reach[other].contains(file)).collect();
        if !ring.is_empty() && !out.contains(&ring) {
            out.push(ring);
        }
    }
    out
}

/// True where one file's module is declared in the other.
pub fn parent_and_child(a: &str, b: &str) -> bool {
    let (a, b) = (module(a), module(b));
    let parent = |p: &Module, c: &Module| c.len() == p.len() + 1 && c.starts_with(p);
    parent(&a, &b) || parent(&b, &a)
}
