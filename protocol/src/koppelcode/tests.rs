use proptest::prelude::*;

use super::*;

fn symbols_of(code: &Koppelcode) -> [u8; SYMBOLS] {
    code.symbols().map(|symbol| value(symbol).unwrap())
}

fn text_of(symbols: &[u8; SYMBOLS]) -> String {
    symbols.iter().map(|symbol| char::from(ALPHABET[usize::from(*symbol)])).collect()
}

/// The code is linear: whether an error is found depends on the error alone, not on the code it hits. So all errors of one
/// symbol and all swaps, over all values, are tried on the weights themselves.
#[test]
fn every_wrong_symbol_and_every_swap_is_found() {
    let weights: Vec<u8> = (0..SECRET_SYMBOLS)
        .map(|position| {
            let mut unit = [0; SECRET_SYMBOLS];
            unit[position] = 1;
            check_symbol(&unit)
        })
        .chain([1])
        .collect();
    let times = |weight: u8, value: u8| {
        let (mut sum, mut shifted) = (0, weight);
        for bit in 0..5 {
            sum ^= if value >> bit & 1 == 1 { shifted } else { 0 };
            shifted = times_alpha(shifted);
        }
        sum
    };
    for error in 1..32 {
        for (position, weight) in weights.iter().enumerate() {
            assert_ne!(times(*weight, error), 0, "symbol {position} off by {error}");
            for (other, other_weight) in weights.iter().enumerate().skip(position + 1) {
                assert_ne!(times(*weight ^ *other_weight, error), 0, "swap of {position} and {other}");
            }
        }
    }
}

#[test]
fn the_weights_are_powers_of_alpha_from_one_to_eight() {
    let mut power = 1;
    for position in 0..SECRET_SYMBOLS {
        power = times_alpha(power);
        let mut unit = [0; SECRET_SYMBOLS];
        unit[position] = 1;
        assert_eq!(check_symbol(&unit), power);
    }
    assert_eq!(power, 0b0_1101, "α⁸ = α³ + α² + 1");
}

#[test]
fn a_person_may_type_it_as_they_like() {
    let code = Koppelcode::from_bytes(&[0x08, 0x42, 0x10, 0x84, 0x21]);
    let shown = code.to_text();
    assert_eq!(&shown[..10], "1111-1111-");
    for typed in [
        shown.to_lowercase(),
        shown.replace('-', ""),
        shown.replace('-', " "),
        format!("  {} ", shown.replace('-', " – ")),
        shown.replacen('1', "l", 2).replacen('1', "I", 2),
    ] {
        assert_eq!(typed.parse(), Ok(code.clone()), "{typed}");
    }
    let zeros = Koppelcode::from_bytes(&[0; 5]);
    assert_eq!("oOoO-0000-0".parse(), Ok(zeros));
}

#[test]
fn what_is_wrong_is_said() {
    for (typed, error) in [
        ("", KoppelcodeError::Length { found: 0 }),
        ("1111-1111", KoppelcodeError::Length { found: 8 }),
        ("1111-1111-11", KoppelcodeError::Length { found: 10 }),
        ("111U-1111-1", KoppelcodeError::Symbol { position: 4 }),
        ("é111-1111-1", KoppelcodeError::Symbol { position: 1 }),
        ("0000-0000-1", KoppelcodeError::Check),
    ] {
        assert_eq!(typed.parse::<Koppelcode>(), Err(error), "{typed}");
    }
}

/// policy: 500 failed tries for a code of 40 bits leave a guesser less than 2⁻³⁰; threats row 12.
#[test]
fn a_guesser_succeeds_with_less_than_two_to_the_minus_30() {
    let bound = f64::from(MAX_FAILED_TRIES) * 2_f64.powi(-(SECRET_BITS as i32));
    assert!(bound < 2_f64.powi(-30), "{bound:e}");
}

#[test]
fn a_code_is_never_printed_and_travels_bare() {
    let code = Koppelcode::from_bytes(&[0xff; 5]);
    assert_eq!(format!("{code:?}"), "Koppelcode(hidden)");
    let json = serde_json::to_string(&code).unwrap();
    assert_eq!(json.len(), SYMBOLS + 2);
    assert_eq!(serde_json::from_str::<Koppelcode>(&json).unwrap(), code);
}

proptest! {
    #[test]
    fn one_wrong_symbol_is_found(bytes: [u8; 5], position in 0..SYMBOLS, error in 1_u8..32) {
        let mut symbols = symbols_of(&Koppelcode::from_bytes(&bytes));
        symbols[position] ^= error;
        prop_assert_eq!(text_of(&symbols).parse::<Koppelcode>(), Err(KoppelcodeError::Check));
    }

    #[test]
    fn two_swapped_symbols_are_found(bytes: [u8; 5], one in 0..SYMBOLS, other in 0..SYMBOLS) {
        let mut symbols = symbols_of(&Koppelcode::from_bytes(&bytes));
        prop_assume!(symbols[one] != symbols[other]);
        symbols.swap(one, other);
        prop_assert_eq!(text_of(&symbols).parse::<Koppelcode>(), Err(KoppelcodeError::Check));
    }

    #[test]
    fn every_code_survives_its_text_and_its_bytes(bytes: [u8; 5]) {
        let code = Koppelcode::from_bytes(&bytes);
        prop_assert_eq!(*code.to_bytes(), bytes);
        prop_assert_eq!(code.to_text().parse(), Ok(code));
    }

    #[test]
    fn nothing_typed_panics(text: String) {
        let _ = text.parse::<Koppelcode>();
    }
}
