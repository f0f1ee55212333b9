//! digits.json

use koppel_protocol::{
    DigitCount, Secret,
    digits::{CodeKey, DigitsFor},
    id::ChallengeId,
};
use serde_json::json;

use super::{
    Book, Case, case,
    world::{EPOCH, cid, fixed},
};

pub(crate) fn book() -> Book {
    let key: [u8; 32] = fixed("code key");
    let derive = |name, shows, kind: DigitsFor, epoch: u64, cid: ChallengeId, seq: u32, count: DigitCount| -> Case {
        let digits = CodeKey::new(Secret::new(key)).digits(kind, epoch, cid, seq, count);
        let data = json!({
            "label": kind.label(), "restore_epoch": epoch, "cid": cid, "seq": seq, "count": count.get(), "digits": digits,
        });
        case(name, shows, data)
    };
    let (code, number) = (DigitsFor::Code, DigitsFor::Number);
    let other = ChallengeId::from_bytes(fixed("another challenge"));
    let cases = vec![
        derive("code", "a code of six digits", code, EPOCH, cid(), 1, DigitCount::SIX),
        derive("next delivery", "each delivery has its own", code, EPOCH, cid(), 2, DigitCount::SIX),
        derive("number", "a number is not the code", number, EPOCH, cid(), 1, DigitCount::SIX),
        derive("after a restore", "a higher epoch changes all", code, EPOCH + 1, cid(), 1, DigitCount::SIX),
        derive("other challenge", "each challenge has its own", code, EPOCH, other, 1, DigitCount::SIX),
        derive("seven", "seven digits", code, EPOCH, cid(), 1, DigitCount::SEVEN),
        derive(
            "eight",
            "eight digits, of which six are not a part by accident",
            code,
            EPOCH,
            cid(),
            1,
            DigitCount::EIGHT,
        ),
        derive("highest seq", "seq is a u32", code, u64::MAX, cid(), u32::MAX, DigitCount::SIX),
    ];
    let about = "How a server derives codes and numbers. Phones and panels need none of this: HMAC-SHA-256(key, label ‖ \
                 u64 restore_epoch ‖ lp(cid as text) ‖ u32 seq), read as four big-endian u64, the first below the largest \
                 multiple of 10^count that fits, modulo 10^count.";
    Book::new("digits", about, json!({ "key": Secret::new(key) }), cases)
}
