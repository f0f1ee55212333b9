//! ids, text, host, link, koppelcode, digits, nonce, problem

use koppel_protocol::{
    Bytes, DigitCount, Koppelcode, Origin, PairingLink, Problem, Secret, Text,
    digits::{CodeKey, Digits, DigitsFor},
    id::DeviceId,
    nonce::{Nonce, NonceKey},
    problem::ProblemBody,
};

use super::{every_case, field, number, read, text, valid};

#[test]
fn ids() {
    every_case(&read("ids"), |case| {
        let id = text(case, "text").parse::<DeviceId>();
        assert_eq!(id.is_ok(), valid(case));
        if let Ok(id) = id {
            assert_eq!(Bytes::new(*id.as_bytes()), field(case, "bytes"));
            assert_eq!(id.to_string(), text(case, "text"));
        }
    });
}

#[test]
fn texts() {
    every_case(&read("text"), |case| {
        let given = text(case, "given");
        assert_eq!(Text::clean(given).as_str(), text(case, "clean"));
        assert_eq!(Text::exact(given).is_ok(), case["accepted_as_is"].as_bool().unwrap());
    });
}

#[test]
fn hosts() {
    every_case(&read("host"), |case| {
        let origin = text(case, "typed").parse::<Origin>();
        assert_eq!(origin.is_ok(), valid(case));
        if let Ok(origin) = origin {
            assert_eq!(origin.to_string(), text(case, "origin"));
            assert_eq!(origin.host().to_string(), text(case, "host"));
        }
    });
}

#[test]
fn links() {
    every_case(&read("link"), |case| {
        let link = text(case, "text").parse::<PairingLink>();
        assert_eq!(link.is_ok(), valid(case));
        if let Ok(link) = link {
            assert_eq!(link.origin, field(case, "origin"));
            assert_eq!(link.server_id, field(case, "server_id"));
            assert_eq!((link.t, &link.k), (field(case, "t"), &field(case, "k")));
            assert_eq!(link.tls_pin, field(case, "tls_pin"));
        }
    });
}

#[test]
fn koppelcodes() {
    every_case(&read("koppelcode"), |case| {
        let code = text(case, "typed").parse::<Koppelcode>();
        assert_eq!(code.is_ok(), valid(case));
        if let Ok(code) = code {
            assert_eq!(Bytes::new(*code.to_bytes()), field(case, "bytes"));
            assert_eq!(code.to_text().as_str(), text(case, "shown"));
            assert_eq!(code, field(case, "sent"));
            assert_eq!(text(case, "sent").len(), 9);
        }
    });
}

#[test]
fn digits() {
    let book = read("digits");
    let key = CodeKey::new(field::<Secret<32>>(&book, "key"));
    every_case(&book, |case| {
        let kind = if text(case, "label") == "koppel/code/v1" { DigitsFor::Code } else { DigitsFor::Number };
        assert_eq!(kind.label(), text(case, "label"));
        let count = DigitCount::new(field(case, "count")).unwrap();
        let digits = key.digits(kind, number(case, "restore_epoch"), field(case, "cid"), field(case, "seq"), count);
        assert_eq!(digits, field::<Digits>(case, "digits"));
        assert_eq!(digits.count(), count);
    });
}

#[test]
fn nonces() {
    let book = read("nonce");
    let key = NonceKey::new(field::<Secret<32>>(&book, "key"));
    every_case(&book, |case| {
        let nonce: Nonce = field(case, "nonce");
        let result = key.check(number(case, "restore_epoch"), &nonce, number(case, "now"));
        assert_eq!(result.is_ok(), valid(case));
        assert_eq!(result.ok(), field(case, "until"));
    });
}

#[test]
fn problems() {
    every_case(&read("problem"), |case| {
        let problem = Problem::from_slug(text(case, "name")).unwrap();
        let body: ProblemBody = field(case, "body");
        assert_eq!(body.problem, problem);
        assert_eq!(u64::from(body.status), number(case, "status"));
    });
}
