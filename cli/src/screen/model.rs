//! What the screen knows: the newest snapshot, the challenge in front, what was typed so far.

use koppel_client::secrets::home::Kind;
use koppel_core::{AccountId, AccountStatus, ChallengeContent, ChallengeKind, ChallengeView, Outcome, State};
use koppel_protocol::id::ChallengeId;
use zeroize::Zeroizing;

use crate::happening::Happening;
use crate::screen::style::Tone;
use crate::sentences;
use crate::texts::Texts;

/// What the person is doing.
#[derive(Debug, Default)]
pub(crate) enum Mode {
    /// Looking, or typing the number.
    #[default]
    Watching,
    /// Choosing why to refuse.
    Denying {
        /// "This was not me" was tapped once.
        doubted: bool,
    },
    /// Typing the PIN.
    Pin {
        /// For which challenge; none while pairing.
        cid: Option<ChallengeId>,
        /// Whom it is for.
        title: String,
        /// What was typed.
        typed: Zeroizing<String>,
        /// What was wrong with the last one.
        again: Option<String>,
    },
    /// Reading an offer.
    Offer {
        /// Its number.
        offer: u32,
        /// The server.
        host: String,
        /// The organisation.
        organisation: String,
        /// The user's name there.
        user: String,
    },
    /// Reading the help.
    Help,
}

/// The fewest and the most digits of a number.
pub(crate) const NUMBER_DIGITS: std::ops::RangeInclusive<usize> = 6..=8;

/// The state of the screen.
pub(crate) struct Model {
    /// The language.
    pub(crate) texts: Texts,
    /// The newest snapshot.
    pub(crate) state: State,
    /// Where the secrets lie.
    pub(crate) secrets: Kind,
    /// The challenge in front.
    pub(crate) front: Option<ChallengeId>,
    /// Tests that were seen.
    pub(crate) put_away: Vec<ChallengeId>,
    /// What is shown of it.
    pub(crate) content: Option<(ChallengeId, u32, ChallengeContent)>,
    /// A challenge that came to the front and must be shown.
    pub(crate) to_show: Option<(AccountId, ChallengeId)>,
    /// The number, as far as it was typed.
    pub(crate) typed: String,
    /// What the person is doing.
    pub(crate) mode: Mode,
    /// The line of state.
    pub(crate) message: Option<(String, Tone)>,
    /// The last test, step by step.
    pub(crate) steps: Vec<String>,
    /// Whether the bell is to ring.
    pub(crate) bell: bool,
}

impl Model {
    /// Before anything happened.
    pub(crate) fn new(texts: Texts) -> Self {
        Self {
            texts,
            state: State::default(),
            secrets: Kind::File,
            front: None,
            put_away: Vec::new(),
            content: None,
            to_show: None,
            typed: String::new(),
            mode: Mode::Watching,
            message: None,
            steps: Vec::new(),
            bell: false,
        }
    }

    /// The challenge in front.
    pub(crate) fn in_front(&self) -> Option<&ChallengeView> {
        self.state.challenges.iter().find(|view| Some(view.cid) == self.front)
    }

    /// Whether the challenge in front asks for a number, and may still be answered.
    pub(crate) fn asks_for_number(&self) -> bool {
        let view = self.in_front().filter(|view| view.can_approve && !view.answered);
        view.is_some_and(|view| matches!(view.kind, ChallengeKind::Number | ChallengeKind::ConfirmPairing { .. }))
    }

    /// Whether there is an account that works.
    pub(crate) fn has_active_account(&self) -> bool {
        self.state.accounts.iter().any(|view| view.status == AccountStatus::Active)
    }

    /// The check number that waits to be typed somewhere, if one does.
    pub(crate) fn check_number(&self) -> Option<(String, &str)> {
        self.state.accounts.iter().find_map(|view| match &view.status {
            AccountStatus::AwaitingConfirmation { check_number, .. } => {
                Some((sentences::name(view), check_number.as_str()))
            }
            _ => None,
        })
    }

    /// What may stand in front, oldest first: everything but tests that were put away.
    pub(crate) fn in_line(&self) -> Vec<ChallengeId> {
        let live = self.state.challenges.iter().map(|view| view.cid);
        live.filter(|cid| !self.put_away.contains(cid)).collect()
    }

    /// The next challenge comes to the front.
    pub(crate) fn next_challenge(&mut self) {
        let line = self.in_line();
        let at = line.iter().position(|cid| Some(*cid) == self.front);
        let next = at.map_or(0, |at| at + 1) % line.len().max(1);
        if let Some(cid) = line.get(next) {
            self.bring_to_front(*cid);
        }
    }

    /// Tests leave the front: they were seen, and nobody waits for them.
    pub(crate) fn put_tests_away(&mut self) {
        let tests = self.state.challenges.iter().filter(|view| view.kind == ChallengeKind::Test);
        self.put_away = tests.map(|view| view.cid).collect();
        if self.front.is_some_and(|cid| self.put_away.contains(&cid)) {
            self.front = None;
            self.content = None;
        }
    }

    /// This challenge comes to the front.
    pub(crate) fn bring_to_front(&mut self, cid: ChallengeId) {
        if self.front != Some(cid) {
            self.front = Some(cid);
            self.content = None;
            self.typed.clear();
            if matches!(self.mode, Mode::Denying { .. }) {
                self.mode = Mode::Watching;
            }
        }
        self.to_show = self.in_front().map(|view| (view.account, view.cid));
    }

    /// Takes in what happened.
    pub(crate) fn hear(&mut self, happening: &Happening, state: &State) {
        self.state = state.clone();
        match happening {
            Happening::Ready { secrets, .. } => self.secrets = *secrets,
            Happening::Offer { agreed: true, .. } => {}
            Happening::Offer { offer, host, organisation, user, .. } => {
                self.mode = Mode::Offer {
                    offer: *offer,
                    host: host.clone(),
                    organisation: organisation.clone(),
                    user: user.clone(),
                };
            }
            Happening::WrongCheckNumber { tries_left, .. } => {
                self.warn(self.texts.say_with("check-number-wrong", &[("count", (*tries_left).into())]));
            }
            Happening::Active(view) => {
                let facts = [("who", view.organisation.as_str().into()), ("user", view.user.as_str().into())];
                self.note(self.texts.say_with("paired", &facts));
            }
            Happening::PairingEnded { why, .. } => {
                if matches!(self.mode, Mode::Offer { .. }) {
                    self.mode = Mode::Watching;
                }
                self.fail(sentences::not_paired(&self.texts, why));
            }
            Happening::Challenge(view, Some(content)) => {
                if self.front == Some(view.cid) {
                    self.content = Some((view.cid, view.seq, content.clone()));
                }
            }
            Happening::Challenge(view, None) => {
                self.bell = true;
                let busy = self.in_front().is_some_and(|front| front.cid != view.cid);
                if !busy {
                    self.message = None;
                    self.bring_to_front(view.cid);
                }
            }
            Happening::Ended { view, told: false } if self.front == Some(view.cid) => {
                let sentence = sentences::ended(&self.texts, view);
                match view.how.as_str() {
                    "approved" | "consumed" => self.note(sentence),
                    _ => self.warn(sentence),
                }
            }
            Happening::Outcome { outcome, kind, .. } => {
                let sentence = sentences::outcome(&self.texts, *outcome, kind.as_ref());
                match outcome {
                    Outcome::Approved | Outcome::Denied => self.note(sentence),
                    Outcome::Queued | Outcome::Fraud => self.warn(sentence),
                    _ => self.fail(sentence),
                }
                if matches!(outcome, Outcome::WrongNumber { .. }) {
                    self.typed.clear();
                }
            }
            Happening::Notice(_) => self.bell = true,
            Happening::TestStep(_, step) => self.steps.push(sentences::step(&self.texts, step)),
            Happening::Tested { well, support_code, .. } => {
                let verdict = self.texts.say(if *well { "tested-well" } else { "tested-badly" });
                let code = self.texts.say_with("support-code", &[("code", support_code.as_str().into())]);
                self.note(format!("{verdict} {code}"));
                self.put_tests_away();
            }
            Happening::PinWanted { cid, title, again } => {
                self.message = None;
                self.mode = Mode::Pin {
                    cid: *cid,
                    title: title.clone(),
                    typed: Zeroizing::new(String::new()),
                    again: again.as_ref().map(|again| sentences::complaint(&self.texts, again)),
                };
            }
            Happening::Complaint { complaint, .. } => self.fail(sentences::complaint(&self.texts, complaint)),
            Happening::Removed(_) => self.note(self.texts.say("removed")),
            Happening::Ended { .. }
            | Happening::CheckNumber { .. }
            | Happening::Connection { .. }
            | Happening::Account(_)
            | Happening::Changed
            | Happening::State(_)
            | Happening::Done(_)
            | Happening::Bye => {}
        }
        self.tidy();
    }

    /// What is over leaves the front; what waited behind it comes there.
    fn tidy(&mut self) {
        if let Mode::Pin { cid: Some(cid), .. } = &self.mode
            && !self.state.challenges.iter().any(|view| view.cid == *cid)
        {
            self.mode = Mode::Watching;
        }
        if self.front.is_some() && self.in_front().is_none() {
            self.front = None;
            self.content = None;
            self.typed.clear();
            if matches!(self.mode, Mode::Denying { .. }) {
                self.mode = Mode::Watching;
            }
        }
        if self.front.is_none()
            && let Some(cid) = self.in_line().first()
        {
            self.bring_to_front(*cid);
        }
    }

    /// Something went as it should.
    pub(crate) fn note(&mut self, sentence: String) {
        self.message = Some((sentence, Tone::Accent));
    }

    /// Something to look at twice.
    pub(crate) fn warn(&mut self, sentence: String) {
        self.message = Some((sentence, Tone::Warning));
    }

    /// Something went wrong.
    pub(crate) fn fail(&mut self, sentence: String) {
        self.message = Some((sentence, Tone::Danger));
    }
}
