//! The end of a client, and the next one of its folder.

use std::future::{Future, poll_fn};
use std::io;
use std::path::Path;
use std::pin::pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use koppel_client::disk::{Disk, RealDisk};
use koppel_client::secrets::MemorySecrets;
use koppel_client::{ClientError, KoppelClient, Setup};

use crate::opening::setup;

/// Held by an engine alone, and lets it end no sooner than it is told to.
struct HeldDisk {
    ending: Sender<()>,
    go: Mutex<Receiver<()>>,
}

impl Drop for HeldDisk {
    fn drop(&mut self) {
        // An error is a test that ended.
        let _ = self.ending.send(());
        let _ = self.go.lock().unwrap().recv();
    }
}

impl Disk for HeldDisk {
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        RealDisk.read(path)
    }
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        RealDisk.write(path, bytes)
    }
    fn sync_file(&self, path: &Path) -> io::Result<()> {
        RealDisk.sync_file(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename(from, to)
    }
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        RealDisk.sync_folder(folder)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove(path)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_given_a_client_that_is_ending() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = Arc::new(MemorySecrets::new());
    let ((ending, ended), (release, go)) = (channel(), channel());
    let disk = Arc::new(HeldDisk { ending, go: Mutex::new(go) });
    let first = KoppelClient::open(Setup { disk, ..setup(&folder, secrets.clone()) }).await.unwrap();
    let stopping = tokio::spawn({
        let first = first.clone();
        async move { first.stop().await }
    });
    tokio::task::spawn_blocking(move || ended.recv()).await.unwrap().unwrap();

    let mut opening = pin!(KoppelClient::open(setup(&folder, secrets)));
    let opened = poll_fn(|context| Poll::Ready(opening.as_mut().poll(context))).await;
    assert!(opened.is_pending(), "two engines on one vault, or one that is ending");
    assert_eq!(first.refresh().await, Err(ClientError::Stopped));

    release.send(()).unwrap();
    let second = opening.await.unwrap();
    stopping.await.unwrap();
    second.refresh().await.unwrap();
    assert_eq!(first.refresh().await, Err(ClientError::Stopped));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_stopped_it_can_open_it_anew_among_many_who_do_the_same() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let secrets = Arc::new(MemorySecrets::new());
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let (folder, secrets) = (folder.clone(), secrets.clone());
            tokio::spawn(async move {
                for _ in 0..20 {
                    let client = KoppelClient::open(setup(&folder, secrets.clone())).await.unwrap();
                    client.stop().await;
                    assert!(client.is_stopped());
                    assert_eq!(client.refresh().await, Err(ClientError::Stopped));
                    client.stop().await;
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    let last = KoppelClient::open(setup(&folder, secrets)).await.unwrap();
    last.refresh().await.unwrap();
}
