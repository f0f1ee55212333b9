//! The live channel of a phone without a screen.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use koppel_protocol::{
    bytes::Bytes,
    crypto::random,
    device_proof::{DeviceProof, Request},
    letter::Letter,
    live::{PhoneFrame, ServerFrame},
    phone_api::{self, Alert, ChallengeReceipt, Receipt, ReceiptKind, Road},
};
use tokio::net::TcpStream;
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

use super::{Received, SoftPhone};

/// A phone with its channel open.
pub struct LivePhone {
    /// The phone.
    pub phone: Arc<SoftPhone>,
    socket: WebSocketStream<TcpStream>,
}

impl LivePhone {
    /// Opens the channel and proves who this is.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn open(phone: &Arc<SoftPhone>) -> Result<Self> {
        let address = phone.base.trim_start_matches("http://");
        let tcp = TcpStream::connect(address).await?;
        tcp.set_nodelay(true)?;
        let (socket, _) = client_async(format!("ws://{address}{}", phone_api::LIVE), tcp).await?;
        let mut live = Self { phone: Arc::clone(phone), socket };
        let ServerFrame::Hello { nonce } = live.frame().await? else { bail!("no hello") };
        let request = Request { server_id: &phone.identity.server_id, method: "GET", path: phone_api::LIVE, body: &[] };
        let proof = DeviceProof::new(request, Bytes::new(random(&phone.crypto)?), nonce, crate::unix_seconds());
        let proof = proof.sign(phone.device, &phone.id)?.to_string();
        live.send(&PhoneFrame::Proof { proof }).await?;
        Ok(live)
    }

    /// The next challenge, opened, verified and acknowledged as arrived and shown.
    ///
    /// # Errors
    /// When the channel ends.
    pub async fn challenge(&mut self) -> Result<Received> {
        loop {
            match self.frame().await? {
                ServerFrame::Challenge { envelope, .. } => {
                    if let Letter::Challenge(challenge) = self.phone.open(&envelope)? {
                        let received = Received { challenge: *challenge };
                        self.acknowledge(&received).await?;
                        return Ok(received);
                    }
                }
                ServerFrame::Nonce { nonce, .. } => {
                    *self.phone.nonce.lock().expect("no panic while locked") = nonce;
                }
                ServerFrame::Bye { why, .. } => bail!("bye: {why:?}"),
                _ => {}
            }
        }
    }

    /// Stays, answering heartbeats, until the server ends the channel.
    pub async fn stay(mut self) {
        while let Some(Ok(_)) = self.socket.next().await {}
    }

    async fn acknowledge(&mut self, received: &Received) -> Result<()> {
        let claims = received.challenge.claims();
        let receipt = |kind, alert| {
            Receipt::Challenge(ChallengeReceipt { cid: claims.cid, seq: claims.seq, kind, alert, road: Road::Live })
        };
        let receipts = vec![receipt(ReceiptKind::Arrived, Some(Alert::Shown)), receipt(ReceiptKind::Shown, None)];
        self.send(&PhoneFrame::Receipt { receipts }).await
    }

    async fn send(&mut self, frame: &PhoneFrame) -> Result<()> {
        Ok(self.socket.send(Message::text(serde_json::to_string(frame)?)).await?)
    }

    async fn frame(&mut self) -> Result<ServerFrame> {
        loop {
            match self.socket.next().await.context("the channel ended")?? {
                Message::Text(text) => return Ok(serde_json::from_str(&text)?),
                Message::Close(why) => bail!("the channel was closed: {why:?}"),
                _ => {}
            }
        }
    }
}
