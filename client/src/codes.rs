//! Authenticator accounts of other services, as a shell lists, adds and arranges them.
//!
//! The codes are asked for, not part of the state: [`KoppelClient::codes`] computes them for one screen, and a [`CodesWatch`] gives the list
//! anew as often as there is another one to show.

use std::sync::Arc;
use std::time::Duration;

use koppel_core::{Event, OtpAccount, OtpCode, OtpId, State};
use tokio::sync::{oneshot, watch};

use crate::client::KoppelClient;
use crate::engine::Input;
use crate::error::ClientError;

/// The longest that a list is believed: a clock that was set, or a machine that slept, is noticed within this time.
const LONGEST_LOOK: Duration = Duration::from_secs(5);

/// What became of an account that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddedCode {
    /// Its name on this phone.
    pub id: OtpId,
    /// Whether the phone kept it before: the same names, and the same codes.
    pub known: bool,
}

impl KoppelClient {
    /// The authenticator accounts with their codes of this moment, in the person's order. For the screen that shows them.
    pub async fn codes(&self) -> Result<Vec<OtpCode>, ClientError> {
        let (asker, answer) = oneshot::channel();
        self.send(Input::Codes(asker)).await?;
        answer.await.map_err(|_| ClientError::Stopped)
    }

    /// A look at the codes that goes on for as long as a screen shows them.
    pub fn watch_codes(&self) -> CodesWatch {
        CodesWatch { client: self.clone(), states: self.watch(), shown: None }
    }

    /// Keeps accounts, and returns when they are on disk: one answer each, in the order given.
    ///
    /// # Errors
    /// [`Refused::TooManyCodes`](koppel_core::Refused::TooManyCodes), and none of them is kept;
    /// [`Trouble::NotPersisted`](koppel_core::Trouble::NotPersisted), and they are tried to be written again.
    pub async fn add_codes(&self, accounts: Vec<OtpAccount>) -> Result<Vec<AddedCode>, ClientError> {
        let (asker, answer) = oneshot::channel();
        self.send(Input::AddCodes(accounts, asker)).await?;
        answer.await.map_err(|_| ClientError::Stopped)?
    }

    /// Gives an authenticator account another label, on this phone only.
    pub async fn rename_code(&self, id: OtpId, label: String) -> Result<(), ClientError> {
        self.lasting_wish(Event::RenameCode { id, label }).await
    }

    /// Moves an authenticator account to a place in the list, counted from 0; behind the last one where there is no such place.
    pub async fn move_code(&self, id: OtpId, place: usize) -> Result<(), ClientError> {
        self.lasting_wish(Event::MoveCode { id, place }).await
    }

    /// Forgets an authenticator account, its secret too. The service still asks for its codes: that is to be changed there first.
    pub async fn remove_code(&self, id: OtpId) -> Result<(), ClientError> {
        self.lasting_wish(Event::RemoveCode { id }).await
    }

    /// A wish that is granted only when it is on disk.
    async fn lasting_wish(&self, event: Event) -> Result<(), ClientError> {
        let (asker, answer) = oneshot::channel();
        self.send(Input::LastingWish(Box::new(event), asker)).await?;
        answer.await.map_err(|_| ClientError::Stopped)?
    }
}

/// A look at the codes. Ends when it is dropped.
pub struct CodesWatch {
    client: KoppelClient,
    states: watch::Receiver<Arc<State>>,
    shown: Option<Vec<OtpCode>>,
}

impl CodesWatch {
    /// The list, as soon as it is another one than before: a code was followed by its next, or the accounts changed. The first at once;
    /// none when the companion was stopped. May be cancelled.
    pub async fn next(&mut self) -> Option<Vec<OtpCode>> {
        loop {
            self.states.mark_unchanged();
            let codes = self.client.codes().await.ok()?;
            if self.shown.as_deref().is_none_or(|shown| differ(shown, &codes)) {
                self.shown = Some(codes.clone());
                return Some(codes);
            }
            let first = codes.iter().map(|code| Duration::from_millis(code.left_ms)).min();
            tokio::select! {
                changed = self.states.changed() => changed.ok()?,
                () = tokio::time::sleep(first.unwrap_or(LONGEST_LOOK).min(LONGEST_LOOK)) => {}
            }
        }
    }
}

/// Whether there is another list to show. What only ticks is not.
fn differ(shown: &[OtpCode], codes: &[OtpCode]) -> bool {
    let still = |codes: &[OtpCode]| codes.iter().map(|code| OtpCode { left_ms: 0, ..code.clone() }).collect::<Vec<_>>();
    still(shown) != still(codes)
}
