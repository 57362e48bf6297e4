//! What is said of a path that leads nowhere.

use std::fs;
use std::path::Path;

use super::fault::{Fault, printable};

/// Least likeness by Jaro and Winkler of a name that may have been meant.
const ALIKE: f64 = 0.85;
/// Names that are looked at, and that are listed.
const MOST: (usize, usize) = (2000, 5);

/// There is nothing at `path`; with the name beside it that may have been meant, else with what is there.
pub fn missing(path: &Path) -> Fault {
    let what = "no such file or folder";
    Fault::at(path, hint(path).map_or_else(|| what.to_owned(), |hint| format!("{what}; {hint}")))
}

fn hint(path: &Path) -> Option<String> {
    // The last folder that is there, and the name that it has not.
    let (mut folder, mut name) = (path.parent()?, path.file_name()?);
    while !folder.as_os_str().is_empty() && !folder.is_dir() {
        (folder, name) = (folder.parent()?, folder.file_name()?);
    }
    let is_here = folder.as_os_str().is_empty();
    let entries = fs::read_dir(if is_here { Path::new(".") } else { folder }).ok()?;
    let names = entries.take(MOST.0).filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
    names.sort_unstable();
    let asked = name.to_str()?.to_lowercase();
    let like = |name: &String| strsim::jaro_winkler(&asked, &name.to_lowercase());
    let alike = names.iter().map(|name| (like(name), name)).filter(|(like, _)| *like >= ALIKE);
    if let Some((_, best)) = alike.max_by(|a, b| a.0.total_cmp(&b.0)) {
        return Some(format!("did you mean {}?", printable(&folder.join(best).display().to_string())));
    }
    let place = if is_here { "this folder".to_owned() } else { printable(&folder.display().to_string()) };
    let more = names.len().saturating_sub(MOST.1);
    names.truncate(MOST.1);
    Some(match (names.is_empty(), more) {
        (true, _) => format!("{place} is empty"),
        (false, 0) => format!("{place} has {}", printable(&names.join(", "))),
        (false, more) => format!("{place} has {} and {more} more", printable(&names.join(", "))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_been_meant_is_named_else_what_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let said = |path: &str| missing(&dir.path().join(path)).to_string();
        assert!(said("x").ends_with("is empty"), "{}", said("x"));
        for name in ["expert-v0", "mixed-v0", "a", "b", "c", "d", ".hidden"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        for path in ["expert", "Expert-v0", "expert-v1", "expert/data/main_data.hdf5"] {
            let text = said(path);
            assert!(text.contains("no such file or folder; did you mean ") && text.ends_with("expert-v0?"), "{text}");
        }
        assert!(said("zzz").ends_with("has a, b, c, d, expert-v0 and 1 more"), "{}", said("zzz"));
        fs::write(dir.path().join("q\u{1b}[31m"), "").unwrap();
        assert!(!said("q").contains('\u{1b}'));
        assert!(missing(Path::new("/")).to_string().contains("no such file or folder"));
    }
}
