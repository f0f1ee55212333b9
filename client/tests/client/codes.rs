//! Authenticator accounts: kept before it is said, computed by the clock that was given, listed anew when there is something new.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use koppel_client::clock::{Clock, SystemClock};
use koppel_client::secrets::MemorySecrets;
use koppel_client::{ClientError, KoppelClient, Setup};
use koppel_core::{Now, OtpAccount, Refused, Trouble};

use crate::engine::FullDisk;
use crate::opening::setup;

/// A clock on the wall that a test sets.
#[derive(Default)]
struct SetClock(AtomicI64);

impl Clock for SetClock {
    fn now(&self) -> Now {
        Now { wall_ms: self.0.load(Ordering::SeqCst), ..SystemClock.now() }
    }
}

fn typed(issuer: &str) -> OtpAccount {
    OtpAccount::typed(issuer, "anna", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap()
}

#[tokio::test]
async fn codes_are_kept_in_their_order_and_found_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = Arc::new(MemorySecrets::new());
    let clock = Arc::new(SetClock::default());
    let open = || KoppelClient::open(Setup { clock: clock.clone(), ..setup(&folder, secrets.clone()) });
    let client = open().await.unwrap();
    let added = client.add_codes(vec![typed("a"), typed("b"), typed("a")]).await.unwrap();
    assert_eq!(added.iter().map(|added| added.known).collect::<Vec<_>>(), [false, false, true]);
    assert_eq!(added[0].id, added[2].id);
    client.move_code(added[1].id, 0).await.unwrap();
    client.rename_code(added[0].id, "Werk".into()).await.unwrap();
    client.stop().await;
    assert_eq!(client.codes().await.unwrap_err(), ClientError::Stopped);

    clock.0.store(59_000, Ordering::SeqCst);
    let client = open().await.unwrap();
    let codes = client.codes().await.unwrap();
    let shown: Vec<_> = codes.iter().map(|code| (code.label.as_str(), code.code.expose(), code.left_ms)).collect();
    assert_eq!(shown, [("b", "287082", 1_000), ("Werk", "287082", 1_000)]);
    client.remove_code(added[0].id).await.unwrap();
    let again = client.remove_code(added[0].id).await;
    assert_eq!(again.unwrap_err(), ClientError::Refused(Refused::NoSuchCode));
}

#[tokio::test]
async fn whoever_looks_is_given_the_next_codes_and_every_change_of_the_list() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(SetClock::default());
    let setup = Setup { clock: clock.clone(), ..setup(&folder, Arc::new(MemorySecrets::new())) };
    let client = KoppelClient::open(setup).await.unwrap();
    let mut watch = client.watch_codes();
    assert!(watch.next().await.unwrap().is_empty());

    let added = client.add_codes(vec![typed("a")]).await.unwrap();
    let first = watch.next().await.unwrap();
    assert_eq!(first[0].code.expose(), "755224");
    clock.0.store(30_000, Ordering::SeqCst);
    let second = watch.next().await.unwrap();
    assert_eq!((second[0].code.expose(), first[0].next.expose()), ("287082", "287082"));
    client.rename_code(added[0].id, "Werk".into()).await.unwrap();
    assert_eq!(watch.next().await.unwrap()[0].label, "Werk");
    client.stop().await;
    assert!(watch.next().await.is_none());
}

#[tokio::test]
async fn a_code_that_could_not_be_written_is_not_said_to_be_kept() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Arc::new(FullDisk::default());
    let secrets = Arc::new(MemorySecrets::new());
    let open = || KoppelClient::open(Setup { disk: disk.clone(), ..setup(&folder, secrets.clone()) });
    let client = open().await.unwrap();
    disk.fill(true);
    let refused = client.add_codes(vec![typed("a")]).await;
    assert_eq!(refused.unwrap_err(), ClientError::Trouble(Trouble::NotPersisted));
    disk.fill(false);
    let added = client.add_codes(vec![typed("a"), typed("b")]).await.unwrap();
    assert_eq!(added.iter().map(|added| added.known).collect::<Vec<_>>(), [true, false]);
    client.stop().await;
    let codes = open().await.unwrap().codes().await.unwrap();
    let kept: Vec<_> = codes.iter().map(|code| (code.id, code.label.as_str())).collect();
    assert_eq!(kept, [(added[0].id, "a"), (added[1].id, "b")], "what was said to be kept is on disk");
}
