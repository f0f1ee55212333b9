use std::sync::Arc;

use koppel_protocol::challenge::{Challenge, Subject as Asks, User};
use koppel_protocol::crypto::SigningKey as _;
use koppel_protocol::id::DeviceId;
use koppel_protocol::identity::{Identity, KeyVersion, first_link};
use koppel_protocol::jws;
use koppel_protocol::soft::SoftSigningKey;
use koppel_protocol::{Nonce, Text};

use super::*;
use crate::keys::SoftKeys;
use crate::secrets::MemorySecrets;

const ACCOUNT: AccountId = AccountId::from_bytes([9; 16]);
const DEVICE: DeviceId = DeviceId::from_bytes([2; 16]);

/// A phone with one account, and what its server needs to write to it.
struct Pair {
    server: SoftSigningKey,
    keys: SoftKeys,
    made: koppel_core::NewKeys,
    from: Correspondent,
}

impl Pair {
    fn new() -> Self {
        let server = SoftSigningKey::generate(&crypto()).unwrap();
        let identity = Identity::verify_chain(&crypto(), &[first_link(&server).unwrap().as_str()]).unwrap();
        let keys = SoftKeys::new(Arc::new(MemorySecrets::new()));
        let made = keys.make(ACCOUNT, false).unwrap();
        let from = Correspondent {
            account: ACCOUNT,
            device: DEVICE,
            identity,
            organisation: "De Linden".into(),
            label: "Werk".into(),
        };
        Self { server, keys, made, from }
    }

    fn item(&self) -> Zeroizing<Vec<u8>> {
        item(vec![self.from.clone()], &self.keys)
    }

    fn challenge(&self, version: KeyVersion) -> Envelope {
        let challenge = Challenge {
            cid: ChallengeId::from_bytes([1; 16]),
            seq: 3,
            dev: DEVICE,
            server_id: self.from.identity.server_id,
            version,
            iat: 100,
            exp: 400,
            nonce: Nonce::from_bytes([5; 24]),
            user: User { id: Text::clean("7"), name: Text::clean("jan") },
            subject: Asks::Test { code: "123456".parse().unwrap() },
        };
        let message = jws::sign(&challenge, &version, &self.server).unwrap();
        Envelope::seal(&crypto(), &self.made.seal.spki, &self.made.auth, &message).unwrap()
    }
}

#[test]
fn an_envelope_is_told_by_whom_and_until_when_and_not_what_its_code_is() {
    let pair = Pair::new();
    let preview = Preview::of(pair.challenge(KeyVersion::FIRST).as_bytes(), &pair.item()).unwrap();
    assert_eq!((preview.organisation.as_str(), preview.label.as_str()), ("De Linden", "Werk"));
    let cid = ChallengeId::from_bytes([1; 16]);
    assert_eq!(preview.subject, Subject::Challenge { cid, seq: 3, expires_at: 400 });
    assert!(!format!("{preview:?}").contains("123456"));
}

#[test]
fn a_newer_key_of_the_server_leaves_the_reading_to_the_companion() {
    let pair = Pair::new();
    let newer = pair.challenge(KeyVersion::new(2).unwrap());
    assert_eq!(Preview::of(newer.as_bytes(), &pair.item()).unwrap().subject, Subject::Unread);
}

#[test]
fn what_the_server_did_not_sign_is_not_shown() {
    let (pair, other) = (Pair::new(), Pair::new());
    let forged = Pair { server: other.server.clone(), ..pair };
    let envelope = forged.challenge(KeyVersion::FIRST);
    assert_eq!(Preview::of(envelope.as_bytes(), &forged.item()), Err(PreviewError::NotOurs));
    assert_eq!(Preview::of(envelope.as_bytes(), &other.item()), Err(PreviewError::NotOurs));
    assert_ne!(other.server.public(), forged.from.identity.key);
}

#[test]
fn bytes_that_are_no_item_or_a_later_one_are_said_to_be_that() {
    let pair = Pair::new();
    let envelope = pair.challenge(KeyVersion::FIRST);
    for (item, why) in [
        (&b""[..], PreviewError::Damaged),
        (b"{\"version\":0}", PreviewError::Damaged),
        (b"{\"version\":2,\"else\":[]}", PreviewError::Newer),
        (b"{\"version\":1,\"accounts\":[]}", PreviewError::NotOurs),
    ] {
        assert_eq!(Preview::of(envelope.as_bytes(), item), Err(why), "{}", String::from_utf8_lossy(item));
    }
    assert_eq!(Preview::of(b"short", &pair.item()), Err(PreviewError::NotOurs));
}

#[test]
fn an_item_that_did_not_change_is_not_written_again() {
    /// Counts what is written.
    #[derive(Default)]
    struct Counting(MemorySecrets, std::sync::atomic::AtomicUsize);
    impl SecretStore for Counting {
        fn get(&self, name: &str) -> Result<Option<crate::secrets::Secret>, SecretError> {
            self.0.get(name)
        }
        fn set(&self, name: &str, secret: &[u8]) -> Result<(), SecretError> {
            self.1.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            self.0.set(name, secret)
        }
        fn delete(&self, name: &str) -> Result<(), SecretError> {
            self.0.delete(name)
        }
        fn names(&self) -> Result<Vec<String>, SecretError> {
            self.0.names()
        }
    }
    let (pair, store) = (Pair::new(), Counting::default());
    keep(&store, &pair.item()).unwrap();
    keep(&store, &pair.item()).unwrap();
    assert_eq!(store.1.load(std::sync::atomic::Ordering::SeqCst), 1);
}
