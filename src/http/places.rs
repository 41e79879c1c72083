//! Places that are counted: so many for each, given back when they are left.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Who has how many places: it remembers nobody who has none. Clones count on.
#[derive(Debug)]
pub(super) struct Places<K: Eq + Hash>(Arc<Mutex<HashMap<K, usize>>>);

/// One of them, until it is dropped.
#[derive(Debug)]
pub(super) struct Place<K: Eq + Hash> {
    places: Places<K>,
    of: K,
}

impl<K: Eq + Hash + Clone> Places<K> {
    /// One place more; none for who has `most`.
    pub(super) fn enter(&self, of: K, most: usize) -> Option<Place<K>> {
        let mut taken = self.taken();
        let places = taken.get(&of).copied().unwrap_or_default();
        if places >= most {
            return None;
        }
        taken.insert(of.clone(), places + 1);
        drop(taken);
        Some(Place { places: self.clone(), of })
    }
}

impl<K: Eq + Hash> Places<K> {
    fn taken(&self) -> MutexGuard<'_, HashMap<K, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// Derived, both would ask the same of K.
impl<K: Eq + Hash> Default for Places<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Eq + Hash> Clone for Places<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Eq + Hash> Drop for Place<K> {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        if let Some(places) = taken.get_mut(&self.of) {
            *places = places.saturating_sub(1);
            if *places == 0 {
                taken.remove(&self.of);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_own_and_who_has_left_is_forgotten() {
        let places = Places::default();
        let [one, other] = ["one", "other"].map(|who| places.enter(who, 1).unwrap());
        assert!(places.enter("one", 1).is_none());
        let more = places.enter("one", 2).unwrap();
        drop((one, other));
        assert_eq!(*places.taken(), HashMap::from([("one", 1)]));
        drop(more);
        assert!(places.taken().is_empty());
    }
}
