//! A challenge: the question "is this you?", signed once for each device and each delivery.
//!
//! One message type, four modes. In mode `code` the phone shows digits that the browser takes. In mode `number` the browser
//! shows digits, never sent to the phone, that the person types to approve. `confirm_pairing` asks an old phone to vouch
//! for a new one by its check number; `unlock` lifts a lock after a fraud report. A mode from the future becomes
//! [`Subject::Unknown`]: it may be denied, never approved.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{
    bytes::Bytes,
    digits::Digits,
    id::{ChallengeId, DeviceId, PairingId, RelyingPartyId},
    identity::{FromServer, KeyVersion, ServerId},
    jws::Claims,
    nonce::Nonce,
    pairing::Platform,
    text::Text,
};

/// A challenge, `challenge+jwt`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct Challenge {
    /// Its id.
    pub cid: ChallengeId,
    /// Which delivery of it, from 1.
    pub seq: u32,
    /// The device it is for.
    pub dev: DeviceId,
    /// The server that asks.
    pub server_id: ServerId,
    /// The version of the key that signs; the header's `kid`.
    pub version: KeyVersion,
    /// When it was signed, in seconds of the server.
    pub iat: u64,
    /// When this delivery ends, in seconds of the server.
    pub exp: u64,
    /// A nonce for the answer's device proofs.
    pub nonce: Nonce,
    /// Whose account.
    pub user: User,
    /// What is asked.
    pub subject: Subject,
}

/// What a challenge asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// Mode `code`: show these digits.
    Code {
        /// The login.
        login: Login,
        /// The digits.
        code: Digits,
    },
    /// Mode `number`: type the number that the browser shows.
    Number {
        /// The login.
        login: Login,
    },
    /// Mode `code`, purpose `test`: show these digits; nothing can use them.
    Test {
        /// The digits.
        code: Digits,
    },
    /// Mode `confirm_pairing`: type the check number that the new phone shows.
    ConfirmPairing {
        /// The new phone.
        pairing: NewDevice,
    },
    /// Mode `unlock`: lift the lock that this device's fraud report made.
    Unlock,
    /// A mode this program does not know: say "update the app", offer to deny.
    Unknown {
        /// Its name.
        mode: Text,
    },
}

/// A login somebody began in a browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The panel.
    pub rp: RelyingParty,
    /// SHA-256 of the secret of the browser session that began.
    pub bind: Bytes<32>,
    /// What it is for.
    pub purpose: Purpose,
    /// Where it comes from.
    pub context: Context,
}

/// A panel, as registered with the server; never as some request claimed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelyingParty {
    /// Its id.
    pub id: RelyingPartyId,
    /// Its name.
    pub name: Text,
    /// Its origin, such as `https://panel.example.org`. Whole, never cut.
    pub origin: Text,
}

/// Whose account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The panel's id of the user (`external_id`). Whole, never cut.
    pub id: Text,
    /// The login name.
    pub name: Text,
}

/// What a login is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To log in.
    Login,
    /// To add a first factor.
    Enrol,
    /// To change factors.
    Settings,
    /// Something from the future.
    #[serde(other, skip_serializing)]
    Unknown,
}

/// Where a login comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    /// The address the panel saw.
    pub ip: IpAddr,
    /// Roughly where that is, when the server knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Text>,
    /// The browser, in words.
    pub browser: Text,
    /// When the login began, in seconds.
    pub time: u64,
    /// The address the hosted page saw, when it is another one: a warning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_ip: Option<IpAddr>,
}

/// A phone that waits to be confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewDevice {
    /// Its pairing.
    pub pid: PairingId,
    /// The name it gave itself.
    pub name: Text,
    /// What it runs on.
    pub platform: Platform,
    /// SHA-256 of the SPKI of its `approve` key; absent for a phone of codes only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approve_thumbprint: Option<Bytes<32>>,
    /// The address it came from.
    pub ip: IpAddr,
    /// Roughly where that is, when the server knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Text>,
}

impl Challenge {
    /// The mode as it stands in the message.
    pub fn mode(&self) -> &str {
        match &self.subject {
            Subject::Code { .. } | Subject::Test { .. } => "code",
            Subject::Number { .. } => "number",
            Subject::ConfirmPairing { .. } => "confirm_pairing",
            Subject::Unlock => "unlock",
            Subject::Unknown { mode } => mode.as_str(),
        }
    }

    /// Whether an `approve` decision may answer it.
    pub fn may_be_approved(&self) -> bool {
        matches!(self.subject, Subject::Number { .. } | Subject::ConfirmPairing { .. } | Subject::Unlock)
    }

    /// Whether an approval needs a typed number.
    pub fn needs_number(&self) -> bool {
        matches!(self.subject, Subject::Number { .. } | Subject::ConfirmPairing { .. })
    }
}

impl Claims for Challenge {
    const TYP: &'static str = "challenge+jwt";
    type Kid = KeyVersion;

    fn check(&self) -> Result<(), &'static str> {
        if self.exp <= self.iat { Err("exp lies after iat") } else { Ok(()) }
    }

    fn fits(&self, kid: &KeyVersion) -> bool {
        self.version == *kid
    }
}

impl FromServer for Challenge {
    fn issuer(&self) -> Option<(ServerId, KeyVersion)> {
        Some((self.server_id, self.version))
    }

    fn addressee(&self) -> Option<DeviceId> {
        Some(self.dev)
    }
}

/// The message as it is written: one object whose optional fields depend on `mode`.
#[derive(Serialize, Deserialize)]
struct Wire {
    cid: ChallengeId,
    seq: u32,
    dev: DeviceId,
    server_id: ServerId,
    version: KeyVersion,
    iat: u64,
    exp: u64,
    nonce: Nonce,
    mode: Text,
    user: User,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rp: Option<RelyingParty>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bind: Option<Bytes<32>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    purpose: Option<WirePurpose>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ctx: Option<Context>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<Digits>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pairing: Option<NewDevice>,
}

#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WirePurpose {
    Test,
    #[serde(untagged)]
    Login(Purpose),
}

impl Wire {
    fn login(&mut self) -> Result<Login, &'static str> {
        let purpose = match self.purpose {
            Some(WirePurpose::Login(purpose)) => purpose,
            _ => return Err("this mode has a purpose"),
        };
        Ok(Login {
            rp: self.rp.take().ok_or("this mode has rp")?,
            bind: self.bind.ok_or("this mode has bind")?,
            purpose,
            context: self.ctx.take().ok_or("this mode has ctx")?,
        })
    }

    fn subject(&mut self) -> Result<Subject, &'static str> {
        match self.mode.as_str() {
            "code" => {
                let code = self.code.take().ok_or("mode code has a code")?;
                match self.purpose {
                    Some(WirePurpose::Test) => Ok(Subject::Test { code }),
                    _ => Ok(Subject::Code { login: self.login()?, code }),
                }
            }
            "number" if self.code.is_some() => Err("mode number has no code"),
            "number" => Ok(Subject::Number { login: self.login()? }),
            "confirm_pairing" => {
                let pairing = self.pairing.take().ok_or("mode confirm_pairing has pairing")?;
                Ok(Subject::ConfirmPairing { pairing })
            }
            "unlock" => Ok(Subject::Unlock),
            _ => Ok(Subject::Unknown { mode: self.mode.clone() }),
        }
    }
}

impl TryFrom<Wire> for Challenge {
    type Error = &'static str;

    fn try_from(mut wire: Wire) -> Result<Self, &'static str> {
        let subject = wire.subject()?;
        let Wire { cid, seq, dev, server_id, version, iat, exp, nonce, user, .. } = wire;
        Ok(Self { cid, seq, dev, server_id, version, iat, exp, nonce, user, subject })
    }
}

impl From<Challenge> for Wire {
    fn from(challenge: Challenge) -> Self {
        let mode = Text::clean(challenge.mode());
        let Challenge { cid, seq, dev, server_id, version, iat, exp, nonce, user, subject } = challenge;
        let (mut code, mut pairing, mut purpose, mut login) = (None, None, None, None);
        match subject {
            Subject::Code { login: began, code: digits } => (login, code) = (Some(began), Some(digits)),
            Subject::Number { login: began } => login = Some(began),
            Subject::Test { code: digits } => (purpose, code) = (Some(WirePurpose::Test), Some(digits)),
            Subject::ConfirmPairing { pairing: new } => pairing = Some(new),
            Subject::Unlock | Subject::Unknown { .. } => {}
        }
        let (rp, bind, ctx) = match login {
            None => (None, None, None),
            Some(login) => {
                purpose = Some(WirePurpose::Login(login.purpose));
                (Some(login.rp), Some(login.bind), Some(login.context))
            }
        };
        Self { cid, seq, dev, server_id, version, iat, exp, nonce, mode, user, rp, bind, purpose, ctx, code, pairing }
    }
}

#[cfg(all(test, feature = "p256"))]
mod tests;
