//! The vault: what is kept, in which form, and what its absence means.
//!
//! `tests/golden/vault-1.json` is what version 1 wrote: it must be readable for ever. `KOPPEL_BLESS=1` writes it anew,
//! which is right only while version 1 was never released.

use std::path::Path;

use koppel_core::{
    AccountStatus, ChallengeContent, Event, Found, Invitation, Machine, Opening, Outcome, Unreadable, Vault, vault,
};
use koppel_protocol::{id::NoticeId, notice::NoticeKind, phone_api::ChallengeState};
use zeroize::Zeroizing;

use crate::{
    fixtures::{cid, text},
    network::{FAIR, World, account},
};

/// A phone with an account in every state that is kept.
fn full() -> World {
    let mut world = World::paired(77);
    let device = *world.server().devices.keys().next().unwrap();
    world.server().pose_code(cid(1), "anna", "123456");
    world.server().pose_number(cid(2), "anna");
    world.server().pose_code(cid(3), "anna", "222222");
    world.run_for(1_000);
    world.server().end(cid(3), ChallengeState::Cancelled);
    world.server().notify(device, 1, NoticeKind::DeviceAdded);
    world.run_for(1_000);

    // 2: m1 is on its way and the network is gone.
    let code = koppelcode(&mut world, "bert");
    world.begin_pairing(2, code).unwrap();
    world.run_for(7);
    world.weather.loss = 100;
    world.run_for(100);
    world.weather = FAIR;
    // 3: the person is asked.
    let link = world.link("clara");
    world.begin_pairing(3, link).unwrap();
    world.run_for(100);
    // 5: the number must be typed.
    let link = world.link("esther");
    world.begin_pairing(5, link).unwrap();
    world.run_for(100);
    world.take(Event::Accept { account: account(5) }).unwrap();
    world.run_for(100);
    // 4: m3 is on its way and the network is gone; so is an approval.
    let link = world.link("dirk");
    world.begin_pairing(4, link).unwrap();
    world.run_for(100);
    world.phone.signs = false;
    world.take(Event::Approve { account: account(1), cid: cid(2), number: Some("314159".parse().unwrap()) }).unwrap();
    world.run_for(100);
    world.weather.loss = 100;
    world.phone.signs = true;
    let asked = world.phone.asked.pop_front().unwrap();
    let signed = world.phone.sign(&asked);
    world.take(signed).unwrap();
    world.take(Event::Accept { account: account(4) }).unwrap();
    world
}

fn koppelcode(world: &mut World, user: &str) -> Invitation {
    let place = world.server().invite(user);
    let (origin, code) = (world.server().origin.clone(), world.server().invitations[place].code.clone());
    Invitation::Koppelcode { origin, user: text(user), code }
}

fn golden() -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/vault-1.json")).unwrap()
}

#[test]
fn what_version_1_wrote_is_written_the_same_today() {
    let disk = full().phone.disk.unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/vault-1.json");
    if std::env::var_os("KOPPEL_BLESS").is_some() {
        std::fs::write(&path, &disk).unwrap();
    }
    let disk: serde_json::Value = serde_json::from_slice(&disk).unwrap();
    let golden: serde_json::Value = serde_json::from_slice(&golden()).unwrap();
    assert_eq!(disk, golden);
}

#[test]
fn what_version_1_wrote_is_taken_up_in_every_state() {
    let mut world = full();
    world.phone.kill();
    world.phone.disk = Some(golden());
    world.weather = FAIR;
    world.restart();
    let content = world.phone.machine.content(account(1), cid(1), world.now());
    assert_eq!(content, Some(ChallengeContent::Code("123456".parse().unwrap())));
    let state = world.phone.machine.snapshot(world.now());
    assert_eq!(state.notices.iter().map(|notice| notice.nid).collect::<Vec<_>>(), [NoticeId::from_bytes([1; 16])]);
    assert_eq!(
        state.ended.iter().map(|ended| (ended.cid, ended.how.as_str())).collect::<Vec<_>>(),
        [(cid(3), "cancelled")]
    );
    assert_eq!(world.status(2), Some(AccountStatus::Pairing));
    assert_eq!(world.status(3), Some(AccountStatus::Offered));
    assert_eq!(world.status(4), Some(AccountStatus::Pairing));
    assert!(world.check_number(5).is_some());

    world.run_for(5_000);
    assert_eq!(world.outcomes(cid(2)).last(), Some(&Outcome::Approved), "the stored approval was sent");
    assert_eq!(world.status(2), Some(AccountStatus::Offered), "the stored m1 was sent");
    assert!(world.check_number(4).is_some(), "the stored m3 was sent");
}

#[test]
fn a_vault_of_a_later_version_is_not_guessed_at() {
    let golden = String::from_utf8(golden()).unwrap();
    let newer = golden.replacen("\"version\":1", "\"version\":2", 1);
    assert_eq!(Vault::read(newer.as_bytes()).unwrap_err(), Unreadable::Newer { version: 2 });
    let opening = vault::open(Found::Present(newer.as_bytes()), Found::Present(&()), |file, ()| {
        Some(Zeroizing::new(file.to_vec()))
    });
    assert!(matches!(opening, Opening::UpdateRequired { version: 2 }));
    for nonsense in ["", "{}", "[]", "{\"version\":1}", "{\"version\":0,\"accounts\":[],\"attempts\":[]}", "null"] {
        assert_eq!(Vault::read(nonsense.as_bytes()).unwrap_err(), Unreadable::Damaged, "{nonsense}");
    }
    for cut in (0..golden.len()).step_by(101) {
        assert!(Vault::read(&golden.as_bytes()[..cut]).is_err(), "cut at {cut}");
    }
}

#[test]
fn the_five_cases_of_file_and_key() {
    let contents = golden();
    let key = 42;
    let open = |file, key| {
        vault::open(file, key, |file: &[u8], key: &i32| (*key == 42).then(|| Zeroizing::new(file.to_vec())))
    };
    let file = Found::Present(contents.as_slice());
    assert!(matches!(open(file, Found::Present(&key)), Opening::Opened(_)), "file and key: open");
    assert!(matches!(open(file, Found::Absent), Opening::KeyLost), "file, no key: keep the file");
    assert!(matches!(open(Found::Absent, Found::Present(&key)), Opening::Reinstalled), "no file, key: delete orphans");
    assert!(matches!(open(Found::Absent, Found::Absent), Opening::Fresh), "neither: fresh");
    for (file, key) in [
        (Found::Refused, Found::Present(&key)),
        (Found::Refused, Found::Absent),
        (Found::Refused, Found::Refused),
        (file, Found::Refused),
        (Found::Absent, Found::Refused),
    ] {
        assert!(matches!(open(file, key), Opening::Locked), "refused: nothing is concluded");
    }
    assert!(matches!(open(file, Found::Present(&43)), Opening::Damaged), "a key that does not fit deletes nothing");
}

#[test]
fn keys_that_belong_to_no_account_can_be_told_apart() {
    let world = full();
    let owners = world.phone.machine.key_owners();
    assert_eq!(owners, [1, 2, 3, 5, 4].map(account));
}

#[test]
fn nothing_secret_is_printed() {
    let world = full();
    let vault = Vault::read(&world.phone.disk.clone().unwrap()).unwrap();
    let state = world.phone.machine.snapshot(world.now());
    let content = world.phone.machine.content(account(1), cid(1), world.now());
    let printed = format!("{vault:?} {:?} {state:?} {content:?} {:?}", world.phone.machine, world.phone.news);
    let door = Event::Pair {
        account: account(9),
        invitation: Invitation::Login {
            origin: "https://koppel.example.org".parse().unwrap(),
            user: text("anna"),
            password: "correct horse".parse().unwrap(),
        },
        device_name: text("Pixel 8"),
        platform: koppel_protocol::pairing::Platform::Terminal,
        approvals: true,
    };
    let typed = Event::Approve { account: account(1), cid: cid(2), number: Some("314159".parse().unwrap()) };
    let printed = format!("{printed} {door:?} {typed:?}");
    for secret in ["123456", "314159", "222222", "eyJ", "correct horse"] {
        assert!(!printed.contains(secret), "{secret}");
    }
}

#[test]
fn a_machine_with_the_same_vault_twice_is_the_same_machine() {
    let world = full();
    let disk = world.phone.disk.clone().unwrap();
    let read = |bytes: &[u8]| Vault::read(bytes).unwrap();
    let state = |vault| Machine::new(vault, world.phone.tools()).snapshot(world.now());
    assert_eq!(state(read(&disk)), state(read(&disk)));
}
