//! Long polls wait here until the thing they watch changes.
//!
//! A waiter registers *before* it reads the state, so that a change between reading and waiting wakes it at once.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

type Map<K> = Mutex<HashMap<K, watch::Sender<()>>>;

/// Everybody who waits, by what they wait for.
#[derive(Debug)]
pub struct Wakes<K> {
    waiting: Arc<Map<K>>,
}

impl<K> Default for Wakes<K> {
    fn default() -> Wakes<K> {
        Wakes { waiting: Arc::default() }
    }
}

impl<K: Hash + Eq + Clone> Wakes<K> {
    /// Registers. Changes from now on wake the waiter.
    pub fn watch(&self, key: K) -> Waiter<K> {
        let mut waiting = lock(&self.waiting);
        let receiver = waiting.entry(key.clone()).or_insert_with(|| watch::Sender::new(())).subscribe();
        Waiter { receiver: Some(receiver), key, waiting: self.waiting.clone() }
    }

    /// Wakes everybody who waits for this.
    pub fn wake(&self, key: &K) {
        if let Some(sender) = lock(&self.waiting).get(key) {
            sender.send_replace(());
        }
    }

    /// How many things are waited for.
    pub fn len(&self) -> usize {
        lock(&self.waiting).len()
    }

    /// True when nobody waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// One long poll.
#[derive(Debug)]
pub struct Waiter<K: Hash + Eq> {
    receiver: Option<watch::Receiver<()>>,
    key: K,
    waiting: Arc<Map<K>>,
}

impl<K: Hash + Eq> Waiter<K> {
    /// True when something changed within this time since the last call or the registration.
    pub async fn changed_within(&mut self, time: Duration) -> bool {
        let Some(receiver) = self.receiver.as_mut() else {
            return false;
        };
        matches!(tokio::time::timeout(time, receiver.changed()).await, Ok(Ok(())))
    }
}

impl<K: Hash + Eq> Drop for Waiter<K> {
    fn drop(&mut self) {
        self.receiver = None;
        let mut waiting = lock(&self.waiting);
        if waiting.get(&self.key).is_some_and(|sender| sender.receiver_count() == 0) {
            waiting.remove(&self.key);
        }
    }
}

fn lock<K>(map: &Map<K>) -> MutexGuard<'_, HashMap<K, watch::Sender<()>>> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_change_before_the_wait_is_not_lost() {
        let wakes = Wakes::default();
        let mut waiter = wakes.watch(1);
        wakes.wake(&1);
        assert!(waiter.changed_within(Duration::from_secs(25)).await);
        assert!(!waiter.changed_within(Duration::from_secs(25)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn only_what_is_watched_wakes() {
        let wakes = Wakes::default();
        let mut waiter = wakes.watch(1);
        wakes.wake(&2);
        assert!(!waiter.changed_within(Duration::from_secs(25)).await);
    }

    #[test]
    fn nobody_waiting_leaves_nothing_behind() {
        let wakes = Wakes::default();
        let first = wakes.watch(1);
        let second = wakes.watch(1);
        drop(first);
        assert_eq!(wakes.len(), 1);
        drop(second);
        assert!(wakes.is_empty());
    }
}
