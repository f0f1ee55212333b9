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

/// A code and its number among all of them: the one that the other commands take, also where only some are shown.
pub(super) type Numbered = (usize, OtpCode);

/// Those codes that were asked for; every one when nothing was.
pub(super) fn numbered(codes: Vec<OtpCode>, named: &str) -> Vec<Numbered> {
    let named = named.to_lowercase();
    let has = |name: &String| name.to_lowercase().contains(&named);
    let codes = (1..).zip(codes);
    codes.filter(|(_, code)| [&code.label, &code.issuer, &code.name].into_iter().any(has)).collect()
}

/// What is said where there is no code to show.
pub(super) fn none(texts: &Texts, named: &str) -> String {
    if named.is_empty() { texts.say("codes-none") } else { texts.say("codes-none-named") }
}

/// Digits in two halves, or one by one for a voice.
pub(super) fn digits(digits: &str, plain: bool) -> String {
    match (plain, digits.split_at_checked(digits.len() / 2)) {
        (true, _) => sentences::spelled(digits),
        (false, Some((first, rest))) => format!("{first} {rest}"),
        (false, None) => digits.to_owned(),
    }
}

/// Whole seconds that a code is still valid.
pub(super) fn seconds_left(code: &OtpCode) -> u64 {
    countdown::seconds(left_ms(code))
}

/// The list, to be read once.
pub(super) fn lines(texts: &Texts, codes: &[Numbered], plain: bool) -> Vec<String> {
    let width = column(codes).min(NAMES);
    let lines = codes.iter().map(|listed| {
        let (name, (_, code)) = (name(listed), listed);
        let left = texts.say_with("seconds-short", &[("count", seconds_left(code).into())]);
        match plain {
            true => format!("{name}: {}, {left}", digits(code.code.expose(), plain)),
            false => format!("{:width$}  {:<9}  {left}", cut(&name, width), digits(code.code.expose(), plain)),
        }
    });
    lines.collect()
}

/// How wide the names are.
fn column(codes: &[Numbered]) -> usize {
    codes.iter().map(|listed| name(listed).chars().count()).max().unwrap_or(0)
}

fn name((number, code): &Numbered) -> String {
    format!("{number}  {}", super::whole_name(code))
}

/// Shows the codes until the person has seen enough.
pub(super) async fn live(client: &KoppelClient, named: &str, texts: Texts) -> Result<(), Complaint> {
    let mut watch = client.watch_codes();
    let look = Look { texts, named, ascii: crate::is_ascii() };
    let mut codes = None;
    let colours = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let mut terminal = Terminal::take(colours)?;
    let mut keys = terminal::events();
    let mut above = 0;
    loop {
        let (width, height) = Terminal::size();
        above = above.min(furthest(codes.as_deref().unwrap_or_default(), height));
        terminal.show(look.rows(codes.as_deref(), above, width, height))?;
        tokio::select! {
            list = watch.next() => match list {
                Some(list) => codes = Some(numbered(list, named)),
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

/// How many codes there is room for.
fn room(height: usize) -> usize {
    height.saturating_sub(4)
}

/// How many codes can be scrolled away: the last one stays below.
fn furthest(codes: &[Numbered], height: usize) -> usize {
    codes.len().saturating_sub(room(height).max(1))
}

/// How the codes are looked at.
struct Look<'a> {
    texts: Texts,
    named: &'a str,
    ascii: bool,
}

impl Look<'_> {
    /// The screen: a row a code, and below what keys there are. No codes are known before the first list; `above` were scrolled away.
    fn rows(&self, codes: Option<&[Numbered]>, above: usize, width: usize, height: usize) -> Vec<Row> {
        let mut rows = vec![Row::of(self.texts.say("codes-title"), Tone::Strong), Row::empty()];
        match codes {
            None => rows.push(Row::of(self.texts.say("codes-wait"), Tone::Muted).fitted(width)),
            Some([]) => rows.push(Row::of(none(&self.texts, self.named), Tone::Plain).fitted(width)),
            Some(codes) => {
                let names = column(codes).min(NAMES).min(width.saturating_sub(36).max(8));
                rows.extend(codes.iter().skip(above).take(room(height)).map(|listed| self.row(listed, names, width)));
            }
        }
        rows.push(Row::empty());
        let arrows = if self.ascii { "^v" } else { "↑↓" };
        rows.push(Row::of(self.texts.say_with("codes-keys", &[("arrows", arrows.into())]), Tone::Muted).fitted(width));
        rows
    }

    fn row(&self, listed: &Numbered, names: usize, width: usize) -> Row {
        let (_, code) = listed;
        let left = seconds_left(code);
        let hurry = left <= HURRY_S;
        let short = self.texts.say_with("seconds-short", &[("count", left.into())]);
        let row = Row::of(format!("{:names$}  ", cut(&name(listed), names)), Tone::Plain)
            .and(format!("{:<9}  ", digits(code.code.expose(), false)), Tone::Strong)
            .and(format!("{short:<10}"), if hurry { Tone::Warning } else { Tone::Muted });
        let arrow = if self.ascii { "->" } else { "→" };
        let next = if hurry { format!("{arrow} {}", digits(code.next.expose(), false)) } else { String::new() };
        row.and(next, Tone::Muted).fitted(width)
    }
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

    fn look(ascii: bool) -> Look<'static> {
        Look { texts: Texts::of(Locale::Dutch), named: "", ascii }
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
        let codes = numbered(vec![code(1, "GitHub", "jan"), code(2, "Mail", "")], "");
        let lines = lines(&texts, &codes, false);
        assert!(lines[0].starts_with("1  GitHub (jan)  123 456    "), "{lines:?}");
        assert!(lines[1].starts_with("2  Mail          123 456    "), "{lines:?}");
        assert!(none(&texts, "").contains("koppel codes add"));
    }

    #[test]
    fn a_code_keeps_its_number_where_only_some_are_shown() {
        let codes = numbered(vec![code(1, "GitHub", "jan"), code(2, "Mail", "jan"), code(3, "E-mail", "")], "mail");
        let lines = lines(&Texts::of(Locale::English), &codes, false);
        assert!(lines[0].starts_with("2  Mail (jan)  ") && lines[1].starts_with("3  E-mail  "), "{lines:?}");
        let shown = written(&look(false).rows(Some(&codes), 0, 80, 24));
        assert!(shown[2].starts_with("2  Mail (jan)  ") && shown[3].starts_with("3  E-mail  "), "{shown:?}");
    }

    #[test]
    fn a_screen_without_codes_says_why() {
        let shown = |named, codes| written(&Look { named, ..look(false) }.rows(codes, 0, 80, 24)).remove(2);
        let said = [shown("", None), shown("", Some(&[])), shown("mail", Some(&[]))];
        assert_eq!(said, ["codes-wait", "codes-none", "codes-none-named"].map(|key| Texts::of(Locale::Dutch).say(key)));
    }

    #[test]
    fn a_terminal_without_arrows_is_given_none() {
        let codes = [(1, OtpCode { until_ms: 0, ..code(1, "GitHub", "") })];
        let shown = written(&look(true).rows(Some(&codes), 0, 80, 24)).concat();
        assert!(shown.is_ascii() && shown.contains("-> 654 321"), "{shown}");
    }

    #[test]
    fn the_next_code_is_shown_when_there_is_little_time_left() {
        let late = OtpCode { until_ms: 0, ..code(1, "GitHub", "jan") };
        let shown = written(&look(false).rows(Some(&[(1, late), (2, code(2, "Mail", ""))]), 0, 80, 24));
        assert!(shown[2].contains("123 456") && shown[2].contains("→ 654 321"), "{shown:?}");
        assert!(!shown[3].contains("654"), "{shown:?}");
    }

    #[test]
    fn no_row_is_wider_than_the_terminal_and_what_does_not_fit_is_scrolled_to() {
        let codes: Vec<_> = (1..60).map(|number| code(number, &"naam ".repeat(20), "")).collect();
        let codes = numbered(codes, "");
        for width in [20, 40, 80, 200] {
            let shown = written(&look(false).rows(Some(&codes), 3, width, 12));
            assert!(shown.len() <= 12);
            assert!(shown[2].starts_with("4  "), "{shown:?}");
            assert!(shown[2..].iter().all(|row| row.chars().count() <= width), "{shown:?}");
        }
        assert_eq!((furthest(&codes, 12), furthest(&codes, 2), furthest(&codes, 80)), (51, 58, 0));
        let shown = written(&look(false).rows(Some(&codes), furthest(&codes, 12), 80, 12));
        assert!(shown[9].starts_with("59  "), "the last one stays below: {shown:?}");
    }
}
