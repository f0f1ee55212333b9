//! What the screen looks like: a model in, rows out. Nothing else is decided here.

use koppel_core::{AccountStatus, AccountView, ChallengeContent, ChallengeKind, ChallengeView, ConnectionView};

use super::model::{Mode, Model, NUMBER_DIGITS};
use super::style::{Row, Tone, cut, wrap};
use crate::countdown;
use crate::digits;
use crate::sentences;

/// The longest line of running text.
const MEASURE: usize = 72;
const MARGIN: &str = "  ";
/// What a delivery lives, for the ring.
const LIFETIME_MS: u64 = 120_000;

/// The rows of the screen at a moment, for a terminal of this size.
pub(crate) fn rows(model: &Model, now_ms: u64, (columns, rows): (usize, usize), ascii: bool) -> Vec<Row> {
    let page = Page { model, now_ms, columns, rows, ascii };
    let mut shown = vec![page.header(), Row::empty()];
    let footer = page.footer();
    let room = rows.saturating_sub(shown.len() + footer.len());
    let mut body = page.body(room);
    body.truncate(room);
    body.resize(room, Row::empty());
    shown.extend(body);
    shown.extend(footer);
    shown.truncate(rows);
    shown.into_iter().map(|row| row.fitted(columns)).collect()
}

struct Page<'a> {
    model: &'a Model,
    now_ms: u64,
    columns: usize,
    rows: usize,
    ascii: bool,
}

impl Page<'_> {
    fn say(&self, key: &str) -> String {
        self.model.texts.say(key)
    }

    fn width(&self) -> usize {
        self.columns.saturating_sub(2 * MARGIN.len())
    }

    fn paragraph(&self, text: &str, tone: Tone) -> Vec<Row> {
        let lines = wrap(text, self.width().min(MEASURE));
        lines.into_iter().map(|line| Row::of(MARGIN, Tone::Plain).and(line, tone)).collect()
    }

    fn header(&self) -> Row {
        let mark = if self.ascii { "[]" } else { "⧉" };
        let accounts = &self.model.state.accounts;
        let active = accounts.iter().filter(|view| view.status == AccountStatus::Active);
        let worst = active.map(|view| view.connection).min_by_key(|connection| match connection {
            ConnectionView::Offline => 0,
            ConnectionView::Poll => 1,
            ConnectionView::Live => 2,
        });
        let row = Row::of(MARGIN, Tone::Plain).and(mark, Tone::Accent).and(" Koppel", Tone::Strong);
        match worst {
            None => row,
            Some(connection) => {
                let tone = match connection {
                    ConnectionView::Live => Tone::Accent,
                    ConnectionView::Poll => Tone::Muted,
                    ConnectionView::Offline => Tone::Warning,
                };
                let text = sentences::connection(&self.model.texts, connection);
                row.with_right(&text, tone, self.columns.saturating_sub(MARGIN.len()))
            }
        }
    }

    /// The line of state and the keys.
    fn footer(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        if let Some((sentence, tone)) = &self.model.message {
            rows.extend(self.paragraph(sentence, *tone));
        }
        rows.push(Row::empty());
        rows.push(Row::of(MARGIN, Tone::Plain).and(cut(&self.keys(), self.width()), Tone::Muted));
        rows
    }

    fn keys(&self) -> String {
        match &self.model.mode {
            Mode::Denying { doubted: false } => self.say("keys-denying"),
            Mode::Denying { doubted: true } => self.say("keys-doubting"),
            Mode::Pin { .. } => self.say("keys-pin"),
            Mode::Offer { .. } => self.say("keys-offer"),
            Mode::Help => self.say("keys-help"),
            Mode::Watching => {
                let mut keys = Vec::new();
                if let Some(view) = self.model.in_front().filter(|view| !view.answered) {
                    if view.can_approve {
                        keys.push(self.say("key-approve"));
                    }
                    if !matches!(view.kind, ChallengeKind::Test) {
                        keys.push(self.say("key-deny"));
                    }
                }
                if self.model.in_line().len() > 1 {
                    keys.push(self.say("key-next"));
                }
                if self.model.state.accounts.iter().any(|view| view.locked) {
                    keys.push(self.say("key-unlock"));
                }
                if !self.model.state.notices.is_empty() {
                    keys.push(self.say("key-dismiss"));
                }
                if self.model.has_active_account() {
                    keys.push(self.say("key-test"));
                }
                keys.extend([self.say("key-help"), self.say("key-quit")]);
                keys.join("   ")
            }
        }
    }

    fn body(&self, room: usize) -> Vec<Row> {
        match &self.model.mode {
            Mode::Help => self.help(),
            Mode::Offer { host, organisation, user, .. } => self.offer(host, organisation, user),
            Mode::Pin { cid: None, title, typed, again } => self.pin(title, typed.chars().count(), again.as_deref()),
            _ => match self.model.in_front() {
                Some(view) => self.challenge(view, room),
                None => self.home(room),
            },
        }
    }

    // ── a challenge ───────────────────────────────────────────────────────────────────────────────────────────────────

    fn challenge(&self, view: &ChallengeView, room: usize) -> Vec<Row> {
        let texts = &self.model.texts;
        let left = view.deadline.saturating_sub(self.now_ms);
        let seconds = countdown::seconds(left);
        let clock = texts.say_with("seconds-short", &[("count", seconds.into())]);
        let clock = format!("{clock} {}", countdown::ring(left, LIFETIME_MS, self.ascii));
        let tone = if seconds <= 10 { Tone::Warning } else { Tone::Muted };
        let title = cut(&sentences::title(texts, view), self.width().saturating_sub(clock.chars().count() + 2));
        let title = Row::of(MARGIN, Tone::Plain).and(title, Tone::Strong).with_right(
            &clock,
            tone,
            self.columns.saturating_sub(MARGIN.len()),
        );
        let mut warnings = Vec::new();
        for line in [sentences::warning(texts, view), sentences::several(texts, view)].into_iter().flatten() {
            warnings.extend(self.paragraph(&line, Tone::Warning));
        }
        let answer = self.answer(view, room.saturating_sub(warnings.len() + 2));
        // Where there is little room the answer comes first, and of the facts what fits.
        let facts = room.saturating_sub(warnings.len() + answer.len() + 2);
        let facts = sentences::facts(texts, view).into_iter().take(facts).map(|(label, value)| {
            let value = cut(&value, self.width().saturating_sub(13));
            Row::of(MARGIN, Tone::Plain).and(format!("{label:<12} "), Tone::Muted).and(value, Tone::Plain)
        });
        let mut rows = vec![title];
        rows.extend(facts);
        rows.extend(warnings);
        rows.push(Row::empty());
        rows.extend(answer);
        rows
    }

    /// The part of a challenge that is read and answered.
    fn answer(&self, view: &ChallengeView, room: usize) -> Vec<Row> {
        match &self.model.mode {
            Mode::Denying { doubted: false } => {
                let mut rows = self.paragraph(&self.say("deny-why"), Tone::Strong);
                rows.extend(self.paragraph(&self.say("deny-mistake"), Tone::Plain));
                rows.extend(self.paragraph(&self.say("deny-not-me"), Tone::Plain));
                rows
            }
            Mode::Denying { doubted: true } => self.paragraph(&self.say("not-me-sure"), Tone::Danger),
            Mode::Pin { cid: Some(_), title, typed, again } => self.pin(title, typed.chars().count(), again.as_deref()),
            _ if view.answered => self.paragraph(&self.say("answer-on-its-way"), Tone::Strong),
            _ => self.content(view, room),
        }
    }

    fn content(&self, view: &ChallengeView, room: usize) -> Vec<Row> {
        let instruction = self.paragraph(&sentences::instruction(&self.model.texts, view), Tone::Plain);
        let mut rows = Vec::new();
        let content = self.model.content.as_ref().filter(|(cid, seq, _)| *cid == view.cid && *seq == view.seq);
        if let Some((_, _, ChallengeContent::Code(code))) = content {
            rows.extend(self.large(code.expose(), room.saturating_sub(instruction.len() + 1)));
            rows.push(Row::empty());
        }
        rows.extend(instruction);
        if self.model.asks_for_number() {
            rows.push(Row::empty());
            rows.push(self.field());
        }
        rows
    }

    /// Digits in blocks where there is room for them, else in one line.
    fn large(&self, code: &str, room: usize) -> Vec<Row> {
        let mut rows = Vec::new();
        if self.width() >= digits::WIDTH && room >= 7 && self.rows >= 16 {
            let blocks = digits::block_rows(code, self.ascii);
            rows.extend(blocks.into_iter().map(|row| Row::of(MARGIN, Tone::Plain).and(row, Tone::Accent)));
            rows.push(Row::empty());
        }
        // Always as text too: to be sure, and to be copied.
        rows.push(Row::of(MARGIN, Tone::Plain).and(sentences::grouped(code), Tone::Strong));
        rows
    }

    /// The field for the number: one place a digit, in groups of three; it grows for a longer number.
    fn field(&self) -> Row {
        let length = self.model.typed.len().max(*NUMBER_DIGITS.start());
        let mut row = Row::of(MARGIN, Tone::Plain);
        for place in 0..length {
            if place > 0 {
                row = row.and(if place % 3 == 0 { "   " } else { " " }, Tone::Plain);
            }
            row = match self.model.typed.chars().nth(place) {
                Some(digit) => row.and(format!("[{digit}]"), Tone::Strong),
                None => row.and("[_]", Tone::Muted),
            };
        }
        row
    }

    fn pin(&self, title: &str, typed: usize, again: Option<&str>) -> Vec<Row> {
        let mut rows = Vec::new();
        if let Some(again) = again {
            rows.extend(self.paragraph(again, Tone::Danger));
        }
        rows.extend(self.paragraph(&self.model.texts.say_with("pin-for", &[("who", title.into())]), Tone::Strong));
        let dot = if self.ascii { "*" } else { "•" };
        rows.push(Row::of(MARGIN, Tone::Plain).and(dot.repeat(typed), Tone::Plain).and("_", Tone::Muted));
        rows
    }

    // ── without a challenge ───────────────────────────────────────────────────────────────────────────────────────────

    fn home(&self, room: usize) -> Vec<Row> {
        let mut rows = Vec::new();
        let state = &self.model.state;
        if state.accounts.is_empty() {
            return self.paragraph(&self.say("welcome"), Tone::Plain);
        }
        match self.model.check_number() {
            Some((label, number)) => {
                let title = self.model.texts.say_with("check-number-for", &[("who", label.into())]);
                rows.extend(self.paragraph(&title, Tone::Strong));
                rows.push(Row::empty());
                rows.extend(self.large(number, room.saturating_sub(10)));
                rows.push(Row::empty());
                rows.extend(self.paragraph(&self.say("check-number-where"), Tone::Plain));
            }
            None => rows.extend(self.paragraph(&self.say("nothing-waits"), Tone::Plain)),
        }
        rows.push(Row::empty());
        for view in &state.accounts {
            rows.push(self.account(view));
            if let Some(skew) = view.clock_skew_s.filter(|skew| skew.unsigned_abs() > 30) {
                let text = self.model.texts.say_with("finding-clock-off", &[("count", skew.abs().into())]);
                rows.extend(self.paragraph(&text, Tone::Muted));
            }
        }
        if !state.notices.is_empty() {
            rows.push(Row::empty());
            for notice in state.notices.iter().take(3) {
                let account = state.accounts.iter().find(|view| view.account == notice.account);
                let who = account.map(|view| view.organisation.as_str()).unwrap_or_default();
                rows.extend(self.paragraph(&sentences::notice(&self.model.texts, notice, who), Tone::Warning));
            }
        }
        if !self.model.steps.is_empty() {
            rows.push(Row::empty());
            for step in &self.model.steps {
                rows.extend(self.paragraph(step, Tone::Plain));
            }
        }
        rows
    }

    fn account(&self, view: &AccountView) -> Row {
        let (bullet, tone) = match (&view.status, view.locked) {
            (AccountStatus::Active, false) => ("●", Tone::Accent),
            (AccountStatus::Active, true) | (AccountStatus::ServerChanged | AccountStatus::Revoked, _) => {
                ("■", Tone::Danger)
            }
            _ => ("○", Tone::Warning),
        };
        let bullet = if self.ascii { "*" } else { bullet };
        let name = sentences::name(view);
        let status = sentences::status(&self.model.texts, view);
        let user = if view.user.is_empty() { String::new() } else { format!(", {}", view.user) };
        let room = self.width().saturating_sub(status.chars().count() + 4);
        Row::of(MARGIN, Tone::Plain)
            .and(bullet, tone)
            .and(format!(" {}", cut(&format!("{name}{user}"), room)), Tone::Strong)
            .with_right(&status, Tone::Muted, self.columns.saturating_sub(MARGIN.len()))
    }

    fn offer(&self, host: &str, organisation: &str, user: &str) -> Vec<Row> {
        let mut rows = self.paragraph(&self.say("offer-title"), Tone::Strong);
        rows.push(Row::empty());
        let facts = [
            (self.say("offer-host"), host),
            (self.say("offer-organisation"), organisation),
            (self.say("offer-account"), user),
        ];
        for (label, value) in facts {
            let value = cut(value, self.width().saturating_sub(13));
            rows.push(Row::of(MARGIN, Tone::Plain).and(format!("{label:<12} "), Tone::Muted).and(value, Tone::Strong));
        }
        rows.push(Row::empty());
        rows.extend(self.paragraph(&self.say("offer-warning"), Tone::Warning));
        rows.push(Row::empty());
        rows.extend(self.paragraph(&self.say("offer-agree"), Tone::Plain));
        rows
    }

    fn help(&self) -> Vec<Row> {
        let mut rows = self.paragraph(&self.say("help-screen-title"), Tone::Strong);
        rows.push(Row::empty());
        let lines = self.say("help-screen");
        for line in lines.lines() {
            rows.extend(self.paragraph(line, Tone::Plain));
        }
        rows
    }
}
