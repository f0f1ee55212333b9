//! koppelcode.json

use koppel_protocol::{Bytes, Koppelcode, koppelcode::KoppelcodeError};
use serde_json::json;

use super::{Book, Case, case, world::fixed};

fn good(name: &str, shows: &str, bytes: [u8; 5], typed: impl Fn(&str) -> String) -> Case {
    let code = Koppelcode::from_bytes(&bytes);
    let shown = code.to_text();
    let data = json!({
        "bytes": Bytes::new(bytes), "typed": typed(&shown), "shown": shown.as_str(), "sent": code, "valid": true
    });
    case(name, shows, data)
}

fn wrong(name: &str, shows: &str, typed: &str) -> Case {
    let error = match typed.parse::<Koppelcode>().expect_err("the case is about a wrong code") {
        KoppelcodeError::Length { .. } => "length",
        KoppelcodeError::Symbol { .. } => "symbol",
        KoppelcodeError::Check => "check",
    };
    case(name, shows, json!({ "typed": typed, "valid": false, "error": error }))
}

fn swap(text: &str, one: usize, other: usize) -> String {
    let mut symbols: Vec<char> = text.chars().collect();
    symbols.swap(one, other);
    symbols.into_iter().collect()
}

pub(crate) fn book() -> Book {
    let bytes = fixed("koppelcode");
    let shown = Koppelcode::from_bytes(&bytes).to_text().to_string();
    let mut cases = vec![
        good("as shown", "a code typed as it is shown", bytes, str::to_owned),
        good("lower case", "any case", bytes, str::to_lowercase),
        good("no hyphens", "any spacing", bytes, |shown| shown.replace('-', "")),
        good("spaces", "any spacing", bytes, |shown| format!(" {} ", shown.replace('-', "  "))),
        good("zeros", "the letter O is a zero", [0; 5], |shown| shown.replacen('0', "O", 3).replacen('0', "o", 2)),
        good("ones", "I and L are ones", [0x08, 0x42, 0x10, 0x84, 0x21], |shown| {
            shown.replacen('1', "I", 2).replacen('1', "l", 2)
        }),
        good("highest", "all symbols Z", [0xff; 5], str::to_owned),
    ];
    for position in 0..8_u32 {
        let value = 1_u64 << (5 * (7 - position));
        let mut unit = [0; 5];
        unit.copy_from_slice(&value.to_be_bytes()[3..]);
        let name = format!("weight {}", position + 1);
        let shows =
            format!("symbol {} is 1, all others 0: the check symbol is α to the power {}", position + 1, position + 1);
        cases.push(good(&name, &shows, unit, str::to_owned));
    }
    for position in [0, 1, 2, 3, 5, 6, 7, 8, 10] {
        let mut symbols: Vec<char> = shown.chars().collect();
        symbols[position] = if symbols[position] == '7' { '8' } else { '7' };
        let typed: String = symbols.into_iter().collect();
        cases.push(wrong(&format!("wrong symbol at {position}"), "one wrong symbol is found", &typed));
    }
    for (one, other) in [(0, 1), (2, 3), (3, 5), (0, 8), (8, 10), (1, 10)] {
        let typed = swap(&shown, one, other);
        assert_ne!(typed, shown, "the case swaps two different symbols");
        cases.push(wrong(&format!("swap {one} and {other}"), "two swapped symbols are found", &typed));
    }
    cases.extend([
        wrong("too short", "nine symbols", &shown[..9]),
        wrong("too long", "nine symbols", &format!("{shown}0")),
        wrong("the letter U", "U is in no code", &format!("U{}", &shown[1..])),
        wrong("empty", "nothing", ""),
    ]);
    Book::new(
        "koppelcode",
        "Koppelcodes: 40 bits as eight symbols, and a check symbol. `typed` is what a person enters, `sent` what travels in m1.",
        json!({ "alphabet": "0123456789ABCDEFGHJKMNPQRSTVWXYZ" }),
        cases,
    )
}
