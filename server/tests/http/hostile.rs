//! What comes into a field by mistake or on purpose, and what every answer to it has in common.

use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use reqwest::StatusCode;

use crate::fixture::Answer;

/// What no answer repeats as it was sent.
pub(crate) const MARK: &str = "<kanarie>";

/// Texts that break programs. None of them is a code, a number or a name that anything here has.
pub(crate) fn texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "",
        " ",
        "\0",
        "a\0b",
        "12\r\nSet-Cookie: x=y",
        "\u{202e}moc.live",
        "\u{2066}a\u{2069}\u{200f}",
        "\u{200b}",
        "\u{feff}a",
        "\u{fffe}\u{10ffff}",
        "👩🏽‍🚒🇳🇱",
        "a\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
        "ﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺ",
        "İıſßﬀ",
        "ⅷ½①②③④⑤⑥",
        "१२३४५६",
        "一二三四五六",
        "12 34",
        "123456789",
        "１２３",
        "١٢٣",
        "-1",
        "1e999",
        "0x10",
        "NaN",
        "null",
        "true",
        "[]",
        "{}",
        "%",
        "%00",
        "%ff%fe",
        "../../etc/passwd",
        "' OR 1=1; --",
        "{{7*7}}",
        "<kanarie>\"'&",
        "javascript:alert(1)//<kanarie>",
    ]
    .map(str::to_owned)
    .to_vec();
    // The limits that fields have, and one more.
    texts.extend([63, 64, 65, 256, 257, 512, 513, 1024, 1025].map(|length| "x".repeat(length)));
    texts.extend(["é".repeat(32), "é".repeat(33), "😀".repeat(16), "😀".repeat(17), "x".repeat(100 * 1024)]);
    texts
}

/// Any text; a seed gives the same ones again.
pub(crate) struct Dice {
    seed: u64,
    runner: TestRunner,
}

impl Dice {
    pub(crate) fn new() -> Dice {
        let given = std::env::var("KOPPEL_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| u64::from_be_bytes(crate::fixture::draw()));
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_be_bytes());
        println!("KOPPEL_SEED={seed}");
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        Dice { seed, runner: TestRunner::new_with_rng(Config::default(), rng) }
    }

    fn one<T: std::fmt::Debug>(&mut self, of: impl Strategy<Value = T>) -> T {
        of.new_tree(&mut self.runner).unwrap_or_else(|why| panic!("seed {}: {why}", self.seed)).current()
    }

    /// A number below.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.one(0..end)
    }

    /// Text of every script, without the digits that make a code.
    pub(crate) fn text(&mut self) -> String {
        let any_char = any::<char>().prop_filter("no digit", |c| !c.is_numeric());
        self.one(vec(any_char, 1..90)).into_iter().collect()
    }

    /// Bytes that may be no text at all.
    pub(crate) fn bytes(&mut self) -> Vec<u8> {
        self.one(vec(any::<u8>(), 0..400))
    }
}

/// A panel's answer to bad input: a success that reads, or a problem that says what to do and repeats nothing.
pub(crate) fn is_answer(answer: &Answer, what: &str) {
    assert!(!answer.status.is_server_error(), "{what}: {answer:?}");
    if answer.status.is_success() {
        assert!(answer.status == StatusCode::NO_CONTENT || !answer.body.is_null(), "{what}: {answer:?}");
        return;
    }
    assert_eq!(answer.headers["content-type"], "application/problem+json", "{what}: {answer:?}");
    assert!(!answer.slug().is_empty(), "{what}: {answer:?}");
    assert_eq!(answer.body["status"], answer.status.as_u16(), "{what}: {answer:?}");
    for sentence in ["title", "detail"] {
        assert!(answer.body[sentence].as_str().is_some_and(|text| text.len() > 5), "{what}: {answer:?}");
    }
    assert!(!answer.text.contains("kanarie"), "{what} is repeated: {answer:?}");
}

/// A page's answer to bad input: another page of ours, or one that says in a sentence what is wrong. Nothing of what was sent is markup.
pub(crate) fn is_page(answer: &Answer, what: &str) {
    assert!(!answer.status.is_server_error(), "{what}: {answer:?}");
    if answer.status.is_redirection() {
        let to = answer.headers["location"].to_str().expect("ASCII");
        assert!(to.starts_with('/') && !to.starts_with("//"), "{what}: {to}");
        return;
    }
    assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8", "{what}: {answer:?}");
    assert!(answer.text.contains("<h1>"), "{what}: {answer:?}");
    assert!(!answer.text.contains(MARK) && !answer.text.contains('\0'), "{what} is repeated: {answer:?}");
    if !answer.status.is_success() {
        let said = answer.text.contains("role=\"alert\"") || answer.text.contains("class=\"lead\"");
        assert!(said, "{what} is explained: {answer:?}");
    }
}
