//! What is added: from the command line, from standard input, from a picture, or typed where nobody sees it.

use std::io::Read as _;
use std::path::Path;

use koppel_core::{OtpAccount, OtpReading};
use zeroize::Zeroizing;

use super::picture;
use crate::ask::Asker;
use crate::complaint::Complaint;

/// The most that is read from standard input: far more links than an export has QR codes.
const LONGEST_INPUT: u64 = 256 * 1024;

/// Reads what is to be kept. Nothing of it is kept where a part cannot be read.
pub(super) async fn read(
    link: Option<&str>,
    picture: Option<&Path>,
    asker: &Asker,
) -> Result<Vec<OtpReading>, Complaint> {
    let links = match (link, picture) {
        (_, Some(file)) => picture::links(file).await?,
        (Some("-"), None) => from_input()?,
        (Some(link), None) => vec![Zeroizing::new(link.to_owned())],
        (None, None) => return Ok(vec![typed(asker)?]),
    };
    Ok(links.iter().map(|link| OtpAccount::read(link)).collect::<Result<_, _>>()?)
}

/// A link a line.
fn from_input() -> Result<Vec<Zeroizing<String>>, Complaint> {
    let mut text = Zeroizing::new(String::new());
    let read = std::io::stdin().take(LONGEST_INPUT).read_to_string(&mut text);
    read.map_err(|_| Complaint::of("otp-link-invalid"))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let links: Vec<_> = lines.map(|line| Zeroizing::new(line.to_owned())).collect();
    if links.is_empty() { Err(Complaint::of("otp-link-invalid")) } else { Ok(links) }
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
