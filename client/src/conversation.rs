//! Verbs that wait for their end: what a shell with async functions calls.
//!
//! They are made of the verbs of [`KoppelClient`] and of its updates. What needs the person comes in two calls, one that gives
//! the request to sign and one that takes the signature: [`begin_accept`](KoppelClient::begin_accept) and [`finish_accept`](KoppelClient::finish_accept),
//! [`ask_approval`](KoppelClient::ask_approval) and [`finish_approval`](KoppelClient::finish_approval). Dropping one of these futures loses nothing:
//! what was begun is carried on by the engine, and told by updates. The one exception is [`pair`](KoppelClient::pair): nobody
//! would know of the offer, so the pairing is given up.

use koppel_core::{
    AccountId, AccountStatus, ChallengeContent, DenyReason, Invitation, News, NoSignature, Outcome, PairingEnd,
    Question, Refused, Reply, SigningPurpose, SigningRequest, Trouble,
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

/// What became of the wish to approve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// This is to be signed with the `approve` key, by the person.
    Sign(SigningRequest),
    /// It is over already: too late, answered elsewhere.
    Over(Outcome),
}

impl KoppelClient {
    /// Begins to pair (P0 to P2), after the person agreed to the host. Binds nothing. Dropped before there is an offer, it gives
    /// the pairing up.
    ///
    /// # Errors
    /// Why there is no offer; nothing was paired.
    pub async fn pair(
        &self,
        invitation: Invitation,
        device_name: Text,
        approvals: bool,
    ) -> Result<PairingOffer, ClientError> {
        let mut updates = Listener::of(self);
        let account = self.begin_pairing(invitation, device_name, approvals).await?;
        let mut unfinished = GiveUp { client: self, account: Some(account) };
        let ended = loop {
            match updates.news().await? {
                News::Offer { account: of, host, organisation, user } if of == account => {
                    break Ok(PairingOffer { account, host, organisation, user });
                }
                News::PairingEnded { account: of, why } if of == account => break Err(ended(why)),
                _ => {}
            }
        };
        unfinished.account = None;
        ended
    }

    /// The person agreed to an offer (P3). Returns what is to be signed with the `approve` key; `None` when the pairing has
    /// none, and then it is done: the check number is in the snapshot.
    ///
    /// # Errors
    /// Why it ended, or stepped back to the offer.
    pub async fn begin_accept(&self, account: AccountId) -> Result<Option<SigningRequest>, ClientError> {
        let mut updates = Listener::of(self);
        self.accept(account).await?;
        let mut acceptance = Acceptance { account, trouble: None };
        loop {
            match updates.next().await? {
                Update::Ask(request) if is_for_pairing(&request, account) => return Ok(Some(request)),
                Update::News(news) => {
                    if let Some(end) = acceptance.hears(*news) {
                        return end.map(|_| None);
                    }
                }
                Update::Ask(_) | Update::NotWritten(_) => {}
            }
        }
    }

    /// The person's answer to what [`begin_accept`](Self::begin_accept) returned. Returns the check number to show; that the account is active
    /// then comes as an update.
    ///
    /// # Errors
    /// Why it ended, or stepped back to the offer.
    pub async fn finish_accept(
        &self,
        request: &SigningRequest,
        signature: Result<Vec<u8>, NoSignature>,
    ) -> Result<String, ClientError> {
        let mut updates = Listener::of(self);
        self.finish(request, signature).await?;
        let mut acceptance = Acceptance { account: request.order.account, trouble: None };
        loop {
            if let Some(end) = acceptance.hears(updates.news().await?) {
                return end;
            }
        }
    }

    /// The person wants to approve. Returns what is to be signed; nothing is stored before
    /// [`finish_approval`](Self::finish_approval).
    ///
    /// # Errors
    /// Why nothing can be approved; it may be tried again.
    pub async fn ask_approval(
        &self,
        account: AccountId,
        cid: ChallengeId,
        number: Option<Digits>,
    ) -> Result<Asked, ClientError> {
        let mut updates = Listener::of(self);
        self.begin_approval(account, cid, number).await?;
        let answer = Answer { account, cid, approve: true };
        loop {
            match updates.next().await? {
                Update::Ask(request)
                    if request.order.account == account && request.purpose == SigningPurpose::Approval(cid) =>
                {
                    return Ok(Asked::Sign(request));
                }
                Update::News(news) => {
                    if let Some(end) = answer.hears(*news) {
                        return end.map(Asked::Over);
                    }
                }
                Update::Ask(_) | Update::NotWritten(_) => {}
            }
        }
    }

    /// The person's answer to what [`ask_approval`](Self::ask_approval) returned: verified, stored, then sent. [`Outcome::Queued`] says that it is
    /// stored and is sent as soon as there is a network; what became of it then is in the snapshot and comes as an update.
    /// Past its deadline, or when a newer request took its place: [`Outcome::Expired`].
    ///
    /// # Errors
    /// Why nothing was approved; it may be tried again.
    pub async fn finish_approval(
        &self,
        request: &SigningRequest,
        signature: Result<Vec<u8>, NoSignature>,
    ) -> Result<Outcome, ClientError> {
        let SigningPurpose::Approval(cid) = request.purpose else {
            return Err(ClientError::Refused(Refused::NotNow));
        };
        let mut updates = Listener::of(self);
        match self.finish(request, signature).await {
            Err(ClientError::Refused(Refused::Late | Refused::Expired)) => return Ok(Outcome::Expired),
            other => other?,
        }
        updates.outcome(Answer { account: request.order.account, cid, approve: true }).await
    }

    /// The person says no, and waits for what became of it. [`DenyReason::NotMe`] is a fraud report, which locks the account.
    ///
    /// # Errors
    /// It was not taken; it may be tried again.
    pub async fn refuse(
        &self,
        account: AccountId,
        cid: ChallengeId,
        reason: DenyReason,
    ) -> Result<Outcome, ClientError> {
        let mut updates = Listener::of(self);
        self.deny(account, cid, reason).await?;
        updates.outcome(Answer { account, cid, approve: false }).await
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
        let mut updates = Listener::of(self);
        self.inquire(account, question).await?;
        loop {
            match updates.news().await? {
                News::Answer { account: of, question: to, reply, took_ms } if of == account && to == question => {
                    return Ok((reply, took_ms));
                }
                News::Removed(gone) if gone == account => return Err(ClientError::Refused(Refused::NoSuchAccount)),
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

/// Gives a pairing up when nobody waits for its offer any more.
struct GiveUp<'a> {
    client: &'a KoppelClient,
    account: Option<AccountId>,
}

impl Drop for GiveUp<'_> {
    fn drop(&mut self) {
        if let Some(account) = self.account {
            self.client.try_decline(account);
        }
    }
}

/// Updates from now on, until the client is stopped.
struct Listener<'a> {
    client: &'a KoppelClient,
    updates: broadcast::Receiver<Update>,
}

impl<'a> Listener<'a> {
    fn of(client: &'a KoppelClient) -> Self {
        Self { client, updates: client.later_updates() }
    }

    async fn next(&mut self) -> Result<Update, ClientError> {
        loop {
            let update = tokio::select! {
                biased;
                update = self.updates.recv() => update,
                () = self.client.stopped() => return Err(ClientError::Stopped),
            };
            match update {
                Ok(update) => return Ok(update),
                Err(RecvError::Lagged(missed)) => tracing::warn!(missed, "updates were missed"),
                Err(RecvError::Closed) => return Err(ClientError::Stopped),
            }
        }
    }

    async fn news(&mut self) -> Result<News, ClientError> {
        loop {
            if let Update::News(news) = self.next().await? {
                return Ok(*news);
            }
        }
    }

    async fn outcome(&mut self, answer: Answer) -> Result<Outcome, ClientError> {
        loop {
            if let Some(end) = answer.hears(self.news().await?) {
                return end;
            }
        }
    }
}

/// An answer to a challenge whose outcome is waited for.
#[derive(Clone, Copy)]
struct Answer {
    account: AccountId,
    cid: ChallengeId,
    approve: bool,
}

impl Answer {
    /// Whether this news ends the wait, and how.
    fn hears(self, news: News) -> Option<Result<Outcome, ClientError>> {
        match news {
            News::Outcome { account, cid, approve, outcome }
                if (account, cid, approve) == (self.account, self.cid, self.approve) =>
            {
                Some(Ok(outcome))
            }
            News::Trouble { account: Some(account), cid: Some(cid), trouble, .. }
                if (account, cid) == (self.account, self.cid) =>
            {
                Some(Err(ClientError::Trouble(trouble)))
            }
            // A stopped account answers nothing any more.
            News::Removed(account) if account == self.account => {
                Some(Err(ClientError::Refused(Refused::NoSuchAccount)))
            }
            News::Account(view) if view.account == self.account => match view.status {
                AccountStatus::ServerChanged => Some(Err(ClientError::Refused(Refused::ServerChanged))),
                AccountStatus::Revoked => Some(Err(ClientError::Trouble(Trouble::DeviceRevoked))),
                AccountStatus::Removing => Some(Err(ClientError::Refused(Refused::NotActive))),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The agreement to an offer, until its check number is known.
struct Acceptance {
    account: AccountId,
    trouble: Option<Trouble>,
}

impl Acceptance {
    /// Whether this news ends the wait, and how.
    fn hears(&mut self, news: News) -> Option<Result<String, ClientError>> {
        match news {
            News::CheckNumber { account, check_number, .. } if account == self.account => Some(Ok(check_number)),
            News::PairingEnded { account, why } if account == self.account => Some(Err(ended(why))),
            News::Trouble { account: Some(account), trouble, .. } if account == self.account => {
                self.trouble = Some(trouble);
                None
            }
            // Back at the offer: a key did not sign, or not in time.
            News::Offer { account, .. } if account == self.account => {
                Some(Err(ClientError::Trouble(self.trouble.unwrap_or(Trouble::NotPersisted))))
            }
            _ => None,
        }
    }
}

fn is_for_pairing(request: &SigningRequest, account: AccountId) -> bool {
    request.order.account == account && request.purpose == SigningPurpose::Pairing
}

fn ended(why: PairingEnd) -> ClientError {
    ClientError::Trouble(match why {
        PairingEnd::Failed(trouble) => trouble,
        PairingEnd::Declined => Trouble::Cancelled,
        PairingEnd::Refused => Trouble::InvitationRefused,
        PairingEnd::Expired => Trouble::Expired,
    })
}
