use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Counts the permits of each key; keys without permits take no memory. Clones share the counts.
#[derive(Debug)]
pub(super) struct KeyedLimiter<K: Eq + Hash>(Arc<Mutex<HashMap<K, usize>>>);

#[derive(Debug)]
pub(super) struct Permit<K: Eq + Hash> {
    limiter: KeyedLimiter<K>,
    key: K,
}

impl<K: Eq + Hash + Clone> KeyedLimiter<K> {
    pub(super) fn acquire(&self, key: K, limit: usize) -> Option<Permit<K>> {
        let mut counts = self.counts();
        let limiter = counts.get(&key).copied().unwrap_or_default();
        if limiter >= limit {
            return None;
        }
        counts.insert(key.clone(), limiter + 1);
        drop(counts);
        Some(Permit { limiter: self.clone(), key })
    }
}

impl<K: Eq + Hash> KeyedLimiter<K> {
    fn counts(&self) -> MutexGuard<'_, HashMap<K, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// Derived implementations would require the same of K.
impl<K: Eq + Hash> Default for KeyedLimiter<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Eq + Hash> Clone for KeyedLimiter<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Eq + Hash> Drop for Permit<K> {
    fn drop(&mut self) {
        let mut counts = self.limiter.counts();
        if let Some(limiter) = counts.get_mut(&self.key) {
            *limiter = limiter.saturating_sub(1);
            if *limiter == 0 {
                counts.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
#[path = "../../tests/unit/http/keyed_limiter.rs"]
mod tests;
