//! What another authenticator exports: `otpauth-migration://offline?data=…`, as Google Authenticator shows it and others copied it.
//!
//! Base64 over a protocol buffer; a large export is cut into several QR codes, each of which is whole by itself:
//!
//! ```text
//! Payload     1 accounts (repeated) · 2 version · 3 how many parts · 4 which part, from 0 · 5 id of the export
//! account     1 secret · 2 name · 3 issuer · 4 hash (1 SHA-1, 2 SHA-256, 3 SHA-512, 4 MD5) · 5 digits (1 six, 2 eight, 3 seven)
//!             6 kind (1 counter, 2 time) · 7 counter
//! ```
//!
//! An entry that gives no codes here is told by name and does not keep the others out. An export that is cut off within a
//! field, or that contradicts itself, gives nothing: nobody should believe that everything came over. One that ends between two entries
//! looks like a whole one; that is what the number of parts is for.

use koppel_protocol::{DigitCount, Text, bytes::decode};
use zeroize::Zeroizing;

use super::{
    account::{OtpAccount, OtpHash, PERIOD_S},
    error::OtpError,
    link::names,
    seed::Seed,
};

/// What was read from a link.
#[derive(Debug)]
pub struct OtpReading {
    /// The accounts in it.
    pub accounts: Vec<OtpAccount>,
    /// What an export holds besides, which gives no codes here.
    pub refused: Vec<NotTaken>,
    /// Which part of an export this is, where it has several.
    pub part: Option<ExportPart>,
}

/// An entry of an export that gives no codes here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotTaken {
    /// The service; may be empty.
    pub issuer: String,
    /// The person's name there; may be empty.
    pub name: String,
    /// Why.
    pub why: OtpError,
}

/// One of the QR codes of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportPart {
    /// Which, from 1.
    pub number: u32,
    /// Of how many.
    pub of: u32,
}

/// Reads the data of an export: base64 of either alphabet, padded or not.
pub(super) fn read(data: &str) -> Result<OtpReading, OtpError> {
    let text = data.chars().filter(|c| !matches!(c, '=' | '\r' | '\n' | '\t')).map(|c| match c {
        '+' | ' ' => '-',
        '/' => '_',
        other => other,
    });
    let mut plain = Zeroizing::new(String::with_capacity(data.len()));
    plain.extend(text);
    let payload = Zeroizing::new(decode(&plain).map_err(|_| OtpError::ExportDamaged)?);

    let mut reading = OtpReading { accounts: Vec::new(), refused: Vec::new(), part: None };
    let (mut of, mut index) = (0, 0);
    let mut fields = Fields(&payload);
    while let Some(field) = fields.next()? {
        match field {
            (1, Value::Bytes(entry)) => match account(entry)? {
                Ok(account) => reading.accounts.push(account),
                Err(refused) => reading.refused.push(refused),
            },
            (3, Value::Number(parts)) => of = u32::try_from(parts).map_err(|_| OtpError::ExportDamaged)?,
            (4, Value::Number(part)) => index = u32::try_from(part).map_err(|_| OtpError::ExportDamaged)?,
            // Not what an export writes there: an account could be in it.
            (1 | 3 | 4, _) => return Err(OtpError::ExportDamaged),
            _ => {}
        }
    }
    // What says nothing of parts is the only one.
    if index >= of.max(1) {
        return Err(OtpError::ExportDamaged);
    }
    if reading.accounts.is_empty() && reading.refused.is_empty() {
        return Err(OtpError::ExportEmpty);
    }
    reading.part = (of > 1).then(|| ExportPart { number: index + 1, of });
    Ok(reading)
}

/// An entry: the outer error is one of the whole export, the inner of this account alone.
fn account(entry: &[u8]) -> Result<Result<OtpAccount, NotTaken>, OtpError> {
    let (mut secret, mut name, mut issuer): (&[u8], _, _) = (&[], String::new(), String::new());
    let (mut hash, mut digits, mut kind) = (0, 0, 0);
    let mut fields = Fields(entry);
    while let Some(field) = fields.next()? {
        match field {
            (1, Value::Bytes(bytes)) => secret = bytes,
            (2, Value::Bytes(text)) => name = String::from_utf8_lossy(text).into_owned(),
            (3, Value::Bytes(text)) => issuer = String::from_utf8_lossy(text).into_owned(),
            (4, Value::Number(number)) => hash = number,
            (5, Value::Number(number)) => digits = number,
            (6, Value::Number(number)) => kind = number,
            (1..=6, _) => return Err(OtpError::ExportDamaged),
            _ => {}
        }
    }
    let (issuer, name) = names(&issuer, &name);
    let read = read_account(issuer.clone(), name.clone(), secret, hash, digits, kind);
    Ok(read.map_err(|why| NotTaken { issuer: issuer.to_string(), name: name.to_string(), why }))
}

fn read_account(
    issuer: Text,
    name: Text,
    secret: &[u8],
    hash: u64,
    digits: u64,
    kind: u64,
) -> Result<OtpAccount, OtpError> {
    match kind {
        // What says nothing is by time, as nearly everything is.
        0 | 2 => {}
        1 => return Err(OtpError::CounterBased),
        _ => return Err(OtpError::OtherKind),
    }
    let hash = match hash {
        0 | 1 => OtpHash::Sha1,
        2 => OtpHash::Sha256,
        3 => OtpHash::Sha512,
        _ => return Err(OtpError::Hash),
    };
    let digits = match digits {
        0 | 1 => DigitCount::SIX,
        2 => DigitCount::EIGHT,
        3 => DigitCount::SEVEN,
        _ => return Err(OtpError::Digits),
    };
    let seed = Seed::new(Zeroizing::new(secret.to_vec()))?;
    Ok(OtpAccount { issuer, name, seed, hash, digits, period_s: PERIOD_S })
}

/// The fields of a protocol buffer that are left to read.
struct Fields<'a>(&'a [u8]);

/// What a field holds.
enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// Of a kind that no export uses.
    Other,
}

impl<'a> Fields<'a> {
    fn next(&mut self) -> Result<Option<(u64, Value<'a>)>, OtpError> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let tag = self.number()?;
        let value = match tag & 7 {
            0 => Value::Number(self.number()?),
            1 => self.take(8).map(|_| Value::Other)?,
            2 => {
                let length = usize::try_from(self.number()?).map_err(|_| OtpError::ExportDamaged)?;
                Value::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Value::Other)?,
            _ => return Err(OtpError::ExportDamaged),
        };
        Ok(Some((tag >> 3, value)))
    }

    /// Seven bits a byte, the lowest first, the last byte below 128.
    fn number(&mut self) -> Result<u64, OtpError> {
        let mut number = 0;
        for place in 0..10 {
            let byte = self.take(1)?[0];
            number |= u64::from(byte & 0x7f) << (7 * place);
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(OtpError::ExportDamaged)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], OtpError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(OtpError::ExportDamaged)?;
        self.0 = rest;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use koppel_protocol::bytes::encode;
    use proptest::prelude::*;

    use super::*;

    fn varint(mut number: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        while number >= 0x80 {
            bytes.push((number & 0x7f | 0x80) as u8);
            number >>= 7;
        }
        bytes.push(number as u8);
        bytes
    }

    fn number(field: u64, number: u64) -> Vec<u8> {
        [varint(field << 3), varint(number)].concat()
    }

    fn bytes(field: u64, bytes: &[u8]) -> Vec<u8> {
        [varint(field << 3 | 2), varint(bytes.len() as u64), bytes.to_vec()].concat()
    }

    fn entry(secret: &[u8], name: &str, issuer: &str, [hash, digits, kind]: [u64; 3]) -> Vec<u8> {
        let texts = [bytes(1, secret), bytes(2, name.as_bytes()), bytes(3, issuer.as_bytes())].concat();
        bytes(1, &[texts, number(4, hash), number(5, digits), number(6, kind), bytes(8, b"unique")].concat())
    }

    /// As the other app writes it: `part` of `of`, standard base64, percent escapes.
    fn export(entries: &[Vec<u8>], part: u64, of: u64) -> String {
        let payload = [entries.concat(), number(2, 1), number(3, of), number(4, part), number(5, u64::from(u32::MAX))];
        let data = encode(&payload.concat()).replace('-', "%2B").replace('_', "%2F");
        format!("otpauth-migration://offline?data={data}%3D")
    }

    fn shown(reading: &OtpReading) -> Vec<(String, String, Vec<u8>, u8)> {
        let show = |account: &OtpAccount| {
            let (issuer, name) = (account.issuer().to_owned(), account.name().to_owned());
            (issuer, name, account.seed.expose().to_vec(), account.digits.get())
        };
        reading.accounts.iter().map(show).collect()
    }

    #[test]
    fn every_account_of_an_export_comes_over() {
        let link = export(
            &[
                entry(b"\xfb\xff\xfe0123456789", "Example:anna", "Example", [1, 1, 2]),
                entry(b"short", "bert@example.nl", "", [2, 2, 2]),
                entry(b"x", "ACME:clara", "", [3, 3, 0]),
            ],
            0,
            1,
        );
        let reading = OtpAccount::read(&link).unwrap();
        let expected: [(&str, &str, &[u8], u8); 3] = [
            ("Example", "anna", b"\xfb\xff\xfe0123456789", 6),
            ("", "bert@example.nl", b"short", 8),
            ("ACME", "clara", b"x", 7),
        ];
        let expected = expected.map(|(issuer, name, seed, digits)| (issuer.into(), name.into(), seed.to_vec(), digits));
        assert_eq!(shown(&reading), expected);
        let hashes: Vec<_> = reading.accounts.iter().map(|account| account.hash).collect();
        assert_eq!(hashes, [OtpHash::Sha1, OtpHash::Sha256, OtpHash::Sha512]);
        assert_eq!((reading.refused, reading.part), (Vec::new(), None));
    }

    /// The example of github.com/dim13/otpauth, and the same with all fields that the app writes, a negative id of the export among them.
    #[test]
    fn exports_are_read_as_the_app_writes_them() {
        for data in [
            "CjEKCkhlbGxvId6tvu8SGEV4YW1wbGU6YWxpY2VAZ29vZ2xlLmNvbRoHRXhhbXBsZTAC",
            "CjUKCkhlbGxvId6tvu8SGEV4YW1wbGU6YWxpY2VAZ29vZ2xlLmNvbRoHRXhhbXBsZSABKAEwAhABGAEgACj50rT%2F%2F%2F%2F%2F%2F%2F8B",
            "CjUKCkhlbGxvId6tvu8SGEV4YW1wbGU6YWxpY2VAZ29vZ2xlLmNvbRoHRXhhbXBsZSABKAEwAhABGAEgACj50rT///////8B",
        ] {
            let reading = OtpAccount::read(&format!("otpauth-migration://offline?data={data}"));
            let reading = reading.unwrap_or_else(|error| panic!("{data}: {error}"));
            let same = "otpauth://totp/Example:alice@google.com?secret=JBSWY3DPEHPK3PXP&issuer=Example";
            assert_eq!(reading.accounts, [one(same)]);
        }
    }

    fn one(link: &str) -> OtpAccount {
        OtpAccount::read(link).unwrap().accounts.remove(0)
    }

    #[test]
    fn what_gives_no_codes_is_told_by_name_and_keeps_nothing_else_out() {
        let link = export(
            &[
                entry(b"secret", "counts", "Teller", [1, 1, 1]),
                entry(b"secret", "anna", "Example", [1, 1, 2]),
                entry(b"secret", "old", "MD5", [4, 1, 2]),
                entry(b"secret", "odd", "", [1, 9, 2]),
                entry(b"", "empty", "", [1, 1, 2]),
                entry(b"secret", "new", "", [1, 1, 3]),
            ],
            0,
            1,
        );
        let reading = OtpAccount::read(&link).unwrap();
        assert_eq!(shown(&reading).len(), 1);
        let refused: Vec<_> = reading.refused.iter().map(|it| (it.issuer.as_str(), it.name.as_str(), it.why)).collect();
        assert_eq!(
            refused,
            [
                ("Teller", "counts", OtpError::CounterBased),
                ("MD5", "old", OtpError::Hash),
                ("", "odd", OtpError::Digits),
                ("", "empty", OtpError::SecretMissing),
                ("", "new", OtpError::OtherKind),
            ]
        );
    }

    #[test]
    fn a_part_of_a_large_export_says_which_it_is() {
        let entries = [entry(b"secret", "anna", "Example", [1, 1, 2])];
        for (part, of, shown) in [
            (0, 3, Some(ExportPart { number: 1, of: 3 })),
            (2, 3, Some(ExportPart { number: 3, of: 3 })),
            (0, 1, None),
            (0, 0, None),
        ] {
            assert_eq!(OtpAccount::read(&export(&entries, part, of)).unwrap().part, shown);
        }
        for (part, of) in [(3, 3), (1, 1), (1, 0), (u64::from(u32::MAX), 3), (1 << 40, 3)] {
            let read = OtpAccount::read(&export(&entries, part, of));
            assert_eq!(read.unwrap_err(), OtpError::ExportDamaged, "part {part} of {of}");
        }
    }

    #[test]
    fn a_field_of_another_kind_than_an_export_writes_is_damage() {
        let good = entry(b"secret", "anna", "Example", [1, 1, 2]);
        for field in [number(1, 7), bytes(3, b"2"), bytes(4, b"0")] {
            assert_eq!(read(&encode(&[good.clone(), field].concat())).unwrap_err(), OtpError::ExportDamaged);
        }
        for field in [number(1, 7), number(2, 7), number(3, 7), bytes(4, b"1"), bytes(5, b"1"), bytes(6, b"2")] {
            let payload = bytes(1, &[bytes(1, b"secret"), field].concat());
            assert_eq!(read(&encode(&[good.clone(), payload].concat())).unwrap_err(), OtpError::ExportDamaged);
        }
    }

    #[test]
    fn an_export_that_is_cut_off_within_an_entry_or_empty_gives_nothing() {
        let whole = [entry(b"secret", "anna", "Example", [1, 1, 2]), entry(b"other", "bert", "", [1, 1, 2])].concat();
        for cut in 1..whole.len() {
            let reading = read(&encode(&whole[..cut]));
            let ended = cut == entry(b"secret", "anna", "Example", [1, 1, 2]).len();
            assert_eq!(reading.is_ok(), ended, "cut at {cut}");
        }
        assert_eq!(read("").unwrap_err(), OtpError::ExportEmpty);
        assert_eq!(read(&encode(&number(2, 1))).unwrap_err(), OtpError::ExportEmpty);
        assert_eq!(read("%%%").unwrap_err(), OtpError::ExportDamaged);
        assert_eq!(read(&encode(&[0x80; 11])).unwrap_err(), OtpError::ExportDamaged, "a number without an end");
        assert_eq!(read(&encode(&bytes(1, b"")[..1])).unwrap_err(), OtpError::ExportDamaged);
    }

    proptest! {
        #[test]
        fn no_export_ever_panics(payload in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&encode(&payload));
        }

        #[test]
        fn what_was_exported_is_what_comes_over(
            accounts in prop::collection::vec((prop::collection::vec(any::<u8>(), 1..64), "[a-z]{1,9}", "[A-Z]{1,9}"), 1..10)
        ) {
            let entries: Vec<_> = accounts.iter().map(|(seed, name, issuer)| entry(seed, name, issuer, [1, 1, 2])).collect();
            let reading = OtpAccount::read(&export(&entries, 0, 1)).unwrap();
            let expected: Vec<_> = accounts.into_iter().map(|(seed, name, issuer)| (issuer, name, seed, 6)).collect();
            prop_assert_eq!(shown(&reading), expected);
        }
    }
}
