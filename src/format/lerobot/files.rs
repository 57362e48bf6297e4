//! Which data files a LeRobot dataset has, and which episodes it says are in them.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use super::super::frame::{Parquet, whole};
use super::info::Info;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Descriptions of episodes before v3, and in v3.
const EPISODES_V2: &str = "meta/episodes.jsonl";
const EPISODES_V3: &str = "meta/episodes/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet";
/// Longest line of a description: some hold statistics.
const MAX_LINE: u64 = 16 << 20;

/// An episode as the description has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Described {
    pub episode: u64,
    pub length: Option<u64>,
    /// Chunk and file of its frames.
    pub place: (u64, u64),
}

/// The episodes that the description lists; none where it has no list.
pub(super) fn described(root: &Path, info: &Info) -> Result<Vec<Described>, Fault> {
    if info.is_v2 {
        return lines(&root.join(EPISODES_V2), info);
    }
    let mut all = Vec::new();
    for file in walk(root, "meta/episodes", EPISODES_V3)? {
        let parquet = Parquet::open(&file)?;
        if parquet.rows() == 0 {
            continue;
        }
        let wanted = ["episode_index", "length", "data/chunk_index", "data/file_index"];
        let frame = parquet.read(&wanted, &Ctx::quiet())?;
        let column = |name: &str| -> Result<Vec<u64>, Fault> {
            let values = frame.read(name, whole)?.into_iter().map(u64::try_from).collect::<Result<_, _>>();
            values.map_err(|_| Fault::at(&file, format!("'{name}' has a negative number")))
        };
        let (episodes, lengths) = (column("episode_index")?, column("length")?);
        let places = column("data/chunk_index")?.into_iter().zip(column("data/file_index")?);
        all.extend(episodes.into_iter().zip(lengths).zip(places).map(|((episode, length), place)| Described {
            episode,
            length: Some(length),
            place,
        }));
    }
    Ok(all)
}

fn lines(path: &Path, info: &Info) -> Result<Vec<Described>, Fault> {
    let Ok(file) = std::fs::File::open(path) else { return Ok(Vec::new()) };
    let mut reader = BufReader::new(file);
    let mut all = Vec::new();
    for number in 1.. {
        let mut line = String::new();
        let read = reader.by_ref().take(MAX_LINE).read_line(&mut line);
        if read.map_err(|e| Fault::at(path, format!("line {number} cannot be read ({e})")))? == 0 {
            break;
        }
        if line.trim().is_empty() {
            continue;
        }
        let json: Option<Value> = serde_json::from_str(&line).ok();
        let Some(episode) = json.as_ref().and_then(|j| j["episode_index"].as_u64()) else {
            return Err(Fault::at(path, format!("line {number} has no 'episode_index'; the file is damaged")));
        };
        let length = json.as_ref().and_then(|j| j["length"].as_u64());
        all.push(Described { episode, length, place: (episode / info.chunks_size, episode) });
    }
    Ok(all)
}

/// The data files in the order of their episodes.
pub(super) fn data(root: &Path, info: &Info, described: &[Described]) -> Result<Vec<PathBuf>, Fault> {
    let path = root.join("meta/info.json");
    let bad = |problem: String| Fault::at(&path, format!("'data_path' {problem}"));
    let file = |chunk, file| fill(&info.data_path, chunk, file).map_err(bad);
    // Two places that are one file: the walk below would not end.
    if file(0, 0)? == file(0, 1)? {
        return Err(bad("names one file for all episodes; it needs {file_index} or {episode_index}".into()));
    }
    let mut files = if described.is_empty() && !info.is_v2 {
        walk(root, "data_path", &info.data_path)?
    } else {
        let mut places: Vec<(u64, u64)> = described.iter().map(|d| d.place).collect();
        if described.is_empty() {
            let there =
                |&episode: &u64| file(episode / info.chunks_size, episode).is_ok_and(|f| root.join(f).is_file());
            places = (0..info.total_episodes.unwrap_or(u64::MAX))
                .take_while(there)
                .map(|e| (e / info.chunks_size, e))
                .collect();
        }
        let mut files = Vec::with_capacity(places.len());
        for (chunk, number) in places {
            files.push(root.join(file(chunk, number)?));
        }
        files
    };
    let mut once = HashSet::new();
    files.retain(|f| once.insert(f.clone()));
    if files.is_empty() {
        let first = file(0, 0)?;
        let problem = format!("no data file of this LeRobot {} dataset is there: {first} is missing", info.version);
        return Err(Fault::at(root, format!("{problem}; download it again")));
    }
    for file in &files {
        inside(root, file)?;
    }
    Ok(files)
}

/// Files that are there, chunk by chunk, from number 0 on.
fn walk(root: &Path, what: &str, template: &str) -> Result<Vec<PathBuf>, Fault> {
    let place = |chunk, file| {
        let filled = fill(template, chunk, file);
        filled.map(|f| root.join(f)).map_err(|e| Fault::at(root, format!("'{what}' {e}")))
    };
    let mut found = Vec::new();
    for chunk in 0.. {
        let before = found.len();
        for number in 0.. {
            let path = place(chunk, number)?;
            if !path.is_file() {
                break;
            }
            inside(root, &path)?;
            found.push(path);
        }
        if found.len() == before || place(chunk, 0)? == place(chunk + 1, 0)? {
            break;
        }
    }
    Ok(found)
}

/// Fails if `path` is missing or a link out of the dataset. A hub's cache keeps the files of a snapshot in `blobs`
/// beside it, and links to them are its own.
fn inside(root: &Path, path: &Path) -> Result<(), Fault> {
    let missing = |_| Fault::at(path, "is missing: the dataset is incomplete, download it again");
    let real = path.canonicalize().map_err(missing)?;
    let root = root.canonicalize().map_err(missing)?;
    let snapshots = root.parent().filter(|p| p.ends_with("snapshots"));
    let blobs = snapshots.and_then(Path::parent).map(|cache| cache.join("blobs"));
    if real.starts_with(&root) || blobs.is_some_and(|b| real.starts_with(b)) {
        return Ok(());
    }
    Err(Fault::at(path, "is a link out of the dataset; put the file itself there"))
}

/// `template` with its places filled as Python does (`{file_index:03d}`).
///
/// # Errors
/// If it has other places, or leads out of the folder.
pub(super) fn fill(template: &str, chunk: u64, file: u64) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (place, behind) = after.split_once('}').ok_or("has a brace without its other half")?;
        let (name, format) = place.split_once(':').unwrap_or((place, "d"));
        let value = match name {
            "chunk_index" | "episode_chunk" => chunk,
            "file_index" | "episode_index" => file,
            other => return Err(format!("has a place '{other}' that is not known")),
        };
        let width = format.strip_suffix('d').filter(|w| w.len() <= 2 && w.bytes().all(|b| b.is_ascii_digit()));
        let width: usize = width.ok_or("has a format that is not known")?.parse().unwrap_or(0);
        out.push_str(before);
        let digits = format!("{value:0width$}");
        out.push_str(&digits);
        rest = behind;
    }
    out.push_str(rest);
    let inside = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if out.is_empty() || out.contains(['\\', '\0']) || !Path::new(&out).components().all(inside) {
        return Err("leads out of the dataset's folder and is not followed; correct it in meta/info.json".into());
    }
    Ok(out)
}
