//! Authenticator accounts of other services: their codes, pulled as often as there are others to show, and what arranges them.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use koppel_client::{AddedCode as Added, CodesWatch, KoppelClient as Client};
use koppel_core::{NotTaken, OtpAccount, OtpCode as CoreCode, OtpReading};
use tokio::sync::{Mutex, watch};
use zeroize::Zeroizing;

use crate::client::RawClient;
use crate::error::KoppelError;
use crate::ids::OtpId;
use crate::runtime::{here, to_the_end, while_wanted};

/// An authenticator account with its code of this moment. For the screen that shows it; never part of the state.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct OtpCode {
    /// The account's name on this phone.
    pub id: OtpId,
    /// What the person calls it; at first the service.
    pub label: String,
    /// The service; may be empty.
    pub issuer: String,
    /// The person's name there; may be empty.
    pub name: String,
    /// The 6 to 8 ASCII digits that count now. As bytes, so that nothing prints them by accident.
    pub ascii: Vec<u8>,
    /// The digits that count after them.
    pub next_ascii: Vec<u8>,
    /// How long each code counts.
    pub period: Duration,
    /// When the next code takes over, on this phone's clock: a countdown is `until - now`.
    pub until: SystemTime,
}

/// What became of a link or an export.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct AddedCodes {
    /// What is kept now, in the order in which it stood there.
    pub added: Vec<AddedCode>,
    /// What gives no codes here. The app that exported it still does.
    pub refused: Vec<RefusedCode>,
    /// Which part of an export this was, where it has several: ask for the others.
    pub part: Option<ExportPart>,
}

/// An account that is kept.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct AddedCode {
    /// Its name on this phone.
    pub id: OtpId,
    /// The service; may be empty.
    pub issuer: String,
    /// The person's name there; may be empty.
    pub name: String,
    /// Whether it was kept before: the same names, and the same codes.
    pub known: bool,
}

/// An account of an export that gives no codes here.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct RefusedCode {
    /// The service; may be empty.
    pub issuer: String,
    /// The person's name there; may be empty.
    pub name: String,
    /// As of the error `CodeInvalid`.
    pub why: String,
    /// What to do next, in English and for developers.
    pub advice: String,
}

/// One of the QR codes of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct ExportPart {
    /// Which, from 1.
    pub number: u32,
    /// Of how many.
    pub of: u32,
}

/// A look at the codes. Ends with [`stop`](Self::stop), or with the companion.
#[derive(uniffi::Object)]
pub struct RawCodes {
    codes: Arc<Mutex<CodesWatch>>,
    stopped: watch::Sender<bool>,
}

#[uniffi::export]
impl RawCodes {
    /// Every account with its code, in the person's order: the first list at once, the next one when a code was followed by another or the
    /// accounts changed. None at the end. May be cancelled.
    ///
    /// # Errors
    /// None that an app could cause.
    pub async fn next(&self) -> Result<Option<Vec<OtpCode>>, KoppelError> {
        let (codes, mut stopped) = (self.codes.clone(), self.stopped.subscribe());
        while_wanted(async move {
            let list = async { codes.lock().await.next().await };
            Ok(tokio::select! {
                biased;
                _ = stopped.wait_for(|stopped| *stopped) => None,
                list = list => list.map(|list| list.into_iter().map(OtpCode::from).collect()),
            })
        })
        .await
    }

    /// Ends it: whoever waits gets none.
    pub fn stop(&self) {
        self.stopped.send_replace(true);
    }
}

#[uniffi::export]
impl RawClient {
    /// A look at the codes of other services, for as long as a screen shows them.
    ///
    /// # Errors
    /// None that an app could cause.
    pub fn watch_codes(&self) -> Result<Arc<RawCodes>, KoppelError> {
        here(|| {
            let codes = Arc::new(Mutex::new(self.client.watch_codes()));
            Ok(Arc::new(RawCodes { codes, stopped: watch::Sender::new(false) }))
        })
    }

    /// Keeps the account of an `otpauth://` link. One that is kept already is not kept twice.
    ///
    /// # Errors
    /// `CodeInvalid`, also for an export (`otp-several`): that is for [`add_codes`](Self::add_codes). `NotAvailable` (`too-many-codes`).
    pub async fn add_code(&self, uri: Vec<u8>) -> Result<OtpId, KoppelError> {
        let client = self.client.clone();
        let uri = Zeroizing::new(uri);
        to_the_end(async move {
            let account = only(read(&uri)?)?;
            keep(&client, account).await
        })
        .await
    }

    /// Keeps every account of a link or of another authenticator's export, whichever was scanned. Returns when they are on disk.
    ///
    /// # Errors
    /// `CodeInvalid`: nothing in it can be read. `NotAvailable` (`too-many-codes`), and none is kept.
    pub async fn add_codes(&self, uri: Vec<u8>) -> Result<AddedCodes, KoppelError> {
        let client = self.client.clone();
        let uri = Zeroizing::new(uri);
        to_the_end(async move {
            let OtpReading { accounts, refused, part } = read(&uri)?;
            let added = client.add_codes(accounts.clone()).await?;
            let added = added.into_iter().zip(&accounts).map(|(Added { id, known }, account)| AddedCode {
                id: id.into(),
                issuer: account.issuer().to_owned(),
                name: account.name().to_owned(),
                known,
            });
            let refused = refused.into_iter().map(|it| RefusedCode {
                issuer: it.issuer,
                name: it.name,
                why: it.why.code().into(),
                advice: it.why.to_string(),
            });
            let part = part.map(|part| ExportPart { number: part.number, of: part.of });
            Ok(AddedCodes { added: added.collect(), refused: refused.collect(), part })
        })
        .await
    }

    /// Keeps an account that was typed by hand: the secret in base32, as the service shows it.
    ///
    /// # Errors
    /// `CodeInvalid`, with the place of a wrong character. `NotAvailable` (`too-many-codes`).
    pub async fn add_typed_code(&self, issuer: String, name: String, secret: Vec<u8>) -> Result<OtpId, KoppelError> {
        let client = self.client.clone();
        let secret = Zeroizing::new(secret);
        to_the_end(async move { keep(&client, OtpAccount::typed(&issuer, &name, text(&secret))?).await }).await
    }

    /// Gives an authenticator account another label, on this phone only.
    ///
    /// # Errors
    /// `InvitationInvalid` (`name-invalid`), `NotAvailable` (`no-such-code`).
    pub async fn rename_code(&self, id: OtpId, label: String) -> Result<(), KoppelError> {
        let client = self.client.clone();
        to_the_end(async move { Ok(client.rename_code(id.read()?, label).await?) }).await
    }

    /// Moves an authenticator account to a place in the list, counted from 0; behind the last one where there is no such place.
    ///
    /// # Errors
    /// `NotAvailable` (`no-such-code`).
    pub async fn move_code(&self, id: OtpId, place: u32) -> Result<(), KoppelError> {
        let client = self.client.clone();
        to_the_end(async move { Ok(client.move_code(id.read()?, place as usize).await?) }).await
    }

    /// Forgets an authenticator account, its secret too.
    ///
    /// # Errors
    /// `NotAvailable` (`no-such-code`).
    pub async fn remove_code(&self, id: OtpId) -> Result<(), KoppelError> {
        let client = self.client.clone();
        to_the_end(async move { Ok(client.remove_code(id.read()?).await?) }).await
    }
}

async fn keep(client: &Client, account: OtpAccount) -> Result<OtpId, KoppelError> {
    let added = client.add_codes(vec![account]).await?;
    added.first().map(|added| added.id.into()).ok_or_else(|| KoppelError::internal("nothing-added"))
}

fn read(uri: &[u8]) -> Result<OtpReading, KoppelError> {
    Ok(OtpAccount::read(text(uri))?)
}

/// The account of a reading that has no other.
fn only(reading: OtpReading) -> Result<OtpAccount, KoppelError> {
    let OtpReading { mut accounts, refused, part } = reading;
    match (accounts.pop(), refused.as_slice(), part) {
        (Some(account), [], None) if accounts.is_empty() => Ok(account),
        (None, [NotTaken { why, .. }], None) => Err((*why).into()),
        _ => Err(KoppelError::several_codes()),
    }
}

/// What is no text is no link either.
fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

impl From<CoreCode> for OtpCode {
    fn from(code: CoreCode) -> Self {
        Self {
            id: code.id.into(),
            label: code.label,
            issuer: code.issuer,
            name: code.name,
            ascii: code.code.expose().as_bytes().to_vec(),
            next_ascii: code.next.expose().as_bytes().to_vec(),
            period: Duration::from_secs(code.period_s),
            until: UNIX_EPOCH + Duration::from_millis(code.until_ms.max(0).unsigned_abs()),
        }
    }
}

#[cfg(test)]
mod tests {
    use koppel_core::OtpError;

    use super::*;

    #[test]
    fn one_account_is_kept_or_refused_with_its_reason_and_several_are_not_one() {
        let account = || OtpAccount::typed("Example", "anna", "GEZDGNBV").unwrap();
        let counter = || NotTaken { issuer: String::new(), name: String::new(), why: OtpError::CounterBased };
        let part = Some(koppel_core::ExportPart { number: 1, of: 2 });
        for (accounts, refused, part, why) in [
            (vec![account()], vec![], None, None),
            (vec![], vec![counter()], None, Some("otp-counter-based")),
            (vec![], vec![counter(), counter()], None, Some("otp-several")),
            (vec![], vec![counter()], part, Some("otp-several")),
            (vec![account()], vec![counter()], None, Some("otp-several")),
            (vec![account()], vec![], part, Some("otp-several")),
            (vec![account(), account()], vec![], None, Some("otp-several")),
        ] {
            let said = match only(OtpReading { accounts, refused, part }) {
                Ok(kept) => {
                    assert!(kept == account());
                    None
                }
                Err(KoppelError::CodeInvalid { why, .. }) => Some(why),
                Err(other) => panic!("{other}"),
            };
            assert_eq!(said.as_deref(), why);
        }
    }
}
