//! The doors of a pairing, read before any network: what is mistyped is said at once and costs no try.

use koppel_core::Invitation;
use koppel_protocol::{Koppelcode, Origin, PairingLink, SecretText, Text};

use crate::complaint::Complaint;

/// By the link of a QR code.
pub(crate) fn by_link(link: &str) -> Result<Invitation, Complaint> {
    Ok(Invitation::Link(link.parse::<PairingLink>()?))
}

/// By koppelcode.
pub(crate) fn by_code(origin: Origin, user: &str, code: &str) -> Result<Invitation, Complaint> {
    let code: Koppelcode = code.parse()?;
    Ok(Invitation::Koppelcode { origin, user: user_name(user)?, code })
}

/// By the password of the panel.
pub(crate) fn by_login(origin: Origin, user: &str, password: SecretText) -> Result<Invitation, Complaint> {
    Ok(Invitation::Login { origin, user: user_name(user)?, password })
}

/// The server that somebody typed.
pub(crate) fn server(typed: &str) -> Result<Origin, Complaint> {
    typed.parse().map_err(|_| Complaint::about("host-invalid", typed))
}

/// The phone's name: what was given, else the name of this machine.
pub(crate) fn device_name(given: Option<&str>) -> Result<Text, Complaint> {
    match given {
        Some(name) => {
            Text::exact(name).ok().filter(|text| !text.is_empty()).ok_or_else(|| Complaint::about("name-invalid", name))
        }
        None => Ok(Text::clean(&machine_name())),
    }
}

fn machine_name() -> String {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let environment = || std::env::var("HOSTNAME").or_else(|_| std::env::var("COMPUTERNAME")).ok();
    let name = kernel.or_else(environment).map(|name| name.trim().to_owned());
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| "terminal".into())
}

fn user_name(typed: &str) -> Result<Text, Complaint> {
    Text::exact(typed.trim())
        .ok()
        .filter(|text| !text.is_empty())
        .ok_or_else(|| Complaint::about("name-invalid", typed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin() -> Origin {
        server("koppel.example.nl").expect("a host")
    }

    #[test]
    fn a_mistyped_koppelcode_is_found_before_any_network_and_says_where() {
        let long = by_code(origin(), "jan", "ABCD-EFGH-JK").expect_err("too long");
        assert_eq!((long.code, long.word.as_deref()), ("koppelcode-mistyped", Some("length")));
        let symbol = by_code(origin(), "jan", "ABCD-EF!H-J").expect_err("no symbol");
        assert_eq!((symbol.code, symbol.word.as_deref()), ("koppelcode-mistyped", Some("symbol")));
        let check = by_code(origin(), "jan", "ABCD-EFGH-J").or_else(|_| by_code(origin(), "jan", "ABCD-EFGH-K"));
        assert_eq!(check.expect_err("one of two check symbols is wrong").code, "koppelcode-mistyped");
    }

    #[test]
    fn a_name_that_is_empty_or_hides_something_is_refused() {
        assert!(device_name(Some("")).is_err());
        assert!(device_name(Some("tele\u{202e}foon")).is_err());
        assert!(device_name(None).is_ok());
        assert!(by_code(origin(), " ", "").is_err());
    }
}
