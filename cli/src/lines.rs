//! The face of lines: for screen readers, for pipes, and for pairing.
//!
//! Everything is a sentence on a line of its own; digits are spelled; a countdown is spoken at 60, 30 and 10 seconds. Wishes
//! are typed as words. The kernel keeps the line that is being typed; its echo is switched off while a PIN is.

use koppel_client::pin::Pin;
use koppel_core::{AccountId, ChallengeContent, ChallengeKind, ChallengeView, DenyReason, State};
use koppel_protocol::id::ChallengeId;
use rustix::termios::{self, LocalModes, OptionalActions};
use serde_json::Value;
use std::io::IsTerminal;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader, Lines as InputLines, Stdin};
use zeroize::Zeroizing;

use crate::countdown;
use crate::happening::{Asked, Face, Happening, Wish};
use crate::sentences;
use crate::session::Goal;
use crate::texts::Texts;

/// Sentences out, words in.
pub(crate) struct Lines {
    texts: Texts,
    input: InputLines<BufReader<Stdin>>,
    ended: bool,
    /// The end of input ends the session.
    live: bool,
    /// Only the steps of a test are told.
    testing: bool,
    spelled: bool,
    terminal: bool,
    pin_wanted: bool,
    offer: Option<u32>,
    accounts: Vec<AccountId>,
    waiting: Vec<ChallengeView>,
    current: Option<ChallengeId>,
    /// The challenge for which "this was not me" was typed once.
    doubted: Option<ChallengeId>,
    heard_at: u64,
}

impl Lines {
    /// `spelled` digits for voices, or grouped ones for eyes.
    pub(crate) fn new(texts: Texts, spelled: bool, goal: Goal) -> Self {
        let live = matches!(goal, Goal::Live | Goal::Pair { stay: true, .. });
        Self {
            testing: goal == Goal::Test,
            texts,
            input: BufReader::new(tokio::io::stdin()).lines(),
            ended: false,
            live,
            spelled,
            terminal: std::io::stdin().is_terminal(),
            pin_wanted: false,
            offer: None,
            accounts: Vec::new(),
            waiting: Vec::new(),
            current: None,
            doubted: None,
            heard_at: countdown::now_ms(),
        }
    }

    fn say(&self, sentence: &str) {
        println!("{sentence}");
    }

    fn digits(&self, digits: &str) -> String {
        match self.spelled {
            true => sentences::spelled(digits),
            false => sentences::grouped(digits),
        }
    }

    fn current(&self) -> Option<&ChallengeView> {
        let current = self.waiting.iter().find(|view| Some(view.cid) == self.current);
        current.or_else(|| self.waiting.last())
    }

    /// Whether the first word is one of those that the language has for this.
    fn is(&self, word: &str, key: &str) -> bool {
        self.texts.say(key).split(' ').any(|known| known.eq_ignore_ascii_case(word))
    }

    fn understand(&mut self, line: &str) -> Option<Wish> {
        if self.pin_wanted {
            self.pin_wanted = false;
            self.echo(true);
            println!();
            return Some(Wish::Pin(match Pin::parse(line.as_bytes()) {
                Ok(pin) => Some(pin),
                Err(error) => {
                    self.say(&sentences::complaint(&self.texts, &error.into()));
                    None
                }
            }));
        }
        let line = line.trim();
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        if word.is_empty() {
            return None;
        }
        if let Some(offer) = self.offer.take() {
            return Some(Wish::Answer { offer, agree: self.is(word, "ask-yes") });
        }
        let doubted = self.doubted.take();
        if self.is(word, "word-quit") {
            return Some(Wish::Quit);
        }
        if self.is(word, "word-test") {
            return Some(Wish::Test(None));
        }
        if self.is(word, "word-refresh") {
            return Some(Wish::Refresh);
        }
        if self.is(word, "word-unlock") {
            return self.accounts.first().copied().map(Wish::Unlock);
        }
        if self.is(word, "word-choose") {
            let chosen = rest.trim().parse::<usize>().ok().and_then(|number| self.waiting.get(number.wrapping_sub(1)));
            self.current = chosen.map(|view| view.cid).or(self.current);
            self.describe_current();
            return None;
        }
        let Some(view) = self.current().cloned() else {
            self.say(&self.texts.say("lines-help"));
            return None;
        };
        let bare_number = word.bytes().all(|byte| byte.is_ascii_digit());
        if bare_number || self.is(word, "word-approve") {
            let typed = if bare_number { line } else { rest };
            let number: String = typed.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
            return Some(Wish::Approve { cid: view.cid, number: Some(number).filter(|n| !n.is_empty()), pin: None });
        }
        if self.is(word, "word-deny") {
            return Some(Wish::Deny { cid: view.cid, reason: DenyReason::Mistake });
        }
        if self.is(word, "word-not-me") {
            if doubted == Some(view.cid) {
                return Some(Wish::Deny { cid: view.cid, reason: DenyReason::NotMe });
            }
            self.doubted = Some(view.cid);
            self.say(&self.texts.say("not-me-sure-typed"));
            return None;
        }
        self.say(&self.texts.say("lines-help"));
        None
    }

    fn describe_current(&self) {
        if let Some(view) = self.current() {
            self.describe(view, None);
        }
    }

    fn describe(&self, view: &ChallengeView, content: Option<&ChallengeContent>) {
        self.say("");
        self.say(&sentences::title(&self.texts, view));
        for (label, value) in sentences::facts(&self.texts, view) {
            self.say(&format!("{label}: {value}"));
        }
        for line in [sentences::warning(&self.texts, view), sentences::several(&self.texts, view)].into_iter().flatten()
        {
            self.say(&line);
        }
        if let Some(ChallengeContent::Code(digits)) = content {
            let code = self.digits(digits.expose());
            self.say(&self.texts.say_with("lines-code", &[("code", code.into())]));
        }
        self.say(&sentences::instruction(&self.texts, view));
        let seconds = countdown::seconds(countdown::left_ms(view.deadline));
        self.say(&self.texts.say_with("seconds-left", &[("count", seconds.into())]));
        match view.kind {
            ChallengeKind::Test => {}
            ChallengeKind::Code => self.say(&self.texts.say("lines-may-deny")),
            _ => self.say(&self.texts.say("lines-may-answer")),
        }
    }

    /// Speaks the countdowns that are due; returns how long to sleep until the next look.
    fn announce(&mut self) -> Duration {
        let now = countdown::now_ms();
        for view in &self.waiting {
            let before = view.deadline.saturating_sub(self.heard_at);
            if let Some(seconds) = countdown::announcement(before, view.deadline.saturating_sub(now)) {
                println!("{}", self.texts.say_with("seconds-left", &[("count", seconds.into())]));
            }
        }
        self.heard_at = now;
        Duration::from_millis(500)
    }

    /// Switches the terminal's echo.
    fn echo(&self, on: bool) {
        if !self.terminal {
            return;
        }
        let stdin = std::io::stdin();
        if let Ok(mut settings) = termios::tcgetattr(&stdin) {
            settings.local_modes.set(LocalModes::ECHO, on);
            // A terminal that refuses shows the PIN; it is told to nobody else.
            let _ = termios::tcsetattr(&stdin, OptionalActions::Now, &settings);
        }
    }

    fn organisation(state: &State, account: AccountId) -> String {
        let found = state.accounts.iter().find(|view| view.account == account);
        found.map(|view| view.organisation.clone()).unwrap_or_default()
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        if self.pin_wanted {
            self.echo(true);
        }
    }
}

impl Face for Lines {
    async fn next(&mut self) -> Asked {
        loop {
            if self.ended {
                if self.live {
                    return Wish::Quit.into();
                }
                return std::future::pending().await;
            }
            let nap = self.announce();
            tokio::select! {
                line = self.input.next_line() => match line {
                    Ok(Some(line)) => {
                        let line = Zeroizing::new(line);
                        if let Some(wish) = self.understand(&line) {
                            return wish.into();
                        }
                    }
                    Ok(None) | Err(_) => self.ended = true,
                },
                () = tokio::time::sleep(nap) => {}
            }
        }
    }

    fn tell(&mut self, happening: &Happening, _reference: Option<&Value>, state: &State) {
        self.accounts = state.accounts.iter().map(|view| view.account).collect();
        self.waiting = state.challenges.clone();
        let texts = &self.texts;
        match happening {
            Happening::Ready { .. } | Happening::Challenge(..) | Happening::Ended(_) | Happening::Connection { .. }
                if self.testing => {}
            Happening::Ready { state, .. } => {
                for view in &state.accounts {
                    self.say(&format!("{}, {}: {}", sentences::name(view), view.user, sentences::status(texts, view)));
                }
                if state.accounts.is_empty() && self.live {
                    self.say(&texts.say("welcome"));
                }
            }
            Happening::Offer { offer, host, organisation, user, .. } => {
                self.say(&texts.say("offer-title"));
                self.say(&format!("{}: {host}", texts.say("offer-host")));
                self.say(&format!("{}: {organisation}", texts.say("offer-organisation")));
                self.say(&format!("{}: {user}", texts.say("offer-account")));
                self.say(&texts.say("offer-warning"));
                self.say(&format!("{} {}", texts.say("offer-agree"), texts.say("ask-yes-no")));
                self.offer = Some(*offer);
            }
            Happening::CheckNumber { check_number, .. } => {
                self.offer = None;
                self.say("");
                let spelled = self.digits(check_number);
                if !self.spelled {
                    for row in crate::digits::block_rows(check_number, false) {
                        self.say(&format!("    {row}"));
                    }
                    self.say("");
                }
                self.say(&texts.say_with("check-number", &[("number", spelled.into())]));
                self.say(&texts.say("check-number-where"));
            }
            Happening::WrongCheckNumber { tries_left, .. } => {
                self.say(&texts.say_with("check-number-wrong", &[("count", (*tries_left).into())]));
            }
            Happening::Active(view) => {
                let facts = [("who", view.organisation.as_str().into()), ("user", view.user.as_str().into())];
                self.say(&texts.say_with("paired", &facts));
                if !self.live {
                    self.say(&texts.say("paired-next"));
                }
            }
            Happening::PairingEnded { why, .. } => {
                self.say(&format!("{} {}", texts.say("not-paired"), sentences::complaint(texts, why)));
            }
            Happening::Connection { account, state: connection, .. } if self.live => {
                let who = Self::organisation(state, *account);
                self.say(&format!("{who}: {}", sentences::connection(texts, *connection)));
            }
            Happening::Challenge(view, content) => {
                self.current = Some(view.cid);
                self.describe(view, content.as_ref());
            }
            Happening::Ended(view) => self.say(&sentences::ended(texts, view)),
            Happening::Outcome { outcome, kind, .. } => self.say(&sentences::outcome(texts, *outcome, kind.as_ref())),
            Happening::Notice(view) => {
                self.say(&sentences::notice(texts, view, &Self::organisation(state, view.account)))
            }
            Happening::TestStep(account, step) => {
                let who = match self.accounts.len() {
                    0 | 1 => String::new(),
                    _ => format!("{}. ", Self::organisation(state, *account)),
                };
                self.say(&format!("{who}{}", sentences::step(texts, step)));
            }
            Happening::Tested { well, support_code, .. } => {
                self.say(&texts.say(if *well { "tested-well" } else { "tested-badly" }));
                self.say(&texts.say_with("support-code", &[("code", support_code.as_str().into())]));
            }
            Happening::PinWanted { title, again, .. } => {
                if let Some(again) = again {
                    self.say(&sentences::complaint(texts, again));
                }
                self.say(&texts.say_with("pin-for", &[("who", title.as_str().into())]));
                self.pin_wanted = true;
                self.echo(false);
            }
            Happening::Complaint { complaint, .. } => self.say(&sentences::complaint(texts, complaint)),
            Happening::Removed(_) => self.say(&texts.say("removed")),
            Happening::Connection { .. }
            | Happening::Account(_)
            | Happening::Changed
            | Happening::State(_)
            | Happening::Done(_)
            | Happening::Bye => {}
        }
    }

    fn shows_at_once(&self) -> bool {
        true
    }

    fn can_ask_pin(&self) -> bool {
        !self.ended
    }
}
