//! A koppelcode as the desk spells it: the Dutch telephone alphabet, and the international one.

use koppel_protocol::Koppelcode;

const DUTCH: [&str; 32] = [
    "nul",
    "een",
    "twee",
    "drie",
    "vier",
    "vijf",
    "zes",
    "zeven",
    "acht",
    "negen",
    "Anton",
    "Bernard",
    "Cornelis",
    "Dirk",
    "Eduard",
    "Ferdinand",
    "Gerard",
    "Hendrik",
    "Johan",
    "Karel",
    "Maria",
    "Nico",
    "Pieter",
    "Quirinus",
    "Richard",
    "Simon",
    "Theodoor",
    "Victor",
    "Willem",
    "Xantippe",
    "Ypsilon",
    "Zacharias",
];

const ENGLISH: [&str; 32] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "Alfa", "Bravo", "Charlie",
    "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "Juliett", "Kilo", "Mike", "November", "Papa", "Quebec", "Romeo",
    "Sierra", "Tango", "Victor", "Whiskey", "X-ray", "Yankee", "Zulu",
];

/// A word for each of the nine symbols, in Dutch and in English.
pub fn spell(code: &Koppelcode) -> (Vec<&'static str>, Vec<&'static str>) {
    let symbols = code.symbols();
    let positions = symbols.iter().filter_map(|symbol| {
        let symbol = u8::try_from(*symbol).ok()?;
        koppel_protocol::koppelcode::ALPHABET.iter().position(|known| *known == symbol)
    });
    positions.map(|position| (DUTCH[position], ENGLISH[position])).unzip()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_begins_with_its_symbol() {
        for (position, symbol) in koppel_protocol::koppelcode::ALPHABET.iter().enumerate().skip(10) {
            let symbol = char::from(*symbol);
            assert!(DUTCH[position].starts_with(symbol), "{}", DUTCH[position]);
            assert!(ENGLISH[position].starts_with(symbol), "{}", ENGLISH[position]);
        }
    }

    #[test]
    fn a_code_is_spelled_symbol_by_symbol() {
        let code = Koppelcode::from_bytes(&[0; 5]);
        let (dutch, english) = spell(&code);
        assert_eq!((dutch.len(), english.len()), (9, 9));
        assert!(dutch.iter().all(|word| *word == "nul"));
    }
}
