//! nonce.json

use koppel_protocol::{
    Nonce, Secret,
    nonce::{NonceError, NonceKey},
};
use serde_json::json;

use super::{
    Book, Case, case,
    world::{EPOCH, NOW, fixed, nonce_key},
};

fn check(name: &str, shows: &str, nonce: Nonce, epoch: u64, now: u64) -> Case {
    let result = nonce_key().check(epoch, &nonce, now);
    let error = match result {
        Ok(_) => None,
        Err(NonceError::Foreign) => Some("foreign"),
        Err(NonceError::Expired) => Some("expired"),
        Err(NonceError::Future) => Some("future"),
    };
    let data = json!({
        "nonce": nonce, "restore_epoch": epoch, "now": now, "valid": result.is_ok(), "until": result.ok(), "error": error,
    });
    case(name, shows, data)
}

pub(crate) fn book() -> Book {
    let good = nonce_key().issue(EPOCH, NOW);
    let mut bent = *good.as_bytes();
    bent[7] ^= 1;
    let other = NonceKey::new(Secret::new(fixed("another nonce key")));
    let cases = vec![
        check("fresh", "good at once", good, EPOCH, NOW),
        check("300 seconds", "good for 300 seconds", good, EPOCH, NOW + 300),
        check("301 seconds", "and no longer", good, EPOCH, NOW + 301),
        check("another node's clock", "five seconds ahead are forgiven", good, EPOCH, NOW - 5),
        check("from the future", "more are not", good, EPOCH, NOW - 6),
        check("after a restore", "a higher epoch ends all nonces", good, EPOCH + 1, NOW),
        check("changed time", "the time is part of the MAC", Nonce::from_bytes(bent), EPOCH, NOW),
        check("another server", "the key is the server's own", other.issue(EPOCH, NOW), EPOCH, NOW),
    ];
    let about = "How a server makes nonces. To a phone they are opaque text of 32 characters: time (u64, seconds) ‖ \
                 HMAC-SHA-256(key, time ‖ u64 restore_epoch)[..16].";
    Book::new("nonce", about, json!({ "key": Secret::new(fixed::<32>("nonce key")) }), cases)
}
