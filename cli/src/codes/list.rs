//! The list of codes: lines to read once, or a screen that counts down.

use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers};
use koppel_client::KoppelClient;
use koppel_core::OtpCode;

use super::left_ms;
use crate::complaint::Complaint;
use crate::countdown;
use crate::screen::style::{Row, Tone, cut};
use crate::screen::terminal::{self, Terminal};
use crate::sentences;
use crate::texts::Texts;

/// How often the countdown moves.
const BEAT: Duration = Duration::from_millis(250);
/// Under this, a code is hardly worth typing: the next one is shown beside it.
const HURRY_S: u64 = 10;
/// The widest column of names.
const NAMES: usize = 48;

/// Whether a code is one of those that were asked for; every one is when nothing was.
pub(super) fn is_named(code: &OtpCode, named: &str) -> bool {
    let named = named.to_lowercase();
    [&code.label, &code.issuer, &code.name].into_iter().any(|name| name.to_lowercase().contains(&named))
}

/// Digits in two halves, or one by one for a voice.
pub(super) fn digits(digits: &str, plain: bool) -> String {
    match (plain, digits.split_at_checked(digits.len() / 2)) {
        (true, _) => sentences::spelled(digits),
        (false, Some((first, rest))) => format!("{first} {rest}"),
        (false, None) => digits.to_owned(),
    }
}

/// Whole seconds that a code still counts.
pub(super) fn seconds_left(code: &OtpCode) -> u64 {
    countdown::seconds(left_ms(code))
}

/// The list, to be read once.
pub(super) fn lines(texts: &Texts, codes: &[OtpCode], plain: bool) -> Vec<String> {
    if codes.is_empty() {
        return vec![texts.say("codes-none")];
    }
    let names: Vec<_> = codes.iter().enumerate().map(|(place, code)| numbered(place + 1, code)).collect();
    let width = column(codes).min(NAMES);
    let lines = names.iter().zip(codes).map(|(name, code)| {
        let left = texts.say_with("seconds-short", &[("count", seconds_left(code).into())]);
        match plain {
            true => format!("{name}: {}, {left}", digits(code.code.expose(), plain)),
            false => format!("{:width$}  {:<9}  {left}", cut(name, width), digits(code.code.expose(), plain)),
        }
    });
    lines.collect()
}

/// How wide the names are.
fn column(codes: &[OtpCode]) -> usize {
    codes.iter().enumerate().map(|(place, code)| numbered(place + 1, code).chars().count()).max().unwrap_or(0)
}

fn numbered(number: usize, code: &OtpCode) -> String {
    format!("{number}  {}", super::whole_name(code))
}

/// Shows the codes until the person has seen enough.
pub(super) async fn live(client: &KoppelClient, named: &str, texts: Texts) -> Result<(), Complaint> {
    let mut watch = client.watch_codes();
    let mut codes = Vec::new();
    let colours = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let mut terminal = Terminal::take(colours)?;
    let mut keys = terminal::events();
    let mut above = 0;
    loop {
        let (width, height) = Terminal::size();
        above = above.min(codes.len().saturating_sub(1));
        terminal.show(rows(&texts, &codes, above, width, height))?;
        tokio::select! {
            list = watch.next() => match list {
                Some(list) => codes = list.into_iter().filter(|code| is_named(code, named)).collect(),
                None => return Ok(()),
            },
            event = keys.recv() => match event {
                Some(Event::Key(key)) if key.kind != KeyEventKind::Release => match key.code {
                    KeyCode::Char('q' | 'Q') | KeyCode::Esc => return Ok(()),
                    KeyCode::Char('c' | 'd') if key.modifiers.contains(KeyModifiers::CONTROL) => return Ok(()),
                    KeyCode::Down => above += 1,
                    KeyCode::Up => above = above.saturating_sub(1),
                    _ => {}
                },
                Some(_) => {}
                None => return Ok(()),
            },
            () = tokio::time::sleep(BEAT) => {}
        }
    }
}

/// The screen: a row a code, and below what keys there are. `above` codes were scrolled away.
fn rows(texts: &Texts, codes: &[OtpCode], above: usize, width: usize, height: usize) -> Vec<Row> {
    let mut rows = vec![Row::of(texts.say("codes-title"), Tone::Strong), Row::empty()];
    if codes.is_empty() {
        rows.push(Row::of(texts.say("codes-none"), Tone::Plain));
    }
    let names = column(codes).min(NAMES).min(width.saturating_sub(36).max(8));
    let room = height.saturating_sub(4);
    for (place, code) in codes.iter().enumerate().skip(above).take(room) {
        let left = seconds_left(code);
        let hurry = left <= HURRY_S;
        let short = texts.say_with("seconds-short", &[("count", left.into())]);
        let row = Row::of(format!("{:names$}  ", cut(&numbered(place + 1, code), names)), Tone::Plain)
            .and(format!("{:<9}  ", digits(code.code.expose(), false)), Tone::Strong)
            .and(format!("{short:<10}"), if hurry { Tone::Warning } else { Tone::Muted });
        let next = if hurry { format!("→ {}", digits(code.next.expose(), false)) } else { String::new() };
        rows.push(row.and(next, Tone::Muted).fitted(width));
    }
    rows.push(Row::empty());
    rows.push(Row::of(texts.say("codes-keys"), Tone::Muted).fitted(width));
    rows
}

#[cfg(test)]
pub(super) mod tests {
    use koppel_core::OtpId;

    use super::*;
    use crate::texts::Locale;

    /// A code that counts for a long time.
    pub(crate) fn code(number: u8, label: &str, name: &str) -> OtpCode {
        OtpCode {
            id: OtpId::from_bytes([number; 16]),
            label: label.into(),
            issuer: label.into(),
            name: name.into(),
            code: "123456".parse().expect("digits"),
            next: "654321".parse().expect("digits"),
            period_s: 30,
            until_ms: i64::MAX,
            left_ms: 30_000,
        }
    }

    fn written(rows: &[Row]) -> Vec<String> {
        rows.iter().map(|row| row.0.iter().map(|piece| piece.text.as_str()).collect()).collect()
    }

    #[test]
    fn digits_stand_in_two_halves_and_are_spelled_for_a_voice() {
        for (code, halves) in [("123456", "123 456"), ("1234567", "123 4567"), ("12345678", "1234 5678")] {
            assert_eq!(digits(code, false), halves);
        }
        assert_eq!(digits("123456", true), "1 2 3 4 5 6");
    }

    #[test]
    fn a_list_says_name_code_and_how_long() {
        let texts = Texts::of(Locale::English);
        let codes = [code(1, "GitHub", "jan"), code(2, "Mail", "")];
        let lines = lines(&texts, &codes, false);
        assert!(lines[0].starts_with("1  GitHub (jan)  123 456    "), "{lines:?}");
        assert!(lines[1].starts_with("2  Mail          123 456    "), "{lines:?}");
        assert!(super::lines(&texts, &[], false)[0].contains("koppel codes add"));
    }

    #[test]
    fn the_next_code_is_shown_when_there_is_little_time_left() {
        let texts = Texts::of(Locale::Dutch);
        let late = OtpCode { until_ms: 0, ..code(1, "GitHub", "jan") };
        let shown = written(&rows(&texts, &[late, code(2, "Mail", "")], 0, 80, 24));
        assert!(shown[2].contains("123 456") && shown[2].contains("→ 654 321"), "{shown:?}");
        assert!(!shown[3].contains("654"), "{shown:?}");
    }

    #[test]
    fn no_row_is_wider_than_the_terminal_and_what_does_not_fit_is_scrolled_to() {
        let texts = Texts::of(Locale::Dutch);
        let codes: Vec<_> = (1..60).map(|number| code(number, &"naam ".repeat(20), "")).collect();
        for width in [20, 40, 80, 200] {
            let shown = written(&rows(&texts, &codes, 3, width, 12));
            assert!(shown.len() <= 12);
            assert!(shown[2].starts_with("4  "), "{shown:?}");
            assert!(shown[2..].iter().all(|row| row.chars().count() <= width), "{shown:?}");
        }
    }
}
