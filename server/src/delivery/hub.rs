//! Who is connected: the live channel of each device, and how to reach it without reading anything.
//!
//! A connection's state is one small [`Channel`]. Whoever has something for a device puts it into the channel's outbox and
//! wakes the connection's task; what does not fit sets a dirty bit, and the task reads the store instead. One ticker
//! serves every heartbeat, so that an idle phone owns no timer.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::ws::Utf8Bytes;
use koppel_protocol::id::DeviceId;
use tokio::sync::Notify;

/// The connection reads the store again and sends all that is live.
pub const REFRESH: u8 = 1;
/// The connection sends a WebSocket ping.
pub const PING: u8 = 2;
/// The connection ends: another of the same device took its place.
pub const REPLACED: u8 = 4;
/// The connection ends: the device was removed or suspended.
pub const REVOKED: u8 = 8;
/// The connection ends: the server stops.
pub const LEAVING: u8 = 16;
/// The connection ends: nothing was heard of the phone.
pub const SILENT: u8 = 32;
/// Flags after which nothing more is sent but a farewell.
pub const ENDING: u8 = REPLACED | REVOKED | LEAVING | SILENT;

/// Frames that wait for one slow phone; more than this and it reads the store instead.
const OUTBOX: usize = 8;
/// Heartbeats without an answer before a connection counts as dead.
const MISSED: u8 = 2;
const SHARDS: usize = 16;

/// One connected phone.
#[derive(Debug, Default)]
pub struct Channel {
    flags: AtomicU8,
    unanswered: AtomicU8,
    outbox: Mutex<Vec<Utf8Bytes>>,
    wake: Notify,
}

impl Channel {
    /// Resolves when there is something to do.
    pub async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Takes what there is to do.
    pub fn take(&self) -> (u8, Vec<Utf8Bytes>) {
        let frames = std::mem::take(&mut *lock(&self.outbox));
        (self.flags.swap(0, Ordering::AcqRel), frames)
    }

    /// The phone was heard.
    pub fn heard(&self) {
        self.unanswered.store(0, Ordering::Relaxed);
    }

    fn flag(&self, flags: u8) {
        self.flags.fetch_or(flags, Ordering::AcqRel);
        self.wake.notify_one();
    }

    fn push(&self, frame: Utf8Bytes) {
        let mut outbox = lock(&self.outbox);
        if outbox.len() >= OUTBOX {
            outbox.clear();
            drop(outbox);
            self.flag(REFRESH);
        } else {
            outbox.push(frame);
            drop(outbox);
            self.wake.notify_one();
        }
    }

    fn beat(&self) {
        if self.unanswered.fetch_add(1, Ordering::Relaxed) >= MISSED {
            self.flag(SILENT);
        } else {
            self.flag(PING);
        }
    }
}

type Shard = Mutex<HashMap<DeviceId, Arc<Channel>>>;

/// All connected phones.
#[derive(Debug, Default)]
pub struct Hub {
    shards: [Shard; SHARDS],
}

impl Hub {
    /// Nobody is connected yet.
    pub fn new() -> Hub {
        Hub::default()
    }

    fn shard(&self, device: &DeviceId) -> &Shard {
        &self.shards[usize::from(device.as_bytes()[15]) % SHARDS]
    }

    /// A phone connects. An older connection of the same device ends: the newest wins.
    pub fn connect(self: &Arc<Hub>, device: DeviceId) -> Connected {
        let channel = Arc::new(Channel::default());
        let older = lock(self.shard(&device)).insert(device, channel.clone());
        if let Some(older) = older.as_ref() {
            older.flag(REPLACED);
        }
        Connected { hub: self.clone(), device, channel, replaced: older.is_some() }
    }

    fn with(&self, device: &DeviceId, act: impl FnOnce(&Channel)) -> bool {
        let channel = lock(self.shard(device)).get(device).cloned();
        if let Some(channel) = &channel {
            act(channel);
        }
        channel.is_some()
    }

    /// Hands a frame to a device. False: it is not connected.
    pub fn send(&self, device: &DeviceId, frame: Utf8Bytes) -> bool {
        self.with(device, |channel| channel.push(frame))
    }

    /// Makes a connected device's task read the store.
    pub fn refresh(&self, device: &DeviceId) -> bool {
        self.with(device, |channel| channel.flag(REFRESH))
    }

    /// Ends the connection of a device that may no longer have one.
    pub fn revoke(&self, device: &DeviceId) {
        self.with(device, |channel| channel.flag(REVOKED));
    }

    /// True when the device has a live channel now.
    pub fn is_connected(&self, device: &DeviceId) -> bool {
        lock(self.shard(device)).contains_key(device)
    }

    /// How many phones are connected.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    /// True when no phone is connected.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One beat for those phones whose turn it is. Called with `0..of` in turn, a full round every 55 s; `nonce` is given
    /// every second round.
    pub fn beat(&self, turn: u8, of: u8, nonce: Option<&Utf8Bytes>) {
        for shard in &self.shards {
            for (device, channel) in lock(shard).iter() {
                if device.as_bytes()[0] % of == turn {
                    channel.beat();
                    if let Some(nonce) = nonce {
                        channel.push(nonce.clone());
                    }
                }
            }
        }
    }

    /// Tells every phone that the server stops.
    pub fn leave(&self) {
        for shard in &self.shards {
            for channel in lock(shard).values() {
                channel.flag(LEAVING);
            }
        }
    }
}

/// A phone's place in the hub; dropping it gives the place up, unless a newer connection has it.
#[derive(Debug)]
pub struct Connected {
    hub: Arc<Hub>,
    device: DeviceId,
    /// What wakes the connection.
    pub channel: Arc<Channel>,
    /// Another connection of the same device was open: an event worth an audit row.
    pub replaced: bool,
}

impl Connected {
    /// Whose connection it is.
    pub fn device(&self) -> DeviceId {
        self.device
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        let mut shard = lock(self.hub.shard(&self.device));
        if shard.get(&self.device).is_some_and(|channel| Arc::ptr_eq(channel, &self.channel)) {
            shard.remove(&self.device);
            if shard.len() * 4 < shard.capacity() {
                shard.shrink_to_fit();
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(byte: u8) -> DeviceId {
        DeviceId::from_bytes([byte; 16])
    }

    #[test]
    fn the_newest_connection_wins_and_the_older_is_told() {
        let hub = Arc::new(Hub::new());
        let older = hub.connect(device(1));
        let newer = hub.connect(device(1));
        assert!(newer.replaced);
        assert_eq!(older.channel.take().0, REPLACED);
        drop(older);
        assert!(hub.is_connected(&device(1)), "the older one must not take the newer one's place away");
        drop(newer);
        assert!(hub.is_empty());
    }

    #[test]
    fn a_full_outbox_becomes_a_look_into_the_store() {
        let hub = Arc::new(Hub::new());
        let connected = hub.connect(device(1));
        for _ in 0..=OUTBOX {
            assert!(hub.send(&device(1), Utf8Bytes::from_static("frame")));
        }
        assert_eq!(connected.channel.take(), (REFRESH, Vec::new()));
        assert!(!hub.send(&device(2), Utf8Bytes::from_static("frame")));
    }

    #[test]
    fn a_phone_that_answers_no_heartbeat_is_let_go() {
        let hub = Arc::new(Hub::new());
        let connected = hub.connect(device(0));
        let beat = |turn| hub.beat(turn, 55, None);
        beat(1);
        assert_eq!(connected.channel.take().0, 0, "not its turn");
        beat(0);
        beat(0);
        assert_eq!(connected.channel.take().0, PING);
        connected.channel.heard();
        beat(0);
        beat(0);
        beat(0);
        assert_eq!(connected.channel.take().0, PING | SILENT);
    }
}
