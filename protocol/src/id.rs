//! Ids: two letters that say what it is, an underscore, and 128 random bits in lower-case base 32.
//!
//! Each kind of thing has its own type, so that a device can never be passed where a challenge belongs. The text is
//! canonical: 26 symbols of RFC 4648 base 32 in lower case, no padding, the two unused bits zero.

use thiserror::Error;

use crate::wire_text::text_serde;

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const SYMBOLS: usize = 26;

/// The text is not an id of the kind that is expected here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected an id of the form {prefix}_ and 26 symbols of lower-case base 32")]
pub struct NotAnId {
    /// The prefix that was expected.
    pub prefix: &'static str,
}

fn write_base32(bytes: &[u8; 16]) -> [u8; SYMBOLS] {
    let value = u128::from_be_bytes(*bytes);
    let mut text = [0; SYMBOLS];
    for (position, symbol) in text.iter_mut().enumerate() {
        let index = match position {
            25 => (value & 0b111) << 2,
            _ => (value >> (123 - 5 * position)) & 0b1_1111,
        };
        *symbol = ALPHABET[index as usize];
    }
    text
}

fn read_base32(text: &[u8]) -> Option<[u8; 16]> {
    if text.len() != SYMBOLS {
        return None;
    }
    let mut value: u128 = 0;
    for (position, symbol) in text.iter().enumerate() {
        let five = match symbol {
            b'a'..=b'z' => symbol - b'a',
            b'2'..=b'7' => symbol - b'2' + 26,
            _ => return None,
        };
        if position < 25 {
            value = value << 5 | u128::from(five);
        } else if five & 0b11 == 0 {
            value = value << 3 | u128::from(five >> 2);
        } else {
            return None;
        }
    }
    Some(value.to_be_bytes())
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// The two letters before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// Makes an id of 128 random bits.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The 128 bits.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let text = write_base32(&self.0);
                write!(f, concat!($prefix, "_{}"), String::from_utf8_lossy(&text))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(|rest| read_base32(rest.as_bytes()))
                    .map(Self)
                    .ok_or(NotAnId { prefix: $prefix })
            }
        }

        text_serde!($name, concat!("an id that begins with ", $prefix, "_"));
    )*};
}

ids! {
    /// An organisation: one host, one name space of users.
    OrganisationId "og";
    /// A web panel that asks for second factors.
    RelyingPartyId "rp";
    /// A key of a panel to the server.
    ApiKeyId "ak";
    /// Someone who cares for users: support, supervisor, administrator.
    OperatorId "op";
    /// A user of an organisation.
    UserId "us";
    /// A way in which a user proves themselves: app, voice, TOTP, recovery codes.
    MethodId "me";
    /// A paired phone.
    DeviceId "dv";
    /// A link and a koppelcode that belong together.
    InvitationId "iv";
    /// One attempt to pair a phone.
    PairingId "pa";
    /// A hosted page that asks one browser for a second factor.
    PromptId "pr";
    /// One question to a user's phones.
    ChallengeId "ch";
    /// Something a phone must be told, without a question.
    NoticeId "no";
    /// Work the server does later.
    JobId "jb";
    /// Something that happened, as panels hear it.
    EventId "ev";
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_reads_as_what_it_names() {
        assert_eq!(DeviceId::from_bytes([0; 16]).to_string(), "dv_aaaaaaaaaaaaaaaaaaaaaaaaaa");
        assert_eq!(DeviceId::from_bytes([0xff; 16]).to_string(), "dv_77777777777777777777777774");
        let id = ChallengeId::from_bytes(*b"0123456789abcdef");
        assert_eq!(id.to_string(), "ch_gaytemzugu3doobzmfrggzdfmy");
        assert_eq!(format!("{id:?}"), id.to_string());
    }

    #[test]
    fn only_the_canonical_text_of_the_right_kind_is_read() {
        let good = "dv_gaytemzugu3doobzmfrggzdfmy";
        assert!(good.parse::<DeviceId>().is_ok());
        for wrong in [
            "ch_gaytemzugu3doobzmfrggzdfmy",
            "gaytemzugu3doobzmfrggzdfmy",
            "dv_GAYTEMZUGU3DOOBZMFRGGZDFMY",
            "dv_gaytemzugu3doobzmfrggzdfmz",
            "dv_gaytemzugu3doobzmfrggzdfm",
            "dv_gaytemzugu3doobzmfrggzdfmya",
            "dv_gaytemzugu3doobzmfrggzdfm1",
            "dv_gaytemzugu3doobzmfrggzdfmy======",
            " dv_gaytemzugu3doobzmfrggzdfmy",
            "dv-gaytemzugu3doobzmfrggzdfmy",
            "",
        ] {
            assert_eq!(wrong.parse::<DeviceId>(), Err(NotAnId { prefix: "dv" }), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn every_id_survives_its_text(bytes: [u8; 16]) {
            let id = UserId::from_bytes(bytes);
            prop_assert_eq!(id.to_string().parse::<UserId>().unwrap(), id);
            let json = serde_json::to_string(&id).unwrap();
            prop_assert_eq!(serde_json::from_str::<UserId>(&json).unwrap(), id);
        }
    }
}
