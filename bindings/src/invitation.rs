//! The doors: how an invitation gets into the phone.

use koppel_core::Invitation as Core;
use koppel_protocol::{Koppelcode, Origin, PairingLink, SecretText, Text, koppelcode::KoppelcodeError};
use zeroize::Zeroizing;

use crate::error::KoppelError;
use crate::runtime::here;

/// An invitation as it was scanned or typed. What is secret in it crosses as UTF-8 bytes: no language prints those.
#[derive(uniffi::Enum)]
pub enum Invitation {
    /// A link, or what a QR code held.
    Link {
        /// The whole link.
        uri: Vec<u8>,
    },
    /// A koppelcode.
    Koppelcode {
        /// The server's address, such as `koppel.example.org`.
        server: String,
        /// The user's name at the panel.
        user: String,
        /// The nine symbols; any case, hyphens and spaces anywhere.
        code: Vec<u8>,
    },
    /// User name and password of the panel.
    Login {
        /// The server's address.
        server: String,
        /// The user's name at the panel.
        user: String,
        /// The password; sent once, never stored.
        password: Vec<u8>,
    },
}

/// Reads an invitation without using it, and returns the host that the person must agree to before anything is sent there.
///
/// # Errors
/// `InvitationInvalid`, before any try is spent.
#[uniffi::export]
pub fn host_of(invitation: Invitation) -> Result<String, KoppelError> {
    here(|| Ok(invitation.read()?.origin().host().to_string()))
}

impl Invitation {
    pub(crate) fn read(self) -> Result<Core, KoppelError> {
        Ok(match self {
            Self::Link { uri } => {
                let uri = Zeroizing::new(uri);
                let link: Result<PairingLink, _> = text(&uri).trim().parse();
                Core::Link(link.map_err(|error| KoppelError::invalid("link-invalid", error.to_string(), None))?)
            }
            Self::Koppelcode { server, user, code } => {
                let code = Zeroizing::new(code);
                Core::Koppelcode { origin: origin(&server)?, user: name(&user)?, code: koppelcode(text(&code))? }
            }
            Self::Login { server, user, password } => {
                let password = Zeroizing::new(password);
                let secret = SecretText::new(text(&password).to_owned());
                let password =
                    secret.map_err(|error| KoppelError::invalid("password-invalid", error.to_string(), None))?;
                Core::Login { origin: origin(&server)?, user: name(&user)?, password }
            }
        })
    }
}

/// A device's or a user's name.
pub(crate) fn name(typed: &str) -> Result<Text, KoppelError> {
    let name = Text::exact(typed.trim()).map_err(|error| error.to_string());
    let name = name.and_then(|name| if name.is_empty() { Err("a name is needed".into()) } else { Ok(name) });
    name.map_err(|advice| KoppelError::invalid("name-invalid", advice, None))
}

fn origin(server: &str) -> Result<Origin, KoppelError> {
    server.trim().parse().map_err(|error: koppel_protocol::host::HostError| {
        KoppelError::invalid("host-invalid", error.to_string(), None)
    })
}

fn koppelcode(typed: &str) -> Result<Koppelcode, KoppelError> {
    typed.parse().map_err(|error: KoppelcodeError| {
        let position = match error {
            KoppelcodeError::Symbol { position } => Some(position),
            KoppelcodeError::Length { .. } | KoppelcodeError::Check => None,
        };
        KoppelError::invalid("koppelcode-mistyped", error.to_string(), position)
    })
}

/// What is not UTF-8 is no invitation either.
fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_koppelcode_is_said_with_its_place() {
        let typed = |code: &str| Invitation::Koppelcode {
            server: "koppel.example.org".into(),
            user: "jan".into(),
            code: code.into(),
        };
        assert_eq!(host_of(typed("0000-0000-0")).unwrap(), "koppel.example.org");
        let wrong = host_of(typed("00u0-0000-0"));
        assert!(matches!(wrong, Err(KoppelError::InvitationInvalid { position: Some(3), .. })), "{wrong:?}");
        let short = host_of(typed("0000"));
        assert!(matches!(short, Err(KoppelError::InvitationInvalid { position: None, .. })), "{short:?}");
    }

    #[test]
    fn what_is_no_link_is_refused_with_words_that_hold_nothing_of_it() {
        for uri in ["", "https://example.org", "http://koppel.example.org/p#v=1", "\u{ff}canary"] {
            let refused = host_of(Invitation::Link { uri: uri.into() }).unwrap_err();
            assert!(matches!(refused, KoppelError::InvitationInvalid { .. }));
            assert!(!refused.to_string().contains("canary"));
        }
        let refused = host_of(Invitation::Link { uri: vec![0xff, 0xfe] });
        assert!(matches!(refused, Err(KoppelError::InvitationInvalid { .. })));
    }
}
