//! What the server does by itself: writes down what time has ended, signs the audit trail, remembers how far it came.
//!
//! No verdict waits for any of this: expiry is computed whenever something is read.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use koppel_domain::audit::{Checkpoint, merkle_root};
use koppel_protocol::{Bytes, SigningKey, bytes};
use koppel_store::{AuditHeads, LastCheckpoint, Mark, Store};

use crate::app::App;
use crate::epoch::EpochFile;

const SWEEP_EVERY: Duration = Duration::from_secs(15);
const CHECKPOINT_EVERY: Duration = Duration::from_secs(60);
/// Rows of one sweep; more wait for the next transaction.
const SWEEP: u32 = 500;

/// The file that remembers how far the database came.
pub type SharedEpoch = Arc<Mutex<EpochFile>>;

/// Sweeps until the server stops.
pub async fn sweep(app: Arc<App>) {
    let mut ticks = tokio::time::interval(SWEEP_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = app.drain.draining() => return,
        }
        app.sent.forget(app.now());
        // Looked at also when nobody types a code, so that it is told at once.
        app.clock.is_steady();
        loop {
            match app.store.sweep(SWEEP).await {
                Ok(swept) if swept >= SWEEP && !app.drain.is_draining() => tokio::task::yield_now().await,
                Ok(_) => break,
                Err(why) => {
                    tracing::warn!(%why, "sweeping failed; it is tried again");
                    break;
                }
            }
        }
    }
}

/// Signs a checkpoint each minute, until the server stops.
pub async fn checkpoints(app: Arc<App>, epoch: SharedEpoch) {
    let mut ticks = tokio::time::interval(CHECKPOINT_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // The first tick is now; a server that just began has nothing to say.
    ticks.tick().await;
    loop {
        tokio::select! {
            _ = ticks.tick() => checkpoint(&app, &epoch).await,
            () = app.drain.draining() => return,
        }
    }
}

/// Signs a checkpoint, if any chain grew, and remembers the mark outside the database.
pub async fn checkpoint(app: &App, epoch: &SharedEpoch) {
    let signed = async {
        let heads = app.store.read(AuditHeads {}).await?;
        let last = app.store.read(LastCheckpoint {}).await?;
        let root = merkle_root(heads.into_iter());
        if last.as_ref().is_none_or(|last| last.root != root) {
            app.store.keep_checkpoint(sign(app, last.as_ref(), root)).await?;
        }
        app.store.read(Mark {}).await
    };
    match signed.await {
        Ok(mark) => {
            let mut epoch = epoch.lock().unwrap_or_else(PoisonError::into_inner);
            if let Err(error) = epoch.advance(mark) {
                tracing::error!(%error, "the restore epoch file could not be written; a restored backup would go unnoticed");
            }
        }
        Err(why) => tracing::warn!(%why, "no checkpoint was made; the next one covers more"),
    }
}

fn sign(app: &App, last: Option<&Checkpoint>, root: Bytes<32>) -> Checkpoint {
    let at = app.now();
    let n = last.map_or(1, |last| last.n + 1);
    let prev = last.map_or(Bytes::new([0; 32]), |last| Checkpoint::hash(last.n, last.at, &last.root, &last.prev));
    let hash = Checkpoint::hash(n, at, &root, &prev);
    // A key that refuses leaves the checkpoint unsigned, which whoever verifies the chain will see.
    let signature =
        app.keys.signer.sign(hash.as_bytes()).map(|signature| bytes::encode(&signature)).unwrap_or_default();
    Checkpoint { n, at, root, prev, signature }
}
