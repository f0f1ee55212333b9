//! The directory question: the verification server asks whether a user name and a password are right.
//!
//! A phone may be paired by signing in on the phone itself. The server has no passwords, so it asks the panel, and signs
//! the question with a secret that only the two of them know: `Koppel-Signature: t=<seconds>,v1=<hex HMAC-SHA-256(secret,
//! "<t>.<body>")>`. Nothing in the body is read before that signature held.

use ring::hmac;
use serde::{Deserialize, Serialize};

/// How far the sender's clock may be away, in seconds.
pub const WINDOW: i64 = 300;

/// The secret shared with the server. The text that the server printed is the key, as it stands.
pub struct DirectorySecret(hmac::Key);

impl DirectorySecret {
    /// Shorter secrets can be guessed.
    pub const SHORTEST: usize = 16;

    /// `None` when the text is too short to be one.
    pub fn new(text: &str) -> Option<Self> {
        let long_enough = text.len() >= Self::SHORTEST;
        long_enough.then(|| Self(hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes())))
    }

    /// Whether the body comes from the server, now. Constant time in the signature.
    pub fn signed(&self, header: &str, body: &[u8], now: i64) -> bool {
        let Some((time, signature)) = header.strip_prefix("t=").and_then(|rest| rest.split_once(",v1=")) else {
            return false;
        };
        // Digits alone, as the signer writes them: no sign, no white space.
        let digits = (1..=12).contains(&time.len()) && time.bytes().all(|b| b.is_ascii_digit());
        let Some(at) = digits.then(|| time.parse::<i64>().ok()).flatten() else { return false };
        let Some(signature) = from_hex(signature) else { return false };
        let message = [time.as_bytes(), b".", body].concat();
        let is_right = hmac::verify(&self.0, &message, &signature).is_ok();
        is_right && (now - at).abs() <= WINDOW
    }
}

/// What is asked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// As typed on the phone.
    pub login_name: String,
    /// As typed on the phone.
    pub password: String,
}

/// The answer when both are right.
#[derive(Debug, Serialize, Deserialize)]
pub struct Known {
    /// Our id of the user.
    pub external_id: String,
    /// What the user is called.
    pub display: String,
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let mut bytes = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "a secret of two parties";

    fn sign(secret: &str, time: &str, body: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = hmac::sign(&key, format!("{time}.{body}").as_bytes());
        let hex: String = tag.as_ref().iter().map(|b| format!("{b:02x}")).collect();
        format!("t={time},v1={hex}")
    }

    #[test]
    fn a_question_of_the_server_is_heard_for_five_minutes() {
        let secret = DirectorySecret::new(SECRET).unwrap();
        let header = sign(SECRET, "1000", "{}");
        for (now, heard) in [(1000, true), (700, true), (1300, true), (699, false), (1301, false)] {
            assert_eq!(secret.signed(&header, b"{}", now), heard, "{now}");
        }
    }

    #[test]
    fn another_secret_body_or_time_is_refused() {
        let secret = DirectorySecret::new(SECRET).unwrap();
        let good = sign(SECRET, "1000", "{}");
        assert!(!secret.signed(&sign("another secret here", "1000", "{}"), b"{}", 1000));
        assert!(!secret.signed(&good, b"{ }", 1000));
        assert!(!secret.signed(&good.replace("t=1000", "t=1001"), b"{}", 1000));
    }

    #[test]
    fn a_header_of_another_form_is_refused() {
        let secret = DirectorySecret::new(SECRET).unwrap();
        let good = sign(SECRET, "1000", "{}");
        let plus = sign(SECRET, "+1000", "{}");
        let huge = sign(SECRET, "99999999999999999999", "{}");
        let (time, tag) = good.split_once(",v1=").unwrap();
        for bad in [
            "",
            "t=1000",
            time,
            tag,
            "t=1000,v1=",
            &plus,
            &huge,
            &good[..70],
            &format!("{good}00"),
            &format!(" {good}"),
        ] {
            assert!(!secret.signed(bad, b"{}", 1000), "{bad}");
        }
    }

    #[test]
    fn a_short_secret_is_none() {
        assert!(DirectorySecret::new("short").is_none());
    }
}
