//! Where a page stands: from the account to the screen that the browser shows.
//!
//! The same function fills the page and its long poll, so that the two never tell different stories.

use koppel_domain::{
    Account, Challenge, ChallengeState, DeliveryState, Device, Loudness, Method, MethodKind, Mode, Organisation,
    Pairing, PairingState, Prompt, PromptState, Purpose, RelyingParty, Time, UserStatus,
};
use koppel_protocol::PairingLink;
use koppel_protocol::{Bytes, bytes};

use super::super::{
    Card, CardState, CodeProblem, ConfirmProblem, Delivery, Ending, EnrolPage, EnrolReason, EnrolStep, Forms, Frame,
    Invitation, KnownBrowser, Language, Later, Look, Message, MessagePage, OfferProblem, OwnMethod, OwnPhone,
    PendingDevice, Progress, QrCode, Reached, Removal, Resend, SettingsPage, SettingsProblem, Support, VerifyPage,
    VerifyStep, Way, Why, WizardPage, WizardStep,
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
    /// By which cookie this browser says that it is remembered.
    pub(super) known: Option<Bytes<32>>,
    pub(super) language: Language,
    pub(super) source: crate::source::Source,
}

/// What the browser did wrong just now, if anything.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Complaint {
    pub(super) code: Option<CodeProblem>,
    pub(super) confirm: Option<ConfirmProblem>,
    pub(super) offer: Option<OfferProblem>,
    pub(super) settings: Option<SettingsProblem>,
}

/// What is to be shown, or done first.
pub(super) enum Screen {
    Verify(VerifyPage),
    Enrol(Box<EnrolPage>),
    Wizard(Box<WizardPage>),
    Settings(Box<SettingsPage>),
    Message(MessagePage),
    /// The phones were not asked yet.
    Ask,
    /// There is no invitation yet.
    Invite,
    /// There is no seed for an authenticator yet.
    Offer,
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

    pub(super) fn frame(&self) -> Frame {
        let account = self.account.user.login_name.as_ref().map(|name| name.shown().to_string());
        let party = &self.relying_party;
        let (support, look) = (Support::of(&party.support), Look::of(party));
        Frame { account, support, look, ..Frame::of(self.language, party.name.to_string()) }
    }

    fn forms(&self, app: &App) -> Result<Forms, Problem> {
        Ok(Forms { path: self.path(), token: form::token(app, self.prompt.id.as_bytes(), &self.cookie)? })
    }

    /// A message with a way back to the panel.
    pub(super) fn message(&self, app: &App, message: Message) -> Result<Screen, Problem> {
        Ok(Screen::Message(MessagePage { frame: self.frame(), message, forms: Some(self.forms(app)?) }))
    }

    fn verify(&self, app: &App, step: VerifyStep) -> Result<Screen, Problem> {
        let (frame, forms, version) = (self.frame(), self.forms(app)?, self.account.user.version);
        let (others, remember) = (self.other_methods(), self.remembers());
        Ok(Screen::Verify(VerifyPage { frame, forms, version, step, others, remember }))
    }

    fn enrol(&self, app: &App, reason: EnrolReason, step: EnrolStep) -> Result<Screen, Problem> {
        let (frame, forms, version) = (self.frame(), self.forms(app)?, self.account.user.version);
        let choice = reason == EnrolReason::First && self.relying_party.methods.totp;
        let later = self.later(app).filter(|_| !choice);
        Ok(Screen::Enrol(Box::new(EnrolPage { frame, forms, version, reason, choice, later, step })))
    }

    pub(super) fn wizard(&self, app: &App, step: WizardStep) -> Result<Screen, Problem> {
        let (frame, forms, version) = (self.frame(), self.forms(app)?, self.account.user.version);
        Ok(Screen::Wizard(Box::new(WizardPage { frame, forms, version, step })))
    }

    /// Whether the set-up may be put off, and until when.
    fn later(&self, app: &App) -> Option<Later> {
        let terms = self.relying_party.terms();
        let may = self.prompt.purpose == Purpose::Login && self.account.may_do_without(&terms, app.now());
        let from = terms.rollout.of(&self.account.user).required_from();
        may.then(|| Later { until: from.map(|from| self.language.date(from.0)) })
    }

    /// For how many days this browser can be remembered.
    fn remembers(&self) -> Option<u32> {
        let party = &self.relying_party;
        let may = self.prompt.purpose == Purpose::Login && !party.requires_device_signature;
        Some(party.remember / crate::rules::DAY).filter(|days| may && *days > 0)
    }

    /// By what else than the live delivery this account can answer.
    fn other_methods(&self) -> Vec<Way> {
        if self.relying_party.requires_device_signature {
            return Vec::new();
        }
        let now = self.challenge().and_then(|challenge| challenge.delivery()).map(|delivery| delivery.method);
        self.account.usable_methods(self.relying_party.methods).filter(|kind| Some(*kind) != now).map(way).collect()
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
            Some(challenge) if self.may_change(challenge, now) => self.settings(app, complaint),
            Some(challenge) if self.goes_on_to_set_up(challenge, app) => self.set_up(app, complaint),
            Some(challenge) => self.asked(app, challenge, complaint),
            // The first phone that was set up anew proves itself by a login.
            None if self.prompt.recovered_at.is_some() && self.paired_here(app).is_none() => {
                self.set_up(app, complaint)
            }
            None if self.account.usable_methods(self.relying_party.methods).next().is_some() => Ok(Screen::Ask),
            None if self.account.user.ever_enrolled => self.message(app, Message::NeedsSupport),
            None => self.set_up(app, complaint),
        }
    }

    /// The factor was right, and the page goes on to set up methods.
    fn goes_on_to_set_up(&self, challenge: &Challenge, app: &App) -> bool {
        let state = challenge.state_at(app.now(), app.epoch(), &self.organisation.policy);
        self.prompt.purpose != Purpose::Settings
            && state == ChallengeState::Approved
            && challenge.login().is_some_and(|login| login.lasting)
    }

    /// The settings, or what is being added there.
    fn settings(&self, app: &App, complaint: Complaint) -> Result<Screen, Problem> {
        match self.prompt.adding {
            Some(MethodKind::App) => return self.add_a_phone(app, EnrolReason::Another, complaint),
            Some(MethodKind::Totp) => return self.authenticator(app, complaint),
            Some(MethodKind::Recovery) => {
                let shown_before = self.waiting_codes();
                return self.wizard(app, WizardStep::BeforeCodes { shown_before });
            }
            None => {}
        }
        let rules = self.relying_party.methods;
        let there: Vec<MethodKind> = self.account.usable_methods(rules).collect();
        let methods = there.iter().filter_map(|kind| self.own_method(*kind)).collect();
        let phones = self.account.active_devices().map(|device| self.own_phone(device)).collect();
        let kept = |card: &Card| card.state != CardState::Added && card.way != Way::App;
        let page = SettingsPage {
            frame: self.frame(),
            forms: self.forms(app)?,
            version: self.account.user.version,
            methods,
            phones,
            cards: self
                .cards(Why::More)
                .into_iter()
                .filter(kept)
                .filter(|card| !there.iter().any(|kind| way(*kind) == card.way))
                .collect(),
            more_phones: rules.app,
            browsers: self.browsers(app),
            reached: Reached::of(&self.account.user.contacts),
            problem: complaint.settings,
        };
        Ok(Screen::Settings(Box::new(page)))
    }

    /// The browsers that are remembered for this relying party, the newest first.
    fn browsers(&self, app: &App) -> Vec<KnownBrowser> {
        let (terms, now) = (self.relying_party.terms(), app.now());
        let known = self.account.user.browsers.iter().rev().filter(|browser| browser.counts(&terms, now));
        known
            .map(|browser| KnownBrowser {
                id: bytes::encode(browser.hash.as_bytes()),
                name: crate::user_agent::in_words(&browser.user_agent).to_string(),
                used: self.language.date(browser.used_at.0),
                until: self.language.date(browser.until(&terms).0),
            })
            .collect()
    }

    fn own_method(&self, kind: MethodKind) -> Option<OwnMethod> {
        let method = self.account.method(kind)?;
        let removal = match kind {
            MethodKind::App => Removal::Elsewhere,
            _ if self.account.can_spare_method(kind, self.relying_party.methods) => Removal::Open,
            _ => Removal::Needed,
        };
        Some(OwnMethod {
            way: way(kind),
            primary: method.primary,
            may_be_primary: !method.primary && kind != MethodKind::Recovery,
            used: method.used_at.map(|at| self.language.date(at.0)),
            codes_left: method.recovery().map(|codes| u32::try_from(codes.left()).unwrap_or(u32::MAX)),
            removal,
        })
    }

    fn own_phone(&self, device: &Device) -> OwnPhone {
        let spare = self.account.can_spare_phone(device.id, self.relying_party.methods);
        OwnPhone {
            id: device.id.to_string(),
            name: device.name.to_string(),
            platform: platform_name(device.platform).to_owned(),
            seen: self.language.date(device.last_seen.0),
            approves: device.can_approve(&self.organisation.policy),
            removal: if spare { Removal::Open } else { Removal::Needed },
        }
    }

    /// Which method is set up, or which one the person chooses.
    fn set_up(&self, app: &App, complaint: Complaint) -> Result<Screen, Problem> {
        let rules = self.relying_party.methods;
        let protected = self.account.is_protected(rules);
        // Where only the app counts there is nothing to choose.
        let adding = self.prompt.adding.or((!protected && !rules.totp).then_some(MethodKind::App));
        match adding {
            Some(MethodKind::App) if self.paired_here(app).is_none() => {
                return self.add_a_phone(app, EnrolReason::First, complaint);
            }
            Some(MethodKind::Totp) => return self.authenticator(app, complaint),
            Some(MethodKind::Recovery) if protected => {
                let shown_before = self.waiting_codes();
                return self.wizard(app, WizardStep::BeforeCodes { shown_before });
            }
            _ => {}
        }
        // A recovery code is no login: something is set up anew, whatever is still there.
        let proven = self.challenge().is_some_and(|challenge| self.goes_on_to_set_up(challenge, app));
        let why = match () {
            () if !proven && self.prompt.recovered_at.is_some() => Why::Recovered,
            () if !protected => Why::First,
            () if self.account.backups_missing(rules) > 0 => Why::Backup,
            () if self.was_set_up_here(app) => return self.wizard(app, WizardStep::Done),
            () if self.prompt.purpose == Purpose::Enrol => Why::More,
            () => return self.verify(app, VerifyStep::Approved),
        };
        let later = self.later(app).filter(|_| why == Why::First);
        self.wizard(app, WizardStep::Choose { why, cards: self.cards(why), later })
    }

    /// Something was set up on this page.
    fn was_set_up_here(&self, app: &App) -> bool {
        let here = self.account.methods.iter().any(|method| method.created >= self.prompt.created);
        here || self.paired_here(app).is_some() || self.prompt.recovered_at.is_some()
    }

    /// A list of recovery codes was shown on this page and is not kept yet.
    fn waiting_codes(&self) -> bool {
        let codes = self.account.method(MethodKind::Recovery).and_then(Method::recovery);
        let waiting = codes.and_then(|codes| codes.waiting.as_ref());
        waiting.is_some_and(|waiting| waiting.prompt == self.prompt.id)
    }

    /// Whether this page may show a list of recovery codes now.
    pub(super) fn offers_codes(&self, app: &App) -> bool {
        let set_up = self.set_up_is_open(app);
        set_up && self.relying_party.methods.recovery && self.account.is_protected(self.relying_party.methods)
    }

    fn set_up_is_open(&self, app: &App) -> bool {
        let going_on = self
            .challenge()
            .is_some_and(|challenge| self.goes_on_to_set_up(challenge, app) || self.may_change(challenge, app.now()));
        going_on || self.prompt.recovered_at.is_some()
    }

    /// The ways there are, in the order of the advice: the app, then the number, then an authenticator. Recovery codes stand
    /// beside a method and are none.
    fn cards(&self, why: Why) -> Vec<Card> {
        let rules = self.relying_party.methods;
        let anew = why == Why::Recovered;
        let state = |kind| if self.account.can_use(kind, rules) && !anew { CardState::Added } else { CardState::Open };
        let mut cards = Vec::new();
        if rules.app {
            cards.push(Card::new(Way::App, state(MethodKind::App)));
        }
        let number = self.account.user.contacts.mobile.as_ref().map(|mobile| mobile.number.masked());
        cards.push(Card { number, ..Card::new(Way::Call, CardState::Unavailable) });
        if rules.totp {
            cards.push(Card::new(Way::Authenticator, state(MethodKind::Totp)));
        }
        if rules.recovery && matches!(why, Why::Backup | Why::More) {
            let enough = self.account.method(MethodKind::Recovery).is_some_and(Method::is_a_backup);
            let codes = Card::new(Way::Codes, if enough { CardState::Added } else { CardState::Open });
            // The backup that no lost phone takes along goes first.
            let at = if why == Why::Backup { 0 } else { cards.len() };
            cards.insert(at, codes);
        }
        cards
    }

    fn authenticator(&self, app: &App, complaint: Complaint) -> Result<Screen, Problem> {
        let held = self.account.method(MethodKind::Totp).and_then(Method::authenticator);
        let waiting = held.and_then(|held| held.waiting.as_ref()).filter(|waiting| waiting.prompt == self.prompt.id);
        let Some(waiting) = waiting else { return Ok(Screen::Offer) };
        let seed = app.show_seed(self.account.user.id, &waiting.seed)?;
        let account = self.account.user.shown().to_string();
        let offer = super::wizard::offer_of(&self.relying_party.name, &account, &seed)?;
        self.wizard(app, WizardStep::Authenticator { offer, problem: complaint.offer })
    }

    /// Whether "this was not me" ended the prompt: the page then says so, and not that somebody left it.
    fn is_reported(&self) -> bool {
        let fraud = self.challenge().is_some_and(|challenge| challenge.state == ChallengeState::Fraud);
        fraud || self.account.user.lock.is_some()
    }

    /// A settings page whose factor was right just now.
    fn may_change(&self, challenge: &Challenge, now: Time) -> bool {
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
            let former = challenge.phone_delivery().map_or(newest.created, |delivery| delivery.created);
            Resend::After(now.until(former.plus(self.organisation.policy.resend_after)))
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
        match newest.method {
            MethodKind::Totp => return VerifyStep::Authenticator { seq: newest.seq, problem },
            MethodKind::Recovery => return VerifyStep::Recovery { seq: newest.seq, problem },
            MethodKind::App => {}
        }
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
                // That one is paired: another is asked for.
                PairingState::Confirmed => Ok(Screen::Invite),
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

pub(crate) fn way(kind: MethodKind) -> Way {
    match kind {
        MethodKind::App => Way::App,
        MethodKind::Totp => Way::Authenticator,
        MethodKind::Recovery => Way::Codes,
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

pub(crate) fn platform_name(platform: koppel_protocol::pairing::Platform) -> &'static str {
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
