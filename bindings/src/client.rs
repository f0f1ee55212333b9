//! The companion, as an app sees it.

use std::path::PathBuf;
use std::sync::Arc;

use koppel_client::clock::{Clock, SystemClock, WrongClock};
use koppel_client::disk::RealDisk;
use koppel_client::tls::Roots;
use koppel_client::{KoppelClient as Client, Setup, opening};
use koppel_core::{NoSignature as CoreNoSignature, Road};
use koppel_protocol::{Digits, Envelope};
use rustls::pki_types::CertificateDer;

use crate::challenge::{Alert, ChallengeContent, DenyReason, Outcome};
use crate::error::KoppelError;
use crate::foreign::{ForeignKeys, ForeignSecrets};
use crate::ids::{AccountId, ChallengeId, NoticeId};
use crate::invitation::{Invitation, name};
use crate::phone_test::RawTest;
use crate::platform::{DeviceKeys, DeviceKind, SecretStore};
use crate::runtime::{here, to_the_end, while_wanted};
use crate::signing::{ApprovalStep, NoSignature, SigningRequest};
use crate::state::KoppelState;
use crate::watch::RawWatch;

/// How a companion is opened.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct OpenOptions {
    /// Where its vault lies: a folder of the app's own, outside every backup. Made when it is not there.
    pub folder: String,
    /// What it runs on.
    pub kind: DeviceKind,
    /// Certificates (DER) to trust beside the public ones: of an organisation that makes its own.
    pub extra_roots: Vec<Vec<u8>>,
    /// For tests only: how many seconds the phone's clock is pretended to be ahead. An app leaves it at 0.
    #[uniffi(default = 0)]
    pub clock_ahead_s: i64,
}

/// A pairing that may come to be. Nothing is bound yet.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Offer {
    /// The account that it would be.
    pub account: AccountId,
    /// The server's address.
    pub host: String,
    /// The organisation, as its server signed it.
    pub organisation: String,
    /// The user's name there.
    pub user: String,
}

/// The companion. One for a folder; opened again it is the same one. Every verb may be called from every thread.
#[derive(uniffi::Object)]
pub struct RawClient {
    pub(crate) client: Client,
}

/// For a vault whose key is lost or that is damaged: puts its file aside, deletes keys nobody can use any more, and leaves the folder
/// ready to be opened. Returns where the file is now. Nothing is undone at the servers: phones that were paired there stay in
/// their lists until they are removed.
///
/// # Errors
/// As [`RawClient::open`].
#[uniffi::export]
pub async fn start_afresh(
    options: OpenOptions,
    secrets: Arc<dyn SecretStore>,
    keys: Arc<dyn DeviceKeys>,
) -> Result<String, KoppelError> {
    to_the_end(async move {
        let setup = setup(options, secrets, keys)?;
        let aside = tokio::task::spawn_blocking(move || opening::start_afresh(&setup)).await;
        let aside = aside.map_err(|_| KoppelError::internal("panic"))??;
        Ok(aside.display().to_string())
    })
    .await
}

#[uniffi::export]
impl RawClient {
    /// Opens the companion of a folder. A folder that is open in this process gives the same companion again, and then the other
    /// arguments do not count. One process at a time may have a folder open.
    ///
    /// # Errors
    /// `Locked`: nothing is lost, try again after the phone was unlocked. `KeyLost`, `VaultDamaged`: the file is kept, offer to start afresh.
    /// `UpdateRequired`: a newer version of the app wrote the vault. `NotAvailable`: the folder, or what the app brought, failed.
    #[uniffi::constructor]
    pub async fn open(
        options: OpenOptions,
        secrets: Arc<dyn SecretStore>,
        keys: Arc<dyn DeviceKeys>,
    ) -> Result<Arc<Self>, KoppelError> {
        to_the_end(async move {
            let client = Client::open(setup(options, secrets, keys)?).await?;
            Ok(Arc::new(Self { client }))
        })
        .await
    }

    /// The newest state.
    ///
    /// # Errors
    /// None that an app could cause.
    pub fn state(&self) -> Result<KoppelState, KoppelError> {
        here(|| Ok(KoppelState::from(self.client.state().as_ref())))
    }

    /// A look at the state that waits for newer ones.
    ///
    /// # Errors
    /// None that an app could cause.
    pub fn watch(&self) -> Result<Arc<RawWatch>, KoppelError> {
        here(|| Ok(Arc::new(RawWatch::of(&self.client))))
    }

    /// Begins to pair, after the person agreed to the host ([`host_of`](crate::invitation::host_of)). Binds nothing. With `approvals` a key is made
    /// that approves; without it the account shows codes only. Cancelled, it gives the pairing up; while there is no network
    /// it waits for one, ten minutes at most.
    ///
    /// # Errors
    /// `InvitationInvalid`, `InvitationRefused`, `TooManyTries`, `NoConnection`, `ServerChanged`, `NotAvailable` (`keys-unavailable`).
    pub async fn pair(
        &self,
        invitation: Invitation,
        device_name: String,
        approvals: bool,
    ) -> Result<Offer, KoppelError> {
        let client = self.client.clone();
        while_wanted(async move {
            let (invitation, device_name) = (invitation.read()?, name(&device_name)?);
            let offer = client.pair(invitation, device_name, approvals).await?;
            Ok(Offer {
                account: offer.account.into(),
                host: offer.host.to_string(),
                organisation: offer.organisation,
                user: offer.user,
            })
        })
        .await
    }

    /// The person agreed to an offer, or to one that a restart left in the state (`Offered`). Returns what they are to sign; none when
    /// the account approves nothing, and then the check number is in the state.
    ///
    /// # Errors
    /// As [`pair`](Self::pair), and `NotAvailable` when there is no such offer.
    pub async fn begin_accept(&self, account: AccountId) -> Result<Option<SigningRequest>, KoppelError> {
        let client = self.client.clone();
        while_wanted(async move { Ok(client.begin_accept(account.read()?).await?.map(SigningRequest::of)) }).await
    }

    /// Answers [`begin_accept`](Self::begin_accept). When it returns, the check number is in the state, and on disk.
    ///
    /// # Errors
    /// As [`pair`](Self::pair). `NotAvailable` (`no-such-challenge`): past the deadline; begin again.
    pub async fn finish_accept(&self, request: SigningRequest, signature: Vec<u8>) -> Result<(), KoppelError> {
        let client = self.client.clone();
        to_the_end(async move { Ok(client.finish_accept(&request.read()?, Ok(signature)).await.map(drop)?) }).await
    }

    /// Gives a pairing up, at any step before the account is in use.
    ///
    /// # Errors
    /// `NotAvailable` when there is none.
    pub async fn decline(&self, account: AccountId) -> Result<(), KoppelError> {
        let client = self.client.clone();
        to_the_end(async move { Ok(client.decline(account.read()?).await?) }).await
    }

    /// Takes an envelope that a push brought, also without a network. Returns the live challenge in it, whichever way it came
    /// first; none when it holds something else, is over, or is not for this phone.
    ///
    /// # Errors
    /// `ServerChanged`: the account that it is for is stopped.
    pub async fn receive(&self, envelope: Vec<u8>, alert: Alert) -> Result<Option<ChallengeId>, KoppelError> {
        let client = self.client.clone();
        to_the_end(async move {
            let Ok(envelope) = Envelope::from_bytes(&envelope) else { return Ok(None) };
            let live = client.receive(envelope, Road::Live, alert.into()).await?;
            Ok(live.map(|(account, cid)| ChallengeId::new(account, cid)))
        })
        .await
    }

    /// Asks every server now: pull to refresh, or after a push. Returns when it was asked; what came is in the state.
    ///
    /// # Errors
    /// `Stopped`.
    pub async fn refresh(&self) -> Result<(), KoppelError> {
        let client = self.client.clone();
        to_the_end(async move { Ok(client.refresh().await?) }).await
    }

    /// A challenge comes on screen: tells the server, and gives what is on that screen.
    ///
    /// # Errors
    /// `NotAvailable` (`no-such-challenge`): it is over.
    pub async fn show(&self, challenge: ChallengeId) -> Result<ChallengeContent, KoppelError> {
        let client = self.client.clone();
        to_the_end(async move {
            let (account, cid) = challenge.read()?;
            Ok(client.show(account, cid).await?.into())
        })
        .await
    }

    /// The person wants to approve, and typed `number` where the challenge asks for one; its server is asked whether it is still
    /// live. Nothing is stored before [`finish_approval`](Self::finish_approval).
    ///
    /// # Errors
    /// `NoConnection`, `NotAvailable` (`number-needed`, `codes-only`, `already-answered` …), `UpdateRequired`.
    pub async fn begin_approval(
        &self,
        challenge: ChallengeId,
        number: Option<String>,
    ) -> Result<ApprovalStep, KoppelError> {
        let client = self.client.clone();
        while_wanted(async move {
            let (account, cid) = challenge.read()?;
            let number = number.map(|typed| Digits::from_typed(&typed)).transpose();
            let number = number.map_err(|_| koppel_core::Refused::NumberNeeded);
            let number = number.map_err(KoppelError::from)?;
            ApprovalStep::of(client.ask_approval(account, cid, number).await?)
        })
        .await
    }

    /// Answers [`begin_approval`](Self::begin_approval): verifies the signature, stores the approval, sends it. Goes on to its end although
    /// nobody waits any more. `Expired` past its deadline, or when a newer request took its place.
    ///
    /// # Errors
    /// `Internal` (`signature-invalid`): the signature does not fit the key; nothing was approved.
    pub async fn finish_approval(&self, request: SigningRequest, signature: Vec<u8>) -> Result<Outcome, KoppelError> {
        let client = self.client.clone();
        to_the_end(async move { Outcome::of(client.finish_approval(&request.read()?, Ok(signature)).await?) }).await
    }

    /// There is no signature: what was asked is taken back, for an approval and for a pairing alike. A request that is no longer
    /// open is no error.
    ///
    /// # Errors
    /// `Stopped`.
    pub async fn not_signed(&self, request: SigningRequest, why: NoSignature) -> Result<(), KoppelError> {
        let client = self.client.clone();
        to_the_end(async move {
            match client.finish(&request.read()?, Err(CoreNoSignature::from(why))).await {
                Err(koppel_client::ClientError::Refused(_)) => Ok(()),
                other => Ok(other?),
            }
        })
        .await
    }

    /// The person says no. [`DenyReason::NotMe`] is a report, which locks the account; it also counts a day after the challenge ended.
    ///
    /// # Errors
    /// `NotAvailable` (`no-such-challenge`, `already-answered`).
    pub async fn deny(&self, challenge: ChallengeId, reason: DenyReason) -> Result<Outcome, KoppelError> {
        let client = self.client.clone();
        to_the_end(async move {
            let (account, cid) = challenge.read()?;
            Outcome::of(client.refuse(account, cid, reason.into()).await?)
        })
        .await
    }

    /// After a report of this phone: asks for a challenge whose approval lifts the lock.
    ///
    /// # Errors
    /// `NotAvailable` (`codes-only`).
    pub async fn lift_lock(&self, account: AccountId) -> Result<(), KoppelError> {
        let client = self.client.clone();
        to_the_end(async move { Ok(client.lift_lock(account.read()?).await?) }).await
    }

    /// Connected for as long as this call runs: while the app is on screen. Returns only when the companion was stopped; cancel it to
    /// disconnect.
    ///
    /// # Errors
    /// `Stopped`.
    pub async fn stay_connected(&self) -> Result<(), KoppelError> {
        let client = self.client.clone();
        while_wanted(async move { Ok(client.stay_connected().await.map(|_| ())?) }).await
    }

    /// Gives an account another label, on this phone only.
    ///
    /// # Errors
    /// `InvitationInvalid` (`name-invalid`), `NotAvailable` (`no-such-account`).
    pub async fn rename(&self, account: AccountId, label: String) -> Result<(), KoppelError> {
        let client = self.client.clone();
        to_the_end(async move { Ok(client.rename(account.read()?, label).await?) }).await
    }

    /// Removes an account: tells its server if it can be reached, and deletes the keys. Done when it has left the state.
    ///
    /// # Errors
    /// `NotAvailable` (`no-such-account`).
    pub async fn remove(&self, account: AccountId) -> Result<(), KoppelError> {
        let client = self.client.clone();
        to_the_end(async move { Ok(client.remove(account.read()?).await?) }).await
    }

    /// A notice was read.
    ///
    /// # Errors
    /// `NotAvailable` (`no-such-notice`).
    pub async fn dismiss(&self, notice: NoticeId) -> Result<(), KoppelError> {
        let client = self.client.clone();
        to_the_end(async move {
            let (account, nid) = notice.read()?;
            Ok(client.dismiss(account, nid).await?)
        })
        .await
    }

    /// Tries every step a login takes. The app must be connected meanwhile.
    ///
    /// # Errors
    /// `NotAvailable` (`no-such-account`).
    pub fn test_phone(&self, account: AccountId) -> Result<Arc<RawTest>, KoppelError> {
        here(|| Ok(Arc::new(RawTest::of(self.client.clone(), account.read()?)?)))
    }

    /// Disconnects and ends the companion; every look at it ends. Everything that matters is already on disk.
    ///
    /// # Errors
    /// None that an app could cause; stopped twice is stopped.
    pub async fn stop(&self) -> Result<(), KoppelError> {
        let client = self.client.clone();
        to_the_end(async move {
            client.stop().await;
            Ok(())
        })
        .await
    }
}

fn setup(options: OpenOptions, secrets: Arc<dyn SecretStore>, keys: Arc<dyn DeviceKeys>) -> Result<Setup, KoppelError> {
    let secrets = Arc::new(ForeignSecrets(secrets));
    let mut roots = Roots::bundled();
    if !options.extra_roots.is_empty() {
        let own = options.extra_roots.into_iter().map(CertificateDer::from).collect();
        roots = roots.and(own).map_err(|error| KoppelError::NotAvailable {
            advice: format!("an extra root is no certificate ({error}); give DER"),
            why: "roots-invalid".into(),
        })?;
    }
    let clock: Arc<dyn Clock> = match options.clock_ahead_s {
        0 => Arc::new(SystemClock),
        ahead_s => Arc::new(WrongClock { ahead_s }),
    };
    Ok(Setup {
        folder: PathBuf::from(options.folder),
        disk: Arc::new(RealDisk),
        keys: Arc::new(ForeignKeys::new(keys, secrets.clone())),
        secrets,
        roots,
        platform: options.kind.into(),
        clock,
    })
}
