//! Values that are made once and shared, told apart by the types of their key and of themselves.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Values of one kind that are kept: of datasets, the one looked at, its rollouts, and those of the jobs that they replaced.
const KEPT: usize = 4;

/// Values of one kind, the oldest first.
type Entries<K, V> = Vec<(K, Arc<V>)>;

/// Made values of any type. Threads share one.
#[derive(Default)]
pub struct Cache(Mutex<HashMap<TypeId, Box<dyn Any + Send>>>);

/// What [`Cache::clear_but`] knows values of type `V` under keys of type `K` by.
pub fn kind<K: 'static, V: 'static>() -> TypeId {
    TypeId::of::<(K, V)>()
}

impl Cache {
    /// Takes a value, or makes and keeps it. The lock is free while it is made: two jobs may then read the same file at once,
    /// but neither waits deaf to its cancel.
    ///
    /// # Errors
    /// Those of `make`; nothing is kept then.
    pub fn cached<K, V, E>(&self, key: K, make: impl FnOnce() -> Result<V, E>) -> Result<Arc<V>, E>
    where
        K: PartialEq + Send + 'static,
        V: Send + Sync + 'static,
    {
        if let Some(known) = self.find(|k: &K| *k == key) {
            return Ok(known);
        }
        let value = Arc::new(make()?);
        let kept = Arc::clone(&value);
        self.with(|entries: &mut Entries<K, V>| {
            entries.retain(|(k, _)| *k != key);
            if entries.len() >= KEPT {
                entries.remove(0);
            }
            entries.push((key, kept));
        });
        Ok(value)
    }

    /// The oldest value whose key is `wanted`.
    pub fn find<K, V>(&self, wanted: impl Fn(&K) -> bool) -> Option<Arc<V>>
    where
        K: Send + 'static,
        V: Send + Sync + 'static,
    {
        self.with(|entries: &mut Entries<K, V>| {
            entries.iter().find(|(key, _)| wanted(key)).map(|(_, value)| Arc::clone(value))
        })
    }

    /// Does something with all values of a kind.
    pub fn with<K, V, T>(&self, act: impl FnOnce(&mut Vec<(K, Arc<V>)>) -> T) -> T
    where
        K: Send + 'static,
        V: Send + Sync + 'static,
    {
        let mut kinds = self.lock();
        let entries = kinds.entry(kind::<K, V>()).or_insert_with(|| Box::new(Entries::<K, V>::new()));
        match entries.downcast_mut::<Entries<K, V>>() {
            Some(entries) => act(entries),
            // Not reached: the id is that of the type.
            None => act(&mut Vec::new()),
        }
    }

    /// Forgets everything but values of the `kept` kinds.
    pub fn clear_but(&self, kept: &[TypeId]) {
        self.lock().retain(|kind, _| kept.contains(kind));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TypeId, Box<dyn Any + Send>>> {
        // A job that panicked while it held the lock left lists that are whole: entries are only pushed and removed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cache of {} kinds", self.lock().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(cache: &Cache, key: &'static str) -> Result<Arc<usize>, ()> {
        cache.cached(key, || if key.is_empty() { Err(()) } else { Ok(key.len()) })
    }

    #[test]
    fn a_value_is_made_once_and_kinds_are_apart() {
        let cache = Cache::default();
        let first = length(&cache, "one").unwrap();
        assert!(Arc::ptr_eq(&first, &length(&cache, "one").unwrap()));
        let other: Arc<String> = cache.cached("one", || Ok::<_, ()>("text".to_owned())).unwrap();
        assert_eq!((*first, other.as_str()), (3, "text"));
        assert!(length(&cache, "").is_err() && cache.find::<&str, usize>(|k| k.is_empty()).is_none());
        cache.clear_but(&[kind::<&'static str, String>()]);
        assert!(cache.find::<&str, usize>(|_| true).is_none());
        assert!(cache.find::<&str, String>(|_| true).is_some(), "this kind is kept");
    }

    #[test]
    fn the_oldest_goes_first() {
        let cache = Cache::default();
        for key in ["a", "bb", "ccc", "dddd", "eeeee"] {
            length(&cache, key).unwrap();
        }
        let kept = cache.with(|entries: &mut Vec<(&'static str, Arc<usize>)>| {
            entries.iter().map(|(_, value)| **value).collect::<Vec<_>>()
        });
        assert_eq!(kept, [2, 3, 4, 5]);
    }
}
