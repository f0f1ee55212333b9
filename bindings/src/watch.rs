//! State, pulled: the newest picture each time, and a wait where there is no newer one.

use std::sync::Arc;

use koppel_client::KoppelClient as Client;
use koppel_core::State;
use tokio::sync::{Mutex, watch};

use crate::error::KoppelError;
use crate::state::KoppelState;

/// A look at the companion's state. Ends with [`stop`](Self::stop), or with the companion.
#[derive(uniffi::Object)]
pub struct RawWatch {
    states: Mutex<watch::Receiver<Arc<State>>>,
    client: Client,
    stopped: watch::Sender<bool>,
}

impl RawWatch {
    pub(crate) fn of(client: &Client) -> Self {
        let mut states = client.watch();
        // The first look is not waited for.
        states.mark_changed();
        Self { states: Mutex::new(states), client: client.clone(), stopped: watch::Sender::new(false) }
    }
}

#[uniffi::export]
impl RawWatch {
    /// The newest state, as soon as it is newer than the one before; the first at once. Older ones are skipped, never queued. None at
    /// the end. May be cancelled.
    ///
    /// # Errors
    /// None that an app could cause.
    pub async fn next(&self) -> Result<Option<KoppelState>, KoppelError> {
        let mut stopped = self.stopped.subscribe();
        let newest = async {
            let mut states = self.states.lock().await;
            states.changed().await.ok()?;
            Some(KoppelState::from(states.borrow_and_update().as_ref()))
        };
        tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => Ok(None),
            newest = newest => Ok(newest),
            () = self.client.stopped() => Ok(None),
        }
    }

    /// Ends it: whoever waits gets none.
    pub fn stop(&self) {
        self.stopped.send_replace(true);
    }
}
