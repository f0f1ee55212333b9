//! The program as a program sees it: what it says and how it ends when something is wrong, without a server.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder with a PIN file beside it.
struct Phone {
    folder: TempDir,
}

impl Phone {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("pin.txt"), "482913\n").expect("a file");
        Self { folder }
    }

    /// A phone that has tried to pair once, so that its vault exists.
    fn used() -> Self {
        let phone = Self::new();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        drop(listener);
        let output = phone.run(&["--yes", "pair", "--server", &address, "--user", "jan", "--code", "0000-0000-0"], "");
        assert_eq!(output.status.code(), Some(4), "{}", text(&output));
        phone
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("phone")
    }

    fn vault(&self) -> std::path::PathBuf {
        self.path().join("vault")
    }

    /// Runs `koppel --json` with these words and this input.
    fn run(&self, words: &[&str], input: &str) -> Output {
        self.run_with_pin(&self.folder.path().join("pin.txt"), words, input)
    }

    fn run_with_pin(&self, pin: &Path, words: &[&str], input: &str) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_koppel"))
            .args(["--json", "--locale", "en", "--secrets", "file", "--folder"])
            .arg(self.path())
            .arg("--pin-file")
            .arg(pin)
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("koppel starts");
        // A program that ended already reads nothing.
        let _ = child.stdin.take().expect("its input").write_all(input.as_bytes());
        child.wait_with_output().expect("koppel ends")
    }
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn events(output: &Output) -> Vec<Value> {
    let lines = String::from_utf8(output.stdout.clone()).expect("text");
    lines.lines().map(|line| serde_json::from_str(line).expect("every line is JSON")).collect()
}

fn code_of_the_error(output: &Output) -> String {
    let errors: Vec<Value> = events(output).into_iter().filter(|event| event["event"] == "error").collect();
    let error = errors.last().unwrap_or_else(|| panic!("no error in {}", text(output)));
    assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()));
    assert!(error["next"].as_str().is_some_and(|next| !next.is_empty()));
    error["code"].as_str().expect("a code").to_owned()
}

#[track_caller]
fn ends_with(output: &Output, code: &str, exit: i32) {
    assert_eq!(code_of_the_error(output), code);
    assert_eq!(output.status.code(), Some(exit), "{}", text(output));
}

#[test]
fn what_is_mistyped_is_found_before_folder_or_network_are_touched() {
    let phone = Phone::new();
    let pair = |words: &[&str]| phone.run(&[&["--yes", "pair"], words].concat(), "");
    let code = |code| ["--server", "koppel.invalid", "--user", "jan", "--code", code];
    ends_with(&pair(&code("0000-0000-1")), "koppelcode-mistyped", 2);
    ends_with(&pair(&code("0000")), "koppelcode-mistyped", 2);
    ends_with(&pair(&["https://koppel.invalid/p#v=1&s=x"]), "link-invalid", 2);
    ends_with(
        &pair(&["--server", "http://koppel.invalid", "--user", "jan", "--code", "0000-0000-0"]),
        "host-invalid",
        2,
    );
    assert!(!phone.path().exists());
}

#[test]
fn a_server_that_is_away_is_said_and_leaves_nothing_half_paired() {
    let phone = Phone::used();
    let accounts = phone.run(&["accounts"], "");
    assert_eq!(events(&accounts).last().expect("an event")["accounts"], Value::Array(vec![]));
    assert_eq!(accounts.status.code(), Some(0));
}

#[test]
fn a_wrong_pin_is_said_with_the_tries_that_are_left() {
    let phone = Phone::used();
    let wrong = phone.folder.path().join("wrong.txt");
    fs::write(&wrong, "000000").expect("a file");
    let output = phone.run_with_pin(&wrong, &["accounts"], "");
    ends_with(&output, "wrong-pin", 1);
    assert_eq!(events(&output).last().expect("an event")["tries_left"], 4);
    fs::write(&wrong, "123").expect("a file");
    ends_with(&phone.run_with_pin(&wrong, &["accounts"], ""), "pin-too-short", 2);
    ends_with(&phone.run_with_pin(Path::new("/nowhere/pin"), &["accounts"], ""), "file-unreadable", 1);
}

#[test]
fn a_folder_that_is_in_use_is_left_alone() {
    let phone = Phone::used();
    let lock = fs::OpenOptions::new().write(true).open(phone.path().join("lock")).expect("the lock");
    lock.try_lock().expect("nobody has it");
    ends_with(&phone.run(&["accounts"], ""), "folder-in-use", 5);
    drop(lock);
    assert_eq!(phone.run(&["accounts"], "").status.code(), Some(0));
}

#[test]
fn a_damaged_vault_is_kept_and_can_be_put_aside() {
    let phone = Phone::used();
    fs::write(phone.vault(), b"KOPPELVAULT\x01 and then noise that is long enough").expect("a file");
    let before = fs::read(phone.vault()).expect("the file");
    let said = code_of_the_error(&phone.run(&["accounts"], ""));
    assert!(["vault-damaged", "key-lost"].contains(&said.as_str()), "{said}");
    assert_eq!(fs::read(phone.vault()).expect("it is still there"), before);

    let afresh = phone.run(&["--yes", "start-afresh"], "");
    assert_eq!(afresh.status.code(), Some(0), "{}", text(&afresh));
    let aside = events(&afresh)[0]["aside"].as_str().expect("where it is").to_owned();
    assert_eq!(fs::read(aside).expect("it was kept"), before);
    assert_eq!(phone.run(&["accounts"], "").status.code(), Some(0));
}

#[test]
fn a_vault_of_a_newer_version_asks_for_an_update_and_is_left_alone() {
    let phone = Phone::used();
    fs::write(phone.vault(), b"KOPPELVAULT\x02 whatever the future brings").expect("a file");
    ends_with(&phone.run(&["accounts"], ""), "vault-newer", 5);
}

#[test]
fn a_folder_that_cannot_be_written_is_said() {
    let phone = Phone::new();
    fs::write(phone.path(), b"a file where the folder should be").expect("a file");
    ends_with(&phone.run(&[], "{\"do\":\"quit\"}\n"), "folder-unwritable", 5);
}

#[test]
fn commands_that_make_no_sense_are_answered_and_quote_nothing() {
    let phone = Phone::used();
    let input = [
        "not json, pin 482913",
        r#"{"do":"dance","ref":7}"#,
        r#"{"do":"approve","cid":"ch_aaaaaaaaaaaaaaaaaaaaaaaaaa","number":"482913","ref":"a"}"#,
        r#"{"do":"agree","offer":9,"ref":"b"}"#,
        r#"{"do":"test","ref":"c"}"#,
        r#"{"do":"pair","server":"127.0.0.1:1","user":"jan","code":"0000-0000-1","ref":"d"}"#,
        r#"{"do":"state","ref":["e"]}"#,
        r#"{"do":"quit"}"#,
    ]
    .join("\n");
    let output = phone.run(&[], &(input + "\n"));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(!text(&output).contains("482913"), "nothing that was typed is repeated");
    let events = events(&output);
    assert_eq!(events.first().expect("an event")["event"], "ready");
    assert_eq!(events.last().expect("an event")["event"], "bye");
    let with = |reference: Value| events.iter().find(|event| event["ref"] == reference).expect("an answer").clone();
    assert_eq!(with("a".into())["code"], "no-such-challenge");
    assert_eq!(with("b".into())["code"], "no-such-account");
    assert_eq!(with("c".into())["code"], "no-such-account");
    assert_eq!(with("d".into())["code"], "command-invalid");
    assert_eq!(with(vec!["e"].into())["event"], "state");
}

#[test]
fn the_end_of_input_ends_the_live_phone() {
    let phone = Phone::used();
    let output = phone.run(&[], "");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(events(&output).last().expect("an event")["event"], "bye");
}

#[test]
fn certificates_that_cannot_be_read_are_said() {
    let phone = Phone::new();
    let file = phone.folder.path().join("pin.txt");
    let output = phone.run(&["--ca", file.to_str().expect("text"), "accounts"], "");
    ends_with(&output, "ca-invalid", 2);
}

#[test]
fn without_a_pin_and_without_a_person_the_phone_says_that_it_needs_one() {
    let phone = Phone::new();
    let output = Command::new(env!("CARGO_BIN_EXE_koppel"))
        .args(["--json", "--secrets", "file", "--yes", "--folder"])
        .arg(phone.path())
        .args(["pair", "--server", "127.0.0.1:1", "--user", "jan", "--code", "0000-0000-0"])
        .stdin(Stdio::null())
        .output()
        .expect("koppel runs");
    ends_with(&output, "pin-needed-to-open", 2);
    let advice = text(&output);
    assert!(!advice.contains("--codes-only"), "a folder under a PIN opens with the PIN only: {advice}");
}

#[test]
fn without_a_keyring_a_phone_for_codes_only_needs_its_pin_too_and_is_not_told_otherwise() {
    let (fresh, used) = (Phone::new(), Phone::used());
    let pair = ["--yes", "pair", "--codes-only", "--server", "127.0.0.1:1", "--user", "jan", "--code", "0000-0000-0"];
    for (phone, words) in [(&fresh, &pair[..]), (&used, &["accounts"]), (&used, &["test-phone"])] {
        let output = Command::new(env!("CARGO_BIN_EXE_koppel"))
            .args(["--json", "--locale", "nl", "--secrets", "file", "--folder"])
            .arg(phone.path())
            .args(words)
            .stdin(Stdio::null())
            .output()
            .expect("koppel runs");
        ends_with(&output, "pin-needed-to-open", 2);
        assert!(!text(&output).contains("--codes-only"), "{}", text(&output));
    }
}
