//! `otpauth://` links as services really write them.
//!
//! The form is Google's *Key Uri Format*; hardly anybody keeps to it. Lower case, spaces, padding, short secrets, the service in the
//! label or in a parameter or both, spaces as `+`, `&amp;` from a web page and parameters that nobody knows are all read. What would give
//! wrong codes is refused: another hash, other digits, a counter.

use koppel_protocol::{DigitCount, Text};
use zeroize::Zeroizing;

use super::{
    account::{OtpAccount, OtpHash, PERIOD_S, period},
    base32,
    error::OtpError,
    export::{self, OtpReading},
};

/// More than the largest QR code holds (4 296 characters), percent escapes counted.
const LONGEST: usize = 16 * 1024;

/// Reads a link of one account, or an export of several.
pub(super) fn read(link: &str) -> Result<OtpReading, OtpError> {
    if link.len() > LONGEST {
        return Err(OtpError::TooLong);
    }
    let link = link.trim();
    if let Some(rest) = after(link, "otpauth-migration://") {
        return export::read(&data(rest)?);
    }
    let rest = after(link, "otpauth://").ok_or(OtpError::NotALink)?;
    let accounts = vec![account(rest)?];
    Ok(OtpReading { accounts, refused: Vec::new(), part: None })
}

fn account(rest: &str) -> Result<OtpAccount, OtpError> {
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (kind, label) = path.split_once('/').unwrap_or((path, ""));
    match kind.to_ascii_lowercase().as_str() {
        "totp" => {}
        "hotp" => return Err(OtpError::CounterBased),
        _ => return Err(OtpError::OtherKind),
    }
    if parameter(query, "encoder").is_some_and(|encoder| !encoder.is_empty()) {
        return Err(OtpError::OtherKind);
    }
    let of_query = |name| parameter(query, name).map(|value| unescape(value, Plus::IsSpace));
    let seed = base32::seed(&of_query("secret").ok_or(OtpError::SecretMissing)?)?;
    let label = unescape(label.trim_start_matches('/'), Plus::IsPlus);
    let (issuer, name) = names(&of_query("issuer").unwrap_or_default(), &label);
    let number = |name, usual, wrong| match of_query(name).as_deref().map(|value| value.trim()) {
        None | Some("") => Ok(usual),
        Some(digits) => digits.parse::<u64>().map_err(|_| wrong),
    };
    let digits = number("digits", 6, OtpError::Digits)?;
    let digits = u8::try_from(digits).ok().and_then(|digits| DigitCount::new(digits).ok()).ok_or(OtpError::Digits)?;
    let period_s = period(number("period", PERIOD_S, OtpError::Period)?)?;
    let hash = hash(&of_query("algorithm").unwrap_or_default())?;
    Ok(OtpAccount { issuer, name, seed, hash, digits, period_s })
}

/// The service and the person's name there, from what is given of both. A label repeats the service before a colon, or is the only place
/// where it stands.
pub(super) fn names(issuer: &str, label: &str) -> (Text, Text) {
    let issuer = Text::clean(issuer);
    match label.split_once(':') {
        Some((service, name)) if issuer.is_empty() => (Text::clean(service), Text::clean(name)),
        Some((service, name)) if is_same(issuer.as_str(), Text::clean(service).as_str()) => (issuer, Text::clean(name)),
        _ => (issuer, Text::clean(label)),
    }
}

/// Of *Example Ltd* the label may say *Example*. A label that says more than the service does is kept whole, and so is a name that merely
/// has a colon in it.
fn is_same(issuer: &str, service: &str) -> bool {
    let (issuer, service) = (issuer.to_lowercase(), service.to_lowercase());
    let goes_on = issuer.strip_prefix(&service);
    !service.is_empty() && goes_on.is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
}

fn hash(name: &str) -> Result<OtpHash, OtpError> {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    match name.strip_prefix("HMAC").unwrap_or(&name) {
        "" | "SHA1" | "SHA" => Ok(OtpHash::Sha1),
        "SHA256" => Ok(OtpHash::Sha256),
        "SHA512" => Ok(OtpHash::Sha512),
        _ => Err(OtpError::Hash),
    }
}

fn data(rest: &str) -> Result<Zeroizing<String>, OtpError> {
    let (_, query) = rest.split_once('?').ok_or(OtpError::ExportDamaged)?;
    // Base64 has a plus of its own.
    Ok(unescape(parameter(query, "data").ok_or(OtpError::ExportDamaged)?, Plus::IsPlus))
}

/// What follows a scheme, in either case.
fn after<'a>(link: &'a str, scheme: &str) -> Option<&'a str> {
    let (begin, rest) = link.split_at_checked(scheme.len())?;
    begin.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// The first value of a parameter, still escaped.
fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    let query = query.split_once('#').map_or(query, |(query, _)| query);
    let mut pairs = query.split('&').map(|pair| pair.strip_prefix("amp;").unwrap_or(pair).split_once('='));
    pairs.find_map(|pair| pair.filter(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// What a plus stands for: itself in a path, a space in a form.
#[derive(Clone, Copy, PartialEq)]
enum Plus {
    IsPlus,
    IsSpace,
}

/// Percent escapes undone; one that is none stays as it is.
fn unescape(text: &str, plus: Plus) -> Zeroizing<String> {
    // As large as it gets: a secret may be in it, and must not be left behind when it grows.
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped =
            after.split_first_chunk().filter(|_| byte == b'%').and_then(|(hex, rest)| Some((octet(*hex)?, rest)));
        let (byte, after) = match escaped {
            Some(escaped) => escaped,
            None if byte == b'+' && plus == Plus::IsSpace => (b' ', after),
            None => (byte, after),
        };
        bytes.push(byte);
        rest = after;
    }
    Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned())
}

fn octet([high, low]: [u8; 2]) -> Option<u8> {
    let nibble = |digit| char::from(digit).to_digit(16);
    u8::try_from(nibble(high)? << 4 | nibble(low)?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(link: &str) -> OtpAccount {
        let mut reading = read(link).unwrap_or_else(|error| panic!("{link}: {error}"));
        assert!(reading.refused.is_empty() && reading.part.is_none());
        reading.accounts.pop().expect("an account")
    }

    /// As found in the documentation and the QR codes of services; the secrets are made up.
    #[test]
    fn links_are_read_as_services_write_them() {
        for (link, issuer, name) in [
            (
                "otpauth://totp/Example:alice@google.com?secret=JBSWY3DPEHPK3PXP&issuer=Example",
                "Example",
                "alice@google.com",
            ),
            ("otpauth://totp/GitHub:jan-jansen?secret=jbswy3dpehpk3pxp&issuer=GitHub", "GitHub", "jan-jansen"),
            (
                "otpauth://totp/Google%3Ajan%40gmail.com?secret=jbsw+y3dp+ehpk+3pxp&issuer=Google",
                "Google",
                "jan@gmail.com",
            ),
            (
                "OTPAUTH://TOTP/ACME%20Co:john@example.com?Secret=JBSWY3DPEHPK3PXP&Issuer=ACME%20Co",
                "ACME Co",
                "john@example.com",
            ),
            ("otpauth://totp/jan+werk@example.nl?secret=JBSWY3DPEHPK3PXP", "", "jan+werk@example.nl"),
            (
                "otpauth://totp/Dropbox:jan@example.nl?issuer=Dropbox&secret=JBSWY3DPEHPK3PXP%3D%3D%3D%3D%3D%3D",
                "Dropbox",
                "jan@example.nl",
            ),
            (
                "otpauth://totp/Mijn+Bedrijf:jan?secret=JBSWY3DPEHPK3PXP&issuer=Mijn+Bedrijf",
                "Mijn Bedrijf",
                "Mijn+Bedrijf:jan",
            ),
            (
                "otpauth://totp/Slack:Koppel:jan@example.nl?secret=JBSWY3DPEHPK3PXP&issuer=Slack",
                "Slack",
                "Koppel:jan@example.nl",
            ),
            (
                "otpauth://totp/Microsoft:%20jan@example.nl?secret=JBSWY3DPEHPK3PXP&issuer=Microsoft",
                "Microsoft",
                "jan@example.nl",
            ),
            (
                "otpauth://totp/Example:alice?secret=JBSWY3DPEHPK3PXP&issuer=Example%20Ltd&image=https%3A%2F%2Fx%2Fy.png",
                "Example Ltd",
                "alice",
            ),
            (
                "otpauth://totp/arn:aws:iam::1:mfa/jan?secret=JBSWY3DPEHPK3PXP&issuer=AWS",
                "AWS",
                "arn:aws:iam::1:mfa/jan",
            ),
            (
                "otpauth://totp/Example:alice?secret=JBSWY3DPEHPK3PXP&amp;issuer=Example&amp;algorithm=SHA1",
                "Example",
                "alice",
            ),
            ("otpauth://totp/go:jan?secret=JBSWY3DPEHPK3PXP&issuer=Go", "Go", "jan"),
            ("otpauth://totp/Go:jan?secret=JBSWY3DPEHPK3PXP&issuer=Google", "Google", "Go:jan"),
            ("otpauth://totp/Google:jan?secret=JBSWY3DPEHPK3PXP&issuer=Go", "Go", "Google:jan"),
            (
                "otpauth://totp/Example%20Ltd:alice?secret=JBSWY3DPEHPK3PXP&issuer=Example",
                "Example",
                "Example Ltd:alice",
            ),
            ("otpauth://totp/?secret=JBSWY3DPEHPK3PXP&issuer=Alleen", "Alleen", ""),
            ("otpauth://totp?secret=JBSWY3DPEHPK3PXP", "", ""),
            ("otpauth://totp//jan?secret=JBSWY3DPEHPK3PXP&issuer=#x", "", "jan"),
            ("otpauth://totp/100%:jan%zz?secret=JBSWY3DPEHPK3PXP", "100%", "jan%zz"),
            ("otpauth://totp/Caf%C3%A9:j%C3%B6rg?secret=JBSWY3DPEHPK3PXP", "Café", "jörg"),
            ("\n otpauth://totp/bank%E2%80%AEknab:jan?secret=JBSWY3DPEHPK3PXP \n", "bankknab", "jan"),
        ] {
            let account = one(link);
            assert_eq!((account.issuer(), account.name()), (issuer, name), "{link}");
            assert_eq!(account.seed.expose(), b"Hello!\xde\xad\xbe\xef", "80 bits are enough: {link}");
            assert_eq!(
                (account.hash, account.digits, account.period_s),
                (OtpHash::Sha1, DigitCount::SIX, 30),
                "{link}"
            );
        }
    }

    #[test]
    fn hash_digits_and_period_are_what_the_link_says() {
        for (query, hash, digits, period_s) in [
            ("algorithm=SHA256&digits=8&period=60", OtpHash::Sha256, 8, 60),
            ("algorithm=sha-512&digits=7&period=15", OtpHash::Sha512, 7, 15),
            ("algorithm=HmacSHA256&digits=06&period=300", OtpHash::Sha256, 6, 300),
            ("algorithm=&digits=&period=&counter=5", OtpHash::Sha1, 6, 30),
            ("algorithm=SHA1&algorithm=SHA512&period=1", OtpHash::Sha1, 6, 1),
        ] {
            let account = one(&format!("otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&{query}"));
            assert_eq!((account.hash, account.digits.get(), account.period_s), (hash, digits, period_s), "{query}");
        }
    }

    #[test]
    fn what_would_give_wrong_codes_is_refused_with_its_reason() {
        for (link, error) in [
            ("", OtpError::NotALink),
            ("https://example.nl/?secret=JBSWY3DPEHPK3PXP", OtpError::NotALink),
            ("otpauth:totp/x?secret=JBSWY3DPEHPK3PXP", OtpError::NotALink),
            ("JBSWY3DPEHPK3PXP", OtpError::NotALink),
            ("otpauth://hotp/x?secret=JBSWY3DPEHPK3PXP&counter=1", OtpError::CounterBased),
            ("otpauth://steam/x?secret=JBSWY3DPEHPK3PXP", OtpError::OtherKind),
            ("otpauth://totp/Steam:x?secret=JBSWY3DPEHPK3PXP&encoder=steam", OtpError::OtherKind),
            ("otpauth://", OtpError::OtherKind),
            ("otpauth://totp/x", OtpError::SecretMissing),
            ("otpauth://totp/x?secret=&issuer=x", OtpError::SecretMissing),
            ("otpauth://totp/x?secret=JBSW1", OtpError::SecretSymbol { position: 5 }),
            ("otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&algorithm=MD5", OtpError::Hash),
            ("otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&digits=5", OtpError::Digits),
            ("otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&digits=10", OtpError::Digits),
            ("otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&digits=256", OtpError::Digits),
            ("otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&digits=zes", OtpError::Digits),
            ("otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&period=0", OtpError::Period),
            ("otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&period=-30", OtpError::Period),
            ("otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&period=99999999999999999999", OtpError::Period),
            ("otpauth-migration://offline", OtpError::ExportDamaged),
            ("otpauth-migration://offline?date=x", OtpError::ExportDamaged),
        ] {
            assert_eq!(read(link).unwrap_err(), error, "{link}");
        }
        let giant = format!("otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&x={}", "x".repeat(1 << 20));
        assert_eq!(read(&giant).unwrap_err(), OtpError::TooLong);
    }

    #[test]
    fn no_refusal_repeats_what_was_read() {
        let error = read("otpauth://totp/x?secret=GEHEIM1SECRET").unwrap_err();
        assert!(!format!("{error} {error:?} {}", error.code()).contains("GEHEIM"));
    }

    proptest! {
        #[test]
        fn nothing_that_is_read_ever_panics(text: String, kind in 0_usize..3) {
            let begin = ["", "otpauth://totp/", "otpauth-migration://offline?data="][kind];
            let _ = read(&format!("{begin}{text}"));
        }

        #[test]
        fn whatever_is_in_a_link_its_codes_can_be_computed(
            label in "[ -~]{0,40}", secret in "[A-Z2-7a-z ]{0,60}", rest in "(&(digits|period|algorithm|issuer)=[0-9A-Za-z%+]{0,6}){0,4}", at: u64,
        ) {
            if let Ok(reading) = read(&format!("otpauth://totp/{label}?secret={secret}{rest}")) {
                for account in reading.accounts {
                    let code = account.code(at / account.period_s());
                    prop_assert_eq!(code.count(), account.digits);
                }
            }
        }
    }
}
