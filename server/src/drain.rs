//! Stopping without losing anybody: not ready → phones are sent away, spread over time → requests end → everything is
//! written → exit.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long requests that have begun may take to end.
pub const REQUESTS_END_WITHIN: Duration = Duration::from_secs(10);

/// The server's way down, shared by all that must hear of it.
#[derive(Debug, Clone, Default)]
pub struct Drain {
    draining: CancellationToken,
    closed: CancellationToken,
    tracker: TaskTracker,
}

impl Drain {
    /// A server that runs.
    pub fn new() -> Drain {
        Drain::default()
    }

    /// Begins: `/readyz` says no, long polls answer at once, connections end after their request.
    pub fn begin(&self) {
        self.draining.cancel();
    }

    /// True from [`Drain::begin`] on.
    pub fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }

    /// Resolves when the server begins to stop.
    pub async fn draining(&self) {
        self.draining.cancelled().await;
    }

    /// No new connections: after the phones were told.
    pub fn stop_accepting(&self) {
        self.closed.cancel();
        self.tracker.close();
    }

    /// Resolves when no more connections are accepted.
    pub async fn stopped_accepting(&self) {
        self.closed.cancelled().await;
    }

    /// Where everything that must end first is counted.
    pub fn tracker(&self) -> TaskTracker {
        self.tracker.clone()
    }

    /// Waits until everything counted has ended, at most [`REQUESTS_END_WITHIN`]. False: something was cut off.
    pub async fn ended(&self) -> bool {
        tokio::time::timeout(REQUESTS_END_WITHIN, self.tracker.wait()).await.is_ok()
    }
}
