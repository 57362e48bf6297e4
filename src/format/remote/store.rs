//! What is at a URL, asked of polars' object stores.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use object_store::path::Path as Key;
use object_store::{GetOptions, ObjectMeta, ObjectStore, ObjectStoreExt as _};
use polars_core::error::set_warning_function;
use polars_io::cloud::{CloudOptions, build_object_store};
use polars_utils::pl_path::{CloudScheme, PlRefPath};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::names::beside;
use super::trouble::{Trouble, without_query};
use super::wait::Sign;

/// Objects that a listing may have: more is no dataset, but a bucket opened by mistake.
const MOST_OBJECTS: usize = 1_000_000;
/// Where the hub keeps the files of a revision.
const RESOLVE: &str = "/resolve/";

/// By what a changed object is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    pub size: u64,
    etag: Option<String>,
    /// Milliseconds since 1970, where the server says them.
    modified: Option<i64>,
}

impl Stamp {
    fn of(meta: &ObjectMeta) -> Self {
        let modified = Some(meta.last_modified.timestamp_millis()).filter(|&t| t > 0);
        Self { size: meta.size, etag: meta.e_tag.clone(), modified }
    }

    /// True if what `self` stood for is certainly still there.
    pub fn still(&self, now: &Self) -> bool {
        let alike = match (&self.etag, &now.etag) {
            (Some(before), Some(now)) => before == now,
            _ => self.modified.is_some() && self.modified == now.modified,
        };
        alike && self.size == now.size
    }
}

/// An object.
#[derive(Debug, Clone)]
pub(super) struct Object {
    key: Key,
    /// Its name below the folder that was asked for.
    pub name: String,
    /// Unknown where it was not part of the listing.
    pub stamp: Option<Stamp>,
}

/// What is at a URL.
pub(super) struct Found {
    store: Arc<dyn ObjectStore>,
    pub objects: Vec<Object>,
    /// The name of the one file that the URL means; a folder otherwise.
    pub file: Option<String>,
}

impl Found {
    /// Looks at `url`.
    pub async fn at(url: String, scheme: String, sign: Sign) -> Result<Self, Trouble> {
        // Polars prints its warnings, into the middle of the screen.
        set_warning_function(|text, _| log::warn!("polars: {text}"));
        match scheme.as_str() {
            "hf" => Self::on_hub(&url).await,
            "http" | "https" => Self::on_web(&url).await,
            // Polars wants a slash behind the bucket.
            _ if url.matches('/').count() == 2 => Self::in_bucket(&format!("{url}/"), &sign).await,
            _ => Self::in_bucket(&url, &sign).await,
        }
    }

    async fn in_bucket(url: &str, sign: &Sign) -> Result<Self, Trouble> {
        let (store, key) = connect(url, None).await?;
        let prefix = Key::parse(&key)?;
        if !key.is_empty() && !key.ends_with('/') {
            match store.head(&prefix).await {
                // A mark for a folder is an object too, and has nothing in it.
                Ok(meta) if meta.size > 0 => return Self::one_in_bucket(store, meta).await,
                // Without the right to list, a key that is not there is one that may not be read.
                Ok(_) | Err(object_store::Error::NotFound { .. } | object_store::Error::PermissionDenied { .. }) => {}
                Err(e) => return Err(e.into()),
            }
        }
        let mut objects = Vec::new();
        let mut listing = store.list(Some(&prefix));
        while let Some(meta) = std::future::poll_fn(|cx| listing.as_mut().poll_next(cx)).await {
            let meta = meta?;
            sign.fetch_add(1, Ordering::Relaxed);
            let name: Vec<_> = meta.location.prefix_match(&prefix).into_iter().flatten().collect();
            let name = name.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join("/");
            if !name.is_empty() {
                objects.push(Object { key: meta.location.clone(), name, stamp: Some(Stamp::of(&meta)) });
            }
            if objects.len() > MOST_OBJECTS {
                let problem = format!("more than {MOST_OBJECTS} objects are below it: name the dataset's own folder");
                return Err(Trouble::Unfit(problem));
            }
        }
        if objects.is_empty() { Err(Trouble::Missing(String::new())) } else { Ok(Self { store, objects, file: None }) }
    }

    /// The object that `meta` is of, and what lies beside it to say how it is read.
    async fn one_in_bucket(store: Arc<dyn ObjectStore>, meta: ObjectMeta) -> Result<Self, Trouble> {
        let name = meta.location.filename().unwrap_or_default().to_owned();
        let mut parts: Vec<_> = meta.location.parts().collect();
        parts.pop();
        let folder: Key = parts.into_iter().collect();
        let mut objects =
            vec![Object { key: meta.location.clone(), name: name.clone(), stamp: Some(Stamp::of(&meta)) }];
        for other in beside(&name) {
            let key = folder.clone().join(other.as_str());
            match store.head(&key).await {
                Ok(meta) => objects.push(Object { key, name: other, stamp: Some(Stamp::of(&meta)) }),
                Err(object_store::Error::NotFound { .. } | object_store::Error::PermissionDenied { .. }) => {}
                Err(e) => return Err(e.into()),
            }
        }
        Ok(Self { store, objects, file: Some(name) })
    }

    /// A server says what is at a URL, but not what is below it.
    async fn on_web(url: &str) -> Result<Self, Trouble> {
        let path = without_query(url);
        let last = path.splitn(4, '/').nth(3).and_then(|path| path.rsplit('/').next()).unwrap_or_default();
        let key = Key::from_url_path(last)?;
        let name = key.filename().unwrap_or_default().to_owned();
        if name.is_empty() {
            return Err(Trouble::Unfit(
                "names no file, and a web server does not list its folders; name one file".into(),
            ));
        }
        let (store, _) = connect(url, None).await?;
        Ok(Self {
            store,
            objects: vec![Object { key: Key::default(), name: name.clone(), stamp: None }],
            file: Some(name),
        })
    }

    /// Polars turns an address on the hub into web addresses.
    async fn on_hub(url: &str) -> Result<Self, Trouble> {
        let options = CloudOptions::from_untyped_config(Some(CloudScheme::Hf), std::iter::empty::<(&str, &str)>())?;
        let expanded = polars_io::expand_paths(&[PlRefPath::new(url)], false, &[], &mut Some(options.clone())).await?;
        let Some(base) = expanded.first().and_then(|first| revision(first.as_str())) else {
            return Err(Trouble::Missing(String::new()));
        };
        let keys = expanded.iter().filter_map(|address| address.as_str().strip_prefix(base)).map(Key::from_url_path);
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        if keys.len() != expanded.len() {
            return Err(Trouble::Other("the hub's list leads to several revisions".into()));
        }
        let (file, objects) = below(asked(url), keys);
        let (store, _) = connect(base, Some(&options)).await?;
        Ok(Self { store, objects, file })
    }

    /// The stamp of object `i`, asked for where the listing had none.
    pub fn stamp(&self, i: usize) -> impl Future<Output = Result<Stamp, Trouble>> + Send + use<> {
        let (store, object) = (Arc::clone(&self.store), self.objects[i].clone());
        async move {
            if let Some(stamp) = object.stamp {
                return Ok(stamp);
            }
            match store.head(&object.key).await {
                Ok(meta) => Ok(Stamp::of(&meta)),
                Err(e @ object_store::Error::NotFound { .. }) => Err(e.into()),
                // Signed links allow one method and no other: the head of an answer that is not read on.
                Err(_) => Ok(Stamp::of(&store.get_opts(&object.key, GetOptions::default()).await?.meta)),
            }
        }
    }

    /// Writes object `i` into `file`; `sign` counts the bytes of all files.
    pub fn fetch(
        &self,
        i: usize,
        mut file: NamedTempFile,
        sign: Sign,
    ) -> impl Future<Output = Result<(NamedTempFile, Stamp), Trouble>> + Send + use<> {
        let (store, key) = (Arc::clone(&self.store), self.objects[i].key.clone());
        async move {
            let answer = store.get(&key).await?;
            let stamp = Stamp::of(&answer.meta);
            let mut written = 0;
            let mut stream = answer.into_stream();
            while let Some(chunk) = std::future::poll_fn(|cx| stream.as_mut().poll_next(cx)).await {
                let chunk = chunk?;
                written += chunk.len() as u64;
                if written > stamp.size {
                    break;
                }
                file.write_all(&chunk).map_err(|e| Trouble::Disk(e.to_string()))?;
                sign.fetch_add(chunk.len() as u64, Ordering::Relaxed);
            }
            if written != stamp.size {
                let problem = format!("{} bytes were promised and {written} came: it broke off", stamp.size);
                return Err(Trouble::Other(problem));
            }
            file.as_file().sync_all().map_err(|e| Trouble::Disk(e.to_string()))?;
            Ok((file, stamp))
        }
    }
}

/// The store that `url` is in, and the key within it.
async fn connect(url: &str, options: Option<&CloudOptions>) -> Result<(Arc<dyn ObjectStore>, String), Trouble> {
    let default = CloudOptions::default();
    let (location, store) = build_object_store(PlRefPath::new(url), Some(options.unwrap_or(&default)), false).await?;
    Ok((store.to_dyn_object_store().await.into_owned(), location.prefix))
}

/// The part of a web address on the hub that all files of a revision share, with the slash at its end.
fn revision(address: &str) -> Option<&str> {
    let after = address.find(RESOLVE)? + RESOLVE.len();
    let end = after + address[after..].find('/')? + 1;
    Some(&address[..end])
}

/// What an `hf://datasets/owner/name[@revision]/…` asks for within the repository.
fn asked(url: &str) -> &str {
    url.splitn(6, '/').nth(5).unwrap_or_default()
}

/// Names of `keys` below the folder `asked`, or the one file that it is.
fn below(asked: &str, keys: Vec<Key>) -> (Option<String>, Vec<Object>) {
    let folder = asked.trim_end_matches('/');
    let named = |key: Key, name: String| Object { key, name, stamp: None };
    if let [only] = &keys[..]
        && only.as_ref() == folder
    {
        let name = only.filename().unwrap_or_default().to_owned();
        return (Some(name.clone()), vec![named(only.clone(), name)]);
    }
    let within = |key: &Key| match folder {
        "" => Some(key.to_string()),
        _ => Some(key.as_ref().strip_prefix(folder)?.strip_prefix('/')?.to_owned()),
    };
    (None, keys.into_iter().filter_map(|key| within(&key).map(|name| named(key, name))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(size: u64, etag: Option<&str>, modified: Option<i64>) -> Stamp {
        Stamp { size, etag: etag.map(str::to_owned), modified }
    }

    #[test]
    fn only_what_is_certainly_the_same_is_not_fetched_again() {
        let tagged = stamp(3, Some("a"), Some(1));
        assert!(tagged.still(&stamp(3, Some("a"), Some(2))), "stored again, the same content");
        for other in [stamp(3, Some("b"), Some(1)), stamp(4, Some("a"), Some(1)), stamp(3, None, Some(2))] {
            assert!(!tagged.still(&other), "{other:?}");
        }
        assert!(stamp(3, None, Some(1)).still(&tagged));
        assert!(!stamp(3, None, None).still(&stamp(3, None, None)), "nothing is known but the size");
    }

    #[test]
    fn addresses_on_the_hub_are_names_below_the_folder_asked_for() {
        let base = "https://hub/datasets/o/n/resolve/refs%2Fconvert%2Fparquet/";
        assert_eq!(revision(&format!("{base}data/a%20b.parquet")), Some(base));
        assert_eq!(asked("hf://datasets/o/n@main/data/x"), "data/x");
        assert_eq!(asked("hf://datasets/o/n"), "");
        let keys = || ["data/x/a.parquet", "data/xy/b.parquet"].map(Key::from).to_vec();
        let names = |asked: &str| below(asked, keys()).1.into_iter().map(|o| o.name).collect::<Vec<_>>();
        assert_eq!(names("data/x"), ["a.parquet"]);
        assert_eq!(names("data/"), ["x/a.parquet", "xy/b.parquet"]);
        assert_eq!(names(""), ["data/x/a.parquet", "data/xy/b.parquet"]);
        let (file, objects) = below("data/x.parquet", vec![Key::from("data/x.parquet")]);
        assert_eq!((file.as_deref(), objects[0].name.as_str()), (Some("x.parquet"), "x.parquet"));
    }
}
