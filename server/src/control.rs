//! The control socket: how commands reach a server that holds the database.
//!
//! One process owns the file, so a command that is typed while the server runs is put to it over `<database>.sock`: one
//! line of JSON there, one back. Only the same account (or root) is heard.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

/// A command or an answer is never longer.
const LINE: u64 = 64 * 1024;
const WAIT: Duration = Duration::from_secs(15);

/// Where the socket of a database is.
pub fn path(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(".sock");
    PathBuf::from(path)
}

/// The listening end; the file goes when it is dropped.
#[derive(Debug)]
pub struct ControlSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl ControlSocket {
    /// Listens beside the database. The caller holds the database, so an old file here belongs to nobody.
    pub fn listen(database: &Path) -> io::Result<ControlSocket> {
        use std::os::unix::fs::PermissionsExt;
        let path = path(database);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        Ok(ControlSocket { listener, path })
    }

    /// The next command of an account that may give one.
    pub async fn next<C: DeserializeOwned>(&self) -> io::Result<(C, Caller)> {
        loop {
            let (stream, _) = self.listener.accept().await?;
            if !is_own_account(&stream) {
                tracing::warn!("another account tried the control socket; it was not heard");
                continue;
            }
            let (read, write) = stream.into_split();
            let mut line = String::new();
            let mut read = BufReader::new(read.take(LINE));
            let arrived = tokio::time::timeout(WAIT, read.read_line(&mut line)).await;
            if !matches!(arrived, Ok(Ok(_))) {
                continue;
            }
            match serde_json::from_str(&line) {
                Ok(command) => return Ok((command, Caller { write })),
                Err(_) => tracing::warn!("a command on the control socket is of another version"),
            }
        }
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

fn is_own_account(stream: &UnixStream) -> bool {
    let own = rustix::process::geteuid().as_raw();
    stream.peer_cred().is_ok_and(|peer| peer.uid() == own || peer.uid() == 0)
}

/// Whoever waits for the answer to a command.
#[derive(Debug)]
pub struct Caller {
    write: tokio::net::unix::OwnedWriteHalf,
}

impl Caller {
    /// Answers.
    pub async fn answer<A: Serialize>(mut self, answer: &A) -> io::Result<()> {
        let mut line = serde_json::to_vec(answer)?;
        line.push(b'\n');
        tokio::time::timeout(WAIT, self.write.write_all(&line)).await??;
        self.write.shutdown().await
    }
}

/// Puts a command to the server of a database. None: no server is running there.
pub async fn ask<C: Serialize, A: DeserializeOwned>(database: &Path, command: &C) -> io::Result<Option<A>> {
    let mut stream = match UnixStream::connect(path(database)).await {
        Ok(stream) => stream,
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused | io::ErrorKind::InvalidInput => {
                return Ok(None);
            }
            _ => return Err(error),
        },
    };
    let mut line = serde_json::to_vec(command)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    let mut answer = Vec::new();
    tokio::time::timeout(WAIT, stream.take(LINE).read_to_end(&mut answer)).await??;
    Ok(Some(serde_json::from_slice(&answer)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_command_reaches_the_running_server_and_is_answered() {
        let folder = tempfile::tempdir().expect("folder");
        let database = folder.path().join("k.db");
        assert_eq!(ask::<_, String>(&database, &"hello").await.expect("asked"), None);
        let socket = ControlSocket::listen(&database).expect("listening");
        let server = tokio::spawn(async move {
            let (command, caller) = socket.next::<String>().await.expect("command");
            caller.answer(&format!("{command} back")).await.expect("answered");
        });
        let answer = ask::<_, String>(&database, &"hello").await.expect("asked");
        assert_eq!(answer.as_deref(), Some("hello back"));
        server.await.expect("ended");
        assert!(!path(&database).exists(), "the socket goes with the server");
    }
}
