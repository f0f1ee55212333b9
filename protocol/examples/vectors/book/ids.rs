//! ids.json

use koppel_protocol::{Bytes, id::DeviceId};
use serde_json::json;

use super::{Book, Case, case, world::fixed};

pub(crate) fn book() -> Book {
    let mut cases: Vec<Case> = [
        ("zeros", "sixteen zero bytes", [0; 16]),
        ("ones", "sixteen bytes of ones; the last symbol carries two zero bits", [0xff; 16]),
        ("ascii", "the bytes of 0123456789abcdef", *b"0123456789abcdef"),
        ("random", "as ids look", fixed("an id")),
    ]
    .into_iter()
    .map(|(name, shows, bytes)| {
        let text = DeviceId::from_bytes(bytes).to_string();
        case(name, shows, json!({ "bytes": Bytes::new(bytes), "text": text, "valid": true }))
    })
    .collect();
    let wrong = [
        ("upper case", "ids are lower case", "dv_GAYTEMZUGU3DOOBZMFRGGZDFMY"),
        ("other kind", "a challenge is no device", "ch_gaytemzugu3doobzmfrggzdfmy"),
        ("no prefix", "the prefix belongs to the id", "gaytemzugu3doobzmfrggzdfmy"),
        ("too short", "26 symbols", "dv_gaytemzugu3doobzmfrggzdfm"),
        ("too long", "26 symbols", "dv_gaytemzugu3doobzmfrggzdfmya"),
        ("padding", "no padding", "dv_gaytemzugu3doobzmfrggzdfmy======"),
        ("trailing bits", "the two unused bits are zero", "dv_gaytemzugu3doobzmfrggzdfmz"),
        ("foreign symbol", "1, 8, 9 and 0 are not in the alphabet", "dv_gaytemzugu3doobzmfrggzdfm1"),
        ("space", "nothing is trimmed", " dv_gaytemzugu3doobzmfrggzdfmy"),
    ];
    cases.extend(
        wrong.map(|(name, shows, text)| case(name, shows, json!({ "text": text, "prefix": "dv", "valid": false }))),
    );
    Book::new(
        "ids",
        "Ids: prefix, underscore, 16 bytes in lower-case base 32. All cases are device ids.",
        json!({}),
        cases,
    )
}
