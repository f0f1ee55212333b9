//! Which of the two languages a person reads.

/// A language of the pages. Dutch is the first: it serves everyone who asks for neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Language {
    /// Dutch, in the u-form.
    #[default]
    Dutch,
    /// English.
    English,
}

/// The zone of the people who read moments.
const ZONE: &str = "Europe/Amsterdam";

impl Language {
    /// A day, as people write it: `27-11-2026`, `27 Nov 2026`. The day is that of UTC.
    pub fn date(self, seconds: u64) -> String {
        let at = i64::try_from(seconds).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
        at.map(|at| at.strftime(self.day_format()).to_string()).unwrap_or_default()
    }

    /// A moment, in Dutch time where the system knows it: `27-11-2026 13:03 CET`.
    pub fn moment(self, seconds: u64) -> String {
        let at = i64::try_from(seconds).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
        let zone = jiff::tz::TimeZone::get(ZONE).unwrap_or(jiff::tz::TimeZone::UTC);
        let at = at.unwrap_or_default().to_zoned(zone);
        at.strftime(&format!("{} %H:%M %Z", self.day_format())).to_string()
    }

    const fn day_format(self) -> &'static str {
        match self {
            Language::Dutch => "%d-%m-%Y",
            Language::English => "%d %b %Y",
        }
    }

    /// Both languages, Dutch first.
    pub const ALL: [Language; 2] = [Language::Dutch, Language::English];

    /// The tag of BCP 47, as in the `lang` attribute and in the API's `locale`.
    pub fn tag(self) -> &'static str {
        match self {
            Language::Dutch => "nl",
            Language::English => "en",
        }
    }

    /// The same, as accounts and pages keep it.
    pub fn locale(self) -> koppel_domain::Locale {
        match self {
            Language::Dutch => koppel_domain::Locale::Nl,
            Language::English => koppel_domain::Locale::En,
        }
    }

    /// Reads a tag such as `nl`, `en-GB` or `NL-be`; the region does not matter.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next()?;
        Language::ALL.into_iter().find(|language| primary.eq_ignore_ascii_case(language.tag()))
    }

    /// Chooses the language of a page: the one the panel asked for, else the one the browser
    /// likes best (`Accept-Language`, RFC 9110 §12.5.4), else Dutch.
    pub fn negotiate(explicit: Option<&str>, accept_language: Option<&str>) -> Self {
        if let Some(language) = explicit.and_then(Language::from_tag) {
            return language;
        }
        let mut best = (0.0, Language::default());
        for range in accept_language.unwrap_or_default().split(',') {
            let mut parts = range.split(';');
            let Some(language) = parts.next().and_then(Language::from_tag) else {
                continue;
            };
            let weight =
                parts.find_map(|part| part.trim().strip_prefix("q=")).map_or(1.0, |q| q.trim().parse().unwrap_or(0.0));
            if weight > best.0 {
                best = (weight, language);
            }
        }
        best.1
    }
}

impl From<koppel_domain::Locale> for Language {
    fn from(locale: koppel_domain::Locale) -> Language {
        match locale {
            koppel_domain::Locale::Nl => Language::Dutch,
            koppel_domain::Locale::En => Language::English,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Language::{self, Dutch, English};

    #[test]
    fn a_day_is_written_as_people_write_it() {
        assert_eq!(Language::Dutch.date(1_795_744_000), "27-11-2026");
        assert_eq!(Language::English.date(1_795_744_000), "27 Nov 2026");
    }

    #[test]
    fn what_the_panel_asks_for_wins() {
        assert_eq!(Language::negotiate(Some("en"), Some("nl")), English);
        assert_eq!(Language::negotiate(Some("NL-be"), Some("en")), Dutch);
    }

    #[test]
    fn an_unknown_wish_of_the_panel_leaves_it_to_the_browser() {
        assert_eq!(Language::negotiate(Some("fr"), Some("en")), English);
    }

    #[test]
    fn the_heaviest_known_language_of_the_browser_wins() {
        let cases = [
            ("en-GB,en;q=0.9,nl;q=0.8", English),
            ("de, nl;q=0.5, en;q=0.7", English),
            ("en;q=0.2,nl", Dutch),
            ("en;q=0, nl;q=0.1", Dutch),
            ("fr-FR,fr", Dutch),
            ("en;q=a lot", Dutch),
            ("", Dutch),
            (";;,,q=", Dutch),
        ];
        for (header, language) in cases {
            assert_eq!(Language::negotiate(None, Some(header)), language, "{header}");
        }
        assert_eq!(Language::negotiate(None, None), Dutch);
    }
}
