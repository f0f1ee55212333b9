//! pairing.json

use koppel_protocol::{
    AgreementKey as _, Bytes, Koppelcode, PublicKey, Secret, SigningKey as _, Text,
    activation::Activation,
    bytes::encode,
    decision::UserVerification,
    id::PairingId,
    jws::{self, Verified},
    pairing::{
        ApproveKey, Door, HeldKey, Introduction, IntroductionText, KeyLevel, PairingOffer, PairingRequest, Platform,
        RequestHash, Reveal, RevealError, Transcript, link_mac,
    },
    pop::PopUse,
};
use serde_json::{Value, json};

use super::{
    Book, Case, case,
    world::{
        NOW, V1, auth, bytes, chain, crypto, device, fixed, nonce, phone, seal_key, server, server_key, server_shown,
        signing_key,
    },
};

fn introduction(approve: bool) -> Introduction {
    let level = KeyLevel::Software;
    let approve_key = ApproveKey { spki: signing_key("approve").public(), level, uv: UserVerification::Pin };
    Introduction {
        id: HeldKey { spki: signing_key("id").public(), level },
        seal: HeldKey { spki: seal_key("seal").public(), level },
        approve: approve.then_some(approve_key),
        auth: auth(),
        ra: bytes("ra"),
        name: Text::clean("Anna’s telefoon"),
        platform: Platform::Terminal,
    }
}

fn offer(c: RequestHash) -> Verified<PairingOffer> {
    let offer = PairingOffer {
        pid: PairingId::from_bytes(fixed("pairing")),
        c,
        server_id: server().server_id,
        version: V1,
        rs: bytes("rs"),
        organisation: Text::clean("De Linden"),
        host: "koppel.example.org".parse().expect("a host"),
        account: Text::clean("anna"),
        exp: NOW + 600,
        nonce: nonce(),
    };
    let text = jws::sign(&offer, &V1, &server_key()).expect("software keys sign");
    server().read(&crypto(), &text).expect("its own signature")
}

fn reveal(introduction: IntroductionText, transcript: Transcript, approve: bool) -> Reveal {
    let pop = |key_use, key| Reveal::pop(transcript, key_use, &signing_key(key)).expect("software keys sign");
    Reveal {
        introduction,
        pop_id: pop(PopUse::Id, "id"),
        pop_approve: approve.then(|| pop(PopUse::Approve, "approve")),
        attestation: None,
    }
}

/// A whole pairing, as it goes over the wire.
fn story(name: &str, shows: &str, door: Door, approve: bool, given: Value) -> Case {
    let text = introduction(approve).to_text().expect("a sound introduction");
    let commitment = text.commitment();
    let request = PairingRequest { commitment, rq: bytes("rq"), door };
    let m1 = request.to_body().expect("plain JSON");
    let m1 = std::str::from_utf8(&m1).expect("JSON is text");
    let c = PairingRequest::hash(m1.as_bytes());
    let m2 = offer(c);
    let transcript = Transcript::of(m2.signing_input(), &text);
    let m3 = reveal(text.clone(), transcript, approve);
    let activation = Activation { transcript, device: device(), server_id: server().server_id, version: V1 };
    let activation = jws::sign(&activation, &V1, &server_key()).expect("software keys sign");
    let data = json!({
        "kind": "story", "given": given,
        "O_json": introduction(approve), "O": text, "C": commitment, "m1": m1, "c": c, "m2": m2.text(), "T": transcript,
        "check_number": transcript.check_number(), "m3": m3, "activation": activation.as_str(),
    });
    case(name, shows, data)
}

fn stories() -> Vec<Case> {
    let commitment = introduction(true).to_text().expect("a sound introduction").commitment();
    let (k, t) = (Secret::new(fixed("link k")), bytes("link t"));
    let mac = link_mac(&k, &server().server_id, &t, &commitment);
    let code = Koppelcode::from_bytes(&fixed("koppelcode"));
    let user = Text::clean("anna");
    let codes_only = Door::Code { user: user.clone(), code: code.clone() };
    vec![
        story("link", "by a link: k itself is never sent", Door::Link { t, mac }, true, json!({ "t": t, "k": k })),
        story(
            "koppelcode",
            "by a koppelcode",
            Door::Code { user: user.clone(), code: code.clone() },
            true,
            json!({ "code": code.to_text().as_str() }),
        ),
        story(
            "login",
            "by the panel's own login",
            Door::Login { user, password: "correct horse".parse().expect("text") },
            true,
            json!({}),
        ),
        story("codes only", "a phone without approve", codes_only, false, json!({ "code": code.to_text().as_str() })),
    ]
}

fn refused(name: &str, shows: &str, commitment: Option<Bytes<32>>, m3: &Reveal) -> Case {
    let c = bytes("c");
    let m2 = offer(c);
    let commitment = commitment.unwrap_or_else(|| m3.introduction.commitment());
    let step = match m3.open(&crypto(), &commitment, m2.signing_input()).expect_err("the case is about a bad m3") {
        RevealError::Commitment => "commitment",
        RevealError::Introduction(_) => "introduction",
        RevealError::Point => "point",
        RevealError::SharedKey => "shared-key",
        RevealError::PopCount => "pop-count",
        RevealError::Pop(_) => "pop",
        RevealError::OtherPop => "other-pop",
    };
    let data = json!({ "kind": "m3", "valid": false, "C": commitment, "m2": m2.text(), "m3": m3, "step": step });
    case(name, shows, data)
}

fn bad_reveals() -> Vec<Case> {
    let m2 = offer(bytes("c"));
    let of = |introduction: &Introduction| {
        let text = introduction.to_text().expect("a sound introduction");
        let transcript = Transcript::of(m2.signing_input(), &text);
        reveal(text, transcript, introduction.approve.is_some())
    };
    let written = |change: &dyn Fn(&mut Value)| {
        let mut fields = serde_json::to_value(introduction(true)).expect("plain JSON");
        change(&mut fields);
        let text: IntroductionText = encode(fields.to_string().as_bytes()).parse().expect("short");
        let transcript = Transcript::of(m2.signing_input(), &text);
        reveal(text, transcript, true)
    };
    let good = of(&introduction(true));
    let transcript = Transcript::of(m2.signing_input(), &good.introduction);
    let elsewhere = reveal(good.introduction.clone(), Transcript::from_bytes(fixed("transcript")), true);
    let other_use = Reveal::pop(transcript, PopUse::Approve, &signing_key("id")).expect("software keys sign");
    let other_key = Reveal::pop(transcript, PopUse::Id, &signing_key("another id")).expect("software keys sign");
    let mut off = *seal_key("seal").public().as_sec1();
    off[64] ^= 1;
    let off = PublicKey::from_sec1(off).expect("the shape of a point");
    let level = KeyLevel::Software;
    let shared = Introduction { seal: HeldKey { spki: signing_key("id").public(), level }, ..introduction(true) };
    let same_approve = ApproveKey { spki: signing_key("id").public(), level, uv: UserVerification::Pin };
    let one_key = Introduction { approve: Some(same_approve), ..introduction(true) };
    let m3 = |name, shows, m3: &Reveal| refused(name, shows, None, m3);
    vec![
        refused("another promise", "O opens the commitment of m1", Some(bytes("another C")), &good),
        m3("pops of another pairing", "T is of this pairing", &elsewhere),
        m3("pop of another use", "use is what the key is for", &Reveal { pop_id: other_use, ..good.clone() }),
        m3("pop by another key", "signed by the key itself", &Reveal { pop_id: other_key, ..good.clone() }),
        m3(
            "pops swapped",
            "each by its own key",
            &Reveal {
                pop_id: good.pop_approve.clone().expect("there is one"),
                pop_approve: Some(good.pop_id.clone()),
                ..good.clone()
            },
        ),
        m3("pop_approve missing", "a proof for each signing key", &Reveal { pop_approve: None, ..good.clone() }),
        m3(
            "pop_approve without a key",
            "and for none that is not there",
            &Reveal { pop_approve: good.pop_approve.clone(), ..of(&introduction(false)) },
        ),
        m3("pop malformed", "pops are signed messages", &Reveal { pop_id: "a.b.c".into(), ..good.clone() }),
        m3("id and seal one key", "each use has a key of its own", &of(&shared)),
        m3("id and approve one key", "each use has a key of its own", &of(&one_key)),
        m3(
            "a key off the curve",
            "keys are points",
            &of(&Introduction { seal: HeldKey { spki: off, level }, ..introduction(true) }),
        ),
        m3("no name", "a phone has a name", &written(&|fields| fields["name"] = json!(""))),
        m3("hidden characters in the name", "text is clean", &written(&|fields| fields["name"] = json!("a\u{202e}b"))),
        m3(
            "approve that asks nobody",
            "uv of approve is not none",
            &written(&|fields| fields["approve"]["uv"] = json!("none")),
        ),
        m3("unknown platform", "one of the known", &written(&|fields| fields["platform"] = json!("toaster"))),
        m3("unknown field", "a request has no unknown fields", &written(&|fields| fields["root"] = json!(true))),
        m3("auth too short", "16 bytes", &written(&|fields| fields["auth"] = json!("AAAA"))),
        m3(
            "compressed key",
            "SubjectPublicKeyInfo with an uncompressed point",
            &written(&|fields| {
                fields["id"]["spki"] =
                    json!("MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgACAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
            }),
        ),
    ]
}

fn bad_requests() -> Vec<Case> {
    let commitment = introduction(true).to_text().expect("a sound introduction").commitment();
    let door = Door::Code { user: Text::clean("anna"), code: Koppelcode::from_bytes(&fixed("koppelcode")) };
    let body = PairingRequest { commitment, rq: bytes("rq"), door }.to_body().expect("plain JSON");
    let good: Value = serde_json::from_slice(&body).expect("JSON");
    let changed = |name: &str, shows: &str, change: &dyn Fn(&mut Value)| {
        let mut fields = good.clone();
        change(&mut fields);
        case(name, shows, json!({ "kind": "m1", "valid": false, "m1": fields.to_string(), "expect": "invalid-field" }))
    };
    vec![
        changed("another version", "v is 1", &|fields| fields["v"] = json!(2)),
        changed("unknown door", "link, code or login", &|fields| fields["door"] = json!("window")),
        changed("two doors", "the fields of one door only", &|fields| fields["password"] = json!("x")),
        changed("no rq", "every field is needed", &|fields| {
            drop(fields.as_object_mut().expect("an object").remove("rq"))
        }),
        changed("C too short", "32 bytes", &|fields| fields["C"] = json!("AAAA")),
        changed("wrong check symbol", "found before any try is spent", &|fields| fields["code"] = json!("000000001")),
        changed("user name too long", "at most 64 bytes", &|fields| fields["user"] = json!("x".repeat(65))),
    ]
}

pub(crate) fn book() -> Book {
    let mut cases = stories();
    cases.extend(bad_requests());
    cases.extend(bad_reveals());
    let given = json!({ "server": server_shown(), "chain": chain(), "host": "koppel.example.org", "phone": phone() });
    let about = "Pairings. A `story` is everything that goes over the wire, in order, with what both sides compute; `O_json` shows O \
                 decoded, as one of many spellings. The other cases are m1 (`kind` m1) and m3 (`kind` m3) that a server refuses; \
                 `step` is the check that does.";
    Book::new("pairing", about, given, cases)
}
