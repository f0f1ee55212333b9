//! Where a page stands: from the account to the screen that the browser shows.
//!
//! The same function fills the page and its long poll, so that the two never tell different stories.

use koppel_domain::{
    Account, Challenge, ChallengeState, DeliveryState, Device, Loudness, Mode, Organisation, Pairing, PairingState,
    Prompt, PromptState, Purpose, RelyingParty, Time, UserStatus,
};
use koppel_protocol::PairingLink;
use koppel_protocol::{Bytes, bytes};

use super::super::{
    CodeProblem, ConfirmProblem, Delivery, Ending, EnrolPage, EnrolReason, EnrolStep, Forms, Frame, Invitation,
    Language, Message, MessagePage, PendingDevice, Progress, QrCode, Resend, VerifyPage, VerifyStep,
};
use super::form;
use crate::app::App;
use crate::problem::Problem;

/// A page in the hands of the browser that opened it.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) account: Account,
    pub(super) prompt: Prompt,
    pub(super) organisation: std::sync::Arc<Organisation>,
    pub(super) relying_party: std::sync::Arc<RelyingParty>,
    pub(super) cookie: Bytes<32>,
    pub(super) language: Language,
    pub(super) source: crate::source::Source,
}

/// What the browser did wrong just now, if anything.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Complaint {
    pub(super) code: Option<CodeProblem>,
    pub(super) confirm: Option<ConfirmProblem>,
}

/// What is to be shown, or done first.
pub(super) enum Screen {
    Verify(VerifyPage),
    Enrol(Box<EnrolPage>),
    Message(MessagePage),
    /// The phones were not asked yet.
    Ask,
    /// There is no invitation yet.
    Invite,
}

impl Held {
    /// The address of the page.
    pub(super) fn path(&self) -> String {
        format!("/p/{}", self.prompt.id)
    }

    /// The page's challenge.
    pub(super) fn challenge(&self) -> Option<&Challenge> {
        self.prompt.challenge.and_then(|id| self.account.challenge(id))
    }

    fn frame(&self) -> Frame {
        let account = self.account.user.login_name.as_ref().map(|name| name.shown().to_string());
        Frame { language: self.language, party: self.relying_party.name.to_string(), account }
    }

    fn forms(&self, app: &App) -> Result<Forms, Problem> {
        Ok(Forms { path: self.path(), token: form::token(app, self.prompt.id, &self.cookie)? })
    }

    /// A message with a way back to the panel.
    pub(super) fn message(&self, app: &App, message: Message) -> Result<Screen, Problem> {
        Ok(Screen::Message(MessagePage { frame: self.frame(), message, forms: Some(self.forms(app)?) }))
    }

    fn verify(&self, app: &App, step: VerifyStep) -> Result<Screen, Problem> {
        let (frame, forms, version) = (self.frame(), self.forms(app)?, self.account.user.version);
        Ok(Screen::Verify(VerifyPage { frame, forms, version, step }))
    }

    fn enrol(&self, app: &App, reason: EnrolReason, step: EnrolStep) -> Result<Screen, Problem> {
        let (frame, forms, version) = (self.frame(), self.forms(app)?, self.account.user.version);
        Ok(Screen::Enrol(Box::new(EnrolPage { frame, forms, version, reason, step })))
    }

    /// The screen as it stands now.
    pub(super) fn screen(&self, app: &App, complaint: Complaint) -> Result<Screen, Problem> {
        let now = app.now();
        match self.prompt.state_at(now, app.epoch()) {
            PromptState::Exchanged => return self.message(app, Message::Used),
            PromptState::Expired => return self.message(app, Message::Expired),
            PromptState::Cancelled if !self.is_reported() => {
                return self.verify(app, VerifyStep::Ended(Ending::Cancelled));
            }
            PromptState::Open | PromptState::Bound | PromptState::Done | PromptState::Cancelled => {}
        }
        if self.account.user.status != UserStatus::Active {
            return self.message(app, Message::NeedsSupport);
        }
        let challenge = self.challenge();
        if self.account.user.lock.is_some() {
            let ours = challenge.is_some_and(|challenge| challenge.state == ChallengeState::Fraud);
            return if ours {
                self.verify(app, VerifyStep::Ended(Ending::Fraud))
            } else {
                self.message(app, Message::Locked)
            };
        }
        match challenge {
            Some(challenge) if self.may_add_a_phone(challenge, now) => {
                self.add_a_phone(app, EnrolReason::Another, complaint)
            }
            Some(challenge) => self.asked(app, challenge, complaint),
            None if self.account.usable_methods(self.relying_party.methods).next().is_some() => Ok(Screen::Ask),
            None if self.account.user.ever_enrolled => self.message(app, Message::NeedsSupport),
            None => self.add_a_phone(app, EnrolReason::First, complaint),
        }
    }

    /// Whether "this was not me" ended the prompt: the page then says so, and not that somebody left it.
    fn is_reported(&self) -> bool {
        let fraud = self.challenge().is_some_and(|challenge| challenge.state == ChallengeState::Fraud);
        fraud || self.account.user.lock.is_some()
    }

    /// A settings page whose factor was right just now.
    fn may_add_a_phone(&self, challenge: &Challenge, now: Time) -> bool {
        let window = self.organisation.policy.settings_factor_age;
        self.prompt.purpose == Purpose::Settings
            && matches!(challenge.state, ChallengeState::Approved | ChallengeState::Lapsed)
            && challenge.approved_at.is_some_and(|at| now.since(at) <= window)
    }

    /// The phones were asked.
    fn asked(&self, app: &App, challenge: &Challenge, complaint: Complaint) -> Result<Screen, Problem> {
        let step = self.step(app, challenge, complaint.code);
        match self.paired_here(app) {
            Some(device) => {
                let step = match step {
                    VerifyStep::Approved => EnrolStep::Done { device: device.name.to_string() },
                    step => EnrolStep::Test(step),
                };
                self.enrol(app, EnrolReason::First, step)
            }
            None => self.verify(app, step),
        }
    }

    /// The first phone of the account, when it was paired on this page: the challenge that follows is its trial.
    pub(super) fn paired_here(&self, app: &App) -> Option<&Device> {
        let now = app.now();
        let invited_here = self.account.invitations.iter().any(|it| it.prompt == Some(self.prompt.id));
        let paired = self.account.pairings.iter().find(|pairing| {
            pairing.created >= self.prompt.created && pairing.state_at(now, app.epoch()) == PairingState::Confirmed
        })?;
        let first = invited_here && self.prompt.purpose != Purpose::Settings;
        self.account.device(paired.revealed.as_ref()?.device).filter(|_| first)
    }

    fn step(&self, app: &App, challenge: &Challenge, problem: Option<CodeProblem>) -> VerifyStep {
        let now = app.now();
        let ended = match challenge.state_at(now, app.epoch(), &self.organisation.policy) {
            ChallengeState::Pending => return self.pending(app, challenge, problem, now),
            ChallengeState::Approved => return VerifyStep::Approved,
            ChallengeState::Denied => Ending::Denied,
            ChallengeState::Fraud => Ending::Fraud,
            ChallengeState::Failed => Ending::TooManyTries,
            ChallengeState::Superseded => Ending::Superseded,
            ChallengeState::Cancelled => Ending::Cancelled,
            ChallengeState::Expired | ChallengeState::Lapsed | ChallengeState::Consumed => Ending::Expired,
        };
        VerifyStep::Ended(ended)
    }

    fn pending(&self, app: &App, challenge: &Challenge, problem: Option<CodeProblem>, now: Time) -> VerifyStep {
        let Some(newest) = challenge.delivery() else {
            return VerifyStep::Ended(Ending::Unavailable);
        };
        let number = newest.mode == Mode::Number;
        let resend = if challenge.resends() >= self.organisation.policy.resends {
            Resend::UsedUp
        } else {
            Resend::After(now.until(newest.created.plus(self.organisation.policy.resend_after)))
        };
        if now >= newest.expires {
            return VerifyStep::Ended(match (resend, number) {
                (Resend::UsedUp, _) => Ending::Expired,
                (Resend::After(_), true) => Ending::NumberExpired,
                (Resend::After(_), false) => Ending::CodeExpired,
            });
        }
        let others = self.account.challenges.iter().filter(|other| {
            let live = other.state_at(now, app.epoch(), &self.organisation.policy) == ChallengeState::Pending;
            live && other.id != challenge.id && other.login().is_some()
        });
        let delivery = Delivery {
            seq: newest.seq,
            digits: u32::from(newest.digits),
            progress: progress(app.sent.state(challenge.id, newest, now)),
            expires_in: now.until(newest.expires),
            lifetime: newest.created.until(newest.expires),
            resend,
            quiet: newest.alert == Loudness::Quiet,
            others: u32::try_from(others.count()).unwrap_or(u32::MAX),
        };
        if number {
            let number = app.derive.number(challenge.id, newest.seq, newest.digits).expose().to_owned();
            VerifyStep::Number { number, delivery, problem }
        } else {
            VerifyStep::Code { delivery, problem }
        }
    }

    /// Pairings of this account that wait for their check number.
    pub(super) fn pending_pairings(&self, app: &App) -> Vec<&Pairing> {
        let now = app.now();
        let waits = |pairing: &&Pairing| pairing.state_at(now, app.epoch()) == PairingState::Proven;
        self.account.pairings.iter().filter(waits).collect()
    }

    fn add_a_phone(&self, app: &App, reason: EnrolReason, complaint: Complaint) -> Result<Screen, Problem> {
        let now = app.now();
        let pending = self.pending_pairings(app);
        if let Some(last) = pending.iter().map(|pairing| pairing.until).max() {
            let devices = pending.iter().filter_map(|pairing| self.pending_device(pairing)).collect();
            let (expires_in, lifetime) = (now.until(last), self.organisation.policy.pairing_lifetime);
            let problem = complaint.confirm;
            return self.enrol(app, reason, EnrolStep::Pending { devices, expires_in, lifetime, problem });
        }
        let own = self.account.invitations.iter().find(|invitation| invitation.prompt == Some(self.prompt.id));
        let of_this_page = |pairing: &&Pairing| pairing.created >= self.prompt.created && pairing.revealed.is_some();
        let newest = self.account.pairings.iter().filter(of_this_page).max_by_key(|pairing| pairing.created);
        match (own, newest) {
            (Some(invitation), _) if invitation.used_by.is_none() && invitation.epoch == app.epoch() => {
                match invitation.link_until.filter(|until| now < *until) {
                    Some(until) => {
                        let waiting = self.waiting(app, invitation, now.until(until))?;
                        self.enrol(app, reason, EnrolStep::Waiting(waiting))
                    }
                    None => self.enrol(app, reason, EnrolStep::Expired),
                }
            }
            (_, Some(pairing)) => match pairing.state_at(now, app.epoch()) {
                PairingState::Confirmed => {
                    let device = pairing.revealed.as_ref().and_then(|revealed| self.account.device(revealed.device));
                    let device = device.map(|device| device.name.to_string()).unwrap_or_default();
                    self.enrol(app, reason, EnrolStep::Done { device })
                }
                PairingState::Refused => self.enrol(app, reason, EnrolStep::Refused),
                _ => self.enrol(app, reason, EnrolStep::Expired),
            },
            (Some(_), None) => self.enrol(app, reason, EnrolStep::Expired),
            (None, None) => Ok(Screen::Invite),
        }
    }

    fn pending_device(&self, pairing: &Pairing) -> Option<PendingDevice> {
        let device = self.account.device(pairing.revealed.as_ref()?.device)?;
        Some(PendingDevice {
            pairing: pairing.id.to_string(),
            name: device.name.to_string(),
            platform: platform_name(device.platform).to_owned(),
        })
    }

    fn waiting(
        &self,
        app: &App,
        invitation: &koppel_domain::Invitation,
        expires_in: u32,
    ) -> Result<Invitation, Problem> {
        let link = PairingLink {
            origin: self.organisation.public_url.clone(),
            server_id: app.keys.identity.server_id,
            t: Bytes::new(*invitation.id.as_bytes()),
            k: app.derive.link_secret(invitation.id),
            tls_pin: None,
        };
        let link = link.to_text().to_string();
        let qr = QrCode::new(&link).map_err(|_| {
            tracing::error!("a pairing link does not fit into a QR code");
            Problem::new(crate::problem::Slug::Unavailable)
        })?;
        Ok(Invitation {
            qr,
            link,
            koppelcode: app.derive.koppelcode(invitation.id).to_text().to_string(),
            host: self.organisation.public_url.host().to_string(),
            login_name: self.account.user.login_name.as_ref().map(|name| name.shown().to_string()).unwrap_or_default(),
            expires_in,
            lifetime: self.organisation.policy.link_lifetime,
        })
    }
}

fn progress(state: DeliveryState) -> Progress {
    match state {
        DeliveryState::Queued => Progress::Queued,
        DeliveryState::Sent => Progress::Sent,
        DeliveryState::Arrived => Progress::Arrived,
        // What the person has at hand is before their eyes.
        DeliveryState::Shown | DeliveryState::Ready => Progress::Shown,
        DeliveryState::Unreached | DeliveryState::Ended => Progress::Unreached,
    }
}

fn platform_name(platform: koppel_protocol::pairing::Platform) -> &'static str {
    use koppel_protocol::pairing::Platform;
    match platform {
        Platform::Android => "Android",
        Platform::Ios => "iOS",
        Platform::Terminal => "terminal",
        Platform::Unknown => "?",
    }
}

/// 43 characters of base64url: a page token, or nothing of ours.
pub(super) fn is_token(text: &str) -> bool {
    text.len() == 43 && bytes::decode(text).is_ok()
}
