//! What is added: from the command line, from standard input, from a picture, or typed where nobody sees it.

use std::io::Read as _;
use std::path::Path;

use koppel_core::{ExportPart, NotTaken, OtpAccount, OtpReading};
use zeroize::Zeroizing;

use super::picture;
use crate::ask::Asker;
use crate::complaint::Complaint;

/// The most that is read from standard input, in bytes: far more links than an export has QR codes.
const LONGEST_INPUT: usize = 256 * 1024;

/// What was read.
#[derive(Default)]
pub(super) struct Intake {
    /// What is to be kept.
    pub(super) accounts: Vec<OtpAccount>,
    /// What gives no codes here.
    pub(super) refused: Vec<NotTaken>,
    /// The parts of exports.
    pub(super) parts: Vec<ExportPart>,
    /// How many QR codes of a picture could not be read.
    pub(super) unread: usize,
}

impl Intake {
    fn of(readings: impl IntoIterator<Item = Result<OtpReading, Complaint>>) -> Result<Self, Complaint> {
        let mut intake = Self::default();
        for reading in readings {
            let OtpReading { accounts, refused, part } = reading?;
            intake.accounts.extend(accounts);
            intake.refused.extend(refused);
            intake.parts.extend(part);
        }
        Ok(intake)
    }

    /// The parts of exports of which another part was not read.
    pub(super) fn parts_alone(&self) -> impl Iterator<Item = &ExportPart> {
        let is_there = |number, of| self.parts.contains(&ExportPart { number, of });
        self.parts.iter().filter(move |part| !(1..=part.of).all(|number| is_there(number, part.of)))
    }
}

/// Reads what is to be kept. Nothing of it is kept where a part cannot be read.
pub(super) async fn read(link: Option<&str>, picture: Option<&Path>, asker: &Asker) -> Result<Intake, Complaint> {
    match (link, picture) {
        (_, Some(file)) => {
            let found = picture::links(file).await?;
            let intake = Intake::of(found.links.iter().map(|link| Ok(OtpAccount::read(link)?)))?;
            Ok(Intake { unread: found.unread, ..intake })
        }
        (Some("-"), None) => from_lines(&read_input(std::io::stdin())?),
        (Some(link), None) => Intake::of([Ok(OtpAccount::read(link)?)]),
        (None, None) => Intake::of([typed(asker)]),
    }
}

/// All of it, or nothing: a link that is cut off may still be one, with another secret.
fn read_input(input: impl std::io::Read) -> Result<Zeroizing<String>, Complaint> {
    let none = || Complaint::of("otp-link-invalid");
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST_INPUT + 1));
    input.take(LONGEST_INPUT as u64 + 1).read_to_end(&mut bytes).map_err(|_| none())?;
    if bytes.len() > LONGEST_INPUT {
        return Err(Complaint::about("otp-link-too-long", "input"));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| none())?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// A link a line.
fn from_lines(text: &str) -> Result<Intake, Complaint> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let mut links = lines
        .map(|(at, line)| OtpAccount::read(line).map_err(|error| Complaint::from(error).in_line(at + 1)))
        .peekable();
    match links.peek() {
        Some(_) => Intake::of(links),
        None => Err(Complaint::of("otp-link-invalid")),
    }
}

/// A link or a secret, which nobody sees; a secret alone needs names besides.
fn typed(asker: &Asker) -> Result<OtpReading, Complaint> {
    if !asker.is_person() {
        return Err(Complaint::of("otp-link-needed"));
    }
    let typed = asker.hidden("ask-otp")?;
    if typed.contains("://") {
        return Ok(OtpAccount::read(&typed)?);
    }
    let (issuer, name) = (asker.line("ask-otp-issuer")?, asker.line("ask-otp-name")?);
    let account = OtpAccount::typed(&issuer, &name, &typed)?;
    Ok(OtpReading { accounts: vec![account], refused: Vec::new(), part: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_that_is_too_long_is_refused_and_never_cut() {
        let link = |name: usize| format!("otpauth://totp/x:{name:06}?secret=GEZDGNBVGY3TQOJQ\n");
        let text: String = (0..LONGEST_INPUT / link(0).len() + 1).map(link).collect();
        let whole = &text[..LONGEST_INPUT];
        assert_eq!(read_input(whole.as_bytes()).map(|text| text.len()), Ok(LONGEST_INPUT));
        assert_eq!(read_input(text.as_bytes()), Err(Complaint::about("otp-link-too-long", "input")));
    }

    #[test]
    fn a_line_that_cannot_be_read_is_told_by_its_number() {
        let text = "otpauth://totp/x?secret=GEZDGNBV\n\n  otpauth://totp/x?secret=GEZD0\n";
        let expected = Complaint::counting("otp-secret-mistyped", 5).in_line(3);
        assert_eq!(from_lines(text).map(|intake| intake.accounts.len()), Err(expected));
        assert_eq!(from_lines(" \n").map(|_| ()), Err(Complaint::of("otp-link-invalid")));
    }

    #[test]
    fn only_a_part_whose_others_are_missing_is_told() {
        let part = |number, of| ExportPart { number, of };
        for (parts, alone) in [
            (vec![part(2, 2), part(1, 2)], vec![]),
            (vec![part(1, 3), part(3, 3)], vec![part(1, 3), part(3, 3)]),
            (vec![part(1, 2), part(2, 2), part(1, u32::MAX)], vec![part(1, u32::MAX)]),
            (vec![], vec![]),
        ] {
            let intake = Intake { parts, ..Intake::default() };
            assert_eq!(intake.parts_alone().copied().collect::<Vec<_>>(), alone);
        }
    }
}
