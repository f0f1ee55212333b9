//! The vault: what is kept, in which form, and what its absence means.
//!
//! `tests/golden/vault-1.json` and `vault-2.json` are what those versions wrote: they must be readable for ever. `KOPPEL_BLESS=1`
//! writes that of the newest version anew, which is right only while it was never released.

use std::path::{Path, PathBuf};

use koppel_core::{
    AccountStatus, ChallengeContent, Event, Found, Invitation, Machine, Now, Opening, OtpAccount, OtpId, Outcome,
    Refused, Unreadable, Vault, vault,
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
    let link = "otpauth://totp/Example:anna?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA&algorithm=SHA256&digits=8&period=60";
    let example = OtpAccount::read(link).unwrap().accounts.remove(0);
    let accounts = vec![(code(1), example), (code(2), OtpAccount::typed("Mail", "anna", "JBSWY3DPEHPK3PXP").unwrap())];
    world.take(Event::AddCodes { accounts }).unwrap();
    world.take(Event::MoveCode { id: code(2), place: 0 }).unwrap();
    world.take(Event::RenameCode { id: code(2), label: "Post".into() }).unwrap();
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

fn code(number: u8) -> OtpId {
    OtpId::from_bytes([number; 16])
}

fn koppelcode(world: &mut World, user: &str) -> Invitation {
    let place = world.server().invite(user);
    let (origin, code) = (world.server().origin.clone(), world.server().invitations[place].code.clone());
    Invitation::Koppelcode { origin, user: text(user), code }
}

fn golden(version: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/vault-{version}.json"))
}

fn written_by(version: u32) -> Vec<u8> {
    std::fs::read(golden(version)).unwrap()
}

#[test]
fn what_this_version_writes_is_what_its_first_build_wrote() {
    let disk = full().phone.disk.unwrap();
    let path = golden(vault::VERSION);
    if std::env::var_os("KOPPEL_BLESS").is_some() {
        std::fs::write(&path, &disk).unwrap();
    }
    let disk: serde_json::Value = serde_json::from_slice(&disk).unwrap();
    let golden: serde_json::Value = serde_json::from_slice(&written_by(vault::VERSION)).unwrap();
    assert_eq!(disk, golden);
}

#[test]
fn what_version_1_wrote_is_taken_up_in_every_state() {
    let world = taken_up(1);
    assert!(world.phone.machine.codes(world.now()).is_empty());
    let written = String::from_utf8(world.phone.disk.clone().unwrap()).unwrap();
    assert!(written.starts_with("{\"version\":2,"), "it is written as the newest");
}

#[test]
fn what_version_2_wrote_is_taken_up_in_every_state() {
    let world = taken_up(2);
    let codes = world.phone.machine.codes(Now { wall_ms: 119_000, monotonic_ms: 0 });
    let shown: Vec<_> = codes.iter().map(|it| (it.id, it.label.as_str(), it.code.expose(), it.period_s)).collect();
    assert_eq!(shown, [(code(2), "Post", "143627", 30), (code(1), "Example", "46119246", 60)]);
}

fn taken_up(version: u32) -> World {
    let mut world = full();
    world.phone.kill();
    world.phone.disk = Some(written_by(version));
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
    world
}

#[test]
fn authenticator_accounts_are_on_disk_before_anything_else_and_survive_a_kill_in_their_order() {
    let mut world = full();
    let before = world.phone.machine.codes(world.now());
    let revision = world.phone.machine.snapshot(world.now()).codes;
    world.take(Event::MoveCode { id: code(1), place: 0 }).unwrap();
    assert!(world.phone.machine.snapshot(world.now()).codes > revision, "the shell is told to look again");
    world.phone.kill();
    world.restart();
    let after = world.phone.machine.codes(world.now());
    let ids = |codes: &[koppel_core::OtpCode]| codes.iter().map(|code| code.id).collect::<Vec<_>>();
    assert_eq!((ids(&before), ids(&after)), (vec![code(2), code(1)], vec![code(1), code(2)]));

    world.take(Event::RemoveCode { id: code(2) }).unwrap();
    let disk = String::from_utf8(world.phone.disk.clone().unwrap()).unwrap();
    assert!(!disk.contains("SGVsbG8h"), "the secret is gone with it");
    assert_eq!(world.take(Event::RemoveCode { id: code(2) }).map(drop), Err(Refused::NoSuchCode));
}

#[test]
fn no_picture_of_the_state_holds_a_code_of_another_service() {
    let world = full();
    let state = format!("{:?}", world.phone.machine.snapshot(world.now()));
    for code in world.phone.machine.codes(world.now()) {
        for hidden in [code.code.expose(), code.next.expose()] {
            assert!(!state.contains(hidden), "{hidden}");
        }
    }
}

#[test]
fn a_vault_of_a_later_version_is_not_guessed_at() {
    let golden = String::from_utf8(written_by(2)).unwrap();
    let newer = golden.replacen("\"version\":2", "\"version\":3", 1);
    assert_eq!(Vault::read(newer.as_bytes()).unwrap_err(), Unreadable::Newer { version: 3 });
    let opening = vault::open(Found::Present(newer.as_bytes()), Found::Present(&()), |file, ()| {
        Some(Zeroizing::new(file.to_vec()))
    });
    assert!(matches!(opening, Opening::UpdateRequired { version: 3 }));
    for nonsense in [
        "",
        "{}",
        "[]",
        "{\"version\":1}",
        "{\"version\":2,\"accounts\":[],\"attempts\":[]}",
        "{\"version\":0,\"accounts\":[],\"attempts\":[]}",
        "null",
    ] {
        assert_eq!(Vault::read(nonsense.as_bytes()).unwrap_err(), Unreadable::Damaged, "{nonsense}");
    }
    for cut in (0..golden.len()).step_by(101) {
        assert!(Vault::read(&golden.as_bytes()[..cut]).is_err(), "cut at {cut}");
    }
}

#[test]
fn the_five_cases_of_file_and_key() {
    let contents = written_by(vault::VERSION);
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
    let account = OtpAccount::typed("Example", "anna", "JBSWY3DPEHPK3PXP").unwrap();
    let kept = Event::AddCodes { accounts: vec![(code(9), account)] };
    let codes = world.phone.machine.codes(world.now());
    let printed = format!("{printed} {door:?} {typed:?} {kept:?} {codes:?}");
    let shown = codes.iter().flat_map(|code| [code.code.expose(), code.next.expose()]);
    let secrets = ["123456", "314159", "222222", "eyJ", "correct horse", "JBSWY3DP", "SGVsbG8h"];
    for secret in secrets.into_iter().chain(shown) {
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
