//! notice.json and activation.json

use koppel_protocol::{
    KeyVersion, SigningKey as _, Text,
    activation::Activation,
    id::{DeviceId, NoticeId},
    jws::{self, Claims},
    notice::{Notice, NoticeKind},
    pairing::Transcript,
};
use serde::Serialize;
use serde_json::json;

use super::{
    Book, Case, case, raw,
    world::{NOW, V1, chain, device, fixed, phone, server, server_key, server_shown, signing_key},
};

fn good<C: Claims<Kid = KeyVersion> + Serialize>(name: &str, shows: &str, claims: &C) -> Case {
    let text = jws::sign(claims, &V1, &server_key()).expect("software keys sign");
    case(name, shows, json!({ "valid": true, "claims": claims, "jws": text.as_str() }))
}

fn wrong(name: &str, shows: &str, text: &str, error: &str) -> Case {
    case(name, shows, json!({ "valid": false, "jws": text, "error": error }))
}

/// notice.json
pub(crate) fn notice() -> Book {
    let of = |kind, detail: &str| Notice {
        nid: NoticeId::from_bytes(fixed("notice")),
        dev: device(),
        kind,
        at: NOW,
        detail: Text::clean(detail),
    };
    let other = Notice { dev: DeviceId::from_bytes(fixed("another device")), ..of(NoticeKind::Locked, "") };
    let sign =
        |notice: &Notice, key: &str| jws::sign(notice, &V1, &signing_key(key)).expect("software keys sign").to_string();
    let cases = vec![
        good("device_added", "another phone", &of(NoticeKind::DeviceAdded, "Pixel 9")),
        good("device_removed", "a phone was removed", &of(NoticeKind::DeviceRemoved, "Pixel 9")),
        good("factor_changed", "another way to prove oneself", &of(NoticeKind::FactorChanged, "totp")),
        good("locked", "the account was locked", &of(NoticeKind::Locked, "")),
        good("unlocked", "the lock was lifted", &of(NoticeKind::Unlocked, "")),
        good("reset_asked", "support was asked to take all factors away", &of(NoticeKind::ResetAsked, "")),
        good("unlinked", "this phone no longer belongs to the account", &of(NoticeKind::Unlinked, "")),
        wrong("for another device", "dev is this phone", &sign(&other, "identity 1"), "other-device"),
        wrong(
            "of another key",
            "signed by the pinned key",
            &sign(&of(NoticeKind::Locked, ""), "another identity"),
            "signature",
        ),
    ];
    let given = json!({ "server": server_shown(), "chain": chain(), "phone": phone() });
    Book::new("notice", "Notices as a phone reads them.", given, cases)
}

/// activation.json
pub(crate) fn activation() -> Book {
    let good_one = Activation {
        transcript: Transcript::from_bytes(fixed("transcript")),
        device: device(),
        server_id: server().server_id,
        version: V1,
    };
    let other = Activation { transcript: Transcript::from_bytes(fixed("another transcript")), ..good_one.clone() };
    let other_device = Activation { device: DeviceId::from_bytes(fixed("another device")), ..good_one.clone() };
    let sign = |claims: &Activation, key: &str| {
        jws::sign(claims, &V1, &signing_key(key)).expect("software keys sign").to_string()
    };
    let fields = serde_json::to_value(&good_one).expect("plain JSON");
    let header = br#"{"alg":"ES256","typ":"activation+jwt","kid":"1"}"#;
    let mut renamed = fields.clone();
    renamed["version"] = json!(2);
    let renamed = raw::jws(header, renamed.to_string().as_bytes(), &server_key());
    debug_assert_eq!(server_key().public(), server().key);
    let cases = vec![
        good("activation", "the phone's own transcript", &good_one),
        wrong("another transcript", "a phone accepts only its own", &sign(&other, "identity 1"), "other-transcript"),
        wrong("for another device", "device is this phone", &sign(&other_device, "identity 1"), "other-device"),
        wrong("of another key", "signed by the pinned key", &sign(&good_one, "another identity"), "signature"),
        wrong("kid and version differ", "they are one", &renamed, "kid"),
    ];
    let given = json!({
        "server": server_shown(), "chain": chain(), "phone": phone(), "T": Transcript::from_bytes(fixed("transcript")),
    });
    Book::new("activation", "Activations as a phone reads them, whose transcript is `T`.", given, cases)
}
