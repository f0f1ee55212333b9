//! The address of a web site: `https://name[:port]`, and nothing behind it.
//!
//! Plain http is for loopback addresses alone, so that the panel can be tried on one machine without certificates and
//! cannot be run without them by accident.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

/// A site: scheme, name and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(Url);

/// Why a text is not the address of a site.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// Not an address, or more than scheme, name and port.
    #[error("write it like https://panel.example.org, without a path or a user name")]
    Malformed,
    /// Not protected on its way.
    #[error("it must begin with https:// (plain http is for loopback addresses only)")]
    PlainHttp,
}

impl Address {
    /// The address without a slash at its end, as `iss` carries it.
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// Whether browsers hold the connection to be secure; decides over `__Host-` cookies.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Whether only this machine can reach it.
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        }
    }

    /// Whether `url` is a page of this site.
    pub fn holds(&self, url: &Url) -> bool {
        url.origin() == self.0.origin() && url.username().is_empty() && url.password().is_none()
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let url = Url::parse(text).map_err(|_| AddressError::Malformed)?;
        let bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        // `*`, `;` and quotes are legal in a host; in a content security policy they would mean something.
        let plain = |c: char| c.is_ascii_alphanumeric() || "-.:/[]_".contains(c);
        if !bare || url.host().is_none() || !url.as_str().chars().all(plain) {
            return Err(AddressError::Malformed);
        }
        let address = Self(url);
        match address.0.scheme() {
            "https" => Ok(address),
            "http" if address.is_loopback() => Ok(address),
            "http" => Err(AddressError::PlainHttp),
            _ => Err(AddressError::Malformed),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_loopback_alone() {
        for good in ["https://panel.nl", "http://127.0.0.1:8000", "http://localhost:1/", "http://[::1]:2"] {
            good.parse::<Address>().unwrap();
        }
        for bad in [
            "http://panel.nl",
            "http://10.0.0.1",
            "ftp://panel.nl",
            "panel.nl",
            "https://panel.nl/login",
            "https://anna@panel.nl",
            "https://panel.nl?x",
            "https://a;b.nl",
        ] {
            assert!(bad.parse::<Address>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_address_has_no_slash_at_its_end() {
        let address: Address = "https://panel.nl:8443/".parse().unwrap();
        assert_eq!(address.as_str(), "https://panel.nl:8443");
    }

    #[test]
    fn a_page_of_another_port_or_scheme_is_not_ours() {
        let address: Address = "https://id.nl".parse().unwrap();
        assert!(address.holds(&Url::parse("https://id.nl/p/abc").unwrap()));
        for other in [
            "http://id.nl/",
            "https://id.nl:444/",
            "https://id.nl.evil.nl/",
            "https://id.nl@evil.nl/",
            "https://x@id.nl/",
        ] {
            assert!(!address.holds(&Url::parse(other).unwrap()), "{other}");
        }
    }
}
