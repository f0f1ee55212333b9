//! Where a request comes from, as budgets and audit rows know it.
//!
//! A header that anybody can write names nobody: `X-Forwarded-For` counts only when the connection itself comes from a
//! proxy on the operator's list, and then only from the right, past the proxies we know, up to the first address we do
//! not. An IPv6 customer has 2⁶⁴ addresses, so budgets count the /64.

use std::net::{IpAddr, Ipv6Addr};

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;
use ipnet::IpNet;

/// The proxies in front of this server.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Trusts connections from these networks.
    pub fn new(networks: Vec<IpNet>) -> TrustedProxies {
        TrustedProxies(networks)
    }

    /// True when no proxy was named.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn trusts(&self, ip: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&ip))
    }

    /// The client behind a connection from `peer`.
    pub fn source(&self, peer: IpAddr, headers: &HeaderMap) -> Source {
        let mut client = canonical(peer);
        if !self.trusts(client) {
            return Source(client);
        }
        let hops: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .collect();
        for hop in hops.into_iter().rev() {
            let Ok(ip) = hop.parse::<IpAddr>() else {
                // Left of something unreadable nothing can be believed.
                break;
            };
            client = canonical(ip);
            if !self.trusts(client) {
                break;
            }
        }
        Source(client)
    }
}

/// An IPv4 address that travels as IPv6 is the IPv4 address.
fn canonical(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(ip, IpAddr::V4),
        IpAddr::V4(_) => ip,
    }
}

/// The address a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Source(IpAddr);

impl Source {
    /// This machine itself: commands and the server's own jobs.
    pub const LOCAL: Source = Source(IpAddr::V6(Ipv6Addr::LOCALHOST));

    /// The address as phones and audit rows show it.
    pub fn ip(self) -> IpAddr {
        self.0
    }

    /// What budgets count: the IPv4 address, or the IPv6 /64.
    pub fn bucket(self) -> String {
        match self.0 {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => {
                let network = u128::from(ip) & !u128::from(u64::MAX);
                format!("{}/64", Ipv6Addr::from(network))
            }
        }
    }
}

/// Set on every request by the listener's outermost layer.
impl<S: Sync> FromRequestParts<S> for Source {
    type Rejection = crate::problem::Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Source, Self::Rejection> {
        parts
            .extensions
            .get::<Source>()
            .copied()
            .ok_or_else(|| crate::problem::Problem::new(crate::problem::Slug::Unavailable))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn source(trusted: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let networks = trusted.iter().map(|n| n.parse().expect("network")).collect();
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_str(value).expect("header"));
        }
        TrustedProxies::new(networks).source(peer.parse().expect("peer"), &headers).ip().to_string()
    }

    #[test]
    fn forwarded_addresses_count_only_from_listed_proxies() {
        let table: &[(&[&str], &str, &[&str], &str)] = &[
            // nobody is trusted: the header is noise
            (&[], "203.0.113.9", &["198.51.100.1"], "203.0.113.9"),
            (&["10.0.0.0/8"], "203.0.113.9", &["198.51.100.1"], "203.0.113.9"),
            // one proxy
            (&["10.0.0.0/8"], "10.1.1.1", &["198.51.100.1"], "198.51.100.1"),
            // what the client wrote stands left of what the proxy added
            (&["10.0.0.0/8"], "10.1.1.1", &["1.2.3.4, 198.51.100.1"], "198.51.100.1"),
            (&["10.0.0.0/8"], "10.1.1.1", &["1.2.3.4", "198.51.100.1"], "198.51.100.1"),
            // a client that names one of our proxies gains nothing
            (&["10.0.0.0/8"], "10.1.1.1", &["10.9.9.9, 198.51.100.1"], "198.51.100.1"),
            // two proxies of ours
            (&["10.0.0.0/8"], "10.1.1.1", &["198.51.100.1, 10.2.2.2"], "198.51.100.1"),
            // no header, an empty one, rubbish
            (&["10.0.0.0/8"], "10.1.1.1", &[], "10.1.1.1"),
            (&["10.0.0.0/8"], "10.1.1.1", &[""], "10.1.1.1"),
            (&["10.0.0.0/8"], "10.1.1.1", &["1.2.3.4, what?"], "10.1.1.1"),
            (&["10.0.0.0/8"], "10.1.1.1", &["1.2.3.4, what?, 10.3.3.3"], "10.3.3.3"),
            // IPv4 in IPv6 clothes
            (&["10.0.0.0/8"], "::ffff:10.1.1.1", &["::ffff:198.51.100.1"], "198.51.100.1"),
        ];
        for (trusted, peer, forwarded, expected) in table {
            assert_eq!(source(trusted, peer, forwarded), *expected, "{trusted:?} {peer} {forwarded:?}");
        }
    }

    #[test]
    fn an_ipv6_customer_is_one_source() {
        let bucket = |ip: &str| Source(ip.parse().expect("address")).bucket();
        assert_eq!(bucket("2001:db8:1:2::1"), bucket("2001:db8:1:2:ffff::9"));
        assert_ne!(bucket("2001:db8:1:2::1"), bucket("2001:db8:1:3::1"));
        assert_ne!(bucket("192.0.2.1"), bucket("192.0.2.2"));
    }
}
