//! Verbs that wait for their end: what a shell with async functions calls.
//!
//! They are made of the two-call verbs of [`KoppelClient`] and of its updates. Dropping one of these futures loses nothing:
//! what was begun is carried on by the engine, and told by updates.

use koppel_core::{
    AccountId, ChallengeContent, Invitation, News, NoSignature, Outcome, PairingEnd, Question, Reply, SigningPurpose,
    SigningRequest, Trouble,
};
use koppel_protocol::id::ChallengeId;
use koppel_protocol::{Digits, Host, Text};
use tokio::sync::broadcast::{self, error::RecvError};

use crate::client::KoppelClient;
use crate::error::ClientError;
use crate::update::Update;

/// A pairing that may come to be: shown to the person before anything is bound.
#[derive(Debug, Clone)]
pub struct PairingOffer {
    /// The account that it would be on this phone.
    pub account: AccountId,
    /// The server.
    pub host: Host,
    /// The organisation's name, as its server signed it.
    pub organisation: String,
    /// The user's name there.
    pub user: String,
}

impl KoppelClient {
    /// Begins to pair (P0 to P2), after the person agreed to the host. Binds nothing.
    ///
    /// # Errors
    /// Why there is no offer; nothing was paired.
    pub async fn pair(
        &self,
        invitation: Invitation,
        device_name: Text,
        approvals: bool,
    ) -> Result<PairingOffer, ClientError> {
        let mut updates = self.updates();
        let pairing = self.begin_pairing(invitation, device_name, approvals).await?;
        loop {
            match next_news(&mut updates).await? {
                News::Offer { account, host, organisation, user } if account == pairing => {
                    return Ok(PairingOffer { account, host, organisation, user });
                }
                News::PairingEnded { account, why } if account == pairing => return Err(ended(why)),
                _ => {}
            }
        }
    }

    /// The person agreed (P3): the signer signs with the `approve` key if the pairing has one. Returns the check number to
    /// show; that the account is active then comes as an update.
    ///
    /// # Errors
    /// Why it ended; nothing was paired.
    pub async fn accept_with<S>(&self, offer: &PairingOffer, signer: S) -> Result<String, ClientError>
    where
        S: AsyncFn(&SigningRequest) -> Result<Vec<u8>, NoSignature>,
    {
        let mut updates = self.updates();
        self.accept(offer.account).await?;
        loop {
            let news = match next_update(&mut updates).await? {
                Update::Ask(request) => {
                    if request.order.account == offer.account && request.purpose == SigningPurpose::Pairing {
                        self.finish(&request, signer(&request).await).await?;
                    }
                    continue;
                }
                Update::News(news) => *news,
                Update::NotWritten(_) => continue,
            };
            match news {
                News::CheckNumber { account, check_number, .. } if account == offer.account => return Ok(check_number),
                News::PairingEnded { account, why } if account == offer.account => return Err(ended(why)),
                _ => {}
            }
        }
    }

    /// Approves: the signer asks the person and signs. [`Outcome::Queued`] says that the approval is stored and is sent as
    /// soon as there is a network; the final outcome then comes as an update.
    ///
    /// # Errors
    /// Why nothing was approved; it may be tried again.
    pub async fn approve_with<S>(
        &self,
        account: AccountId,
        cid: ChallengeId,
        number: Option<Digits>,
        signer: S,
    ) -> Result<Outcome, ClientError>
    where
        S: AsyncFn(&SigningRequest) -> Result<Vec<u8>, NoSignature>,
    {
        let mut updates = self.updates();
        self.begin_approval(account, cid, number).await?;
        loop {
            let news = match next_update(&mut updates).await? {
                Update::Ask(request) => {
                    if request.order.account == account && request.purpose == SigningPurpose::Approval(cid) {
                        self.finish(&request, signer(&request).await).await?;
                    }
                    continue;
                }
                Update::News(news) => *news,
                Update::NotWritten(_) => continue,
            };
            match news {
                News::Outcome { account: of, cid: to, outcome, .. } if of == account && to == cid => {
                    return Ok(outcome);
                }
                News::Trouble { cid: Some(to), trouble, .. } if to == cid => return Err(ClientError::Trouble(trouble)),
                _ => {}
            }
        }
    }

    /// Asks the server something that changes nothing here. Returns its answer and how many milliseconds it took.
    ///
    /// # Errors
    /// The question was not asked.
    pub async fn ask(
        &self,
        account: AccountId,
        question: Question,
    ) -> Result<(Result<Reply, Trouble>, u64), ClientError> {
        let mut updates = self.updates();
        self.inquire(account, question).await?;
        loop {
            match next_news(&mut updates).await? {
                News::Answer { account: of, question: to, reply, took_ms } if of == account && to == question => {
                    return Ok((reply, took_ms));
                }
                _ => {}
            }
        }
    }

    /// Waits until a challenge is on this phone, shows it, and returns its content.
    ///
    /// # Errors
    /// [`ClientError::Stopped`].
    pub async fn content_of(&self, account: AccountId, cid: ChallengeId) -> Result<ChallengeContent, ClientError> {
        let mut states = self.watch();
        let arrived = states.wait_for(|state| {
            state.challenges.iter().any(|challenge| challenge.account == account && challenge.cid == cid)
        });
        arrived.await.map_err(|_| ClientError::Stopped)?;
        self.show(account, cid).await
    }
}

async fn next_update(updates: &mut broadcast::Receiver<Update>) -> Result<Update, ClientError> {
    loop {
        match updates.recv().await {
            Ok(update) => return Ok(update),
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return Err(ClientError::Stopped),
        }
    }
}

async fn next_news(updates: &mut broadcast::Receiver<Update>) -> Result<News, ClientError> {
    loop {
        if let Update::News(news) = next_update(updates).await? {
            return Ok(*news);
        }
    }
}

fn ended(why: PairingEnd) -> ClientError {
    ClientError::Trouble(match why {
        PairingEnd::Failed(trouble) => trouble,
        PairingEnd::Declined => Trouble::Cancelled,
        PairingEnd::Refused => Trouble::InvitationRefused,
        PairingEnd::Expired => Trouble::Expired,
    })
}
