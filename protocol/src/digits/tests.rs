use proptest::prelude::*;

use super::*;

fn key() -> CodeKey {
    CodeKey::new(Secret::new([7; 32]))
}

fn cid(byte: u8) -> ChallengeId {
    ChallengeId::from_bytes([byte; 16])
}

#[test]
fn each_delivery_kind_challenge_and_epoch_has_digits_of_its_own() {
    let digits = |kind, epoch, challenge, seq| key().digits(kind, epoch, cid(challenge), seq, DigitCount::EIGHT);
    let code = digits(DigitsFor::Code, 1, 1, 1);
    assert_eq!(code, digits(DigitsFor::Code, 1, 1, 1));
    for other in [
        digits(DigitsFor::Number, 1, 1, 1),
        digits(DigitsFor::Code, 2, 1, 1),
        digits(DigitsFor::Code, 1, 2, 1),
        digits(DigitsFor::Code, 1, 1, 2),
        CodeKey::new(Secret::new([8; 32])).digits(DigitsFor::Code, 1, cid(1), 1, DigitCount::EIGHT),
    ] {
        assert_ne!(code, other);
    }
}

#[test]
fn values_above_the_last_whole_multiple_are_passed_over() {
    let mut block = [0xff; 32];
    assert_eq!(draw(&block, DigitCount::SIX), None);
    block[24..].copy_from_slice(&1_234_567_u64.to_be_bytes());
    assert_eq!(draw(&block, DigitCount::SIX), Some(234_567));
    let limit = u64::MAX - u64::MAX % 1_000_000;
    block[..8].copy_from_slice(&limit.to_be_bytes());
    assert_eq!(draw(&block, DigitCount::SIX), Some(234_567));
    block[..8].copy_from_slice(&(limit - 1).to_be_bytes());
    assert_eq!(draw(&block, DigitCount::SIX), Some(999_999));
}

#[test]
fn all_digits_are_equally_likely() {
    // 20,000 codes of six digits: each digit of each place about 2,000 times; 6 standard deviations are 255.
    let mut counts = [[0_u32; 10]; 6];
    for seq in 0..20_000 {
        let digits = key().digits(DigitsFor::Code, 0, cid(0), seq, DigitCount::SIX);
        for (place, digit) in digits.expose().bytes().enumerate() {
            counts[place][usize::from(digit - b'0')] += 1;
        }
    }
    assert!(counts.iter().flatten().all(|count| (1745..=2255).contains(count)), "{counts:?}");
}

#[test]
fn only_six_to_eight_ascii_digits_are_read() {
    assert_eq!("000123".parse::<Digits>().unwrap().expose(), "000123");
    assert_ne!("000123".parse::<Digits>(), "0000123".parse::<Digits>());
    for wrong in ["", "12345", "123456789", "12345a", "+12345", "12 345", "१२३४५६", "123456\n"] {
        assert_eq!(wrong.parse::<Digits>(), Err(NotDigits), "{wrong:?}");
    }
    assert_eq!(Digits::from_typed(" 123 456 "), "123456".parse());
    assert_eq!(Digits::from_typed("123-456-78"), "12345678".parse());
    assert_eq!(Digits::from_typed("1234567890"), Err(NotDigits));
    for typed in ["１２３４５６", "١٢٣ ٤٥٦", "۱۲۳۴۵۶"] {
        assert_eq!(Digits::from_typed(typed), "123456".parse(), "{typed}");
        assert_eq!(typed.parse::<Digits>(), Err(NotDigits), "no message has {typed}");
    }
    for wrong in ["¹²³⁴⁵⁶", "①②③④⑤⑥", "一二三四五六", "1٫23456", "12345\u{66a}"] {
        assert_eq!(Digits::from_typed(wrong), Err(NotDigits), "{wrong}");
    }
}

#[test]
fn digits_are_never_printed() {
    assert_eq!(format!("{:?}", Digits::from_value(123_456, DigitCount::SIX)), "Digits(6 hidden)");
}

proptest! {
    #[test]
    fn equal_digits_are_equal_text(one in "[0-9]{6,8}", other in "[0-9]{6,8}") {
        let (a, b): (Digits, Digits) = (one.parse().unwrap(), other.parse().unwrap());
        prop_assert_eq!(a == b, one == other);
        prop_assert_eq!(a.expose(), one.as_str());
    }
}
