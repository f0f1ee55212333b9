//! identity.json

use koppel_protocol::{
    Identity, KeyVersion, ServerId, SigningKey as _,
    identity::{IdentityError, IdentityKey, first_link, next_link},
    jws,
    soft::SoftSigningKey,
};
use serde_json::json;

use super::{
    Book, Case, case,
    world::{bytes, crypto, shown, signing_key},
};

fn key(version: u32) -> SoftSigningKey {
    signing_key(&format!("identity {version}"))
}

/// The chain of so many keys.
fn chain(count: u32) -> Vec<String> {
    let mut chain = vec![first_link(&key(1)).expect("software keys sign").to_string()];
    for version in 2..=count {
        chain.push(continued(&chain, &key(version - 1), &key(version)));
    }
    chain
}

fn continued(chain: &[String], current: &SoftSigningKey, next: &SoftSigningKey) -> String {
    let identity = believed(chain);
    next_link(&identity, current, &next.public()).expect("software keys sign").to_string()
}

fn believed(chain: &[String]) -> Identity {
    Identity::verify_chain(&crypto(), chain).expect("a sound chain")
}

fn good(name: &str, shows: &str, chain: &[String], pinned: Option<&Identity>) -> Case {
    let identity = match pinned {
        Some(pinned) => pinned.advance(&crypto(), chain),
        None => Identity::verify_chain(&crypto(), chain),
    };
    let identity = identity.expect("the case is about a good chain");
    let data = json!({ "chain": chain, "pinned": pinned, "valid": true, "identity": identity });
    case(name, shows, data)
}

fn wrong(name: &str, shows: &str, chain: &[String], pinned: Option<&Identity>) -> Case {
    let result = match pinned {
        Some(pinned) => pinned.advance(&crypto(), chain),
        None => Identity::verify_chain(&crypto(), chain),
    };
    let error = match result.expect_err("the case is about a bad chain") {
        IdentityError::Length => "length",
        IdentityError::Message(_) => "message",
        IdentityError::OtherServer => "other-server",
        IdentityError::Broken => "broken",
        IdentityError::RolledBack => "rolled-back",
        IdentityError::Forked => "forked",
        other => unreachable!("not of a chain: {other}"),
    };
    case(name, shows, json!({ "chain": chain, "pinned": pinned, "valid": false, "error": error }))
}

fn link(claims: &IdentityKey, kid: u32, signer: &SoftSigningKey) -> String {
    let kid = KeyVersion::new(kid).expect("from 1");
    jws::sign(claims, &kid, signer).expect("software keys sign").to_string()
}

fn second() -> IdentityKey {
    let first = believed(&chain(1));
    IdentityKey {
        server_id: first.server_id,
        version: KeyVersion::new(2).expect("from 1"),
        prev: Some(first.link),
        spki: key(2).public(),
    }
}

fn bad_links() -> Vec<Case> {
    let three = chain(3);
    let begun = |second: String| vec![three[0].clone(), second];
    let other_key = signing_key("another identity");
    let wrong_prev = IdentityKey { prev: Some(bytes("another link")), ..second() };
    let wrong_server = IdentityKey { server_id: ServerId::from_bytes([1; 32]), ..second() };
    let third = IdentityKey { version: KeyVersion::new(3).expect("from 1"), ..second() };
    let misnamed = IdentityKey {
        server_id: ServerId::of(&key(2).public()),
        version: KeyVersion::FIRST,
        prev: None,
        spki: key(1).public(),
    };
    let reordered = [three[0].clone(), three[2].clone(), three[1].clone()];
    vec![
        wrong("empty", "at least one link", &[], None),
        wrong("too long", "at most 64 links", &vec![three[0].clone(); 65], None),
        wrong("not messages", "every link is a signed message", &["a.b.c".to_owned()], None),
        wrong("gap", "no version is left out", &[three[0].clone(), three[2].clone()], None),
        wrong("without the first", "from the first link on", &three[1..], None),
        wrong("another order", "oldest first", &reordered, None),
        wrong("a link twice", "each version once", &[three[0].clone(), three[0].clone()], None),
        wrong(
            "signed by itself",
            "each later link is signed by its predecessor",
            &begun(link(&second(), 1, &key(2))),
            None,
        ),
        wrong(
            "signed by a stranger",
            "each later link is signed by its predecessor",
            &begun(link(&second(), 1, &other_key)),
            None,
        ),
        wrong("wrong prev", "prev is the hash of the link before", &begun(link(&wrong_prev, 1, &key(1))), None),
        wrong("another server", "server_id never changes", &begun(link(&wrong_server, 1, &key(1))), None),
        wrong("a version skipped", "one version at a time", &begun(link(&third, 2, &key(1))), None),
        wrong(
            "the first of another name",
            "server_id is the hash of the first key",
            &[link(&misnamed, 1, &key(1))],
            None,
        ),
        wrong(
            "the first not by itself",
            "the first link signs itself",
            &[link(&IdentityKey { server_id: ServerId::of(&key(1).public()), ..misnamed }, 1, &key(2))],
            None,
        ),
    ]
}

fn against_a_pin() -> Vec<Case> {
    let pinned = believed(&chain(2));
    let one = chain(1);
    let fork = vec![one[0].clone(), continued(&one, &key(1), &signing_key("another identity"))];
    let mut longer_fork = fork.clone();
    longer_fork.push(continued(&fork, &signing_key("another identity"), &key(3)));
    let other = vec![first_link(&signing_key("another identity")).expect("software keys sign").to_string()];
    vec![
        good("the same", "nothing new", &chain(2), Some(&pinned)),
        good("one more", "a phone moves forward", &chain(3), Some(&pinned)),
        good("two more", "also by more than one", &chain(4), Some(&pinned)),
        wrong("rolled back", "an older chain than was seen", &one, Some(&pinned)),
        wrong("forked", "another key of the version that was seen", &fork, Some(&pinned)),
        wrong("forked and longer", "also when it goes on", &longer_fork, Some(&pinned)),
        wrong("another server than pinned", "another first key", &other, Some(&pinned)),
    ]
}

pub(crate) fn book() -> Book {
    let mut cases = vec![
        good("one key", "the first link signs itself", &chain(1), None),
        good("two keys", "the second link is signed by the first key", &chain(2), None),
        good("four keys", "and so on", &chain(4), None),
    ];
    cases.extend(bad_links());
    cases.extend(against_a_pin());
    let keys: Vec<_> = (1..=4).map(|version| shown(&format!("identity {version}"))).collect();
    let about = "Identity chains. `pinned` is what a phone saw before (null: nothing); `identity` is what it believes afterwards, \
                 `link` being SHA-256 of the signing input of the newest link.";
    Book::new("identity", about, json!({ "keys": keys, "another": shown("another identity") }), cases)
}
