//! The copy of what is at a URL, brought up to date.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::cache::Folder;
use super::names::{Kind, bytes, counted, is_safe};
use super::store::{Found, Object, Stamp};
use super::trouble::{ROOM, Trouble, without_query};
use super::wait::{Sign, each, wait};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// The copy. Its files do not change while this is alive.
pub(super) struct Mirror {
    url: String,
    folder: Folder,
    /// The name of the one file that the URL means.
    file: Option<String>,
    /// Number and bytes of the files, and of those that were fetched now.
    all: (usize, u64),
    fetched: (usize, u64),
    skipped: BTreeMap<Kind, usize>,
}

impl Mirror {
    /// Fetches what has changed at `url` since the last time.
    pub fn of(url: &str, scheme: &str, cx: &Ctx) -> Result<Self, Fault> {
        let cx = cx.phase("fetching the dataset");
        cx.step(0, 0)?;
        let whole = |trouble: Trouble| trouble.told(url, scheme);
        let one = |name: &str, trouble: Trouble| match trouble {
            Trouble::Silent | Trouble::Disk(_) => trouble.told(url, scheme),
            _ => trouble.told(&format!("{}/{name}", without_query(url).trim_end_matches('/')), scheme),
        };
        let sign = Sign::default();
        let address = format!("{scheme}{}", &url[scheme.len()..]);
        let look = Found::at(address, scheme.to_owned(), Arc::clone(&sign));
        let mut found = wait(&cx, &sign, look).map_err(whole)?;
        let skipped = choose(&mut found).map_err(|problem| Fault::at(Path::new(without_query(url)), problem))?;
        let told = |name: &str, trouble| if found.file.is_some() { whole(trouble) } else { one(name, trouble) };

        let folder = Folder::of(url, &cx).map_err(whole)?;
        let n = found.objects.len();
        let stamps = each(n, || cx.step(0, 0), |i| wait(&cx, &sign, found.stamp(i)))
            .map_err(|(i, trouble)| told(&found.objects[i].name, trouble))?;
        let all = (n, stamps.iter().map(|s| s.size).sum());
        let stale: Vec<usize> = (0..n).filter(|&i| !folder.holds(&found.objects[i].name, &stamps[i])).collect();
        let fetched = (stale.len(), stale.iter().map(|&i| stamps[i].size).sum());
        folder.retain(&found.objects.iter().map(|o| o.name.as_str()).collect()).map_err(whole)?;
        has_room(&folder, fetched.1).map_err(|problem| Fault::at(Path::new(without_query(url)), problem))?;

        let result = fetch(&found, &stale, &folder, fetched.1, &cx);
        // Also what came before a failure need not come again.
        let saved = folder.save();
        result.map_err(|(i, trouble)| told(&found.objects[i].name, trouble))?;
        saved.map_err(whole)?;
        Ok(Self { url: url.to_owned(), folder, file: found.file, all, fetched, skipped })
    }

    /// The file or folder to read.
    pub fn path(&self) -> PathBuf {
        let files = self.folder.files();
        self.file.as_ref().map_or(files.clone(), |name| files.join(name))
    }

    /// What was copied, in words.
    pub fn rule(&self) -> String {
        let count = |(n, size): (usize, u64)| format!("{n} file{} ({})", if n == 1 { "" } else { "s" }, bytes(size));
        let fetched = match self.fetched.0 {
            0 => "none of it was fetched now: nothing has changed since the last time".into(),
            n if n == self.all.0 => "all of it was fetched now".into(),
            _ => format!("{} fetched now, the rest has not changed since the last time", count(self.fetched)),
        };
        let mut rule = format!("{} from {}: {fetched}", count(self.all), without_query(&self.url));
        if !self.skipped.is_empty() {
            rule = format!("{rule}; not fetched: {}", counted(&self.skipped));
        }
        rule
    }

    /// `text` about files of the copy as one about files at the URL.
    pub fn said_of_url(&self, text: &str) -> String {
        let url = without_query(&self.url).trim_end_matches('/');
        let files = self.folder.files();
        let above = if self.file.is_some() { url.rsplit_once('/').map_or(url, |(above, _)| above) } else { url };
        let text = text.replace(&self.path().display().to_string(), url);
        text.replace(&files.display().to_string(), above)
    }
}

/// Leaves only the objects that readers use, and says how many others there are.
fn choose(found: &mut Found) -> Result<BTreeMap<Kind, usize>, String> {
    if let Some(name) = &found.file {
        return match Kind::of(name) {
            Kind::Video | Kind::Image => Err("is no dataset but a video or an image; name a table or a folder".into()),
            _ if !is_safe(name) => Err(unsafe_name(name)),
            _ => Ok(BTreeMap::new()),
        };
    }
    let folders: HashSet<String> = found.objects.iter().flat_map(|o| above(&o.name)).map(str::to_owned).collect();
    // Some programs mark a folder by an empty object of its name.
    let mark = |object: &Object| object.stamp.as_ref().is_some_and(|s| s.size == 0) && folders.contains(&object.name);
    found.objects.retain(|object| !mark(object));
    let mut skipped = BTreeMap::new();
    found.objects.retain(|object| {
        let kind = Kind::of(&object.name);
        if kind != Kind::Used {
            *skipped.entry(kind).or_default() += 1;
        }
        kind == Kind::Used
    });
    if let Some(object) = found.objects.iter().find(|o| !is_safe(&o.name)) {
        return Err(unsafe_name(&object.name));
    }
    if found.objects.is_empty() {
        let others = counted(&skipped);
        return Err(format!("no file below it is one that oodscope reads ({others}); name the folder of a dataset"));
    }
    Ok(skipped)
}

fn unsafe_name(name: &str) -> String {
    format!("has an object '{name}' whose name cannot be a file's on this machine; rename it, or copy the dataset here")
}

/// The folders that `name` is in.
fn above(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('/').map(|(end, _)| &name[..end])
}

fn has_room(folder: &Folder, needed: u64) -> Result<(), String> {
    match folder.free() {
        Ok(free) if free < needed => {
            let place = folder.files();
            let (needed, free) = (bytes(needed), bytes(free));
            Err(format!("{needed} are to be fetched, and {free} are free at {}; {ROOM}", place.display()))
        }
        _ => Ok(()),
    }
}

/// Fetches the objects `stale` of what was found.
fn fetch(found: &Found, stale: &[usize], folder: &Folder, total: u64, cx: &Ctx) -> Result<(), (usize, Trouble)> {
    let sign = Sign::default();
    let tell = || cx.step(sign.load(Ordering::Relaxed).min(total), total);
    let one = |i: usize| {
        let (part, stamp): (_, Stamp) = wait(cx, &sign, found.fetch(stale[i], folder.part()?, Arc::clone(&sign)))?;
        folder.keep(&found.objects[stale[i]].name, part, stamp)
    };
    each(stale.len(), tell, one).map_err(|(i, trouble)| (stale.get(i).copied().unwrap_or_default(), trouble))?;
    Ok(())
}
