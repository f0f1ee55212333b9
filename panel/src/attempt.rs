//! One try to get a second factor: what binds the answer to the browser that asked.
//!
//! The verification server hears only `binding = SHA-256(v)`; `v` itself stays in the session of the browser that began.
//! Whoever completes a prompt in another browser has no `v`, and so no login: that is what makes a prompt sent to a victim
//! worthless. `v` is reused while the same person tries again in the same browser (so that the server knows the new
//! challenge replaces the old), for ten minutes at most, and never after a verified answer.

use serde::{Deserialize, Serialize};

use crate::secret::{Secret, b64u, sha256};

/// How long `v` is used, and how long a prompt may take, in seconds.
pub const LIFE: i64 = 600;

/// What a prompt is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Getting in.
    Login,
    /// Changing what protects the account: adding a phone. Whoever is in has one, so this is never a first set-up.
    Settings,
}

impl Purpose {
    /// As the protocol spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Settings => "settings",
        }
    }
}

/// An attempt, kept in the session.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// What it is for.
    pub purpose: Purpose,
    /// The secret behind the binding.
    pub v: Secret<32>,
    /// Comes back with the browser, once.
    pub state: Secret<16>,
    /// The server's name for it, as soon as there is one.
    pub prompt: Option<String>,
    /// When `v` was drawn.
    v_since: i64,
    /// When this try began.
    begun: i64,
}

/// Where a returning browser does not belong to the attempt of its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// Another `state`.
    State,
    /// Another server.
    Issuer,
    /// Another prompt.
    Prompt,
    /// Too late.
    Expired,
}

impl Attempt {
    /// Begins to try, with the former attempt's `v` where that is still fresh and for the same purpose.
    pub fn begin(purpose: Purpose, former: Option<&Attempt>, now: i64) -> Self {
        let reused = former.filter(|former| former.purpose == purpose && now - former.v_since < LIFE);
        let (v, v_since) = reused.map_or_else(|| (Secret::fresh(), now), |former| (former.v.clone(), former.v_since));
        Self { purpose, v, state: Secret::fresh(), prompt: None, v_since, begun: now }
    }

    /// `SHA-256(v)`, what the server is told.
    pub fn binding(&self) -> String {
        b64u(&sha256(self.v.bytes()))
    }

    /// Whether a browser that comes back with these three comes back from this attempt.
    pub fn expects(&self, came: (&str, &str, &str), issuer: &str, now: i64) -> Result<(), Foreign> {
        let (state, iss, prompt) = came;
        if !self.state.is(state) {
            return Err(Foreign::State);
        }
        if iss != issuer {
            return Err(Foreign::Issuer);
        }
        if self.prompt.as_deref() != Some(prompt) {
            return Err(Foreign::Prompt);
        }
        if now - self.begun >= LIFE {
            return Err(Foreign::Expired);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_binding_is_reused_while_the_same_attempt_goes_on() {
        let first = Attempt::begin(Purpose::Login, None, 0);
        let again = Attempt::begin(Purpose::Login, Some(&first), LIFE - 1);
        assert_eq!(again.binding(), first.binding());
        assert!(!again.state.is(&first.state.text()));
        let late = Attempt::begin(Purpose::Login, Some(&again), LIFE);
        assert_ne!(late.binding(), first.binding());
        let other = Attempt::begin(Purpose::Settings, Some(&first), 1);
        assert_ne!(other.binding(), first.binding());
    }

    #[test]
    fn only_the_own_state_issuer_and_prompt_belong_to_an_attempt() {
        let mut attempt = Attempt::begin(Purpose::Login, None, 0);
        let state = attempt.state.text();
        let iss = "https://id.nl";
        assert_eq!(attempt.expects((&state, iss, "pr_a"), iss, 1), Err(Foreign::Prompt));
        attempt.prompt = Some("pr_a".to_owned());
        assert_eq!(attempt.expects((&state, iss, "pr_a"), iss, 1), Ok(()));
        let other = Secret::<16>::fresh().text();
        assert_eq!(attempt.expects((&other, iss, "pr_a"), iss, 1), Err(Foreign::State));
        assert_eq!(attempt.expects((&state, "https://id.nl/", "pr_a"), iss, 1), Err(Foreign::Issuer));
        assert_eq!(attempt.expects((&state, iss, "pr_b"), iss, 1), Err(Foreign::Prompt));
        assert_eq!(attempt.expects((&state, iss, "pr_a"), iss, LIFE), Err(Foreign::Expired));
    }
}
