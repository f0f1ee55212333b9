//! The rules of a relying party, changed by command or at the desk: which methods count and how many, how logins are answered, and
//! from when on a second factor is asked of users who have none.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use koppel_domain::{
    Colour, Enforcement, Logo, MethodKind, MethodRules, Mode, NotAColour, RelyingParty, Rollout, Time, remembered,
};
use koppel_protocol::Text;
use koppel_protocol::hash::sha256;
use koppel_protocol::id::RelyingPartyId;
use koppel_store::{Registration, Store};

use crate::app::{App, unavailable};
use crate::pages::{Accent, TooPale};
use crate::problem::{Problem, Slug};
use crate::support::SupportChange;

/// Seconds.
pub const DAY: u32 = 86_400;

/// What is to change; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// The [`mark`] of the rules that were seen; none: whatever they are.
    pub seen: Option<String>,
    /// Which methods count.
    pub methods: Option<Vec<MethodKind>>,
    /// How many there must be besides the first.
    pub backups: Option<u8>,
    /// How logins are answered.
    pub mode: Option<Mode>,
    /// For how many days a browser may be remembered; 0: not at all.
    pub remember_days: Option<u8>,
    /// From when on a second factor is asked, of everyone or of a group.
    pub rule: Option<Rule>,
    /// Whom users ring when nothing works.
    pub support: Option<SupportChange>,
    /// The colour of its pages, like `#0B6B5D`; empty: ours.
    pub accent: Option<String>,
    /// The logo of its pages; none: no logo.
    pub logo: Option<Option<Logo>>,
}

/// From when on a second factor is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Of which group; of everyone else when left out.
    pub group: Option<Text>,
    /// None: the group follows everyone's rule again.
    pub enforcement: Option<Enforcement>,
}

/// Why nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// Recovery codes stand beside a method.
    #[error("recovery codes alone are no second factor: take app, totp or both with them")]
    NoFactor,
    /// A phone signs, and nothing else does.
    #[error("only a phone's signature counts here: take app, and mode number")]
    SignatureNeedsApp,
    /// Nobody could ever have so many.
    #[error("with {methods} methods nobody has {backups} besides the first: allow more methods or ask for fewer")]
    TooManyBackups {
        /// So many methods count.
        methods: usize,
        /// So many were asked for.
        backups: u8,
    },
    /// Neither a rule nor a day.
    #[error("`{0}` is no rule: say off, optional, required, or the day from which it is required, like 2027-03-01")]
    NotARule(String),
    /// Everyone's rule cannot be everyone's.
    #[error("as-everyone is a rule for a group: say which with --group")]
    WhoseRule,
    /// Nobody is remembered for so long.
    #[error("a browser is remembered for 0 to 30 days")]
    Days,
    /// Somebody else changed them since they were read.
    #[error("the rules were changed meanwhile: look again")]
    Meanwhile,
    /// Nobody can ring that.
    #[error("a telephone number is 3 to 15 digits, with +, spaces, dashes and brackets if you like")]
    Telephone,
    /// No page to send people to.
    #[error("the support page is an https:// address of at most 200 bytes, without a name or password in it")]
    Web,
    /// Not written like a colour.
    #[error("{0}")]
    Colour(#[from] NotAColour),
    /// White words cannot be read on it.
    #[error("{0}")]
    TooPale(#[from] TooPale),
    /// Too long, or not plain text.
    #[error("the note is at most 64 bytes of text without control characters")]
    Note,
    /// A group's name does not fit.
    #[error("the group is 1 to 64 bytes of text without control characters")]
    Group,
}

/// Which methods count and how many there must be, if somebody can have so many.
///
/// # Errors
/// [`Wrong`].
pub fn methods(kinds: &[MethodKind], backups: u8, signature: bool) -> Result<MethodRules, Wrong> {
    let has = |kind| kinds.contains(&kind);
    if !has(MethodKind::App) && !has(MethodKind::Totp) {
        return Err(Wrong::NoFactor);
    }
    if signature && !has(MethodKind::App) {
        return Err(Wrong::SignatureNeedsApp);
    }
    let rules = MethodRules {
        app: has(MethodKind::App),
        totp: has(MethodKind::Totp),
        recovery: has(MethodKind::Recovery),
        backups,
    };
    let methods = rules.kinds().count();
    if usize::from(backups) >= methods {
        return Err(Wrong::TooManyBackups { methods, backups });
    }
    Ok(rules)
}

impl Rule {
    /// `off`, `optional`, `required`, a day in UTC like `2027-03-01`, or, for a group, `as-everyone`.
    ///
    /// # Errors
    /// [`Wrong`].
    pub fn parse(rule: &str, group: Option<&str>) -> Result<Rule, Wrong> {
        let group = match group.map(Text::exact) {
            None => None,
            Some(Ok(group)) if !group.is_empty() => Some(group),
            Some(_) => return Err(Wrong::Group),
        };
        let enforcement = match rule {
            "off" => Some(Enforcement::Off),
            "optional" => Some(Enforcement::Optional),
            "required" => Some(Enforcement::REQUIRED),
            "as-everyone" => None,
            day => Some(Enforcement::RequiredFrom(midnight(day).ok_or_else(|| Wrong::NotARule(day.to_owned()))?)),
        };
        if group.is_none() && enforcement.is_none() { Err(Wrong::WhoseRule) } else { Ok(Rule { group, enforcement }) }
    }

    fn set(self, rollout: &mut Rollout) {
        match (self.group, self.enforcement) {
            (None, Some(rule)) => rollout.everyone = rule,
            (Some(group), Some(rule)) => drop(rollout.groups.insert(group, rule)),
            (Some(group), None) => drop(rollout.groups.remove(&group)),
            (None, None) => {}
        }
    }
}

/// The beginning of a day, in UTC; also as the Dutch write it, `01-03-2027`.
fn midnight(day: &str) -> Option<Time> {
    let date = Date::strptime("%Y-%m-%d", day).or_else(|_| Date::strptime("%d-%m-%Y", day));
    let start = date.ok().filter(|_| day.len() == 10)?.to_zoned(TimeZone::UTC).ok()?;
    u64::try_from(start.timestamp().as_second()).ok().map(Time)
}

/// A day as machines write it, in UTC.
pub fn day(at: Time) -> String {
    let at = i64::try_from(at.0).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    at.map(|at| at.strftime("%Y-%m-%d").to_string()).unwrap_or_default()
}

impl Change {
    /// Makes it, or leaves everything as it was.
    ///
    /// # Errors
    /// [`Wrong`].
    pub fn make(self, party: &mut RelyingParty) -> Result<(), Wrong> {
        if self.seen.is_some_and(|seen| seen != mark(party)) {
            return Err(Wrong::Meanwhile);
        }
        let signature = party.requires_device_signature;
        let kinds = self.methods.unwrap_or_else(|| party.methods.kinds().collect());
        let methods = methods(&kinds, self.backups.unwrap_or(party.methods.backups), signature)?;
        if signature && self.mode == Some(Mode::Code) {
            return Err(Wrong::SignatureNeedsApp);
        }
        if let Some(days) = self.remember_days {
            let seconds = u32::from(days) * DAY;
            if seconds > remembered::MOST {
                return Err(Wrong::Days);
            }
            party.remember = seconds;
        }
        if let Some(support) = self.support {
            party.support = support.of(party.support.clone())?;
        }
        if let Some(accent) = self.accent.as_deref().map(str::trim) {
            party.accent = if accent.is_empty() { None } else { Some(colour(accent)?) };
        }
        if let Some(logo) = self.logo {
            party.logo = logo;
        }
        party.methods = methods;
        party.mode = self.mode.unwrap_or(party.mode);
        if let Some(rule) = self.rule {
            rule.set(&mut party.rollout);
        }
        Ok(())
    }
}

/// A colour that is readable in both themes.
fn colour(text: &str) -> Result<Colour, Wrong> {
    let colour = text.parse::<Colour>()?;
    Accent::of(colour)?;
    Ok(colour)
}

/// Names the rules as they are, so that a form can say which it saw.
pub fn mark(party: &RelyingParty) -> String {
    let rules =
        (&party.mode, &party.methods, party.remember, &party.rollout, &party.support, &party.accent, &party.logo);
    let written = serde_json::to_vec(&rules).unwrap_or_default();
    koppel_protocol::bytes::encode(sha256(&written).as_bytes())
}

/// Changes the rules of a relying party, which the organisation's chain notes. `by` is who, as chains name them.
///
/// # Errors
/// *Not found*; *unavailable*. Inside: [`Wrong`].
pub async fn change(
    app: &App,
    id: RelyingPartyId,
    change: Change,
    by: Text,
) -> Result<Result<Arc<RelyingParty>, Wrong>, Problem> {
    let not_found = || Problem::new(Slug::NotFound);
    // One at a time: the row is written whole.
    let _turn = app.rules.lock().await;
    let mut party = RelyingParty::clone(&*app.registry.relying_party(id).ok_or_else(not_found)?);
    if let Err(wrong) = change.make(&mut party) {
        return Ok(Err(wrong));
    }
    let registration = Registration::RelyingParty { party: Box::new(party), by };
    app.store.register(registration).await.map_err(unavailable)?;
    app.registry.reload(&app.store).await.map_err(unavailable)?;
    Ok(Ok(app.registry.relying_party(id).ok_or_else(not_found)?))
}

#[cfg(test)]
mod tests {
    use koppel_domain::MethodKind::{App, Recovery, Totp};

    use super::*;

    #[test]
    fn rules_that_nobody_can_meet_are_refused() {
        assert_eq!(methods(&[Recovery], 0, false), Err(Wrong::NoFactor));
        assert_eq!(methods(&[Totp], 0, true), Err(Wrong::SignatureNeedsApp));
        assert_eq!(methods(&[App, Totp], 2, false), Err(Wrong::TooManyBackups { methods: 2, backups: 2 }));
        assert!(methods(&[App, Totp, Recovery], 2, false).is_ok());
    }

    #[test]
    fn a_rule_is_a_word_or_a_day() {
        let rule = |text| Rule::parse(text, None).map(|rule| rule.enforcement);
        assert_eq!(rule("required"), Ok(Some(Enforcement::REQUIRED)));
        let at = Enforcement::RequiredFrom(Time(1_803_859_200));
        assert_eq!((rule("2027-03-01"), rule("01-03-2027")), (Ok(Some(at)), Ok(Some(at))));
        assert_eq!(at.required_from().map(day).as_deref(), Some("2027-03-01"));
        for wrong in ["", "soon", "2027-02-30", "1969-12-31", "1-3-2027", "03-2027", "2027-03-01T00:00", "as-everyone"]
        {
            assert!(rule(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Rule::parse("as-everyone", Some("staff")).map(|rule| rule.enforcement), Ok(None));
        for group in ["", "\u{202e}x", &"x".repeat(65)] {
            assert_eq!(Rule::parse("off", Some(group)), Err(Wrong::Group), "{group:?}");
        }
    }
}
