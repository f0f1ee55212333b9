//! The face for programs: one JSON object a line, both ways.
//!
//! Events go to standard output, commands come from standard input; nothing else is ever written there. Every event has `"event"`,
//! every command `"do"`, and a command's `"ref"` is repeated in its answer. Fields are only ever added.

use std::collections::VecDeque;
use std::io::Write;

use koppel_client::pin::Pin;
use koppel_client::secrets::home::Kind;
use koppel_core::{
    AccountId, AccountStatus, AccountView, Approving, ChallengeContent, ChallengeKind, ChallengeView, ConnectionView,
    DenyReason, Invitation, Outcome, State,
};
use koppel_protocol::{Origin, SecretText};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Stdin};
use zeroize::Zeroizing;

use crate::complaint::Complaint;
use crate::doors;
use crate::happening::{Asked, Face, Happening, PairWish, Wish};
use crate::texts::Texts;
use koppel_client::phone_test::Finding;

/// The longest command.
const LONGEST_LINE: u64 = 64 * 1024;

/// Events and commands as JSON.
pub(crate) struct Json {
    texts: Texts,
    input: BufReader<Stdin>,
    line: Vec<u8>,
    ended: bool,
    live: bool,
    unsaid: VecDeque<Asked>,
}

impl Json {
    /// The end of input ends the session when it is `live`; `koppel --json pair` may have none.
    pub(crate) fn new(texts: Texts, live: bool) -> Self {
        Self {
            texts,
            input: BufReader::new(tokio::io::stdin()),
            line: Vec::new(),
            ended: false,
            live,
            unsaid: VecDeque::new(),
        }
    }

    /// The event of a complaint that ends the program.
    pub(crate) fn last_complaint(texts: &Texts, complaint: &Complaint) {
        let mut event = complaint_event(texts, complaint);
        event.insert("exit".into(), complaint.exit().into());
        write(&Value::Object(event));
    }
}

impl Face for Json {
    async fn next(&mut self) -> Asked {
        if let Some(asked) = self.unsaid.pop_front() {
            return asked;
        }
        loop {
            if self.ended {
                if self.live {
                    return Wish::Quit.into();
                }
                // There will be no command any more.
                return std::future::pending().await;
            }
            // What was read of a line stays in `self.line` when this future is dropped.
            let room = LONGEST_LINE.saturating_sub(self.line.len() as u64);
            let read = (&mut self.input).take(room).read_until(b'\n', &mut self.line).await;
            match read {
                Ok(0) if room > 0 => self.ended = true,
                Ok(0) => {
                    self.ended = true;
                    return Wish::Nonsense("a line of more than 64 KiB".into()).into();
                }
                Err(_) => self.ended = true,
                Ok(_) if !self.line.ends_with(b"\n") => {}
                Ok(_) => {
                    let line = Zeroizing::new(std::mem::take(&mut self.line));
                    if line.trim_ascii().is_empty() {
                        continue;
                    }
                    return read_command(&line);
                }
            }
        }
    }

    fn tell(&mut self, happening: &Happening, reference: Option<&Value>, _state: &State) {
        if let Some(mut event) = event(&self.texts, happening) {
            if let Some(reference) = reference {
                event.insert("ref".into(), reference.clone());
            }
            write(&Value::Object(event));
        }
    }

    fn shows_at_once(&self) -> bool {
        true
    }

    fn can_ask_pin(&self) -> bool {
        false
    }
}

/// One line, at once: a program that reads must not wait for a buffer to fill.
pub(crate) fn write(value: &Value) {
    let mut out = std::io::stdout().lock();
    // A reader that is gone wants nothing more; the session ends with its input.
    let _ = writeln!(out, "{value}").and_then(|()| out.flush());
}

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "ref")]
    reference: Option<Value>,
    #[serde(flatten)]
    command: Command,
}

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum Command {
    Approve {
        cid: String,
        number: Option<String>,
        pin: Option<String>,
    },
    Deny {
        cid: String,
        reason: Reason,
    },
    Unlock {
        account: String,
    },
    Pair {
        link: Option<String>,
        server: Option<String>,
        user: Option<String>,
        code: Option<String>,
        password: Option<String>,
        name: Option<String>,
        #[serde(default)]
        codes_only: bool,
        pin: Option<String>,
    },
    Agree {
        offer: u32,
    },
    Decline {
        offer: u32,
    },
    GiveUp {
        account: String,
    },
    Test {
        account: Option<String>,
    },
    Refresh,
    State,
    Rename {
        account: String,
        label: String,
    },
    Remove {
        account: String,
    },
    Dismiss {
        account: String,
        nid: String,
    },
    Quit,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reason {
    Mistake,
    NotMe,
}

fn read_command(line: &[u8]) -> Asked {
    // What the parser complains of could quote the line, and a line may hold a PIN: only its position is told.
    match serde_json::from_slice::<Line>(line) {
        Err(error) => Wish::Nonsense(format!("column {}", error.column())).into(),
        Ok(line) => Asked {
            wish: wish(line.command).unwrap_or_else(|nonsense| Wish::Nonsense(nonsense.into())),
            reference: line.reference,
        },
    }
}

fn wish(command: Command) -> Result<Wish, &'static str> {
    Ok(match command {
        Command::Approve { cid, number, pin } => {
            Wish::Approve { cid: cid.parse().map_err(|_| "cid")?, number, pin: given_pin(pin)? }
        }
        Command::Deny { cid, reason } => Wish::Deny {
            cid: cid.parse().map_err(|_| "cid")?,
            reason: match reason {
                Reason::Mistake => DenyReason::Mistake,
                Reason::NotMe => DenyReason::NotMe,
            },
        },
        Command::Unlock { account } => Wish::Unlock(named(&account)?),
        Command::Pair { link, server, user, code, password, name, codes_only, pin } => {
            let invitation = invitation(link, server, user, code, password)?;
            let name = doors::device_name(name.as_deref()).map_err(|_| "name")?;
            Wish::Pair(Box::new(PairWish { invitation, name, approvals: !codes_only, pin: given_pin(pin)? }))
        }
        Command::Agree { offer } => Wish::Answer { offer, agree: true },
        Command::Decline { offer } => Wish::Answer { offer, agree: false },
        Command::GiveUp { account } => Wish::GiveUp(named(&account)?),
        Command::Test { account } => Wish::Test(account.as_deref().map(named).transpose()?),
        Command::Refresh => Wish::Refresh,
        Command::State => Wish::State,
        Command::Rename { account, label } => Wish::Rename(named(&account)?, label),
        Command::Remove { account } => Wish::Remove(named(&account)?),
        Command::Dismiss { account, nid } => Wish::Dismiss(named(&account)?, nid.parse().map_err(|_| "nid")?),
        Command::Quit => Wish::Quit,
    })
}

fn named(account: &str) -> Result<AccountId, &'static str> {
    account.parse().map_err(|_| "account")
}

fn given_pin(pin: Option<String>) -> Result<Option<Pin>, &'static str> {
    let pin = pin.map(Zeroizing::new);
    pin.map(|pin| Pin::parse(pin.as_bytes())).transpose().map_err(|_| "pin")
}

fn invitation(
    link: Option<String>,
    server: Option<String>,
    user: Option<String>,
    code: Option<String>,
    password: Option<String>,
) -> Result<Invitation, &'static str> {
    let origin = || server.as_deref().and_then(|server| server.parse::<Origin>().ok()).ok_or("server");
    let user_name = || user.clone().ok_or("user");
    match (link, code, password) {
        (Some(link), None, None) => Ok(Invitation::Link(Zeroizing::new(link).parse().map_err(|_| "link")?)),
        (None, Some(code), None) => doors::by_code(origin()?, &user_name()?, &code).map_err(|complaint| complaint.code),
        (None, None, Some(password)) => {
            let password = SecretText::new(password).map_err(|_| "password")?;
            doors::by_login(origin()?, &user_name()?, password).map_err(|complaint| complaint.code)
        }
        _ => Err("one of link, code, password"),
    }
}

// ── events ────────────────────────────────────────────────────────────────────────────────────────────────────────────

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Leaves out what is null: an absent field and a null one mean the same, and one of them is enough.
fn compact(value: Value) -> Map<String, Value> {
    let mut map = object(value);
    map.retain(|_, value| !value.is_null());
    map
}

fn event(texts: &Texts, happening: &Happening) -> Option<Map<String, Value>> {
    Some(match happening {
        Happening::Ready { secrets, state } => object(json!({
            "event": "ready",
            "version": env!("CARGO_PKG_VERSION"),
            "secrets": match secrets { Kind::Keyring => "keyring", Kind::File => "file" },
            "accounts": accounts(state),
        })),
        Happening::Offer { offer, account, host, organisation, user, agreed: _ } => object(json!({
            "event": "offer", "offer": offer, "pairing": account.to_string(),
            "host": host, "organisation": organisation, "account": user,
        })),
        Happening::CheckNumber { account, check_number, until } => object(json!({
            "event": "check_number", "account": account.to_string(), "check_number": check_number, "until": until,
        })),
        Happening::WrongCheckNumber { account, tries_left } => object(json!({
            "event": "wrong_check_number", "account": account.to_string(), "tries_left": tries_left,
        })),
        Happening::Active(view) => object(json!({
            "event": "active", "account": view.account.to_string(), "host": view.host.to_string(),
            "organisation": view.organisation, "name": view.user,
            "device": view.device.map(|device| device.to_string()), "approval": approval(view.approval),
        })),
        Happening::PairingEnded { account, why } => {
            let mut event = complaint_event(texts, why);
            event.insert("event".into(), "pairing_ended".into());
            event.insert("account".into(), account.to_string().into());
            event.insert("why".into(), why.code.into());
            event
        }
        Happening::Connection { account, state, retry_in_ms } => compact(json!({
            "event": "connection", "account": account.to_string(), "state": connection(*state), "retry_in_ms": retry_in_ms,
        })),
        Happening::Account(view) => object(json!({"event": "account", "account": account(view)})),
        Happening::Challenge(view, content) => {
            let mut event = challenge(view);
            event.insert("event".into(), "challenge".into());
            if let Some(ChallengeContent::Code(digits)) = content {
                event.insert("code".into(), digits.expose().into());
            }
            event
        }
        Happening::Ended { view, .. } => object(json!({
            "event": "ended", "account": view.account.to_string(), "cid": view.cid.to_string(), "seq": view.seq, "state": view.how,
        })),
        Happening::Outcome { account, cid, approve, outcome, .. } => {
            outcome_event(*account, &cid.to_string(), *approve, *outcome)
        }
        Happening::Notice(view) => object(json!({
            "event": "notice", "account": view.account.to_string(), "nid": view.nid.to_string(),
            "kind": view.kind.word(), "at": view.at, "detail": view.detail,
        })),
        Happening::TestStep(account, step) => compact(json!({
            "event": "test", "account": account.to_string(), "step": step.step.name(), "ok": step.finding.is_well(),
            "detail": match step.finding {
                Finding::Well => Value::Null,
                Finding::ClockOff(seconds) => format!("clock-off {seconds}").into(),
                Finding::OnlyPolling => "only-polling".into(),
                Finding::Failed(trouble) => trouble.code().into(),
                Finding::Skipped => "skipped".into(),
            },
            "took_ms": u64::try_from(step.took.as_millis()).unwrap_or(u64::MAX),
        })),
        Happening::Tested { account, well, support_code } => object(json!({
            "event": "tested", "account": account.to_string(), "ok": well, "support_code": support_code,
        })),
        Happening::State(state) => object(json!({
            "event": "state", "revision": state.revision, "accounts": accounts(state),
            "challenges": state.challenges.iter().map(|view| Value::Object(challenge(view))).collect::<Vec<_>>(),
        })),
        Happening::Done(what) => object(json!({"event": "done", "do": what})),
        Happening::Removed(account) => object(json!({"event": "removed", "account": account.to_string()})),
        // A program asks for the state, and is never asked for a PIN.
        Happening::Changed | Happening::PinWanted { .. } => return None,
        Happening::Complaint { complaint, account, cid } => {
            let mut event = complaint_event(texts, complaint);
            if let Some(account) = account {
                event.insert("account".into(), account.to_string().into());
            }
            if let Some(cid) = cid {
                event.insert("cid".into(), cid.to_string().into());
            }
            event
        }
        Happening::Bye => object(json!({"event": "bye"})),
    })
}

/// The `accounts` event.
pub(crate) fn accounts_event(state: &State) -> Value {
    json!({"event": "accounts", "accounts": accounts(state)})
}

fn complaint_event(texts: &Texts, complaint: &Complaint) -> Map<String, Value> {
    let mut event = object(json!({
        "event": "error", "code": complaint.code,
        "message": complaint.message(texts), "next": complaint.next(texts),
    }));
    if let Some(count) = complaint.count {
        let name = match complaint.code {
            "wrong-pin" => "tries_left",
            "koppelcode-mistyped" | "otp-secret-mistyped" => "position",
            _ => "retry_after",
        };
        event.insert(name.into(), count.into());
    }
    if let Some(line) = complaint.line {
        event.insert("line".into(), line.into());
    }
    event
}

fn outcome_event(account: AccountId, cid: &str, approve: bool, outcome: Outcome) -> Map<String, Value> {
    let (word, left, trouble) = match outcome {
        Outcome::Approved => ("approved", None, None),
        Outcome::Denied => ("denied", None, None),
        Outcome::Fraud => ("fraud", None, None),
        Outcome::Queued => ("queued", None, None),
        Outcome::WrongNumber { left } => ("wrong_number", Some(left), None),
        Outcome::Expired => ("expired", None, None),
        Outcome::Superseded => ("superseded", None, None),
        Outcome::AnsweredElsewhere => ("answered_elsewhere", None, None),
        Outcome::Locked => ("locked", None, None),
        Outcome::Failed(trouble) => ("refused", None, Some(trouble.code())),
    };
    compact(json!({
        "event": "outcome", "account": account.to_string(), "cid": cid,
        "do": if approve { "approve" } else { "deny" }, "outcome": word, "tries_left": left, "code": trouble,
    }))
}

fn accounts(state: &State) -> Vec<Value> {
    state.accounts.iter().map(account).collect()
}

fn account(view: &AccountView) -> Value {
    let (status, check_number, until, tries_left) = match &view.status {
        AccountStatus::Pairing => ("pairing", None, None, None),
        AccountStatus::Offered => ("offered", None, None, None),
        AccountStatus::AwaitingConfirmation { check_number, until, tries_left } => {
            ("awaiting_confirmation", Some(check_number), Some(until), Some(tries_left))
        }
        AccountStatus::Active => ("active", None, None, None),
        AccountStatus::ServerChanged => ("server_changed", None, None, None),
        AccountStatus::Revoked => ("revoked", None, None, None),
        AccountStatus::Removing => ("removing", None, None, None),
    };
    Value::Object(compact(json!({
        "account": view.account.to_string(), "label": view.label, "organisation": view.organisation, "name": view.user,
        "host": view.host.to_string(), "server_id": view.server_id.map(|id| id.to_string()),
        "device": view.device.map(|id| id.to_string()), "status": status, "approval": approval(view.approval),
        "connection": connection(view.connection), "check_number": check_number, "until": until, "tries_left": tries_left,
        "locked": view.locked.then_some(true), "clock_skew_s": view.clock_skew_s,
    })))
}

fn approval(approval: Approving) -> &'static str {
    match approval {
        Approving::Ready => "ready",
        Approving::CodesOnly => "codes_only",
        Approving::KeyInvalidated => "key_invalidated",
    }
}

fn connection(connection: ConnectionView) -> &'static str {
    match connection {
        ConnectionView::Offline => "offline",
        ConnectionView::Poll => "poll",
        ConnectionView::Live => "live",
    }
}

fn challenge(view: &ChallengeView) -> Map<String, Value> {
    let (mode, length, pairing) = match &view.kind {
        ChallengeKind::Code => ("code", None, None),
        ChallengeKind::Test => ("code", None, None),
        ChallengeKind::Number => ("number", None, None),
        ChallengeKind::ConfirmPairing { name, platform, ip, place } => {
            let pairing = compact(json!({"name": name, "platform": platform, "ip": ip, "place": place}));
            ("confirm_pairing", Some(6), Some(pairing))
        }
        ChallengeKind::Unlock => ("unlock", None, None),
        ChallengeKind::Unsupported => ("unsupported", None, None),
    };
    let purpose = match view.kind {
        ChallengeKind::Test => "test",
        _ => view.purpose.as_str(),
    };
    compact(json!({
        "account": view.account.to_string(), "cid": view.cid.to_string(), "seq": view.seq, "mode": mode,
        "number_length": length, "pairing": pairing, "organisation": view.organisation, "rp": view.relying_party,
        "origin": view.origin, "name": view.user, "purpose": purpose, "ip": view.ip, "browser": view.browser,
        "place": view.place, "page_ip": view.page_ip, "began_at": view.began_at, "expires_at": view.expires_at,
        "expires_in_ms": crate::countdown::left_ms(view.deadline), "waiting": view.waiting,
        "can_approve": view.can_approve, "answered": view.answered.then_some(true),
    }))
}
