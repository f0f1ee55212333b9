//! The PIN, its limits, and the secrets that lie sealed under it.

use std::path::Path;
use std::sync::Arc;

use koppel_client::disk::RealDisk;
use koppel_client::pin::{Pin, PinCost, PinError, PinFile};
use koppel_client::secrets::home::{Home, Kind, Preference};
use koppel_client::secrets::sealed_file::SealedFile;
use koppel_client::secrets::{SecretError, SecretStore};

const CHEAP: PinCost = PinCost { memory_kib: 64, passes: 1 };
const NOW: i64 = 1_800_000_000;

fn pin(text: &str) -> Pin {
    Pin::parse(text.as_bytes()).unwrap()
}

fn pin_file(folder: &Path) -> PinFile {
    PinFile::in_folder(folder, Arc::new(RealDisk), CHEAP)
}

#[test]
fn a_pin_has_six_to_sixty_four_characters() {
    assert!(matches!(Pin::parse(b"12345"), Err(PinError::TooShort)));
    assert!(Pin::parse(b"123456").is_ok());
    assert!(matches!(Pin::parse(b"12345\n"), Err(PinError::TooShort)));
    assert!(Pin::parse("één twee".as_bytes()).is_ok());
    assert!(matches!(Pin::parse(&[b'1'; 65]), Err(PinError::TooLong)));
    assert!(matches!(Pin::parse(&[0xff; 8]), Err(PinError::Unreadable)));
}

#[test]
fn the_right_pin_opens_and_a_wrong_one_says_how_many_tries_are_left() {
    let folder = tempfile::tempdir().unwrap();
    let file = pin_file(folder.path());
    let key = file.set(&pin("482913"), b"").unwrap();
    let sealed = key.seal("name", b"secret");
    assert!(matches!(file.open(&pin("482914"), b"", NOW), Err(PinError::Wrong { tries_left: 4 })));
    let key = file.open(&pin("482913"), b"", NOW).unwrap();
    assert_eq!(key.open("name", &sealed).unwrap().as_slice(), b"secret");
    assert!(key.open("another name", &sealed).is_none());
}

#[test]
fn from_the_fifth_wrong_pin_on_each_one_costs_a_longer_wait_and_a_restart_does_not_end_it() {
    let folder = tempfile::tempdir().unwrap();
    pin_file(folder.path()).set(&pin("482913"), b"").unwrap();
    for left in [4, 3, 2, 1] {
        let wrong = pin_file(folder.path()).open(&pin("000000"), b"", NOW);
        assert!(matches!(wrong, Err(PinError::Wrong { tries_left }) if tries_left == left));
    }
    let mut now = NOW;
    for wait in [30, 60, 120, 240, 480, 960, 1920, 3600, 3600] {
        let wrong = pin_file(folder.path()).open(&pin("000000"), b"", now);
        assert!(matches!(wrong, Err(PinError::Wait { seconds }) if seconds == wait));
        // Even the right one waits.
        let early = pin_file(folder.path()).open(&pin("482913"), b"", now + wait - 1);
        assert!(matches!(early, Err(PinError::Wait { seconds: 1 })));
        now += wait;
    }
    assert!(pin_file(folder.path()).open(&pin("482913"), b"", now).is_ok());
    let wrong = pin_file(folder.path()).open(&pin("000000"), b"", now);
    assert!(matches!(wrong, Err(PinError::Wrong { tries_left: 4 })));
}

#[test]
fn a_clock_that_was_set_back_makes_nobody_wait_longer_than_an_hour() {
    let folder = tempfile::tempdir().unwrap();
    let file = pin_file(folder.path());
    file.set(&pin("482913"), b"").unwrap();
    for _ in 0..5 {
        let _ = file.open(&pin("000000"), b"", NOW);
    }
    let a_year_back = NOW - 365 * 86_400;
    let wait = file.open(&pin("482913"), b"", a_year_back);
    assert!(matches!(wait, Err(PinError::Wait { seconds: 3600 })));
    assert!(file.open(&pin("482913"), b"", a_year_back + 3600).is_ok());
}

#[test]
fn without_the_keyrings_part_even_the_right_pin_opens_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = pin_file(folder.path());
    file.set(&pin("482913"), b"from the keyring").unwrap();
    assert!(file.open(&pin("482913"), b"", NOW).is_err());
    assert!(file.open(&pin("482913"), b"from the keyring", NOW).is_ok());
}

#[test]
fn a_pin_file_that_asks_for_a_mountain_of_memory_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = pin_file(folder.path());
    file.set(&pin("482913"), b"").unwrap();
    let path = folder.path().join("pin");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("\"memory_kib\":64", "\"memory_kib\":4000000000")).unwrap();
    assert!(matches!(file.open(&pin("482913"), b"", NOW), Err(PinError::Damaged)));
}

#[test]
fn no_pin_yet_is_said_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let file = pin_file(folder.path());
    assert!(!file.is_set().unwrap());
    assert!(matches!(file.open(&pin("482913"), b"", NOW), Err(PinError::NotSet)));
}

#[test]
fn a_folder_without_a_keyring_keeps_its_secrets_under_the_pin() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Arc::new(RealDisk);
    let home = Home::look(folder.path(), disk.clone(), Preference::File, CHEAP).unwrap();
    assert_eq!(home.kind(), Kind::File);
    assert!(!home.pin_is_set().unwrap());
    let key = home.set_pin(&pin("482913")).unwrap();
    home.open_with(&key).unwrap().set("seal", b"canary-in-file").unwrap();

    // A later start, asked for a keyring, stays with what the folder says.
    let again = Home::look(folder.path(), disk, Preference::Auto, CHEAP).unwrap();
    assert_eq!(again.kind(), Kind::File);
    assert!(again.open().is_err(), "not without the PIN");
    let key = again.unlock(&pin("482913"), NOW).unwrap();
    let store = again.open_with(&key).unwrap();
    assert_eq!(store.get("seal").unwrap().unwrap().as_slice(), b"canary-in-file");
    assert_eq!(store.names().unwrap(), ["seal"]);
    store.delete("seal").unwrap();
    store.delete("seal").unwrap();
    assert!(store.get("seal").unwrap().is_none());

    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(6).any(|window| window == b"canary"));
    }
}

#[test]
fn a_sealed_file_that_was_changed_is_damaged_and_not_empty() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Arc::new(RealDisk);
    let key = pin_file(folder.path()).set(&pin("482913"), b"").unwrap();
    let store = SealedFile::open(folder.path(), disk.clone(), key.clone()).unwrap();
    store.set("seal", b"secret").unwrap();
    let path = folder.path().join("secrets");
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert!(matches!(SealedFile::open(folder.path(), disk, key), Err(SecretError::Damaged)));
}

#[test]
fn pins_and_their_keys_are_never_printed() {
    let folder = tempfile::tempdir().unwrap();
    let key = pin_file(folder.path()).set(&pin("482913"), b"").unwrap();
    assert_eq!(format!("{:?} {key:?}", pin("482913")), "Pin(..) PinKey(..)");
}
