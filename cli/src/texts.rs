//! Every sentence of the terminal, in the person's language.
//!
//! They stand in `l10n/terminal.nl.ftl` and `l10n/terminal.en.ftl` (Fluent), under the same keys. Dutch is the first language: it is
//! used wherever the environment names no other.

use std::fmt;
use std::str::FromStr;

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

const DUTCH: &str = include_str!("../../l10n/terminal.nl.ftl");
const ENGLISH: &str = include_str!("../../l10n/terminal.en.ftl");

/// The languages there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Locale {
    /// Nederlands.
    Dutch,
    /// English.
    English,
}

impl Locale {
    /// From what the environment says (`LC_ALL`, `LC_MESSAGES`, `LANG`, the first that is set): English where it names any
    /// language but Dutch, Dutch where it names none.
    pub(crate) fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let named = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .find_map(|name| variable(name).filter(|value| !value.is_empty()));
        match named.as_deref() {
            None | Some("C" | "POSIX" | "C.UTF-8" | "C.utf8") => Self::Dutch,
            Some(language) if language.starts_with("nl") => Self::Dutch,
            Some(_) => Self::English,
        }
    }
}

impl FromStr for Locale {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "nl" => Ok(Self::Dutch),
            "en" => Ok(Self::English),
            _ => Err("nl, en".into()),
        }
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dutch => "nl",
            Self::English => "en",
        })
    }
}

/// What stands in for `{ $name }`.
pub(crate) type Fact<'a> = (&'a str, FluentValue<'a>);

/// The texts of one language.
pub(crate) struct Texts {
    locale: Locale,
    bundle: FluentBundle<FluentResource>,
}

impl Texts {
    /// The texts of a language.
    pub(crate) fn of(locale: Locale) -> Self {
        let (source, tag) = match locale {
            Locale::Dutch => (DUTCH, "nl"),
            Locale::English => (ENGLISH, "en"),
        };
        // A line that does not parse is left out here and found by a test.
        let resource = FluentResource::try_new(source.into()).unwrap_or_else(|(resource, _)| resource);
        let language: LanguageIdentifier = tag.parse().unwrap_or_default();
        let mut bundle = FluentBundle::new(vec![language]);
        bundle.set_use_isolating(false);
        bundle.add_resource_overriding(resource);
        Self { locale, bundle }
    }

    /// A sentence. `key.attribute` reads an attribute.
    pub(crate) fn say(&self, key: &str) -> String {
        self.say_with(key, &[])
    }

    /// A sentence with facts in it.
    pub(crate) fn say_with(&self, key: &str, facts: &[Fact<'_>]) -> String {
        self.find(key, facts).unwrap_or_else(|| key.to_owned())
    }

    /// A sentence, if there is one under this key.
    pub(crate) fn find(&self, key: &str, facts: &[Fact<'_>]) -> Option<String> {
        let (key, attribute) = match key.split_once('.') {
            Some((key, attribute)) => (key, Some(attribute)),
            None => (key, None),
        };
        let message = self.bundle.get_message(key)?;
        let pattern = match attribute {
            Some(attribute) => message.get_attribute(attribute)?.value(),
            None => message.value()?,
        };
        let mut arguments = FluentArgs::new();
        for (name, value) in facts {
            arguments.set(*name, value.clone());
        }
        let mut errors = Vec::new();
        Some(self.bundle.format_pattern(pattern, Some(&arguments), &mut errors).into_owned())
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Texts({})", self.locale)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// Key → the facts it names, attributes as `key.attribute`.
    fn keys(source: &str) -> BTreeMap<String, BTreeSet<String>> {
        let resource = FluentResource::try_new(source.to_owned()).expect("every line parses");
        assert!(resource.entries().count() > 0);
        let mut keys = BTreeMap::new();
        let mut current = String::new();
        let mut whole = String::new();
        for line in source.lines().filter(|line| !line.starts_with('#')) {
            if let Some((name, rest)) = line.split_once(" =").filter(|(name, _)| !name.contains([' ', '.', '$'])) {
                whole = name.to_owned();
                current = whole.clone();
                keys.entry(current.clone()).or_insert_with(BTreeSet::new).extend(facts(rest));
            } else if let Some((name, rest)) = line.trim().strip_prefix('.').and_then(|line| line.split_once(" =")) {
                current = format!("{whole}.{name}");
                keys.entry(current.clone()).or_insert_with(BTreeSet::new).extend(facts(rest));
            } else if !line.trim().is_empty() {
                keys.get_mut(&current).expect("a key before its lines").extend(facts(line));
            }
        }
        keys
    }

    fn facts(text: &str) -> Vec<String> {
        let names = text.split('$').skip(1);
        names.map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()).collect()
    }

    #[test]
    fn both_languages_say_the_same_things_with_the_same_facts() {
        assert_eq!(keys(DUTCH), keys(ENGLISH));
    }

    #[test]
    fn every_key_in_the_source_has_its_sentence() {
        let sources = [
            include_str!("codes.rs"),
            include_str!("codes/intake.rs"),
            include_str!("codes/list.rs"),
            include_str!("complaint.rs"),
            include_str!("help.rs"),
            include_str!("main.rs"),
            include_str!("ask.rs"),
            include_str!("lines.rs"),
            include_str!("sentences.rs"),
            include_str!("screen/view.rs"),
            include_str!("screen/keys.rs"),
        ];
        let known = keys(DUTCH);
        for source in sources {
            for call in ["say(\"", "say_with(\"", "say_with(\n"] {
                for rest in source.split(call).skip(1) {
                    let rest = rest.trim_start().trim_start_matches('"');
                    let key: String = rest.chars().take_while(|c| *c != '"').collect();
                    // Only a key that is written out can be looked up here.
                    let is_key = key.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '-' | '.'));
                    assert!(!is_key || known.contains_key(&key), "no sentence for {key:?}");
                }
            }
        }
    }

    #[test]
    fn the_environment_chooses_the_language_and_dutch_comes_first() {
        let with = |name: &'static str, value: &'static str| {
            Locale::from_environment(move |asked| (asked == name).then(|| value.to_owned()))
        };
        assert_eq!(with("LANG", "nl_NL.UTF-8"), Locale::Dutch);
        assert_eq!(with("LANG", "en_GB.UTF-8"), Locale::English);
        assert_eq!(with("LANG", "de_DE.UTF-8"), Locale::English);
        assert_eq!(with("LC_ALL", "en_US"), Locale::English);
        assert_eq!(with("LANG", "C.UTF-8"), Locale::Dutch);
        assert_eq!(Locale::from_environment(|_| None), Locale::Dutch);
    }
}
