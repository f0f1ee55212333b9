//! Where a webhook may go: to public addresses, and to those that the operator allows.
//!
//! Whoever may set a webhook must not be able to ask, through this server, what only this server can reach: the cloud's metadata,
//! a neighbour's admin page, itself. Addresses are looked at when the connection is made, so that a name that answers differently
//! the second time (DNS rebinding) gains nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Networks that are nobody's on the public internet: IANA's special-purpose registries for IPv4 and IPv6 (RFC 6890 and its updates),
/// multicast, and what embeds an IPv4 address.
const NOT_PUBLIC: [&str; 26] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/9",
];

/// Why a webhook may not go there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    /// Not an address for this.
    #[error("this is not an https:// address without user name and fragment")]
    NotAnAddress,
    /// Plain http leads past TLS.
    #[error("this is plain http: use https, or an IP address that --webhook-allow names")]
    Plain,
    /// Nobody but this server can reach it.
    #[error("{0} is a private address; if a panel is really there, start the server with --webhook-allow {0}")]
    Private(IpAddr),
}

/// Where a webhook may go.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    allowed: Arc<[IpNet]>,
}

impl Reach {
    /// Public addresses, and these.
    pub fn new(allowed: &[IpNet]) -> Reach {
        Reach { allowed: allowed.into() }
    }

    fn is_allowed(&self, ip: IpAddr) -> bool {
        self.allowed.iter().any(|network| network.contains(&ip))
    }

    /// Whether a connection may be made to it.
    pub fn may(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.is_allowed(ip) || is_public(ip)
    }

    /// Reads where a webhook is to go.
    ///
    /// # Errors
    /// [`Unreachable`]. A name is looked up only when the connection is made.
    pub fn address(&self, text: &str) -> Result<Url, Unreachable> {
        let wrong = || Unreachable::NotAnAddress;
        let url = Url::parse(text).map_err(|_| wrong())?;
        if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() || text.len() > 1024 {
            return Err(wrong());
        }
        let ip = match url.host().ok_or_else(wrong)? {
            Host::Ipv4(ip) => Some(IpAddr::V4(ip)),
            Host::Ipv6(ip) => Some(IpAddr::V6(ip).to_canonical()),
            Host::Domain(_) => None,
        };
        match (url.scheme(), ip) {
            ("https", None) => {}
            ("https", Some(ip)) if self.may(ip) => {}
            ("http", Some(ip)) if self.is_allowed(ip) => {}
            ("http" | "https", Some(ip)) if !self.may(ip) => return Err(Unreachable::Private(ip)),
            ("http", _) => return Err(Unreachable::Plain),
            _ => return Err(wrong()),
        }
        Ok(url)
    }
}

fn is_public(ip: IpAddr) -> bool {
    let hidden = |network: &&str| network.parse::<IpNet>().is_ok_and(|network| network.contains(&ip));
    let multicast = matches!(ip, IpAddr::V6(v6) if v6.is_multicast());
    !multicast
        && ip != IpAddr::V4(Ipv4Addr::BROADCAST)
        && ip != IpAddr::V6(Ipv6Addr::UNSPECIFIED)
        && !NOT_PUBLIC.iter().any(hidden)
}

/// No address of a name may be reached.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to private addresses only")]
pub struct OnlyPrivate;

impl Resolve for Reach {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let open: Vec<SocketAddr> = found.filter(|address| reach.may(address.ip())).collect();
            if open.is_empty() {
                return Err(OnlyPrivate.into());
            }
            Ok(Box::new(open.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_network_of_the_table_is_one() {
        assert!(NOT_PUBLIC.iter().all(|network| network.parse::<IpNet>().is_ok()));
    }

    /// threats row 24
    #[test]
    fn what_only_this_server_can_reach_is_refused() {
        let reach = Reach::default();
        for private in [
            "127.0.0.1",
            "0.0.0.0",
            "10.1.2.3",
            "169.254.169.254",
            "192.168.1.1",
            "100.64.0.1",
            "255.255.255.255",
            "224.0.0.1",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "fd00::1",
            "fe80::1",
            "ff02::1",
        ] {
            assert!(!reach.may(private.parse().expect(private)), "{private}");
        }
        for public in ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "2a00:1450:400e::200e"] {
            assert!(reach.may(public.parse().expect(public)), "{public}");
        }
    }

    #[test]
    fn an_operator_allows_a_network() {
        let reach = Reach::new(&["10.9.0.0/16".parse().expect("a network")]);
        assert!(reach.may("10.9.1.2".parse().expect("an address")));
        assert!(!reach.may("10.8.1.2".parse().expect("an address")));
        assert!(reach.address("http://10.9.1.2:8080/hook").is_ok());
        assert!(reach.address("http://[::ffff:10.9.1.2]/hook").is_ok());
    }

    #[test]
    fn an_address_is_https_and_holds_no_login() {
        let reach = Reach::default();
        assert!(reach.address("https://panel.example/koppel?x=1").is_ok());
        for wrong in [
            "",
            "panel.example",
            "ftp://panel.example",
            "http://panel.example/",
            "https://u@panel.example/",
            "https://u:p@panel.example/",
            "https://panel.example/#x",
            "https://127.0.0.1/",
            "https://[::1]/",
            "http://1.1.1.1/",
            "https://0x7f.1/",
            "file:///etc/passwd",
        ] {
            assert!(reach.address(wrong).is_err(), "{wrong}");
        }
    }
}
