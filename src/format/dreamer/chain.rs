//! Which chunk follows which.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::format::npz::folder;
use crate::ground::fault::Fault;

/// Own and next id in `<time>-<uuid>-<next uuid>-<rows>`.
pub(super) fn parts(stem: &str) -> Option<(&str, &str)> {
    let parts: Vec<&str> = stem.split('-').collect();
    let plain = |p: &&str| !p.is_empty() && p.bytes().all(|b| b.is_ascii_alphanumeric());
    match parts.as_slice() {
        [time, own, next, rows] if plain(time) && plain(own) && plain(next) && rows.parse::<u64>().is_ok() => {
            Some((own, next))
        }
        _ => None,
    }
}

/// The files in the order of their streams, and for each whether a stream begins with it. Streams are in the order of
/// their first chunk's time.
pub(super) fn streams(path: &Path, files: &[PathBuf]) -> Result<Vec<(PathBuf, bool)>, Fault> {
    if let [file] = files {
        return Ok(vec![(file.clone(), true)]);
    }
    let mut names = Vec::new();
    for file in files {
        names.push(folder::stem(file).and_then(parts).ok_or_else(|| {
            Fault::at(file, "is no chunk like the others (<time>-<uuid>-<next uuid>-<rows>.npz); move it away")
        })?);
    }
    let mut place = HashMap::new();
    for (index, (own, _)) in names.iter().enumerate() {
        if place.insert(*own, index).is_some() {
            return Err(Fault::at(&files[index], format!("chunk {own} is there twice; move one of them away")));
        }
    }
    let next: Vec<Option<usize>> = names.iter().map(|(_, next)| place.get(next).copied()).collect();
    let mut follows = vec![false; files.len()];
    for (index, next) in next.iter().enumerate() {
        if let Some(next) = *next
            && std::mem::replace(&mut follows[next], true)
        {
            let what = format!("names {} as its next chunk, and so does another one", names[index].1);
            return Err(Fault::at(&files[index], what));
        }
    }
    let mut order = Vec::new();
    for head in (0..files.len()).filter(|&index| !follows[index]) {
        let chain = std::iter::successors(Some(head), |&index| next[index]);
        order.extend(chain.map(|index| (files[index].clone(), index == head)));
    }
    if order.len() < files.len() {
        return Err(Fault::at(path, "some chunks follow each other in a circle; their names were changed"));
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(names: &[&str]) -> Result<Vec<(String, bool)>, String> {
        let files: Vec<PathBuf> = names.iter().map(|n| PathBuf::from(format!("{n}.npz"))).collect();
        let streams = streams(Path::new("x"), &files).map_err(|e| e.to_string())?;
        Ok(streams.into_iter().map(|(f, head)| (folder::stem(&f).unwrap().to_owned(), head)).collect())
    }

    #[test]
    fn streams_are_followed_from_their_heads() {
        let got = order(&["1-a-c-5", "2-b-d-5", "3-c-z-5", "4-d-0-5"]).unwrap();
        let want = [("1-a-c-5", true), ("3-c-z-5", false), ("2-b-d-5", true), ("4-d-0-5", false)];
        assert_eq!(got, want.map(|(n, h)| (n.to_owned(), h)));
    }

    #[test]
    fn circles_doubles_forks_and_strangers_are_named() {
        assert!(order(&["1-a-b-5", "2-b-a-5"]).unwrap_err().contains("circle"));
        assert!(order(&["1-a-a-5", "2-b-c-5"]).unwrap_err().contains("circle"));
        assert!(order(&["1-a-b-5", "2-a-c-5"]).unwrap_err().contains("twice"));
        assert!(order(&["1-a-c-5", "2-b-c-5", "3-c-d-5"]).unwrap_err().contains("2-b-c-5.npz"));
        assert!(order(&["1-a-b-5", "2-b-5"]).unwrap_err().contains("no chunk like the others"));
    }
}
