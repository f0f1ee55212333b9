//! HOST: what a person knows a server by, `name[:port]`. One host, one organisation, one name space of users.
//!
//! A host is reached by https. Plain http exists for loopback addresses only (`localhost`, `127.0.0.0/8`, `[::1]`), where
//! demos and tests live. [`Host`] is the name as both sides compare it, [`Origin`] is where to connect.

use std::{fmt, str::FromStr};

use thiserror::Error;

use crate::wire_text::text_serde;

/// Why a text is not a host or origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum HostError {
    /// Not `name` or `name:port`.
    #[error("expected a server name such as koppel.example.org, or name:port")]
    Form,
    /// Plain http to somewhere else than this machine.
    #[error("plain http is for loopback addresses only; use https")]
    PlainHttp,
}

/// `name[:port]` in canonical form: lower case, international names in punycode, IPv6 in brackets.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Host {
    name: String,
    port: Option<u16>,
}

impl Host {
    /// The longest text in bytes, port included.
    pub const MAX_LEN: usize = 128;

    /// The name, IPv6 addresses in brackets.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The port, where it is not the scheme's own.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// Whether this is the machine itself.
    pub fn is_loopback(&self) -> bool {
        match url::Host::parse(&self.name) {
            Ok(url::Host::Domain(name)) => name == "localhost",
            Ok(url::Host::Ipv4(address)) => address.is_loopback(),
            Ok(url::Host::Ipv6(address)) => address.is_loopback(),
            Err(_) => false,
        }
    }

    fn parse(text: &str, default_port: Option<u16>) -> Result<Self, HostError> {
        if text.len() > Self::MAX_LEN {
            return Err(HostError::Form);
        }
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) if !port.contains(']') => (name, Some(port)),
            _ => (text, None),
        };
        let port = port.map(parse_port).transpose()?;
        let parsed = url::Host::parse(name).map_err(|_| HostError::Form)?;
        if let url::Host::Domain(domain) = &parsed {
            let label = |label: &str| {
                let inside = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
                (1..=63).contains(&label.len()) && inside && !label.starts_with('-') && !label.ends_with('-')
            };
            if !domain.split('.').all(label) {
                return Err(HostError::Form);
            }
        }
        let host = Self { name: parsed.to_string(), port };
        let default_port = default_port.or(if host.is_loopback() { None } else { Some(443) });
        Ok(Self { port: host.port.filter(|port| Some(*port) != default_port), ..host })
    }
}

fn parse_port(text: &str) -> Result<u16, HostError> {
    let canonical = !text.is_empty() && !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| canonical).ok_or(HostError::Form)
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Host {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        Self::parse(text, None)
    }
}

text_serde!(Host, "a server name, or name:port");

/// Scheme and host: where a phone connects.
///
/// ```
/// use koppel_protocol::Origin;
/// assert_eq!("Koppel.Example.ORG".parse::<Origin>().unwrap().to_string(), "https://koppel.example.org");
/// assert_eq!("localhost:8080".parse::<Origin>().unwrap().to_string(), "http://localhost:8080");
/// assert!("http://koppel.example.org".parse::<Origin>().is_err());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    secure: bool,
    host: Host,
}

impl Origin {
    /// The host.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Whether it is https.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The address of a path on this host; `path` begins with `/`.
    pub fn url(&self, path: &str) -> String {
        format!("{self}{path}")
    }

    /// The address of a WebSocket on this host; `path` begins with `/`.
    pub fn websocket_url(&self, path: &str) -> String {
        let scheme = if self.secure { "wss" } else { "ws" };
        format!("{scheme}://{}{path}", self.host)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.host)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Origin {
    type Err = HostError;

    /// Takes what a person types: a scheme is optional (https, on loopback http), one `/` at the end is left out.
    fn from_str(text: &str) -> Result<Self, HostError> {
        let text = text.trim();
        let text = text.strip_suffix('/').unwrap_or(text);
        let (scheme, rest) = text.split_once("://").map_or((None, text), |(scheme, rest)| (Some(scheme), rest));
        match scheme.map(str::to_ascii_lowercase).as_deref() {
            None => {
                let host: Host = rest.parse()?;
                Ok(Self { secure: !host.is_loopback(), host })
            }
            Some("https") => Ok(Self { secure: true, host: Host::parse(rest, Some(443))? }),
            Some("http") => {
                let host = Host::parse(rest, Some(80))?;
                if host.is_loopback() { Ok(Self { secure: false, host }) } else { Err(HostError::PlainHttp) }
            }
            Some(_) => Err(HostError::Form),
        }
    }
}

text_serde!(Origin, "https:// and a server name");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_one_spelling() {
        for (typed, host) in [
            ("Koppel.Example.org", "koppel.example.org"),
            ("koppel.example.org:443", "koppel.example.org"),
            ("koppel.example.org:8443", "koppel.example.org:8443"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("[::1]:8080", "[::1]:8080"),
            ("[2001:DB8::1]", "[2001:db8::1]"),
            ("127.0.0.1:80", "127.0.0.1:80"),
        ] {
            assert_eq!(typed.parse::<Host>().unwrap().to_string(), host);
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for typed in [
            "",
            ":443",
            "a:",
            "a:0",
            "a:070",
            "a:65536",
            "a b",
            "a/b",
            "a?b",
            "a#b",
            "user@a",
            "a..b",
            "-a.example",
            "a.example.",
            "::1",
            "https://a",
            "a_b.example",
            "\u{202e}a",
        ] {
            assert!(typed.parse::<Host>().is_err(), "{typed:?}");
        }
    }

    #[test]
    fn plain_http_reaches_only_this_machine() {
        for (typed, origin) in [
            ("https://koppel.example.org/", Ok("https://koppel.example.org")),
            ("http://127.0.0.1:8080", Ok("http://127.0.0.1:8080")),
            ("http://localhost:80", Ok("http://localhost")),
            ("https://localhost:8443", Ok("https://localhost:8443")),
            ("[::1]:9", Ok("http://[::1]:9")),
            ("http://koppel.example.org", Err(HostError::PlainHttp)),
            ("http://localhost.example.org", Err(HostError::PlainHttp)),
            ("http://128.0.0.1", Err(HostError::PlainHttp)),
            ("ftp://localhost", Err(HostError::Form)),
            ("https://a/b", Err(HostError::Form)),
        ] {
            let got = typed.parse::<Origin>().map(|origin| origin.to_string());
            assert_eq!(got, origin.map(str::to_owned), "{typed}");
        }
    }
}
