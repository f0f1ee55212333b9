//! "Test my phone": every step a login takes, pulled one after another as they end.

use std::sync::Mutex as Lock;
use std::time::Duration;

use koppel_client::KoppelClient as Client;
use koppel_client::phone_test::{Ended, Finding, Step, SupportCode};
use koppel_core::AccountId;
use tokio::sync::{Mutex, mpsc};
use tokio::task::AbortHandle;

use crate::error::KoppelError;
use crate::runtime::{beside, here};

/// A test that runs. Ends by itself, or with [`stop`](Self::stop).
#[derive(uniffi::Object)]
pub struct RawTest {
    steps: Mutex<mpsc::UnboundedReceiver<Ended>>,
    ended: Lock<Vec<Ended>>,
    running: AbortHandle,
}

/// A step that ended.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TestStep {
    /// Which.
    pub kind: TestStepKind,
    /// How.
    pub finding: TestFinding,
    /// How long it took.
    pub took: Duration,
}

/// The steps, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum TestStepKind {
    /// The server is there, and is still the one that was paired with.
    Server,
    /// It knows this phone.
    Proof,
    /// The phone's clock agrees with the server's.
    Clock,
    /// The live channel stands.
    Live,
    /// A test challenge came all the way.
    Roundtrip,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum TestFinding {
    /// As it should.
    Well,
    /// The clock is off by so many seconds (negative: ahead). Harmless, and worth a word.
    ClockOff {
        /// How many.
        seconds: i64,
    },
    /// Without a live channel; the phone asks again and again instead.
    OnlyPolling,
    /// Not.
    Failed {
        /// A short code, as in the errors.
        why: String,
    },
    /// It was left out, because an earlier one failed.
    Skipped,
}

impl RawTest {
    pub(crate) fn of(client: Client, account: AccountId) -> Result<Self, KoppelError> {
        let (tell, steps) = mpsc::unbounded_channel();
        let running = beside(async move {
            // Whoever stopped listening stopped the test.
            let tell = |ended| {
                let _ = tell.send(ended);
            };
            client.test_phone(account, tell).await;
        })?;
        Ok(Self { steps: Mutex::new(steps), ended: Lock::default(), running })
    }

    fn ended(&self) -> std::sync::MutexGuard<'_, Vec<Ended>> {
        self.ended.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[uniffi::export]
impl RawTest {
    /// The next step that ended; none when all did. The app must be connected meanwhile.
    ///
    /// # Errors
    /// None that an app could cause: what goes wrong is a finding.
    pub async fn next(&self) -> Result<Option<TestStep>, KoppelError> {
        let ended = self.steps.lock().await.recv().await;
        if let Some(ended) = ended {
            self.ended().push(ended);
        }
        Ok(ended.map(TestStep::from))
    }

    /// What support can read off the telephone, of the steps that were pulled so far. Nothing in it is secret.
    ///
    /// # Errors
    /// None that an app could cause.
    pub fn support_code(&self) -> Result<String, KoppelError> {
        here(|| Ok(SupportCode::of(&self.ended()).to_string()))
    }

    /// Ends it.
    pub fn stop(&self) {
        self.running.abort();
    }
}

impl Drop for RawTest {
    fn drop(&mut self) {
        self.running.abort();
    }
}

impl From<Ended> for TestStep {
    fn from(ended: Ended) -> Self {
        Self {
            kind: match ended.step {
                Step::Server => TestStepKind::Server,
                Step::Proof => TestStepKind::Proof,
                Step::Clock => TestStepKind::Clock,
                Step::Live => TestStepKind::Live,
                Step::Roundtrip => TestStepKind::Roundtrip,
            },
            finding: match ended.finding {
                Finding::Well => TestFinding::Well,
                Finding::ClockOff(seconds) => TestFinding::ClockOff { seconds },
                Finding::OnlyPolling => TestFinding::OnlyPolling,
                Finding::Failed(trouble) => TestFinding::Failed { why: trouble.code().into() },
                Finding::Skipped => TestFinding::Skipped,
            },
            took: ended.took,
        }
    }
}
