//! The panel's own sessions: who sits at the browser, and how sure that is.
//!
//! A session begins when a password was right and is then worth nothing but a second factor. It is renamed at both steps
//! (after the password, after the phone), so that a name that somebody planted or saw before never becomes a login. Names
//! are kept hashed.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::attempt::{Attempt, Purpose};
use crate::clock::Clock;
use crate::secret::{Secret, sha256};
use crate::users::User;
use crate::verdict::Backing;

/// A session ends after this many seconds, whatever happens …
pub const LIFE: i64 = 24 * 3600;
/// … and after this many without a request.
pub const IDLE: i64 = 3600;

/// The name of a session, which only its browser's cookie knows.
pub type SessionToken = Secret<16>;

/// How far its user came.
#[derive(Clone, Debug)]
pub enum Standing {
    /// The password was right. This opens no page but the second factor's.
    FirstFactor,
    /// In, and why.
    SignedIn(Backing),
}

/// What the panel knows of a browser.
#[derive(Clone, Debug)]
pub struct Session {
    /// Whose it is.
    pub user: User,
    /// How far they came.
    pub standing: Standing,
    /// The second factor that is being asked for.
    pub attempt: Option<Attempt>,
    /// When the password was last right.
    pub first_factor_at: i64,
    begun: i64,
    seen: i64,
}

impl Session {
    /// What stands behind the login; `None` while the second factor is missing.
    pub fn backing(&self) -> Option<&Backing> {
        match &self.standing {
            Standing::SignedIn(backing) => Some(backing),
            Standing::FirstFactor => None,
        }
    }

    fn lives(&self, now: i64) -> bool {
        now - self.begun < LIFE && now - self.seen < IDLE
    }
}

/// All sessions of the panel, in memory: a restart signs everybody out.
#[derive(Debug)]
pub struct Sessions {
    clock: Clock,
    rows: Mutex<HashMap<[u8; 32], Session>>,
}

impl Sessions {
    /// None yet.
    pub fn new(clock: Clock) -> Self {
        Self { clock, rows: Mutex::default() }
    }

    /// The password was right. The browser's former session ends; an unfinished attempt of the same user goes on.
    pub fn open(&self, user: User, former: Option<&SessionToken>) -> SessionToken {
        let now = self.clock.now();
        let mut rows = self.rows();
        rows.retain(|_, session| session.lives(now));
        let attempt = former
            .and_then(|former| rows.remove(&name(former)))
            .filter(|session| session.user.external_id == user.external_id)
            .and_then(|session| session.attempt);
        let standing = Standing::FirstFactor;
        let session = Session { user, standing, attempt, first_factor_at: now, begun: now, seen: now };
        insert(&mut rows, session)
    }

    /// The session of this name, if it lives.
    pub fn find(&self, token: &SessionToken) -> Option<Session> {
        let now = self.clock.now();
        let mut rows = self.rows();
        let session = rows.get_mut(&name(token))?;
        if !session.lives(now) {
            rows.remove(&name(token));
            return None;
        }
        session.seen = now;
        Some(session.clone())
    }

    /// Writes down the attempt that a browser was sent away with. `false` when the session is gone.
    pub fn attempts(&self, token: &SessionToken, attempt: Attempt, first_factor_at: i64) -> bool {
        let mut rows = self.rows();
        let session = rows.get_mut(&name(token));
        session.map(|session| (session.attempt, session.first_factor_at) = (Some(attempt), first_factor_at)).is_some()
    }

    /// The second factor was right: under one lock the attempt is used up, the session gets its standing and another name.
    /// `None` when the session or the attempt is gone: another answer was faster.
    pub fn complete(&self, token: &SessionToken, prompt: Option<&str>, backing: Backing) -> Option<SessionToken> {
        let now = self.clock.now();
        let mut rows = self.rows();
        let is_it = |session: &Session| {
            session.lives(now) && session.attempt.as_ref().is_some_and(|a| a.prompt.as_deref() == prompt)
        };
        if !rows.get(&name(token)).is_some_and(is_it) {
            return None;
        }
        let mut session = rows.remove(&name(token))?;
        let attempt = session.attempt.take()?;
        match attempt.purpose {
            Purpose::Login => {
                session.standing = Standing::SignedIn(backing);
                session.begun = now;
            }
            // Adding a phone is no login: what stands behind that one stays as it was.
            Purpose::Settings => {
                session.backing()?;
            }
        }
        session.seen = now;
        Some(insert(&mut rows, session))
    }

    /// Gives the attempt up; its binding is never used again.
    pub fn abandon(&self, token: &SessionToken) {
        if let Some(session) = self.rows().get_mut(&name(token)) {
            session.attempt = None;
        }
    }

    /// Ends a session.
    pub fn close(&self, token: &SessionToken) {
        self.rows().remove(&name(token));
    }

    fn rows(&self) -> MutexGuard<'_, HashMap<[u8; 32], Session>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn name(token: &SessionToken) -> [u8; 32] {
    sha256(token.bytes())
}

fn insert(rows: &mut HashMap<[u8; 32], Session>, session: Session) -> SessionToken {
    let token = SessionToken::fresh();
    rows.insert(name(&token), session);
    token
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;
    use crate::verdict::ServersWord;

    fn user(name: &str) -> User {
        User {
            external_id: format!("linden-{name}"),
            login_name: name.to_owned(),
            display: name.to_owned(),
            extension: "21".to_owned(),
            password_changed_at: 0,
        }
    }

    fn sessions() -> (Sessions, Arc<AtomicI64>) {
        let time = Arc::new(AtomicI64::new(0));
        let clock = Clock::new({
            let time = time.clone();
            move || time.load(Ordering::Relaxed)
        });
        (Sessions::new(clock), time)
    }

    fn word() -> Backing {
        Backing::Server { method: "app".to_owned(), why: ServersWord::NothingSigned }
    }

    fn with_prompt(sessions: &Sessions, token: &SessionToken, purpose: Purpose) {
        let mut attempt = Attempt::begin(purpose, None, 0);
        attempt.prompt = Some("pr_a".to_owned());
        assert!(sessions.attempts(token, attempt, 0));
    }

    #[test]
    fn a_session_is_renamed_after_the_second_factor() {
        let (sessions, _) = sessions();
        let before = sessions.open(user("anna"), None);
        with_prompt(&sessions, &before, Purpose::Login);
        let after = sessions.complete(&before, Some("pr_a"), word()).unwrap();
        assert!(sessions.find(&before).is_none());
        assert!(sessions.find(&after).unwrap().backing().is_some());
    }

    #[test]
    fn an_attempt_is_used_once() {
        let (sessions, _) = sessions();
        let token = sessions.open(user("anna"), None);
        with_prompt(&sessions, &token, Purpose::Login);
        assert!(sessions.complete(&token, Some("pr_b"), word()).is_none());
        let after = sessions.complete(&token, Some("pr_a"), word()).unwrap();
        assert!(sessions.complete(&token, Some("pr_a"), word()).is_none());
        assert!(sessions.complete(&after, Some("pr_a"), word()).is_none());
    }

    #[test]
    fn adding_a_phone_never_signs_anybody_in() {
        let (sessions, _) = sessions();
        let token = sessions.open(user("anna"), None);
        with_prompt(&sessions, &token, Purpose::Settings);
        assert!(sessions.complete(&token, Some("pr_a"), word()).is_none());
    }

    #[test]
    fn a_session_ends_after_an_hour_without_a_request_and_after_a_day_in_any_case() {
        let (sessions, time) = sessions();
        let idle = sessions.open(user("anna"), None);
        time.store(IDLE - 1, Ordering::Relaxed);
        assert!(sessions.find(&idle).is_some());
        time.store(2 * IDLE - 1, Ordering::Relaxed);
        assert!(sessions.find(&idle).is_none());

        let begun = time.load(Ordering::Relaxed);
        let busy = sessions.open(user("anna"), None);
        while time.fetch_add(IDLE - 1, Ordering::Relaxed) + IDLE - 1 < begun + LIFE {
            assert!(sessions.find(&busy).is_some());
        }
        assert!(sessions.find(&busy).is_none());
    }

    #[test]
    fn signing_in_again_ends_the_former_session_and_keeps_the_attempt_of_the_same_user() {
        let (sessions, _) = sessions();
        let first = sessions.open(user("anna"), None);
        with_prompt(&sessions, &first, Purpose::Login);
        let again = sessions.open(user("anna"), Some(&first));
        assert!(sessions.find(&first).is_none());
        assert!(sessions.find(&again).unwrap().attempt.is_some());
        let other = sessions.open(user("bram"), Some(&again));
        assert!(sessions.find(&other).unwrap().attempt.is_none());
    }
}
