//! What a client tells its shell as it happens.

use std::sync::Arc;

use koppel_core::{News, SigningRequest};

use crate::vault::VaultError;

/// Something the shell should show or do. Whoever misses some (a slow reader) reads the snapshot.
#[derive(Debug, Clone)]
pub enum Update {
    /// Something the person or a program should be told.
    News(Box<News>),
    /// Something to sign with the `approve` key, by the person. Also after a restart, for a pairing that was interrupted.
    Ask(SigningRequest),
    /// The vault could not be written; nothing that depended on it was done. It is tried again.
    NotWritten(Arc<VaultError>),
}
