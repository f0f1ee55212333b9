//! Argon2id for what people keep: recovery codes and operators' passwords. 19 MiB, two passes (OWASP Password Storage).

use argon2::{Algorithm, Argon2, Params, Version};
use koppel_protocol::Bytes;

use crate::app::App;
use crate::problem::{Problem, Slug};

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;

/// So many are hashed at once; more wait.
pub const AT_ONCE: usize = 2;

fn failed(what: impl std::fmt::Display) -> Problem {
    tracing::error!(%what, "nothing could be hashed");
    Problem::new(Slug::Unavailable)
}

/// Takes some tens of milliseconds: call it within [`App::hashing`].
///
/// # Errors
/// *Unavailable*.
pub fn hash(secret: &[u8], salt: &Bytes<16>) -> Result<Bytes<32>, Problem> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, Some(32)).map_err(failed)?;
    let mut out = [0; 32];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into(secret, salt.as_bytes(), &mut out).map_err(failed)?;
    Ok(Bytes::new(out))
}

impl App {
    /// Hashes on a thread of its own, a few at once.
    ///
    /// # Errors
    /// What the work gives, *unavailable*.
    pub async fn hashing<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let _turn = self.hash_turns.acquire().await.map_err(failed)?;
        tokio::task::spawn_blocking(work).await.map_err(failed)?
    }
}
