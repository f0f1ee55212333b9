//! challenge.json

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use koppel_protocol::{
    AgreementKey as _, Bytes, Envelope, KeyVersion, ServerId, SigningKey as _, Text,
    challenge::{Challenge, Context, Login, NewDevice, Purpose, RelyingParty, Subject, User},
    hash::sha256,
    id::{DeviceId, PairingId, RelyingPartyId},
    identity::IdentityError,
    jws::{self, JwsError},
    pairing::Platform,
    soft::SoftSigningKey,
};
use serde_json::{Value, json};

use super::{
    Book, Case, case, raw,
    world::{
        NOW, V1, auth, bytes, chain, cid, crypto, device, fixed, nonce, phone, seal_key, sealing_crypto, server,
        server_key, server_shown, signing_key,
    },
};

/// The login that all books are about.
pub(crate) fn login() -> Login {
    Login {
        rp: RelyingParty {
            id: RelyingPartyId::from_bytes(fixed("relying party")),
            name: Text::clean("Telefooncentrale De Linden"),
            origin: Text::clean("https://panel.example.org"),
        },
        bind: sha256(&fixed::<32>("v")),
        purpose: Purpose::Login,
        context: Context {
            ip: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 17)),
            place: Some(Text::clean("Utrecht, Nederland")),
            browser: Text::clean("Firefox op Linux"),
            time: NOW - 4,
            page_ip: None,
        },
    }
}

/// A challenge in this mode.
pub(crate) fn challenge(subject: Subject) -> Challenge {
    Challenge {
        cid: cid(),
        seq: 1,
        dev: device(),
        server_id: server().server_id,
        version: V1,
        iat: NOW,
        exp: NOW + 120,
        nonce: nonce(),
        user: User { id: Text::clean("4711"), name: Text::clean("anna") },
        subject,
    }
}

/// The new phone of a handover.
pub(crate) fn new_device() -> NewDevice {
    NewDevice {
        pid: PairingId::from_bytes(fixed("pairing")),
        name: Text::clean("Pixel 9"),
        platform: Platform::Android,
        approve_thumbprint: Some(signing_key("new approve").public().thumbprint()),
        ip: IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
        place: None,
    }
}

/// The signed challenge.
pub(crate) fn signed(challenge: &Challenge) -> String {
    jws::sign(challenge, &V1, &server_key()).expect("software keys sign").to_string()
}

fn good(name: &str, shows: &str, challenge: &Challenge) -> Case {
    let text = signed(challenge);
    let envelope = Envelope::seal(&sealing_crypto(), &seal_key("seal").public(), &auth(), &text).expect("it fits");
    let data = json!({
        "valid": true, "claims": challenge, "jws": text, "ch": sha256(text.as_bytes()), "envelope": envelope,
        "may_be_approved": challenge.may_be_approved(), "needs_number": challenge.needs_number(),
    });
    case(name, shows, data)
}

fn wrong(name: &str, shows: &str, text: &str) -> Case {
    let read = server().read_for::<Challenge>(&crypto(), text, device());
    let error = match read.expect_err("the case is about a bad challenge") {
        IdentityError::OtherDevice => "other-device",
        IdentityError::OtherServer => "other-server",
        IdentityError::Newer(_) => "newer",
        IdentityError::Older(_) => "older",
        IdentityError::Message(JwsError::BadSignature) => "signature",
        IdentityError::Message(JwsError::Payload(_)) => "payload",
        IdentityError::Message(JwsError::Type { .. }) => "type",
        IdentityError::Message(JwsError::Kid) => "kid",
        other => unreachable!("not in this book: {other}"),
    };
    case(name, shows, json!({ "valid": false, "jws": text, "error": error }))
}

fn by_hand(kid: &str, claims: &Value, key: &SoftSigningKey) -> String {
    let header = format!(r#"{{"alg":"ES256","typ":"challenge+jwt","kid":"{kid}"}}"#);
    raw::jws(header.as_bytes(), claims.to_string().as_bytes(), key)
}

fn changed(challenge: &Challenge, change: impl FnOnce(&mut Value)) -> String {
    let mut claims = serde_json::to_value(challenge).expect("plain JSON");
    change(&mut claims);
    by_hand("1", &claims, &server_key())
}

fn without(challenge: &Challenge, field: &str) -> String {
    changed(challenge, |claims| drop(claims.as_object_mut().expect("an object").remove(field)))
}

fn refused() -> Vec<Case> {
    let code = challenge(Subject::Code { login: login(), code: "314159".parse().expect("digits") });
    let number = challenge(Subject::Number { login: login() });
    let handover = challenge(Subject::ConfirmPairing { pairing: new_device() });
    let newer = Challenge { version: KeyVersion::new(2).expect("from 1"), ..code.clone() };
    let newer = by_hand("2", &serde_json::to_value(newer).expect("plain JSON"), &server_key());
    let plain = serde_json::to_value(&code).expect("plain JSON");
    let other_device = Challenge { dev: DeviceId::from_bytes(fixed("another device")), ..code.clone() };
    let other_server = Challenge { server_id: ServerId::from_bytes(fixed("another server")), ..code.clone() };
    let bidi = changed(&code, |claims| claims["rp"]["name"] = json!("De Linden\u{202e}"));
    let long = changed(&code, |claims| claims["ctx"]["browser"] = json!("x".repeat(65)));
    let backwards = changed(&code, |claims| claims["exp"] = json!(NOW));
    let with_code = changed(&number, |claims| claims["code"] = json!("271828"));
    let misnamed = by_hand(
        "1",
        &serde_json::to_value(Challenge { version: KeyVersion::new(2).expect("from 1"), ..code.clone() })
            .expect("plain JSON"),
        &server_key(),
    );
    vec![
        wrong(
            "of another server's key",
            "signed by the pinned key",
            &by_hand("1", &plain, &signing_key("another identity")),
        ),
        wrong("of a newer key", "fetch the chain, then read again", &newer),
        wrong("for another device", "dev is this phone", &signed(&other_device)),
        wrong("of another server", "server_id is the pinned one", &signed(&other_server)),
        wrong("kid and version differ", "they are one", &misnamed),
        wrong("hidden characters", "text is clean", &bidi),
        wrong("text too long", "at most 64 bytes", &long),
        wrong("ends before it begins", "exp lies after iat", &backwards),
        wrong("number mode with a number", "the number is never sent to a phone", &with_code),
        wrong("code without a code", "mode code has a code", &without(&code, "code")),
        wrong("code without rp", "a login has a relying party", &without(&code, "rp")),
        wrong("number without bind", "a login has a binding", &without(&number, "bind")),
        wrong("number without ctx", "a login comes from somewhere", &without(&number, "ctx")),
        wrong("handover without pairing", "mode confirm_pairing has pairing", &without(&handover, "pairing")),
    ]
}

pub(crate) fn book() -> Book {
    let digits = || "314159".parse().expect("digits");
    let mut moved = login();
    moved.context.page_ip = Some(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9)));
    moved.context.place = None;
    moved.purpose = Purpose::Settings;
    let mut cases = vec![
        good("code", "the phone shows the code", &challenge(Subject::Code { login: login(), code: digits() })),
        good(
            "number",
            "the phone asks for the number that the browser shows",
            &challenge(Subject::Number { login: login() }),
        ),
        good(
            "page elsewhere",
            "the page's address differs: the phone warns",
            &challenge(Subject::Number { login: moved }),
        ),
        good(
            "confirm_pairing",
            "an old phone vouches for a new one",
            &challenge(Subject::ConfirmPairing { pairing: new_device() }),
        ),
        good("unlock", "after a fraud report", &challenge(Subject::Unlock)),
        good("test", "nothing can use this code", &challenge(Subject::Test { code: digits() })),
        good(
            "later mode",
            "a mode nobody knows yet may be denied, never approved",
            &challenge(Subject::Unknown { mode: Text::clean("hologram") }),
        ),
        good(
            "resent",
            "the second delivery of a challenge",
            &Challenge { seq: 2, iat: NOW + 30, exp: NOW + 150, ..challenge(Subject::Number { login: login() }) },
        ),
    ];
    let later = changed(&challenge(Subject::Unlock), |claims| claims["later"] = json!([1, { "two": 3 }]));
    let data = json!({ "valid": true, "jws": later, "ch": sha256(later.as_bytes()), "may_be_approved": true, "needs_number": false });
    cases.push(case("later claim", "unknown claims of a server are ignored", data));
    cases.extend(refused());
    let given = json!({
        "server": server_shown(), "chain": chain(), "phone": phone(), "v": Bytes::new(fixed::<32>("v")),
        "salt": bytes::<16>("salt"), "ephemeral": super::world::shown("ephemeral"),
    });
    let about = "Challenges as a phone reads them: signed by the pinned key, for this device. `ch` is what a decision names. The \
                 envelopes all use the given salt and ephemeral key; a server draws them anew each time.";
    Book::new("challenge", about, given, cases)
}
