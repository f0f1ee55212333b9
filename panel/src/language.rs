//! Dutch or English.

use axum::http::{HeaderMap, header};

use crate::cookie;
use crate::texts::{ENGLISH, NEDERLANDS, Texts};

/// A language of the panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Nederlands.
    Dutch,
    /// English.
    English,
}

impl Language {
    /// As BCP 47 and the verification server spell it.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Dutch => "nl",
            Self::English => "en",
        }
    }

    /// Reads [`Language::tag`].
    pub fn parse(tag: &str) -> Option<Self> {
        [Self::Dutch, Self::English].into_iter().find(|language| language.tag() == tag)
    }

    /// The one that is not this one.
    pub fn other(self) -> Self {
        match self {
            Self::Dutch => Self::English,
            Self::English => Self::Dutch,
        }
    }

    /// Every sentence in it.
    pub fn texts(self) -> &'static Texts {
        match self {
            Self::Dutch => &NEDERLANDS,
            Self::English => &ENGLISH,
        }
    }

    /// What the person chose, else what their browser prefers, else Dutch.
    pub fn of(headers: &HeaderMap) -> Self {
        let chosen = cookie::read(headers, "language").and_then(Self::parse);
        let preferred = || headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok().and_then(negotiate);
        chosen.or_else(preferred).unwrap_or(Self::Dutch)
    }
}

/// The best of `nl;q=0.8, en-GB` that we speak; the first of equals.
fn negotiate(accept: &str) -> Option<Language> {
    let mut best = None;
    for entry in accept.split(',') {
        let mut parts = entry.split(';');
        let range = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let language = Language::parse(range.split('-').next().unwrap_or_default());
        let weight = parts.find_map(|p| p.trim().strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
        if let Some(language) = language
            && weight > best.map_or(0.0, |(_, best)| best)
        {
            best = Some((language, weight));
        }
    }
    best.map(|(language, _)| language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browsers_favourite_is_spoken() {
        for (accept, expected) in [
            ("en-GB,en;q=0.9,nl;q=0.8", Some(Language::English)),
            ("fr, nl-BE;q=0.7, en;q=0.3", Some(Language::Dutch)),
            ("nl;q=0, en;q=0.1", Some(Language::English)),
            ("fr", None),
            ("", None),
        ] {
            assert_eq!(negotiate(accept), expected, "{accept}");
        }
    }

    #[test]
    fn a_choice_goes_before_the_browser_and_dutch_before_nothing() {
        let mut headers = HeaderMap::new();
        assert_eq!(Language::of(&headers), Language::Dutch);
        headers.insert(header::ACCEPT_LANGUAGE, "nl".parse().unwrap());
        headers.insert(header::COOKIE, "language=en".parse().unwrap());
        assert_eq!(Language::of(&headers), Language::English);
    }
}
