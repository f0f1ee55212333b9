//! Where a user is reached outside the app: one number to call, a few addresses to write to. The panel tells them; nobody proves them
//! here.
//!
//! Both are whole values: what cannot be called or written to is never stored. `Debug` and [`masked`](E164::masked) show enough to
//! recognise one's own, and not enough to use it.

use std::{fmt, str::FromStr};

use crate::Time;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// Most addresses of one user.
pub const MAX_MAIL: usize = 3;

/// Where a user is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contacts {
    /// To call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobile: Option<Mobile>,
    /// To write to, at most [`MAX_MAIL`]: all of them get every notice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mail: Vec<MailAddress>,
    /// What was written to until lately: notices go there too for a while, so that nobody silences them by changing the addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former: Vec<FormerAddress>,
}

/// An address that was taken away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerAddress {
    /// Which.
    pub address: MailAddress,
    /// Until when it still gets notices.
    pub until: Time,
}

/// So long an address that was taken away still gets notices: as long as a notice is tried.
const FORMER: u32 = crate::outbox::PATIENCE;

impl Contacts {
    /// What is written to now, and what was until lately.
    pub fn addresses(&self, now: Time) -> impl Iterator<Item = &MailAddress> {
        let former = self.former.iter().filter(move |former| former.until > now).map(|former| &former.address);
        self.mail.iter().chain(former)
    }

    /// Remembers what was written to before; says how many addresses were taken away.
    pub(crate) fn follow(&mut self, before: &Self, now: Time) -> usize {
        let is_here = |address: &MailAddress| self.mail.iter().any(|here| here.is_same_as(address));
        let dropped = before.mail.iter().filter(|address| !is_here(address));
        let dropped: Vec<_> =
            dropped.map(|address| FormerAddress { address: address.clone(), until: now.plus(FORMER) }).collect();
        let older = before.former.iter().filter(|former| former.until > now && !is_here(&former.address)).cloned();
        let count = dropped.len();
        self.former = dropped.into_iter().chain(older).take(MAX_MAIL).collect();
        count
    }

    /// Whether nothing is known.
    pub const fn is_empty(&self) -> bool {
        self.mobile.is_none() && self.mail.is_empty() && self.former.is_empty()
    }

    /// The same with what is told.
    ///
    /// # Errors
    /// [`Unfit`] where addresses are too many or the same, or a number is said to be the user's and there is none.
    pub fn with(&self, put: &PutContacts) -> Result<Self, Unfit> {
        let mut contacts = self.clone();
        match &put.mobile {
            Some(Some(number)) => {
                let known = contacts.mobile.take().filter(|known| known.number == *number);
                contacts.mobile = Some(known.unwrap_or_else(|| Mobile { number: number.clone(), verified: false }));
            }
            Some(None) => contacts.mobile = None,
            None => {}
        }
        match (&mut contacts.mobile, put.mobile_verified) {
            (Some(mobile), Some(verified)) => mobile.verified = verified,
            (None, Some(true)) => return Err(Unfit("`mobile_verified`: there is no number")),
            (_, None | Some(false)) => {}
        }
        if let Some(mail) = &put.mail {
            let twice = |(n, one): (usize, &MailAddress)| mail[..n].iter().any(|other| other.is_same_as(one));
            if mail.len() > MAX_MAIL || mail.iter().enumerate().any(twice) {
                return Err(Unfit("`mail`: at most three addresses, each of them once"));
            }
            contacts.mail.clone_from(mail);
        }
        Ok(contacts)
    }
}

/// What is told does not fit what is known: which field, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unfit(pub &'static str);

/// A number to call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mobile {
    /// Which.
    pub number: E164,
    /// Whether the panel says that it is this user's. It proves nothing here.
    pub verified: bool,
}

/// What is told of where a user is reached; none leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PutContacts {
    /// The number; `Some(None)` takes it away.
    pub mobile: Option<Option<E164>>,
    /// Whether it is the user's. Another number is not, unless it comes with it.
    pub mobile_verified: Option<bool>,
    /// All addresses; an empty list takes them away.
    pub mail: Option<Vec<MailAddress>>,
}

/// A telephone number as the whole world dials it (ITU-T E.164): `+` and 7 to 15 digits, the first not 0.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct E164(String);

/// The text is no whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected + and 7 to 15 digits")]
pub struct NotANumber;

impl E164 {
    /// The number, for whoever dials it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// As people know it, but for its middle: `06 •• •• •• 78` in the Netherlands, `+49 •• •• •• •• • 78` elsewhere.
    pub fn masked(&self) -> String {
        let plain = match self.0.strip_prefix("+31") {
            Some(national) => format!("0{national}"),
            None => self.0.clone(),
        };
        let (shown, rest) = plain.split_at(if plain.starts_with('+') { 3 } else { 2 });
        let (middle, end) = rest.split_at(rest.len() - 2);
        let pairs = "•• ".repeat(middle.len() / 2);
        let odd = if middle.len() % 2 == 1 { "• " } else { "" };
        format!("{shown} {pairs}{odd}{end}")
    }
}

impl FromStr for E164 {
    type Err = NotANumber;

    fn from_str(text: &str) -> Result<Self, NotANumber> {
        let digits = text.strip_prefix('+').ok_or(NotANumber)?;
        let whole = (7..=15).contains(&digits.len())
            && digits.bytes().all(|digit| digit.is_ascii_digit())
            && !digits.starts_with('0');
        if whole { Ok(Self(text.to_owned())) } else { Err(NotANumber) }
    }
}

/// An address that a notice can be sent to: a plain local part, `@`, and a host name of two or more labels, all in ASCII.
///
/// Narrower than RFC 5321 on purpose: no quotes, comments or address literals, which no mailbox of a person has and which would bring
/// syntax into headers. A domain in another script stands here in its ASCII form; a local part in another script is refused, because
/// too few servers take it (RFC 6531) for a notice to rely on it. The domain's case is folded, the local part's is kept.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MailAddress(String);

/// The text is no address that we write to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected one address such as anna@example.nl, at most 254 characters, without quotes, spaces or accents before the @"
)]
pub struct NotAnAddress;

impl MailAddress {
    /// Longest address that fits into an envelope (RFC 5321 §4.5.3.1.3, without the angle brackets).
    pub const MAX_LEN: usize = 254;

    /// The address, for whoever writes to it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// `a•••@example.nl`; nothing before the `@` where that is one character.
    pub fn masked(&self) -> String {
        let (local, domain) = self.0.split_once('@').unwrap_or_default();
        let first = if local.len() > 1 { &local[..1] } else { "" };
        format!("{first}•••@{domain}")
    }

    /// Whether both lead to one mailbox, as nearly every server reads them.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

/// RFC 5321 §4.1.2: Dot-string.
fn is_a_local_part(text: &str) -> bool {
    let atom = |atom: &str| {
        !atom.is_empty() && atom.bytes().all(|c| c.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&c))
    };
    text.len() <= 64 && text.split('.').all(atom)
}

/// RFC 1123 §2.1, with a top level that is no number.
fn is_a_host_name(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let top = text.rsplit_once('.').map(|(_, top)| top);
    text.split('.').all(label) && top.is_some_and(|top| top.bytes().any(|c| !c.is_ascii_digit()))
}

impl FromStr for MailAddress {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let (local, domain) = text.split_once('@').ok_or(NotAnAddress)?;
        let good = text.len() <= Self::MAX_LEN && is_a_local_part(local) && is_a_host_name(domain);
        if good { Ok(Self(format!("{local}@{}", domain.to_ascii_lowercase()))) } else { Err(NotAnAddress) }
    }
}

/// A region whose way of writing telephone numbers counts where no country code stands before them (ISO 3166-1 alpha-2).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Region([u8; 2]);

/// The text is no region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a region is two letters, such as NL or BE")]
pub struct NotARegion;

impl Region {
    /// Two capital letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl Default for Region {
    fn default() -> Self {
        Self(*b"NL")
    }
}

impl FromStr for Region {
    type Err = NotARegion;

    fn from_str(text: &str) -> Result<Self, NotARegion> {
        let letters: [u8; 2] = text.as_bytes().try_into().map_err(|_| NotARegion)?;
        if letters.iter().all(u8::is_ascii_alphabetic) {
            Ok(Self(letters.map(|c| c.to_ascii_uppercase())))
        } else {
            Err(NotARegion)
        }
    }
}

/// Shown masked, kept whole.
macro_rules! kept_whole {
    ($name:ident, $shown:expr, $whole:expr) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&$shown(self))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str($whole(self))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    };
}

kept_whole!(E164, E164::masked, E164::expose);
kept_whole!(MailAddress, MailAddress::masked, MailAddress::expose);
kept_whole!(Region, |region: &Self| region.as_str().to_owned(), Region::as_str);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> E164 {
        text.parse().unwrap_or_else(|_| panic!("{text:?} is a number"))
    }

    fn address(text: &str) -> MailAddress {
        text.parse().unwrap_or_else(|_| panic!("{text:?} is an address"))
    }

    #[test]
    fn a_number_is_recognised_by_its_owner_alone() {
        for (whole, masked) in [
            ("+31612345678", "06 •• •• •• 78"),
            ("+31201234567", "02 •• •• •• 67"),
            ("+32470123456", "+32 •• •• •• • 56"),
            ("+4915123456789", "+49 •• •• •• •• • 89"),
        ] {
            assert_eq!(number(whole).masked(), masked);
            assert_eq!(format!("{:?}", number(whole)), masked);
        }
    }

    #[test]
    fn what_is_no_whole_number_is_not_kept() {
        for text in
            ["", "+", "0612345678", "+0612345678", "+31 612345678", "+123456", "+1234567890123456", "+３１612345678"]
        {
            assert!(text.parse::<E164>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_address_is_recognised_by_its_owner_alone() {
        for (whole, masked) in [("anna@example.nl", "a•••@example.nl"), ("a@example.nl", "•••@example.nl")]
        {
            assert_eq!(address(whole).masked(), masked);
            assert_eq!(format!("{:?}", address(whole)), masked);
        }
    }

    #[test]
    fn people_s_addresses_are_taken() {
        for text in
            ["anna@example.nl", "Anna.de-Vries+koppel@mail.example.co.uk", "o'brien@xn--bcher-kva.example", "7@1.nl"]
        {
            assert_eq!(address(text).expose(), text);
        }
        assert_eq!(address("Anna@EXAMPLE.nl").expose(), "Anna@example.nl");
        assert!(address("Anna@example.nl").is_same_as(&address("anna@example.nl")));
    }

    #[test]
    fn what_could_bend_a_header_is_no_address() {
        let long = format!("a@{}.nl", "x.".repeat(140));
        for text in [
            "",
            "anna",
            "@example.nl",
            "anna@",
            "anna@localhost",
            "anna@example..nl",
            "anna@-example.nl",
            "anna@127.0.0.1",
            "anna@[127.0.0.1]",
            "a..b@example.nl",
            ".a@example.nl",
            "a.@example.nl",
            "anna@@example.nl",
            "a b@example.nl",
            "anna@example.nl\r\nBcc: eva@example.nl",
            "anna\n@example.nl",
            "anna@example.nl ",
            "\"anna\"@example.nl",
            "Anna <anna@example.nl>",
            "anna@example.nl,eva@example.nl",
            "anna(x)@example.nl",
            "ånna@example.nl",
            "anna@bücher.example",
            "anna@exam_ple.nl",
            "anna@example.nl.",
            "a\0@example.nl",
            &long,
            &format!("{}@example.nl", "a".repeat(65)),
        ] {
            assert!(text.parse::<MailAddress>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_region_is_two_letters() {
        assert_eq!("be".parse::<Region>().map(|region| region.as_str().to_owned()), Ok("BE".to_owned()));
        assert_eq!(Region::default().as_str(), "NL");
        for text in ["", "N", "NLD", "31", "é"] {
            assert!(text.parse::<Region>().is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_mask_shows_four_digits_at_most(digits in "[1-9][0-9]{6,14}") {
            let masked = number(&format!("+{digits}")).masked();
            let shown = masked.chars().filter(char::is_ascii_digit).count();
            prop_assert!(shown <= 4, "{masked}");
            prop_assert!(masked.ends_with(&digits[digits.len() - 2..]));
        }

        #[test]
        fn an_address_holds_nothing_but_plain_characters(text in "\\PC{0,12}@\\PC{0,12}") {
            if let Ok(address) = text.parse::<MailAddress>() {
                prop_assert!(address.expose().bytes().all(|c| c.is_ascii_graphic()));
                prop_assert_eq!(address.expose().parse::<MailAddress>(), Ok(address.clone()));
            }
        }
    }
}
