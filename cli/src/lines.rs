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
    /// Whether a phone without accounts is told how to pair: not while it does.
    welcomes: bool,
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
            welcomes: goal == Goal::Live,
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

    /// Whether this is one of the words that the language has for something.
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
        if line.is_empty() {
            return None;
        }
        if let Some(offer) = self.offer {
            return self.agreement(line, offer);
        }
        let doubted = self.doubted.take();
        // A line is a command only if it is whole: one with more words than its command takes could mean anything.
        if self.is(line, "word-quit") {
            return Some(Wish::Quit);
        }
        if self.is(line, "word-test") {
            return Some(Wish::Test(None));
        }
        if self.is(line, "word-refresh") {
            return Some(Wish::Refresh);
        }
        if self.is(line, "word-unlock") {
            return self.accounts.first().copied().map(Wish::Unlock);
        }
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        if self.is(word, "word-choose") {
            return self.choose(rest);
        }
        let Some(view) = self.current().cloned() else {
            return self.help();
        };
        let approves = self.is(word, "word-approve");
        match number(if approves { rest } else { line }) {
            Some(number) if !number.is_empty() => {
                return Some(Wish::Approve { cid: view.cid, number: Some(number), pin: None });
            }
            Some(_) if approves => return Some(Wish::Approve { cid: view.cid, number: None, pin: None }),
            _ => {}
        }
        if self.is(line, "word-deny") {
            return Some(Wish::Deny { cid: view.cid, reason: DenyReason::Mistake });
        }
        if self.is(line, "word-not-me") {
            if doubted == Some(view.cid) {
                return Some(Wish::Deny { cid: view.cid, reason: DenyReason::NotMe });
            }
            self.doubted = Some(view.cid);
            self.say(&self.texts.say("not-me-sure-typed"));
            return None;
        }
        self.help()
    }

    /// Yes or no to an offer; whatever else was typed is asked again.
    fn agreement(&mut self, line: &str, offer: u32) -> Option<Wish> {
        let agree = self.is(line, "ask-yes");
        if !agree && !self.is(line, "ask-no") {
            self.ask_offer();
            return None;
        }
        self.offer = None;
        Some(Wish::Answer { offer, agree })
    }

    fn ask_offer(&self) {
        self.say(&format!("{} {}", self.texts.say("offer-agree"), self.texts.say("ask-yes-no")));
    }

    /// Another of the requests that wait; without a number the one that is chosen is read again.
    fn choose(&mut self, which: &str) -> Option<Wish> {
        let which = which.trim();
        if !which.is_empty() {
            let Some(view) = which.parse::<usize>().ok().and_then(|number| self.waiting.get(number.wrapping_sub(1)))
            else {
                return self.help();
            };
            self.current = Some(view.cid);
        }
        self.describe_current();
        None
    }

    fn help(&self) -> Option<Wish> {
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

/// A number as a person types it: in groups, with hyphens, or digit by digit; empty where nothing was typed.
fn number(typed: &str) -> Option<String> {
    let digits = typed.chars().filter(|c| !matches!(c, '-') && !c.is_whitespace());
    digits.map(|c| c.is_ascii_digit().then_some(c)).collect()
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
            Happening::Ready { .. }
            | Happening::Challenge(..)
            | Happening::Ended { .. }
            | Happening::Connection { .. }
                if self.testing => {}
            Happening::Ready { state, .. } => {
                for view in &state.accounts {
                    self.say(&format!("{}, {}: {}", sentences::name(view), view.user, sentences::status(texts, view)));
                }
                if state.accounts.is_empty() && self.welcomes {
                    self.say(&texts.say("welcome"));
                }
            }
            Happening::Offer { offer, host, organisation, user, agreed, .. } => {
                self.say(&texts.say(if *agreed { "offer-taken" } else { "offer-title" }));
                self.say(&format!("{}: {host}", texts.say("offer-host")));
                self.say(&format!("{}: {organisation}", texts.say("offer-organisation")));
                self.say(&format!("{}: {user}", texts.say("offer-account")));
                if !*agreed {
                    self.say(&texts.say("offer-warning"));
                    self.ask_offer();
                    self.offer = Some(*offer);
                }
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
                self.say(&sentences::not_paired(texts, why));
                self.offer = None;
            }
            Happening::Connection { account, state: connection, .. } if self.live => {
                let who = Self::organisation(state, *account);
                self.say(&format!("{who}: {}", sentences::connection(texts, *connection)));
            }
            Happening::Challenge(view, content) => {
                self.current = Some(view.cid);
                self.describe(view, content.as_ref());
            }
            Happening::Ended { told: true, .. } => {}
            Happening::Ended { view, .. } => self.say(&sentences::ended(texts, view)),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::Locale;

    fn cid() -> ChallengeId {
        ChallengeId::from_bytes([1; 16])
    }

    /// Before a login that asks for a number.
    fn lines(locale: Locale) -> Lines {
        let mut lines = Lines::new(Texts::of(locale), true, Goal::Live);
        lines.waiting.push(ChallengeView {
            account: AccountId::from_bytes([1; 16]),
            cid: cid(),
            seq: 1,
            kind: ChallengeKind::Number,
            organisation: "De Linden".into(),
            relying_party: "Klantpaneel".into(),
            origin: "https://panel.linden.nl".into(),
            user: "jan".into(),
            purpose: "login".into(),
            ip: None,
            page_ip: None,
            browser: None,
            place: None,
            began_at: None,
            expires_at: 0,
            deadline: 0,
            waiting: 1,
            can_approve: true,
            answered: false,
        });
        lines
    }

    #[test]
    fn this_was_not_me_is_a_word_of_its_own_and_is_asked_twice() {
        for (locale, words) in [(Locale::Dutch, ["melden", "m"]), (Locale::English, ["report", "r"])] {
            for word in words {
                let mut lines = lines(locale);
                assert!(lines.understand(word).is_none(), "once reports nothing");
                assert!(matches!(lines.understand(word), Some(Wish::Deny { reason: DenyReason::NotMe, .. })));
            }
        }
    }

    #[test]
    fn no_is_no_report_however_often_it_is_typed() {
        for locale in [Locale::Dutch, Locale::English] {
            let mut lines = lines(locale);
            for word in ["n", "n", "nee", "no", "niet", "niet", "not", "not"] {
                assert!(lines.understand(word).is_none(), "{word}");
            }
        }
    }

    #[test]
    fn a_doubt_ends_with_whatever_else_is_typed() {
        let mut lines = lines(Locale::Dutch);
        assert!(lines.understand("melden").is_none());
        assert!(lines.understand("melden toch niet").is_none());
        assert!(lines.understand("melden").is_none(), "the second one is a first one again");
    }

    #[test]
    fn a_line_with_more_words_than_its_command_takes_is_no_command() {
        for line in [
            "m elden",
            "melden niet",
            "m m",
            "weigeren niet",
            "w 1",
            "test niet",
            "stop niet",
            "vernieuwen nu",
            "ontgrendelen niet",
            "goedkeuren niet",
            "goedkeuren 482913 niet",
            "482913 niet",
            "482913x",
            "kies 9",
            "kies een",
            "-",
        ] {
            assert!(lines(Locale::Dutch).understand(line).is_none(), "{line}");
        }
    }

    #[test]
    fn a_number_may_be_typed_in_groups_and_behind_the_word() {
        for line in ["482913", "482 913", "4 8 2 9 1 3", "482-913", "goedkeuren 482 913", "g 482913", " G  482913 "] {
            let wish = lines(Locale::Dutch).understand(line);
            assert!(matches!(wish, Some(Wish::Approve { number: Some(n), .. }) if n == "482913"), "{line}");
        }
        let wish = lines(Locale::Dutch).understand("goedkeuren");
        assert!(matches!(wish, Some(Wish::Approve { number: None, .. })));
        let wish = lines(Locale::English).understand("deny");
        assert!(matches!(wish, Some(Wish::Deny { reason: DenyReason::Mistake, .. })));
    }

    #[test]
    fn an_offer_is_answered_by_yes_or_no_and_asked_again_otherwise() {
        for (line, answer) in [("j", Some(true)), ("ja", Some(true)), ("n", Some(false)), ("nee", Some(false))] {
            let mut lines = lines(Locale::Dutch);
            lines.offer = Some(1);
            for unclear in ["ja maar niet nu", "ja?", "482913"] {
                assert!(lines.understand(unclear).is_none(), "{unclear}");
            }
            let wish = lines.understand(line);
            assert!(matches!(wish, Some(Wish::Answer { offer: 1, agree }) if Some(agree) == answer), "{line}");
        }
    }

    #[test]
    fn no_two_commands_of_a_language_share_a_word_and_none_means_yes_or_no() {
        let keys = ["approve", "deny", "not-me", "choose", "test", "refresh", "unlock", "quit"];
        for locale in [Locale::Dutch, Locale::English] {
            let texts = Texts::of(locale);
            let mut seen: Vec<String> = Vec::new();
            let keys = keys.iter().map(|key| format!("word-{key}"));
            for key in keys.chain(["ask-yes".into(), "ask-no".into()]) {
                for word in texts.say(&key).split(' ') {
                    assert!(!seen.iter().any(|known| known == word), "{key}: {word}");
                    seen.push(word.to_owned());
                }
            }
        }
    }
}
