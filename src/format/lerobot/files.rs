//! Which data files a LeRobot dataset has, and which episodes it says are in them.

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

/// Entries of a folder that are looked at.
const MAX_ENTRIES: usize = 1_000_000;

/// An episode as the description has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Described {
    pub episode: u64,
    pub length: Option<u64>,
    /// Chunk and file of its frames.
    pub place: (u64, u64),
    /// Number of its first frame in the whole dataset, and of the one after its last.
    pub span: Option<(u64, u64)>,
}

/// A data file that is there.
pub(super) struct DataFile {
    pub path: PathBuf,
    /// Its chunk and its number.
    pub place: (u64, u64),
}

/// The episodes that the description lists; none where it has no list.
pub(super) fn described(root: &Path, info: &Info) -> Result<Vec<Described>, Fault> {
    if info.is_v2 {
        return lines(&root.join(EPISODES_V2), info);
    }
    let mut all = Vec::new();
    for DataFile { path: file, .. } in listed(root, "meta/episodes", EPISODES_V3)? {
        let parquet = Parquet::open(&file)?;
        if parquet.rows() == 0 {
            continue;
        }
        let has = |name: &&str| parquet.names().iter().any(|n| n == name);
        let spans = ["dataset_from_index", "dataset_to_index"];
        let spanned = spans.iter().all(has);
        let needed = ["episode_index", "length", "data/chunk_index", "data/file_index"];
        let wanted: Vec<&str> = needed.into_iter().chain(spans.into_iter().filter(|_| spanned)).collect();
        let frame = parquet.read(&wanted, &Ctx::quiet())?;
        let column = |name: &str| -> Result<Vec<u64>, Fault> {
            let values = frame.read(name, whole)?.into_iter().map(u64::try_from).collect::<Result<_, _>>();
            values.map_err(|_| Fault::at(&file, format!("'{name}' has a negative number")))
        };
        let (episodes, lengths) = (column(needed[0])?, column(needed[1])?);
        let (chunks, files) = (column(needed[2])?, column(needed[3])?);
        let spans = spanned.then(|| Ok::<_, Fault>((column(spans[0])?, column(spans[1])?))).transpose()?;
        all.extend((0..episodes.len()).map(|i| Described {
            episode: episodes[i],
            length: Some(lengths[i]),
            place: (chunks[i], files[i]),
            span: spans.as_ref().map(|(from, to)| (from[i], to[i])),
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
        all.push(Described { episode, length, place: (episode / info.chunks_size, episode), span: None });
    }
    Ok(all)
}

/// The data files that are there, in the order of their numbers.
pub(super) fn data(root: &Path, info: &Info) -> Result<Vec<DataFile>, Fault> {
    let path = root.join("meta/info.json");
    let bad = |problem: String| Fault::at(&path, format!("'data_path' {problem}"));
    let file = |chunk, file| fill(&info.data_path, chunk, file).map_err(bad);
    if file(0, 0)? == file(0, 1)? {
        return Err(bad("names one file for all episodes; it needs {file_index} or {episode_index}".into()));
    }
    let files = listed(root, "data_path", &info.data_path)?;
    if files.is_empty() {
        let first = file(0, 0)?;
        let problem = format!("no data file of this LeRobot {} dataset is there: {first} is missing", info.version);
        return Err(Fault::at(root, format!("{problem}; download it again")));
    }
    Ok(files)
}

/// The files that `template` may stand for, in the order of their numbers, with or without gaps.
fn listed(root: &Path, what: &str, template: &str) -> Result<Vec<DataFile>, Fault> {
    let filled = |place: (u64, u64)| {
        let filled = fill(template, place.0, place.1);
        filled.map(|f| root.join(f)).map_err(|e| Fault::at(root, format!("'{what}' {e}")))
    };
    filled((0, 0))?;
    let mut found = vec![((0, 0), root.to_owned())];
    for part in template.split('/').filter(|part| *part != ".") {
        let mut next = Vec::new();
        for (place, folder) in found {
            let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten().take(MAX_ENTRIES);
            next.extend(entries.filter_map(|entry| {
                let name = entry.file_name();
                Some((numbers(part, name.to_str()?, place)?, folder.join(&name)))
            }));
        }
        found = next;
    }
    let mut files = Vec::with_capacity(found.len());
    for (place, path) in found {
        // Other zeros before a number are another name.
        if filled(place)? == path && !path.is_dir() {
            inside(root, &path)?;
            files.push(DataFile { path, place });
        }
    }
    files.sort_by_key(|file| file.place);
    Ok(files)
}

/// The chunk and the number that `name` has where `part` of a template has places for them; `known` is of the parts before.
fn numbers(part: &str, name: &str, known: (u64, u64)) -> Option<(u64, u64)> {
    let (mut place, mut rest, mut template) = (known, name, part);
    while let Some((before, after)) = template.split_once('{') {
        rest = rest.strip_prefix(before)?;
        let (key, behind) = after.split_once('}')?;
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number = rest.get(..digits)?.parse().ok()?;
        if key.starts_with("chunk_index") || key.starts_with("episode_chunk") {
            place.0 = number;
        } else {
            place.1 = number;
        }
        (rest, template) = (&rest[digits..], behind);
    }
    (rest == template).then_some(place)
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
