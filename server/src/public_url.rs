//! The one address under which an organisation is known: `https://HOST`, HOST = name[:port].
//!
//! Phones compare HOST with what they contacted, cookies are bound to it, and panels see it as `iss`. Plain `http` is
//! accepted for loopback addresses only, so that a developer can try everything without certificates and nobody can run
//! without them by accident.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use url::{Host, Url};

/// A checked public address. It has no path, no query and no user name.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicUrl {
    url: Url,
}

/// Why an address cannot be a public address.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PublicUrlError {
    /// It is no address at all.
    #[error("`{0}` is not an address; write it like https://auth.example.org")]
    Malformed(String),
    /// Neither `https` nor loopback.
    #[error(
        "`{0}` is plain http; only loopback addresses (127.0.0.1, [::1], localhost) may be, every other address must begin with https://"
    )]
    PlainHttp(String),
    /// Some other scheme.
    #[error("`{0}` must begin with https://")]
    Scheme(String),
    /// It has more than scheme, name and port.
    #[error("`{0}` must be only https://NAME or https://NAME:PORT, without a path, a query or a user name")]
    NotBare(String),
}

impl PublicUrl {
    /// `name[:port]`, the default port left out.
    pub fn host(&self) -> String {
        let name = self.url.host_str().unwrap_or_default();
        match self.url.port() {
            Some(port) => format!("{name}:{port}"),
            None => name.to_owned(),
        }
    }

    /// The address without a slash at its end.
    pub fn as_str(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    /// True for `https`; then cookies carry `__Host-` and `Secure`.
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// True when HOST is this machine itself.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.url)
    }

    /// The same address with the port the server really got, when the address asked for port 0.
    #[must_use]
    pub fn with_bound_port(mut self, port: u16) -> PublicUrl {
        if self.url.port() == Some(0) {
            // Only fails for addresses without a host, which `from_str` refuses.
            let _ = self.url.set_port(Some(port));
        }
        self
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => false,
    }
}

impl FromStr for PublicUrl {
    type Err = PublicUrlError;

    fn from_str(text: &str) -> Result<PublicUrl, PublicUrlError> {
        let url = Url::parse(text).map_err(|_| PublicUrlError::Malformed(text.to_owned()))?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => return Err(PublicUrlError::PlainHttp(text.to_owned())),
            _ => return Err(PublicUrlError::Scheme(text.to_owned())),
        }
        let bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
            && url.host_str().is_some_and(|host| !host.is_empty());
        if !bare {
            return Err(PublicUrlError::NotBare(text.to_owned()));
        }
        Ok(PublicUrl { url })
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_loopback_only() {
        for good in [
            "http://127.0.0.1:8443",
            "http://localhost:1",
            "http://[::1]:8443",
            "https://auth.example.org",
        ] {
            assert!(good.parse::<PublicUrl>().is_ok(), "{good}");
        }
        for bad in [
            "http://auth.example.org",
            "http://10.0.0.1:8443",
            "http://127.0.0.1.example.org",
        ] {
            assert!(
                matches!(bad.parse::<PublicUrl>(), Err(PublicUrlError::PlainHttp(_))),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_public_address_is_bare() {
        for bad in [
            "https://a.example/x",
            "https://a.example/?q",
            "https://a.example/#f",
            "https://me@a.example",
        ] {
            assert!(
                matches!(bad.parse::<PublicUrl>(), Err(PublicUrlError::NotBare(_))),
                "{bad}"
            );
        }
    }

    #[test]
    fn host_leaves_out_the_default_port() {
        let host = |text: &str| text.parse::<PublicUrl>().map(|url| url.host());
        assert_eq!(host("https://a.example:443"), Ok("a.example".to_owned()));
        assert_eq!(host("https://A.example:8443/"), Ok("a.example:8443".to_owned()));
    }

    #[test]
    fn port_zero_becomes_the_bound_port() {
        let url: PublicUrl = "http://127.0.0.1:0".parse().expect("loopback");
        assert_eq!(url.with_bound_port(4711).host(), "127.0.0.1:4711");
    }
}
