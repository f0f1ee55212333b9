//! Who is signed in at the desk. In memory: one process owns the database, and whoever is signed in when it ends signs in again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use koppel_domain::{ExternalId, Time};
use koppel_protocol::id::{InvitationId, OrganisationId, PairingId, PromptId, UserId};
use koppel_protocol::{Bytes, Secret, Text};

use crate::pages::Said;

/// The longest session, in seconds. 63B-4 §2.2.3.
pub(super) const LONGEST: u32 = 86_400;
/// The longest without a request.
const IDLE: u32 = 3600;
/// How long the page of the second factor may take.
const ASKED: u32 = 1800;

/// One browser of an operator.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) operator: ExternalId,
    pub(super) began: Time,
    pub(super) used: Time,
    pub(super) stage: Stage,
}

/// How far it has come.
#[derive(Clone)]
pub(super) enum Stage {
    /// The password was right; the second factor is asked for on this page.
    Asked { prompt: PromptId, v: Secret<32>, state: String },
    /// Signed in.
    In { call: Option<Box<Call>> },
}

/// The user who is helped now.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) user: UserId,
    pub(super) organisation: OrganisationId,
    pub(super) reason: Text,
    pub(super) ticket: Text,
    /// The koppelcode that was handed out in this call.
    pub(super) invitation: Option<InvitationId>,
    /// What the next page says about the last act.
    pub(super) said: Option<Said>,
    /// The pairing whose check number that is about.
    pub(super) about: Option<PairingId>,
}

/// All of them, by the keyed hash of their token.
#[derive(Default)]
pub struct Sessions(Mutex<HashMap<Bytes<32>, Session>>);

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sessions")
    }
}

impl Session {
    fn lives(&self, now: Time) -> bool {
        let longest = if matches!(self.stage, Stage::Asked { .. }) { ASKED } else { LONGEST };
        now < self.began.plus(longest) && now < self.used.plus(IDLE)
    }
}

impl Sessions {
    fn all(&self) -> MutexGuard<'_, HashMap<Bytes<32>, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins one. Those whose time is over go.
    pub(super) fn begin(&self, key: Bytes<32>, operator: ExternalId, stage: Stage, now: Time) {
        let mut all = self.all();
        all.retain(|_, session| session.lives(now));
        all.insert(key, Session { operator, began: now, used: now, stage });
    }

    /// A living one, used now.
    pub(super) fn find(&self, key: &Bytes<32>, now: Time) -> Option<Session> {
        let mut all = self.all();
        let session = all.get_mut(key).filter(|session| session.lives(now))?;
        session.used = now;
        Some(session.clone())
    }

    /// Another call, or another state of it.
    pub(super) fn put_call(&self, key: &Bytes<32>, call: Option<Call>) {
        if let Some(Session { stage: Stage::In { call: held }, .. }) = self.all().get_mut(key) {
            *held = call.map(Box::new);
        }
    }

    /// The second factor was right: the same operator under a new token. None where it was not asked for.
    pub(super) fn rotate(&self, from: &Bytes<32>, to: Bytes<32>, now: Time) -> Option<()> {
        let mut all = self.all();
        let Session { operator, .. } = all.remove(from)?;
        all.insert(to, Session { operator, began: now, used: now, stage: Stage::In { call: None } });
        Some(())
    }

    /// Ends one.
    pub(super) fn end(&self, key: &Bytes<32>) {
        self.all().remove(key);
    }

    /// Ends all of an operator's.
    pub fn end_of(&self, operator: &ExternalId) {
        self.all().retain(|_, session| session.operator != *operator);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> ExternalId {
        text.parse().expect("a name")
    }

    #[test]
    fn a_session_ends_after_an_hour_without_use_and_after_a_day() {
        let sessions = Sessions::default();
        let key = Bytes::new([1; 32]);
        sessions.begin(key, name("anna"), Stage::In { call: None }, Time(1000));
        assert!(sessions.find(&key, Time(1000 + 3599)).is_some());
        assert!(sessions.find(&key, Time(1000 + 3599 + 3600)).is_none(), "an hour idle");
        for hour in 0..25 {
            sessions.begin(Bytes::new([2; 32]), name("bert"), Stage::In { call: None }, Time(1));
            let mut alive = true;
            for half in 0..hour * 2 {
                alive = sessions.find(&Bytes::new([2; 32]), Time(1 + half * 1800)).is_some();
            }
            assert_eq!(alive, hour * 2 <= 48, "{hour} hours");
        }
    }

    #[test]
    fn the_token_before_the_second_factor_opens_nothing_after_it() {
        let sessions = Sessions::default();
        let (before, after) = (Bytes::new([1; 32]), Bytes::new([2; 32]));
        let asked =
            Stage::Asked { prompt: PromptId::from_bytes([3; 16]), v: Secret::new([4; 32]), state: "s".to_owned() };
        sessions.begin(before, name("anna"), asked, Time(1));
        assert!(sessions.rotate(&before, after, Time(2)).is_some());
        assert!(sessions.find(&before, Time(2)).is_none());
        assert!(matches!(sessions.find(&after, Time(2)).map(|session| session.stage), Some(Stage::In { .. })));
        assert!(sessions.rotate(&before, after, Time(2)).is_none(), "once");
        sessions.end_of(&name("anna"));
        assert!(sessions.find(&after, Time(2)).is_none());
    }
}
