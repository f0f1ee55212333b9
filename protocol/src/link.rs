//! The pairing link, as text or as a QR code.
//!
//! `https://HOST/p#v=1&s=<server id>&t=<id>&k=<secret>[&x=<tls pin>]`: `s` 32 bytes, `t` and `k` 16 bytes, `x` the SHA-256
//! of a TLS key's SPKI for private servers, all base64url. Everything stands in the fragment, which browsers never
//! send. The page at `/p` hands the same link to the app as `koppel:` followed by the link. Each field stands once, in
//! any order; a field of another name is ignored, another version means a newer protocol and is refused.

use std::{fmt, str::FromStr};

use thiserror::Error;
use zeroize::Zeroizing;

use crate::{
    VERSION,
    bytes::{Bytes, Secret},
    host::{HostError, Origin},
    identity::ServerId,
};

/// The longest link in bytes.
pub const MAX_LEN: usize = 512;

/// Why a text is not a pairing link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LinkError {
    /// Longer than [`MAX_LEN`].
    #[error("this is too long for a pairing link")]
    TooLong,
    /// Not of the form `https://HOST/p#…`.
    #[error("this is not a pairing link")]
    Form,
    /// The host is not one, or plain http to another machine.
    #[error(transparent)]
    Host(#[from] HostError),
    /// A version this program does not know.
    #[error("this link is of a newer version; update the app")]
    Version,
    /// A field is missing, repeated or malformed.
    #[error("the link is damaged: field {0}")]
    Field(char),
}

/// A pairing link. Its secret is wiped on drop and never printed by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct PairingLink {
    /// Where to connect.
    pub origin: Origin,
    /// The server that must answer there.
    pub server_id: ServerId,
    /// Names the invitation.
    pub t: Bytes<16>,
    /// Proves that the link was seen; never sent.
    pub k: Secret<16>,
    /// SHA-256 of the SPKI of the server's TLS key, where it must be exactly this one.
    pub tls_pin: Option<Bytes<32>>,
}

impl PairingLink {
    /// The link as text.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(format!("{}/p#v={VERSION}&s={}&t={}&k=", self.origin, self.server_id, self.t));
        text.push_str(&self.k.to_text());
        if let Some(pin) = self.tls_pin {
            text.push_str(&format!("&x={pin}"));
        }
        text
    }

    /// The link as it is handed to the app on the same phone.
    pub fn to_app_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::from("koppel:"));
        text.push_str(&self.to_text());
        text
    }
}

impl FromStr for PairingLink {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        let text = text.trim();
        if text.len() > MAX_LEN {
            return Err(LinkError::TooLong);
        }
        let text = text.strip_prefix("koppel:").unwrap_or(text);
        let (address, fragment) = text.split_once('#').ok_or(LinkError::Form)?;
        let origin = address.strip_suffix("/p").filter(|origin| origin.contains("://")).ok_or(LinkError::Form)?;
        if origin.ends_with('/') {
            return Err(LinkError::Form);
        }
        Fields::read(fragment)?.into_link(origin.parse()?)
    }
}

#[derive(Default)]
struct Fields<'a> {
    v: Option<&'a str>,
    s: Option<&'a str>,
    t: Option<&'a str>,
    k: Option<&'a str>,
    x: Option<&'a str>,
}

impl<'a> Fields<'a> {
    fn read(fragment: &'a str) -> Result<Self, LinkError> {
        let mut fields = Self::default();
        for pair in fragment.split('&') {
            let (name, value) = pair.split_once('=').ok_or(LinkError::Form)?;
            let (letter, place) = match name {
                "v" => ('v', &mut fields.v),
                "s" => ('s', &mut fields.s),
                "t" => ('t', &mut fields.t),
                "k" => ('k', &mut fields.k),
                "x" => ('x', &mut fields.x),
                _ => continue,
            };
            if place.replace(value).is_some() {
                return Err(LinkError::Field(letter));
            }
        }
        Ok(fields)
    }

    fn into_link(self, origin: Origin) -> Result<PairingLink, LinkError> {
        match self.v {
            Some("1") => {}
            Some(other) if !other.is_empty() && other.bytes().all(|byte| byte.is_ascii_digit()) => {
                return Err(LinkError::Version);
            }
            _ => return Err(LinkError::Field('v')),
        }
        let server_id = self.s.and_then(|text| text.parse().ok()).ok_or(LinkError::Field('s'))?;
        let t = self.t.and_then(|text| text.parse().ok()).ok_or(LinkError::Field('t'))?;
        let k = self.k.and_then(|text| text.parse().ok()).ok_or(LinkError::Field('k'))?;
        let tls_pin = self.x.map(|text| text.parse().map_err(|_| LinkError::Field('x'))).transpose()?;
        Ok(PairingLink { origin, server_id, t, k, tls_pin })
    }
}

impl fmt::Debug for PairingLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PairingLink({}, {}, secret hidden)", self.origin, self.t)
    }
}

#[cfg(test)]
mod tests;
