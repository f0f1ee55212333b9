//! The live channel: a WebSocket on which a phone gets its challenges the moment they are made.
//!
//! After `hello` and proof the connection is one small task that sleeps until its [`Channel`](super::hub::Channel) is
//! woken or the phone speaks. Everything that needs room (reading the store, writing frames) is boxed, so that ten
//! thousand sleeping phones cost little more than their sockets.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{Request, State};
use axum::response::Response;
use koppel_domain::{Actor, Needs};
use koppel_protocol::id::{ChallengeId, DeviceId, NoticeId, OrganisationId};
use koppel_protocol::json;
use koppel_protocol::live::{HEARTBEAT, NONCE_EVERY, PROOF_WITHIN, PhoneFrame, ServerFrame};
use koppel_protocol::phone_api::{DeviceState, Inbox};
use koppel_store::{Locator, Past};

use super::hub::{Connected, ENDING, LEAVING, PING, REFRESH, REPLACED, REVOKED, SILENT};
use crate::api::device::{activation_envelope, receive, waiting};
use crate::app::{App, By};
use crate::problem::{Problem, Slug};
use crate::proof;
use crate::source::Source;

/// tungstenite's own buffers, a read and a write of this size for each phone: 128 KiB by default, which ten thousand would pay
/// for. An idle phone's frames are a few bytes; larger ones make the buffers grow for as long as they last.
const BUFFER: usize = 256;
/// A phone's frame: a proof of at most 8 KiB, or receipts.
const FRAME: usize = 16 * 1024;
/// A phone that takes no frame for so long is gone.
const WRITE_WITHIN: Duration = Duration::from_secs(10);
/// How long an ended channel waits for the last notice.
const LAST_WORD: Duration = Duration::from_millis(300);
/// Seconds over which phones come back after the server stopped.
const SPREAD: u64 = 30;

/// `GET /d/v1/live`
pub async fn open(State(app): State<Arc<App>>, source: Source, request: Request) -> Result<Response, Problem> {
    let (mut parts, _) = request.into_parts();
    if parts.uri.query().is_some() {
        return Err(Problem::because(Slug::InvalidRequest, "Requests of a phone have no query."));
    }
    if app.drain.is_draining() || app.hub.len() as u64 >= app.limits.live_channels {
        return Err(Problem::new(Slug::Unavailable).retry_after(SPREAD));
    }
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &app)
        .await
        .map_err(|_| Problem::because(Slug::InvalidRequest, "This address speaks WebSocket only."))?;
    let held = app.drain.tracker().token();
    Ok(upgrade
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_message_size(FRAME)
        .max_frame_size(FRAME)
        .on_upgrade(move |socket| async move {
            let _held = held;
            serve(app, source, socket).await;
        }))
}

async fn serve(app: Arc<App>, source: Source, mut socket: WebSocket) {
    let Some(mut session) = Box::pin(begin(&app, source, &mut socket)).await else {
        return;
    };
    drop(app);
    loop {
        let going = tokio::select! {
            () = session.connected.channel.woken() => Box::pin(session.woken(&mut socket)).await,
            message = socket.recv() => match message {
                Some(Ok(message)) => session.heard(message),
                _ => Err(Over),
            },
        };
        if going.is_err() {
            return;
        }
    }
}

/// The connection is over.
struct Over;

/// One connected phone.
struct Session {
    app: Arc<App>,
    connected: Connected,
    organisation: OrganisationId,
    source: Source,
    /// What the phone was sent: (challenge, newest delivery), final ones until they leave the inbox.
    told: Vec<Told>,
    notices: Vec<NoticeId>,
}

struct Told {
    challenge: ChallengeId,
    seq: u32,
    ended: bool,
}

async fn send(socket: &mut WebSocket, message: Message) -> Result<(), Over> {
    match tokio::time::timeout(WRITE_WITHIN, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(Over),
    }
}

/// A frame as it is sent.
pub fn text(frame: &ServerFrame) -> Utf8Bytes {
    // Frames hold ids, texts and numbers only: they always serialise.
    serde_json::to_string(frame).unwrap_or_default().into()
}

async fn send_frame(socket: &mut WebSocket, frame: &ServerFrame) -> Result<(), Over> {
    send(socket, Message::Text(text(frame))).await
}

async fn bye(socket: &mut WebSocket, reconnect_in: u64, why: &str) {
    let frame = ServerFrame::Bye { reconnect_in, why: Some(why.to_owned()) };
    let _ = send_frame(socket, &frame).await;
    let _ = send(socket, Message::Close(Some(CloseFrame { code: 1000, reason: Utf8Bytes::default() }))).await;
}

/// Hello, proof, and everything that is live.
async fn begin(app: &Arc<App>, source: Source, socket: &mut WebSocket) -> Option<Session> {
    let Ok(_turn) = app.greetings.try_acquire() else {
        bye(socket, SPREAD, "busy").await;
        return None;
    };
    let nonce = app.nonces.issue(app.now().0);
    send_frame(socket, &ServerFrame::Hello { nonce }).await.ok()?;
    let within = Duration::from_secs(PROOF_WITHIN);
    let Ok(Some(Ok(Message::Text(first)))) = tokio::time::timeout(within, socket.recv()).await else {
        bye(socket, SPREAD, "proof-missing").await;
        return None;
    };
    let proof = match json::object::<PhoneFrame>(first.as_bytes()) {
        Ok(PhoneFrame::Proof { proof }) => proof,
        _ => {
            bye(socket, SPREAD, "proof-missing").await;
            return None;
        }
    };
    match proof::prove_live(app, &proof, &nonce, source).await {
        Ok(phone) => {
            let connected = app.hub.connect(phone.device.id);
            if connected.replaced {
                tracing::info!(device = %phone.device.id, "a second live channel of one phone took the first one's place");
            }
            let unproven = phone.device.proven_at.is_none();
            let (organisation, told, notices) = (phone.organisation.id, Vec::new(), Vec::new());
            let mut session = Session { app: app.clone(), connected, organisation, source, told, notices };
            if unproven {
                session.send_activation(socket).await.ok()?;
            }
            session.refresh(socket, Past::Newest).await.ok()?;
            Some(session)
        }
        Err(problem) => {
            let wait = if problem.slug == Slug::Unavailable { problem.retry_after.unwrap_or(1) } else { SPREAD };
            bye(socket, wait, problem.slug.slug()).await;
            None
        }
    }
}

impl Session {
    fn device(&self) -> DeviceId {
        self.connected.device()
    }

    /// Something happened on this side.
    async fn woken(&mut self, socket: &mut WebSocket) -> Result<(), Over> {
        let (flags, frames) = self.connected.channel.take();
        for frame in frames {
            send(socket, Message::Text(frame)).await?;
        }
        if flags & ENDING != 0 {
            self.farewell(socket, flags).await;
            return Err(Over);
        }
        if flags & REFRESH != 0 {
            let shown = self.told.iter().filter(|told| !told.ended).map(|told| told.challenge).collect();
            self.refresh(socket, Past::Among(shown)).await?;
        }
        if flags & PING != 0 {
            send(socket, Message::Ping(bytes::Bytes::new())).await?;
        }
        Ok(())
    }

    async fn farewell(&self, socket: &mut WebSocket, flags: u8) {
        let (wait, why) = match flags {
            _ if flags & REVOKED != 0 => (SPREAD, "device-revoked"),
            _ if flags & REPLACED != 0 => (SPREAD, "replaced"),
            _ if flags & LEAVING != 0 => (self.spread(), "server-stops"),
            _ if flags & SILENT != 0 => (1, "silent"),
            _ => (SPREAD, "over"),
        };
        bye(socket, wait, why).await;
    }

    /// A moment of its own for each phone, spread evenly by its id.
    fn spread(&self) -> u64 {
        1 + u64::from(self.device().as_bytes()[7]) % SPREAD
    }

    /// The phone said something.
    fn heard(&mut self, message: Message) -> Result<(), Over> {
        self.connected.channel.heard();
        match message {
            Message::Text(frame) => match json::object::<PhoneFrame>(frame.as_bytes()) {
                Ok(PhoneFrame::Receipt { receipts }) => {
                    self.app.frames.take(self.device(), self.app.clock.millis()).map_err(|_| Over)?;
                    let actor = Actor::Phone { organisation: self.organisation, device: Some(self.device()) };
                    let by = By::new(actor, self.source);
                    receive(&self.app, self.device(), receipts, by).map_err(|_| Over)
                }
                // Frames from the future are ignored; a second proof changes nothing.
                _ => Ok(()),
            },
            Message::Ping(_) | Message::Pong(_) => Ok(()),
            Message::Binary(_) | Message::Close(_) => Err(Over),
        }
    }

    async fn send_activation(&self, socket: &mut WebSocket) -> Result<(), Over> {
        let needs = Needs { devices: true, pairings: true, ..Needs::default() };
        let account = self.app.account(Locator::Device(self.device()), needs).await.map_err(|_| Over)?;
        let envelope = account.map(|account| activation_envelope(&self.app, &account, self.device()));
        if let Some(Ok(Some(envelope))) = envelope {
            send_frame(socket, &ServerFrame::Activation { envelope }).await?;
        }
        Ok(())
    }

    /// Reads the store and sends what the phone was not sent yet.
    async fn refresh(&mut self, socket: &mut WebSocket, past: Past) -> Result<(), Over> {
        let (inbox, state) = match waiting(&self.app, self.device(), past).await {
            Ok(found) => found,
            Err(problem) if problem.slug == Slug::Unavailable => return Err(Over),
            Err(_) => (Inbox::default(), DeviceState::Revoked),
        };
        if state != DeviceState::Active {
            // Whoever ended it may have a last word for the phone.
            let _ = tokio::time::timeout(LAST_WORD, self.connected.channel.woken()).await;
            for frame in self.connected.channel.take().1 {
                send(socket, Message::Text(frame)).await?;
            }
            self.farewell(socket, REVOKED).await;
            return Err(Over);
        }
        self.told.retain(|told| {
            inbox.challenges.iter().any(|waiting| waiting.cid == told.challenge)
                || inbox.ended.iter().any(|ended| ended.cid == told.challenge)
        });
        for waiting in inbox.challenges {
            let known = self.told.iter().any(|told| told.challenge == waiting.cid && told.seq >= waiting.seq);
            if !known {
                let (cid, seq, envelope) = (waiting.cid, waiting.seq, waiting.envelope);
                send_frame(socket, &ServerFrame::Challenge { cid, seq, envelope }).await?;
                self.app.sent.note(cid, seq, self.app.now());
                self.tell(cid, seq, false);
            }
        }
        for ended in inbox.ended {
            let known = self.told.iter().any(|told| told.challenge == ended.cid && told.ended);
            if !known {
                send_frame(socket, &ServerFrame::Ended { cid: ended.cid, seq: ended.seq, state: ended.state }).await?;
                self.tell(ended.cid, ended.seq, true);
            }
        }
        self.notices.retain(|known| inbox.notices.iter().any(|notice| notice.nid == *known));
        for notice in inbox.notices {
            if !self.notices.contains(&notice.nid) {
                self.notices.push(notice.nid);
                let frame = ServerFrame::Notice { nid: notice.nid, envelope: notice.envelope };
                send_frame(socket, &frame).await?;
            }
        }
        Ok(())
    }

    fn tell(&mut self, challenge: ChallengeId, seq: u32, ended: bool) {
        match self.told.iter_mut().find(|told| told.challenge == challenge) {
            Some(told) => {
                told.seq = told.seq.max(seq);
                told.ended |= ended;
            }
            None => self.told.push(Told { challenge, seq, ended }),
        }
    }
}

/// Every heartbeat of every phone: one ticker, a fifty-fifth of the phones each second.
pub async fn tick(app: Arc<App>) {
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut second: u64 = 0;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = app.drain.draining() => return,
        }
        let millis = app.clock.millis();
        let nonce = ServerFrame::Nonce { nonce: app.nonces.issue(millis / 1000), time: millis };
        let due = (second / HEARTBEAT).is_multiple_of(NONCE_EVERY / HEARTBEAT);
        let frame = due.then(|| text(&nonce));
        let turn = u8::try_from(second % HEARTBEAT).unwrap_or_default();
        app.hub.beat(turn, HEARTBEAT as u8, frame.as_ref());
        second += 1;
    }
}
