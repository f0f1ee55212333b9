//! Where the verbs run: two threads of our own, for the whole process.
//!
//! The languages poll our futures on threads of theirs, which may be a main thread and know nothing of tokio. So every verb is handed
//! to our runtime, and what is polled there is only the wait for its answer. A panic inside is an answer too.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::OnceLock;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinError, JoinHandle};

use crate::error::KoppelError;

/// Threads for verbs, engines and networks. What blocks has threads of its own.
const WORKERS: usize = 2;
/// The most threads that wait for the secret store, the keys or the disk at once.
const MOST_BLOCKING: usize = 32;

fn runtime() -> Result<&'static Runtime, KoppelError> {
    static RUNTIME: OnceLock<Option<Runtime>> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        let threads = Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .max_blocking_threads(MOST_BLOCKING)
            .thread_name("koppel")
            .enable_all()
            .build();
        threads.ok()
    });
    runtime.as_ref().ok_or_else(|| KoppelError::internal("no-threads"))
}

/// Runs a verb to its end, whether or not anybody still waits for it.
pub(crate) async fn to_the_end<T: Send + 'static>(
    verb: impl Future<Output = Result<T, KoppelError>> + Send + 'static,
) -> Result<T, KoppelError> {
    Running::start(verb)?.answer().await
}

/// Runs a verb for as long as somebody waits for it.
pub(crate) async fn while_wanted<T: Send + 'static>(
    verb: impl Future<Output = Result<T, KoppelError>> + Send + 'static,
) -> Result<T, KoppelError> {
    struct Abort(AbortHandle);
    impl Drop for Abort {
        fn drop(&mut self) {
            self.0.abort();
        }
    }
    let running = Running::start(verb)?;
    let _abort = Abort(running.task.abort_handle());
    running.answer().await
}

/// A verb on its way. All verbs are tasks of one type, told apart by a channel: a task of its own for each makes the library 90 KB bigger.
struct Running<T> {
    task: JoinHandle<()>,
    told: oneshot::Receiver<Result<T, KoppelError>>,
}

impl<T: Send + 'static> Running<T> {
    fn start(verb: impl Future<Output = Result<T, KoppelError>> + Send + 'static) -> Result<Self, KoppelError> {
        let (tell, told) = oneshot::channel();
        let task: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async move {
            // Nobody may wait for it any more.
            let _ = tell.send(verb.await);
        });
        Ok(Self { task: runtime()?.spawn(task), told })
    }

    async fn answer(self) -> Result<T, KoppelError> {
        match self.task.await {
            Ok(()) => self.told.await.unwrap_or_else(|_| Err(KoppelError::internal("stopped"))),
            Err(error) => Err(fallen(&error)),
        }
    }
}

/// Starts something that runs beside. Returns what ends it.
pub(crate) fn beside(work: impl Future<Output = ()> + Send + 'static) -> Result<AbortHandle, KoppelError> {
    Ok(runtime()?.spawn(work).abort_handle())
}

/// Runs something short on the caller's own thread.
pub(crate) fn here<T>(work: impl FnOnce() -> Result<T, KoppelError>) -> Result<T, KoppelError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(KoppelError::internal("panic")))
}

fn fallen(error: &JoinError) -> KoppelError {
    KoppelError::internal(if error.is_panic() { "panic" } else { "stopped" })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use super::*;

    fn block<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
    }

    #[test]
    fn a_panic_is_an_error_with_a_reference() {
        let fell = block(to_the_end::<()>(async { panic!("on purpose") }));
        assert!(matches!(fell, Err(KoppelError::Internal { reference, .. }) if reference == "panic"));
        let fell = here::<()>(|| panic!("on purpose"));
        assert!(matches!(fell, Err(KoppelError::Internal { .. })));
    }

    /// Begins a verb that needs 50 ms, and drops it after 10.
    fn drop_early(detached: bool) -> bool {
        let done = Arc::new(AtomicBool::new(false));
        let seen = done.clone();
        let verb = async move {
            tokio::time::sleep(Duration::from_millis(50)).await;
            seen.store(true, Ordering::SeqCst);
            Ok(())
        };
        block(async move {
            let wait = Duration::from_millis(10);
            let early = match detached {
                true => tokio::time::timeout(wait, to_the_end(verb)).await,
                false => tokio::time::timeout(wait, while_wanted(verb)).await,
            };
            assert!(early.is_err());
            tokio::time::sleep(Duration::from_millis(120)).await;
        });
        done.load(Ordering::SeqCst)
    }

    #[test]
    fn what_must_end_ends_although_nobody_waits_and_the_rest_does_not() {
        assert!(drop_early(true));
        assert!(!drop_early(false));
    }
}
