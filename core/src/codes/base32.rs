//! Base32 (RFC 4648 §6) as people and services write it.

use zeroize::Zeroizing;

use super::{error::OtpError, seed::Seed};

/// Reads a secret: either case, spaces and hyphens between its groups, padding or none. Bits that fill no byte are left out, as other
/// authenticators do: services do give secrets of such lengths.
///
/// # Errors
/// [`OtpError`]: no secret, too long, or a character that is none of base32.
pub(crate) fn seed(text: &str) -> Result<Seed, OtpError> {
    // As large as it gets from the start: bytes that move while a vector grows stay behind unwiped.
    let mut bytes = Zeroizing::new(Vec::with_capacity(Seed::MAX));
    let (mut held, mut bits, mut padded) = (0_u32, 0_u32, false);
    let symbols = text.chars().filter(|symbol| !symbol.is_whitespace() && *symbol != '-');
    for (place, symbol) in symbols.enumerate() {
        padded |= symbol == '=';
        if symbol == '=' {
            continue;
        }
        let wrong = OtpError::SecretSymbol { position: place + 1 };
        let value = value(symbol).filter(|_| !padded).ok_or(wrong)?;
        held = (held << 5 | value) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            if bytes.len() == Seed::MAX {
                return Err(OtpError::SecretTooLong);
            }
            bytes.push((held >> bits & 0xff) as u8);
        }
    }
    Seed::new(bytes)
}

fn value(symbol: char) -> Option<u32> {
    match symbol.to_ascii_uppercase() {
        letter @ 'A'..='Z' => Some(letter as u32 - 'A' as u32),
        digit @ '2'..='7' => Some(digit as u32 - '2' as u32 + 26),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_read_as_rfc_4648_writes_them() {
        for (text, bytes) in [
            ("MY======", "f"),
            ("MZXQ====", "fo"),
            ("MZXW6===", "foo"),
            ("MZXW6YQ=", "foob"),
            ("MZXW6YTB", "fooba"),
            ("MZXW6YTBOI======", "foobar"),
        ] {
            assert_eq!(seed(text).unwrap().expose(), bytes.as_bytes(), "{text}");
        }
    }

    #[test]
    fn secrets_are_read_as_people_write_them() {
        for text in ["MZXW6YTBOI", "mzxw6ytboi", " mzxw 6ytb\u{a0}oi== ", "MZXW-6YTB-OI", "MZXW6YTBOIB"] {
            assert_eq!(seed(text).unwrap().expose(), b"foobar", "{text}");
        }
    }

    #[test]
    fn what_is_no_secret_is_told_with_its_place() {
        for (text, error) in [
            ("", OtpError::SecretMissing),
            (" - ", OtpError::SecretMissing),
            ("====", OtpError::SecretMissing),
            ("A", OtpError::SecretMissing),
            ("MZXW 0YTB", OtpError::SecretSymbol { position: 5 }),
            ("1", OtpError::SecretSymbol { position: 1 }),
            ("MZXW6===A", OtpError::SecretSymbol { position: 9 }),
            ("MZXÉ", OtpError::SecretSymbol { position: 4 }),
        ] {
            assert_eq!(seed(text), Err(error), "{text}");
        }
        assert_eq!(seed(&"A".repeat(205)).unwrap().expose().len(), Seed::MAX);
        assert_eq!(seed(&"A".repeat(1_000_000)), Err(OtpError::SecretTooLong));
    }
}
