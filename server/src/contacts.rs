//! Numbers and addresses as people type them, read once at the border: [`E164`] and [`MailAddress`] are whole values from there on.
//!
//! What was typed is never repeated in a refusal: it belongs to somebody.

use koppel_domain::contacts::NotAnAddress;
use koppel_domain::{E164, MailAddress, Region};
use phonenumber::country::Id;
use phonenumber::metadata::DATABASE;
use phonenumber::{PhoneNumber, Type};
use regex::Regex;
use url::Host;

/// Longest number that is looked at, with its spaces and dashes.
const LONGEST: usize = 40;

/// Why a number is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAMobile {
    /// It is nobody's.
    #[error(
        "this is no telephone number that can exist; write it like 06 12345678 or +31 6 12345678, from abroad with its country code"
    )]
    NoNumber,
    /// A line that several people may answer, or that a computer does.
    #[error("this is not a mobile number; a fixed line, an internet line or a service number is not only this user's")]
    OtherKind,
}

/// Reads a number as it is written in a region, or with a country code after `+` or `00`.
///
/// Mobile numbers only, where a country's plan keeps them apart: a fixed line is a household's or a desk's, and the numbers that cost
/// more to call are the prey of toll fraud.
///
/// # Errors
/// A sentence for whoever typed it.
pub fn mobile(typed: &str, region: Region) -> Result<E164, NotAMobile> {
    let typed = typed.trim();
    let plain: String = typed.chars().filter(char::is_ascii_digit).collect();
    let may_stand_between = |c: char| c.is_whitespace() || "-‐‑–./()".contains(c);
    let rest = typed.strip_prefix("(+").or(typed.strip_prefix('+'));
    let only = |text: &str| text.chars().all(|c| c.is_ascii_digit() || may_stand_between(c));
    if typed.len() > LONGEST || !only(rest.unwrap_or(typed)) {
        return Err(NotAMobile::NoNumber);
    }
    let abroad = if rest.is_some() { Some(plain.as_str()) } else { plain.strip_prefix("00") };
    // With a country code the region must not be asked: it would take its own trunk prefix away from another country's number.
    let number = match abroad {
        Some(digits) => phonenumber::parse(None, format!("+{digits}")),
        None => phonenumber::parse(country(region), &plain),
    };
    let number = number.map_err(|_| NotAMobile::NoNumber)?;
    if !number.is_valid() || number.extension().is_some() {
        return Err(NotAMobile::NoNumber);
    }
    // Satellites and international networks are in no country, and dear to call.
    let somewhere = number.country().id().is_some();
    if !somewhere || !matches!(number.number_type(&DATABASE), Type::Mobile | Type::FixedLineOrMobile) {
        return Err(NotAMobile::OtherKind);
    }
    if !is_whole(&number) {
        return Err(NotAMobile::NoNumber);
    }
    number.format().mode(phonenumber::Mode::E164).to_string().parse().map_err(|_| NotAMobile::NoNumber)
}

/// Whether all of it is a mobile number in its country's plan: the library is content with a beginning that is one. Its
/// patterns are spread over lines.
fn is_whole(number: &PhoneNumber) -> bool {
    let mobile = number.metadata(&DATABASE).and_then(|plan| plan.descriptors().mobile());
    let pattern = mobile.and_then(|kind| Regex::new(&format!("(?x)^(?:{})$", kind.national_number().as_str())).ok());
    pattern.is_some_and(|pattern| pattern.is_match(&number.national().to_string()))
}

/// Whether it is known how numbers are written there.
pub fn writes_numbers(region: Region) -> bool {
    country(region).is_some()
}

fn country(region: Region) -> Option<Id> {
    region.as_str().parse().ok()
}

/// Reads an address. A domain in another script is taken in its ASCII form (IDNA).
///
/// # Errors
/// A sentence for whoever typed it.
pub fn address(typed: &str) -> Result<MailAddress, NotAnAddress> {
    let typed = typed.trim_matches(' ');
    let (local, domain) = typed.rsplit_once('@').ok_or(NotAnAddress)?;
    if domain.is_ascii() || typed.len() > MailAddress::MAX_LEN {
        return typed.parse();
    }
    match Host::parse(domain) {
        Ok(Host::Domain(ascii)) => format!("{local}@{ascii}").parse(),
        _ => Err(NotAnAddress),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(typed: &str, region: &str) -> Result<String, NotAMobile> {
        mobile(typed, region.parse().expect("a region")).map(|number| number.expose().to_owned())
    }

    #[test]
    fn a_number_is_taken_as_people_write_it() {
        for typed in [
            "0612345678",
            "06-12345678",
            "06 1234 5678",
            "06 12 34 56 78",
            " 06.12.34.56.78 ",
            "+31612345678",
            "+31 6 12345678",
            "0031612345678",
            "00 31 6-1234 5678",
            "+31 (0)6 12345678",
            "(+31) 6 12345678",
            "+31(0)6-12345678",
            "06\u{a0}1234\u{a0}5678",
            "(06) 12345678",
            "06–12345678",
        ] {
            assert_eq!(read(typed, "NL").as_deref(), Ok("+31612345678"), "{typed:?}");
        }
    }

    #[test]
    fn a_region_reads_its_own_numbers_and_everybody_s_with_a_country_code() {
        for (typed, region, whole) in [
            ("0470 12 34 56", "BE", "+32470123456"),
            ("+32 (0)470 12 34 56", "NL", "+32470123456"),
            ("0151 23456789", "DE", "+4915123456789"),
            ("0049 151 23456789", "NL", "+4915123456789"),
            ("+39 347 123 4567", "NL", "+393471234567"),
            ("+44 7911 123456", "NL", "+447911123456"),
            ("(201) 555-0123", "US", "+12015550123"),
            ("+1 201 555 0123", "NL", "+12015550123"),
        ] {
            assert_eq!(read(typed, region).as_deref(), Ok(whole), "{typed:?}");
        }
    }

    #[test]
    fn a_number_that_is_nobody_s_is_refused() {
        for typed in [
            "",
            ".",
            "+",
            "06",
            "0612345",
            "061234567890",
            "+31 6 1234567",
            "+999 12345678",
            "112",
            "anna",
            "06-1234567x",
            "06 12345678 ext. 5",
            "tel:+31612345678",
            "+31612345678;ext=4",
            "0612345678,0687654321",
            "٠٦١٢٣٤٥٦٧٨",
            "++31612345678",
            "06+12345678",
            "06 12345678\r\nX: y",
            &"0".repeat(60),
            "+31 0612345678 0612345678",
        ] {
            assert_eq!(read(typed, "NL"), Err(NotAMobile::NoNumber), "{typed:?}");
        }
    }

    /// threats row 27
    #[test]
    fn a_line_that_is_not_only_the_user_s_or_costs_more_is_refused() {
        for (typed, what) in [
            ("020 123 4567", "a fixed line"),
            ("085 012 3456", "an internet line"),
            ("0900 1234", "a premium number"),
            ("0800 1234", "a free number"),
            ("088 123 4567", "a company's number"),
            ("+44 870 123 4567", "a shared-cost number"),
            ("+881 6 1234 5678", "a satellite"),
        ] {
            assert!(read(typed, "NL").is_err(), "{what}");
        }
        assert_eq!(read("020 123 4567", "NL"), Err(NotAMobile::OtherKind));
        assert_eq!(read("085 012 3456", "NL"), Err(NotAMobile::OtherKind));
    }

    #[test]
    fn a_domain_in_another_script_becomes_ascii_and_a_local_part_does_not() {
        let read = |typed: &str| address(typed).map(|address| address.expose().to_owned());
        assert_eq!(read(" Anna@B\u{fc}cher.example ").as_deref(), Ok("Anna@xn--bcher-kva.example"));
        assert_eq!(read("anna@example.nl").as_deref(), Ok("anna@example.nl"));
        for typed in
            ["å@example.nl", "a@b@bücher.example", "anna@bü cher.example", "anna@example.nl\n", "anna@é.nl\r\nX: y"]
        {
            assert!(address(typed).is_err(), "{typed:?}");
        }
    }

    #[test]
    fn a_refusal_repeats_nothing() {
        for wrong in [NotAMobile::NoNumber, NotAMobile::OtherKind] {
            assert!(wrong.to_string().len() < 160);
        }
        assert!(writes_numbers(Region::default()) && !writes_numbers("ZZ".parse().expect("two letters")));
    }
}
