//! What a key means, by what the person is doing.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use koppel_client::pin::Pin;
use koppel_core::{ChallengeKind, DenyReason};
use koppel_protocol::id::ChallengeId;
use zeroize::Zeroizing;

use super::model::{Mode, Model, NUMBER_DIGITS};
use crate::happening::Wish;
use crate::sentences;

/// The longest PIN that is taken in.
const LONGEST_PIN: usize = 64;

impl Model {
    /// Takes a key; may give a wish.
    pub(crate) fn press(&mut self, key: KeyEvent) -> Option<Wish> {
        if key.kind == KeyEventKind::Release {
            return None;
        }
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return matches!(key.code, KeyCode::Char('c' | 'd')).then_some(Wish::Quit);
        }
        match std::mem::take(&mut self.mode) {
            Mode::Watching => self.watching(key.code),
            Mode::Denying { doubted } => self.denying(key.code, doubted),
            Mode::Pin { cid, title, typed, again } => self.pin(key.code, cid, title, typed, again),
            Mode::Offer { offer, host, organisation, user } => match key.code {
                KeyCode::Char('j' | 'J' | 'y' | 'Y') => Some(Wish::Answer { offer, agree: true }),
                KeyCode::Char('n' | 'N') | KeyCode::Esc => Some(Wish::Answer { offer, agree: false }),
                _ => {
                    self.mode = Mode::Offer { offer, host, organisation, user };
                    None
                }
            },
            Mode::Help => None,
        }
    }

    fn watching(&mut self, key: KeyCode) -> Option<Wish> {
        match key {
            KeyCode::Char(digit @ '0'..='9') if self.asks_for_number() && self.typed.len() < *NUMBER_DIGITS.end() => {
                self.typed.push(digit);
                self.message = None;
                None
            }
            KeyCode::Backspace => {
                self.typed.pop();
                None
            }
            KeyCode::Enter => self.approve(),
            KeyCode::Tab => {
                self.next_challenge();
                None
            }
            KeyCode::Char('w' | 'W' | 'd' | 'D')
                if self.in_front().is_some_and(|view| !view.answered && view.kind != ChallengeKind::Test) =>
            {
                self.mode = Mode::Denying { doubted: false };
                None
            }
            KeyCode::Char('t' | 'T') if self.has_active_account() => {
                self.steps.clear();
                self.note(self.texts.say("testing"));
                Some(Wish::Test(None))
            }
            KeyCode::Char('r' | 'R') => Some(Wish::Refresh),
            KeyCode::Char('u' | 'U') => {
                let locked = self.state.accounts.iter().find(|view| view.locked);
                locked.map(|view| Wish::Unlock(view.account))
            }
            KeyCode::Char('x' | 'X') => {
                let notice = self.state.notices.first();
                notice.map(|notice| Wish::Dismiss(notice.account, notice.nid))
            }
            KeyCode::Char('?' | 'h' | 'H') => {
                self.mode = Mode::Help;
                None
            }
            KeyCode::Char('q' | 'Q') => Some(Wish::Quit),
            KeyCode::Esc => {
                self.message = None;
                self.steps.clear();
                self.put_tests_away();
                None
            }
            _ => None,
        }
    }

    fn approve(&mut self) -> Option<Wish> {
        let view = self.in_front().filter(|view| view.can_approve && !view.answered)?;
        let cid = view.cid;
        if matches!(view.kind, ChallengeKind::Unlock) {
            return Some(Wish::Approve { cid, number: None, pin: None });
        }
        if !self.asks_for_number() {
            return None;
        }
        if !NUMBER_DIGITS.contains(&self.typed.len()) {
            self.warn(self.texts.say("number-incomplete"));
            return None;
        }
        Some(Wish::Approve { cid, number: Some(self.typed.clone()), pin: None })
    }

    fn denying(&mut self, key: KeyCode, doubted: bool) -> Option<Wish> {
        let cid = self.in_front()?.cid;
        match (key, doubted) {
            (KeyCode::Char('1'), false) => Some(Wish::Deny { cid, reason: DenyReason::Mistake }),
            (KeyCode::Char('2'), false) => {
                self.mode = Mode::Denying { doubted: true };
                None
            }
            (KeyCode::Char('j' | 'J' | 'y' | 'Y'), true) => Some(Wish::Deny { cid, reason: DenyReason::NotMe }),
            (KeyCode::Esc | KeyCode::Char('n' | 'N'), _) => None,
            _ => {
                self.mode = Mode::Denying { doubted };
                None
            }
        }
    }

    fn pin(
        &mut self,
        key: KeyCode,
        cid: Option<ChallengeId>,
        title: String,
        mut typed: Zeroizing<String>,
        mut again: Option<String>,
    ) -> Option<Wish> {
        match key {
            KeyCode::Esc => return Some(Wish::Pin(None)),
            KeyCode::Enter => match Pin::parse(typed.as_bytes()) {
                Ok(pin) => {
                    self.note(self.texts.say("signing"));
                    return Some(Wish::Pin(Some(pin)));
                }
                Err(error) => {
                    again = Some(sentences::complaint(&self.texts, &error.into()));
                    typed = Zeroizing::new(String::new());
                }
            },
            KeyCode::Backspace => {
                typed.pop();
            }
            KeyCode::Char(character) if typed.len() < LONGEST_PIN => typed.push(character),
            _ => {}
        }
        self.mode = Mode::Pin { cid, title, typed, again };
        None
    }
}
