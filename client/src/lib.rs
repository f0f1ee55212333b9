//! What the companion does: HTTP, the live channel, retries, the vault on disk and the keyring.
