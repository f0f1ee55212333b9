//! The browser that asks: where it is and what it calls itself.
//!
//! The phone shows this to its owner, so that a login from somewhere else looks like one.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, header};
use serde::Serialize;

/// What the verification server is told about the browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Browser {
    /// Its address.
    pub ip: IpAddr,
    /// Its `User-Agent`, whole: the server's page opens only in a browser with the same one.
    pub user_agent: String,
}

impl Browser {
    /// Reads a request that came in from `peer`. `X-Forwarded-For` counts only when a trusted proxy wrote it, and of it only
    /// the last entry: that is the one the proxy saw itself.
    pub fn of(peer: SocketAddr, headers: &HeaderMap, trusted_proxies: &[IpAddr]) -> Self {
        let peer = peer.ip().to_canonical();
        let forwarded = || {
            let line = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
            line.rsplit(',').next()?.trim().parse::<IpAddr>().ok()
        };
        let ip = if trusted_proxies.contains(&peer) { forwarded().unwrap_or(peer) } else { peer };
        let agent = headers.get(header::USER_AGENT).map(|agent| String::from_utf8_lossy(agent.as_bytes()));
        let user_agent = agent.unwrap_or_default().into_owned();
        Self { ip: ip.to_canonical(), user_agent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trusted_proxy_may_speak_for_somebody_else() {
        let headers = HeaderMap::from_iter([(
            header::HeaderName::from_static("x-forwarded-for"),
            "6.6.6.6, 192.0.2.7".parse().unwrap(),
        )]);
        let peer: SocketAddr = "10.0.0.1:5000".parse().unwrap();
        assert_eq!(Browser::of(peer, &headers, &[]).ip, peer.ip());
        assert_eq!(Browser::of(peer, &headers, &[peer.ip()]).ip.to_string(), "192.0.2.7");
        assert_eq!(Browser::of(peer, &HeaderMap::new(), &[peer.ip()]).ip, peer.ip());
    }
}
