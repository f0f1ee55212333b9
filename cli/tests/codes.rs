//! `koppel codes` as a program and a person without a terminal see it: what is kept, what is refused, and that nothing is repeated.

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use image::{DynamicImage, GrayImage, ImageFormat, Luma};
use serde_json::Value;
use tempfile::TempDir;

const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

struct Phone {
    folder: TempDir,
}

impl Phone {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("pin.txt"), "482913\n").expect("a file");
        Self { folder }
    }

    /// With GitHub and Mail.
    fn with_two() -> Self {
        let phone = Self::new();
        let links = format!("{}\n\n{}\n", link("GitHub", "jan"), link("Mail", "jan@example.nl"));
        let output = phone.run(&["--json", "codes", "add", "-"], &links);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        phone
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, words: &[&str], input: &str) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_koppel"))
            .args(["--locale", "en", "--secrets", "file", "--folder"])
            .arg(self.file("phone"))
            .arg("--pin-file")
            .arg(self.file("pin.txt"))
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("koppel starts");
        // A program that ended already reads nothing.
        let _ = child.stdin.take().expect("its input").write_all(input.as_bytes());
        let output = child.wait_with_output().expect("koppel ends");
        assert!(!text(&output).contains(SECRET), "no secret is ever said");
        output
    }

    fn json(&self, words: &[&str]) -> Value {
        event(&self.run(&[&["--json"], words].concat(), ""))
    }

    /// The labels, in their order.
    fn labels(&self) -> Vec<String> {
        let codes = self.json(&["codes"]);
        let codes = codes["codes"].as_array().expect("a list");
        codes.iter().map(|code| code["label"].as_str().expect("a label").to_owned()).collect()
    }
}

fn link(issuer: &str, name: &str) -> String {
    format!("otpauth://totp/{issuer}:{name}?secret={SECRET}&issuer={issuer}")
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The last line.
fn event(output: &Output) -> Value {
    let lines = String::from_utf8(output.stdout.clone()).expect("text");
    serde_json::from_str(lines.lines().last().unwrap_or_else(|| panic!("nothing said: {}", text(output))))
        .expect("JSON")
}

#[track_caller]
fn ends_with(output: &Output, code: &str, exit: i32) {
    let event = event(output);
    assert_eq!(event["code"], code, "{event}");
    assert!(event["message"].as_str().is_some_and(|message| !message.is_empty()));
    assert!(event["next"].as_str().is_some_and(|next| !next.is_empty()));
    assert_eq!(output.status.code(), Some(exit), "{}", text(output));
}

/// Pixels a module.
const SCALE: u32 = 6;

/// The QR code of a text.
fn qr(text: &str, inverted: bool) -> GrayImage {
    let code = fast_qr::QRBuilder::new(text.to_owned()).build().expect("it fits");
    let size = code.size as u32;
    GrayImage::from_fn((size + 8) * SCALE, (size + 8) * SCALE, |x, y| {
        let module = |at: u32| (at / SCALE).checked_sub(4).filter(|at| *at < size);
        let dark = match (module(x), module(y)) {
            (Some(x), Some(y)) => code[y as usize][x as usize].value(),
            _ => false,
        };
        Luma([if dark != inverted { 0 } else { 255 }])
    })
}

/// A QR code that is found and cannot be read: its corners are there, and something lies on it.
fn spoilt_qr(text: &str) -> GrayImage {
    let mut picture = qr(text, false);
    let (begin, end) = (13 * SCALE, picture.width() - 14 * SCALE);
    for (x, y) in (begin..end).flat_map(|x| (begin..end).map(move |y| (x, y))) {
        picture.put_pixel(x, y, Luma([if (x / SCALE).is_multiple_of(2) { 0 } else { 255 }]));
    }
    picture
}

/// A picture with QR codes beside each other.
fn beside(codes: &[GrayImage]) -> Vec<u8> {
    let height = codes.iter().map(GrayImage::height).max().unwrap_or(0);
    let mut picture = GrayImage::from_pixel(codes.iter().map(GrayImage::width).sum(), height, Luma([255]));
    let mut left = 0;
    for code in codes {
        image::imageops::replace(&mut picture, code, left, 0);
        left += i64::from(code.width());
    }
    written(picture, ImageFormat::Png)
}

fn written(picture: GrayImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageLuma8(picture).write_to(&mut bytes, format).expect("it is written");
    bytes.into_inner()
}

#[test]
fn a_phone_without_accounts_keeps_codes_and_shows_them() {
    let phone = Phone::new();
    let none = phone.run(&["codes"], "");
    assert!(text(&none).contains("koppel codes add"), "{}", text(&none));
    assert!(!phone.file("phone").exists(), "to look changes nothing");
    assert_eq!(phone.json(&["codes"])["codes"], Value::Array(vec![]));

    let added = event(&phone.run(&["--json", "codes", "add", "-"], &link("GitHub", "jan")));
    assert_eq!((&added["event"], &added["added"][0]["known"]), (&"codes-added".into(), &false.into()));
    let codes = phone.json(&["codes", "list"]);
    let code = &codes["codes"][0];
    assert_eq!((&code["label"], &code["name"], &code["period"]), (&"GitHub".into(), &"jan".into(), &30.into()));
    assert_eq!(code["code"].as_str().map(str::len), Some(6));
    assert!(code["left_ms"].as_u64().is_some_and(|left| left <= 30_000));

    let shown = text(&phone.run(&["codes"], ""));
    assert!(shown.starts_with("1  GitHub (jan)  ") && shown.contains(" s left"), "{shown}");
    let spoken = text(&phone.run(&["--plain", "codes"], ""));
    assert!(spoken.split(": ").nth(1).is_some_and(|digits| digits.as_bytes()[1] == b' '), "{spoken}");
}

#[test]
fn codes_are_renamed_moved_and_removed_and_stay_as_they_were_left() {
    let phone = Phone::with_two();
    assert_eq!(phone.labels(), ["GitHub", "Mail"]);
    phone.json(&["codes", "move", "mail", "1"]);
    assert_eq!(phone.labels(), ["Mail", "GitHub"]);
    phone.json(&["codes", "rename", "2", "Werk"]);
    assert_eq!(phone.labels(), ["Mail", "Werk"]);
    ends_with(&phone.run(&["--json", "codes", "rename", "Werk", " "], ""), "name-invalid", 2);
    ends_with(&phone.run(&["--json", "codes", "remove", "Bank"], ""), "no-such-code", 2);
    ends_with(&phone.run(&["--json", "codes", "remove", "Werk"], ""), "cancelled", 1);
    assert_eq!(phone.labels(), ["Mail", "Werk"], "nobody agreed");
    phone.json(&["--yes", "codes", "remove", "Werk"]);
    assert_eq!(phone.labels(), ["Mail"]);
    assert_eq!(phone.json(&["codes", "list", "werk"])["codes"], Value::Array(vec![]));
    let copied = phone.run(&["codes", "copy", "Mail"], "");
    assert!(text(&copied).contains("no terminal with a clipboard") && copied.status.code() == Some(1));
    ends_with(&phone.run(&["--json", "codes", "copy", "Mail"], ""), "command-invalid", 2);
}

#[test]
fn the_number_on_screen_is_the_number_that_counts() {
    let phone = Phone::with_two();
    let shown = text(&phone.run(&["codes", "list", "mail"], ""));
    assert!(shown.starts_with("2  Mail (jan@example.nl)  "), "{shown}");
    let none = text(&phone.run(&["codes", "list", "bank"], ""));
    assert_eq!(none, "No code has this in its name. koppel codes shows them all.\n");

    // A service that calls itself after a number.
    phone.run(&["codes", "add", "-"], &link("2", "1"));
    phone.json(&["codes", "rename", "2", "Post"]);
    assert_eq!(phone.labels(), ["GitHub", "Post", "2"]);
    phone.json(&["--yes", "codes", "remove", "1"]);
    assert_eq!(phone.labels(), ["Post", "2"]);
}

#[test]
fn the_same_link_twice_is_said_and_not_doubled() {
    let phone = Phone::with_two();
    let again = phone.run(&["codes", "add", "-"], &link("Mail", "jan@example.nl"));
    assert!(text(&again).contains("already: Mail (jan@example.nl)"), "{}", text(&again));
    assert_eq!(phone.labels(), ["GitHub", "Mail"]);
    let corrected = phone.run(&["codes", "add", "-"], &format!("{}&digits=8", link("Mail", "jan@example.nl")));
    assert!(text(&corrected).starts_with("Kept: Mail (jan@example.nl)."), "{}", text(&corrected));
    assert_eq!(phone.labels(), ["GitHub", "Mail", "Mail"]);
}

#[test]
fn what_else_is_in_a_picture_keeps_no_link_out_and_what_cannot_be_read_is_counted() {
    let phone = Phone::new();
    let add = |name: &str, codes: &[GrayImage]| {
        fs::write(phone.file(name), beside(codes)).expect("a file");
        phone.run(&["--json", "codes", "add", "--qr", phone.file(name).to_str().expect("text")], "")
    };
    let other = add("other.png", &[qr("https://example.nl/wifi", false), qr(&link("GitHub", "jan"), false)]);
    assert_eq!((&event(&other)["unread"], other.status.code()), (&0.into(), Some(0)), "{}", text(&other));
    assert_eq!(phone.labels(), ["GitHub"]);
    let spoilt = [qr(&link("Mail", "jan"), false), spoilt_qr(&link("Bank", "jan"))];
    assert_eq!(event(&add("spoilt.png", &spoilt))["unread"], 1);
    assert_eq!(phone.labels(), ["GitHub", "Mail"]);
    let said = phone.run(&["codes", "add", "--qr", phone.file("spoilt.png").to_str().expect("text")], "");
    assert!(text(&said).contains("One QR code in the picture could not be read."), "{}", text(&said));
}

#[test]
fn a_qr_code_in_a_picture_is_read() {
    let phone = Phone::new();
    for (name, format, inverted) in [
        ("screen.png", ImageFormat::Png, false),
        ("photo.jpg", ImageFormat::Jpeg, false),
        ("dark.png", ImageFormat::Png, true),
    ] {
        fs::write(phone.file(name), written(qr(&link(name, "jan"), inverted), format)).expect("a file");
        let added = phone.json(&["codes", "add", "--qr", phone.file(name).to_str().expect("text")]);
        assert_eq!(added["added"][0]["label"], name, "{added}");
    }
    fs::write(phone.file("white.png"), written(qr("white", false), ImageFormat::Png)).expect("a file");
    let add = |name| phone.run(&["--json", "codes", "add", "--qr", phone.file(name).to_str().expect("text")], "");
    ends_with(&add("white.png"), "otp-link-invalid", 2);
    ends_with(&add("pin.txt"), "picture-unreadable", 2);
    ends_with(&add("nothing.png"), "file-unreadable", 1);
    fs::write(phone.file("black.png"), written(GrayImage::new(50, 50), ImageFormat::Png)).expect("a file");
    ends_with(&add("black.png"), "qr-not-found", 2);
    assert_eq!(phone.labels().len(), 3);
}

#[test]
fn what_an_export_holds_besides_is_told_one_by_one() {
    let phone = Phone::new();
    // Two accounts by time and one by counter, part 2 of 3.
    let export = "otpauth-migration://offline?data=CiIKCkhlbGxvId6tvu8SBWFsaWNlGgdFeGFtcGxlIAEoATACCh8KBnNlY3JldBIFY291bnQaBlRlbGxlciABKAEwATgHChgKBW90aGVyEgNib2IaBEFDTUUgAigCMAIQARgDIAEoAQ";
    let added = event(&phone.run(&["--json", "codes", "add", "-"], export));
    assert_eq!(added["added"].as_array().map(Vec::len), Some(2), "{added}");
    assert_eq!(added["refused"][0]["issuer"], "Teller");
    assert_eq!(added["refused"][0]["code"], "otp-counter-based");
    assert_eq!((&added["parts"][0]["number"], &added["parts"][0]["of"]), (&2.into(), &3.into()));
    assert_eq!(phone.labels(), ["Example", "ACME"]);
    let said = text(&phone.run(&["codes", "add", "-"], export));
    assert!(said.contains("Not kept: Teller, count.") && said.contains("part 2 of 3"), "{said}");
}

#[test]
fn an_export_of_which_every_part_was_read_is_whole() {
    let phone = Phone::new();
    let parts = [
        "otpauth-migration://offline?data=ChoKBnNlY3JldBIDamFuGgVEZWVsMCABKAEwAhABGAIgAA",
        "otpauth-migration://offline?data=ChoKBnNlY3JldBIDamFuGgVEZWVsMSABKAEwAhABGAIgAQ",
    ];
    let whole = text(&phone.run(&["codes", "add", "-"], &parts.join("\n")));
    assert!(whole.contains("Deel0") && whole.contains("Deel1") && !whole.contains("part"), "{whole}");
    let half = text(&phone.run(&["codes", "add", "-"], parts[0]));
    assert!(half.contains("This was part 1 of 2"), "{half}");
}

#[test]
fn to_keep_nothing_is_a_failure() {
    let phone = Phone::new();
    // One account by counter, without a name.
    let export = "otpauth-migration://offline?data=Cg4KBnNlY3JldCABKAEwAQ";
    let said = phone.run(&["codes", "add", "-"], export);
    assert!(text(&said).contains("Not kept: a code without a name. This code works with a counter"), "{}", text(&said));
    assert_eq!(said.status.code(), Some(2));
    let refused = phone.run(&["--json", "codes", "add", "-"], export);
    ends_with(&refused, "otp-none-kept", 2);
    assert!(text(&refused).contains("otp-counter-based"), "{}", text(&refused));
    assert!(!phone.file("phone").exists(), "the folder was not touched");
}

#[test]
fn a_link_where_none_belongs_is_not_repeated() {
    let phone = Phone::new();
    let link = link("GitHub", "jan");
    for words in [
        &["codes", &link][..],
        &["codes", "add", &link, &link],
        &["codes", "add", &link.replace("otpauth", "OtpAuth"), &link],
        &["codes", "move", "1", &link],
        &["codes", "add", &format!("--link={link}")],
    ] {
        let output = phone.run(words, "");
        let said = text(&output);
        assert!(said.contains("Usage: koppel codes add") && !said.to_lowercase().contains("github"), "{said}");
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{said}");
    }
    assert!(text(&phone.run(&["codes", "ad"], "")).contains("'ad'"), "everything else is");
    assert!(!phone.file("phone").exists());
}

#[test]
fn what_cannot_be_read_keeps_nothing_and_says_what_to_do() {
    let phone = Phone::new();
    let add = |input: &str| phone.run(&["--json", "codes", "add", "-"], input);
    ends_with(&add(""), "otp-link-invalid", 2);
    ends_with(&add("https://example.nl"), "otp-link-invalid", 2);
    ends_with(&add(&format!("{}\nnonsense", link("GitHub", "jan"))), "otp-link-invalid", 2);
    ends_with(&add("otpauth://hotp/x?secret=GEZDGNBVGY3TQOJQ"), "otp-counter-based", 2);
    let mistyped = add("otpauth://totp/x?secret=GEZDG0");
    ends_with(&mistyped, "otp-secret-mistyped", 2);
    assert_eq!(event(&mistyped)["position"], 6);
    let third = add(&format!("{}\n\nnonsense", link("GitHub", "jan")));
    ends_with(&third, "otp-link-invalid", 2);
    assert_eq!(event(&third)["line"], 3);
    assert!(event(&third)["message"].as_str().is_some_and(|message| message.starts_with("Line 3: ")));
    ends_with(&add(&"x".repeat(1 << 20)), "otp-link-too-long", 2);
    let many: String = (0..4_000).map(|number| format!("{}\n", link("GitHub", &number.to_string()))).collect();
    ends_with(&add(&many), "otp-link-too-long", 2);
    ends_with(&phone.run(&["--json", "codes", "add"], ""), "otp-link-needed", 2);
    ends_with(&phone.run(&["--json", "codes", "remove", "x"], ""), "no-such-code", 2);
    assert!(!phone.file("phone").exists(), "the folder was not touched");
}

#[test]
fn the_help_says_that_a_link_on_the_command_line_is_seen_by_others() {
    let phone = Phone::new();
    let help = text(&phone.run(&["codes", "add", "--help"], ""));
    assert!(help.contains("can be seen by others") && help.contains("koppel codes add -"), "{help}");
    let help = text(&phone.run(&["codes", "--help"], ""));
    assert!(help.contains("koppel codes add --qr") && help.contains("Commands:"), "{help}");
}
