//! A session: the phone, open, with a face before it.
//!
//! It turns wishes into verbs of the client, what the client tells into happenings, and gets the PIN where one is needed. What
//! it was started for decides when it ends.

use std::collections::{HashMap, HashSet};

use koppel_client::phone_test::{self, SupportCode};
use koppel_client::pin::Pin;
use koppel_client::{ClientError, KoppelClient, Update};
use koppel_core::{
    AccountId, AccountStatus, ChallengeKind, EndedView, News, NoSignature, Outcome, SigningPurpose, SigningRequest,
    State,
};
use koppel_protocol::Digits;
use koppel_protocol::id::ChallengeId;
use serde_json::Value;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::mpsc;

use crate::complaint::Complaint;
use crate::happening::{Asked, Face, Happening, PairWish, Wish};
use crate::phone::{self, Phone};

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goal {
    /// To stay, until it is ended.
    Live,
    /// To pair; then to end, or to stay.
    Pair {
        /// Go on as [`Goal::Live`].
        stay: bool,
        /// End as soon as the check number is known.
        no_wait: bool,
    },
    /// To test the phone.
    Test,
}

/// How a session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// As it should.
    Done,
    /// With a complaint that was already told.
    Failed(Complaint),
}

/// What a task beside the session came back with.
enum Work {
    Signed(SigningRequest, Result<Vec<u8>, Complaint>),
    Tested(AccountId, phone_test::Ended),
    TestEnded(AccountId, Vec<phone_test::Ended>, Option<Value>),
}

/// A PIN that was given before it is asked for.
#[derive(PartialEq, Eq, Hash)]
enum For {
    Challenge(ChallengeId),
    Pairing(AccountId),
}

/// The session.
pub(crate) struct Session<'a, F> {
    phone: &'a Phone,
    face: &'a mut F,
    goal: Goal,
    agrees: bool,
    standing_pin: Option<Pin>,
    given_pins: HashMap<For, Pin>,
    waiting_for_pin: Option<SigningRequest>,
    references: HashMap<(ChallengeId, bool), Value>,
    /// What was answered here, until the outcome is known.
    answered: HashMap<ChallengeId, ChallengeKind>,
    /// Answered here, and its outcome told: that it ended is no news to a person.
    settled: HashSet<ChallengeId>,
    offers: Vec<AccountId>,
    paired: Option<AccountId>,
    tests_running: usize,
    test_failed: bool,
    results: mpsc::UnboundedSender<Work>,
    end: Option<End>,
}

impl<'a, F: Face> Session<'a, F> {
    /// A session before this face. `agrees` is `--yes`; `pin` is that of `--pin-file`.
    pub(crate) fn new(
        phone: &'a Phone,
        face: &'a mut F,
        goal: Goal,
        agrees: bool,
        pin: Option<Pin>,
    ) -> (Self, Results) {
        let (results, inbox) = mpsc::unbounded_channel();
        let session = Self {
            phone,
            face,
            goal,
            agrees,
            standing_pin: pin,
            given_pins: HashMap::new(),
            waiting_for_pin: None,
            references: HashMap::new(),
            answered: HashMap::new(),
            settled: HashSet::new(),
            offers: Vec::new(),
            paired: None,
            tests_running: 0,
            test_failed: false,
            results,
            end: None,
        };
        (session, Results(inbox))
    }

    /// Runs until its goal is reached or it is ended. `first` is wished before anything else.
    pub(crate) async fn run(mut self, mut results: Results, first: Vec<Wish>) -> End {
        let client = self.phone.client.clone();
        let mut updates = client.updates();
        let mut states = client.watch();
        let state = client.state();
        self.tell(Happening::Ready { secrets: self.phone.home.kind(), state: State::clone(&state) }, None);
        let online = client.clone();
        let online = tokio::spawn(async move { online.stay_connected().await });
        for wish in first {
            self.obey(wish.into()).await;
        }
        while self.end.is_none() {
            tokio::select! {
                asked = self.face.next() => self.obey(asked).await,
                update = updates.recv() => self.hear(update).await,
                Some(result) = results.0.recv() => self.take(result).await,
                Ok(()) = states.changed() => self.tell(Happening::Changed, None),
            }
        }
        online.abort();
        client.stop().await;
        self.tell(Happening::Bye, None);
        self.end.unwrap_or(End::Done)
    }

    fn client(&self) -> &KoppelClient {
        &self.phone.client
    }

    fn tell(&mut self, happening: Happening, reference: Option<&Value>) {
        let state = self.phone.client.state();
        self.face.tell(&happening, reference, &state);
    }

    fn complain(&mut self, complaint: Complaint, cid: Option<ChallengeId>, reference: Option<&Value>) {
        self.tell(Happening::Complaint { complaint, account: None, cid }, reference);
    }

    // ── wishes ────────────────────────────────────────────────────────────────────────────────────────────────────────

    async fn obey(&mut self, asked: Asked) {
        let reference = asked.reference;
        let told = reference.as_ref();
        let taken: Result<(), Complaint> = match asked.wish {
            Wish::Quit => {
                if self.goal == Goal::Live || !self.face.ends_with_input() {
                    self.end = Some(match self.goal {
                        Goal::Live => End::Done,
                        _ => End::Failed(Complaint::of("interrupted")),
                    });
                }
                Ok(())
            }
            Wish::Nonsense(what) => Err(Complaint::about("command-invalid", what)),
            Wish::Show(account, cid) => self.show(account, cid).await,
            Wish::Approve { cid, number, pin } => {
                let taken = self.approve(cid, number, pin, told).await;
                return self.answered(taken, Some(cid), told);
            }
            Wish::Deny { cid, reason } => {
                let taken = self.deny(cid, reason, told).await;
                return self.answered(taken, Some(cid), told);
            }
            Wish::Pin(pin) => {
                self.pin_given(pin).await;
                Ok(())
            }
            Wish::Pair(wish) => self.pair(*wish).await,
            Wish::Answer { offer, agree } => self.answer(offer, agree).await,
            Wish::GiveUp(account) => self.client().decline(account).await.map_err(Into::into),
            Wish::Unlock(account) => self.client().lift_lock(account).await.map_err(Into::into),
            Wish::Test(account) => self.test(account, told),
            Wish::State => {
                let state = State::clone(&self.client().state());
                self.tell(Happening::State(state), told);
                Ok(())
            }
            Wish::Refresh => {
                let taken = self.client().refresh().await;
                return self.done("refresh", taken, told);
            }
            Wish::Rename(account, label) => {
                let taken = self.client().rename(account, label).await;
                return self.done("rename", taken, told);
            }
            Wish::Remove(account) => {
                let taken = self.client().remove(account).await;
                return self.done("remove", taken, told);
            }
            Wish::Dismiss(account, nid) => {
                let taken = self.client().dismiss(account, nid).await;
                return self.done("dismiss", taken, told);
            }
        };
        self.answered(taken, None, told);
    }

    fn done(&mut self, what: &'static str, taken: Result<(), ClientError>, reference: Option<&Value>) {
        match taken {
            Ok(()) => self.tell(Happening::Done(what), reference),
            Err(error) => self.complain(error.into(), None, reference),
        }
    }

    fn answered(&mut self, taken: Result<(), Complaint>, cid: Option<ChallengeId>, reference: Option<&Value>) {
        if let Err(complaint) = taken {
            if matches!(self.goal, Goal::Pair { .. }) && self.paired.is_none() && self.offers.is_empty() {
                self.end = Some(End::Failed(complaint.clone()));
            }
            self.complain(complaint, cid, reference);
        }
    }

    async fn show(&mut self, account: AccountId, cid: ChallengeId) -> Result<(), Complaint> {
        let content = self.client().show(account, cid).await?;
        let state = self.client().state();
        if let Some(view) = state.challenges.iter().find(|view| view.account == account && view.cid == cid) {
            self.tell(Happening::Challenge(view.clone(), Some(content)), None);
        }
        Ok(())
    }

    /// The account that a challenge belongs to, and its kind while it lives.
    fn account_of(&self, cid: ChallengeId) -> Result<(AccountId, Option<ChallengeKind>), Complaint> {
        let state = self.client().state();
        if let Some(view) = state.challenges.iter().find(|view| view.cid == cid) {
            return Ok((view.account, Some(view.kind.clone())));
        }
        let ended = state.ended.iter().find(|view| view.cid == cid);
        ended.map(|view| (view.account, None)).ok_or(Complaint::of("no-such-challenge"))
    }

    async fn approve(
        &mut self,
        cid: ChallengeId,
        number: Option<String>,
        pin: Option<Pin>,
        reference: Option<&Value>,
    ) -> Result<(), Complaint> {
        let (account, kind) = self.account_of(cid)?;
        let number: Option<Digits> = match number.map(|number| number.parse()) {
            None => None,
            Some(Ok(number)) => Some(number),
            Some(Err(_)) => return Err(Complaint::of("number-invalid")),
        };
        if let Some(pin) = pin {
            self.given_pins.insert(For::Challenge(cid), pin);
        }
        self.remember(cid, true, reference);
        let begun = self.client().begin_approval(account, cid, number).await;
        begun.inspect_err(|_| {
            self.given_pins.remove(&For::Challenge(cid));
            self.references.remove(&(cid, true));
        })?;
        self.answered.extend(kind.map(|kind| (cid, kind)));
        Ok(())
    }

    async fn deny(
        &mut self,
        cid: ChallengeId,
        reason: koppel_core::DenyReason,
        reference: Option<&Value>,
    ) -> Result<(), Complaint> {
        let (account, kind) = self.account_of(cid)?;
        self.remember(cid, false, reference);
        self.client().deny(account, cid, reason).await?;
        self.answered.extend(kind.map(|kind| (cid, kind)));
        Ok(())
    }

    fn remember(&mut self, cid: ChallengeId, approve: bool, reference: Option<&Value>) {
        if let Some(reference) = reference {
            self.references.insert((cid, approve), reference.clone());
        }
    }

    async fn pair(&mut self, wish: PairWish) -> Result<(), Complaint> {
        let PairWish { invitation, name, approvals, pin } = wish;
        let pin = pin.or_else(|| self.standing_pin.clone());
        if approvals {
            let pin = pin.clone().ok_or(Complaint::about("pin-needed-to-approve", "pairing"))?;
            let home = self.phone.home.clone();
            let key = match home.pin_is_set()? {
                true => phone::unlock(home, pin).await?,
                false => phone::set_pin(home, pin).await?,
            };
            self.phone.keys.seal_next_approval_key_under(key);
        }
        let account = self.client().begin_pairing(invitation, name, approvals).await?;
        self.paired = Some(account);
        if let Some(pin) = pin {
            self.given_pins.insert(For::Pairing(account), pin);
        }
        Ok(())
    }

    async fn answer(&mut self, offer: u32, agree: bool) -> Result<(), Complaint> {
        let at = usize::try_from(offer).unwrap_or(0).wrapping_sub(1);
        let account = *self.offers.get(at).ok_or(Complaint::of("no-such-account"))?;
        match agree {
            true => self.client().accept(account).await?,
            false => self.client().decline(account).await?,
        }
        Ok(())
    }

    fn test(&mut self, account: Option<AccountId>, reference: Option<&Value>) -> Result<(), Complaint> {
        let state = self.client().state();
        let chosen: Vec<AccountId> = state
            .accounts
            .iter()
            .filter(|view| view.status == AccountStatus::Active && account.is_none_or(|id| id == view.account))
            .map(|view| view.account)
            .collect();
        if chosen.is_empty() {
            return Err(Complaint::of("no-such-account"));
        }
        for account in chosen {
            self.tests_running += 1;
            let (client, results) = (self.client().clone(), self.results.clone());
            let reference = reference.cloned();
            tokio::spawn(async move {
                // The session ends only after its tests; nobody else drops the other side.
                let steps = client.test_phone(account, |step| drop(results.send(Work::Tested(account, step)))).await;
                let _ = results.send(Work::TestEnded(account, steps, reference));
            });
        }
        Ok(())
    }

    // ── the PIN ───────────────────────────────────────────────────────────────────────────────────────────────────────

    /// Something is to be signed with the `approve` key.
    async fn sign(&mut self, request: SigningRequest) {
        let given = self.given_pins.remove(&match request.purpose {
            SigningPurpose::Approval(cid) => For::Challenge(cid),
            SigningPurpose::Pairing => For::Pairing(request.order.account),
        });
        match given.or_else(|| self.standing_pin.clone()) {
            Some(pin) => self.sign_with(request, pin),
            None if self.face.can_ask_pin() => self.want_pin(request, None),
            None => self.step_back(request, Complaint::of("pin-needed-to-approve"), NoSignature::Refused).await,
        }
    }

    fn want_pin(&mut self, request: SigningRequest, again: Option<Complaint>) {
        let cid = challenge_of(&request);
        let title = request.title.clone();
        self.waiting_for_pin = Some(request);
        self.tell(Happening::PinWanted { cid, title, again }, None);
    }

    async fn pin_given(&mut self, pin: Option<Pin>) {
        match (self.waiting_for_pin.take(), pin) {
            (Some(request), Some(pin)) => self.sign_with(request, pin),
            (Some(request), None) => {
                // That it came too late to matter is no news: the request was forgotten meanwhile.
                let _ = self.client().finish(&request, Err(NoSignature::Cancelled)).await;
            }
            (None, _) => {}
        }
    }

    /// Opens the key with the PIN and signs, beside the session: Argon2 takes its time.
    fn sign_with(&self, request: SigningRequest, pin: Pin) {
        let (home, keys, results) = (self.phone.home.clone(), self.phone.keys.clone(), self.results.clone());
        tokio::spawn(async move {
            let signed = match phone::unlock(home, pin).await {
                Ok(key) => keys.approve(request.order.account, &request.payload, &key).map_err(Complaint::from),
                Err(complaint) => Err(complaint),
            };
            let _ = results.send(Work::Signed(request, signed));
        });
    }

    async fn step_back(&mut self, request: SigningRequest, complaint: Complaint, why: NoSignature) {
        let cid = challenge_of(&request);
        let reference = cid.and_then(|cid| self.references.remove(&(cid, true)));
        self.complain(complaint, cid, reference.as_ref());
        let _ = self.client().finish(&request, Err(why)).await;
    }

    async fn take(&mut self, result: Work) {
        match result {
            Work::Signed(request, Ok(signature)) => {
                if let Err(error) = self.client().finish(&request, Ok(signature)).await {
                    self.complain(error.into(), challenge_of(&request), None);
                }
            }
            Work::Signed(request, Err(complaint)) => match complaint.code {
                "wrong-pin" if self.face.can_ask_pin() => self.want_pin(request, Some(complaint)),
                "key-lost" => self.step_back(request, complaint, NoSignature::KeyInvalidated).await,
                _ => self.step_back(request, complaint, NoSignature::Refused).await,
            },
            Work::Tested(account, step) => self.tell(Happening::TestStep(account, step), None),
            Work::TestEnded(account, steps, reference) => {
                let well = steps.iter().all(|step| step.finding.is_well());
                let support_code = SupportCode::of(&steps).to_string();
                self.tell(Happening::Tested { account, well, support_code }, reference.as_ref());
                self.tests_running -= 1;
                self.test_failed |= !well;
                if self.goal == Goal::Test && self.tests_running == 0 {
                    self.end = Some(match self.test_failed {
                        false => End::Done,
                        true => End::Failed(Complaint::of("test-failed")),
                    });
                }
            }
        }
    }

    // ── what the client tells ─────────────────────────────────────────────────────────────────────────────────────────

    async fn hear(&mut self, update: Result<Update, RecvError>) {
        match update {
            Ok(Update::News(news)) => self.news(*news).await,
            Ok(Update::Ask(request)) => self.sign(request).await,
            Ok(Update::NotWritten(error)) => self.complain(error.as_ref().into(), None, None),
            Err(broadcast::error::RecvError::Lagged(missed)) => tracing::warn!(missed, "updates were missed"),
            Err(broadcast::error::RecvError::Closed) => self.end = Some(End::Failed(Complaint::of("internal"))),
        }
    }

    /// Whether an outcome said, or is about to say, how this challenge ended.
    fn is_told(&self, view: &EndedView) -> bool {
        let answer = matches!(view.how.as_str(), "approved" | "consumed" | "denied" | "fraud");
        self.settled.contains(&view.cid) || (answer && self.answered.contains_key(&view.cid))
    }

    async fn news(&mut self, news: News) {
        match news {
            News::Offer { account, host, organisation, user } => {
                self.offers.push(account);
                let offer = u32::try_from(self.offers.len()).unwrap_or(u32::MAX);
                let (host, agreed) = (host.to_string(), self.agrees);
                self.tell(Happening::Offer { offer, account, host, organisation, user, agreed }, None);
                if agreed {
                    let accepted = self.client().accept(account).await.map_err(Complaint::from);
                    self.answered(accepted, None, None);
                }
            }
            News::CheckNumber { account, check_number, until } => {
                self.tell(Happening::CheckNumber { account, check_number, until }, None);
                if matches!(self.goal, Goal::Pair { no_wait: true, .. }) && self.paired == Some(account) {
                    self.end = Some(End::Done);
                }
            }
            News::WrongCheckNumber { account, tries_left } => {
                self.tell(Happening::WrongCheckNumber { account, tries_left }, None);
            }
            News::Active(view) => {
                let account = view.account;
                self.given_pins.remove(&For::Pairing(account));
                self.tell(Happening::Active(view), None);
                if self.paired == Some(account) {
                    match self.goal {
                        Goal::Pair { stay: false, .. } => self.end = Some(End::Done),
                        Goal::Pair { stay: true, .. } => self.goal = Goal::Live,
                        Goal::Live | Goal::Test => {}
                    }
                }
            }
            News::PairingEnded { account, why } => {
                self.given_pins.remove(&For::Pairing(account));
                let ours = self.paired == Some(account);
                let mut why = Complaint::from(why);
                why.word = Some("pairing".into());
                if ours && matches!(self.goal, Goal::Pair { .. }) {
                    self.end = Some(End::Failed(why.clone()));
                }
                self.tell(Happening::PairingEnded { account, why }, None);
            }
            News::Challenge(view) => {
                let at_once = self.face.shows_at_once();
                let content = match at_once {
                    true => self.client().show(view.account, view.cid).await.ok(),
                    false => None,
                };
                self.tell(Happening::Challenge(view, content), None);
            }
            News::Ended(view) => {
                let told = self.is_told(&view);
                self.settled.remove(&view.cid);
                self.tell(Happening::Ended { view, told }, None);
            }
            News::Outcome { account, cid, approve, outcome } => {
                let (reference, kind) = match outcome {
                    Outcome::Queued => {
                        (self.references.get(&(cid, approve)).cloned(), self.answered.get(&cid).cloned())
                    }
                    _ => (self.references.remove(&(cid, approve)), self.answered.remove(&cid)),
                };
                if says_the_end(outcome) {
                    self.settled.insert(cid);
                }
                self.tell(Happening::Outcome { account, cid, approve, kind, outcome }, reference.as_ref());
            }
            News::Notice(view) => self.tell(Happening::Notice(view), None),
            News::Connection { account, state, retry_in_ms } => {
                self.tell(Happening::Connection { account, state, retry_in_ms }, None);
            }
            News::Account(view) => self.tell(Happening::Account(view), None),
            News::Removed(account) => self.tell(Happening::Removed(account), None),
            // Asked and awaited by the test alone.
            News::Answer { .. } => {}
            News::Trouble { account, cid, trouble, retries } => {
                let reference = cid.filter(|_| !retries).and_then(|cid| self.references.remove(&(cid, true)));
                if let Some(cid) = cid.filter(|_| !retries) {
                    self.answered.remove(&cid);
                }
                let mut complaint = Complaint::from(trouble);
                complaint.word = Some(if retries { "retries" } else { "again" }.into());
                self.tell(Happening::Complaint { complaint, account, cid }, reference.as_ref());
            }
        }
    }
}

/// What the tasks beside a session send it.
pub(crate) struct Results(mpsc::UnboundedReceiver<Work>);

/// Whether an outcome says how its challenge ended. That it was answered elsewhere does not say how.
fn says_the_end(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Approved
        | Outcome::Denied
        | Outcome::Fraud
        | Outcome::WrongNumber { left: 0 }
        | Outcome::Expired
        | Outcome::Superseded
        | Outcome::Locked => true,
        Outcome::Queued | Outcome::WrongNumber { .. } | Outcome::AnsweredElsewhere | Outcome::Failed(_) => false,
    }
}

fn challenge_of(request: &SigningRequest) -> Option<ChallengeId> {
    match request.purpose {
        SigningPurpose::Approval(cid) => Some(cid),
        SigningPurpose::Pairing => None,
    }
}
