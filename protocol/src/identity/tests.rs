use super::*;
use crate::soft::{SoftCrypto, SoftSigningKey};

fn crypto() -> SoftCrypto {
    SoftCrypto::new(|_: &mut [u8]| Ok(()))
}

fn key(byte: u8) -> SoftSigningKey {
    SoftSigningKey::from_scalar(&[byte; 32]).unwrap()
}

/// The chain of keys 1, 2 … n.
fn chain(count: u8) -> Vec<String> {
    let mut chain = vec![first_link(&key(1)).unwrap().to_string()];
    for byte in 2..=count {
        let identity = Identity::verify_chain(&crypto(), &chain).unwrap();
        chain.push(next_link(&identity, &key(byte - 1), &key(byte).public()).unwrap().to_string());
    }
    chain
}

fn link(claims: &IdentityKey, kid: u32, signer: u8) -> String {
    jws::sign(claims, &KeyVersion::new(kid).unwrap(), &key(signer)).unwrap().to_string()
}

#[test]
fn the_name_of_a_server_never_changes() {
    for count in 1..=4 {
        let identity = Identity::verify_chain(&crypto(), &chain(count)).unwrap();
        assert_eq!(identity.server_id, ServerId::of(&key(1).public()));
        assert_eq!(identity.version.get(), u32::from(count));
        assert_eq!(identity.key, key(count).public());
    }
}

#[test]
fn a_phone_moves_only_forward_along_one_chain() {
    let pinned = Identity::verify_chain(&crypto(), &chain(2)).unwrap();
    assert_eq!(pinned.advance(&crypto(), &chain(2)), Ok(pinned.clone()));
    assert_eq!(pinned.advance(&crypto(), &chain(4)).unwrap().version.get(), 4);
    assert_eq!(pinned.advance(&crypto(), &chain(1)), Err(IdentityError::RolledBack));

    let one = Identity::verify_chain(&crypto(), &chain(1)).unwrap();
    let fork = vec![chain(1)[0].clone(), next_link(&one, &key(1), &key(9).public()).unwrap().to_string()];
    assert_eq!(pinned.advance(&crypto(), &fork), Err(IdentityError::Forked));

    let other = vec![first_link(&key(9)).unwrap().to_string()];
    assert_eq!(pinned.advance(&crypto(), &other), Err(IdentityError::OtherServer));
}

#[test]
fn a_chain_with_a_gap_or_a_wrong_link_is_refused() {
    let good = chain(3);
    let skipped = vec![good[0].clone(), good[2].clone()];
    assert_eq!(Identity::verify_chain(&crypto(), &skipped), Err(IdentityError::Broken));
    let swapped = vec![good[1].clone(), good[0].clone()];
    assert_eq!(Identity::verify_chain(&crypto(), &swapped), Err(IdentityError::Broken));
    assert_eq!(Identity::verify_chain::<&str>(&crypto(), &[]), Err(IdentityError::Length));
    assert_eq!(Identity::verify_chain(&crypto(), &vec![good[0].clone(); 65]), Err(IdentityError::Length));

    let first = Identity::verify_chain(&crypto(), &good[..1]).unwrap();
    let second = IdentityKey {
        server_id: first.server_id,
        version: KeyVersion::new(2).unwrap(),
        prev: Some(first.link),
        spki: key(2).public(),
    };
    let with = |second: &IdentityKey, signer| {
        Identity::verify_chain(&crypto(), &[good[0].clone(), link(second, second.version.get() - 1, signer)])
    };
    assert!(with(&second, 1).is_ok());
    assert_eq!(with(&second, 2), Err(JwsError::BadSignature.into()), "signed by itself");
    let wrong_prev = IdentityKey { prev: Some(Bytes::new([0; 32])), ..second.clone() };
    assert_eq!(with(&wrong_prev, 1), Err(IdentityError::Broken));
    let wrong_server = IdentityKey { server_id: ServerId::from_bytes([0; 32]), ..second.clone() };
    assert_eq!(with(&wrong_server, 1), Err(IdentityError::OtherServer));
    let third = IdentityKey { version: KeyVersion::new(3).unwrap(), ..second };
    assert_eq!(with(&third, 1), Err(IdentityError::Broken));
}

#[test]
fn the_first_link_names_its_own_key() {
    let claims = IdentityKey {
        server_id: ServerId::of(&key(2).public()),
        version: KeyVersion::FIRST,
        prev: None,
        spki: key(1).public(),
    };
    assert_eq!(Identity::verify_chain(&crypto(), &[link(&claims, 1, 1)]), Err(IdentityError::OtherServer));
    let with_prev = IdentityKey { prev: Some(Bytes::new([0; 32])), ..claims };
    assert!(jws::sign(&with_prev, &KeyVersion::FIRST, &key(1)).is_err());
}

#[test]
fn versions_have_one_spelling() {
    assert_eq!("12".parse::<KeyVersion>().unwrap().get(), 12);
    for wrong in ["", "0", "01", "+1", "-1", "1.0", "1e1", " 1", "4294967296", "１"] {
        assert_eq!(wrong.parse::<KeyVersion>(), Err(NotAVersion), "{wrong:?}");
    }
    assert!(serde_json::from_str::<KeyVersion>("0").is_err());
    assert!(serde_json::from_str::<KeyVersion>("\"1\"").is_err());
}
